"""Conversations over HTTP: every request is one turn of the very dialogue that the phone has.

A request that is sent again, because its answer was lost or by mistake, is no second turn: it
gets the first answer, and nothing changes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from weakref import WeakValueDictionary

from pydantic import BaseModel, ConfigDict

from voicebot.business import Business
from voicebot.call import CallSid, Saved, Speaker, Status, Step
from voicebot.collect.collector import Conversation
from voicebot.collect.dialogue import begin
from voicebot.collect.events import Ending, Heard, Started, Utterance
from voicebot.collect.understanding import Understand
from voicebot.errors import VoicebotError
from voicebot.openai.usage import load_prices, meter, note_bill, open_bill
from voicebot.settings import Settings
from voicebot.store import CallSkeleton, HistoryMessage, Store
from voicebot.store.record import iso_utc
from voicebot.store.turns import HttpTurn, Overtaken
from voicebot.tracing import UNTRACED, Answer, CallTrace, Tracing
from voicebot.validation import read_moment

TIMES_OVERTAKEN = 3
"""Other consoles' turns of the same call may be faster so often; then the client tries again."""

_GOES_ON = "goes_on"
"""What a trace says of a request after which the conversation is not over."""


class UnknownCall(VoicebotError):
    """There is no record of this call."""


class CallIsLive(VoicebotError):
    """A phone stream owns this call just now."""


class KeyReused(VoicebotError):
    """An Idempotency-Key came with another message before."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the customer.

    started_at  UTC; None where the client does not tell it
    key         the client's Idempotency-Key; it counts within its call
    """

    text: str
    started_at: datetime | None = None
    key: str | None = None

    @property
    def digest(self) -> str:
        """The same for the same message, and for no other."""
        at = self.started_at.isoformat() if self.started_at else ""
        return sha256(f"{at} {self.text}".encode()).hexdigest()

    @property
    def names(self) -> list[str]:
        """Under which its answer is kept; none for what may well be said twice."""
        names = [f"said:{self.digest}"] if self.started_at else []
        return names + ([f"key:{sha256(self.key.encode()).hexdigest()}"] if self.key else [])


class Reply(BaseModel):
    """What the bot said, when (ISO 8601 UTC), and where the call stood then.

    request  the digest of the message that it answers
    """

    model_config = ConfigDict(frozen=True)

    message: str
    started_at: str
    step: Step
    status: Status
    should_hang_up: bool
    request: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply, and the record as it is now. `new` says that it was not given before."""

    reply: Reply
    skeleton: CallSkeleton
    new: bool = True


class Conversations:
    """The calls that are held over HTTP. Two requests for one call are served in turn.

    What a call costs is counted, and capped, as on the phone. Raises SettingsError for the prices.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        business: Business,
        understand: Understand,
        tracing: Tracing = UNTRACED,
    ) -> None:
        load_prices(settings.openai_prices)
        self._settings = settings
        self._store = store
        self._business = business
        self._understand = understand
        self._tracing = tracing
        self._turns: WeakValueDictionary[CallSid, asyncio.Lock] = WeakValueDictionary()

    async def start(self, call_sid: CallSid, caller: str | None) -> Answered:
        """Begin a call: its record is made, greeting and first question are in its history.

        A call that there is already is left as it is; the reply is what the bot said last.
        Raises StoreUnavailable.
        """
        return await self._in_turn(call_sid, partial(self._start, call_sid, caller))

    async def answer(self, call_sid: CallSid, said: Said) -> Answered:
        """Answer the caller, or repeat the answer that this message got before.

        Raises UnknownCall, CallIsLive or Fenced while a phone has the call, KeyReused and
        StoreUnavailable. Nothing of the turn is in the record then, but after StoreUnavailable
        all of it may be.
        """
        return await self._in_turn(call_sid, partial(self._answer, call_sid, said))

    async def _in_turn(
        self, call_sid: CallSid, serve: Callable[[], Awaitable[Answered]]
    ) -> Answered:
        async with self._turns.setdefault(call_sid, asyncio.Lock()):
            for _ in range(TIMES_OVERTAKEN):
                with suppress(Overtaken):
                    return await serve()
            return await serve()

    async def _start(self, call_sid: CallSid, caller: str | None) -> Answered:
        turn = await self._store.open_turn(call_sid, caller=caller)
        if not turn.known:
            return await self._hold(turn, None)
        known = turn.skeleton
        said = [message for message in known.history if message.speaker is Speaker.BOT]
        last = (said[-1].message, said[-1].startedAt) if said else ("", known.createdAt)
        return Answered(_as_it_stands(known, *last), known, new=False)

    async def _answer(self, call_sid: CallSid, said: Said) -> Answered:
        turn = await self._store.open_turn(call_sid, requests=said.names)
        if not turn.known:
            raise UnknownCall(f"there is no call {call_sid}; POST /calls begins one")
        before, known = _replied(turn.answers, said), turn.skeleton
        at = _place(known.history, said)
        if before is None and at is not None:
            later = [m for m in known.history[at + 1 :] if m.speaker is Speaker.BOT]
            if later:
                before = _as_it_stands(known, later[0].message, later[0].startedAt)
        if before is not None:
            return Answered(before, known, new=False)
        if await self._store.presence.is_live(call_sid):
            raise CallIsLive(f"{call_sid} is on the phone just now")
        return await self._hold(turn, said, in_history=at is not None)

    async def _hold(
        self, turn: HttpTurn, said: Said | None, *, in_history: bool = False
    ) -> Answered:
        """One turn, as a session of its own; `in_history`: another program stored the message."""
        state = turn.state
        trace = self._tracing.begin_call(turn.call_sid, state.step, resumed=state.resumed)
        outcome: str = _GOES_ON
        try:
            began, bill = time.perf_counter(), open_bill(self._settings, state)
            heard, ending = await self._converse(turn, said, trace, began)
            await note_bill(bill, turn)
            reply = _reply(turn, said, ending)
            answers = dict.fromkeys(said.names, reply.model_dump_json()) if said else {}
            write_began = time.perf_counter()
            skeleton = await turn.write(
                answers, stored=heard.message if heard and in_history else None
            )
            now, waited_s = time.perf_counter(), meter().waited_s
            trace.committed(turn.change, Saved.REDIS, now - write_began)
            trace.answered(Answer(now - began, 0.0, waited_s, 0.0, now - began - waited_s))
            outcome = _GOES_ON if reply.status is Status.ACTIVE else reply.status
        finally:
            trace.end(outcome)
        return Answered(reply, skeleton)

    async def _converse(
        self, turn: HttpTurn, said: Said | None, trace: CallTrace, began: float
    ) -> tuple[Heard | None, Ending | None]:
        """What was understood, and how the call ends if it does; without a message it begins."""
        dialogue = begin(self._business, turn.state)
        talk = Conversation(dialogue, say=_write_down, ledger=turn, clock=_now)
        if said is None:
            return None, await talk.take_turn(Started())
        trace.turn_began(began)
        at = min(_now(), said.started_at or _now())  # a client's clock may be ahead
        heard = await talk.heard(Utterance(said.text, at), self._understand)
        return heard, await talk.take_turn(heard)


def _reply(turn: HttpTurn, said: Said | None, ending: Ending | None) -> Reply:
    change, state, message = turn.change, turn.state, turn.said
    status = Status.ACTIVE if state.status is Status.ABANDONED else state.status
    return Reply(
        message=message.text if message else "",
        started_at=iso_utc(message.started_at if message else _now()),
        step=change.step or state.step,
        status=change.status or status,
        should_hang_up=ending is Ending.HANGUP,
        request=said.digest if said else "",
    )


def _replied(answers: Sequence[str], said: Said) -> Reply | None:
    """What this message was answered before; raises KeyReused where its key was another's."""
    replies = [Reply.model_validate_json(text) for text in answers]
    if any(reply.request != said.digest for reply in replies):
        raise KeyReused("this Idempotency-Key came with another message before")
    return next(iter(replies), None)


def _place(history: Sequence[HistoryMessage], said: Said) -> int | None:
    """Where another program, such as the old back end, has stored this message already.

    Where one of the two does not tell its moment, or tells it less exactly, only the very last
    message can be it: what was answered since was another one.
    """
    for at, message in reversed(list(enumerate(history))):
        if message.speaker is not Speaker.CALLER or message.message != said.text:
            continue
        last, moment = at == len(history) - 1, read_moment(message.startedAt)
        if moment is None or said.started_at is None:
            same = last
        else:
            almost = iso_utc(moment) == iso_utc(said.started_at)
            same = moment == said.started_at or (last and almost)
        if same:
            return at
    return None


def _as_it_stands(known: CallSkeleton, message: str, started_at: str) -> Reply:
    over = known.status in (Status.BOOKED, Status.INCOMPLETE)
    last = bool(known.history) and known.history[-1].startedAt == started_at
    return Reply(
        message=message,
        started_at=started_at,
        step=known.step,
        status=known.status,
        should_hang_up=over and last,
    )


async def _write_down(text: str, before_first_frame: Callable[[datetime], Awaitable[None]]) -> None:
    """A `say` that writes: what is committed becomes the HTTP answer."""
    await before_first_frame(_now())


def _now() -> datetime:
    return datetime.now(UTC)
