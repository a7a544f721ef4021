// What to do first: calls that wait for somebody, the most urgent first, then who waits longest.
import { html } from './ui.js';
import { Icon, callerOf, savedAt, valueOf } from './parts.js';
import { ago } from './words.js';

const STUCK = 3; // times that a caller was asked the same question
const MAIL_MS = 15 * 60_000; // a mail server that is away for a moment is nobody's work
const SHOWN = 50;
const KINDS = ['stuck', 'person', 'promised', 'follow_up', 'mail', 'unsure'];

// Why somebody should look after a call; '' for a call that needs nobody.
// Mail was set up at mailsSince; '' where it is not: what was booked before gets none.
export function reason(call, mailsSince, now) {
  if (call.broken) return '';
  if (call.live && call.status === 'active' && call.put >= STUCK) return 'stuck';
  if (call.needs) return call.needs === 'person' ? 'person' : call.promised ? 'promised' : 'follow_up';
  if (call.live || call.doneBy || call.status !== 'booked') return '';
  if (mailsSince && savedAt(call, 'time') > mailsSince && !call.emailSent && valueOf(call, 'email') && now - Date.parse(call.updatedAt) > MAIL_MS) return 'mail';
  return call.unsure.length ? 'unsure' : '';
}

export function why(kind, call, t) {
  if (kind === 'stuck') return t.todo.stuck(t.step[call.step], call.put);
  if (kind === 'unsure') return t.todo.unsure(call.unsure.map((step) => t.step[step]).join(t.comma));
  if (kind === 'person' && call.dialled) return t.todo.unanswered;
  return t.todo[kind] || t[kind];
}

export const isUrgent = (kind) => kind === 'stuck' || kind === 'person';

const waitsSince = (call) => call.saidAt || call.updatedAt;

// Those that a function finds a reason for, in the order in which they should be dealt with.
export function queued(calls, reasonOf) {
  return calls.map((call) => ({ call, kind: reasonOf(call) })).filter((one) => one.kind)
    .sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (waitsSince(a.call) < waitsSince(b.call) ? -1 : 1));
}

export function Queue({ calls, reasonOf, t, me, now, on }) {
  const all = queued(calls, reasonOf);
  if (!all.length) return html`<div class="empty big"><img src="/static/icon.svg" alt="" width="56" height="56" /><h1>${calls.length ? t.todo.nothing : t.none}</h1><p>${calls.length ? t.chooseHint : t.noneHint}</p>
    ${!calls.length && html`<button type="button" onClick=${on.ring}><${Icon} name="phone" />${t.try}</button>`}</div>`;
  return html`<section class="queue" aria-labelledby="first"><h1 id="first">${t.todo.title}</h1>
    <ol role="list">${all.slice(0, SHOWN).map(({ call, kind }) => html`<${Item} key=${call.callSid} ...${{ call, kind, t, me, now, on }} />`)}</ol>
    ${all.length > SHOWN && html`<p class="quiet">${t.todo.more(all.length - SHOWN)}</p>`}</section>`;
}

function Item({ call, kind, t, me, now, on }) {
  const name = valueOf(call, 'name') || valueOf(call, 'phone') || callerOf(call, t) || t.unsaved;
  return html`<li class=${isUrgent(kind) ? 'urgent' : ''} data-queued=${call.callSid}>
    <a href="/c/${call.callSid}" onClick=${on.go(call.callSid)}><b>${name}</b><span class="why"><${Icon} name="alert" />${why(kind, call, t)}</span>
      <span class="quiet small">${[call.wish && t.wish[call.wish], ago(waitsSince(call), t, now)].filter(Boolean).join(' · ')}</span></a>
    ${call.takenBy ? html`<span class="taken small"><${Icon} name="hand" />${call.takenBy === me ? t.youHave : t.takenBy(call.takenBy)}</span>`
      : html`<button type="button" onClick=${() => on.take(false, call.callSid)}>${t.take}</button>`}
    ${!call.live && html`<button type="button" onClick=${() => on.done(false, call.callSid)}>${t.todo.done}</button>`}
  </li>`;
}
