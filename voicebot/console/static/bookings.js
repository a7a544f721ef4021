// The calendar: appointments from today on, day by day; each can be moved or called off.
import { html, useEffect, useLayoutEffect, useRef, useState } from './ui.js';
import { ask } from './feed.js';
import { Icon, valueOf } from './parts.js';
import { dayName, hour, zoneName } from './words.js';

const AGAIN_MS = 30_000; // bookings of other days change no row that the page has
const DAYS = 7;

export function Bookings({ t, lang, on }) {
  const [days, setDays] = useState(null);
  const [more, setMore] = useState(1);
  const [open, setOpen] = useState(null);
  const load = () => ask('GET', `/live/bookings?days=${Math.min(31, DAYS * more)}`).then(setDays, () => {});
  useEffect(() => {
    load();
    const timer = setInterval(load, AGAIN_MS);
    return () => clearInterval(timer);
  }, [more]);
  if (!days) return html`<div class="empty big" aria-busy="true">…</div>`;
  return html`<section class="queue diary" aria-labelledby="diary"><h1 id="diary">${t.diary.title} <small class="quiet">${t.diary.times(zoneName(lang))}</small></h1>
    ${days.map((day, n) => html`<section key=${day.day}><h2>${dayName(day.day, lang)}${n === 0 ? ` · ${t.day}` : ''}</h2>
      ${day.calls.length ? html`<ol role="list">${day.calls.map((call) => html`<${Visit} key=${call.callSid} ...${{ call, t, lang, on, open: open && open.sid === call.callSid ? open.what : '', setOpen, load }} />`)}</ol>`
        : html`<p class="quiet">${day.closed ? t.diary.closed : t.diary.free}</p>`}</section>`)}
    ${DAYS * more < 31 && html`<button type="button" class="more" onClick=${() => setMore(more + 1)}>${t.diary.more}</button>`}</section>`;
}

function Visit({ call, t, lang, on, open, setOpen, load }) {
  const buttons = useRef({});
  const toggle = (what) => setOpen(open === what ? null : { sid: call.callSid, what });
  const close = () => { buttons.current[open]?.focus(); setOpen(null); };
  const button = (what) => html`<button type="button" ref=${(to) => { buttons.current[what] = to; }} aria-expanded=${open === what} onClick=${() => toggle(what)}>${t.diary[what]}</button>`;
  return html`<li data-visit=${call.callSid} onKeyDown=${(event) => open && event.key === 'Escape' && close()}><time datetime=${valueOf(call, 'time')}>${hour(valueOf(call, 'time'), lang)}</time>
    <a href="/c/${call.callSid}" onClick=${on.go(call.callSid)}><b>${valueOf(call, 'service') || t.missing}</b><span class="quiet">${valueOf(call, 'name') || t.unsaved}</span></a>
    ${button('move')}${button('cancel')}
    ${open && html`<${Change} key=${open} what=${open} ...${{ call, t, lang, on, close, load }} />`}</li>`;
}

function Change({ what, call, t, lang, on, close, load }) {
  const form = useRef(null);
  const [wrong, setWrong] = useState('');
  useLayoutEffect(() => form.current.querySelector('input, button').focus(), []);
  const give = (event) => {
    event.preventDefault();
    const time = what === 'move' ? new FormData(form.current).get('time') : null;
    on.named(async (by) => {
      try {
        await ask('POST', `/live/calls/${call.callSid}/appointment`, { by, time });
        close();
        load();
      } catch (error) {
        setWrong(t.help.refused[error.kind] || t.diary.refused[error.kind] || t.failedAction);
      }
    });
  };
  return html`<form class="order" ref=${form} onSubmit=${give}>
    ${what === 'move' && html`<label>${t.help.localTime(zoneName(lang))}<input name="time" type="datetime-local" required /></label>`}
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    <div class="row"><p class="quiet small">${t.diary.hint}</p><button type="button" onClick=${close}>${t.diary.keep}</button>
      <button class=${what === 'cancel' ? 'danger' : 'primary'}>${t.diary.give[what]}</button></div></form>`;
}
