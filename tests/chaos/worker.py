"""`python -m tests.chaos.worker`: the stream worker itself, observed, and mortal on order.

Everything is `voicebot.stream`'s own main, but for four seams: the tts speaks letters, the
clock can be told to jump, the store's clock with it, and the ledger that sessions get writes a
trace: what is about to be committed, and what the conversation was then told. The trace goes
through a pipe, so that it outlives SIGKILL, before the conversation takes another step.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

import orjson

import voicebot.store as store_room
import voicebot.stream.__main__ as stream
from tests.chaos.letters import LetterVoice
from voicebot.business import Business
from voicebot.call import Appointments, CallSid, CallState, Change, CommitObserver, Saved
from voicebot.errors import Fenced
from voicebot.runtime.process import run
from voicebot.settings import Settings
from voicebot.store import Store, iso_utc
from voicebot.store.record import answer_text, message_json
from voicebot.stream.server import StreamServer
from voicebot.stream.session import CallDependencies
from voicebot.telemetry import Tracing

TRACE_FD = "CHAOS_TRACE_FD"
ORDERS = "CHAOS_ORDERS"

BEFORE_COMMIT = "before a commit"
AFTER_COMMIT = "after a commit"


class Orders:
    """The trial's orders to this process: `{"serial", "die", "commits", "clock_s"}`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = 0
        self._serial = -1
        self._die: str | None = None
        self._commits = 0
        self._clock = timedelta()

    def now(self) -> datetime:
        """The clock of this process."""
        self._look()
        return datetime.now(UTC) + self._clock

    def reached(self, point: str) -> None:
        """The end, if this is the place for it."""
        self._look()
        if point != self._die:
            return
        self._commits -= 1
        if self._commits <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def _look(self) -> None:
        try:
            stamp = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if stamp == self._stamp:
            return
        self._stamp = stamp
        orders = orjson.loads(self._path.read_bytes())
        self._clock = timedelta(seconds=orders["clock_s"])
        if orders["serial"] != self._serial:
            self._serial = orders["serial"]
            self._die, self._commits = orders["die"], orders["commits"]


Tell = Callable[..., None]


class TracedPen:
    """A ledger that tells what it is asked and what it answers."""

    def __init__(self, ledger: store_room.CallSession, orders: Orders, tell: Tell) -> None:
        self._ledger = ledger
        self._orders = orders
        self._tell = tell
        self._number = 0

    @property
    def state(self) -> CallState:
        return self._ledger.state

    async def commit(self, change: Change) -> Saved:
        self._number = number = self._number + 1
        at = self._orders.now()
        self._tell(what="commit", number=number, at=iso_utc(at), **described(change))
        self._orders.reached(BEFORE_COMMIT)
        try:
            saved = await self._ledger.commit(change)
        except Fenced:
            self._tell(what="fenced", number=number, until=iso_utc(self._orders.now()))
            raise
        self._tell(what="saved", number=number, saved=saved, until=iso_utc(self._orders.now()))
        self._orders.reached(AFTER_COMMIT)
        return saved

    @property
    def appointments(self) -> Appointments:
        return self._ledger.appointments

    def observe(self, observer: CommitObserver) -> None:
        self._ledger.observe(observer)

    async def continue_earlier(self, earlier: CallSid) -> None:
        await self._ledger.continue_earlier(earlier)

    async def close(self) -> None:
        await self._ledger.close()
        self._tell(what="closed")


def described(change: Change) -> dict[str, object]:
    """A change in plain words; nothing of how the store writes it but the texts of values."""
    owned = {"step": change.step, "status": change.status, "dialogue": change.dialogue}
    return {
        "answers": {step.value: answer_text(a) for step, a in change.answers.items()},
        "messages": [message_json(m) for m in change.messages],
        "revised": [message_json(m) for m in change.revised or ()],
        "owned": {name: value for name, value in owned.items() if value is not None},
    }


class TracedStore(Store):
    """A store that tells which sessions it opens, and gives them traced pens."""

    orders: Orders
    trace_fd: int

    async def open_call(  # type: ignore[override]  # the pen stands for the session
        self, call_sid: CallSid, *, caller: str | None
    ) -> TracedPen:
        def tell(**line: object) -> None:
            os.write(self.trace_fd, orjson.dumps(line) + b"\n")

        ledger = await super().open_call(call_sid, caller=caller)
        session = ledger.info.id
        found = {"known": sorted(ledger.state.answers), "resumed": ledger.state.resumed}
        tell(what="opened", call=call_sid, session=session, **found)
        return TracedPen(ledger, self.orders, partial(tell, call=call_sid, session=session))


class LetteredServer(StreamServer):
    """A server whose calls speak letters, by the clock of this trial."""

    def __init__(
        self,
        settings: Settings,
        business: Business,
        store: Store,
        calls: CallDependencies,
        tracing: Tracing,
    ) -> None:
        clock = TracedStore.orders.now
        held = cast(Callable[..., Awaitable[object]], calls.converse)
        converse = partial(held, clock=clock)
        calls = replace(calls, synthesizer=LetterVoice(), clock=clock, converse=converse)
        super().__init__(settings, business, store, calls, tracing)


if __name__ == "__main__":
    TracedStore.orders = Orders(Path(os.environ[ORDERS]))
    TracedStore.trace_fd = int(os.environ[TRACE_FD])
    stream.StreamServer = LetteredServer  # type: ignore[attr-defined,assignment]
    store_room.Store = partial(TracedStore, clock=TracedStore.orders.now)  # type: ignore[misc,assignment]
    run(stream.main)
