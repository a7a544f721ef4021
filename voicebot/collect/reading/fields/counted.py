"""Days and moments counted from others: "in three days", "a week from Friday", "an hour later"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from voicebot.collect.reading.fields.dates import Day, Kind, add_days, add_months, resolve
from voicebot.collect.reading.fields.days import day_at
from voicebot.collect.reading.fields.patterns import Line, match

_UNITS = ("days", "weeks", "fortnights", "months", "years", "hours", "minutes")
_DAYS = {"days": 1, "weeks": 7, "fortnights": 14}
_MONTHS = {"months": 1, "years": 12}
_MINUTES = {"hours": 60, "minutes": 1}
_MOST = 1000
_MOST_UNITS = 4
_LEAST_MINUTES = 5
"""Less is a way to say "hold on": "in a minute"."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time, and the token at which its words end."""

    end: int
    days: int = 0
    months: int = 0
    minutes: int = 0

    def after(self, origin: datetime, *, back: bool = False) -> datetime | None:
        """Return the moment so much later than another, or earlier."""
        sign = -1 if back else 1
        day: date | None = add_months(origin.date(), sign * self.months)
        if day is None:
            return None
        try:
            moment = datetime.combine(day, origin.time())
            return moment + sign * timedelta(days=self.days, minutes=self.minutes)
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment counted from another, in the tokens from `first` up to `end`."""

    first: int
    end: int
    at: datetime


def counted_at(line: Line, at: int, read_back: datetime | None) -> Day | Moment | None:
    """Return the day or moment that begins at this token and is counted from another.

    read_back  from this time "an hour later" is counted, else from now
    """
    if beside := _weekday_beside(line, at):
        return beside
    if read_back and (got := match(line, "which days|weeks", at)):
        which = got.slots["which"].value
        if which == "following" or (which == "next" and "days" in got.slots):
            days = 1 if "days" in got.slots else 7
            day = add_days(read_back.date(), days)
            return Day(at, got.end, Kind.DATE, day) if day else None
    led = match(line, "in about?", at)
    length = _length(line, line.on(led.end) if led else at)
    if length is None:
        return None
    end, origin, back = _origin(line, length, read_back, led=led is not None)
    if led is None and end == length.end:
        return None
    moment = length.after(origin or line.now, back=back)
    if moment is None:
        return None
    if length.minutes:
        whole = length.minutes + length.days + length.months
        return Moment(at, end, moment) if whole >= _LEAST_MINUTES else None
    weekly = length.days % 7 == 0 and origin is None
    return Day(at, end, Kind.DATE, moment.date(), weekly=weekly)


def _weekday_beside(line: Line, at: int) -> Day | None:
    """Return the Monday after Christmas; "the week before Christmas" is no day."""
    got = match(line, "weekday|weeks|weekend|months|years after|before the?", at)
    found = _day(line, line.on(got.end)) if got else None
    if got is None or found is None:
        return None
    end, origin = found
    back = "before" in got.slots
    if "weekday" in got.slots:
        ahead = (got.value("weekday") - origin.weekday()) % 7
        day = add_days(origin, (ahead or 7) - 7 * back if ahead or not back else -7)
        return Day(at, end, Kind.DATE, day) if day else None
    return Day(at, end, Kind.NONE) if line.before(at, "the") else None


def _day(line: Line, at: int) -> tuple[int, date] | None:
    """Return where the day that is named here ends, and its date."""
    named = day_at(line, at) if at < len(line) else None
    found = resolve(named, line.today) if named else None
    return (named.end, found) if named and found else None


def _origin(
    line: Line, length: Length, read_back: datetime | None, *, led: bool
) -> tuple[int, datetime | None, bool]:
    """Return where the phrase ends, what it counts from when that is not now, and if backwards."""
    end = line.on(length.end)
    back = line.tag(end, "before", "earlier") is not None
    if read_back and not led and (got := match(line, "later|earlier", end)):
        return got.end, read_back, back
    if read_back and not led and (got := match(line, "before|after that?", end)):
        behind = line.on(got.end)
        if "that" in got.slots or line.pauses(behind) or line.tag(behind, "afterwards"):
            return got.end, read_back, back
    if got := match(line, "later", end) or match(line, "from now", end):
        return got.end, None, back
    whole_weeks = length.days > 0 and length.days % 7 == 0
    if whole_weeks and (day := line.tag(end, "day")) and day.value in ("0", "1"):
        origin = add_days(line.today, int(day.value))
        return day.end, _at_now(line, origin), back
    if whole_weeks and not led and line.tag(end, "weekday") and (found := _day(line, end)):
        return found[0], _at_now(line, found[1]), False
    joints = "from|after|before the?" if led else "from|after|before|on the?"
    if got := match(line, joints, end):
        this = line.tag(line.on(got.end), "which")
        start = this.end if this and this.value == "this" else got.end
        if found := _day(line, line.on(start)) or _day(line, line.on(got.end)):
            return found[0], _at_now(line, found[1]), back
    return length.end, None, False


def _at_now(line: Line, day: date | None) -> datetime | None:
    return datetime.combine(day, line.now.time()) if day else None


def _length(line: Line, at: int) -> Length | None:
    days = months = minutes = 0
    end = at
    for _ in range(_MOST_UNITS):
        start = line.on(end)
        if end > at and (and_ := line.tag(start, "and")):
            start = line.on(and_.end)
        amount = _amount(line, start) if start < len(line) else None
        if amount is None:
            break
        count, unit, end = amount
        days += int(count * _DAYS.get(unit, 0))
        months += int(count * _MONTHS.get(unit, 0))
        minutes += int(count * _MINUTES.get(unit, 0))
        if half := line.tag(line.on(end), "and_half"):
            minutes += _MINUTES.get(unit, 0) // 2
            end = half.end
    return Length(end, days, months, minutes) if end > at else None


def _amount(line: Line, at: int) -> tuple[float, str, int] | None:
    """Return a count, its unit, and where they end."""
    if line.before(at, "one") is None and (got := match(line, "days|part", at)):
        return (1, "days", got.end) if line.tag(line.on(got.end), "before", "after") else None
    bare = line.before(at, "which", "days") is None and match(line, "weeks|fortnights from", at)
    if bare:
        unit = "weeks" if "weeks" in bare.slots else "fortnights"
        return 1, unit, bare.slots[unit].end
    for pattern, fixed in (("one? couple", 2.0), ("fraction one?", 0.5), ("one", 1.0), ("n", None)):
        got = match(line, pattern, at)
        if got is None or (fixed == 0.5 and got.value("fraction") != 30):
            continue
        count = float(got.value("n")) if fixed is None else fixed
        end = got.end
        if half := line.tag(line.on(end), "and_half"):
            count, end = count + 0.5, half.end
        unit_match = line.tag(line.on(end), *_UNITS)
        if unit_match and count <= _MOST:
            return count, unit_match.tag.partition(".")[2], unit_match.end
    return None
