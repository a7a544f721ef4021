"""The end of what a caller wanted: anything else? or no booking."""

from __future__ import annotations

from typing import Literal

from voicebot.call import Needs, Status, Step
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.events import Ending
from voicebot.collect.turn import Turn


def close(turn: Turn) -> Turn:
    """Ask whether there is anything else."""
    held = turn.dialogue
    dealt = held.dealt if held.purpose is Purpose.BOOK else (*held.dealt, held.purpose)
    turn = turn.become(dealt=dealt)
    if held.purpose is not Purpose.BOOK:  # what was said of its time is of no other
        turn = turn.become(window=None)
    return turn.become(
        mode=Mode.CLOSING,
        purpose=Purpose.BOOK,
        about=None,
        partial=None,
        put=0,
        attempts=0,
        shift="",
    ).ask()


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


def leave_time_open(turn: Turn) -> Turn:
    """Leave the time open for staff, who call back, and ask whether there is anything else."""
    held = turn.dialogue
    if not held.knows_something:
        return unbooked(turn, "end.incomplete")
    label = held.wording.line("spoken.time")
    turn = turn.note(held.wording.line("give_up.note", field=label))
    number = held.answers.get(Step.PHONE) or held.caller or ""
    if turn.valid(Step.PHONE, number) is None:
        return close(turn.say("give_up.time_numberless"))
    return close(turn.promise().say("give_up.time"))
