// Figures of the last days: how calls ended, where callers gave up, minutes and cost.
import { html, useEffect, useState } from './ui.js';
import { ask } from './feed.js';
import { dayName } from './words.js';

const DAYS = [7, 31];
const STEPS = ['name', 'phone', 'address', 'email', 'service', 'time', 'done'];
const AGAIN_MS = 60_000;

const sum = (days, of) => days.reduce((total, day) => total + of(day), 0);
const booked = (day) => (day.status.booked || 0) + (day.status.cancelled || 0);

export function Counts({ t, lang }) {
  const [days, setDays] = useState(DAYS[0]);
  const [told, setTold] = useState(null);
  const load = () => ask('GET', `/live/counts?days=${days}`).then(setTold, () => {});
  useEffect(() => {
    load();
    const timer = setInterval(load, AGAIN_MS);
    return () => clearInterval(timer);
  }, [days]);
  if (!told) return html`<div class="empty big" aria-busy="true">…</div>`;
  const costs = sum(told.days, (day) => day.costUsd) > 0;
  const row = (name, all) => html`<th scope="row">${name}</th><td>${sum(all, (day) => day.calls)}</td><td>${sum(all, booked)}</td>
    <td>${share(all)}</td><td>${sum(all, (day) => day.status.transfer || 0)}</td><td>${Math.round(sum(all, (day) => day.minutes))}</td>
    ${costs && html`<td>${sum(all, (day) => day.costUsd).toFixed(2)}</td>`}`;
  return html`<section class="queue counts" aria-labelledby="counts"><h1 id="counts">${t.counts.title}</h1>
    <p class="row">${DAYS.map((n) => html`<button type="button" aria-pressed=${days === n} onClick=${() => setDays(n)}>${t.counts.days(n)}</button>`)}</p>
    ${!told.complete && html`<p class="quiet" role="status">${t.counts.incomplete}</p>`}
    <div class="wide" tabindex="0" role="group" aria-label=${t.counts.day}><table><thead><tr><th scope="col">${t.counts.day}</th><th scope="col">${t.title}</th><th scope="col">${t.booked}</th><th scope="col">${t.counts.share}</th><th scope="col">${t.counts.transfer}</th><th scope="col">${t.counts.minutes}</th>
      ${costs && html`<th scope="col">${t.counts.cost}</th>`}</tr></thead>
      <tbody>${told.days.map((day) => html`<tr key=${day.day}>${row(dayName(day.day, lang), [day])}</tr>`)}</tbody>
      <tfoot><tr>${row(t.counts.all, told.days)}</tr></tfoot></table></div>
    <${Stopped} days=${told.days} t=${t} /></section>`;
}

const share = (days) => {
  const calls = sum(days, (day) => day.calls);
  return calls ? `${Math.round((100 * sum(days, booked)) / calls)} %` : '–';
};

// Where callers ended who booked nothing, one bar a question. Widths are SVG attributes: the page allows no inline styles.
function Stopped({ days, t }) {
  const at = STEPS.map((step) => [step, sum(days, (day) => day.stopped[step] || 0)]);
  const most = Math.max(...at.map(([, n]) => n));
  if (!most) return null;
  return html`<section aria-labelledby="stopped"><h2 id="stopped">${t.counts.stopped}</h2>
    <table class="bars"><tbody>${at.filter(([, n]) => n).map(([step, n]) => html`<tr key=${step}><th scope="row">${t.step[step]}</th><td>${n}</td>
      <td aria-hidden="true"><svg viewBox="0 0 100 8" preserveAspectRatio="none"><rect width=${(100 * n) / most} height="8" /></svg></td></tr>`)}</tbody></table></section>`;
}
