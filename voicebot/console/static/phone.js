// A telephone in the browser: the provider's side of /media, spoken by this page.
import { html, useEffect, useRef, useState } from './ui.js';
import { ask } from './feed.js';
import { Icon } from './parts.js';

const RATE_HZ = 8000;
const LEVEL_SHOWN = 24;

// Holds one call. `on` is told: talking, level (0 to 1), ended(reason).
export class Telephone {
  constructor(on) {
    this.on = on;
    this.number = 0;
    this.muted = false;
  }

  async call(callSid) {
    this.mic = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 } });
    const line = await ask('POST', '/live/trial', { callSid: callSid || null });
    this.callSid = line.callSid;
    this.streamSid = `MZ${line.callSid}`.slice(0, 64);
    await this.openAudio();
    await this.openLine(line);
    return line.callSid;
  }

  // Microphone at the device's rate, brought down in its worklet; speaker at 8 kHz, so that what
  // has been played is counted in the line's own samples and a mark comes back exactly in time.
  async openAudio() {
    this.hearing = new AudioContext();
    this.speaking = new AudioContext({ sampleRate: RATE_HZ });
    await Promise.all([this.hearing.audioWorklet.addModule('/static/microphone.js'), this.speaking.audioWorklet.addModule('/static/speaker.js')]);
    this.microphone = new AudioWorkletNode(this.hearing, 'microphone', { numberOfOutputs: 1, channelCount: 1, channelCountMode: 'explicit' });
    this.speaker = new AudioWorkletNode(this.speaking, 'speaker', { numberOfInputs: 0, outputChannelCount: [1] });
    this.hearing.createMediaStreamSource(this.mic).connect(this.microphone).connect(this.hearing.destination);
    this.speaker.connect(this.speaking.destination);
    this.speaker.port.onmessage = (event) => this.send({ event: 'mark', streamSid: this.streamSid, mark: { name: event.data } });
    await Promise.all([this.hearing.resume(), this.speaking.resume()]);
  }

  openLine(line) {
    return new Promise((open, fail) => {
      const socket = (this.socket = new WebSocket(line.url));
      socket.onopen = () => {
        this.send({ event: 'connected', protocol: 'Call', version: '1.0.0' });
        this.send({ event: 'start', start: { streamSid: this.streamSid, callSid: line.callSid, tracks: ['inbound'], mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: RATE_HZ, channels: 1 }, customParameters: line.parameters }, streamSid: this.streamSid });
        this.microphone.port.onmessage = (event) => this.voice(event.data);
        this.on.talking();
        open();
      };
      socket.onerror = () => fail(new Error('no line'));
      socket.onclose = (event) => this.end(event.code === 1000 ? 'over' : 'failed');
      socket.onmessage = (event) => this.take(JSON.parse(event.data));
    });
  }

  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (message.event !== 'connected') message.sequenceNumber = String((this.number += 1));
    this.socket.send(JSON.stringify(message));
  }

  voice({ mulaw, level, chunk }) {
    if (this.muted) mulaw.fill(0xff);
    this.on.level(this.muted ? 0 : level);
    this.send({ event: 'media', media: { track: 'inbound', chunk: String(chunk), timestamp: String(chunk * 20), payload: btoa(String.fromCharCode(...mulaw)) }, streamSid: this.streamSid });
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
    this.socket?.close(1000);
    this.end('over');
  }

  end(reason) {
    if (this.ended) return;
    this.ended = true;
    this.mic?.getTracks().forEach((track) => track.stop());
    this.hearing?.close();
    this.speaking?.close();
    this.on.ended(reason);
  }
}

const KEYS = [...'123456789*0#'];

export function PhonePanel({ t, onCall, onClose }) {
  const [state, setState] = useState('ready');
  const [level, setLevel] = useState(0);
  const [muted, setMuted] = useState(false);
  const line = useRef(null);
  useEffect(() => () => line.current?.hangUp(), []);

  const begin = async () => {
    setState('ringing');
    const telephone = (line.current = new Telephone({ talking: () => setState('talking'), level: setLevel, ended: (why) => { setLevel(0); setState(why); } }));
    try {
      onCall(await telephone.call());
    } catch (error) {
      telephone.end(error.name === 'NotAllowedError' || error.name === 'NotFoundError' ? 'mic' : 'failed');
      if (error.kind) setState(error.message);
    }
  };
  const busy = state === 'talking' || state === 'ringing';
  return html`<section class="phone" aria-label=${t.callTitle} data-state=${state}>
    <header><h2>${t.callTitle}</h2><button type="button" class="quietly" aria-label=${t.cancel} onClick=${onClose}>✕</button></header>
    <p class="quiet small" role="status">${state === 'ready' ? t.callHint : t[state] || state}</p>
    <div class="meter" aria-hidden="true">${Array.from({ length: LEVEL_SHOWN }, (_, n) => html`<i class=${n < level * LEVEL_SHOWN ? 'on' : ''}></i>`)}</div>
    ${busy && html`<div class="keys" role="group" aria-label=${t.keys}>${KEYS.map((key) => html`<button type="button" onClick=${() => line.current.press(key)}>${key}</button>`)}</div>`}
    <div class="row">${busy
      ? html`<button type="button" aria-pressed=${muted} onClick=${() => { line.current.muted = !muted; setMuted(!muted); }}>${muted ? t.unmute : t.mute}</button><button type="button" class="danger hangup" onClick=${() => line.current.hangUp()}>${t.hangUp}</button>`
      : html`<button type="button" class="primary dial" onClick=${begin}><${Icon} name="phone" />${t.call}</button>`}</div>
  </section>`;
}
