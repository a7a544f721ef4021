"""Conversations over HTTP: every request is one turn of the dialogue that the phone has.

A repeated request is no second turn: it gets the first answer, and nothing changes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import TypeVar
from weakref import WeakValueDictionary

from pydantic import BaseModel

from voicebot.business import Business
from voicebot.call import (
    CallSid,
    Change,
    CommandRefusal,
    Saved,
    Speaker,
    StaffCommand,
    Status,
    Step,
)
from voicebot.collect.collector import Conversation
from voicebot.collect.events import Ending, Heard, Started, Utterance
from voicebot.collect.resuming import begin
from voicebot.collect.understand import Understand
from voicebot.console.problems import Problem, UnknownCall
from voicebot.openai import load_prices, meter, note_bill, open_bill
from voicebot.settings import Settings
from voicebot.store import (
    CallSkeleton,
    HistoryMessage,
    HttpTurn,
    Overtaken,
    Store,
    iso_utc,
    utc_now,
)
from voicebot.telemetry import (
    UNTRACED,
    Answered,
    CallTrace,
    Committed,
    Ended,
    Stage,
    Tracing,
    TurnBegan,
)
from voicebot.validation import read_moment

TIMES_OVERTAKEN = 3
"""Retries when another console's turn of the same call was faster; then the client tries again."""

Result = TypeVar("Result")

_GOES_ON = "goes_on"
"""Outcome of a traced request after which the conversation is not over."""


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """One message of the customer.

    started_at  UTC; None where the client does not send it
    key         the client's Idempotency-Key, unique within its call
    """

    text: str
    started_at: datetime | None = None
    key: str | None = None

    @property
    def digest(self) -> str:
        at = self.started_at.isoformat() if self.started_at else ""
        return sha256(f"{at} {self.text}".encode()).hexdigest()

    @property
    def names(self) -> list[str]:
        """The names that its answer is stored by; none for a message that may be sent twice."""
        names = [f"said:{self.digest}"] if self.started_at else []
        return names + ([f"key:{sha256(self.key.encode()).hexdigest()}"] if self.key else [])


class Reply(BaseModel):
    """The bot's words, their time (ISO 8601 UTC), and the state of the call.

    request  the digest of the message that it answers
    """

    message: str
    started_at: str
    step: Step
    status: Status
    should_hang_up: bool
    request: str = ""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """A reply, and the record as it is now. `new` is False for a repeated reply."""

    reply: Reply
    skeleton: CallSkeleton
    new: bool = True


class Conversations:
    """Serves calls over HTTP. Two requests for one call are served one after the other.

    What a call costs is counted, and capped, as on the phone. Raises SettingsError (prices).
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

    async def start(self, call_sid: CallSid, caller: str | None) -> TurnResult:
        """Begin a call: create its record with greeting and first question in its history.

        An existing call is left as it is; the reply is what the bot said last.
        Raises StoreUnavailable.
        """
        return await self._serialized(call_sid, partial(self._start, call_sid, caller))

    async def answer(self, call_sid: CallSid, request: TurnRequest) -> TurnResult:
        """Answer the caller, or repeat the answer that this message got before.

        Raises UnknownCall, Problem 409 or Fenced while a phone has the call, Problem 409 for a key
        of another message, and StoreUnavailable. Nothing of the turn is in the record then, but
        after StoreUnavailable all of it may be.
        """
        return await self._serialized(call_sid, partial(self._answer, call_sid, request))

    async def obey(self, call_sid: CallSid, command: StaffCommand) -> CommandRefusal | None:
        """Do what a member of staff asks of a typed conversation; return why not, if not.

        What the bot says then is in the history, for the caller's front end. Raises UnknownCall,
        Fenced while a phone has the call, and StoreUnavailable.
        """
        return await self._serialized(call_sid, partial(self._obey, call_sid, command))

    async def _obey(self, call_sid: CallSid, command: StaffCommand) -> CommandRefusal | None:
        turn = await self._store.open_turn(call_sid)
        if not turn.known:
            raise UnknownCall(call_sid)
        dialogue = begin(self._business, turn.state)
        talk = Conversation(dialogue, say=_commit_only, ledger=turn, clock=utc_now)
        await talk.take_turn(command)
        if turn.change != Change():
            await turn.write({})
        return talk.refused

    async def _serialized(
        self, call_sid: CallSid, serve: Callable[[], Awaitable[Result]]
    ) -> Result:
        async with self._turns.setdefault(call_sid, asyncio.Lock()):
            for _ in range(TIMES_OVERTAKEN):
                with suppress(Overtaken):
                    return await serve()
            return await serve()

    async def _start(self, call_sid: CallSid, caller: str | None) -> TurnResult:
        turn = await self._store.open_turn(call_sid, caller=caller)
        if not turn.known:
            return await self._run_turn(turn, None)
        known = turn.skeleton
        spoken = [message for message in known.history if message.speaker is Speaker.BOT]
        last = (spoken[-1].message, spoken[-1].startedAt) if spoken else ("", known.createdAt)
        return TurnResult(_current_reply(known, *last), known, new=False)

    async def _answer(self, call_sid: CallSid, request: TurnRequest) -> TurnResult:
        turn = await self._store.open_turn(call_sid, requests=request.names)
        if not turn.known:
            raise UnknownCall(call_sid)
        before, known = _earlier_reply(turn.answers, request), turn.skeleton
        at = _stored_at(known.history, request)
        if before is None and at is not None:
            later = [m for m in known.history[at + 1 :] if m.speaker is Speaker.BOT]
            if later:
                before = _current_reply(known, later[0].message, later[0].startedAt)
        if before is not None:
            return TurnResult(before, known, new=False)
        if await self._store.index.is_live(call_sid):
            raise Problem(409, "call_is_live", f"{call_sid} is on the phone just now")
        return await self._run_turn(turn, request, in_history=at is not None)

    async def _run_turn(
        self, turn: HttpTurn, request: TurnRequest | None, *, in_history: bool = False
    ) -> TurnResult:
        """Take one turn, as a session of its own; without a request the call begins.

        in_history  another program has stored the message already
        """
        state = turn.state
        trace = self._tracing.begin_call(turn.call_sid, state.step, resumed=state.resumed)
        outcome: str = _GOES_ON
        try:
            began, bill = time.perf_counter(), open_bill(self._settings, state)
            heard, ending = await self._converse(turn, request, trace, began)
            await note_bill(bill, turn)
            reply = _reply(turn, request, ending)
            answers = dict.fromkeys(request.names, reply.model_dump_json()) if request else {}
            write_began = time.perf_counter()
            skeleton = await turn.write(
                answers, stored=heard.message if heard and in_history else None
            )
            now, waited_s = time.perf_counter(), meter().waited_s
            trace(Committed(turn.change, Saved.REDIS, now - write_began))
            trace(Answered(now - began, {Stage.MODEL: waited_s}))
            outcome = _GOES_ON if reply.status is Status.ACTIVE else reply.status
        finally:
            trace(Ended(outcome))
        return TurnResult(reply, skeleton)

    async def _converse(
        self, turn: HttpTurn, request: TurnRequest | None, trace: CallTrace, began: float
    ) -> tuple[Heard | None, Ending | None]:
        """Return what was understood, and how the call ends if it does."""
        dialogue = begin(self._business, turn.state)
        talk = Conversation(dialogue, say=_commit_only, ledger=turn, clock=utc_now)
        if request is None:
            return None, await talk.take_turn(Started())
        trace(TurnBegan(began))
        at = min(utc_now(), request.started_at or utc_now())  # a client's clock may be ahead
        heard = await talk.heard(Utterance(request.text, at), self._understand)
        return heard, await talk.take_turn(heard)


def _reply(turn: HttpTurn, request: TurnRequest | None, ending: Ending | None) -> Reply:
    change, state, message = turn.change, turn.state, turn.said
    status = Status.ACTIVE if state.status is Status.ABANDONED else state.status
    return Reply(
        message=message.text if message else "",
        started_at=iso_utc(message.started_at if message else utc_now()),
        step=change.step or state.step,
        status=change.status or status,
        should_hang_up=ending is Ending.HANGUP,
        request=request.digest if request else "",
    )


def _earlier_reply(answers: Sequence[str], request: TurnRequest) -> Reply | None:
    """Return the reply to this message, if there is one; raises Problem 409 for another's key."""
    replies = [Reply.model_validate_json(text) for text in answers]
    if any(reply.request != request.digest for reply in replies):
        detail = "this Idempotency-Key came with another message before"
        raise Problem(409, "idempotency_key_reused", detail)
    return next(iter(replies), None)


def _stored_at(history: Sequence[HistoryMessage], request: TurnRequest) -> int | None:
    """Return the index at which another program, such as the old back end, stored this message.

    Where one of the two has no moment, or a less exact one, only the last message of the history
    can be it: one that was answered since was another message.
    """
    for at, message in reversed(list(enumerate(history))):
        if message.speaker is not Speaker.CALLER or message.message != request.text:
            continue
        last, moment = at == len(history) - 1, read_moment(message.startedAt)
        if moment is None or request.started_at is None:
            same = last
        else:
            almost = iso_utc(moment) == iso_utc(request.started_at)
            same = moment == request.started_at or (last and almost)
        if same:
            return at
    return None


def _current_reply(known: CallSkeleton, message: str, started_at: str) -> Reply:
    over = known.status in (Status.BOOKED, Status.INCOMPLETE, Status.CANCELLED)
    last = bool(known.history) and known.history[-1].startedAt == started_at
    return Reply(
        message=message,
        started_at=started_at,
        step=known.step,
        status=known.status,
        should_hang_up=over and last,
    )


async def _commit_only(
    text: str, before_first_frame: Callable[[datetime], Awaitable[None]]
) -> None:
    """Commit, and play nothing: what is committed becomes the HTTP answer."""
    await before_first_frame(utc_now())
