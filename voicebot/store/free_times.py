"""The choice of the moments to offer, and how full a day is. No I/O."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate

from voicebot.call import Window

Visits = list[tuple[int, int]]
"""Of one call, each from a minute of the day until before another."""


class Load:
    """The number of calls with a place at each minute of a day; a call counts once."""

    def __init__(self, calls: Iterable[Visits]) -> None:
        changes = defaultdict[int, int](int)
        for visits in calls:
            reached = 0
            for start, end in sorted(visits) if len(visits) > 1 else visits:
                if end > reached:
                    changes[max(start, reached)] += 1
                    changes[end] -= 1
                    reached = end
        self._minutes = sorted(changes)
        self._counts = list(accumulate(changes[minute] for minute in self._minutes))

    def most(self, start: int, end: int) -> int:
        """Return the largest number at any time from `start` until before `end`, in minutes."""
        first = max(0, bisect_right(self._minutes, start) - 1)
        counts = self._counts[first : bisect_left(self._minutes, end)]
        return max(counts, default=0)


def starts_in(window: Window, day: date, starts: Iterable[int], minutes: int) -> list[int]:
    """Return the minutes of a day at which a visit of so many minutes may begin in a window."""
    moments = ((start, datetime.combine(day, time(*divmod(start, 60)))) for start in starts)
    return [start for start, at in moments if window.allows(at, minutes)]


def are_enough(found: Sequence[datetime], window: Window, most: int) -> bool:
    """Return whether later days would change nothing of what is offered without a wish."""
    return len(found if window.soonest else {at.date() for at in found}) >= most


def are_nearest(found: Sequence[datetime], near: datetime, most: int, rest: Sequence[date]) -> bool:
    """Return whether the days that are left would change nothing of what is offered near it."""
    day = near.date()
    after, before = sum(at > near for at in found), sum(at <= near for at in found)
    has_before = before > 0 or all(other > day for other in rest)
    return has_before and min(before, 1) + after >= most


def nearest(moments: Sequence[datetime], near: datetime, most: int) -> list[datetime]:
    """Return the nearest on either side of a moment, as far as there are some on both."""
    after = [at for at in moments if at > near]
    before = [at for at in reversed(moments) if at <= near]
    first = [*before[:1], *after[: most - len(before[:1])]]
    return [*first, *before[1 : 1 + most - len(first)]]


def spread(moments: Sequence[datetime], most: int) -> list[datetime]:
    """Return the first one, then others on other days and halves of the day, then any."""
    chosen = list(moments[:1])
    for differs in (_is_elsewhere, _is_apart, lambda *_: True):
        for at in moments:
            if len(chosen) >= most:
                return chosen
            if at not in chosen and all(differs(at, each) for each in chosen):
                chosen.append(at)
    return chosen


def _is_elsewhere(at: datetime, other: datetime) -> bool:
    return at.date() != other.date()


def _is_apart(at: datetime, other: datetime) -> bool:
    return abs(at - other) >= _APART


_APART = timedelta(hours=3)


def exists(local: datetime) -> bool:
    """Return whether clocks show this time: in spring they skip an hour."""
    return local.astimezone(UTC).astimezone(local.tzinfo).time() == local.time()
