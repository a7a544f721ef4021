"""Bring the commands of staff, and their wish to listen in, to the calls of this worker."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from voicebot.call import CallSid, StaffCommand
from voicebot.log import get_logger
from voicebot.store import AWAY, WISH_S, CommandQueue, EventReader, LineAudio
from voicebot.stream.relay import Relay

LOOK_EVERY_S: Final = 10.0
"""A notice may be lost: all open calls are looked at this often."""
RETRY_S: Final = 1.0

_log = get_logger("voicebot.stream.staff_line")


class Commanded(Protocol):
    """A call as this module needs it."""

    relay: Relay

    def command(self, command: StaffCommand) -> None:
        """Take a command; the same one may come again."""


async def follow_commands(
    commands: CommandQueue,
    reader: EventReader,
    open_calls: Callable[[], Mapping[CallSid, Commanded]],
    audio: LineAudio | None = None,
) -> None:
    """Hand each command to its call, if this worker holds it, until cancelled.

    Redis tells which calls have one. A call that has just begun is looked at too: its commands may
    be left from a worker that was killed. `audio` is there where staff may listen in.
    """
    while True:
        try:
            await _follow(commands, reader, open_calls, audio)
        except AWAY as error:
            _log.debug("commands_not_followed", why=type(error).__name__)
        await asyncio.sleep(RETRY_S)


async def _follow(
    commands: CommandQueue,
    reader: EventReader,
    open_calls: Callable[[], Mapping[CallSid, Commanded]],
    audio: LineAudio | None = None,
) -> None:
    known: set[CallSid] = set()
    looked_at = 0.0
    async with reader.command_notices() as notices:
        async for noticed in notices:
            calls = open_calls()
            wanted = {*noticed, *(calls.keys() - known)} & calls.keys()
            if time.monotonic() - looked_at > LOOK_EVERY_S:
                wanted, looked_at = set(calls), time.monotonic()
            known = set(calls)
            for call_sid, found in (await commands.waiting(list(wanted))).items():
                for command in found:
                    calls[call_sid].command(command)
            for call_sid in await audio.wanted(list(wanted)) if audio else ():
                calls[call_sid].relay.want(WISH_S)
