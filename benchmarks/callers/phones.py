"""The conversation as a caller meets it: in this process on a clock of its own, or over HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.request import Request

import orjson
from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.call import CallSid, Needs, Status
from voicebot.collect.collector import Conversation
from voicebot.collect.events import Silent, Started, Utterance
from voicebot.collect.resuming import asking, begin
from voicebot.collect.understand import understand_by_rules
from voicebot.error_texts import open_directly
from voicebot.settings import Settings
from voicebot.store import CallSession, Store

from .persona import Line

_ANSWER_S = 30.0
TURN_S = 8
"""Seconds that one turn takes on a phone's own clock."""


@dataclass(frozen=True)
class Seen:
    """A call after a turn.

    words    what the bot said in the turn
    step     the open step; asking  what the bot waits for, as `GET /calls/{callSid}` says it
    answers  by step: text, the service's id, the time in ISO 8601
    over     the bot has said its last words
    """

    words: str
    step: str
    asking: str | None
    status: str
    booked: bool
    over: bool
    answers: dict[str, str]
    needs: str
    wish: str
    notes: tuple[str, ...]


class Phone(Protocol):
    """Holds one call at a time."""

    @property
    def now(self) -> datetime:
        """The moment, aware."""

    async def ring(self, call_sid: str, number: str | None) -> Seen:
        """Begin a call; `number` is the caller's, if it is shown."""

    async def say(self, line: Line) -> Seen:
        """Say a line in the call that was begun last."""

    async def look(self, call_sid: str) -> Seen:
        """Return a call's record, without words."""

    async def hang_up(self) -> None:
        """Leave the call that was begun last, over or not."""


class OwnPhone:
    """Conversations in this process, on a Redis that is emptied, by a clock that turns move."""

    def __init__(self, redis: Redis, business: Business, folder: Path, begins: datetime) -> None:
        self._business, self._now = business, begins
        settings = Settings(_env_file=None, data_dir=folder)
        self._store = Store(redis, settings, business, clock=lambda: self._now)
        self._redis = redis
        self._session: CallSession | None = None
        self._talk: Conversation | None = None
        self._sid = CallSid("")
        self._words = ""

    @property
    def now(self) -> datetime:
        return self._now

    async def ring(self, call_sid: str, number: str | None) -> Seen:
        self._sid = CallSid(call_sid)
        self._session = await self._store.open_call(self._sid, caller=number)
        dialogue = begin(self._business, self._session.state)
        self._talk = Conversation(
            dialogue, say=self._hear, ledger=self._session, clock=lambda: self._now
        )
        return await self._turn(Started())

    async def say(self, line: Line) -> Seen:
        assert self._talk is not None
        self._now += timedelta(seconds=TURN_S)
        if line.silent:
            return await self._turn(Silent())
        heard = await self._talk.heard(Utterance(line.say, self._now), understand_by_rules)
        return await self._turn(heard)

    async def look(self, call_sid: str) -> Seen:
        record = await self._store.get_call_skeleton(CallSid(call_sid))
        assert record is not None
        return _seen(
            record.nested(),
            step=record.step,
            asking=asking(record.step, record.dialogue),
            status=record.status,
            needs=record.due,
            wish=record.wish,
            notes=[note.text for note in record.notes],
        )

    async def hang_up(self) -> None:
        assert self._session is not None
        await self._session.close()

    async def aclose(self) -> None:
        """Let go of the store."""
        await self._store.aclose()

    async def _turn(self, event: Any) -> Seen:
        assert self._talk is not None
        self._words = ""
        ending = await self._talk.take_turn(event)
        return replace(await self.look(self._sid), words=self._words, over=ending is not None)

    async def _hear(self, text: str, before_first_frame: Any) -> None:
        await before_first_frame(self._now)
        self._words = f"{self._words} {text}".strip()


def _seen(form: Any, **more: Any) -> Seen:
    user = form["user"]
    answers = {step: user["userInfo"][step] for step in ("name", "phone", "address", "email")}
    answers["service"] = (user["service"] or {}).get("id")
    answers["time"] = user["serviceBookedTime"]
    return Seen(
        words="",
        over=False,
        step=str(more["step"]),
        asking=more["asking"],
        status=str(more["status"]),
        booked=bool(form["servicebooked"]),
        answers={step: value for step, value in answers.items() if value},
        needs=str(more["needs"] or Needs.NOTHING),
        wish=str(more["wish"] or ""),
        notes=tuple(more["notes"]),
    )


class HttpPhone:
    """Conversations over a running server's HTTP API, on the wall clock."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sid = ""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def ring(self, call_sid: str, number: str | None) -> Seen:
        self._sid = call_sid
        body = {"callSid": call_sid, **({"from": number} if number else {})}
        answer = await self._ask("/calls", body)
        return replace(await self.look(call_sid), words=answer["aiResponse"]["message"])

    async def say(self, line: Line) -> Seen:
        message = {"speaker": "customer", "message": line.say}
        body = {"callSid": self._sid, "customerMessage": message}
        answer = await self._ask("/ai/conversation", body)
        over = answer["shouldHangup"] or answer["status"] == Status.TRANSFER
        seen = await self.look(self._sid)
        return replace(seen, words=answer["aiResponse"]["message"], over=over)

    async def look(self, call_sid: str) -> Seen:
        form = await self._ask(f"/calls/{call_sid}")
        notes = [note["text"] for note in form["notes"]]
        return _seen(
            form,
            notes=notes,
            **{key: form[key] for key in ("step", "asking", "status", "needs", "wish")},
        )

    async def hang_up(self) -> None:
        """A call over HTTP has no line to put down."""

    async def _ask(self, path: str, body: object = None) -> Any:
        """Return the server's JSON answer; raises HTTPError where it refuses."""
        data = None if body is None else orjson.dumps(body)
        request = Request(self._url + path, data, {"Content-Type": "application/json"})
        return orjson.loads(await asyncio.to_thread(_read, request))


def _read(request: Request) -> bytes:
    with open_directly(request, timeout=_ANSWER_S) as response:
        body: bytes = response.read()
        return body
