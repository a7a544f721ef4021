// Small pieces that list and call share.
import { html } from './ui.js';
import { clock, moment } from './words.js';

export const STEPS = ['name', 'phone', 'address', 'email', 'service', 'time'];

const PATHS = {
  phone: 'M6.6 3.5 9 3l1.6 3.9-1.7 1.4a11 11 0 0 0 4.8 4.8l1.4-1.7 3.9 1.6-.5 2.4c-.2.9-1 1.5-1.9 1.4C9.6 16.2 5.8 12.400 5.2 5.400c-.1-.9.5-1.700 1.400-1.900z',
  check: 'm4.500 10.500 3.500 3.500 7.500-8',
  eye: 'M2 10s3-5.500 8-5.500 8 5.500 8 5.500-3 5.500-8 5.500S2 10 2 10zm8 2.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  link: 'M8.500 11.500a3.200 3.200 0 0 0 4.600 0l2.700-2.700a3.250 3.250 0 0 0-4.600-4.600l-1 1M11.500 8.500a3.200 3.200 0 0 0-4.600 0l-2.700 2.700a3.250 3.250 0 0 0 4.600 4.600l1-1',
  down: 'M10 3.500v9m-3.500-3.500 3.500 3.500 3.500-3.500M4 16.500h12',
  search: 'M9 14.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11zm4-1.500 3.500 3.500',
  hand: 'M6 10V5.500a1.200 1.200 0 0 1 2.400 0V9 3.900a1.200 1.200 0 0 1 2.400 0V9 4.700a1.200 1.200 0 0 1 2.400 0V10m0-2.500a1.200 1.200 0 0 1 2.400 0V12c0 3-1.900 5-4.900 5-2.500 0-3.600-1-5-3.400L3.500 10.800c-.6-1.200.9-2.200 1.800-1.200L6 10.500',
  back: 'M12 4.500 6.500 10l5.500 5.500',
  bubble: 'M3 4.500h14v9H9.500L6 16.800v-3.300H3zM6.500 8h7M6.500 10.500h4.500',
  pen: 'M4 16l.8-3.300L13.300 4.200a1.700 1.700 0 0 1 2.500 2.500L7.300 15.200zm8-10.500 2.500 2.500',
  stop: 'M2.800 11.500c3.700-4 10.700-4 14.400 0 .4.400.4 1 .1 1.400l-1.300 1.500c-.4.400-1 .5-1.500.2l-2-1.200v-2.200a8.500 8.500 0 0 0-5 0v2.200l-2 1.200c-.5.300-1.100.2-1.500-.2l-1.300-1.500c-.3-.4-.3-1 .1-1.400z',
  question: 'M7.500 7.500a2.500 2.500 0 1 1 3.800 2.100c-.9.600-1.300 1-1.300 2m0 2.900v.1',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zm0-11v4.200l2.800 1.700',
  menu: 'M3 5.500h14M3 10h14M3 14.500h14',
  ear: 'M6 8.500a4 4 0 1 1 7.500 2c-.8 1.300-2 1.800-2.200 3.300a2.300 2.300 0 0 1-4.300.8M8.300 8.500a1.700 1.700 0 1 1 2.700 1.400',
  bell: 'M5 14V9a5 5 0 0 1 10 0v5l1.500 1.500h-13zM8.300 17.500a1.800 1.800 0 0 0 3.400 0',
  alert: 'M10 6.500v4.500m0 2.500v.1M10 2.800 1.800 17h16.400z',
};

export const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;

// What a call is doing now, as one word with a colour.
export function stateOf(call, t) {
  if (call.broken) return ['lost', t.broken];
  if (call.status === 'transfer') return ['person', t.status.transfer];
  if (call.live && call.status === 'active') return [call.phase || 'listening', call.phase ? t.phase[call.phase] : t.status.active];
  if (call.interrupted) return ['lost', t.interrupted];
  if (call.status === 'active') return ['typed', t.overHttp];
  return [call.status, t.status[call.status]];
}

export function State({ call, t }) {
  const [kind, word] = stateOf(call, t);
  return html`<span class="state state-${kind}"><i></i>${word}</span>`;
}

export function Steps({ call, t }) {
  const done = call.steps.filter((s) => s.value).length;
  return html`<span class="dots" role="img" aria-label="${done}/6">
    ${call.steps.map((s) => html`<i class=${s.value ? 'full' : call.step === s.step && call.status === 'active' ? 'open' : ''} title=${t.step[s.step]}></i>`)}
  </span>`;
}

export function shown(step, lang) {
  if (step.step === 'time' && step.value && !step.masked) return moment(step.value, lang);
  return step.value;
}

export const valueOf = (call, name) => call.steps.find((s) => s.step === name).value;
export const savedAt = (call, name) => call.steps.find((s) => s.step === name).savedAt || '';

// Who called: a number, or one of the console's own browsers.
export const callerOf = (call, t) => (call.callSid.startsWith('web-') ? t.browser : call.caller);

export { clock };
