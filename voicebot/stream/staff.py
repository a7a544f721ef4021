"""Commands of staff in a call: when the conversation gets one, and that each is settled. Pure.

    bot     ▂▂▂▂▂▂▂▂▂▂▂│ the sentence of staff, the question again
    caller             ▁▁▁▁▁▁▁▁

A command comes right behind the bot's own words, or in a pause in which the caller says nothing;
never into the caller's words, nor just as they take breath to answer. The conversation settles it
by asking its next question, or by ending.
"""

from collections.abc import Callable
from typing import Final

from voicebot.call import COMMAND_LIFE_S, CallSid, CommandRefusal, StaffCommand
from voicebot.stream import turn_taking
from voicebot.stream.events import Settled
from voicebot.stream.state import CallState, Moment, Waits

Settle = Callable[[CallSid, StaffCommand, CommandRefusal | None], None]
"""Told what became of a command: why it was refused, None when it was obeyed."""

PAUSE_MS: Final = 700.0
"""Behind the bot's question so long without a word: the caller is not about to answer."""


def take(moment: Moment, command: StaffCommand) -> None:
    """Keep a command until the conversation can have it; one that is known is not kept twice."""
    commands = moment.state.commands
    if command.id not in {known.id for known in commands}:
        moment.become(commands=(*commands, command))


def next_command(moment: Moment) -> StaffCommand | None:
    """Return the command that the conversation can have now; those that came too late are
    refused."""
    while _is_between_turns(moment.state):
        command = moment.state.commands[0]
        if (moment.now.utc - command.at).total_seconds() <= COMMAND_LIFE_S:
            moment.become(obeying=True)
            return command
        _settle(moment, CommandRefusal.TOO_LATE)
    return None


def settle(moment: Moment, refused: CommandRefusal | None = None) -> None:
    """Note what became of the command that the conversation has, if it has one."""
    if moment.state.obeying:
        _settle(moment, refused)


def settle_all(moment: Moment) -> None:
    """Refuse all that wait: the call is over, and no other session will come to them."""
    while moment.state.commands:
        _settle(moment, CommandRefusal.CALL_HAS_ENDED)


def _settle(moment: Moment, refused: CommandRefusal | None) -> None:
    first, *rest = moment.state.commands
    moment.become(commands=tuple(rest), obeying=False)
    moment.do(Settled(first, refused))


def _is_between_turns(state: CallState) -> bool:
    return (
        bool(state.commands)
        and not state.obeying
        and state.waits is Waits.CALLER
        and not state.arrivals
        and state.keys is None
        and state.over is None
        and state.turn.floor is turn_taking.Floor.QUIET
        and (state.playback.is_heard or state.turn.quiet_ms >= PAUSE_MS)
    )
