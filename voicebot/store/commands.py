"""Commands of staff to live calls: from a console, through Redis, to the worker of the call.

    console ──put──► stream of the call ──notice, look──► worker ──► session
       ▲                                                                │
       └───────── event `command` of the call ◄──────────settle─────────┘

A command stands in a stream of its call until it is settled, so it outlives either side: a console
that restarts, a worker that is killed (the call's next session finds it). It is settled once, and
then only an event tells of it: who, what, and what became of it, never the content. All keys are
of one slot: it works on a cluster.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from redis.asyncio import Redis

from voicebot.call import CallSid, CommandKind, CommandRefusal, StaffCommand, Step
from voicebot.errors import TooManyCommands
from voicebot.store.client import ask_each
from voicebot.store.commit_encoding import Argument, encode_fields
from voicebot.store.events import StreamEvent
from voicebot.store.index import in_parts
from voicebot.store.layout import COMMANDS_CHANNEL, call_keys, clean
from voicebot.store.scripts import Script, Verdict, shared

MOST_WAITING = 20
"""Commands of one call that may wait: a caller who talks does not pile them up without end."""


_COMMAND = Script("command")


class CommandQueue:
    """Puts, finds and settles commands. Every method raises client.AWAY, `put` and `settle`
    BrokenRecord as well."""

    def __init__(self, client: Redis, *, retention_s: int, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._retention_s = retention_s
        self._clock = clock

    async def put(self, call_sid: CallSid, command: StaffCommand) -> StaffCommand | None:
        """Keep a command until its call settles it; return it with its id.

        None for an unknown call. Raises TooManyCommands.
        """
        content = {"kind": command.kind.value, "by": clean(command.by), "text": clean(command.text)}
        content["step"] = command.step.value if command.step else ""
        event = encode_fields(_event(command, "asked"))
        arguments = ("put", *event, MOST_WAITING, COMMANDS_CHANNEL, *encode_fields(content))
        verdict, entry = await self._run(call_sid, arguments)
        if verdict == "full":
            raise TooManyCommands("this call has not come to earlier commands yet; wait for these")
        return replace(command, id=entry) if verdict == Verdict.APPLIED else None

    async def settle(
        self, call_sid: CallSid, command: StaffCommand, refused: CommandRefusal | None = None
    ) -> bool:
        """Note what became of a command; False where that is noted already."""
        event = encode_fields(_event(command, "refused" if refused else "obeyed", refused))
        verdict, _ = await self._run(call_sid, ("settle", *event, command.id))
        return verdict == Verdict.APPLIED

    async def waiting(self, call_sids: Sequence[CallSid]) -> dict[CallSid, list[StaffCommand]]:
        """Return the commands that are not settled, oldest first; calls without are left out."""
        found: dict[CallSid, list[StaffCommand]] = {}
        for part in in_parts(call_sids):
            asked = [("XRANGE", call_keys(call_sid).commands, "-", "+") for call_sid in part]
            for call_sid, entries in zip(part, await ask_each(self._client, asked), strict=True):
                if entries:
                    events = (StreamEvent(call_sid, *entry) for entry in entries)
                    found[call_sid] = list(map(_command, events))
        return found

    async def _run(self, call_sid: CallSid, arguments: Sequence[Argument]) -> tuple[str, str]:
        head = shared(call_sid, self._clock(), self._retention_s)
        reply = await _COMMAND.run(self._client, call_keys(call_sid), (*head, *arguments))
        return cast(tuple[str, str], reply)


def _event(
    command: StaffCommand, outcome: str, refused: CommandRefusal | None = None
) -> Mapping[str, str]:
    """Return the event of a command, without its content."""
    event = {"type": "command", "action": command.kind.value, "by": clean(command.by)}
    if command.step:
        event["field"] = command.step.value
    return event | {"outcome": outcome, "reason": refused or ""}


def _command(entry: StreamEvent) -> StaffCommand:
    fields = entry.fields
    return StaffCommand(
        kind=CommandKind(fields["kind"]),
        by=fields["by"],
        at=datetime.fromtimestamp(entry.at_ms / 1000, UTC),
        text=fields["text"],
        step=Step(fields["step"]) if fields["step"] else None,
        id=entry.id,
    )
