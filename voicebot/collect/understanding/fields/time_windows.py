"""Windows of what would suit a caller, joined: a later part narrows an earlier one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from voicebot.call import Window

_MOST_WEEKS = 5
"""The weeks ahead in which "Tuesday" may be meant, after "in two weeks"."""


def boxes(window: Window) -> tuple[Window, ...]:
    """Return a window as its parts, each some days with some hours, and nothing else."""
    bare = replace(window, soonest=False, ends=None, but=(), also=())
    return (bare, *window.also)


def names_days(box: Window) -> bool:
    """Return True where not every day is allowed."""
    return bool(box.days or box.first or box.last)


def names_hours(box: Window) -> bool:
    """Return True where not every hour is allowed."""
    return box.after is not None or box.before is not None


def joined(held: Window | None, said: Window) -> Window:
    """Return the window that was said, with what it leaves of the one before.

    "In the morning", and then "next week": mornings of next week. What contradicts replaces only
    its own part: "Friday" leaves the morning, and "not Tuesday" what was left out before.
    """
    if held is None:
        return said
    pairs = [(old, new) for old in boxes(held) for new in boxes(said)]
    met = [both for old, new in pairs if (both := _met(old, new))]
    if not met:
        met = [_replaced(boxes(held), new) for new in boxes(said)]
    return assembled(
        met,
        but=(*_still_out(held.but, boxes(said)), *said.but),
        soonest=said.soonest or held.soonest,
        ends=said.ends or held.ends,
    )


def assembled(parts: Sequence[Window], but: Sequence[Window], **more: object) -> Window:
    """Return one window of several parts, the days that are left out taken from those named."""
    first, *rest = parts or [Window()]
    whole = [day for out in but if not names_hours(out) for day in out.days]
    left = [_without(part, whole) for part in (first, *rest)]
    first, *rest = [part for part in left if part] or [replace(first, days=())]
    unique = tuple(part for n, part in enumerate(rest) if part not in (first, *rest[:n]))
    return replace(first, but=tuple(dict.fromkeys(but)), also=unique, **more)  # type: ignore[arg-type]


def _without(part: Window, out: Sequence[date]) -> Window | None:
    days = tuple(day for day in part.days if day not in out)
    return replace(part, days=days) if days or not part.days else None


def _met(old: Window, new: Window) -> Window | None:
    """Return what both allow; None where they contradict each other."""
    hours = met_hours(old, new)
    if hours is None:
        return None
    days = _met_days(old, new)
    return replace(days, after=hours.after, before=hours.before) if days else None


def _met_days(old: Window, new: Window) -> Window | None:
    if not (names_days(old) and names_days(new)):
        return old if names_days(old) else new
    if old.days or new.days:
        days = tuple(day for day in old.days or new.days if old.has_day(day) and new.has_day(day))
        return Window(days) if days else _in_weeks_of(old, new)
    first = max(filter(None, (old.first, new.first)), default=None)
    last = min(filter(None, (old.last, new.last)), default=None)
    return None if first and last and last < first else Window(first=first, last=last)


def _in_weeks_of(old: Window, new: Window) -> Window | None:
    """Return the Tuesday of "next week", where that was said before."""
    for weeks in range(1, _MOST_WEEKS) if old.first and old.last else ():
        days = tuple(day + timedelta(weeks=weeks) for day in new.days)
        if days and all(old.has_day(day) for day in days):
            return Window(days)
    return None


def met_hours(old: Window, new: Window) -> Window | None:
    """Return the hours that both allow; None where they contradict each other."""
    if not (names_hours(old) and names_hours(new)):
        named = old if names_hours(old) else new
        return Window(after=named.after, before=named.before)
    for one, other in ((old, new), (new, old)):
        if one.after is not None and one.after == one.before:
            return Window(after=one.after, before=one.after) if other.has_time(one.after) else None
    after = max(filter(None, (old.after, new.after)), default=None)
    before = min(filter(None, (old.before, new.before)), default=None)
    return None if after and before and before <= after else Window(after=after, before=before)


def _replaced(old: Sequence[Window], new: Window) -> Window:
    """Return what was said, with the days or hours that it does not name."""
    days = _met_days(old[0], new) or new
    hours = met_hours(old[0], new) or new
    return replace(days, after=hours.after, before=hours.before)


def _still_out(but: Iterable[Window], said: Sequence[Window]) -> Iterable[Window]:
    """Yield what is still left out, though these days and hours are now named."""
    for out in but:
        named = {day for box in said for day in box.days}
        hours = [box.after for box in said if box.after and box.after == box.before]
        if any(out.after == hour for hour in hours if names_hours(out)):
            continue
        days = tuple(day for day in out.days if day not in named or names_hours(out))
        if days or not out.days:
            yield replace(out, days=days)
