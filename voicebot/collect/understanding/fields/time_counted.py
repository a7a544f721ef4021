"""Days and moments counted from others: "in three days", "a week from Friday", "an hour later"."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta

from voicebot.call import Step
from voicebot.collect.understanding.fields.time_days import (
    add_days,
    counts_from_there,
    dated,
    named_day,
)
from voicebot.collect.understanding.fields.time_patterns import Line, match
from voicebot.collect.understanding.fields.time_pieces import Day, Kind
from voicebot.collect.understanding.types import Situation

_DAY, _WEEK = 1440, 7 * 1440
_MINUTES = {"minutes": 1, "hours": 60, "days": _DAY, "part": _DAY, "weeks": _WEEK}
_MINUTES |= {"fortnights": 2 * _WEEK, "months": 0, "years": 0}
_UNITS = "minutes|hours|days|weeks|fortnights|months|years"
_COUNTED = {f"time.{unit}" for unit in (*_UNITS.split("|"), "after", "before", "next_day")}
_AMOUNTS = (
    f"and? n|couple and_half? {_UNITS} and_half?",
    f"and? one couple? and_half? {_UNITS} and_half?",
    f"and? fraction one? {_UNITS}",
    "days|part before|after",
    "weeks|fortnights from",
)
_MOST_AMOUNTS, _LEAST_MINUTES = 4, 5
"""Less is a way to say "hold on": "in a minute"."""


def day_at(
    line: Line, at: int, read_back: datetime | None = None, before: Day | None = None
) -> Day | None:
    """Return the day that begins at this token.

    "A day later" is one later than the day named `before` it, or than `read_back`.
    """
    if line.said.tags.isdisjoint(_COUNTED):
        return named_day(line, at)
    from_day = match(line, "days before|after", at) or match(line, "next_day", at)
    if from_day and before and not before.hour:
        clock = read_back.time() if read_back else line.situation.now.time()
        read_back = datetime.combine(before.date, clock)
    return _beside(line, at) or _counted(line, at, read_back) or named_day(line, at)


def _beside(line: Line, at: int) -> Day | None:
    """The Monday after Christmas; "the week before Christmas" is no day."""
    got = match(line, "weekday|weeks|weekend|months|years after|before the?", at)
    origin = _origin(line, got.end) if got else None
    if got is None or origin is None:
        return None
    if not got.has("weekday"):
        return Day(at, origin.end, Kind.NONE) if line.before(at, "the") else None
    ahead = (got.value("weekday") - origin.date.weekday()) % 7
    days = ahead or 7 if got.has("after") else ahead - 7
    return dated(got, add_days(origin.date, days), end=origin.end)


def _origin(line: Line, at: int) -> Day | None:
    """Return the day that is named here and counted from."""
    day = named_day(line, line.on(at))
    return day if day and day.kind <= Kind.TODAY else None


def _counted(line: Line, at: int, read_back: datetime | None) -> Day | None:
    """In three days, a week from Friday, two hours later, the following day."""
    following = match(line, "next_day", at) or match(line, "which weeks", at)
    week_after = match(line, "weeks after", at)
    if week_after and counts_from_there(line, week_after.end):
        following = week_after
    if read_back and following and following.text("which") in ("", "following"):
        days = following.value("next_day") or (1 if following.has("next_day") else 7)
        return dated(following, add_days(read_back.date(), days))
    led = match(line, "in about?", at)
    booked = moved_from(line.situation)
    shift = line.tag(at, "push_back", "push_up") if booked else None
    lead = led or shift
    # The wish has the word itself: "push it back".
    first, at = at, max(shift.first + 1, shift.end - 1) if shift else at
    end, minutes, months, hourly = _length(line, line.on(lead.end) if lead else first)
    if not (minutes or months) or (hourly and minutes < _LEAST_MINUTES):
        return None
    behind, start = line.on(end), line.situation.now
    shift = shift or (line.tag(behind, "push_back", "push_up") if booked else None)
    back = line.tag(behind, "before", "earlier") is not None
    back = back or (shift is not None and shift.tag == "time.push_up")
    weekly = minutes % _WEEK == 0 and not months
    later = match(line, "later|earlier", behind) or match(line, "before|after that?", behind)
    from_it = later and (later.has("later", "earlier") or counts_from_there(line, later.end))
    than = line.tag(later.end if later else behind, "than_now")
    if later and from_it and (read_back or booked) and not led:
        end, start = than.end if than else later.end, read_back or booked or start
    elif shift and booked:
        end, start = max(end, shift.end), booked
    elif later and later.has("later"):
        end = later.end
    elif now := match(line, "from now", behind):
        end = now.end
    elif origin := _counted_from(line, behind, weekly=weekly, led=led is not None):
        end, start = origin.end, datetime.combine(origin.date, start.time())
    elif not led:
        return None
    moment = _later(start, -minutes if back else minutes, -months if back else months)
    if moment is None:
        return Day(at, end, Kind.NONE)
    hour, weekly = moment.time() if hourly else None, weekly and start == line.situation.now
    return Day(at, end, Kind.DATE, moment.date(), hour=hour, weekly=weekly)


def moved_from(situation: Situation) -> datetime | None:
    """Return when the booking is that is moved, or the one that the number has."""
    held = situation.record.get(Step.TIME) if situation.moves or situation.found else None
    if len(situation.coming) == 1:
        held = situation.coming[0].get(Step.TIME)
    return datetime.fromisoformat(held) if held and "T" in held else None


def _counted_from(line: Line, at: int, *, weekly: bool, led: bool) -> Day | None:
    """Return the day behind "two weeks": "from Friday", "before Christmas", "tomorrow"."""
    if joint := match(line, "from|after|before the?" if led else "from|after|before|on the?", at):
        return _origin(line, joint.end)
    bare = weekly and line.tag(at, "day" if led else "weekday", "day")
    return _origin(line, at) if bare else None


def _length(line: Line, at: int) -> tuple[int, int, int, bool]:
    """Return where a length of time ends, its minutes and months, and if it is in hours."""
    minutes, months, end, hourly = 0.0, 0.0, at, False
    for _ in range(_MOST_AMOUNTS):
        amounts = (match(line, pattern, line.on(end)) for pattern in _AMOUNTS)
        if not (got := next(filter(None, amounts), None)):
            break
        unit = next(part for part in got.parts if part.tag[5:] in _MINUTES)
        count = got.value("fraction") / 60 or got.value("n", "couple") or 1
        count += 0.5 * got.has("and_half")
        minutes += count * _MINUTES[unit.tag[5:]]
        months += count * got.has("months") + count * 12 * got.has("years")
        hourly = hourly or got.has("hours", "minutes")
        end = unit.end if unit is got.parts[0] else got.end
    return end, int(minutes), int(months), hourly


def _later(origin: datetime, minutes: int, months: int) -> datetime | None:
    """Return the moment so much later; in a shorter month its last day."""
    year, month = divmod(origin.year * 12 + origin.month - 1 + months, 12)
    try:
        day = min(origin.day, monthrange(year, month + 1)[1])
        return origin.replace(year, month + 1, day) + timedelta(minutes=minutes)
    except (OverflowError, ValueError):
        return None
