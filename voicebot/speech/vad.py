"""Is somebody speaking? Silero VAD v6 at the telephone's own 8 kHz.

One model session serves all calls of a process; what differs between calls is the recurrent
state and the last few samples, and both live here. A window is 256 samples (32 ms) and is given
to the model behind the 32 samples before it.
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
"""2 s. In long noise the state drifts and the next word is found 200 ms late."""
_RATE: Final = np.array(g711.RATE_HZ, np.int64)


class SileroDetector:
    """Voice activity of one call."""

    window_ms: float = 1000 * _WINDOW / g711.RATE_HZ
    decisive: bool = False

    def __init__(self) -> None:
        self._session = _session()
        self._pending = b""
        self._context = np.zeros(_CONTEXT, np.float32)
        self._state = np.zeros(_STATE_SHAPE, np.float32)
        self._quiet_windows = 0

    def feed(self, mulaw: bytes) -> list[float]:
        """Speech probability of each 32 ms window that became complete; about 0.1 ms each."""
        self._pending += mulaw
        whole = len(self._pending) // _WINDOW * _WINDOW
        ready, self._pending = self._pending[:whole], self._pending[whole:]
        return [self._judge(ready[at : at + _WINDOW]) for at in range(0, whole, _WINDOW)]

    def reset(self) -> None:
        """Forget what was heard; a begun window included."""
        self._pending = b""
        self._context = np.zeros(_CONTEXT, np.float32)
        self._forget()

    def _judge(self, window: bytes) -> float:
        samples = g711.decode(window).astype(np.float32) / np.float32(32768)
        inputs = np.concatenate((self._context, samples))[None]
        self._context = samples[-_CONTEXT:]
        results = self._session.run(None, {"input": inputs, "state": self._state, "sr": _RATE})
        probability = float(results[0][0, 0])
        self._state = results[1]
        self._quiet_windows = 0 if probability >= _QUIET else self._quiet_windows + 1
        if self._quiet_windows >= _RESET_WINDOWS:
            self._forget()
        return probability

    def _forget(self) -> None:
        self._state = np.zeros(_STATE_SHAPE, np.float32)
        self._quiet_windows = 0


@lru_cache(maxsize=1)
def _session() -> onnxruntime.InferenceSession:
    """The process's one session; raises ModelMissing."""
    options = onnxruntime.SessionOptions()
    # 0.1 ms of work: a thread pool would cost more than it does, and the loop needs the cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(vad_model(), options, providers=["CPUExecutionProvider"])
