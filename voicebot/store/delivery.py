"""Bringing one session's commits to Redis: each once, in order, from memory.

The session keeps all of its commits until the call ends, because Redis may forget: a restart
can lose the last second, a failover the last writes. The script then answers `gap` or
`unclaimed`, and what is missing is sent again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import Self

from redis.exceptions import ResponseError

from voicebot.errors import BrokenRecord
from voicebot.log import get_logger
from voicebot.store.client import AWAY
from voicebot.store.commits import Sealed
from voicebot.store.refusals import why_away
from voicebot.store.replicas import TooFewReplicas
from voicebot.store.scripts import Claimed, Scripts, Verdict
from voicebot.store.sessions import Founding, Held, Session

_BOOKKEEPING = ("epoch", "owner.", "seq.", "beganUs", "by.", "began.")
"""Fields that belong to claims, not to the call; a record made anew starts without them."""

log = get_logger(__name__)


class Outcome(StrEnum):
    """What became of bringing all that waits.

    AWAY     Redis did not answer
    DENIED   it answered that it takes no write now: no memory, a replica, no rights, busy, …
    BROKEN   a key of another type stands at the call's place; nobody but a person mends that
    UNCOPIED Redis has it, and too few replicas do
    """

    BROUGHT = "brought"
    AWAY = "away"
    DENIED = "denied"
    BROKEN = "broken"
    UNCOPIED = "uncopied"


Finder = Callable[[Session], Awaitable[Founding]]
"""Tells what a record is made from when there is none; may read Redis."""


class Delivery:
    """What a session has to bring, and how far it has come."""

    def __init__(
        self, scripts: Scripts, session: Session, find: Finder, clock: Callable[[], datetime]
    ) -> None:
        self.session = session
        self.fenced = False
        self.why = ""
        """What Redis said or did, after an attempt that did not bring everything."""
        self._scripts = scripts
        self._find = find
        self._clock = clock
        self._epoch: int | None = None
        self._found: Founding | None = None
        self._commits: list[Sealed] = []
        self._delivered = 0
        self._copied = 0

    @classmethod
    def restored(
        cls, held: Held, scripts: Scripts, find: Finder, clock: Callable[[], datetime]
    ) -> Self:
        """The delivery of a session whose process may be gone."""
        delivery = cls(scripts, held.session, find, clock)
        if held.epoch is not None:
            delivery._epoch, delivery._found = held.epoch, held.found
        delivery._commits = list(held.commits)
        delivery._delivered = delivery._copied = held.delivered
        return delivery

    @property
    def held(self) -> Held:
        """Everything, for the journal."""
        return Held(
            self.session,
            self._epoch,
            self._found or Founding(self.session.fresh),
            self._copied,
            tuple(self._commits),
        )

    @property
    def waiting(self) -> int:
        """How many commits Redis, and its replicas where they count, have not acknowledged."""
        return len(self._commits) - self._copied

    @property
    def next_seq(self) -> int:
        """The number of the next commit."""
        return len(self._commits) + 1

    def add(self, commit: Sealed) -> None:
        """Take a commit; `catch_up` brings it."""
        self._commits.append(commit)

    async def claim(self, *, late: bool = False) -> Claimed:
        """Own the call; raises client.AWAY and BrokenRecord."""
        found = self._found or await self._find(self.session)
        claimed = await self._scripts.claim(self.session, found, at=self._clock(), late=late)
        self._epoch = claimed.epoch
        self._found = self._found or _without_bookkeeping(claimed)
        self.fenced = self.fenced or claimed.late
        return claimed

    async def attempt(self) -> Outcome:
        """`catch_up`, with its end as a value."""
        try:
            await self.catch_up()
        except BrokenRecord as broken:
            self.why = broken.why
            return Outcome.BROKEN
        except TooFewReplicas:
            return Outcome.UNCOPIED
        except AWAY as error:
            self.why = why_away(error)
            log.debug("not_brought", call_sid=self.session.call_sid, why=self.why)
            return Outcome.DENIED if isinstance(error, ResponseError) else Outcome.AWAY
        return Outcome.BROUGHT

    async def catch_up(self) -> None:
        """Bring everything that waits, claiming first where that has not been done.

        Raises client.AWAY, BrokenRecord and TooFewReplicas; can be called again at any time,
        nothing is applied twice.
        """
        while self._delivered < len(self._commits):
            if self._epoch is None:
                await self.claim(late=True)
            else:
                await self._send(self._commits[self._delivered], self._epoch)
        self._copied = self._delivered

    async def _send(self, commit: Sealed, epoch: int) -> None:
        """Only the last one waits for replicas, for all before it: they copy in order."""
        last = commit.seq == len(self._commits)
        reply = await self._scripts.commit(self.session, epoch, commit, copied=last)
        self.fenced = self.fenced or reply.verdict is Verdict.FENCED
        match reply.verdict:
            case Verdict.GAP:
                self._delivered = reply.last
            case Verdict.UNCLAIMED:
                self._epoch = None
                self._delivered = 0
            case _ if not reply.copied:
                raise TooFewReplicas(reply)
            case Verdict.APPLIED | Verdict.DONE | Verdict.FENCED:
                end = len(self._commits) - (not last)  # also one that was done must wait
                self._delivered = max(self._delivered, min(reply.last, end))
        self._copied = min(self._copied, self._delivered)


def _without_bookkeeping(claimed: Claimed) -> Founding:
    fields = {n: v for n, v in claimed.fields.items() if not n.startswith(_BOOKKEEPING)}
    return Founding(fields, claimed.history)
