"""Random troubles of whole processes: whatever was acknowledged is in the record, once, in order.

Each example is a small history of a call: sessions that take it over, things said and answered,
Redis away or losing its replies, processes that die and start again on the same data dir.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from fakeredis import FakeAsyncRedis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from voicebot.business import load_business
from voicebot.call import Change, Saved, Step
from voicebot.errors import Fenced
from voicebot.settings import Settings
from voicebot.store.background import REDIS_POLICY
from voicebot.store.fallback import FallbackStore
from voicebot.store.replay import JOURNALS, journal_backlog
from voicebot.store.session import CallSession
from voicebot.store.store import Store

from .calls import SID, caller
from .faults import FaultyRedis

LONGEST_TRIAL_S = 120
BUSINESS = load_business(None)
TROUBLES = (
    "take over",
    "say",
    "say",
    "say to the old one",
    "redis away",
    "replies lost",
    "redis back",
    "process dies",
)


@dataclass
class Told:
    """What one session heard and was told of it."""

    number: int
    ledger: CallSession
    said: list[tuple[str, Saved | None]] = field(default_factory=list)
    """Text and answer; None for a session that was told that it is fenced."""


class Call:
    """One call, its sessions, and the processes on one data dir."""

    def __init__(self, data_dir: Path) -> None:
        self.settings = Settings(_env_file=None, data_dir=data_dir)
        self.client = FakeAsyncRedis(decode_responses=True)
        self.redis = FaultyRedis(self.client)
        self.fault = ExitStack()
        self.sessions: list[Told] = []
        self.alive: list[Told] = []

    async def start(self) -> None:
        self.journal = FallbackStore(self.settings.data_dir / JOURNALS)
        redis = cast(Redis, self.redis)
        self.store = Store(redis, self.settings, BUSINESS, fallback=self.journal)
        await self.store.start()

    async def die(self) -> None:
        """What is in memory is gone; the lock on the journal goes with the process."""
        await self.store.tasks.close()
        await self.store.best_effort.finish()
        await self.journal.close()
        self.alive = []

    async def meet(self, trouble: str) -> None:
        match trouble:
            case "take over":
                await self.take_over()
            case "say" if self.alive:
                await self.say(self.alive[-1])
            case "say to the old one" if self.alive:
                await self.say(self.alive[0])
            case "redis away":
                self.fault.close()
                self.fault.enter_context(self.redis.away())
            case "replies lost":
                self.fault.close()
                self.fault.enter_context(self.redis.replies_lost())
            case "redis back":
                self.fault.close()
                if self.alive:
                    await self.alive[-1].ledger.caught_up()
            case "process dies":
                await self.die()
                await self.start()

    async def take_over(self) -> None:
        ledger = await self.store.open_call(SID, caller=None)
        told = Told(len(self.sessions), ledger)
        self.sessions.append(told)
        self.alive.append(told)

    async def say(self, told: Told) -> None:
        text = f"{told.number}/{len(told.said)}"
        change = Change(
            answers={Step.NAME: text, Step.PHONE: text}, messages=(caller(text),), dialogue=text
        )
        try:
            saved = await told.ledger.commit(change)
        except Fenced:
            saved = None
        told.said.append((text, saved))

    async def end(self) -> None:
        """Redis comes back, this process dies too, and one more starts."""
        self.fault.close()
        await self.die()
        await self.start()

    async def check(self) -> None:
        skeleton = await self.store.get_call_skeleton(SID)
        written = [m.message for m in skeleton.history] if skeleton else []
        assert len(written) == len(set(written)), "something was written twice"
        for told in self.sessions:
            mine = [text for text in written if text.startswith(f"{told.number}/")]
            acknowledged = [t for t, saved in told.said if saved in (Saved.REDIS, Saved.JOURNAL)]
            assert set(acknowledged) <= set(mine), "something acknowledged was lost"
            assert mine == [text for text, _ in told.said if text in mine], "out of order"
        if skeleton and written:
            info = skeleton.user.userInfo
            assert info.name == info.phone, "fields of one commit came apart"
            newest = self.sessions[-1].said
            if newest and newest[-1][1] in (Saved.REDIS, Saved.JOURNAL):
                assert info.name == newest[-1][0], "an older owner overwrote the newest"
        assert journal_backlog(self.settings.data_dir).entries == 0


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(TROUBLES), min_size=3, max_size=25))
@example(["redis away", "take over", "say", "process dies", "take over", "say", "say"])
@example(["take over", "say", "replies lost", "say", "say", "take over", "say to the old one"])
def test_whatever_was_acknowledged_is_in_the_record_once_and_in_order(troubles: list[str]) -> None:
    async def trial(data_dir: Path) -> None:
        call = Call(data_dir)
        await call.start()
        async with asyncio.timeout(LONGEST_TRIAL_S):
            for trouble in troubles:
                await call.meet(trouble)
            await call.end()
        await call.check()
        await call.die()
        await call.client.aclose()

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        hasty = replace(REDIS_POLICY, first_pause_s=0.001)
        patch.setattr("voicebot.store.background.REDIS_POLICY", hasty)
        asyncio.run(trial(Path(folder)))
