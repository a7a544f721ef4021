// A telephone in the browser: the provider's side of /media, spoken by this page.
//
// What a provider does with a call is in its TwiML: the console asks for it, this page obeys its
// verbs. So a stream that breaks is followed by its redirect, and that by another stream, without
// anybody doing anything.
import { html, useEffect, useRef, useState } from './ui.js';
import { Refused, ask } from './feed.js';
import { Icon } from './parts.js';

const RATE_HZ = 8000;
const LEVEL_SHOWN = 24;
const WEBHOOK_MS = 15000; // a provider's budget for one answer; a server that restarts needs a few seconds
const RETRY_MS = 500;
const SHORTEST_STREAM_MS = 2000;
const MOST_SHORT_STREAMS = 5;
const NORMAL = 1000;

const HEARING = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
const FORMAT = { encoding: 'audio/x-mulaw', sampleRate: RATE_HZ, channels: 1 };

// Holds one call. `on` is told: began(callSid), state(name, words), level (0 to 1).
export class Telephone {
  constructor(on) {
    this.on = on;
    this.muted = false;
    this.short = 0;
    this.waking = new Set();
  }

  async call() {
    this.mic = await navigator.mediaDevices.getUserMedia({ audio: HEARING });
    await this.openAudio();
    let verbs = await this.ask(0);
    while (verbs && !this.ended) verbs = await this.obey(verbs);
  }

  // The verbs of one document, in order; another document's where this one redirects.
  async obey(verbs) {
    let said = '';
    for (const verb of verbs) {
      if (this.ended) return null;
      const text = verb.textContent.trim();
      if (verb.tagName === 'Connect') await this.stream(verb.querySelector('Stream'));
      else if (verb.tagName === 'Pause') await this.wait(Number(verb.getAttribute('length') || 1) * 1000);
      else if (verb.tagName === 'Say') this.on.state('says', (said = text));
      else if (verb.tagName === 'Redirect') return this.ask(Number(new URL(text, location).searchParams.get('try')));
      else if (verb.tagName === 'Dial') return this.end('dialled', text);
      else if (verb.tagName === 'Hangup') return this.end('over', said); // the last words stay to be read
      else break;
    }
    return this.end('failed');
  }

  // The webhook's verbs. Once the call stands, a server that restarts is waited for.
  async ask(tries) {
    const until = Date.now() + (this.callSid ? WEBHOOK_MS : 0);
    for (;;) {
      try {
        const { callSid, twiml } = await ask('POST', '/live/trial', { callSid: this.callSid || null, tries });
        if (!this.callSid) this.on.began((this.callSid = callSid));
        return new DOMParser().parseFromString(twiml, 'text/xml').documentElement.children;
      } catch (error) {
        if (this.ended) return null;
        if ((error instanceof Refused && error.status < 500) || Date.now() >= until) throw error;
        this.on.state('again');
        await this.pause(RETRY_MS);
      }
    }
  }

  // Microphone at the device's rate, brought down in its worklet; speaker at 8 kHz, so that what
  // has been played is counted in the line's own samples and a mark comes back exactly in time.
  async openAudio() {
    this.hearing = new AudioContext();
    this.speaking = new AudioContext({ sampleRate: RATE_HZ });
    await Promise.all([this.hearing.audioWorklet.addModule('/static/microphone.js'), this.speaking.audioWorklet.addModule('/static/speaker.js')]);
    this.microphone = new AudioWorkletNode(this.hearing, 'microphone', { numberOfOutputs: 1, channelCount: 1, channelCountMode: 'explicit' });
    this.microphone.port.onmessage = (event) => this.voice(event.data);
    this.hearing.createMediaStreamSource(this.mic).connect(this.microphone).connect(this.hearing.destination);
    await Promise.all([this.hearing.resume(), this.speaking.resume()]);
  }

  // One stream, to its end. What an earlier one left unplayed is not played on.
  async stream(stream) {
    const url = stream.getAttribute('url');
    const parameters = Object.fromEntries([...stream.querySelectorAll('Parameter')].map((of) => [of.getAttribute('name'), of.getAttribute('value')]));
    const began = Date.now();
    const code = await this.carry(url, parameters);
    if (this.ended) return;
    if (code !== NORMAL) this.on.state('again');
    this.short = Date.now() - began < SHORTEST_STREAM_MS ? this.short + 1 : 0;
    if (this.short > MOST_SHORT_STREAMS) this.end('failed');
    else if (this.short) await this.pause(RETRY_MS);
  }

  // Resolves with the code of the close.
  carry(url, parameters) {
    this.sequence = 0;
    this.chunk = 0;
    this.streamSid = `MZ${crypto.randomUUID().replaceAll('-', '')}`;
    const socket = (this.socket = new WebSocket(url));
    const speaker = (this.speaker = new AudioWorkletNode(this.speaking, 'speaker', { numberOfInputs: 0, outputChannelCount: [1] }));
    speaker.connect(this.speaking.destination);
    speaker.port.onmessage = (event) => socket === this.socket && this.send({ event: 'mark', streamSid: this.streamSid, mark: { name: event.data } });
    return new Promise((closed) => {
      socket.onopen = () => {
        this.send({ event: 'connected', protocol: 'Call', version: '1.0.0' });
        this.send({ event: 'start', start: { streamSid: this.streamSid, callSid: this.callSid, tracks: ['inbound'], mediaFormat: FORMAT, customParameters: parameters }, streamSid: this.streamSid });
        this.started = true;
        this.on.state('talking');
      };
      socket.onmessage = (event) => this.take(JSON.parse(event.data));
      socket.onclose = (event) => {
        this.started = false;
        speaker.port.onmessage = null;
        speaker.port.postMessage({ end: true });
        speaker.disconnect();
        closed(event.code);
      };
    });
  }

  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (message.event !== 'connected') message.sequenceNumber = String((this.sequence += 1));
    this.socket.send(JSON.stringify(message));
  }

  voice({ mulaw, level }) {
    if (this.muted) mulaw.fill(0xff);
    this.on.level(this.muted ? 0 : level);
    if (!this.started) return;
    this.chunk += 1;
    this.send({ event: 'media', media: { track: 'inbound', chunk: String(this.chunk), timestamp: String(this.chunk * 20), payload: btoa(String.fromCharCode(...mulaw)) }, streamSid: this.streamSid });
  }

  take(message) {
    if (message.event === 'media') {
      const bytes = Uint8Array.from(atob(message.media.payload), (letter) => letter.charCodeAt(0));
      this.speaker.port.postMessage({ play: bytes }, [bytes.buffer]);
    } else if (message.event === 'mark') this.speaker.port.postMessage({ mark: message.mark.name });
    else if (message.event === 'clear') this.speaker.port.postMessage({ clear: true });
  }

  press(digit) {
    this.send({ event: 'dtmf', streamSid: this.streamSid, dtmf: { track: 'inbound_track', digit } });
  }

  hangUp() {
    this.send({ event: 'stop', streamSid: this.streamSid, stop: { accountSid: '', callSid: this.callSid } });
    this.end('over');
  }

  wait(ms) {
    this.on.state('queued');
    return this.pause(ms);
  }

  // A while, or until the call ends.
  pause(ms) {
    return new Promise((over) => {
      const timer = setTimeout(over, ms);
      this.waking.add(() => { clearTimeout(timer); over(); });
    });
  }

  end(how, words) {
    if (this.ended) return null;
    this.ended = true;
    this.waking.forEach((wake) => wake());
    this.socket?.close(NORMAL);
    this.mic?.getTracks().forEach((track) => track.stop());
    this.hearing?.close();
    this.speaking?.close();
    this.on.state(how, words);
    return null;
  }
}

const KEYS = [...'123456789*0#'];
const BUSY = ['ringing', 'talking', 'again', 'queued', 'says'];

// What the status line says; a call that the bot ended tells how it ended.
function words(t, state, said, status) {
  if (state === 'ready') return t.callHint;
  if (state === 'says') return said;
  if (state === 'dialled') return t.dialled(said);
  if (state === 'over' && said) return said;
  if (state === 'over' && status && status !== 'active') return t.overAs(t.status[status]);
  return t[state] || said || state;
}

export function PhonePanel({ t, statusOf, onCall, onClose }) {
  const [state, setState] = useState({ name: 'ready', said: '' });
  const [callSid, setCallSid] = useState('');
  const [level, setLevel] = useState(0);
  const [muted, setMuted] = useState(false);
  const line = useRef(null);
  const main = useRef(null);
  const busy = BUSY.includes(state.name);
  useEffect(() => () => line.current?.hangUp(), []);
  useEffect(() => main.current.focus(), [busy]); // Call, and in its place Hang up

  const begin = async () => {
    setState({ name: 'ringing' });
    setMuted(false);
    const telephone = (line.current = new Telephone({
      began: (sid) => { setCallSid(sid); onCall(sid); },
      state: (name, said) => { setState({ name, said }); if (!BUSY.includes(name)) setLevel(0); },
      level: setLevel,
    }));
    try {
      await telephone.call();
    } catch (error) {
      telephone.end(['NotAllowedError', 'NotFoundError'].includes(error.name) ? 'mic' : error.kind ? 'refused' : 'failed', error.message);
    }
  };
  const escape = (event) => event.key === 'Escape' && !busy && onClose();
  return html`<section class="phone" aria-label=${t.callTitle} data-state=${state.name} onKeyDown=${escape}>
    <header><h2>${t.callTitle}</h2><button type="button" class="quietly" aria-label=${t.close} onClick=${onClose}>✕</button></header>
    <p class="quiet small" role="status">${words(t, state.name, state.said, statusOf(callSid))}</p>
    <div class="meter" aria-hidden="true">${Array.from({ length: LEVEL_SHOWN }, (_, n) => html`<i class=${n < level * LEVEL_SHOWN ? 'on' : ''}></i>`)}</div>
    ${busy && html`<div class="keys" role="group" aria-label=${t.keys}>${KEYS.map((key) => html`<button type="button" onClick=${() => line.current.press(key)}>${key}</button>`)}</div>`}
    <div class="row">${busy
      ? html`<button type="button" aria-pressed=${muted} onClick=${() => { line.current.muted = !muted; setMuted(!muted); }}>${t.mute}</button><button type="button" class="danger hangup" ref=${main} onClick=${() => line.current.hangUp()}>${t.hangUp}</button>`
      : html`<button type="button" class="primary dial" ref=${main} onClick=${begin}><${Icon} name="phone" />${t.call}</button>`}</div>
  </section>`;
}
