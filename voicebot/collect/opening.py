"""Say when we work: the days of the week, the hours of a day, and when its last visit begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from voicebot.business import WEEKDAYS, Hours
from voicebot.call import Step
from voicebot.collect import times
from voicebot.collect.dialogue import situation
from voicebot.collect.spoken import spoken_weekday, written_time
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import Asked, Flexible, Provide, read, utterance

_WEEK = 7


def days(turn: Turn) -> Turn:
    """Say on which days of the week we work."""
    business = turn.business
    shut = [n for n, name in enumerate(WEEKDAYS) if not business.hours.get(name)]
    if not shut:
        return turn.say("reply.every_day")
    names = [spoken_weekday(n, business.language) for n in shut]
    return turn.say("reply.not_days", day=turn.listed(names, "and"))


def latest(turn: Turn, *texts: str) -> Turn:
    """Say when the last visit of a day begins: the day that is named, else today."""
    day, spans = _hours_of(turn, *texts)
    if not spans:
        return hours(turn, *texts)
    length = turn.business.minutes(times.service_of(turn))
    last = datetime.combine(day, spans[-1].closes) - timedelta(minutes=length)
    spoken = written_time(f"T{last:%H:%M}", turn.business.language)
    return turn.say("reply.latest", time=spoken, **turn.opening_hours(spans))


def _hours_of(turn: Turn, *texts: str) -> tuple[date, Sequence[Hours]]:
    """Return the day that is named, else today, with its hours."""
    business = turn.business
    today = turn.now.astimezone(business.zone).date()
    day = next(filter(None, (_day_named(turn, text) for text in texts)), today)
    closed = business.is_closed(day)
    return day, () if closed else business.hours.get(WEEKDAYS[day.weekday()], ())


def hours(turn: Turn, *texts: str) -> Turn:
    """Say the hours of the day that is named, else of today."""
    today = turn.now.astimezone(turn.business.zone).date()
    day, spans = _hours_of(turn, *texts)
    if day == today:
        closed = turn.say("reply.closed_today")
        return turn.say("reply.hours", **turn.opening_hours(spans)) if spans else closed
    spoken = turn.say_time(day.isoformat())
    if not spans:
        return turn.say("time.shut", day=spoken)
    return turn.say("time.closed", day=spoken, **turn.opening_hours(spans))


def _day_named(turn: Turn, text: str) -> date | None:
    """Return the day that a question about our hours names: "what time do you open tomorrow"."""
    said, today = utterance(text, turn.business.language), turn.now.astimezone(turn.business.zone)
    if weekday := next(said.all("time.weekday"), None):
        return today.date() + timedelta((int(weekday.value) - today.weekday()) % _WEEK)
    for asked in said.all("ask.hours", "ask.opening"):
        begin, end = said.span(asked.first, asked.end)
        text = text[:begin] + ",".ljust(end - begin) + text[end:]
    where = replace(situation(turn.dialogue, turn.now), step=Step.TIME, asked=Asked.ANSWER)
    text = text.strip(" ?？¿")
    for act in read(text, replace(where, partial=None, record={})).acts:
        if isinstance(act, Flexible) and act.window.days:
            return act.window.days[0]
        stamp = (act.partial or act.value or "") if isinstance(act, Provide) else ""
        if isinstance(act, Provide) and act.step is Step.TIME and stamp[:1].isdigit():
            return date.fromisoformat(stamp[:10])
    return None
