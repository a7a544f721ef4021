"""The end of a call without a booking."""

from __future__ import annotations

from typing import Literal

from voicebot.call import Needs, Status, Step
from voicebot.collect.events import Ending
from voicebot.collect.turn import Turn


def unbooked(turn: Turn, line: Literal["end.unconfirmed", "end.incomplete"]) -> Turn:
    """End without a booking: a person goes on, or the caller calls again."""
    held = turn.dialogue
    number = held.answers.get(Step.PHONE) or held.caller or ""
    reachable = turn.valid(Step.PHONE, number) is not None
    said = line if reachable else f"{line}_numberless"
    said = said if held.knows_something else "end.incomplete_untold"
    if held.pending:
        turn = turn.note(held.wording.line("end.note_time", time=turn.say_time(held.pending)))
    if reachable and held.knows_something:
        turn = turn.need(Needs.FOLLOW_UP)
    return turn.say(said).end(Ending.HANGUP, Status.INCOMPLETE)
