"""Dates and clock times out of an answer, in the business's local time."""

from __future__ import annotations

from datetime import date, datetime, time

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Missing
from voicebot.collect.understanding.dates.clocks import Part
from voicebot.collect.understanding.dates.combine import Answer, combine
from voicebot.collect.understanding.dates.questions import is_elsewhere, only_asks
from voicebot.collect.understanding.dates.words import read
from voicebot.collect.understanding.dates.zones import in_our_time
from voicebot.collect.understanding.found import Found


def parse(utterance: str, asked: Asked) -> Found | None:
    """The booking time that was said: `YYYY-MM-DDTHH:MM`, or the day or clock time of it.

    A piece in `asked.partial`, else the time already in the record, completes what was said. A
    day with a part of the day ("Friday evening") leaves the piece `YYYY-MM-DD HH`: that day from
    that hour on.
    """
    tokens = read(utterance)
    if is_elsewhere(tokens):
        return None
    held = _held(asked)
    strict = asked.step is not Step.TIME
    read_back = None
    if asked.confirming and held.day and held.clock:
        read_back = datetime.combine(held.day, held.clock)
    answer = combine(
        tokens, asked.now, asked.region, strict=strict, held=held.part, read_back=read_back
    )
    if answer is None or only_asks(tokens):
        return None
    found = _found(answer, held, (tokens[answer.begin].start, tokens[answer.end - 1].end))
    return in_our_time(found, utterance, asked) if found else None


_SINCE = {Part.MORNING: "06", Part.AFTERNOON: "12", Part.EVENING: "18", Part.NIGHT: "21"}
"""The hour from which a part of the day counts, as a piece writes it."""
_PARTS = {hour: part for part, hour in _SINCE.items()}


def _held(asked: Asked) -> Answer:
    """What is known already: an earlier piece of this answer, or the time in the record."""
    piece = asked.partial or asked.record.get(Step.TIME)
    if asked.step is not Step.TIME or not piece:
        return Answer(0, 0)
    stamp, _, since = piece.partition(" ")
    day, _, clock = stamp.partition("T")
    try:
        return Answer(
            0,
            0,
            date.fromisoformat(day) if day else None,
            time.fromisoformat(clock[:5]) if clock else None,
            _PARTS.get(since),
        )
    except ValueError:
        return Answer(0, 0)


def _found(said: Answer, held: Answer, span: tuple[int, int]) -> Found | None:
    day, clock = said.day or held.day, said.clock or held.clock
    part = said.part or (held.part if said.day is None else None)
    if said.part and not said.clock and (said.day or held.day):
        clock = None
    if day and clock:
        return Found(f"{day.isoformat()}T{clock:%H:%M}", span, said.confidence)
    if day:
        value = day.isoformat()
        piece = f"{value} {_SINCE[part]}" if part else value
        return Found(value, span, said.confidence, Missing.CLOCK, piece)
    if clock:
        value = f"T{clock:%H:%M}"
        return Found(value, span, said.confidence, Missing.DAY, value)
    return None
