"""A callSid decides what becomes of the appointment that its caller books."""

from zlib import crc32

DAYS: tuple[tuple[int | None, ...], ...] = (
    (), (1,), (None,), (2, None), (0, 1), (1, 0, None),
)  # fmt: skip
"""By how many days it is moved, one after the other; None: called off."""
WISHES = (
    "I'd like to cancel my appointment.",
    "I'd like to move my appointment to Thursday at three in the afternoon.",
)
"""The first words of callers who ring again about it."""


def days_of(call_sid: str) -> tuple[int | None, ...]:
    """Return what the worker does with it, as a later call would."""
    return DAYS[crc32(call_sid.encode()) % len(DAYS)]


def is_at_once(call_sid: str) -> bool:
    """Return whether it does that while the session that booked still lives."""
    return bool(crc32(call_sid.encode()) >> 8 & 1)


def wish_of(call_sid: str) -> str | None:
    """Return what the caller rings again for, or None where the worker does something with it."""
    return None if days_of(call_sid) else WISHES[crc32(call_sid.encode()) >> 8 & 1]
