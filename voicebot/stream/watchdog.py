"""What ends a call that goes on for no good: a dead line, too long a talk, an engine that hangs."""

import asyncio
from collections.abc import Callable
from typing import Final

from voicebot.stream.machine import CallMachine
from voicebot.stream.state import CallState, Waits

LIVENESS_S: Final = 10.0
"""Media flows fifty times a second, also in silence: so long without any is a dead line."""
STUCK_S: Final = 30.0
"""Neither the caller's turn nor a word of the bot for so long: what is waited for is not coming.
Engines have shorter deadlines of their own, after which the bot says that it cannot hear or speak;
callers hang up after half a minute of silence."""
LOOK_S: Final = 5.0
LATE_S: Final = 5.0
"""A last mark may come so much later than its audio's length says."""


async def line_is_dead(frame_at: Callable[[], float]) -> None:
    """Return when no frame has come for LIVENESS_S; `frame_at` tells the loop's time of the last.

    One sleeper a call: a timer for each of fifty frames a second costs as much as reading them.
    """
    loop = asyncio.get_running_loop()
    while (left_s := frame_at() + LIVENESS_S - loop.time()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(left_s)


async def call_is_stuck(machine: CallMachine) -> None:
    """Return when the call has made no progress for STUCK_S."""
    since_s = machine.now().s
    while (now_s := machine.now().s) - since_s < STUCK_S:
        if makes_progress(machine.state, now_s):
            since_s = now_s
        await asyncio.sleep(LOOK_S)


def makes_progress(state: CallState, now_s: float) -> bool:
    """Return whether it is the caller's turn, or the bot speaks; filler phrases do not count."""
    speaks = state.playback.is_heard and now_s < state.playback.ends_at + LATE_S
    return speaks or state.waits is Waits.CALLER
