// Preact with htm: components as tagged templates, no build step.
import { Component, h, render } from './vendor/preact.js';
import htm from './vendor/htm.js';

export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from './vendor/hooks.js';
export { Component, render };

// htm would keep the parts of a page that never change, each with the whole page that it stood in.
const DYNAMIC = 3; // "do not keep it", in htm's words
export const html = htm.bind(function create(...given) {
  this[0] = DYNAMIC;
  return h(...given);
});
