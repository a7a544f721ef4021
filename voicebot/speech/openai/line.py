"""The connection of one call to a transcription session: made, configured, renewed.

    dial ── configure (mu-law, else PCM) ── talk ──┬── it is old, and nobody speaks ── dial
      ▲                                            ├── it expired, or was closed ───── dial
      └────── back-off ◄── not reached ◄───────────┘
                           refused for good: the file endpoint does all the work

What is unsettled in the dictation survives a connection; it is sent again on the next.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass
from enum import Enum
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from voicebot import g711
from voicebot.log import get_logger
from voicebot.openai import metrics
from voicebot.openai.account import Account
from voicebot.openai.failures import Failure, Service, Unanswered
from voicebot.openai.trouble import failure_of
from voicebot.openai.usage import meter
from voicebot.speech import Hint
from voicebot.speech.openai import messages
from voicebot.speech.openai.dictation import Append, Clear, Commit, Dictation, Order, Outcome
from voicebot.speech.openai.messages import Event, Format, Kind, NotAnEvent
from voicebot.speech.openai.resampling import Upsampler

MOST_BYTES: Final = 4 << 20
CLOSE_S: Final = 0.5
_FOR_GOOD: Final = frozenset({400, 401, 403, 404, 405, 426})
"""A wrong key, or a server without such sockets: trying again would not help."""
_BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0)
_LONGEST_WAIT_S: Final = 30.0
"""A Retry-After is obeyed up to here; something else transcribes meanwhile."""

_log = get_logger("voicebot.speech.openai")


class Refused(Unanswered):
    """OpenAI does not want this session, today or ever."""


class State(Enum):
    """DIALLING  something may come of it    UP  configured    DOWN  not to be counted on."""

    DIALLING = "dialling"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Limits:
    """Own time-outs, in seconds.

    connect_s    handshake, and again for the session's settings
    renew_s      a session is replaced at this age (they end after 10 to 60 minutes)
    margin_s     or so long before the moment that the server named
    stable_s     a session that broke sooner is no better than one that was never reached
    """

    connect_s: float = 3.0
    renew_s: float = 600.0
    margin_s: float = 30.0
    stable_s: float = 10.0


@dataclass(slots=True)
class Dialect:
    """What was learnt of the server, by all calls: the format of audio that it takes."""

    format: Format = Format.PCMU


class Line:
    """One call's connection. `run` it for as long as the call lasts."""

    def __init__(
        self, account: Account, model: str, dictation: Dictation, dialect: Dialect, limits: Limits
    ) -> None:
        self._account = account
        self._model = model
        self._dictation = dictation
        self._dialect = dialect
        self._limits = limits
        self._numbers = itertools.count(1)
        self._wake = asyncio.Event()
        self._hint = Hint()
        self._told: Hint | None = None
        self._upsampler = Upsampler()
        self._renew_at = 0.0
        self.state = State.DIALLING
        self.failure = Failure.CONNECTION
        """Why it is down, while it is."""

    def wake(self, hint: Hint | None = None) -> None:
        """There is something to send; with a hint: for what comes now."""
        self._hint = hint or self._hint
        self._wake.set()

    async def run(self) -> None:
        """Be connected until cancelled, or refused for good."""
        failures = 0
        while True:
            began = _now()
            try:
                await self._one_session()
                self.state = State.DIALLING
            except Refused as error:
                metrics.failures.labels(Service.HEARING, error.failure).inc()
                self._give_up(error.failure)
                _log.error("hearing_refused", error=error)
                return
            except (OSError, WebSocketException) as error:  # TimeoutError is an OSError
                failures = 1 if _now() - began >= self._limits.stable_s else failures + 1
                await self._recover(error, failures)

    async def _recover(self, error: Exception, failures: int) -> None:
        """A good session that broke is replaced at once; otherwise nobody shall wait for it."""
        failure = failure_of(error)
        metrics.failures.labels(Service.HEARING, failure).inc()
        _log.warning("hearing_lost", error=error, failures=failures)
        if self.state is State.UP and failures == 1:
            self.state = State.DIALLING
            return
        self._give_up(failure)
        pause_s = _BACK_OFF_S[min(failures, len(_BACK_OFF_S)) - 1]
        await asyncio.sleep(max(pause_s, _asked_to_wait_s(error)))

    def _give_up(self, failure: Failure) -> None:
        self.state = State.DOWN
        self.failure = failure
        self._dictation.give_up(failure)

    async def _one_session(self) -> None:
        """Returns when it is to be replaced; raises Refused and what sockets raise."""
        try:
            async with connect(
                self._account.realtime_url(intent="transcription"),
                additional_headers=self._account.headers,
                compression=None,
                max_size=MOST_BYTES,
                open_timeout=self._limits.connect_s,
                close_timeout=CLOSE_S,
            ) as socket:
                async with asyncio.timeout(self._limits.connect_s):
                    await self._configure(socket)
                await self._talk(socket)
        except InvalidStatus as error:
            status, failure = error.response.status_code, failure_of(error)
            if status in _FOR_GOOD or failure is Failure.NO_QUOTA:
                raise Refused(f"OpenAI refused to listen (HTTP {status})", failure) from error
            raise

    # -- configuring ---------------------------------------------------------------------

    async def _configure(self, socket: ClientConnection) -> None:
        expires = await self._agree(socket, self._dialect.format)
        if expires is None and self._dialect.format is Format.PCMU:
            expires = await self._agree(socket, Format.PCM)
            if expires is not None:
                self._dialect.format = Format.PCM
                _log.info("hearing_takes_no_mulaw")
        if expires is None:
            text = "OpenAI refused the settings of hearing; is the model right?"
            raise Refused(text, Failure.WRONG_REQUEST)
        left_s = expires - time.time() - self._limits.margin_s if expires else float("inf")
        self._renew_at = _now() + max(self._limits.stable_s, min(self._limits.renew_s, left_s))
        self._upsampler = Upsampler()

    async def _agree(self, socket: ClientConnection, audio: Format) -> float | None:
        """When the session will expire (0: not told); None when the server refuses."""
        name = self._name()
        self._told = self._hint
        await socket.send(messages.session_update(name, self._model, audio, self._hint))
        while True:
            match _read(await socket.recv()):
                case Event(kind=Kind.UPDATED, expires=expires):
                    return expires
                case Event(kind=Kind.ERROR, cause=cause) if cause in (name, ""):
                    return None

    # -- talking -------------------------------------------------------------------------

    async def _talk(self, socket: ClientConnection) -> None:
        self._dictation.reconnected()
        self.state = State.UP
        self._wake.set()
        loop = asyncio.get_running_loop()
        alarm = loop.call_at(self._renew_at, self._wake.set)
        reader = asyncio.create_task(self._read(socket), name="hearing reader")
        writer = asyncio.create_task(self._write(socket), name="hearing writer")
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            alarm.cancel()
            reader.cancel()
            writer.cancel()
            endings = await asyncio.gather(reader, writer, return_exceptions=True)
        for ending in endings:
            if isinstance(ending, BaseException) and not isinstance(ending, asyncio.CancelledError):
                raise ending

    async def _read(self, socket: ClientConnection) -> None:
        """Raises ConnectionClosed, or ConnectionAbortedError when the session has expired."""
        while True:
            event = _read(await socket.recv())
            if event.kind is Kind.ERROR:
                _log.warning("hearing_error", code=event.code)
            if self._dictation.on_event(event) is Outcome.EXPIRED:
                raise ConnectionAbortedError("the session has expired")
            self._wake.set()

    async def _write(self, socket: ClientConnection) -> None:
        """Until the session is old and nobody speaks; raises ConnectionClosed."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if _now() >= self._renew_at and self._dictation.is_idle:
                return
            orders = self._dictation.take()
            if orders and self._told != self._hint:
                await self._tell_hint(socket)
            for order in orders:
                await socket.send(self._message(order))
                if isinstance(order, Append):
                    meter().heard(self._model, len(order.mulaw) / g711.RATE_HZ)

    async def _tell_hint(self, socket: ClientConnection) -> None:
        """Whether it is agreed to is not waited for: without keywords one hears as well."""
        self._told = self._hint
        audio = self._dialect.format
        update = messages.session_update(self._name(), self._model, audio, self._hint)
        await socket.send(update)

    def _message(self, order: Order) -> str:
        match order:
            case Append(mulaw) if self._dialect.format is Format.PCMU:
                return messages.append(mulaw)
            case Append(mulaw):
                return messages.append(self._upsampler.feed(mulaw))
            case Commit(event_id):
                return messages.commit(event_id)
            case Clear():
                return messages.clear()

    def _name(self) -> str:
        return f"update_{next(self._numbers)}"


def _read(message: str | bytes) -> Event:
    """What cannot be read is an event that nobody reacts to: its item runs into its deadline."""
    try:
        return messages.read_event(message)
    except NotAnEvent as error:
        _log.warning("hearing_garbled", error=error)
        return Event(Kind.OTHER)


def _asked_to_wait_s(error: Exception) -> float:
    """What a 429's or 503's Retry-After says, if it says seconds."""
    if not isinstance(error, InvalidStatus):
        return 0.0
    wanted = error.response.headers.get("Retry-After", "")
    return min(float(wanted), _LONGEST_WAIT_S) if wanted.isdecimal() else 0.0


def _now() -> float:
    return asyncio.get_running_loop().time()
