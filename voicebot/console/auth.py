"""Who may come in: bearer tokens for programs, a session cookie for the page.

Without a token the console listens on loopback only and everybody there is staff; then the Host
that a request names must be this machine's, so that a foreign web page cannot get here by a DNS
name of its own (rebinding).

A session is `expiry.nonce.HMAC`, sealed with the token that opened it: nothing is stored, any
console process can check it, and a token that is taken out of VOICEBOT_CONSOLE_TOKEN takes its
sessions with it. A request that changes something must also bring the session's CSRF token.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request

from voicebot.console.problems import Problem
from voicebot.settings import Settings

COOKIE = "voicebot_session"
CSRF_HEADER = "X-CSRF-Token"
SESSION_S = 12 * 3600
"""A working day; then the token is asked for again."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Session:
    """What a browser keeps: the cookie, and what its page must repeat to change something."""

    cookie: str
    csrf: str


class Gate:
    """Checks requests. `clock` gives seconds since the epoch."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens_of(settings)
        self._hosts = {settings.console_host.lower(), "localhost"}
        self._clock = clock

    @property
    def wants_token(self) -> bool:
        """Is a token needed at all?"""
        return bool(self._tokens)

    def open_session(self, token: str) -> Session | None:
        """A session for whoever knows a token; None for anybody else."""
        if not self._knows(token):
            return None
        expiry = int(self._clock()) + SESSION_S
        payload = f"{expiry}.{secrets.token_urlsafe(_NONCE_BYTES)}"
        cookie = f"{payload}.{_seal(token, 'session', payload)}"
        return Session(cookie, _seal(token, "csrf", cookie))

    def session_of(self, request: Request) -> Session | None:
        """The valid session that a request brings."""
        cookie = request.cookies.get(COOKIE, "")
        payload, _, seal = cookie.rpartition(".")
        expiry = payload.partition(".")[0]
        if not expiry.isdecimal() or int(expiry) < self._clock():
            return None
        for token in self._tokens:
            if _same(_seal(token, "session", payload), seal):
                return Session(cookie, _seal(token, "csrf", cookie))
        return None

    async def check(self, request: Request) -> None:
        """A dependency: raises Problem 401, 403 or 421 unless the request may come in."""
        self.check_origin(request)
        if not self._tokens:
            self._check_host(request)
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._knows(token.strip()):
            return
        session = self.session_of(request)
        if session is None:
            raise Problem(401, "unauthorized", "a bearer token is needed, or sign in on the page")
        given = request.headers.get(CSRF_HEADER, "")
        if request.method not in _SAFE_METHODS and not _same(session.csrf, given):
            raise Problem(403, "csrf", f"send the session's token as {CSRF_HEADER}")

    def check_origin(self, request: Request) -> None:
        """A browser names the page that asks: only our own may change something."""
        origin = request.headers.get("origin")
        if request.method in _SAFE_METHODS or origin is None:
            return
        if origin.lower().partition("://")[2] != request.headers.get("host", "").lower():
            raise Problem(403, "foreign_origin", "another site's page may not change anything here")

    def _check_host(self, request: Request) -> None:
        host = (urlsplit(f"//{request.headers.get('host', '')}").hostname or "").lower()
        if host not in self._hosts and not _is_loopback(host):
            raise Problem(421, "foreign_host", "ask by http://127.0.0.1 or http://localhost")

    def _knows(self, given: str) -> bool:
        """All tokens are compared, each in constant time."""
        return sum(_same(token, given) for token in self._tokens) > 0


class Grants:
    """Proof that somebody asked to see a call's data and that this was logged.

    It travels in the page's own requests. After a restart of the console it is asked for anew,
    unless a token seals it.
    """

    def __init__(self, settings: Settings) -> None:
        tokens = tokens_of(settings)
        self._key = tokens[0] if tokens else secrets.token_urlsafe(_NONCE_BYTES)

    def issue(self, call_sid: str) -> str:
        """For one call."""
        return _seal(self._key, "reveal", call_sid)

    def admits(self, call_sid: str, given: str) -> bool:
        """Was it issued for this call?"""
        return _same(self.issue(call_sid), given)


def tokens_of(settings: Settings) -> tuple[str, ...]:
    """VOICEBOT_CONSOLE_TOKEN: one token or several, with commas or spaces between."""
    if settings.console_token is None:
        return ()
    return tuple(settings.console_token.get_secret_value().replace(",", " ").split())


def _seal(key: str, purpose: str, text: str) -> str:
    return hmac.new(key.encode(), f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def _same(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.encode("utf-8", "replace"))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
