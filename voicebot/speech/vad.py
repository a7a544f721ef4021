"""Voice activity detection with Silero VAD v6, at 8 kHz: one model for all calls of a process.

    call 1  ──window──┐
    call 2  ──window──┼──► one run of the model ──► each call's probabilities
    call 3  ─ noise ──┘     a window that is no louder than the line's noise is not looked at

The model is the most expensive part of a call's audio path: a run for one window takes 55 µs, for
sixteen 300 µs. It is given windows of 256 samples (32 ms), each with the 32 samples before it, and
each call's own recurrent state. Windows that are fed in one turn of the event loop make a batch.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from voicebot import g711
from voicebot.speech.models import vad_model
from voicebot.speech.protocols import Deliver

_WINDOW: Final = 256
_CONTEXT: Final = 32
_STATE_SHAPE: Final = (2, 128)
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
_INAUDIBLE: Final = _WINDOW * 10 ** (_INAUDIBLE_DBFS / 10)
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
_RATE: Final = np.array(g711.RATE_HZ, np.int64)

Samples = NDArray[np.float32]

_SAMPLES: Final[Samples] = g711.decode(bytes(range(256))).astype(np.float32) / np.float32(32768)
"""The sample of each mu-law byte, relative to full scale."""


class SileroDetectors:
    """The detectors of one process. `later` arranges that what it is given is called soon."""

    def __init__(self, later: Callable[[Callable[[], None]], object] | None = None) -> None:
        """Raises ModelMissing."""
        self._session = _session()
        self._later = later or _in_the_next_turn
        self._waiting: list[SileroDetector] = []

    def open(self, deliver: Deliver) -> SileroDetector:
        """Return the detector of one call, whose probabilities go to `deliver`."""
        return SileroDetector(self, deliver)

    def wait(self, detector: SileroDetector) -> None:
        """Run the model for this detector in the next turn of the loop."""
        if not self._waiting:
            self._later(self.run)
        self._waiting.append(detector)

    def run(self) -> None:
        """Work off all windows that wait: the oldest of each call together, then the next."""
        waiting, self._waiting = self._waiting, []
        while waiting := [detector for detector in waiting if detector.window is not None]:
            heard = np.empty((len(waiting), _CONTEXT + _WINDOW), np.float32)
            state = np.empty((_STATE_SHAPE[0], len(waiting), _STATE_SHAPE[1]), np.float32)
            for n, detector in enumerate(waiting):
                assert detector.window is not None
                heard[n, :_CONTEXT] = detector.before
                heard[n, _CONTEXT:] = detector.window
                state[:, n] = detector.state
            found, states = self._session.run(None, {"input": heard, "state": state, "sr": _RATE})
            for n, detector in enumerate(waiting):
                detector.told(float(found[n, 0]), states[:, n])


class SileroDetector:
    """Voice activity detection for one call. It satisfies VoiceDetector.

    window  what the model is asked about next; None while nothing is asked
    before  the samples before it
    state   the model's recurrent state (2 by 128)
    """

    window_ms: float = 1000 * _WINDOW / g711.RATE_HZ
    decisive: bool = False

    def __init__(self, detectors: SileroDetectors, deliver: Deliver) -> None:
        self.window: Samples | None = None
        self.before: Samples = np.zeros(_CONTEXT, np.float32)
        self.state: Samples = np.zeros(_STATE_SHAPE, np.float32)
        self._detectors = detectors
        self._deliver: Deliver | None = deliver
        self._pending = b""
        self._later: deque[tuple[Samples, float]] = deque()  # windows and their power
        self._skipped: deque[Samples] = deque(maxlen=_LEAD_WINDOWS)
        self._replay: deque[Samples] = deque()  # before `window`'s answer counts
        self._power = 0.0
        self._noise = 0.0
        self._quiet_windows = 0
        self._since_asked = 0

    def feed(self, mulaw: bytes) -> None:
        """Take the next piece of the caller's track, of any length."""
        if self._deliver is None:
            return
        pending = self._pending + mulaw
        whole = len(pending) // _WINDOW * _WINDOW
        self._pending = pending[whole:]
        if not whole:
            return
        for samples in _SAMPLES.take(np.frombuffer(pending, np.uint8, whole)).reshape(-1, _WINDOW):
            self._later.append((samples, float(samples.dot(samples))))
        if self.window is None:
            self._go_on()
            if self.window is not None:
                self._detectors.wait(self)

    def flush(self) -> None:
        """Deliver now what waits for the next turn of the loop, as at the end of a call."""
        if self.window is not None:
            self._detectors.run()

    def close(self) -> None:
        """Deliver nothing more."""
        self._deliver = None
        self._later.clear()

    def told(self, probability: float, state: Samples) -> None:
        """Take the model's answer to `window`, and go on to the next one."""
        assert self.window is not None
        self.state, self.before = state, self.window[-_CONTEXT:]
        if self._replay:
            self.window = self._replay.popleft()
            return
        self.window = None
        if probability >= _QUIET:
            self._quiet_windows = 0
        else:
            self._quiet_windows += 1
            self._follow_noise(self._power)
            if self._quiet_windows == _RESET_WINDOWS:
                self.state = np.zeros(_STATE_SHAPE, np.float32)
                self._quiet_windows = _SETTLED_WINDOWS
        self._tell(probability)
        self._go_on()

    def _go_on(self) -> None:
        """Skip what is noise, up to the next window that the model is asked about, if any."""
        while self.window is None and self._later:
            samples, power = self._later.popleft()
            if self._is_noise(power):
                self._skip(samples, power)
            else:
                self._ask(samples, power)

    def _is_noise(self, power: float) -> bool:
        if self._quiet_windows < _SETTLED_WINDOWS:
            return False
        return power < _INAUDIBLE or (
            power < _OVER_NOISE * self._noise and self._since_asked < _PROBE_WINDOWS
        )

    def _skip(self, samples: Samples, power: float) -> None:
        self._skipped.append(samples)
        self._since_asked += 1
        self._follow_noise(min(power, self._noise))
        self._tell(0.0)

    def _follow_noise(self, power: float) -> None:
        share = _SOFTER_SHARE if power < self._noise else _LOUDER_SHARE
        self._noise += share * (power - self._noise)

    def _ask(self, samples: Samples, power: float) -> None:
        if self._skipped:
            if power >= _OVER_NOISE * self._noise:  # else it is a probe
                self._replay.extend(self._skipped)
                self._quiet_windows = _SETTLED_WINDOWS - _UNSETTLED_WINDOWS
            else:
                self.before = self._skipped[-1][-_CONTEXT:]
            self._skipped.clear()
        self._replay.append(samples)
        self.window = self._replay.popleft()
        self._power = power
        self._since_asked = 0

    def _tell(self, probability: float) -> None:
        if self._deliver is not None:
            self._deliver(probability)


def _in_the_next_turn(run: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_soon(run)


@lru_cache(maxsize=1)
def _session() -> onnxruntime.InferenceSession:
    """Return the model session of this process; raises ModelMissing."""
    options = onnxruntime.SessionOptions()
    # At 0.1 ms of work a thread pool costs more than it saves.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(vad_model(), options, providers=["CPUExecutionProvider"])
