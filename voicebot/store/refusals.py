"""Which of Redis's errors mean never: a write that fails however often it is asked.

A key of another type stands where the record should be, or the script breaks on what is there.
Everything else (no memory, no disk, read-only, loading, no rights, a cluster that sorts itself
out) may be mended under a write that is tried again.
"""

from __future__ import annotations

from redis.exceptions import RedisError, ResponseError

_WRONG_TYPE = "WRONGTYPE"
_OUR_SCRIPT = "user_script"
"""What the server writes into an error that a script of ours ran into."""

_MENDABLE = (
    *("OOM", "MISCONF", "READONLY", "NOREPLICAS", "LOADING", "BUSY", "NOAUTH", "NOPERM"),
    *("MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "CROSSSLOT", "UNKILLABLE"),
)


class RefusedForGood(RedisError):
    """Redis will not take this write until somebody mends what stands there; the word says why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def refusal(error: RedisError) -> RefusedForGood | None:
    """The error as a refusal for good, or None for one that may pass."""
    text = str(error)
    if not isinstance(error, ResponseError):
        return None
    if any(word in text for word in _MENDABLE):
        return None
    if _WRONG_TYPE in text:
        return RefusedForGood(_WRONG_TYPE)
    return RefusedForGood("SCRIPT") if _OUR_SCRIPT in text else None
