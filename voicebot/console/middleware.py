"""What stands before every route: limits of rate, size and time, and the security headers.

An allowance is a token bucket of `burst` requests that refills at `per_s`. It stops a runaway
script and the guessing of tokens, not a busy office behind one address. Plain ASGI: streams pass
untouched.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import h11
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from voicebot.console.problems import problem
from voicebot.runtime.http_server import HttpServer
from voicebot.runtime.ports import is_authority
from voicebot.settings import Settings

BURST = 600
PER_S = 200.0
"""Of one address. Fifty simulated phones on one machine ask half as often."""

LARGEST_BODY_BYTES = 64 * 1024
"""The longest message (2,000 characters) takes 24 KiB where each is written as two escapes."""

ADDRESSES_KEPT = 10_000
_FREE = frozenset({"/healthz", "/readyz", "/metrics"})
_DIGITS = 20  # of a declared length; a number of any length would take time to read
_PREFIX_BITS = 64  # of an IPv6 address: one customer has a whole network


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Allowance:
    """One rule for all addresses. `now` is in seconds of any steady clock."""

    def __init__(self, *, burst: float, per_s: float) -> None:
        self._burst = burst
        self._per_s = per_s
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def spend(self, address: str, now: float) -> float:
        """Spend one; return the seconds to wait for the next one where none was left, else 0.0."""
        if wait_s := self.wait_s(address, now):
            return wait_s
        self._buckets[address].left -= 1
        return 0.0

    def wait_s(self, address: str, now: float) -> float:
        """Return the seconds until one may be spent; 0.0 when it may be now."""
        bucket = self._buckets.pop(address, None) or _Bucket(self._burst, now)
        self._buckets[address] = bucket
        if len(self._buckets) > ADDRESSES_KEPT:
            self._buckets.popitem(last=False)
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._per_s)
        bucket.at = now
        return 0.0 if bucket.left >= 1 else (1 - bucket.left) / self._per_s


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


class Throttle:
    """Answers 429 to an address that asks more than the allowance."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._allowance = Allowance(burst=BURST, per_s=PER_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["path"] not in _FREE:
            address = address_of(HTTPConnection(scope))
            if wait_s := self._allowance.spend(address, time.monotonic()):
                headers = {"Retry-After": str(int(wait_s) + 1)}
                answer = problem(429, "too_many_requests", "slow down", headers=headers)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Answers 413 to a body of more than LARGEST_BODY_BYTES; passes on whole requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Request(scope).headers.get("content-length", "")
        body, more = bytearray(), True
        too_large = declared.isdecimal() and int(declared[:_DIGITS]) > LARGEST_BODY_BYTES
        while more and not too_large:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            too_large = len(body) > LARGEST_BODY_BYTES
        if too_large:
            detail = f"a request's body may have {LARGEST_BODY_BYTES} bytes"
            headers = {"Connection": "close"}  # what still comes is not read
            answer = problem(413, "body_too_large", detail, headers=headers)
            await answer(scope, receive, send)
            return
        whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def receive_whole() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, receive_whole, send)


_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


class Headers:
    """Adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = Request(scope).headers.get("host", "")
        readable = not named or is_authority(named)
        host = (urlsplit(f"//{named}").hostname or "") if readable else ""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy(stream_origins(self._settings, host))
                for name, value in _FIXED.items():
                    headers[name] = value
                kept = "ETag" in headers  # a file, which the browser may keep and ask for again
                headers.setdefault("Cache-Control", "no-cache" if kept else "no-store")
            await send(message)

        bad = problem(400, "bad_host", "this Host is no name with a port")
        await (self._app if readable else bad)(scope, receive, send_on)


def policy(streams: list[str]) -> str:
    """Return the Content-Security-Policy: scripts and styles from here alone, nothing inline."""
    connect = " ".join(["'self'", *streams])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"font-src 'self'; connect-src {connect}; worker-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def stream_origins(settings: Settings, host: str) -> list[str]:
    """Return the origins to which the page may open a WebSocket."""
    if settings.public_url:
        place = urlsplit(settings.public_url).netloc
        return [f"ws://{place}", f"wss://{place}"]
    return [f"ws://{host}:{settings.stream_port}"] if host else []


REQUEST_S = 10.0
"""From the first byte of a request (for the first one: from the connection) to its last."""


class PunctualHTTP(H11Protocol):
    """Answers 408 and closes where a request is not whole within REQUEST_S.

    Uvicorn waits without limit for the rest of a head or a body.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._unwatch()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Stop the deadline: the connection belongs to another protocol from here on."""
        self._unwatch()
        super().handle_websocket_upgrade(event)

    def _watch(self) -> None:
        """Start the deadline of a request, or stop it when the request is whole."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
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


def console_server(app: FastAPI, host: str, port: int, ready: Callable[[], None]) -> HttpServer:
    """Return the server of the console's app; `ready` is called when it accepts connections."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PunctualHTTP,
        proxy_headers=False,  # the app heeds them, from VOICEBOT_TRUSTED_PROXIES alone
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    return HttpServer(config, ready)
