"""Voice activity detection with Silero VAD v6, at 8 kHz.

One model session serves all calls of a process. Each call keeps its own recurrent state and last
samples. The model is given windows of 256 samples (32 ms), each with the 32 samples before it. The
model is the most expensive part of a call's audio path, so inaudible windows are skipped after a
while of quiet.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import onnxruntime

from voicebot import g711
from voicebot.speech.models import vad_model

_WINDOW: Final = 256
_CONTEXT: Final = 32
_STATE_SHAPE: Final = (2, 1, 128)
_QUIET: Final = 0.35
_RESET_WINDOWS: Final = 63
"""2 s. Without a reset the state drifts in long noise, and the next word is found 200 ms late."""
_SETTLED_WINDOWS: Final = 8
"""A quarter of a second of quiet, before inaudible windows are skipped."""
_LEAD_WINDOWS: Final = 3
"""Skipped windows that are replayed when sound returns; else words are found 50 ms later."""
_INAUDIBLE_DBFS: Final = -55.0
"""Over a window. Speech on a telephone is at -20, its soft ends at -45, a good line at -62."""
_INAUDIBLE: Final = 10 ** (_INAUDIBLE_DBFS / 10)
_RATE: Final = np.array(g711.RATE_HZ, np.int64)
_POWER: Final = (g711.decode(bytes(range(256))) / 32768.0) ** 2
"""The power of each mu-law byte, relative to full scale."""


class SileroDetector:
    """Voice activity detection for one call. It satisfies VoiceDetector."""

    window_ms: float = 1000 * _WINDOW / g711.RATE_HZ
    decisive: bool = False

    def __init__(self) -> None:
        self._session = _session()
        self._pending = b""
        self._before = b""
        self.reset()

    def feed(self, mulaw: bytes) -> list[float]:
        """Return the speech probability of each 32 ms window that became complete.

        Takes about 0.1 ms each, nothing for skipped ones, and 0.4 ms for the first after them.
        """
        self._pending += mulaw
        whole = len(self._pending) // _WINDOW * _WINDOW
        ready, self._pending = self._pending[:whole], self._pending[whole:]
        return [self._probability(ready[at : at + _WINDOW]) for at in range(0, whole, _WINDOW)]

    def reset(self) -> None:
        """Drop the model's state and the incomplete window."""
        self._pending = b""
        self._before = g711.SILENCE * _CONTEXT
        self._state = np.zeros(_STATE_SHAPE, np.float32)
        self._quiet_windows = 0

    def _probability(self, window: bytes) -> float:
        if self._quiet_windows >= _SETTLED_WINDOWS and _is_inaudible(window):
            self._before = (self._before + window)[-_CONTEXT - _LEAD_WINDOWS * _WINDOW :]
            return 0.0
        probability = self._ask_model(self._before + window)
        self._before = window[-_CONTEXT:]
        self._quiet_windows = 0 if probability >= _QUIET else self._quiet_windows + 1
        if self._quiet_windows == _RESET_WINDOWS:
            self._state = np.zeros(_STATE_SHAPE, np.float32)
            self._quiet_windows = _SETTLED_WINDOWS
        return probability

    def _ask_model(self, mulaw: bytes) -> float:
        """Run the model over all windows of `mulaw` and return the last one's probability."""
        samples = g711.decode(mulaw).astype(np.float32) / np.float32(32768)
        for end in range(_CONTEXT + _WINDOW, len(samples) + 1, _WINDOW):
            heard = samples[None, end - _WINDOW - _CONTEXT : end]
            inputs = {"input": heard, "state": self._state, "sr": _RATE}
            probability, self._state = self._session.run(None, inputs)
        return float(probability[0, 0])


def _is_inaudible(window: bytes) -> bool:
    power = float(_POWER[np.frombuffer(window, np.uint8)].sum()) / _WINDOW
    return power < _INAUDIBLE


@lru_cache(maxsize=1)
def _session() -> onnxruntime.InferenceSession:
    """Return the model session of this process; raises ModelMissing."""
    options = onnxruntime.SessionOptions()
    # At 0.1 ms of work a thread pool costs more than it saves.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(vad_model(), options, providers=["CPUExecutionProvider"])
