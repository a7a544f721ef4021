"""What all requests share: recordings, voice, latencies, orders to misbehave, prepared answers."""

from __future__ import annotations

import hmac
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from voicebot.simulators.openai.clips import Clips
from voicebot.simulators.openai.faults import Faults
from voicebot.simulators.openai.latency import Latencies, Service
from voicebot.simulators.openai.voice import Babble, Voice

_BEARER = "Bearer "


@dataclass(slots=True)
class Simulator:
    """One running simulator.

    key         the only one that is let in; any when None
    takes_pcmu  does a transcription session accept mu-law?
    answers     texts that /responses gives next, before it thinks for itself
    served      requests and sockets that were let in, by service
    heard_with  the settings of each stretch that was transcribed
    """

    clips: Clips
    latencies: Latencies = field(default_factory=Latencies)
    voice: Voice = field(default_factory=Babble)
    key: str | None = None
    takes_pcmu: bool = True
    faults: Faults = field(default_factory=Faults)
    answers: deque[str] = field(default_factory=deque)
    served: Counter[Service] = field(default_factory=Counter)
    heard_with: list[Mapping[str, object]] = field(default_factory=list)

    def is_key(self, authorization: str | None) -> bool:
        """Is this header's key the right one?"""
        if not authorization or not authorization.startswith(_BEARER):
            return False
        given = authorization[len(_BEARER) :].strip()
        if self.key is None:
            return bool(given)
        return hmac.compare_digest(given.encode(), self.key.encode())

    def recognise(self, samples: NDArray[np.int16], rate_hz: int) -> str:
        """Words of the audio, "" when it is unknown."""
        return self.clips.recognise(samples, rate_hz)

    def opened(self, service: Service) -> None:
        """Count a request that was let in."""
        self.served[service] += 1

    def now(self) -> float:
        """Unix time, as the API tells when a session expires."""
        return time.time()
