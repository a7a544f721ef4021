"""Middleware of every route: limits of rate, size and time, and the security headers.

It stops a runaway script and the guessing of tokens, not a busy office behind one address. Plain
ASGI: streams pass untouched.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import h11
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from voicebot.console.problems import problem
from voicebot.runtime.http_server import HttpServer
from voicebot.runtime.ports import is_authority, require_staff_token
from voicebot.runtime.process import Lifetime
from voicebot.settings import Settings, load_settings

BURST = 600
PER_S = 200.0
"""Of one address. Fifty simulated phones on one machine ask half as often."""

LARGEST_BODY_BYTES = 64 * 1024
"""The longest message (2,000 characters) takes 24 KiB where each is written as two escapes."""

REQUEST_S = 10.0
"""From the first byte of a request (for the first one: from the connection) to its last."""

ADDRESSES_KEPT = 10_000
_FREE = frozenset({"/healthz", "/readyz", "/metrics"})
_DIGITS = 20  # of a declared length; a number of any length would take time to read
_PREFIX_BITS = 64  # of an IPv6 address: one customer has a whole network
_FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


class Allowance:
    """A bucket of `burst` tokens for each address, which refills at `per_s`.

    `now` is in seconds of any steady clock.
    """

    def __init__(self, *, burst: float, per_s: float) -> None:
        self._one_s = 1 / per_s
        self._all_s = burst / per_s
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def spend(self, address: str, now: float) -> float:
        """Spend one; return the seconds to wait for the next one where none was left, else 0.0."""
        if wait_s := self.wait_s(address, now):
            return wait_s
        self._full_at[address] = max(now, self._full_at.pop(address, now)) + self._one_s
        if len(self._full_at) > ADDRESSES_KEPT:
            self._full_at.popitem(last=False)
        return 0.0

    def wait_s(self, address: str, now: float) -> float:
        """Return the seconds until one may be spent; 0.0 when it may be now."""
        full_in_s = max(0.0, self._full_at.get(address, now) - now)
        return max(0.0, full_in_s + self._one_s - self._all_s)


def address_of(connection: HTTPConnection) -> str:
    """Return the address that an allowance counts: the client's, of IPv6 its network."""
    host = connection.client.host if connection.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _PREFIX_BITS), strict=False))


class Gate:
    """Passes on whole requests that keep the limits, and adds the security headers to answers.

    400: a Host that is none; 413: a body of more than LARGEST_BODY_BYTES; 429: an address that
    asks more than its allowance.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._allowance = Allowance(burst=BURST, per_s=PER_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        named = request.headers.get("host", "")
        readable = not named or is_authority(named)
        host = (urlsplit(f"//{named}").hostname or "") if readable else ""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _policy(self._settings, host)
                headers.update(_FIXED_HEADERS)
                kept = "ETag" in headers  # a file, which the browser may keep and ask for again
                headers.setdefault("Cache-Control", "no-cache" if kept else "no-store")
            await send(message)

        answer = self._app
        if not readable:
            answer = problem(400, "bad_host", "this Host is no name with a port")
        elif request.url.path not in _FREE and (
            wait_s := self._allowance.spend(address_of(request), time.monotonic())
        ):
            headers = {"Retry-After": str(int(wait_s) + 1)}
            answer = problem(429, "too_many_requests", "slow down", headers=headers)
        else:
            try:
                body = await _body(request)
            except ClientDisconnect:
                return
            if body is None:
                detail = f"a request's body may have {LARGEST_BODY_BYTES} bytes"
                headers = {"Connection": "close"}  # what still comes is not read
                answer = problem(413, "body_too_large", detail, headers=headers)
            else:
                receive = _again(body, receive)
        await answer(scope, receive, send_on)


async def _body(request: Request) -> bytes | None:
    """Return the whole body, or None where it is too large; raises ClientDisconnect."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:_DIGITS]) > LARGEST_BODY_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            return None
    return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what receives a body that was read already, and then what comes."""
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return whole.pop() if whole else await receive()

    return receive_again


def _policy(settings: Settings, host: str) -> str:
    """Return the Content-Security-Policy: scripts and styles from here alone, nothing inline, and
    WebSockets to the stream server."""
    streams = f" ws://{host}:{settings.stream_port}" if host else ""
    if settings.public_url:
        place = urlsplit(settings.public_url).netloc
        streams = f" ws://{place} wss://{place}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"font-src 'self'; connect-src 'self'{streams}; worker-src 'self'; "
        "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class PunctualHTTP(H11Protocol):
    """Answers 408 and closes where a request is not whole within REQUEST_S.

    Uvicorn waits without limit for the rest of a head or a body.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Start the deadline of a request, or stop it when the request is whole."""
        if self.transport.is_closing():
            return
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_S, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = problem(408, "request_timeout", "the request did not come to its end")
            head = [*answer.raw_headers, (b"connection", b"close")]
            for event in (
                h11.Response(status_code=408, headers=head),
                h11.Data(data=bytes(answer.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


async def serve_console(lifetime: Lifetime, make_app: Callable[[Settings], FastAPI]) -> None:
    """Serve an app at the console's port until told to stop.

    Raises SettingsError for a network address without a token.
    """
    settings = load_settings()
    require_staff_token(settings)
    host, port = settings.console_host, settings.console_port
    ready = partial(lifetime.ready, f"http://{host}:{port}")
    server = console_server(make_app(settings), host, port, ready)
    await server.serve_until(lifetime.stopping)


def console_server(app: FastAPI, host: str, port: int, ready: Callable[[], None]) -> HttpServer:
    """Return the server of the console's app; `ready` is called when it accepts connections."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PunctualHTTP,
        ws="none",
        proxy_headers=False,  # the app heeds them, from VOICEBOT_TRUSTED_PROXIES alone
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    return HttpServer(config, ready)
