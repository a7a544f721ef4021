"""When to come: the day and the time of day of an utterance, joined with what is known."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from voicebot.collect.understanding import Missing
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.zh.clock import Clock, Part, find_clocks, find_part
from voicebot.collect.understanding.zh.corrections import halves
from voicebot.collect.understanding.zh.days import Day, find_days
from voicebot.collect.understanding.zh.numerals import NUMERAL, to_number
from voicebot.collect.understanding.zh.script import blank

_NOT_AFTER = (
    r"[,，、 ]*(?:的话|那天|我|都|可能|这个|时间|肯定|就)*(?:不行|不可以|没空|没时间"
    r"|没有空|不方便|有事|来不及|不在|太早|太晚|去不了"
    r"|(?:准时|才)?(?:[上下]班|放学|起飞|开个?会|上课)(?!之?后|以后))"
)
_NOT_BEFORE = (
    r"(?:上次|上回|那次|之前)[^,，。]{0,3}$"
    r"|取消[^,，。]{0,8}$"
    r"|(?:飞机|航班|火车|高铁|班车)[是在]?$"
    r"|(?:不要|不想|别|除了|不能|不是)(?:约|在|选|订)?(?:上午|下午|早上|晚上)?[ ]*$"
)
_BEFORE = r"[ ]*(?:(?:之|以)前|前(?![天面台]))"
"""十点以前 is not ten, 周五前 is not Friday; 四点以后 may be four, but 周五以后 is not Friday."""
_AFTERWARDS = re.compile(r"[ ]*(?:之|以)后(?!的?[零〇一二两三四五六七八九十\d])")
_REJECTED_AFTER = re.compile(f"{_BEFORE}|{_NOT_AFTER}")
_REJECTED_BEFORE = re.compile(_NOT_BEFORE)
_HOURS_LATER = re.compile(
    rf"(?:(?P<hours>{NUMERAL}{{1,3}}|半)\s*个?\s*(?P<half>半)?\s*(?:小时|钟头)(?P<more>半)?"
    rf"|(?P<minutes>{NUMERAL}{{1,3}}|一刻)\s*分?钟)\s*(?:之后|以后|后)"
)
_PART_OF_DAY = re.compile(r"[ 的]*(?:早上?|上午|中午|下午|傍晚|晚上?|夜里)?[ 的]*")
_NOON_WORDS = re.compile(rf"(?:中午|正午|晌午)(?!{_BEFORE})")
_UNSURE = 0.5
_EVEN_WEEK = timedelta(weeks=1)
_HALF_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Said:
    """The parts of a time that one utterance names."""

    day: Day | None = None
    clock: Clock | None = None
    part: Part | None = None

    def spans(self) -> list[tuple[int, int]]:
        return [piece.span for piece in (self.day, self.clock) if piece]


@dataclass(frozen=True, slots=True)
class Held:
    """What is known from before: an earlier piece, or the time that was read back."""

    day: date | None = None
    clock: time | None = None
    part: Part | None = None


def find_time(plain: str, now: datetime, held: str | None = None) -> Found | None:
    """Local `YYYY-MM-DDTHH:MM`, or the day or the time of day alone with what it lacks."""
    if later := _hours_later(plain, now):
        return later
    said = _said_with_corrections(plain, now.date())
    if not said.spans() and said.part is None:
        return None
    return _found(said, _read_held(held), now)


def _hours_later(plain: str, now: datetime) -> Found | None:
    match = _HOURS_LATER.search(plain)
    if match is None:
        return None
    if match["minutes"]:
        minutes = 15 if match["minutes"] == "一刻" else to_number(match["minutes"])
    elif match["hours"] == "半":
        minutes = 30
    else:
        hours = to_number(match["hours"])
        extra = 30 if match["half"] or match["more"] else 0
        minutes = None if hours is None else hours * 60 + extra
    if minutes is None:
        return None
    moment = now + timedelta(minutes=minutes)
    return Found(f"{moment:%Y-%m-%dT%H:%M}", match.span())


def _said_with_corrections(plain: str, today: date) -> Said:
    """What was said last counts; what it leaves open stays as it was before the correction."""
    if parts := halves(plain):
        (_, end), (again, _) = parts
        before, after = (
            _said(blank(plain, (end, len(plain))), today),
            _said(blank(plain, (0, again)), today),
        )
        if after.spans() or after.part:
            return Said(
                after.day or before.day,
                _with_part(after.clock, before.clock) or (None if after.part else before.clock),
                after.part or before.part,
            )
    return _said(plain, today)


def _with_part(clock: Clock | None, before: Clock | None) -> Clock | None:
    """明天上午十点，不，十一点: the later hour keeps the part of the day."""
    if clock and before and clock.is_open and before.part:
        return replace(clock, part=before.part)
    return clock


def _said(plain: str, today: date) -> Said:
    named = find_days(plain, today)
    # 今晚 keeps its 晚: the day's span ends before it.
    rest = blank(plain, *(day.span for day in named))
    days = _wanted(named, plain)
    clocks = _wanted_clocks(find_clocks(rest), plain, [day.span[1] for day in named if day.bygone])
    day = days[0] if days else None
    if len(days) > 1:
        day = replace(days[0], sure=False) if days[0].date != days[1].date else days[0]
    clock = clocks[0] if clocks else None
    part = clock.part if clock else None
    if clock and part is None and (part := find_part(rest)):
        clock = replace(clock, part=part)
    return Said(day, clock or _noon(rest), part or find_part(rest))


def _wanted(days: list[Day], plain: str) -> list[Day]:
    return [
        day
        for day in days
        if not day.bygone
        and not _is_rejected(day.span, plain)
        and not _AFTERWARDS.match(plain, day.span[1])
    ]


def _wanted_clocks(clocks: list[Clock], plain: str, bygone: list[int]) -> list[Clock]:
    """昨晚八点: the hour right behind a day that is past is past as well."""
    return [
        clock
        for clock in clocks
        if not _is_rejected(clock.span, plain)
        and not any(_PART_OF_DAY.fullmatch(plain[end : clock.span[0]]) for end in bygone)
    ]


def _is_rejected(span: tuple[int, int], plain: str) -> bool:
    """明天没空, 不要三点: named only to be ruled out."""
    return bool(_REJECTED_AFTER.match(plain, span[1]) or _REJECTED_BEFORE.search(plain[: span[0]]))


def _noon(plain: str) -> Clock | None:
    """中午 without an hour is twelve o'clock."""
    noon = _NOON_WORDS.search(plain)
    return Clock(12, 0, Part.NOON, noon.span()) if noon else None


def _read_held(held: str | None) -> Held:
    """Read `YYYY-MM-DD`, `YYYY-MM-DD part`, `THH:MM` or a whole time; anything else is nothing."""
    stamp, _, part = (held or "").partition(" ")
    day, _, clock = stamp.partition("T")
    try:
        return Held(
            date.fromisoformat(day) if day else None,
            time.fromisoformat(clock[:5]) if clock else None,
            Part.named(part),
        )
    except ValueError:
        return Held()


def _found(said: Said, held: Held, now: datetime) -> Found | None:
    spans = said.spans()
    span = (min(s for s, _ in spans), max(e for _, e in spans)) if spans else None
    confidence = _UNSURE if said.day and not said.day.sure else 1.0
    day = said.day.date if said.day else held.day
    clock, days_later = _clock(said, held)
    if day and clock:
        moment = datetime.combine(day, clock) + timedelta(days=days_later)
        moment = _still_to_come(moment, said, now)
        return Found(f"{moment:%Y-%m-%dT%H:%M}", span, confidence)
    if day:
        if said.day and said.day.floating and day == now.date():
            day += _EVEN_WEEK
        piece = f"{day.isoformat()} {said.part.word}" if said.part else day.isoformat()
        return Found(day.isoformat(), span, confidence, Missing.CLOCK, piece)
    if clock:
        value = f"T{clock:%H:%M}"
        return Found(value, span, confidence, Missing.DAY, value)
    return None


def _clock(said: Said, held: Held) -> tuple[time | None, int]:
    """The time of day and how many days later it falls."""
    if said.clock:
        return said.clock.on_clock(held.part if said.day is None else None)
    return (None if said.part else held.clock), 0


def _still_to_come(moment: datetime, said: Said, now: datetime) -> datetime:
    """今天八点 said at ten is the evening; 周三九点 said on a Wednesday at ten is next week's."""
    if moment > now:
        return moment
    if said.day and said.day.floating:
        return moment + _EVEN_WEEK
    later = moment + _HALF_DAY
    is_evening = said.clock and said.clock.is_open and later > now
    return later if is_evening and later.date() == now.date() == moment.date() else moment
