// A bell for those who do not look at the page all the time: when a caller begins to wait.
const KEY = 'bell';

export const isOn = () => localStorage.getItem(KEY) === 'on';

// Two soft notes. A browser plays them only after somebody has clicked in the page.
export function ring() {
  const audio = new AudioContext();
  const swell = audio.createGain();
  swell.gain.setValueAtTime(0.12, audio.currentTime);
  swell.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.9);
  swell.connect(audio.destination);
  [880, 660].forEach((pitch, n) => {
    const note = new OscillatorNode(audio, { frequency: pitch });
    note.connect(swell);
    note.start(audio.currentTime + n * 0.25);
    note.stop(audio.currentTime + 0.9);
    if (n === 1) note.onended = () => audio.close();
  });
}

export function turn() {
  localStorage.setItem(KEY, isOn() ? 'off' : 'on');
  if (isOn()) ring();
}
