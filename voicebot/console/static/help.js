// What staff can have a live call do, and what became of it.
import { html, useEffect, useLayoutEffect, useRef, useState } from './ui.js';
import { ask } from './feed.js';
import { ListenIn } from './listen.js';
import { Icon, STEPS, clock } from './parts.js';

const GIVEN_UP_MS = 90_000; // the call refuses after a minute; longer only if no console saw to it

export const canHelp = (call) => call.status === 'active' && !call.interrupted && !call.broken;

const ICONS = { transfer: 'phone', say: 'bubble', correct: 'pen', end: 'stop' };

export function Help({ call, t, lang, state, named }) {
  const [open, setOpen] = useState('');
  const buttons = useRef({});
  const close = () => { buttons.current[open]?.focus(); setOpen(''); };
  useEffect(() => setOpen(''), [call.callSid]);
  const can = canHelp(call);
  if (!can && !call.commands.length) return null;
  return html`<section class="panel help" aria-label=${t.help.title} onKeyDown=${(event) => open && event.key === 'Escape' && close()}>
    ${can && html`<div class="kinds"><h2>${t.help.title}</h2>
      ${state.listens && call.live && html`<${ListenIn} key=${call.callSid} ...${{ call, t, named }} />`}
      ${Object.keys(ICONS).map((kind) => html`<button key=${kind} type="button" ref=${(to) => { buttons.current[kind] = to; }} aria-expanded=${open === kind}
        onClick=${() => setOpen(open === kind ? '' : kind)}><${Icon} name=${ICONS[kind]} />${t.help[kind]}</button>`)}</div>`}
    ${can && open && html`<${Order} key=${open} kind=${open} ...${{ call, t, state, named, close }} />`}
    <div role="log" aria-label=${t.help.orders}>${call.commands.length > 0 && html`<ol class="orders" role="list">
      ${[...call.commands].reverse().map((order) => html`<${Outcome} key=${order.id} ...${{ order, t, lang }} />`)}</ol>`}</div>
  </section>`;
}

function Outcome({ order, t, lang }) {
  const late = order.outcome === 'asked' && Date.now() - Date.parse(order.at) > GIVEN_UP_MS;
  const outcome = late ? 'refused' : order.outcome;
  const what = order.field ? `${t.help.did[order.type]}: ${t.step[order.field]}` : t.help.did[order.type];
  return html`<li class=${outcome} data-command=${order.id}><${Icon} name=${{ obeyed: 'check', refused: 'alert', asked: 'clock' }[outcome]} />
    <span><b>${what}</b> · ${order.by} <time datetime=${order.at}>${clock(order.at, lang)}</time></span>
    <span class="outcome">${outcome === 'refused' ? t.help.refused[late ? 'too_late' : order.reason] || t.help.refused.other : t.help[outcome]}</span></li>`;
}

// One order being written: it is asked once more before it is given, by its own words on the button.
function Order({ kind, call, t, state, named, close }) {
  const form = useRef(null);
  const [field, setField] = useState(STEPS.includes(call.step) ? call.step : 'name');
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  const [said, setSaid] = useState('');
  useLayoutEffect(() => form.current.querySelector('input, select, button')?.focus(), []);
  const give = (event) => {
    event.preventDefault();
    const told = new FormData(form.current);
    named(async (by) => {
      setBusy(true);
      setWrong('');
      try {
        const body = { say: { text: told.get('text') }, correct: { field, value: told.get('value') } }[kind];
        await ask('POST', `/calls/${call.callSid}/commands`, { type: kind, by, ...body });
        close();
      } catch (error) {
        setWrong(t.help.refused[error.kind] || t.failedAction);
        setBusy(false);
      }
    });
  };
  return html`<form class="order" ref=${form} onSubmit=${give}>
    ${kind === 'say' && html`<label>${t.help.sentence}<input name="text" required maxlength="300" autocomplete="off" value=${said} onInput=${(event) => setSaid(event.target.value)} /></label>`}
    ${kind === 'correct' && html`<div class="fields"><label>${t.help.field}<select name="field" value=${field} onChange=${(event) => setField(event.target.value)}>
        ${STEPS.map((step) => html`<option key=${step} value=${step} selected=${step === field}>${t.step[step]}</option>`)}</select></label>
      <label key=${field}>${field === 'time' ? t.help.localTime(state.zone) : t.help.value}${field === 'service'
        ? html`<select name="value">${state.services.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select>`
        : html`<input name="value" required maxlength="200" autocomplete="off" type=${{ time: 'datetime-local', email: 'email', phone: 'tel' }[field] || 'text'} />`}</label></div>`}
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    <div class="row"><p class="quiet small">${t.help.hint[kind]}</p><button type="button" onClick=${close}>${t.cancel}</button>
      <button class=${kind === 'end' ? 'danger' : 'primary'} disabled=${busy}>${busy ? t.help.sending : t.help.give[kind]}</button></div>
  </form>`;
}
