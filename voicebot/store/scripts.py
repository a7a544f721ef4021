"""The one way to write a record: small Lua scripts, run by hash, loaded when missing.

A script is atomic: all of a change is in the record, or nothing of it. The texts stand in
`lua/`, each behind those that it shares with others.

Where replicas are wanted, a write counts only when they have it: WAIT follows the script on the
same connection, and answers how many have everything that the server had written by then. So a
write that is asked again and was done before is covered as well. On a cluster that is the node of
the key's slot; when the slot has just moved, the write goes the client's own way first, then again
there. A master that dies after it answered can no longer take the write with it, as long as one
of the replicas that had it is the one elected (with n replicas in all, wait for all n).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property, partial
from hashlib import sha1
from importlib.resources import files
from typing import NamedTuple, cast

from redis.asyncio import Redis
from redis.asyncio.cluster import PipelineCommand, RedisCluster
from redis.exceptions import AskError, MovedError, NoScriptError, ResponseError, TryAgainError

from voicebot.call import CallSid
from voicebot.errors import BrokenRecord, StoreUnavailable
from voicebot.store.client import ask_each, is_wrong_type
from voicebot.store.commit_encoding import (
    Argument,
    EncodedCommit,
    PendingUpdate,
    SessionInfo,
    encode_events,
    encode_fields,
    encode_lists,
)
from voicebot.store.layout import CHANNEL, call_keys, clean, epoch_us, iso_utc
from voicebot.store.record import CallRecord

EVENTS_KEPT = 1000
"""About this many events a call: ten times what a long call has, and a bound all the same."""

_ELSEWHERE = (MovedError, AskError, TryAgainError)
"""The slot is not at the node that was asked, or not any more."""


class TooFewReplicas(StoreUnavailable):
    """Redis has the write, and too few replicas had it in time; `reply` is the script's."""

    def __init__(self, reply: object) -> None:
        super().__init__("Redis has it, but too few replicas do: see VOICEBOT_WAIT_REPLICAS")
        self.reply = reply


class Replicas(NamedTuple):
    """The number of replicas that a write waits for, and the time limit."""

    wanted: int
    patience_ms: int


class Verdict(StrEnum):
    """The verdict of a script; its source says which of these it returns."""

    APPLIED = "applied"
    DONE = "done"  # seen before
    GAP = "gap"  # commits before it are missing
    FENCED = "fenced"  # a newer session owns the call
    UNCLAIMED = "unclaimed"  # Redis has lost the session's claim
    OVERTAKEN = "overtaken"  # another turn over HTTP was faster, or Redis has lost the record
    UNKNOWN = "unknown"  # there is no record
    UNBOOKED = "unbooked"  # no appointment stands in it


@dataclass(frozen=True, slots=True)
class Committed:
    """`last` is the session's highest number that the record knows.

    copied  as many replicas as are wanted have it
    """

    verdict: Verdict
    last: int
    copied: bool = True


@dataclass(frozen=True, slots=True)
class Rebooked:
    """The result of calling off or moving a booking.

    was, before  the times that stood there, as the record writes them: the last, and the one
                 before it if it was moved
    """

    verdict: Verdict
    was: str
    before: str


_BOOKKEEPING = ("epoch", "owner.", "seq.", "beganUs", "by.", "began.")
"""Fields that belong to claims, not to the call; a record made anew starts without them."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim's answer: epoch 0 means that a newer session owns the call."""

    epoch: int
    record: CallRecord

    @property
    def late(self) -> bool:
        """True when another session claimed the call after this one began."""
        return self.epoch == 0

    @property
    def snapshot(self) -> CallRecord:
        """The values from which the record is made again, should Redis lose it."""
        fields = {n: v for n, v in self.record.fields.items() if not n.startswith(_BOOKKEEPING)}
        return CallRecord(fields, self.record.history)


@dataclass(frozen=True)
class Script:
    """A text of `lua/`, run by its hash, loaded when the server does not know it.

    behind  the texts that stand before its own; `common` knows a call's keys
    """

    name: str
    behind: tuple[str, ...] = ("common",)

    @cached_property
    def text(self) -> str:
        """The whole text that the server runs."""
        folder = files("voicebot.store").joinpath("lua")
        parts = (*self.behind, self.name)
        return "\n".join(folder.joinpath(f"{part}.lua").read_text("utf-8") for part in parts)

    @cached_property
    def sha(self) -> str:
        """The hash by which the server knows it."""
        return sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    async def run(
        self,
        client: Redis,
        keys: Sequence[str],
        arguments: Sequence[Argument],
        replicas: Replicas | None = None,
    ) -> object:
        """Return the reply; raises client.AWAY, BrokenRecord, and TooFewReplicas if any count."""
        run = partial(_replicated, client, replicas) if replicas else client.execute_command
        rest = (len(keys), *keys, *arguments)
        try:
            try:
                return await run("EVALSHA", self.sha, *rest)
            except NoScriptError:
                return await run("EVAL", self.text, *rest)
        except ResponseError as error:
            if is_wrong_type(error):
                raise BrokenRecord(str(error)) from error
            raise


async def _replicated(client: Redis, replicas: Replicas, *command: Argument) -> object:
    """Return the reply to a command that so many replicas have; raises TooFewReplicas."""
    wait = ("WAIT", *replicas)
    if isinstance(client, RedisCluster):
        reply, acknowledged = await _on_cluster(client, command, wait)
    else:
        async with client.pipeline(transaction=False) as pipe:
            pipe.execute_command(*command)
            pipe.execute_command(*wait)
            reply, acknowledged = _both(await pipe.execute(raise_on_error=False))
    if acknowledged < replicas.wanted:
        raise TooFewReplicas(reply)
    return reply


async def _on_cluster(
    client: RedisCluster, command: tuple[Argument, ...], wait: tuple[Argument, ...]
) -> tuple[object, int]:
    async def at_its_node() -> tuple[object, int]:
        first_key = str(command[3])
        node = client.get_node_from_key(first_key)
        if node is None:
            raise TryAgainError("no node has the slot at the moment")
        asked = [PipelineCommand(0, *command), PipelineCommand(1, *wait)]
        await node.execute_pipeline(asked)
        return _both([one.result for one in asked])

    await client.initialize()
    try:
        return await at_its_node()
    except _ELSEWHERE:
        reply = await client.execute_command(*command)  # follows the slot, and learns
    try:
        return await at_its_node()
    except _ELSEWHERE:
        return reply, 0  # still moving: done, and not known to be copied


def _both(replies: list[object]) -> tuple[object, int]:
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies[0], cast(int, replies[1])


_CLAIM, _UPDATE, _FOUND, _READ, _TAKE, _REBOOK = (
    Script(name) for name in ("claim", "update", "found", "read", "take", "rebook")
)
_COMMIT, _TURN = (Script(name, ("common", "change")) for name in ("commit", "turn"))


class Scripts:
    """The scripts on one client. Every method raises what the client raises (client.AWAY), and
    BrokenRecord where a key of another type stands at the call's place.

    replicas  what commits, turns and small writes wait for; None for nothing
    """

    def __init__(
        self, client: Redis, *, retention_s: int, replicas: Replicas | None = None
    ) -> None:
        self._client = client
        self._replicas = replicas
        self._retention_s = retention_s

    async def claim(
        self, session: SessionInfo, snapshot: CallRecord, *, at: datetime, late: bool = False
    ) -> Claimed:
        """Own the call from now on; `late` for a session that could not when it began."""
        head = (session.id, epoch_us(session.began), "1" if late else "")
        reply = await self._run(_CLAIM, session.call_sid, at, (*head, *encode_lists(snapshot)))
        _, epoch, *after = cast(list[str], reply)
        return Claimed(int(epoch), _record(after) or CallRecord({}))

    async def commit(
        self, session: SessionInfo, epoch: int, commit: EncodedCommit, *, copied: bool = True
    ) -> Committed:
        """Apply one commit of a session, once and in its turn; `copied` waits for replicas."""
        moments = (epoch_us(commit.at), epoch_us(session.began))
        arguments = (epoch, session.id, commit.seq, *moments, *commit.arguments)
        in_time = True
        try:
            reply = await self._run(_COMMIT, session.call_sid, commit.at, arguments, copied=copied)
        except TooFewReplicas as few:
            reply, in_time = few.reply, False
        verdict, last, _ = cast(tuple[str, int, str], reply)
        return Committed(Verdict(verdict), last, in_time)

    async def update(self, pending: PendingUpdate) -> Verdict:
        """Apply one small write of an integrator, who does not own the call; its id makes it once.

        Returns APPLIED, DONE or UNKNOWN. Raises TooFewReplicas when it is not safe yet; to be
        asked again.
        """
        written = encode_lists(CallRecord(pending.fields, pending.history))
        arguments = [pending.id, *written, *encode_events(pending.events)]
        sid, at = pending.call_sid, pending.at
        reply = await self._run(_UPDATE, sid, at, arguments, keys=4, copied=True)
        return Verdict(cast(str, reply))

    async def found(self, call_sid: CallSid, record: CallRecord, *, at: datetime) -> None:
        """Create the record if there is none; claims nothing."""
        await self._run(_FOUND, call_sid, at, encode_lists(record))

    async def take(
        self, call_sid: CallSid, by: str, *, at: datetime, over: bool = False
    ) -> str | None:
        """Mark the call as taken by a member of staff, or as free when `by` is empty.

        A call that a colleague has stays theirs unless `over` says to take it over. Returns who
        has it then; None for an unknown call.
        """
        reply = await self._run(_TAKE, call_sid, at, (clean(by), "1" if over else ""))
        verdict, holder = cast(tuple[str, str], reply)
        return None if verdict == Verdict.UNKNOWN else holder

    async def rebook(self, call_sid: CallSid, time: str, *, at: datetime) -> Rebooked:
        """Move a booking to `time`, as the record writes it, or call it off ('').

        Fences the session that owns the call. Returns APPLIED, DONE, UNBOOKED or UNKNOWN; raises
        TooFewReplicas when it is not safe yet.
        """
        reply = await self._run(_REBOOK, call_sid, at, (time, epoch_us(at)), copied=True)
        verdict, was, before = cast(tuple[str, str, str], reply)
        return Rebooked(Verdict(verdict), was, before)

    async def read(self, call_sid: CallSid) -> CallRecord | None:
        """Return the record at one moment, or None when there is none."""
        return _record(await self._run(_READ, call_sid, None, (0,)))

    async def read_turn(
        self, call_sid: CallSid, requests: Sequence[str]
    ) -> tuple[CallRecord | None, list[str]]:
        """Return the record, and what turns over HTTP have answered to these requests.

        Raises TooFewReplicas when that is not safe yet.
        """
        arguments = [str(len(requests)), *requests]
        reply = await self._run(_READ, call_sid, None, arguments, keys=5, copied=True)
        answers = cast(tuple[object, object, list[str | None]], reply)[2]
        return _record(reply), [answer for answer in answers if answer is not None]

    async def take_turn(
        self,
        call_sid: CallSid,
        began: datetime,
        record: CallRecord,
        commit: EncodedCommit,
        answers: Mapping[str, str],
    ) -> tuple[Verdict, CallRecord]:
        """Claim the call and write one commit, if no one has written since `record` was read.

        A record that is not claimed yet is made from it, if there is none. `answers` are kept by
        the names of their requests. Returns APPLIED, FENCED or OVERTAKEN, and the record after it;
        raises TooFewReplicas when it is not safe yet.
        """
        epoch = record.fields.get("epoch", "")
        head = (epoch, record.fields.get(f"seq.{epoch}", ""), epoch_us(began))
        fresh = CallRecord({}) if epoch else record
        arguments = [*head, *encode_lists(fresh), *encode_fields(answers), *commit.arguments]
        reply = await self._run(_TURN, call_sid, commit.at, arguments, keys=5, copied=True)
        verdict, *after = cast(list[object], reply)
        return Verdict(cast(str, verdict)), _record(after) or CallRecord({})

    async def _run(
        self,
        script: Script,
        call_sid: CallSid,
        at: datetime | None,
        arguments: Sequence[Argument],
        *,
        keys: int = 3,
        copied: bool = False,
    ) -> object:
        """Run a script on the first `keys` of a call's keys; what only reads needs no moment."""
        arguments = (*shared(call_sid, at, self._retention_s), *arguments)
        replicas = self._replicas if copied else None
        return await script.run(self._client, call_keys(call_sid)[:keys], arguments, replicas)


async def read_records(client: Redis, call_sids: Sequence[CallSid]) -> list[CallRecord | None]:
    """Return the records of many calls in one round trip, each read by itself.

    By the script's text: a cluster's pipe takes no hash. One whose keys are of another type
    is `broken`. Raises client.AWAY.
    """
    commands = []
    for call_sid in call_sids:
        keys = call_keys(call_sid).record
        commands.append(("EVAL", _READ.text, len(keys), *keys, *shared(call_sid), 0))
    replies = await ask_each(client, commands)
    return [CallRecord({}, broken=True) if r is None else _record(r) for r in replies]


def shared(
    call_sid: CallSid, at: datetime | None = None, retention_s: int = 0
) -> Sequence[Argument]:
    """Return the arguments that `common.lua` takes."""
    return iso_utc(at) if at else "", retention_s, EVENTS_KEPT, CHANNEL, call_sid


def _record(reply: object) -> CallRecord | None:
    """Return the record at the beginning of a reply."""
    match cast(Sequence[list[str]], reply):
        case [pairs, history, *_] if pairs:
            return CallRecord(dict(zip(pairs[::2], pairs[1::2], strict=True)), history)
    return None
