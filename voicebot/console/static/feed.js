// The console's data: requests that carry the session's CSRF token, and the one event stream of
// a page. Every event holds a call as it stands, so one that comes twice changes nothing.

let csrf = '';

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || String(status));
    this.status = status;
    this.kind = problem.error || '';
  }
}

export async function ask(method, path, body) {
  const headers = { 'X-CSRF-Token': csrf };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
  return answer.status === 204 ? null : answer.json();
}

export async function session() {
  const state = await ask('GET', '/session');
  csrf = state.csrf;
  return state;
}

const RETRY_MS = 1000;

// Opens the stream and keeps it open. A hidden page lets go of it, since a browser has few
// connections to one host, and goes on from its cursor when it is looked at again.
export class Feed {
  constructor(on) {
    this.on = on;
    this.cursor = '';
    this.call = null;
    this.source = null;
    document.addEventListener('visibilitychange', () => (document.hidden ? this.close() : this.open()));
  }

  watch(call) {
    this.call = call;
    this.open();
  }

  open() {
    this.close();
    if (document.hidden) return;
    const place = this.call ? `/live/calls/${this.call}/events` : '/live/events';
    const source = (this.source = new EventSource(`${place}?${new URLSearchParams(this.cursor && { after: this.cursor })}`));
    let told = new Set();
    source.onopen = () => { told = new Set(); };
    const take = (name, then) => source.addEventListener(name, (event) => {
      if (event.lastEventId) this.cursor = event.lastEventId;
      then(JSON.parse(event.data));
    });
    take('call', (call) => { told.add(call.callSid); this.on.call(call); });
    take('whole', (call) => this.on.whole(call));
    take('ready', (state) => {
      this.on.state(state.following ? 'connected' : 'away');
      if (state.all) this.on.all(told, state.older); // what else the page has may have changed unseen
    });
    take('following', (state) => this.on.state(state.following ? 'connected' : 'away'));
    source.onerror = () => {
      this.on.state('lost');
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      this.timer = setTimeout(() => this.again(), RETRY_MS);
    };
  }

  // The browser gave up: the server said no, or was not there. Is it that we are signed out?
  async again() {
    try {
      const state = await session();
      if (!state.signedIn) return this.on.signedOut();
      this.open();
    } catch {
      this.timer = setTimeout(() => this.again(), RETRY_MS);
    }
  }

  close() {
    clearTimeout(this.timer);
    if (this.source) this.source.close();
    this.source = null;
  }
}
