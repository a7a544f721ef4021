"""Voice activity detection with Silero VAD v6, at 8 kHz: one network for all calls of a process.

    call 1  ──windows──┐
    call 2  ──windows──┼──► one run of the network ──► each call's probabilities
    call 3  ── noise ──┘     a window that is no louder than the line's noise is not looked at

The network is the most expensive part of a call's audio path: a run for one window takes 50 µs, for
sixteen 200 µs. It is given windows of 256 samples (32 ms), each with the 32 samples before it, and
each call's own recurrent state. Windows that are fed in one turn of the event loop make a batch.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from voicebot import g711
from voicebot.speech.models import vad_model
from voicebot.speech.protocols import Deliver
from voicebot.speech.silero import CONTEXT, STATE_SHAPE, WINDOW, Samples, Silero

_QUIET: Final = 0.35
_RESET_WINDOWS: Final = 63
"""2 s. Without a reset the state drifts in long noise, and the next word is found 200 ms late."""
_SETTLED_WINDOWS: Final = 8
"""A quarter of a second of quiet, before windows are skipped."""
_UNSETTLED_WINDOWS: Final = 4
"""Of these, so many again after a louder window that held no voice: what is loud now and then would
cost more by its replays than it saves."""
_LEAD_WINDOWS: Final = 3
"""Skipped windows that are replayed when sound returns; else words are found 50 ms later."""
_INAUDIBLE_DBFS: Final = -55.0
"""Over a window. Speech on a telephone is at -20, its soft ends at -45, a good line at -62."""
_INAUDIBLE: Final = WINDOW * 10 ** (_INAUDIBLE_DBFS / 10)
_OVER_NOISE: Final = 2.0
"""3 dB: voice as loud as the noise makes so much together, and the model hears none that is softer.
Windows of a steady noise differ by 0.4 dB."""
_LOUDER_SHARE: Final = 0.1
_SOFTER_SHARE: Final = 0.4
"""Of a new window in the level of the noise, which follows a louder one in a third of a second and
a softer one at once: of a noise that swells its troughs count, so that a soft voice in one of them
is not taken for the noise."""
_PROBE_WINDOWS: Final = 16
"""Of audible noise one window in so many (half a second) is looked at all the same."""

NOISY_DB: Final = 16.0
"""Below it a line is bad: spelled and spoken names fall to half. Measured: clear recordings of
people and synthetic voices read 27 dB or more, with pink noise at 15 dB 15 to 20, at 10 dB 11 to
16."""
CLEAR_DB: Final = 20.0
"""From here on a line that was bad is taken for a good one. Utterances on one line read up to
4 dB apart."""
_QUIET_PERCENT, _LOUD_PERCENT = 10, 90
_LONGEST_BYTES: Final = 10 * g711.RATE_HZ
_FEWEST_FRAMES: Final = 25
"""Half a second: in less there may be no pause to hear the noise in."""

_SAMPLES: Final[Samples] = g711.decode(bytes(range(256))).astype(np.float32) / np.float32(32768)
"""The sample of each mu-law byte, relative to full scale."""


class SileroDetectors:
    """The detectors of one process. `later` arranges that what it is given is called soon."""

    def __init__(self, later: Callable[[Callable[[], None]], object] | None = None) -> None:
        """Raises ModelMissing."""
        self._network = _network()
        self._later = later or _in_the_next_turn
        self._waiting: list[SileroDetector] = []

    def open(self, deliver: Deliver) -> SileroDetector:
        """Return the detector of one call, whose probabilities go to `deliver`."""
        return SileroDetector(self, deliver)

    def wait(self, detector: SileroDetector) -> None:
        """Run the network for this detector in the next turn of the loop."""
        if not self._waiting:
            self._later(self.run)
        self._waiting.append(detector)

    def run(self) -> None:
        """Work off all windows that wait."""
        waiting, self._waiting = self._waiting, []
        pieces = [detector.taken() for detector in waiting]
        samples = _SAMPLES.take(np.frombuffer(b"".join(pieces), np.uint8)).reshape(-1, WINDOW)
        windows = map(Window, samples, np.vecdot(samples, samples).tolist())
        for detector, piece in zip(waiting, pieces, strict=True):
            detector.look_at(islice(windows, len(piece) // WINDOW))
        while waiting := [detector for detector in waiting if detector.asked]:
            # Those with most windows first: the calls of each step are the first ones.
            waiting.sort(key=lambda detector: len(detector.asked), reverse=True)
            self._answer(waiting)

    def _answer(self, waiting: list[SileroDetector]) -> None:
        """Tell each detector the answers to what it has asked."""
        asked = [(n, d) for n in range(len(waiting[0].asked)) for d in waiting if n < len(d.asked)]
        heard = np.empty((len(asked), CONTEXT + WINDOW), np.float32)
        for row, (n, detector) in zip(heard, asked, strict=True):
            row[:CONTEXT] = detector.asked[n - 1].samples[-CONTEXT:] if n else detector.before
            row[CONTEXT:] = detector.asked[n].samples
        gates = self._network.gates(heard)
        state = np.stack([detector.state for detector in waiting], axis=1)
        answers: list[list[float]] = [[] for _ in waiting]
        done = 0
        for n in range(len(waiting[0].asked)):
            calls = sum(n < len(detector.asked) for detector in waiting)
            found, state[:, :calls] = self._network.step(
                gates[done : done + calls], state[:, :calls]
            )
            done += calls
            for answer, probability in zip(answers, found.tolist(), strict=False):
                answer.append(probability)
        for n, detector in enumerate(waiting):
            detector.told(answers[n], state[:, n])


class Window(NamedTuple):
    """A window of a call's track. `power` is the sum of its samples' squares."""

    samples: Samples
    power: float
    counts: bool = True  # else it only leads to what comes after it


class SileroDetector:
    """Voice activity detection for one call. It satisfies VoiceDetector.

    asked   what the network is asked about next, in order
    before  the samples before it
    state   the network's recurrent state (2 by 128)
    """

    window_ms: float = 1000 * WINDOW / g711.RATE_HZ
    decisive: bool = False

    def __init__(self, detectors: SileroDetectors, deliver: Deliver) -> None:
        self.asked: list[Window] = []
        self.before: Samples = np.zeros(CONTEXT, np.float32)
        self.state: Samples = np.zeros(STATE_SHAPE, np.float32)
        self._detectors = detectors
        self._deliver: Deliver | None = deliver
        self._pending = b""
        self._later: deque[Window] = deque()
        self._skipped: deque[Window] = deque(maxlen=_LEAD_WINDOWS)
        self._noise = 0.0
        self._quiet_windows = 0
        self._since_asked = 0

    def feed(self, mulaw: bytes) -> None:
        """Take the next piece of the caller's track, of any length."""
        if self._deliver is None:
            return
        waits = len(self._pending) >= WINDOW
        self._pending += mulaw
        if not waits and len(self._pending) >= WINDOW:
            self._detectors.wait(self)

    def flush(self) -> None:
        """Deliver now what waits for the next turn of the loop, as at the end of a call."""
        if len(self._pending) >= WINDOW:
            self._detectors.run()

    def close(self) -> None:
        """Deliver nothing more."""
        self._deliver = None
        self._pending = b""
        self._later.clear()

    def taken(self) -> bytes:
        """Take the whole windows of what was fed (mu-law)."""
        whole = len(self._pending) // WINDOW * WINDOW
        taken, self._pending = self._pending[:whole], self._pending[whole:]
        return taken

    def look_at(self, windows: Iterable[Window]) -> None:
        """Skip those that are noise; the others are asked about."""
        self._later += windows
        self._go_on()

    def told(self, probabilities: list[float], state: Samples) -> None:
        """Take the network's answers to what was asked, and go on to the next windows."""
        asked, self.asked = self.asked, []
        self.state, self.before = state, asked[-1].samples[-CONTEXT:]
        for window, probability in zip(asked, probabilities, strict=True):
            if not window.counts:
                continue
            if probability >= _QUIET:
                self._quiet_windows = 0
            else:
                self._quiet_windows += 1
                self._follow_noise(window.power)
            self._tell(probability)
        if self._quiet_windows == _RESET_WINDOWS:
            self.state = np.zeros(STATE_SHAPE, np.float32)
            self._quiet_windows = _SETTLED_WINDOWS
        self._go_on()

    def _go_on(self) -> None:
        """Skip what is noise, and ask about the next windows for as long as none of them can be
        found to be noise by the answers to those before it."""
        while self._later and (
            not self.asked or self._quiet_windows + len(self.asked) < _SETTLED_WINDOWS
        ):
            window = self._later.popleft()
            if not self.asked and self._is_noise(window.power):
                self._skip(window)
            else:
                self._ask(window)

    def _is_noise(self, power: float) -> bool:
        if self._quiet_windows < _SETTLED_WINDOWS:
            return False
        return power < _INAUDIBLE or (
            power < _OVER_NOISE * self._noise and self._since_asked < _PROBE_WINDOWS
        )

    def _skip(self, window: Window) -> None:
        self._skipped.append(window)
        self._since_asked += 1
        self._follow_noise(min(window.power, self._noise))
        self._tell(0.0)

    def _follow_noise(self, power: float) -> None:
        share = _SOFTER_SHARE if power < self._noise else _LOUDER_SHARE
        self._noise += share * (power - self._noise)

    def _ask(self, window: Window) -> None:
        if self._skipped:
            if window.power >= _OVER_NOISE * self._noise:  # else it is a probe
                self.asked += [lead._replace(counts=False) for lead in self._skipped]
                self._quiet_windows = _SETTLED_WINDOWS - _UNSETTLED_WINDOWS
            else:
                self.before = self._skipped[-1].samples[-CONTEXT:]
            self._skipped.clear()
        self.asked.append(window)
        self._since_asked = 0

    def _tell(self, probability: float) -> None:
        if self._deliver is not None:
            self._deliver(probability)


def _in_the_next_turn(run: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_soon(run)


@lru_cache(maxsize=1)
def _network() -> Silero:
    """Return the network of this process; raises ModelMissing."""
    return Silero(vad_model())


def signal_to_noise_db(mulaw: bytes) -> float | None:
    """Return how far the loud 20 ms frames of an utterance stand above its quiet ones, in dB.

    Nobody speaks without pauses between sounds, in which the line is heard alone. Only the last
    ten seconds count; None for less than half a second.
    """
    samples = g711.decode(mulaw[-_LONGEST_BYTES:]).astype(np.float32)
    frames = len(samples) // g711.FRAME_BYTES
    if frames < _FEWEST_FRAMES:
        return None
    windows = samples[: frames * g711.FRAME_BYTES].reshape(frames, g711.FRAME_BYTES)
    level = np.sqrt(np.mean(windows**2, axis=1)) + 1  # digital silence is no infinite ratio
    quiet, loud = np.percentile(level, (_QUIET_PERCENT, _LOUD_PERCENT))
    return float(20 * np.log10(loud / quiet))


def is_noisy(mulaw: bytes, *, before: bool = False) -> bool | None:
    """Return whether the line is bad, as far as this utterance tells; None where it does not.

    before  it was bad until now: it is good again only where it is clearly so
    """
    measured = signal_to_noise_db(mulaw)
    return None if measured is None else measured < (CLEAR_DB if before else NOISY_DB)
