// All calls: what needs a person first, then as they come.
import { Component, html } from './ui.js';
import { Icon, State, Steps, callerOf, valueOf } from './parts.js';
import { isUrgent, why } from './queue.js';
import { ago, lasted } from './words.js';

// What each button leaves in the list; `needs` is what waits for somebody, `mine` what I took.
export const FILTERS = {
  all: () => true,
  live: (call) => call.live,
  needs: (call, at) => Boolean(at.reasonOf(call)),
  mine: (call, at) => Boolean(at.me) && call.takenBy === at.me && (call.live || !call.doneBy),
  booked: (call) => call.status === 'booked',
  open: (call) => call.status !== 'booked' && !call.live,
};

export function CallList({ calls, filter, counts, chosen, t, now, on, query, more, reasonOf, found }) {
  return html`<nav class="list" aria-label=${t.title}>
    <label class="search" onKeyDown=${(event) => event.key === 'ArrowDown' && walk(event)}><${Icon} name="search" /><span class="hidden">${t.search}</span>
      <input type="search" placeholder=${t.search} title=${t.searchKey} aria-keyshortcuts="/" value=${query} onInput=${(e) => on.search(e.target.value)} />
    </label>
    <div class="filters" role="group">
      ${Object.keys(FILTERS).map((name) => html`<button type="button" aria-pressed=${filter === name} class=${name === 'needs' && counts.needs ? 'urgent' : ''}
        onClick=${() => on.filter(name)}>${t[name]}${counts[name] ? html` <b>${counts[name]}</b>` : ''}</button>`)}
    </div>
    ${calls.length === 0 && html`<div class="empty" role="status"><h2>${query ? (!found || found.goesOn ? t.searching : found.complete ? t.nothing : t.notYet) : t.emptyIn[filter] || t.none}</h2>
      ${!query && filter === 'all' && html`<p>${t.noneHint}</p>`}</div>`}
    <ul role="list" onKeyDown=${walk}>${calls.map((call) => html`<${Row} key=${call.callSid} ...${{ call, t, open: on.open, chosen: chosen === call.callSid, time: timeOf(call, t, now), kind: reasonOf(call) }} />`)}</ul>
    ${more && html`<button class="more" type="button" onClick=${on.more}>${query ? t.searchOn : t.more}</button>`}
  </nav>`;
}

// Up and down go from row to row, Home and End to the first and the last.
export function walk(event) {
  const rows = [...event.currentTarget.closest('.list').querySelectorAll('[data-sid]')];
  const at = rows.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (to < 0) event.currentTarget.closest('.list').querySelector('input').focus();
  else rows[Math.min(to, rows.length - 1)]?.focus();
}

const timeOf = (call, t, now) => (call.live ? lasted(now - Date.parse(call.createdAt)) : ago(call.updatedAt, t, now));

// A row that would look the same is not drawn again: with many calls live that is most of a page's
// work. A changed call is another object. What a row is given must not change with the list (as all of
// `on` does), or the row holds on to the list that it was last drawn in.
const LOOK = ['call', 't', 'open', 'chosen', 'time', 'kind'];

class Row extends Component {
  shouldComponentUpdate(next) {
    return LOOK.some((name) => next[name] !== this.props[name]);
  }

  render({ call, t, open, chosen, time, kind }) {
    const name = valueOf(call, 'name');
    const number = valueOf(call, 'phone') || callerOf(call, t);
    const opened = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      open(call.callSid);
    };
    return html`<li class=${kind && !call.takenBy ? `waits ${isUrgent(kind) ? 'person' : kind}` : ''}>
      <a href="/c/${call.callSid}" data-sid=${call.callSid} aria-current=${chosen ? 'true' : undefined} onClick=${opened}>
        <span class="line"><strong>${name || number || t.unsaved}${name && number && html` <small>${number.length > 9 ? number.slice(-7) : number}</small>`}</strong><time>${time}</time></span>
        <span class="line"><${State} call=${call} t=${t} /><${Steps} call=${call} t=${t} /></span>
        ${(call.takenBy || kind) && html`<span class="line small">${call.takenBy
          ? html`<span class="taken"><${Icon} name="hand" />${t.takenBy(call.takenBy)}</span>`
          : html`<span class="need"><${Icon} name="alert" />${why(kind, call, t)}</span>`}</span>`}
      </a>
    </li>`;
  }
}
