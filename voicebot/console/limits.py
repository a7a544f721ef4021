"""What one address may ask, and how much: the limits that stand before everything else.

An allowance is a bucket of `burst` requests that fills again at `per_s`. It stops a script that
runs wild and whoever guesses tokens, not a busy office behind one address.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voicebot.console.problems import problem

BURST = 600
PER_S = 200.0
"""Of one address. Fifty simulated phones on one machine ask half as often."""

LARGEST_BODY_BYTES = 64 * 1024
"""The longest message (2,000 characters) takes 24 KiB where each is written as two escapes."""

ADDRESSES_KEPT = 10_000
_FREE = frozenset({"/healthz", "/readyz", "/metrics"})
_DIGITS = 20  # of a declared length; a number of any length would take time to read
_PREFIX_BITS = 64  # of an IPv6 address: the rest is free to whoever has the network


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

    def take(self, address: str, now: float) -> float:
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
    """Return whom an allowance counts: the client's address, of IPv6 its network."""
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
    """429 for an address that asks without end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._allowance = Allowance(burst=BURST, per_s=PER_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["path"] not in _FREE:
            address = address_of(HTTPConnection(scope))
            if wait_s := self._allowance.take(address, time.monotonic()):
                headers = {"Retry-After": str(int(wait_s) + 1)}
                answer = problem(429, "too_many_requests", "slow down", headers=headers)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """413 for a body of more than LARGEST_BODY_BYTES. A request goes on when it is whole."""

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
