"""The appointment in words: taken by another, out of hours, booked. It knows no other question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Literal

from voicebot.business import WEEKDAYS, Hours
from voicebot.call import Status, Step
from voicebot.collect.dialogue import Mode, normal
from voicebot.collect.events import Ending
from voicebot.collect.spoken import in_a_sentence, written, written_time
from voicebot.collect.turn import Turn


def taken(turn: Turn, free: tuple[datetime, ...]) -> Turn:
    """Offer the free moments nearest to a taken one. It costs the caller no attempt."""
    turn = turn.become(pending=None, mode=Mode.ASKING, partial=None, unheard=False)
    turn = turn.say("time.taken")
    if not free:
        return turn.ask()
    spoken = [written(Step.TIME, normal(at, turn.business), turn.business) for at in free]
    return turn.say("time.free", times=turn.listed(spoken, "or"))


def out_of_hours(turn: Turn, at: datetime) -> Turn:
    """Say why no visit begins at that moment, and the hours of that day."""
    spans = turn.business.hours.get(WEEKDAYS[at.weekday()], ())
    if not spans:
        return turn.say("time.shut")
    hours = turn.dialogue.wording.line("time.open_from", **opening_hours(turn, spans))
    begins_open = any(span.opens <= at.time() < span.closes for span in spans)
    return turn.say("time.too_late" if begins_open else "time.closed", hours=hours)


def opening_hours(turn: Turn, spans: Sequence[Hours]) -> dict[str, str]:
    """Return the opening hours of one day, for a line: all of them, and their two ends."""

    def clock(of: time) -> str:
        return written_time(f"T{of:%H:%M}", turn.business.language)

    spoken = [
        turn.dialogue.wording.line(
            "spoken.span", opens=clock(span.opens), closes=clock(span.closes)
        )
        for span in spans
    ]
    return {
        "spans": turn.listed(spoken, "and"),
        "opens": clock(spans[0].opens),
        "closes": clock(spans[-1].closes),
    }


def booked(turn: Turn, at: datetime) -> Turn:
    """Save the time together with the booking, in one commit, and end the call."""
    held = turn.dialogue
    turn = turn.answer(Step.TIME, at).confirm(Step.TIME).become(step=Step.DONE, pending=None)
    name, service = held.answers.get(Step.NAME, ""), held.answers.get(Step.SERVICE, "")
    line = {
        (True, True): "end.booked",
        (False, True): "end.booked_nameless",
        (True, False): "end.booked_serviceless",
        (False, False): "end.booked_plain",
    }[bool(name), bool(service)]
    time = written(Step.TIME, normal(at, turn.business), turn.business)
    turn = turn.say(line, name=name, service=in_a_sentence(service), time=time)
    return turn.end(Ending.HANGUP, Status.BOOKED)


def unbooked(turn: Turn, line: Literal["end.unconfirmed", "end.incomplete"]) -> Turn:
    """End without a booking: a person goes on, or the caller calls again."""
    held = turn.dialogue
    number = held.answers.get(Step.PHONE) or held.caller or ""
    said = line if turn.valid(Step.PHONE, number) else f"{line}_numberless"
    said = said if held.knows_something else "end.incomplete_untold"
    return turn.say(said).end(Ending.HANGUP, Status.INCOMPLETE)
