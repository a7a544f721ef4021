"""How often one address may ask. Pure: time is a parameter.

A bucket of `burst` requests that fills again at `per_s`. Generous: it stops a script that runs
wild and whoever guesses tokens, not a busy office behind one address.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

ADDRESSES_KEPT = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Allowance:
    """One rule for all addresses."""

    def __init__(self, *, burst: float, per_s: float) -> None:
        self._burst = burst
        self._per_s = per_s
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, address: str, now: float) -> float:
        """Seconds to wait before the next try; 0.0 when this one is allowed."""
        bucket = self._buckets.pop(address, None) or _Bucket(self._burst, now)
        self._buckets[address] = bucket
        if len(self._buckets) > ADDRESSES_KEPT:
            self._buckets.popitem(last=False)
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._per_s)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) / self._per_s
        bucket.left -= 1
        return 0.0
