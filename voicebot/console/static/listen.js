// Listening in: both voices of a call that goes on, as they sound.
import { html, useEffect, useRef, useState } from './ui.js';
import { Icon } from './parts.js';

const RATE_HZ = 8000;

// Plays a call's audio until it ends or is stopped; `over` is told then.
class Ear {
  constructor(sid, by, over) {
    this.stopping = new AbortController();
    this.play(`/live/calls/${sid}/audio?${new URLSearchParams({ by })}`).catch(() => {}).finally(() => { this.context?.close(); over(); });
  }

  async play(place) {
    this.context = new AudioContext({ sampleRate: RATE_HZ });
    await this.context.audioWorklet.addModule('/static/speaker.js');
    const speaker = new AudioWorkletNode(this.context, 'speaker', { numberOfInputs: 0, outputChannelCount: [1] });
    speaker.connect(this.context.destination);
    await this.context.resume();
    const answer = await fetch(place, { signal: this.stopping.signal });
    const reader = answer.ok ? answer.body.getReader() : null;
    for (let next = await reader?.read(); next && !next.done; next = await reader.read()) speaker.port.postMessage({ play: next.value }, [next.value.buffer]);
  }

  stop() {
    this.stopping.abort();
  }
}

export function ListenIn({ call, t, named }) {
  const [on, setOn] = useState(false);
  const ear = useRef(null);
  const stop = () => ear.current?.stop();
  useEffect(() => stop, [call.callSid]);
  const turn = () => (on ? stop() : named((by) => { setOn(true); ear.current = new Ear(call.callSid, by, () => setOn(false)); }));
  return html`<button type="button" class="listen" aria-pressed=${on} onClick=${turn}><${Icon} name="ear" />${t.help.listen}</button>`;
}
