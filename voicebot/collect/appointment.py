"""The appointment in words: taken by another, out of hours, booked. It knows no other question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Literal

from voicebot.business import WEEKDAYS, Hours
from voicebot.call import Status, Step
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import Ending
from voicebot.collect.spoken import in_a_sentence, written, written_time
from voicebot.collect.turn import Turn
from voicebot.validation import validate

MINUTE = "%Y-%m-%dT%H:%M"
"""How a time is held: local, to the minute."""


def taken(turn: Turn, free: tuple[datetime, ...]) -> Turn:
    """Somebody else has that time: offer the nearest free ones. It costs the caller no attempt."""
    turn = turn.become(pending=None, mode=Mode.ASKING, partial=None, unheard=False)
    if not free:
        return turn.say("time.taken").ask()
    business = turn.dialogue.business
    spoken = [
        written_time(at.astimezone(business.zone).strftime(MINUTE), business.language)
        for at in free
    ]
    return turn.say("time.taken").say("time.free", times=turn.listed(spoken, "or"))


def out_of_hours(turn: Turn, at: datetime) -> Turn:
    """Nobody comes at that moment: say why, and when somebody would."""
    spans = turn.dialogue.business.hours.get(WEEKDAYS[at.weekday()], ())
    if not spans:
        return turn.say("time.shut")
    hours = turn.dialogue.wording.line("time.open_from", **opening_hours(turn, spans))
    begins_open = any(span.opens <= at.time() < span.closes for span in spans)
    return turn.say("time.too_late" if begins_open else "time.closed", hours=hours)


def opening_hours(turn: Turn, spans: Sequence[Hours]) -> dict[str, str]:
    """The opening hours of one day, for a line: all of them, and their two ends."""
    language = turn.dialogue.business.language
    clocks = [
        {"opens": _clock(span.opens, language), "closes": _clock(span.closes, language)}
        for span in spans
    ]
    spoken = [turn.dialogue.wording.line("spoken.span", **clock) for clock in clocks]
    ends = {"opens": clocks[0]["opens"], "closes": clocks[-1]["closes"]}
    return {"spans": turn.listed(spoken, "and"), **ends}


def _clock(clock: time, language: str) -> str:
    return written_time(f"T{clock:%H:%M}", language)


def booked(turn: Turn, at: datetime) -> Turn:
    """The time is the caller's: it is saved together with the booking, in one commit."""
    held = turn.dialogue
    value = at.astimezone(held.business.zone).strftime(MINUTE)
    turn = turn.answer(Step.TIME, value, at).confirm(Step.TIME).become(step=Step.DONE, pending=None)
    name, service = held.answers.get(Step.NAME, ""), held.answers.get(Step.SERVICE, "")
    line = {
        (True, True): "end.booked",
        (False, True): "end.booked_nameless",
        (True, False): "end.booked_serviceless",
        (False, False): "end.booked_plain",
    }[bool(name), bool(service)]
    time = written(Step.TIME, value, held.business)
    turn = turn.say(line, name=name, service=in_a_sentence(service), time=time)
    return turn.end(Ending.HANGUP, Status.BOOKED)


def unbooked(turn: Turn, line: Literal["end.unconfirmed", "end.incomplete"]) -> Turn:
    """All was asked, and nothing is booked: a person goes on, or the caller calls again."""
    held = turn.dialogue
    number = held.answers.get(Step.PHONE) or held.caller or ""
    said = line if validate(Step.PHONE, number, held.business) else f"{line}_numberless"
    said = said if held.knows_something else "end.incomplete_untold"
    return turn.say(said).end(Ending.HANGUP, Status.INCOMPLETE)
