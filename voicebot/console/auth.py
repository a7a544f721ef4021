"""Authentication: bearer tokens for programs, a session for the page.

Without a token the console listens on loopback only, and its users are staff; then the Host
that a request names must be this machine's, so that a foreign web page cannot reach it by a DNS
name of its own (rebinding). A page's request that changes something must also bring the session's
CSRF token.

Customers' data is clear to a bearer token, and to this machine where no token is set. A session
sees it masked, except for the calls that it revealed.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import cast
from urllib.parse import urlsplit

from fastapi import Request
from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.console.masking import Visibility
from voicebot.console.middleware import Allowance, address_of
from voicebot.console.problems import Problem
from voicebot.errors import StoreUnavailable
from voicebot.log import get_logger
from voicebot.runtime.ports import is_loopback
from voicebot.settings import Settings
from voicebot.store import session_key, unavailable_when_away

COOKIE = "voicebot_session"
CSRF_HEADER = "X-CSRF-Token"

TRIES = 8
"""Wrong credentials in a row from one address, on all routes; then one more every TRY_EVERY_S."""
TRY_EVERY_S = 15

RECHECK_S = 1.0
"""A stream goes on for at most this long after its session has ended."""

SESSION_S = 12 * 3600
"""A working day; then the token is asked for again."""
REVEAL_S = 15 * 60
"""Long enough to phone a customer back; then the call is masked again."""

NO_TOKEN = ""
"""Opens sessions where no token is needed: on loopback."""

_NAME_BYTES = 32
_REVEAL = "reveal:"
_BY_COOKIE = "cookie"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_PATH = 200  # in a log line

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The sender of a request: a program, which reads in the clear, or a page with its session."""

    reads_clear: bool
    session: Session | None = None

    def visibility(self, call_sid: str) -> Visibility:
        """Return how the API shows a call's data to this visitor."""
        return Visibility.PLAIN if self.reads_clear else self.page_visibility(call_sid)

    def page_visibility(self, call_sid: str) -> Visibility:
        """Return how the live page shows a call: masked unless revealed, also on loopback."""
        revealed = self.session is not None and call_sid in self.session.revealed
        return Visibility.PLAIN if revealed else Visibility.MASKED


class Authenticator:
    """Checks requests. Raises Problem, and StoreUnavailable where a session must be looked up."""

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self._tokens = settings.console_tokens
        self._hosts = {settings.console_host.lower(), "localhost"}
        self._sessions = sessions
        self._wrong = Allowance(burst=TRIES, per_s=1 / TRY_EVERY_S)

    @property
    def wants_token(self) -> bool:
        """Whether a token is set."""
        return bool(self._tokens)

    async def check(self, request: Request) -> Visitor:
        """Return who asks; raises Problem 401, 403, 421 or 429 for a refused request."""
        self.check_origin(request)
        if not self._tokens:
            self._check_host(request)
            return Visitor(True, await self.session_of(request))
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if not self.verify(request, token.strip(), by="bearer"):
                raise Problem(401, "unauthorized", "this token is not known")
            return Visitor(True)
        session = await self.session_of(request)
        if session is None:
            detail = "a bearer token is needed, or sign in on the page"
            raise Problem(401, "unauthorized", detail, headers=_expired_cookie(request))
        given = request.headers.get(CSRF_HEADER, "")
        if request.method not in _SAFE_METHODS and not is_among(given, [session.csrf]):
            raise Problem(403, "csrf", f"send the session's token as {CSRF_HEADER}")
        return Visitor(False, session)

    def verify(self, request: Request, token: str, *, by: str) -> bool:
        """Return whether the token is known.

        Raises Problem 429, for any token, after too many wrong credentials.
        """
        if wait_s := self._wrong.wait_s(address_of(request), time.monotonic()):
            raise _too_many_tries(wait_s)
        if is_among(token, self._tokens):
            return True
        self._refuse(request, by)
        return False

    async def session_of(self, request: Request) -> Session | None:
        """Return the session of a request's cookie; an unknown cookie is a wrong credential."""
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            return None
        try:
            session = await self._sessions.find(cookie)
        except StoreUnavailable:
            if self._tokens:
                raise
            return None
        if session is None and self._tokens:
            self._refuse(request, _BY_COOKIE)
        return session

    def check_origin(self, request: Request) -> None:
        """Raise Problem 403 where another site's page asks to change something."""
        origin = request.headers.get("origin")
        if request.method in _SAFE_METHODS or origin is None:
            return
        if origin.lower().partition("://")[2] != request.headers.get("host", "").lower():
            raise Problem(403, "foreign_origin", "another site's page may not change anything here")

    def _check_host(self, request: Request) -> None:
        host = (urlsplit(f"//{request.headers.get('host', '')}").hostname or "").lower()
        if host not in self._hosts and not is_loopback(host):
            raise Problem(421, "foreign_host", "ask by http://127.0.0.1 or http://localhost")

    def _refuse(self, request: Request, by: str) -> None:
        """Count and log a wrong credential; raises Problem 429 where too many came before it."""
        address = address_of(request)
        if wait_s := self._wrong.spend(address, time.monotonic()):
            raise _too_many_tries(wait_s, _expired_cookie(request) if by == _BY_COOKIE else None)
        path = request.url.path[:_LONGEST_PATH]
        log.warning("credential_refused", by=by, path=path, client=address)


class Watcher:
    """A visitor of an event stream, which may last longer than the visitor's session."""

    def __init__(self, visitor: Visitor, sessions: Sessions | None = None) -> None:
        self._sessions = sessions
        self._checked_at = time.monotonic()
        self.visitor = visitor

    async def may_stay(self) -> bool:
        """Return whether the session is still open, read again after RECHECK_S."""
        session, now = self.visitor.session, time.monotonic()
        if session is None or self._sessions is None or now - self._checked_at < RECHECK_S:
            return True
        self._checked_at = now
        try:
            session = await self._sessions.find(session.cookie)
        except StoreUnavailable:  # without Redis no new events come either
            return True
        self.visitor = replace(self.visitor, session=session)
        return session is not None or self.visitor.reads_clear


PROGRAM = Watcher(Visitor(reads_clear=True))


def _too_many_tries(wait_s: float, headers: Mapping[str, str] | None = None) -> Problem:
    retry = {"Retry-After": str(int(wait_s) + 1)}
    detail = "wait a little before the next try"
    return Problem(429, "too_many_tries", detail, headers={**retry, **(headers or {})})


def _expired_cookie(request: Request) -> dict[str, str]:
    """Return the header that removes the browser's cookie, if it sent one."""
    if COOKIE not in request.cookies:
        return {}
    return {"Set-Cookie": f"{COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=strict"}


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. `revealed` are the calls that it sees in the clear just now."""

    cookie: str
    revealed: frozenset[str] = frozenset()

    @property
    def csrf(self) -> str:
        """The token that the page must send with every change."""
        return _hmac(self.cookie, "csrf")


class Sessions:
    """The page's sessions, kept in Redis: all consoles know them, and know which have ended.

    A cookie is a random name. Redis has its digest alone, so a reader of Redis cannot sign in:

        voicebot:session:<digest>   opened_by     HMAC of the token: a token that is taken out of
                                                  VOICEBOT_CONSOLE_TOKEN ends its sessions
                                    until         seconds since the epoch
                                    reveal:<sid>  until when the session sees this call in the clear

    Every method raises StoreUnavailable. `clock` returns seconds since the epoch.
    """

    def __init__(
        self, client: Redis, tokens: tuple[str, ...], clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._tokens = tokens or (NO_TOKEN,)
        self._clock = clock

    async def open(self, token: str) -> Session:
        """Begin a session for a browser that brought `token`."""
        session = Session(secrets.token_urlsafe(_NAME_BYTES))
        until = int(self._clock()) + SESSION_S
        await self._write(session, until, {"opened_by": _hmac(session.cookie, token)})
        return session

    async def find(self, cookie: str) -> Session | None:
        """Return the session that a cookie names, unless it has ended."""
        fields = await self._read(cookie)
        right = [_hmac(cookie, token) for token in self._tokens]
        over = _moment(fields.get("until")) <= self._clock()
        if over or not is_among(fields.get("opened_by", ""), right):
            return None
        revealed = {
            name.removeprefix(_REVEAL)
            for name, until in fields.items()
            if name.startswith(_REVEAL) and _moment(until) > self._clock()
        }
        return Session(cookie, frozenset(revealed))

    async def end(self, session: Session) -> None:
        """Delete the session, for every console and every copy of its cookie."""
        with unavailable_when_away():
            await self._client.delete(_key(session.cookie))

    async def reveal(self, session: Session, call_sid: CallSid) -> None:
        """Show the session this call in the clear for REVEAL_S."""
        fields = await self._read(session.cookie)
        now = int(self._clock())
        past = [n for n, at in fields.items() if n.startswith(_REVEAL) and _moment(at) <= now]
        # A session that ended meanwhile stays ended: its key then has no opened_by.
        await self._write(
            session,
            _moment(fields.get("until")),
            {_REVEAL + call_sid: str(now + REVEAL_S)},
            past,
        )

    async def hide(self, session: Session, call_sid: CallSid) -> None:
        """Mask this call again."""
        with unavailable_when_away():
            await self._client.hdel(_key(session.cookie), _REVEAL + call_sid)

    async def _read(self, cookie: str) -> dict[str, str]:
        with unavailable_when_away():
            return cast(dict[str, str], await self._client.hgetall(_key(cookie)))

    async def _write(
        self, session: Session, until: int, fields: dict[str, str], past: Sequence[str] = ()
    ) -> None:
        key = _key(session.cookie)
        with unavailable_when_away():
            async with self._client.pipeline(transaction=False) as pipe:
                if past:
                    pipe.hdel(key, *past)
                for name, text in {**fields, "until": str(until)}.items():
                    pipe.hset(key, name, text)
                pipe.expireat(key, until)
                await pipe.execute()


def is_among(given: str, right: Iterable[str]) -> bool:
    """Return whether `given` equals one of `right`; compares with each in constant time."""
    digits = given.encode("utf-8", "replace")
    return sum(hmac.compare_digest(digits, text.encode()) for text in right) > 0


def _key(cookie: str) -> str:
    return session_key(sha256(cookie.encode("utf-8", "replace")).hexdigest())


def _hmac(key: str, text: str) -> str:
    return hmac.new(key.encode("utf-8", "replace"), text.encode(), sha256).hexdigest()


def _moment(text: str | None) -> int:
    return int(text) if text else 0
