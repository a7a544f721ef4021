"""Bringing one session's commits to Redis: each once, in order, from memory.

The session keeps all of its commits until the call ends, because Redis may forget: a restart
can lose the last second, a failover the last writes. The script then answers `gap` or
`unclaimed`, and what is missing is sent again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from voicebot.call import CallSid
from voicebot.store.commits import Sealed
from voicebot.store.scripts import Claimed, Founding, Scripts, Verdict

_BOOKKEEPING = ("epoch", "owner.", "seq.", "claimedMs")
"""Fields that belong to claims, not to the call; a record made anew starts without them."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session of one call. `began` is its first moment, aware; `id` is unique for ever."""

    call_sid: CallSid
    id: str
    began: datetime


class Delivery:
    """What a session has to bring, and how far it has come.

    found  tells what the record is made from if there is none; it may read Redis
    """

    def __init__(
        self,
        scripts: Scripts,
        session: Session,
        found: Callable[[], Awaitable[Founding]],
        clock: Callable[[], datetime],
    ) -> None:
        self.session = session
        self.fenced = False
        self._scripts = scripts
        self._found = found
        self._clock = clock
        self._claimed: Claimed | None = None
        self._as_found: Founding | None = None
        self._commits: list[Sealed] = []
        self._delivered = 0

    @property
    def waiting(self) -> tuple[Sealed, ...]:
        """Commits that Redis has not acknowledged."""
        return tuple(self._commits[self._delivered :])

    @property
    def next_seq(self) -> int:
        """The number of the next commit."""
        return len(self._commits) + 1

    def add(self, commit: Sealed) -> None:
        """Take a commit; `catch_up` brings it."""
        self._commits.append(commit)

    async def claim(self) -> Claimed:
        """Own the call as a session that begins now; raises client.AWAY."""
        return await self._claim(began=None)

    async def catch_up(self) -> None:
        """Bring everything that waits, claiming first where that has not been done.

        Raises client.AWAY; can be called again at any time, nothing is applied twice.
        """
        while self._delivered < len(self._commits):
            claimed = self._claimed or await self._claim(began=self.session.began)
            await self._send(self._commits[self._delivered], claimed.epoch)

    async def _claim(self, began: datetime | None) -> Claimed:
        founding = self._as_found or await self._found()
        session = self.session
        claimed = await self._scripts.claim(
            session.call_sid, session.id, founding, at=self._clock(), began=began
        )
        self._claimed = claimed
        self._as_found = self._as_found or _founding(claimed)
        self.fenced = self.fenced or claimed.late
        return claimed

    async def _send(self, commit: Sealed, epoch: int) -> None:
        session = self.session
        reply = await self._scripts.commit(session.call_sid, session.id, epoch, commit)
        match reply.verdict:
            case Verdict.GAP:
                self._delivered = reply.last
            case Verdict.UNCLAIMED:
                self._claimed = None
                self._delivered = 0
            case Verdict.APPLIED | Verdict.DONE | Verdict.FENCED:
                self._delivered = max(self._delivered, reply.last)
        self.fenced = self.fenced or reply.verdict is Verdict.FENCED


def _founding(claimed: Claimed) -> Founding:
    fields = {n: v for n, v in claimed.fields.items() if not n.startswith(_BOOKKEEPING)}
    return Founding(fields, claimed.history)
