"""The state of a simulator: recordings, latencies, faults, prepared answers; and its voice.

Latencies are log-normal. A fault applies to the next requests of its service.
"""

import hmac
import math
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from pydantic import BaseModel, Field

from voicebot.simulators.openai.clips import Clips, Samples

_Z95: Final = 1.6448536
"""The 95th percentile of the standard normal distribution."""


_CHANCE: Final = random.Random()


class Service(StrEnum):
    """The parts of the API; each has its own latency and faults.

    HEARING  a Realtime transcription session    FILES   /audio/transcriptions
    ANSWERS  /chat/completions                   SPEECH  /audio/speech
    MODELS   /models
    """

    HEARING = "hearing"
    FILES = "files"
    SPEECH = "speech"
    ANSWERS = "answers"
    MODELS = "models"


class Latency(BaseModel):
    """The median and the 95th percentile of a latency, in seconds."""

    p50: float = Field(ge=0)
    p95: float = Field(ge=0)

    def draw(self, chance: random.Random = _CHANCE) -> float:
        """Return a random latency in seconds."""
        if self.p50 <= 0 or self.p95 <= self.p50:
            return self.p50
        spread = math.log(self.p95 / self.p50) / _Z95
        return chance.lognormvariate(math.log(self.p50), spread)


PUBLISHED: Final = {
    # Text follows 0.2 to 0.5 s behind the voice; the 99th percentile is 1.66 s (Pipecat's table
    # of speech end to final text), which makes the 95th 1.05 s.
    Service.HEARING: Latency(p50=0.35, p95=1.05),
    # 0.7 s after a commit for the models that begin there; the 99th percentile is 2.01 s.
    Service.FILES: Latency(p50=0.70, p95=1.48),
    # 120 ms to the first byte in the voice budgets that are published; the tail is assumed.
    Service.SPEECH: Latency(p50=0.12, p95=0.40),
    # 250 ms to the first token, and some forty tokens after it at a hundred a second.
    Service.ANSWERS: Latency(p50=0.65, p95=1.20),
    Service.MODELS: Latency(p50=0.10, p95=0.20),
}


def published(scale: float = 1.0) -> dict[Service, Latency]:
    """Return the published latencies, times `scale`."""
    return {
        service: Latency(p50=latency.p50 * scale, p95=latency.p95 * scale)
        for service, latency in PUBLISHED.items()
    }


class FaultKind(StrEnum):
    """The kinds of fault. Not every service has all of them."""

    UNAUTHORIZED = "unauthorized"
    """401: the key is refused."""
    RATE_LIMITED = "rate_limited"
    """429 with Retry-After: `seconds`."""
    NO_QUOTA = "no_quota"
    """429 with the code insufficient_quota: waiting does not help."""
    SERVER_ERROR = "server_error"
    """HTTP `status`, 500 by default."""
    NOT_FOUND = "not_found"
    """404: unknown service or model."""
    SLOW = "slow"
    """The answer comes after `seconds`."""
    STALL = "stall"
    """The answer begins and does not continue."""
    CUT_JSON = "cut_json"
    """The JSON is truncated."""
    REFUSAL = "refusal"
    """The model refuses to answer."""
    INVENTED = "invented"
    """The model answers with values that nobody said."""
    UNKNOWN_ACT = "unknown_act"
    """The model answers with acts that its schema does not know."""
    FENCED = "fenced"
    """The JSON is in a Markdown fence, as compatible servers send it."""
    UNKNOWN_EVENT = "unknown_event"
    """An event of an unknown type comes first."""
    CLOSED = "closed"
    """The socket is closed instead of an answer."""
    OUT_OF_ORDER = "out_of_order"
    """The text comes after the next item's text."""
    FAILED_ITEM = "failed_item"
    """The item could not be transcribed."""
    EXPIRED = "expired"
    """The session has expired."""


class Fault(BaseModel):
    """A fault of `kind` for the next `times` requests of `service`."""

    service: Service
    kind: FaultKind
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=60.0, ge=0)
    status: int = Field(default=500, ge=500, le=599)


class Faults:
    """The faults that have not yet occurred."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add a fault."""
        self._waiting.append(fault.model_copy())

    def clear(self) -> None:
        """Remove all faults."""
        self._waiting.clear()

    def take(self, service: Service, *kinds: FaultKind) -> Fault | None:
        """Return and count down the first fault of this service and of these kinds."""
        for fault in self._waiting:
            if fault.service is service and fault.kind in kinds:
                fault.times -= 1
                if not fault.times:
                    self._waiting.remove(fault)
                return fault
        return None


PCM_RATE_HZ: Final = 24_000
"""The only PCM rate of the API."""

_LETTER_S: Final = 0.065
"""The approximate duration of a spoken letter."""
_SYLLABLE_HZ: Final = 4.0
_PITCH_HZ: Final = 140.0
_LEVEL: Final = 6000.0


def babble(text: str) -> Samples:
    """Return a low tone, swelling four times a second, as long as the text would take to speak."""
    time = np.arange(max(1, round(len(text) * _LETTER_S * PCM_RATE_HZ))) / PCM_RATE_HZ
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * _SYLLABLE_HZ * time)
    tone = sum(np.sin(2 * np.pi * _PITCH_HZ * n * time) / n for n in (1, 2, 3))
    samples: Samples = (_LEVEL * swell * tone).astype(np.int16)
    return samples


_BEARER = "Bearer "


@dataclass(slots=True)
class Simulator:
    """One running simulator.

    voice       a text as samples at 24 kHz
    key         the only accepted key; any when None
    takes_pcmu  whether a transcription session accepts mu-law
    answers     texts that /chat/completions gives next, before those of its table
    served      accepted requests and sockets, by service
    heard_with  the settings of each transcribed item
    """

    clips: Clips
    latencies: dict[Service, Latency] = field(default_factory=published)
    voice: Callable[[str], Samples] = babble
    key: str | None = None
    takes_pcmu: bool = True
    faults: Faults = field(default_factory=Faults)
    answers: deque[str] = field(default_factory=deque)
    served: Counter[Service] = field(default_factory=Counter)
    heard_with: list[Mapping[str, object]] = field(default_factory=list)

    def is_key(self, authorization: str | None) -> bool:
        """Return whether the header holds an accepted key."""
        if not authorization or not authorization.startswith(_BEARER):
            return False
        given = authorization[len(_BEARER) :].strip()
        if self.key is None:
            return bool(given)
        return hmac.compare_digest(given.encode(), self.key.encode())
