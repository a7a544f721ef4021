// Preact with htm: components as tagged templates, no build step.
import { h, render } from './vendor/preact.js';
import htm from './vendor/htm.js';

export { useCallback, useEffect, useMemo, useRef, useState } from './vendor/hooks.js';
export { render };
export const html = htm.bind(h);
