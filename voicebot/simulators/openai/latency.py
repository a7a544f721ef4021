"""How long the services take: log-normal, because a service is never early and sometimes late."""

from __future__ import annotations

import math
import random
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, Field

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
