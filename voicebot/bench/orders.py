"""What the phones are told, and what they tell: the two ends of the process between."""

from __future__ import annotations

from pydantic import BaseModel


class Order(BaseModel):
    """What the phones shall do. `clean` cuts each line at its last voiced sample and says it
    between plain silence, as the null recogniser wants it."""

    url: str
    console: str | None
    calls: int
    seconds: float
    clean: bool


class Tally(BaseModel):
    """What came of it; times in milliseconds."""

    turn_latency_ms: list[float] = []
    phone_lag_ms: list[float] = []
    frames: int = 0
    late_frames: int = 0
    placed: int = 0
    finished: list[str] = []
    """Calls whose conversation came to its end, by callSid."""
    errors: list[str] = []
