"""A turn over HTTP: it reads the record once and writes once, all of it or nothing.

    read ──► decide (commits are collected) ──► write: claim, commit and answer in one script
                                                 └─► fenced, overtaken: nothing of it is there

So a request whose answer was lost can be sent again: its answer stands beside the record, or
nothing has happened. There is no journal: while Redis is away the request fails.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from voicebot.call import CallSid, CallState, Change, Message, Saved, Speaker, Status
from voicebot.errors import Fenced, StoreUnavailable
from voicebot.store import metrics
from voicebot.store.backend import Backend
from voicebot.store.bookings import CallAppointments
from voicebot.store.client import unavailable_when_away
from voicebot.store.commit_encoding import Commit, encode, merge
from voicebot.store.models import CallSkeleton
from voicebot.store.record import CallRecord
from voicebot.store.scripts import Verdict


class Overtaken(StoreUnavailable):
    """Another turn of the call was faster: begin again with the present record."""


@dataclass(slots=True, kw_only=True)
class HttpTurn:
    """`voicebot.call.Ledger` of one turn over HTTP. What it commits is written by `write`.

    known    there is a record of this call, ours or the old system's
    record   what the turn goes on from
    answers  what earlier turns answered to the requests that were asked for
    """

    call_sid: CallSid
    began: datetime
    known: bool
    record: CallRecord
    state: CallState
    answers: Sequence[str]
    backend: Backend
    appointments: CallAppointments
    _commits: list[Commit] = field(default_factory=list)

    @property
    def skeleton(self) -> CallSkeleton:
        """The record as it was read."""
        return self.record.named(self.call_sid).skeleton

    @property
    def change(self) -> Change:
        """All commits so far as one change."""
        return merge(self._commits).change if self._commits else Change()

    @property
    def said(self) -> Message | None:
        """The bot's last message of this turn."""
        said = [m for m in self.change.messages if m.speaker is Speaker.BOT]
        return said[-1] if said else None

    async def commit(self, change: Change) -> Saved:
        """Keep `change` for `write`."""
        self._commits.append(Commit(len(self._commits) + 1, change, self.backend.clock()))
        return Saved.MEMORY

    async def continue_earlier(self, earlier: CallSid) -> None:
        """Go on with an earlier call of this caller; see Ledger.continue_earlier."""
        await self.backend.index.mark_continued(earlier, self.call_sid)
        await self.appointments.take_over(earlier)

    async def write(
        self, answers: Mapping[str, str], *, stored: Message | None = None
    ) -> CallSkeleton:
        """Write the turn, and its answer by the names of its requests; return the record after it.

        `stored` is a message of the turn that the history has already. Raises Fenced when a
        session has the call, Overtaken, and StoreUnavailable when it may or may not be written.
        """
        change = self.change
        change = replace(change, messages=tuple(m for m in change.messages if m != stored))
        commit = encode(Commit(1, change, self.backend.clock()))
        began_at = time.perf_counter()
        with unavailable_when_away():
            verdict, after = await self.backend.scripts.take_turn(
                self.call_sid, self.began, self.record, commit, answers
            )
        if verdict is Verdict.FENCED:
            raise Fenced(f"a session has taken {self.call_sid} over")
        if verdict is Verdict.OVERTAKEN:
            raise Overtaken(f"another turn of {self.call_sid} was faster; send this one again")
        metrics.commit_seconds.labels(Saved.REDIS).observe(time.perf_counter() - began_at)
        await self.backend.turn_written(self.call_sid, self.state.caller, self.began)
        if after.status is not Status.ACTIVE:
            await self.appointments.give_back()
        return replace(self, record=after).skeleton
