// Who had which call's data shown, the newest first.
import { html, useEffect, useState } from './ui.js';
import { ask } from './feed.js';
import { moment } from './words.js';

const AGAIN_MS = 30_000;

export function Reveals({ t, lang, on }) {
  const [told, setTold] = useState(null);
  useEffect(() => {
    const load = () => ask('GET', '/live/reveals').then(setTold, () => {});
    load();
    const timer = setInterval(load, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  if (!told) return html`<div class="empty big" aria-busy="true">…</div>`;
  const words = t.reveals;
  return html`<section class="queue counts reveals" aria-labelledby="reveals"><h1 id="reveals">${words.title}</h1>
    <p class="quiet">${told.length ? words.hint : words.none}</p>
    ${told.length > 0 && html`<div class="wide" tabindex="0" role="group" aria-label=${words.title}><table>
      <thead><tr><th scope="col">${words.when}</th><th scope="col">${words.who}</th><th scope="col">${words.call}</th></tr></thead>
      <tbody>${told.map((one) => html`<tr><td><time datetime=${one.at}>${moment(one.at, lang)}</time></td><td>${one.by}</td>
        <td><a href="/c/${one.callSid}" onClick=${on.go(one.callSid)}>${one.callSid}</a></td></tr>`)}</tbody></table></div>`}</section>`;
}
