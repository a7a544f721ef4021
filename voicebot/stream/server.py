"""The provider's door: handshake, admission, calls, drain.

    GET  /healthz      the process lives       GET /readyz   it takes new calls
    GET, POST /twiml   see webhook.py          ws  /media    one call's stream

What a connection may send is decided in connection.py. Draining refuses new calls and lets running
ones finish; those that have not finished in time are closed with 1001, and the provider's
<Redirect> carries them on elsewhere.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Final

from structlog.contextvars import bind_contextvars
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from voicebot.business import Business
from voicebot.call import CallSid
from voicebot.errors import InvalidCallSid, InvalidRequest, ProtocolViolation
from voicebot.log import get_logger
from voicebot.openai import load_prices, open_bill
from voicebot.runtime.ports import is_loopback
from voicebot.settings import Settings
from voicebot.store import Store
from voicebot.stream import metrics
from voicebot.stream.connection import (
    INTERNAL_ERROR,
    StreamConnection,
    close_socket,
    open_connections,
    read_start,
)
from voicebot.stream.dependencies import CallDependencies
from voicebot.stream.latency import CallTelemetry, Rows
from voicebot.stream.metrics import Refusal
from voicebot.stream.provider_dialect import POLICY_VIOLATION, Start
from voicebot.stream.session import Session
from voicebot.stream.tokens import LIFETIMES_S, Bearer, StreamTokens, token_secret
from voicebot.stream.webhook import MEDIA, TWIML, Asked, Webhook, announced_in, read_request
from voicebot.telemetry import UNTRACED, Tracing

MAX_MESSAGE_BYTES: Final = 64 * 1024
"""A provider's message has 400 bytes; a stranger's shall not have a megabyte."""
MAX_QUEUE_FRAMES: Final = 256
"""Five seconds of audio: a stall of our loop must not make the provider discard any."""
PING_INTERVAL_S: Final = 20.0
PING_TIMEOUT_S: Final = 20.0
REQUEST_TIMEOUT_S: Final = 5.0
"""For a whole request; a provider's is one packet."""
HANDSHAKE_TIMEOUT_S: Final = 2.0
"""For the closing handshake: a provider answers it at once."""
FIRST_USE_TIMEOUT_S: Final = 0.5
"""For Redis to say whether another worker has seen a token."""
TRY_AGAIN_LATER: Final = 1013

_log = get_logger("voicebot.stream.server")
_library_log = logging.getLogger("voicebot.stream.websockets")
_library_log.setLevel(logging.ERROR)  # a stranger's bad handshake is not our warning


class Admission:
    """The places for calls of one worker. Nothing here awaits, so no place is given twice."""

    def __init__(self, max_calls: int) -> None:
        self._max_calls = max_calls
        self._empty = asyncio.Event()
        self._empty.set()
        self.taken = 0
        self.is_closed = False

    @property
    def has_room(self) -> bool:
        """True while there is a place for one more call."""
        return not self.is_closed and self.taken < self._max_calls

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place, which must have been found to be there, for the time of the block."""
        self.taken += 1
        self._empty.clear()
        try:
            yield
        finally:
            self.taken -= 1
            if not self.taken:
                self._empty.set()

    async def close(self, wait_s: float) -> None:
        """Give no more places; wait until all are free again. Raises TimeoutError."""
        self.is_closed = True
        async with asyncio.timeout(wait_s):
            await self._empty.wait()


class StreamServer:
    """One worker's server. `run` is called once."""

    def __init__(
        self,
        settings: Settings,
        business: Business,
        store: Store,
        calls: CallDependencies,
        tracing: Tracing = UNTRACED,
    ) -> None:
        """Raises SettingsError, for prices and secrets too."""
        load_prices(settings.openai_prices)
        self._settings = settings
        self._store = store
        self._calls = calls
        self._tracing = tracing
        self._tokens = StreamTokens(token_secret(settings))
        self._webhook = Webhook(settings, business, store.status, self._tokens, store.note_dialled)
        self._numbers = itertools.count()
        self._sessions: dict[CallSid, tuple[int, Session]] = {}
        self._admission = Admission(settings.max_calls)

    async def run(self, stopping: asyncio.Event, ready: Callable[[str], None]) -> None:
        """Serve until `stopping`, then drain. `ready` gets the address once calls are taken."""
        async with serve(
            self._attend,
            self._settings.stream_host,
            self._settings.stream_port,
            process_request=self._answer,
            create_connection=open_connections(),
            open_timeout=REQUEST_TIMEOUT_S,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=MAX_QUEUE_FRAMES,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            close_timeout=HANDSHAKE_TIMEOUT_S,
            server_header=None,
            logger=_library_log,
            reuse_port=True,
        ) as server:
            metrics.call_places.set(self._settings.max_calls)
            host, port = next(iter(server.sockets)).getsockname()[:2]
            ready(f"ws://{f'[{host}]' if ':' in host else host}:{port}{MEDIA}")
            await stopping.wait()
            await self._drain()

    async def _drain(self) -> None:
        if self._admission.taken:
            _log.info("draining", calls=self._admission.taken, limit_s=self._settings.drain_s)
        try:
            await self._admission.close(self._settings.drain_s)
        except TimeoutError:
            _log.info("handing_calls_over", calls=self._admission.taken)

    # -- HTTP ----------------------------------------------------------------------------

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the HTTP answer, or None to go on to a WebSocket."""
        assert isinstance(connection, StreamConnection)
        path = request.path.partition("?")[0].rstrip("/")
        if path == "/healthz":
            return connection.respond(HTTPStatus.OK, "ok\n")
        if path == "/readyz":
            if self._admission.has_room:
                return connection.respond(HTTPStatus.OK, "ready\n")
            why = "draining\n" if self._admission.is_closed else "full\n"
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, why)
        if path != MEDIA and not path.startswith(f"{MEDIA}/") and path != TWIML:
            return connection.respond(HTTPStatus.NOT_FOUND, "no such address\n")
        try:
            asked = read_request(request, connection.body)
            if path == TWIML:
                return await self._answer_twiml(connection, asked)
        except (InvalidRequest, InvalidCallSid) as error:
            return connection.respond(HTTPStatus.BAD_REQUEST, f"{error}\n")
        return self._answer_media(connection, asked)

    async def _answer_twiml(self, connection: ServerConnection, asked: Asked) -> Response:
        if not self._webhook.is_genuine_request(asked):
            return _refuse_unsigned(connection, "webhook_not_signed")
        text = await self._webhook.answer(asked, has_room=self._admission.has_room)
        response = connection.respond(HTTPStatus.OK, text)
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "text/xml; charset=utf-8"
        return response

    def _answer_media(self, connection: ServerConnection, asked: Asked) -> Response | None:
        if not self._webhook.is_genuine_upgrade(asked):
            return _refuse_unsigned(connection, "upgrade_not_signed")
        if not self._admission.has_room:
            metrics.calls_refused[Refusal.NO_ROOM].inc()
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "no room for this call\n")
        return None

    # -- calls ---------------------------------------------------------------------------

    async def _attend(self, connection: ServerConnection) -> None:
        """Serve one connection, from its first frame to its last."""
        assert isinstance(connection, StreamConnection)
        try:
            await self._serve_call(connection)
        except ProtocolViolation as error:
            _log.info("call_refused", code=error.code, error=error)
            metrics.calls_refused[Refusal.PROTOCOL].inc()
            await close_socket(connection, error.code, str(error))
        except ConnectionClosed:
            pass  # gone before it was a call
        except Exception as error:  # noqa: BLE001 - one broken call must not end the others
            _log.error("call_broken", exc_info=error)
            metrics.calls_broken.inc()
            await close_socket(connection, INTERNAL_ERROR, "this call is broken here")

    async def _serve_call(self, connection: StreamConnection) -> None:
        start = await read_start(connection)
        path = connection.request.path if connection.request else ""
        if not await self._is_announced(path, start):
            raise ProtocolViolation("this stream was not announced", code=POLICY_VIOLATION)
        connection.begin_call()
        if not self._admission.has_room:
            metrics.calls_refused[Refusal.NO_ROOM].inc()
            await close_socket(connection, TRY_AGAIN_LATER, "no room for this call")
            return
        # Every line that this connection's task logs from here on carries its call's id, and so
        # does what its tasks log; it ends with them.
        bind_contextvars(call_sid=start.call_sid)
        with self._admission.place(), metrics.open_calls.track_inprogress():
            await self._carry(connection, start)

    async def _carry(self, connection: StreamConnection, start: Start) -> None:
        number, caller = next(self._numbers), start.parameters.get("from")
        ledger = await self._store.open_call(start.call_sid, caller=caller or None)
        found = ledger.state
        open_bill(self._settings, found)
        trace = self._tracing.begin_call(start.call_sid, found.step, resumed=found.resumed)
        rows = Rows(self._settings.measure_file, start.call_sid)
        telemetry = CallTelemetry(rows, trace, found.status, found.step)
        session = Session(connection, start, ledger, self._calls, telemetry)
        _log.info("call_begins", call_sid=start.call_sid)
        try:
            with self._newest(start.call_sid, number, session):
                async with self._store.index.hold(start.call_sid):
                    await session.run()
        finally:
            _log.info("call_ends", call_sid=start.call_sid)
            await telemetry.end()

    @property
    def open_calls(self) -> Mapping[CallSid, Session]:
        """The newest session of each call that this worker holds."""
        return {call_sid: session for call_sid, (_, session) in self._sessions.items()}

    @contextmanager
    def _newest(self, call_sid: CallSid, number: int, session: Session) -> Iterator[None]:
        """Register a stream of a call, and end the older of two.

        The later `number` is the newer, whichever was opened sooner: the store fences the other.
        """
        other = self._sessions.get(call_sid)
        if other is None or other[0] < number:
            if other is not None:
                other[1].supersede()
            self._sessions[call_sid] = number, session
        try:
            yield
        finally:
            if self._sessions.get(call_sid) == (number, session):
                del self._sessions[call_sid]

    async def _is_announced(self, path: str, start: Start) -> bool:
        """Return whether this stream was announced at the webhook.

        On loopback, and without an auth token, anybody may call: that is the trying-out mode. Where
        the address is a browser's, no other token than a browser's counts. No other worker may
        accept a token again: Redis says who was first. While Redis is away browsers cannot call, a
        token is all they have; a provider's upgrade was signed.
        """
        if self._settings.twilio_auth_token is None and is_loopback(self._settings.stream_host):
            return True
        call_sid, bearer = start.call_sid, Bearer.PROVIDER
        given = start.parameters.get("token") or path.removeprefix(MEDIA).strip("/")
        if announced := announced_in(path):
            named, given, bearer = announced
            if named != call_sid:
                return False
        if not self._tokens.consume(call_sid, given, bearer):
            return False
        first = None  # the answer of a Redis that is away
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_USE_TIMEOUT_S):
                first = await self._store.index.lock(call_sid, given, LIFETIMES_S[bearer])
        return bool(first) if bearer is Bearer.BROWSER else first is not False


def _refuse_unsigned(connection: ServerConnection, log_event: str) -> Response:
    _log.warning(log_event)
    metrics.calls_refused[Refusal.NOT_SIGNED].inc()
    return connection.respond(HTTPStatus.FORBIDDEN, "not signed by the provider\n")
