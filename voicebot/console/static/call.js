// One call: the six answers, what is said, how fast it was answered, and what staff can do.
import { html, useEffect, useRef, useState } from './ui.js';
import { Speed } from './chart.js';
import { ask } from './feed.js';
import { Help } from './help.js';
import { Icon, State, callerOf, clock, shown, valueOf } from './parts.js';
import { isUrgent, why } from './queue.js';
import { moment } from './words.js';

export function CallPage({ call, kind, t, lang, state, me, on }) {
  const plain = call.sight === 'plain';
  return html`<article class="call" aria-label=${call.callSid}>
    <header>
      <a class="back" href="/" onClick=${on.back}><${Icon} name="back" />${t.back}</a>
      <div class="who"><h1>${valueOf(call, 'name') || callerOf(call, t) || t.unsaved}</h1><${State} call=${call} t=${t} />
        ${call.resumed > 0 && html`<span class="state state-resumed"><i></i>${t.resumed(call.resumed)}</span>`}</div>
      <p class="about"><code>${call.callSid}</code>${call.caller && html`<span>${t.from} ${plain && /^\+/.test(call.caller) ? html`<a href="tel:${call.caller}">${callerOf(call, t)}</a>` : callerOf(call, t)}</span>`}<span>${t.began} ${moment(call.createdAt, lang)}</span>
        ${call.continuedAs && html`<a href="/c/${call.continuedAs}" onClick=${on.go(call.continuedAs)}>${t.continued} ${call.continuedAs}</a>`}</p>
      <div class="actions">
        <${Taker} ...${{ call, t, me, on }} />
        ${(kind || call.doneBy) && !call.live && html`<button type="button" class="done" onClick=${() => on.done(Boolean(call.doneBy))}><${Icon} name=${call.doneBy ? 'back' : 'check'} />${call.doneBy ? t.todo.undo : t.todo.done}</button>`}
        <button type="button" class="reveal" onClick=${plain ? on.hide : on.reveal} title=${plain ? t.shown : t.masked}><${Icon} name="eye" />${plain ? t.hide : t.reveal}</button>
        <button type="button" onClick=${on.copy}><${Icon} name="link" />${t.link}</button>
        <span class="export"><${Icon} name="down" />${t.exportOne}
          <a href="/calls/${call.callSid}/export?format=csv" download>${t.csv}</a><a href="/calls/${call.callSid}/export?format=json" download>${t.json}</a></span>
      </div>
    </header>
    ${kind && !call.takenBy && html`<p class="banner ${isUrgent(kind) ? 'person' : kind}" role="status"><${Icon} name="alert" /><span><b>${why(kind, call, t)}${t.stop}</b>${hintOf(kind, call, t)}</span></p>`}
    ${call.doneBy && html`<p class="banner finished" role="status"><${Icon} name="check" /><span>${t.todo.doneBy(call.doneBy)}</span></p>`}
    <${Help} ...${{ call, t, lang, state, named: on.named }} />
    <section aria-label=${t.answers}><ol class="steps" role="list">
      ${call.steps.map((step) => html`<${Answer} key=${step.step} ...${{ step, call, t, lang }} />`)}
    </ol></section>
    <section class="panel notes" aria-label=${t.notes}><h2>${t.notes}</h2>
      ${call.wish && html`<p class="wish">${t.wish[call.wish]}</p>`}
      <ul role="list">${call.notes.map((note) => html`<li key=${note.at + note.text}><time datetime=${note.at}>${clock(note.at, lang)}</time> ${note.text}</li>`)}</ul>
      <${NewNote} key=${call.callSid} t=${t} add=${on.note} /></section>
    <div class="columns">
      <section class="panel"><h2>${t.transcript}</h2><${Transcript} ...${{ call, t, lang }} /></section>
      <section class="panel aside"><h2>${t.speed}</h2><p class="quiet small">${t.speedHint}</p><${Speed} turns=${call.turns} t=${t} lang=${lang} />
        <${Others} key=${call.callSid} ...${{ call, t, lang, on }} /></section>
    </div>
  </article>`;
}

const hintOf = (kind, call, t) => (kind === 'follow_up' ? `${call.interrupted ? t.interrupted : t.status[call.status]}${t.stop}${t.needHint}` : t.todo.hint[kind] || t.needHint);

// What the same caller rang for before.
function Others({ call, t, lang, on }) {
  const [calls, setCalls] = useState([]);
  useEffect(() => { ask('GET', `/live/calls/${call.callSid}/others`).then(setCalls, () => {}); }, [call.caller]);
  if (!calls.length) return null;
  return html`<h2>${t.others}</h2><ul class="others" role="list">${calls.map((other) => html`<li key=${other.callSid}>
    <a href="/c/${other.callSid}" onClick=${on.go(other.callSid)}>${moment(other.createdAt, lang)}</a> <${State} call=${other} t=${t} />
    ${valueOf(other, 'service') && html`<span class="quiet small">${valueOf(other, 'service')} ${moment(valueOf(other, 'time'), lang)}</span>`}</li>`)}</ul>`;
}

function NewNote({ t, add }) {
  const [text, setText] = useState('');
  const give = (event) => { event.preventDefault(); add(text, () => setText('')); };
  return html`<form class="newnote" onSubmit=${give}><label class="hidden" for="newnote">${t.todo.note}</label>
    <input id="newnote" required maxlength="500" autocomplete="off" placeholder=${t.todo.note} value=${text} onInput=${(event) => setText(event.target.value)} />
    <button>${t.todo.add}</button></form>`;
}

function Answer({ step, call, t, lang }) {
  const asking = call.status === 'active' && call.step === step.step;
  const over = call.status !== 'active' || STEP_ORDER.indexOf(call.step) > STEP_ORDER.indexOf(step.step);
  const unsure = call.unsure.includes(step.step) && !(call.live && asking);
  const kind = step.value ? (unsure ? 'full unsure' : 'full') : asking ? 'open' : over ? 'gone' : '';
  return html`<li class=${kind} data-step=${step.step} aria-current=${asking ? 'step' : undefined}>
    <span class="mark">${step.value ? html`<${Icon} name=${unsure ? 'question' : 'check'} />` : ''}</span>
    <span class="label">${t.step[step.step]}</span>
    <span class="value">${step.value ? dialled(step, shown(step, lang)) : asking ? t.asking : over ? t.missing : t.waitingStep}</span>
    ${step.value && html`<small>${t.saved} <time datetime=${step.savedAt}>${clock(step.savedAt, lang)}</time>${step.confirmed ? html`<em>${t.confirmed}</em>` : unsure ? html`<em class="unsure">${t.todo.unconfirmed}</em>` : asking && html`<em class="asked">${t.readBack}</em>`}</small>`}
  </li>`;
}

const dialled = (step, text) => (step.step === 'phone' && !step.masked ? html`<a href="tel:${step.value}">${text}</a>` : text);

const STEP_ORDER = ['name', 'phone', 'address', 'email', 'service', 'time', 'done'];

function Transcript({ call, t, lang }) {
  const box = useRef(null);
  const count = call.transcript.length;
  useEffect(() => {
    const end = box.current;
    if (end) end.scrollTop = end.scrollHeight;
  }, [count, call.callSid]);
  if (!count) return html`<p class="quiet">${t.noTranscript}</p>`;
  return html`<div class="said" ref=${box} role="log" aria-label=${t.transcript} tabindex="0"><ol class="transcript">
    ${call.transcript.map((said) => html`<li key=${said.speaker + said.startedAt} class=${said.speaker === 'AI' ? 'bot' : 'caller'}>
      <span class="meta">${t.said[said.speaker]} <time>${clock(said.startedAt, lang)}</time></span>
      <p class=${said.heard ? 'cut' : ''}>${said.message}${said.unheard && html` <s>${said.unheard}</s>`}${said.heard && html`<span class="cutmark">${t.cut}</span>`}</p>
    </li>`)}
    ${call.live && call.phase && html`<li key=${call.phase} class="now ${call.phase === 'speaking' ? 'bot' : 'caller'}" aria-hidden="true"><span class="pulse"><i></i><i></i><i></i></span>${t.phase[call.phase]}</li>`}
  </ol></div>`;
}

function Taker({ call, t, me, on }) {
  const free = !call.takenBy;
  const mine = call.takenBy === me;
  const act = free ? () => on.take(false) : mine ? on.release : () => on.take(true);
  // One button throughout, so that the focus stays on it.
  return html`<span class=${free ? 'taker' : 'taker holder'}><span role="status">${!free && html`<${Icon} name="hand" />${mine ? t.youHave : t.takenBy(call.takenBy)}`}</span>
    <button type="button" class=${free ? `take ${call.needs || call.live ? 'primary' : ''}` : ''} onClick=${act}>${free && html`<${Icon} name="hand" />`}${free ? t.take : mine ? t.release : t.takeOver}</button></span>`;
}
