// The live page: one stream of calls as they stand, shown.
import { html, render, useCallback, useEffect, useMemo, useRef, useState } from './ui.js';
import { Bookings } from './bookings.js';
import { CallPage } from './call.js';
import { isOn, ring, turn } from './bell.js';
import { Counts } from './counts.js';
import { Feed, Refused, ask, session } from './feed.js';
import { CallList, FILTERS } from './list.js';
import { PhonePanel } from './phone.js';
import { Icon } from './parts.js';
import { Reveals } from './reveals.js';
import { Queue, isUrgent, reason } from './queue.js';
import { LANGUAGES, firstLanguage, setZone } from './words.js';

const TICK_MS = 1000;
const SEARCH_PAUSE_MS = 250;
const MOST_PAGES = 20; // of a search that finds nothing: each looks back for half a second
const GATHER_MS = 100; // rows that come within it are drawn together; the open call is drawn at once

const KEPT = 300; // rows of a page that is open for days, beside older ones that were asked for; search finds the others

const sidInAddress = () => decodeURIComponent((location.pathname.match(/^\/c\/([A-Za-z0-9_.%-]+)$/) || [])[1] || '') || null;
const VIEWS = ['bookings', 'counts']; // beside the queue, at /
const viewInAddress = () => [...VIEWS, 'reveals'].find((view) => location.pathname === `/${view}`) || '';
const since = (call) => (call.live ? call.createdAt : call.updatedAt); // a live call keeps its place while it is spoken
const presses = (call) => !call.takenBy && isUrgent(reason(call, false, 0)); // whoever waits for a person, or is stuck
const newestFirst = (a, b) => presses(b) - presses(a) || b.live - a.live || (since(a) < since(b) ? 1 : -1);
const isWork = (call) => call.live || Boolean(reason(call, false, 0));
const workFirst = (a, b) => isWork(b) - isWork(a) || (since(a) < since(b) ? 1 : -1);
const bounded = (calls, room) => (Object.keys(calls).length > room ? Object.fromEntries(Object.values(calls).sort(workFirst).slice(0, room).map((call) => [call.callSid, call])) : calls);

function Live({ state, language, setLanguage, signedOut }) {
  const t = LANGUAGES[language];
  const [calls, setCalls] = useState({});
  const [whole, setWhole] = useState(null);
  const [sid, setSid] = useState(sidInAddress);
  const [view, setView] = useState(viewInAddress);
  const [line, setLine] = useState('connecting');
  const [filter, setFilter] = useState('all');
  const [query, setQuery] = useState('');
  const [found, setFound] = useState(null);
  const [older, setOlder] = useState(null);
  const [note, setNote] = useState('');
  const [naming, setNaming] = useState(null);
  const [phone, setPhone] = useState(false);
  const [now, setNow] = useState(Date.now());
  const [me, setMe] = useState(localStorage.getItem('me') || '');
  const menu = useRef(null);
  const sought = useRef('');
  const fresh = useRef({});
  const gathering = useRef(0);
  const rungFor = useRef(null);
  const room = useRef(KEPT);
  const opened = useRef(sid);
  opened.current = sid;

  const feed = useMemo(() => new Feed({
    call: (call) => {
      fresh.current[call.callSid] = call;
      gathering.current ||= setTimeout(() => {
        const rows = fresh.current;
        fresh.current = {};
        gathering.current = 0;
        setCalls((had) => bounded({ ...had, ...rows }, room.current));
      }, GATHER_MS);
    },
    whole: (call) => call.callSid === opened.current && setWhole(call),
    state: setLine,
    all: (told, next) => { setCalls((had) => Object.fromEntries(Object.entries(had).filter(([of]) => told.has(of)))); setOlder(next); },
    signedOut,
  }), []);
  useEffect(() => {
    feed.watch(sid);
    if (sid && (!whole || whole.callSid !== sid)) {
      setWhole(null);
      ask('GET', `/live/calls/${sid}`).then((call) => opened.current === sid && setWhole((had) => had || call), (error) => error.status === 404 && setWhole({ missing: true, callSid: sid }));
    }
  }, [sid]);
  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now()), TICK_MS);
    const moved = () => { setSid(sidInAddress()); setView(viewInAddress()); };
    const slash = (event) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target.closest('input, select, textarea, dialog')) return;
      event.preventDefault();
      document.querySelector('.search input')?.focus();
    };
    addEventListener('popstate', moved);
    addEventListener('keydown', slash);
    return () => { clearInterval(tick); removeEventListener('popstate', moved); removeEventListener('keydown', slash); feed.close(); };
  }, []);

  // A page of a search may be empty though older calls match: it goes on by itself for a while.
  const search = async (text, cursor = '') => {
    for (let pages = 0, next = cursor; pages < MOST_PAGES && text === sought.current; pages += 1) {
      const page = await ask('GET', `/live/calls?${new URLSearchParams({ q: text, ...(next && { cursor: next }) })}`);
      const goesOn = !page.calls.length && !page.complete;
      if (text !== sought.current) return;
      setFound((had) => ({ calls: next && had ? [...had.calls, ...page.calls] : page.calls, next: page.next, complete: page.complete, goesOn: goesOn && pages + 1 < MOST_PAGES }));
      if (!goesOn) return;
      next = page.next;
    }
  };
  const goBack = async () => {
    const page = await ask('GET', `/live/calls?cursor=${older}`);
    room.current += page.calls.length;
    setCalls((had) => ({ ...Object.fromEntries(page.calls.map((call) => [call.callSid, call])), ...had }));
    setOlder(page.next);
  };
  useEffect(() => {
    sought.current = query.trim();
    if (!query.trim()) return setFound(null);
    const timer = setTimeout(() => search(query.trim()).catch(() => setNote(t.failedAction)), SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [query]);
  useEffect(() => {
    if (!note) return undefined;
    const timer = setTimeout(() => setNote(''), 4000);
    return () => clearTimeout(timer);
  }, [note]);

  // Who opens a call by hand goes on reading there; who comes back is where they were.
  const go = useCallback((next) => {
    const left = opened.current;
    history.pushState(null, '', next ? `/c/${next}` : '/');
    setSid(next);
    setView('');
    scrollTo(0, 0);
    requestAnimationFrame(() => (next ? document.getElementById('main') : document.querySelector(`[data-sid="${left}"]`))?.focus());
  }, []);
  const look = (path) => (event) => { event.preventDefault(); history.pushState(null, '', path); setSid(null); setView(viewInAddress()); document.getElementById('main').focus(); };
  const rang = useCallback((next) => { history.pushState(null, '', `/c/${next}`); setSid(next); }, []); // the focus stays on the telephone
  const act = (work) => work().catch((error) => setNote(error instanceof Refused && error.status < 500 ? error.message : t.failedAction));
  const taker = (by, over, of = sid) => act(() => ask('POST', `/live/calls/${of}/taker`, { by, over }));
  const show = (method, body) => act(async () => { setWhole(await ask(method, `/live/calls/${sid}/reveal`, body)); feed.watch(sid); });
  const on = {
    ring: () => setPhone(true),
    open: go, search: setQuery, filter: setFilter,
    more: () => act(() => (found ? search(query.trim(), found.next) : goBack())),
    back: (event) => { event.preventDefault(); go(null); },
    go: (next) => (event) => { event.preventDefault(); go(next); },
    named: (then) => (me ? then(me) : setNaming({ then })),
    take: (over, of) => on.named((by) => taker(by, over, of)),
    done: (undo, of = sid) => on.named((by) => act(() => ask('POST', `/live/calls/${of}/done`, { by, undo }))),
    note: (text, then) => on.named((by) => act(async () => { await ask('POST', `/live/calls/${sid}/notes`, { by, text }); then(); })),
    release: () => taker('', true),
    copy: () => act(async () => { await navigator.clipboard.writeText(location.href); setNote(t.copied); }),
    reveal: () => on.named((by) => show('POST', { by })),
    hide: () => show('DELETE'),
  };

  const known = Object.values(calls);
  const reasonOf = (call) => reason(call, state.mailsSince, now);
  const at = { reasonOf, me };
  const listed = (found ? found.calls.map((call) => calls[call.callSid] || call) : known).filter((call) => FILTERS[filter](call, at)).sort(newestFirst);
  const counts = { live: known.filter(FILTERS.live).length, needs: known.filter((call) => reasonOf(call) && !call.takenBy).length, mine: known.filter((call) => FILTERS.mine(call, at)).length };
  const pressing = known.filter(presses).map((call) => call.callSid).sort().join(' ');
  useEffect(() => {
    const had = rungFor.current;
    rungFor.current = pressing ? pressing.split(' ') : [];
    if (had && isOn() && rungFor.current.some((of) => !had.includes(of))) ring();
  }, [pressing]);
  useEffect(() => { document.title = `${counts.needs ? `(${counts.needs}) ` : ''}${t.title} · ${state.company || 'voicebot'}`; }, [counts.needs, language]);
  useEffect(() => { document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'; }, [language]);

  return html`<div class=${sid || view ? 'app showing' : 'app'}>
    <a class="skip" href="#main">${t.skip}</a>
    <header class="top"><a class="brand" href="/" onClick=${on.back}><img src="/static/icon.svg" alt="" width="28" height="28" /><span>${state.company || 'voicebot'}</span></a>
      <span class="link link-${line}" role="status"><i></i>${t[line]}</span>
      <nav class="views" aria-label=${t.menu}><a href="/" aria-current=${!sid && !view ? 'page' : undefined} onClick=${look('/')}>${t.diary.first}</a>
        ${VIEWS.map((name) => html`<a href="/${name}" aria-current=${!sid && view === name ? 'page' : undefined} onClick=${look(`/${name}`)}>${name === 'counts' ? t.counts.title : t.diary.link}</a>`)}</nav>
      <span class="spring"></span>
      <button type="button" class="quietly" lang=${language === 'zh' ? 'en' : 'zh-CN'} onClick=${() => setLanguage(language === 'zh' ? 'en' : 'zh')}>${t.language}</button>
      <${Menu} t=${t} button=${menu}>
        <button type="button" class="try" onClick=${() => setPhone(true)}><${Icon} name="phone" />${t.try}</button>
        <button type="button" class="bell" aria-pressed=${isOn()} onClick=${turn}><${Icon} name="bell" />${t.bell}</button>
        <span class="export"><${Icon} name="down" />${t.day} <a href="/export?format=csv" download>${t.csv}</a><a href="/export?format=json" download>${t.json}</a></span>
        <a href="/reveals" onClick=${look('/reveals')}><${Icon} name="eye" />${t.reveals.title}</a>
        ${state.wantsToken && html`<button type="button" onClick=${() => act(() => ask('DELETE', '/session').then(signedOut))}>${t.signOut}</button>`}
      <//>
    </header>
    <${CallList} calls=${listed} ...${{ filter, counts, t, now, on, query, reasonOf, found }} chosen=${sid} more=${Boolean(found ? found.next : older)} />
    <main id="main" tabindex="-1" aria-label=${t.callPlace}>${sid
      ? whole && whole.callSid === sid
        ? whole.missing ? html`<div class="empty big"><h1>${t.unknownCall}</h1><a href="/" onClick=${on.back}>${t.back}</a></div>`
          : html`<${CallPage} call=${whole} kind=${reasonOf(whole)} ...${{ t, me, on }} lang=${language} state=${state} />`
        : html`<div class="empty big" aria-busy="true">…</div>`
      : view === 'bookings' ? html`<${Bookings} ...${{ t, on }} lang=${language} />`
      : view === 'counts' ? html`<${Counts} t=${t} lang=${language} />`
      : view === 'reveals' ? html`<${Reveals} ...${{ t, on }} lang=${language} />`
      : html`<${Queue} calls=${known} ...${{ reasonOf, t, me, now, on }} />`}</main>
    ${phone && html`<${PhonePanel} t=${t} statusOf=${(of) => calls[of]?.status} onCall=${rang} onClose=${() => { setPhone(false); menu.current.focus(); }} />`}
    ${naming && html`<${Naming} t=${t} onDone=${(by) => { setNaming(null); if (by) { localStorage.setItem('me', by); setMe(by); naming.then(by); } }} />`}
    <p class="note ${note ? 'on' : ''}" role="status">${note}</p>
    <p class="hidden" role="status">${counts.needs ? t.waiting(counts.needs) : ''}</p>
  </div>`;
}

// What is not needed all day, behind one button; it closes when something in it was done.
function Menu({ t, button, children }) {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  useEffect(() => {
    if (!open) return undefined;
    box.current.querySelector('.sheet button, .sheet a')?.focus();
    const elsewhere = (event) => !box.current.contains(event.target) && setOpen(false);
    addEventListener('pointerdown', elsewhere);
    return () => removeEventListener('pointerdown', elsewhere);
  }, [open]);
  const leave = (event) => { if (event.key === 'Escape') { setOpen(false); button.current.focus(); } };
  return html`<div class="menu" ref=${box} onKeyDown=${leave}>
    <button type="button" ref=${button} aria-label=${t.menu} aria-expanded=${open} onClick=${() => setOpen(!open)}><${Icon} name="menu" /></button>
    ${open && html`<div class="sheet" onClick=${() => setOpen(false)}>${children}</div>`}</div>`;
}

function Naming({ t, onDone }) {
  const box = useRef(null);
  useEffect(() => box.current.showModal(), []);
  const leave = (by) => { box.current.close(); onDone(by); }; // closing gives the focus back
  const done = (event) => { event.preventDefault(); leave(new FormData(event.target).get('who').trim()); };
  return html`<dialog ref=${box} onCancel=${() => leave('')} aria-label=${t.whoTitle}><form onSubmit=${done}><h2>${t.whoTitle}</h2>
    <label>${t.who}<input name="who" maxlength="60" required autocomplete="name" /></label>
    <div class="row"><button type="button" onClick=${() => leave('')}>${t.cancel}</button><button class="primary">${t.ok}</button></div></form></dialog>`;
}

function SignIn({ t, onDone }) {
  const [wrong, setWrong] = useState('');
  const enter = async (event) => {
    event.preventDefault();
    try {
      await ask('POST', '/session', { token: new FormData(event.target).get('token') });
      onDone();
    } catch (error) {
      setWrong(error.status === 429 ? t.slow : t.wrong);
    }
  };
  return html`<main class="signin"><form onSubmit=${enter}><img src="/static/icon.svg" alt="" width="48" height="48" /><h1>voicebot</h1>
    <label>${t.token}<input name="token" type="password" required autocomplete="current-password" aria-describedby="hint" /></label>
    <p id="hint" class="quiet small">${t.tokenHint}</p>${wrong && html`<p role="alert" class="wrong">${wrong}</p>`}
    <button class="primary">${t.signIn}</button></form></main>`;
}

function Page() {
  const [state, setState] = useState(null);
  const [language, setLanguage] = useState(firstLanguage());
  const begin = () => session().then((told) => { setZone(told.zone); setState(told); }, () => setTimeout(begin, TICK_MS));
  useEffect(() => { begin(); }, []);
  const choose = (next) => { localStorage.setItem('language', next); setLanguage(next); };
  if (!state) return null;
  if (!state.signedIn) return html`<${SignIn} t=${LANGUAGES[language]} onDone=${begin} />`;
  return html`<${Live} ...${{ state, language }} setLanguage=${choose} signedOut=${begin} />`;
}

render(html`<${Page} />`, document.getElementById('page'));
