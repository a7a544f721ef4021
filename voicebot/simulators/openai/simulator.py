"""What all requests share: recordings, voice, latencies, ordered faults, prepared answers.

Latencies are log-normal: a service is never early and sometimes late. A fault waits for its
service's next requests, as often as it was ordered.
"""

from __future__ import annotations

import hmac
import math
import random
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from voicebot.simulators.openai.audio import Babble, Voice
from voicebot.simulators.openai.clips import Clips

_Z95: Final = 1.6448536
"""95 % of a normal distribution lie below so many standard deviations over its mean."""


class Service(StrEnum):
    """The parts of the API; each has its latency and its misbehaviours.

    HEARING  a Realtime transcription session    FILES   /audio/transcriptions
    ANSWERS  /responses                          SPEECH  /audio/speech
    MODELS   /models
    """

    HEARING = "hearing"
    FILES = "files"
    SPEECH = "speech"
    ANSWERS = "answers"
    MODELS = "models"


class Latency(BaseModel):
    """Seconds that half of all requests stay below, and 95 % of them."""

    p50: float = Field(ge=0)
    p95: float = Field(ge=0)

    def draw(self, chance: random.Random) -> float:
        """One waiting time in seconds."""
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


class Latencies:
    """What each service takes, settable while it runs."""

    def __init__(self, scale: float = 1.0, *, seed: int | None = None) -> None:
        self._chance = random.Random(seed)
        self._table = {
            service: Latency(p50=published.p50 * scale, p95=published.p95 * scale)
            for service, published in PUBLISHED.items()
        }

    def set(self, service: Service, latency: Latency) -> None:
        """From now on."""
        self._table[service] = latency

    def draw(self, service: Service) -> float:
        """Seconds for the next request."""
        return self._table[service].draw(self._chance)


class FaultKind(StrEnum):
    """What can go wrong. Not every service can do everything."""

    UNAUTHORIZED = "unauthorized"
    """401: the key is refused."""
    RATE_LIMITED = "rate_limited"
    """429 with Retry-After: `seconds`."""
    NO_QUOTA = "no_quota"
    """429 with the code insufficient_quota: waiting does not help."""
    SERVER_ERROR = "server_error"
    """`status`, 500 unless told."""
    NOT_FOUND = "not_found"
    """404: a server that has no such service, or no such model."""
    SLOW = "slow"
    """Nothing comes for `seconds`."""
    STALL = "stall"
    """It begins, and then nothing more comes."""
    CUT_JSON = "cut_json"
    """The JSON ends in its middle."""
    REFUSAL = "refusal"
    """The model refuses to answer."""
    FENCED = "fenced"
    """The JSON stands in a Markdown fence, as compatible servers send it."""
    UNKNOWN_EVENT = "unknown_event"
    """An event of a type that nobody knows comes first."""
    CLOSED = "closed"
    """The socket is closed instead of an answer."""
    OUT_OF_ORDER = "out_of_order"
    """The text comes after the next item's text."""
    FAILED_ITEM = "failed_item"
    """The item could not be transcribed."""
    EXPIRED = "expired"
    """The session has come to its end."""


HTTP_KINDS = (
    FaultKind.UNAUTHORIZED,
    FaultKind.RATE_LIMITED,
    FaultKind.NO_QUOTA,
    FaultKind.SERVER_ERROR,
    FaultKind.NOT_FOUND,
    FaultKind.SLOW,
)
"""What can already happen to the request itself, a WebSocket's handshake included."""


class Fault(BaseModel):
    """One order: `kind` befalls `service` so many `times`, `after` so many that went well."""

    service: Service
    kind: FaultKind
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    seconds: float = Field(default=60.0, ge=0)
    status: int = Field(default=500, ge=500, le=599)


class Faults:
    """The orders that are not yet carried out."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """One more."""
        self._waiting.append(fault.model_copy())

    def clear(self) -> None:
        """Behave from now on."""
        self._waiting.clear()

    def take(self, service: Service, *kinds: FaultKind) -> Fault | None:
        """The first order for this service that is of these kinds, counted down."""
        for fault in self._waiting:
            if fault.service is not service or fault.kind not in kinds:
                continue
            if fault.after:
                fault.after -= 1
            else:
                fault.times -= 1
                if not fault.times:
                    self._waiting.remove(fault)
                return fault
        return None


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
