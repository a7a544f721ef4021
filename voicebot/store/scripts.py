"""The one way to write a record: small Lua scripts, run by hash, loaded when missing.

A script is atomic: all of a change is in the record, or nothing of it. The texts stand in
`lua/`, each behind those that it shares with others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha1
from importlib.resources import files
from typing import Protocol, cast

from redis.asyncio.client import Pipeline
from redis.exceptions import NoScriptError, ResponseError

from voicebot.call import CallSid
from voicebot.errors import BrokenRecord
from voicebot.store.client import is_wrong_type
from voicebot.store.commits import Argument, EncodedCommit, PendingUpdate, SessionInfo
from voicebot.store.keys import CHANNEL, call_keys
from voicebot.store.record import CallRecord, Fields, iso_utc
from voicebot.store.replicas import TooFewReplicas

EVENTS_KEPT = 1000
"""About this many events a call: ten times what a long call has, and a bound all the same."""


class ScriptRunner(Protocol):
    """The part of a Redis or Redis Cluster client that runs scripts."""

    def evalsha(self, sha: str, numkeys: int, *keys_and_args: Argument) -> object: ...

    def eval(self, script: str, numkeys: int, *keys_and_args: Argument) -> object: ...


class Verdict(StrEnum):
    """What the commit script did with a commit."""

    APPLIED = "applied"
    DONE = "done"
    GAP = "gap"
    FENCED = "fenced"
    UNCLAIMED = "unclaimed"


@dataclass(frozen=True, slots=True)
class Committed:
    """`last` is the session's highest number that the record knows.

    copied  as many replicas as are wanted have it
    """

    verdict: Verdict
    last: int
    copied: bool = True


_BOOKKEEPING = ("epoch", "owner.", "seq.", "beganUs", "by.", "began.")
"""Fields that belong to claims, not to the call; a record made anew starts without them."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim's answer: epoch 0 means that a newer session owns the call."""

    epoch: int
    record: CallRecord

    @property
    def late(self) -> bool:
        """Whether another session claimed the call after this one began."""
        return self.epoch == 0

    @property
    def snapshot(self) -> CallRecord:
        """What the record is made from again, should Redis lose it."""
        fields = {n: v for n, v in self.record.fields.items() if not n.startswith(_BOOKKEEPING)}
        return CallRecord(fields, self.record.history)


class Taken(StrEnum):
    """The result of a turn over HTTP.

    FENCED     a session has claimed the call, or goes on with it, since the turn was begun
    OVERTAKEN  another turn was faster, or Redis has lost the record
    """

    APPLIED = "applied"
    FENCED = "fenced"
    OVERTAKEN = "overtaken"


class Updated(StrEnum):
    """The result of an integrator's write."""

    UNKNOWN = "unknown"
    APPLIED = "applied"
    DONE = "done"


@dataclass(frozen=True)
class Script:
    """A text of `lua/`, run by its hash, loaded when the server does not know it."""

    name: str
    behind: tuple[str, ...] = ("common",)
    """The texts that stand before its own; `common` knows a call's keys."""

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
        self, client: ScriptRunner, keys: Sequence[str], arguments: Sequence[Argument]
    ) -> object:
        """Return the reply; raises what the client raises (client.AWAY) and BrokenRecord."""
        rest = (*keys, *arguments)
        try:
            try:
                return await cast(Awaitable[object], client.evalsha(self.sha, len(keys), *rest))
            except NoScriptError:
                return await cast(Awaitable[object], client.eval(self.text, len(keys), *rest))
        except ResponseError as error:
            if is_wrong_type(error):
                raise BrokenRecord(str(error)) from error
            raise


_CLAIM, _UPDATE, _FOUND, _READ = (Script(name) for name in ("claim", "update", "found", "read"))
_COMMIT, _TURN = (Script(name, ("common", "change")) for name in ("commit", "turn"))


class Scripts:
    """The scripts on one client. Every method raises what the client raises (client.AWAY).

    copied  the same client, waiting until replicas have what was written (replicas.py)
    """

    def __init__(
        self, client: ScriptRunner, *, retention_s: int, copied: ScriptRunner | None = None
    ) -> None:
        self._client = client
        self._copied = copied or client
        self._retention_s = retention_s

    async def claim(
        self, session: SessionInfo, snapshot: CallRecord, *, at: datetime, late: bool = False
    ) -> Claimed:
        """Own the call from now on; `late` for a session that could not when it began."""
        head = (session.id, _us(session.began), "1" if late else "")
        arguments = (*head, *_arguments(snapshot))
        reply = await self._run(_CLAIM, session.call_sid, at, arguments)
        _, epoch, pairs, history = cast(tuple[str, str, object, list[str]], reply)
        return Claimed(int(epoch), CallRecord(_fields(pairs), tuple(history)))

    async def commit(
        self, session: SessionInfo, epoch: int, commit: EncodedCommit, *, copied: bool = True
    ) -> Committed:
        """Apply one commit of a session, once and in its turn; `copied` waits for replicas."""
        moments = (_us(commit.at), _us(session.began))
        arguments = (epoch, session.id, commit.seq, *moments, *commit.arguments)
        client, in_time = self._copied if copied else self._client, True
        try:
            reply = await self._run(_COMMIT, session.call_sid, commit.at, arguments, client=client)
        except TooFewReplicas as few:
            reply, in_time = few.reply, False
        verdict, last, _ = cast(tuple[str, int, str], reply)
        return Committed(Verdict(verdict), last, in_time)

    async def update(self, pending: PendingUpdate) -> Updated:
        """Apply one small write of an integrator, who does not own the call; its id makes it once.

        Raises TooFewReplicas when it is not safe yet; to be asked again.
        """
        update, keys = pending.update, call_keys(pending.call_sid)
        written = _arguments(CallRecord(update.fields, update.history))
        arguments = [pending.id, *written, len(update.events)]
        for event in update.events:
            arguments += [len(event), *event]
        reply = await self._run(
            _UPDATE, pending.call_sid, pending.at, arguments, keys.writes, client=self._copied
        )
        return Updated(cast(str, reply))

    async def found(self, call_sid: CallSid, record: CallRecord, *, at: datetime) -> None:
        """Create the record if there is none; claims nothing."""
        await self._run(_FOUND, call_sid, at, _arguments(record))

    async def read(self, call_sid: CallSid, *, at: datetime) -> CallRecord | None:
        """Return the record at one moment, or None when there is none."""
        return _record(await self._run(_READ, call_sid, at, (0,)))

    async def read_turn(
        self, call_sid: CallSid, requests: Sequence[str], *, at: datetime
    ) -> tuple[CallRecord | None, list[str]]:
        """Return the record, and what turns over HTTP have answered to these requests.

        Raises TooFewReplicas when that is not safe yet.
        """
        keys, arguments = call_keys(call_sid), [str(len(requests)), *requests]
        extra = (keys.writes, keys.turns)
        reply = await self._run(_READ, call_sid, at, arguments, *extra, client=self._copied)
        answers = cast(tuple[object, object, list[str | None]], reply)[2]
        return _record(reply), [answer for answer in answers if answer is not None]

    async def take_turn(
        self,
        call_sid: CallSid,
        began: datetime,
        record: CallRecord,
        commit: EncodedCommit,
        answers: Mapping[str, str],
    ) -> tuple[Taken, CallRecord]:
        """Claim the call and write one commit, if no one has written since `record` was read.

        A record that is not claimed yet is made from it, if there is none. `answers` are kept by
        the names of their requests. Returns the record after it; raises TooFewReplicas when it
        is not safe yet.
        """
        epoch = record.fields.get("epoch", "")
        given = [text for answer in answers.items() for text in answer]
        head = (epoch, record.fields.get(f"seq.{epoch}", ""), _us(began))
        fresh = CallRecord({}) if epoch else record
        arguments = [*head, *_arguments(fresh), len(given), *given, *commit.arguments]
        keys = call_keys(call_sid)
        extra = (keys.writes, keys.turns)
        reply = await self._run(_TURN, call_sid, commit.at, arguments, *extra, client=self._copied)
        taken, *after = cast(list[object], reply)
        return Taken(cast(str, taken)), _record(after) or CallRecord({})

    async def read_all(
        self, pipe: Pipeline, call_sids: Sequence[CallSid], *, at: datetime
    ) -> list[CallRecord | BrokenRecord | None]:
        """Return the records of many calls in one round trip, each read by itself.

        By the script's text: a cluster's pipe takes no hash.
        """
        for call_sid in call_sids:
            keys, arguments = self._call(call_sid, at, (0,))
            pipe.eval(_READ.text, len(keys), *keys, *arguments)
        found: list[CallRecord | BrokenRecord | None] = []
        for reply in await pipe.execute(raise_on_error=False):
            if is_wrong_type(reply):
                found.append(BrokenRecord(str(reply)))
            elif isinstance(reply, Exception):
                raise reply
            else:
                found.append(_record(reply))
        return found

    async def _run(
        self,
        script: Script,
        call_sid: CallSid,
        at: datetime,
        arguments: Sequence[Argument],
        *extra_keys: str,
        client: ScriptRunner | None = None,
    ) -> object:
        keys, arguments = self._call(call_sid, at, arguments)
        return await script.run(client or self._client, (*keys, *extra_keys), arguments)

    def _call(
        self, call_sid: CallSid, at: datetime, arguments: Sequence[Argument]
    ) -> tuple[Sequence[str], Sequence[Argument]]:
        """Return keys and arguments as `common.lua` wants them."""
        shared = (iso_utc(at), self._retention_s, EVENTS_KEPT, CHANNEL, call_sid)
        return call_keys(call_sid).all, (*shared, *arguments)


def _arguments(record: CallRecord) -> list[Argument]:
    """Return fields and messages as the scripts read them."""
    pairs = [text for pair in record.fields.items() for text in pair]
    return [len(pairs), *pairs, len(record.history), *record.history]


def _us(moment: datetime) -> int:
    """Return microseconds: of two sessions in one millisecond the later must still win."""
    return int(moment.timestamp() * 1_000_000)


def _record(reply: object) -> CallRecord | None:
    """Return the record at the beginning of a reply."""
    match cast(Sequence[object], reply):
        case [pairs, history, *_] if fields := _fields(pairs):
            return CallRecord(fields, cast(list[str], history))
    return None


def _fields(pairs: object) -> Fields:
    """Return a reply of HGETALL as a dict: a flat list, or a mapping under RESP3."""
    if isinstance(pairs, dict):
        return pairs
    flat = cast(list[str], pairs)
    return dict(zip(flat[::2], flat[1::2], strict=True))
