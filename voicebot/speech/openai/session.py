"""The WebSocket of one call's transcription session: connect, configure, renew.

    connect ── configure (mu-law, else PCM) ── exchange ──┬── old and idle ───────── connect
      ▲                                                   ├── expired or closed ──── connect
      └──── back-off ◄── not reached ◄────────────────────┘
                         refused permanently: only the file endpoint is used

Audio without a text survives a connection; it is sent again on the next one.
"""

import asyncio
import itertools
import time
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from voicebot import g711
from voicebot.log import get_logger
from voicebot.openai import Failure, Service, Unanswered, failed_requests, meter
from voicebot.openai.client import Account, failure_of
from voicebot.speech.openai.dictation import (
    PCM_RATE_HZ,
    Append,
    Dictation,
    Event,
    EventType,
    Format,
    encode,
    session_update,
)
from voicebot.speech.protocols import Hint
from voicebot.speech.resampling import Resampler, rounded

MOST_BYTES: Final = 4 << 20
CLOSE_S: Final = 0.5
_FOR_GOOD: Final = frozenset({400, 401, 403, 404, 405, 426})
"""HTTP status codes of a wrong key or of a server without such sockets; not retried."""
_BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0)
_LONGEST_WAIT_S: Final = 30.0
"""The longest Retry-After that is obeyed; the file endpoint transcribes meanwhile."""

_log = get_logger("voicebot.speech.openai")


class Refused(Unanswered):
    """OpenAI refused the session; retrying does not help."""


class State(Enum):
    """DIALLING: being connected. UP: configured. DOWN: do not wait for it."""

    DIALLING = "dialling"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds.

    connect_s    for the handshake, and again for configuring
    renew_s      age at which a session is replaced (servers end them after 10 to 60 minutes)
    margin_s     replace it at least so long before the server's expiry time
    stable_s     a session that is lost sooner counts as a failed connection
    """

    connect_s: float = 3.0
    renew_s: float = 600.0
    margin_s: float = 30.0
    stable_s: float = 10.0


@dataclass(slots=True)
class RealtimeServer:
    """The server of all calls' sessions, and the audio format that it takes, once learnt."""

    account: Account
    model: str
    limits: Limits
    format: Format = Format.PCMU


class TranscriptionSession:
    """One call's transcription session. Run `run` for as long as the call lasts."""

    def __init__(self, server: RealtimeServer, dictation: Dictation) -> None:
        self._server = server
        self._limits = server.limits
        self._dictation = dictation
        self._numbers = itertools.count(1)
        self._wake = asyncio.Event()
        self._hint = Hint()
        self._sent_hint: Hint | None = None
        self._format = server.format
        self._upsampler = Resampler(g711.RATE_HZ, PCM_RATE_HZ)
        self._renew_at = 0.0
        self.state = State.DIALLING
        self.failure = Failure.CONNECTION
        """The reason of the state DOWN."""

    def wake(self, hint: Hint | None = None) -> None:
        """Send what there is to send, with this hint from now on if one is given."""
        self._hint = hint or self._hint
        self._wake.set()

    async def run(self) -> None:
        """Stay connected until cancelled or refused permanently."""
        failures = 0
        while True:
            began = _now()
            try:
                await self._one_session()
                self.state = State.DIALLING
            except Refused as error:
                failed_requests.labels(Service.HEARING, error.failure).inc()
                self._give_up(error.failure)
                _log.error("hearing_refused", error=error)
                return
            except (OSError, WebSocketException) as error:  # TimeoutError is an OSError
                failures = 1 if _now() - began >= self._limits.stable_s else failures + 1
                await self._recover(error, failures)

    async def _recover(self, error: Exception, failures: int) -> None:
        """Reconnect a good session at once; otherwise go DOWN and wait."""
        failure = failure_of(error)
        failed_requests.labels(Service.HEARING, failure).inc()
        _log.warning("hearing_lost", error=error, failures=failures)
        if self.state is State.UP and failures == 1:
            self.state = State.DIALLING
            return
        self._give_up(failure)
        pause_s = _BACK_OFF_S[min(failures, len(_BACK_OFF_S)) - 1]
        await asyncio.sleep(max(pause_s, _retry_after_s(error)))

    def _give_up(self, failure: Failure) -> None:
        self.state = State.DOWN
        self.failure = failure
        self._dictation.give_up(failure)

    async def _one_session(self) -> None:
        """Return when the session is to be replaced.

        Raises Refused, OSError, WebSocketException.
        """
        try:
            socket = await connect(
                self._server.account.transcription_url,
                additional_headers=self._server.account.headers,
                compression=None,
                max_size=MOST_BYTES,
                open_timeout=self._limits.connect_s,
                close_timeout=CLOSE_S,
            )
            try:
                async with asyncio.timeout(self._limits.connect_s):
                    await self._configure(socket)
                await self._exchange(socket)
            finally:
                await _close(socket)
        except InvalidStatus as error:
            status, failure = error.response.status_code, failure_of(error)
            if status in _FOR_GOOD or failure is Failure.NO_QUOTA:
                raise Refused(
                    f"OpenAI refused the transcription session (HTTP {status})", failure
                ) from error
            raise

    async def _configure(self, socket: ClientConnection) -> None:
        """Agree on mu-law or else PCM; raises Refused."""
        self._format = self._server.format
        updated = await self._try_settings(socket)
        if updated is None and self._format is Format.PCMU:
            self._format = Format.PCM
            updated = await self._try_settings(socket)
        if updated is None:
            text = "OpenAI refused the transcription settings: check VOICEBOT_OPENAI_HEARING_MODEL"
            raise Refused(text, Failure.WRONG_REQUEST)
        if self._format is not self._server.format:
            self._server.format = self._format
            _log.info("hearing_takes_no_mulaw")
        expires = updated.session.expires_at
        left_s = expires - time.time() - self._limits.margin_s if expires else float("inf")
        self._renew_at = _now() + max(self._limits.stable_s, min(self._limits.renew_s, left_s))
        self._upsampler = Resampler(g711.RATE_HZ, PCM_RATE_HZ)

    async def _try_settings(self, socket: ClientConnection) -> Event | None:
        """Return the server's confirmation of the settings, or None when it refuses them."""
        event_id = await self._send_settings(socket)
        while True:
            event = _read(await socket.recv())
            if event.type == EventType.UPDATED:
                return event
            if event.type == EventType.ERROR and event.error.event_id in (event_id, "", None):
                return None

    async def _send_settings(self, socket: ClientConnection) -> str:
        """Send the settings with the present hint, and return the message's id."""
        event_id = f"update_{next(self._numbers)}"
        self._sent_hint = self._hint
        update = session_update(event_id, self._server.model, self._format, self._hint)
        await socket.send(update)
        return event_id

    async def _exchange(self, socket: ClientConnection) -> None:
        """Exchange events until the session is old and idle; raises why it ended before that."""
        self._dictation.reconnected()
        self.state = State.UP
        self._wake.set()
        alarm = asyncio.get_running_loop().call_at(self._renew_at, self._wake.set)
        reader = asyncio.create_task(self._read(socket), name="hearing reader")
        reader.add_done_callback(lambda _: self._wake.set())
        try:
            while not reader.done():
                await self._wake.wait()
                self._wake.clear()
                if _now() >= self._renew_at and self._dictation.is_idle:
                    return
                await self._send(socket)
            await reader
        finally:
            alarm.cancel()
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, socket: ClientConnection) -> None:
        """Read server events; raises ConnectionClosed, or ConnectionAbortedError on expiry."""
        while True:
            event = _read(await socket.recv())
            if event.type == EventType.ERROR:
                _log.warning("hearing_error", code=event.error.code)
            if not self._dictation.on_event(event):
                raise ConnectionAbortedError("the session has expired")
            self._wake.set()

    async def _send(self, socket: ClientConnection) -> None:
        """Send what is ready; raises ConnectionClosed."""
        events = self._dictation.to_send()
        if events and self._sent_hint != self._hint:
            await self._send_settings(socket)  # the confirmation is not awaited: a hint only helps
        for event in events:
            await socket.send(encode(event, self._in_format))
            if isinstance(event, Append):
                meter().heard(self._server.model, len(event.mulaw) / g711.RATE_HZ)

    def _in_format(self, mulaw: bytes) -> bytes:
        if self._format is Format.PCMU:
            return mulaw
        return rounded(self._upsampler.feed(g711.decode(mulaw))).astype("<i2").tobytes()


async def _close(socket: ClientConnection) -> None:
    """Close the connection; when cancelled, without waiting for the server."""
    try:
        await socket.close()
    finally:
        socket.transport.abort()


def _read(message: str | bytes) -> Event:
    """Read a server event; an unreadable one is ignored, and its item meets its deadline."""
    try:
        return Event.model_validate_json(message)
    except ValidationError as error:  # which quotes the message
        _log.warning("hearing_garbled", errors=error.error_count())
        return Event(type="")


def _retry_after_s(error: Exception) -> float:
    """Return the seconds of a response's Retry-After header, or 0."""
    if not isinstance(error, InvalidStatus):
        return 0.0
    wanted = error.response.headers.get("Retry-After", "")
    return min(float(wanted), _LONGEST_WAIT_S) if wanted.isdecimal() else 0.0


def _now() -> float:
    return asyncio.get_running_loop().time()
