"""Authentication: bearer tokens for programs, a session for the page.

Without a token the console listens on loopback only, and its users are staff; then the Host
that a request names must be this machine's, so that a foreign web page cannot reach it by a DNS
name of its own (rebinding). A page's request that changes something must also bring the session's
CSRF token.

Customers' data is clear to a bearer token, and to this machine where no token is set. A session
sees it masked, except for the calls that it revealed.
"""

import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import cast
from urllib.parse import urlsplit

from fastapi import Request, Response
from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.console.masking import Visibility
from voicebot.console.middleware import Allowance, address_of
from voicebot.console.problems import Problem
from voicebot.log import get_logger
from voicebot.runtime.ports import is_loopback
from voicebot.settings import Settings
from voicebot.store import AWAY

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
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_PATH = 200  # in a log line

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. `revealed` are the calls that it sees in the clear just now."""

    cookie: str
    revealed: frozenset[str] = frozenset()

    @property
    def csrf(self) -> str:
        """The token that the page must send with every change."""
        return _hmac(self.cookie, "csrf")

    def set_cookie(self, request: Request, response: Response) -> None:
        response.set_cookie(
            COOKIE,
            self.cookie,
            max_age=SESSION_S,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )


class Sessions:
    """The page's sessions, kept in Redis: all consoles know them, and know which have ended.

    A cookie is a random name. Redis has its digest alone, so a reader of Redis cannot sign in:

        voicebot:session:<digest>   opened_by     HMAC of the token: a token that is taken out of
                                                  VOICEBOT_CONSOLE_TOKEN ends its sessions
                                    until         seconds since the epoch
                                    reveal:<sid>  until when the session sees this call in the clear

    Every method raises store.AWAY. `clock` returns seconds since the epoch.
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
        fields = {"opened_by": _hmac(session.cookie, token), "until": str(until)}
        await self._write(session.cookie, fields, until)
        return session

    async def find(self, cookie: str) -> Session | None:
        """Return the session that a cookie names, unless it has ended."""
        fields = cast(dict[str, str], await self._client.hgetall(_key(cookie)))
        right = [_hmac(cookie, token) for token in self._tokens]
        now, until = self._clock(), int(fields.pop("until", 0))
        if until <= now or not is_among(fields.pop("opened_by", ""), right):
            return None
        revealed = (name.removeprefix(_REVEAL) for name, end in fields.items() if int(end) > now)
        return Session(cookie, frozenset(revealed))

    async def end(self, session: Session) -> None:
        """Delete the session, for every console and every copy of its cookie."""
        await self._client.delete(_key(session.cookie))

    async def reveal(self, session: Session, call_sid: CallSid) -> None:
        """Show the session this call in the clear for REVEAL_S."""
        until = await cast(Awaitable[str | None], self._client.hget(_key(session.cookie), "until"))
        # A session that ended meanwhile stays ended: its key expires at once.
        reveal = {_REVEAL + call_sid: str(int(self._clock()) + REVEAL_S)}
        await self._write(session.cookie, reveal, int(until or 0))

    async def hide(self, session: Session, call_sid: CallSid) -> None:
        await self._client.hdel(_key(session.cookie), _REVEAL + call_sid)

    async def _write(self, cookie: str, fields: Mapping[str, str], until: int) -> None:
        async with self._client.pipeline(transaction=False) as pipe:
            pipe.hset(_key(cookie), items=[part for pair in fields.items() for part in pair])
            pipe.expireat(_key(cookie), until)
            await pipe.execute()


@dataclass(slots=True)
class Visitor:
    """The sender of a request: a program, which reads in the clear, or a page with its session.

    An event stream may last longer than its visitor's session: it asks whether they `may_stay`.
    """

    reads_clear: bool
    session: Session | None = None
    sessions: Sessions | None = None
    checked_at: float = field(default_factory=time.monotonic)

    def visibility(self, call_sid: str) -> Visibility:
        """Return how the API shows a call's data to this visitor."""
        return Visibility.PLAIN if self.reads_clear else self.page_visibility(call_sid)

    def page_visibility(self, call_sid: str) -> Visibility:
        """Return how the live page shows a call: masked unless revealed, also on loopback."""
        revealed = self.session is not None and call_sid in self.session.revealed
        return Visibility.PLAIN if revealed else Visibility.MASKED

    async def may_stay(self) -> bool:
        """Return whether the session is still open, read again after RECHECK_S."""
        now = time.monotonic()
        if self.session is None or self.sessions is None or now - self.checked_at < RECHECK_S:
            return True
        self.checked_at = now
        try:
            self.session = await self.sessions.find(self.session.cookie)
        except AWAY:  # without Redis no new events come either
            return True
        return self.session is not None or self.reads_clear


class Authenticator:
    """Checks requests. Raises Problem, and store.AWAY where a session must be looked up."""

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self._tokens = settings.console_tokens
        self._hosts = {settings.console_host.lower(), "localhost"}
        self._sessions = sessions
        self._wrong = Allowance(burst=TRIES, per_s=1 / TRY_EVERY_S)

    @property
    def wants_token(self) -> bool:
        return bool(self._tokens)

    async def check(self, request: Request) -> Visitor:
        """Return who asks; raises Problem 401, 403, 421 or 429 for a refused request."""
        self.check_origin(request)
        if not self._tokens:
            self._check_host(request)
            return Visitor(True, await self.session_of(request), self._sessions)
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
        return Visitor(False, session, self._sessions)

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
        except AWAY:
            if self._tokens:
                raise
            return None
        if session is None and self._tokens:
            self._refuse(request, "cookie", _expired_cookie(request))
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

    def _refuse(self, request: Request, by: str, headers: Mapping[str, str] | None = None) -> None:
        """Count and log a wrong credential; raises Problem 429 where too many came before it."""
        address = address_of(request)
        if wait_s := self._wrong.spend(address, time.monotonic()):
            raise _too_many_tries(wait_s, headers)
        path = request.url.path[:_LONGEST_PATH]
        log.warning("credential_refused", by=by, path=path, client=address)


def is_among(given: str, right: Iterable[str]) -> bool:
    """Return whether `given` equals one of `right`; compares with each in constant time."""
    digits = given.encode("utf-8", "replace")
    return sum(hmac.compare_digest(digits, text.encode()) for text in right) > 0


def _too_many_tries(wait_s: float, headers: Mapping[str, str] | None = None) -> Problem:
    retry = {"Retry-After": str(int(wait_s) + 1)}
    detail = "wait a little before the next try"
    return Problem(429, "too_many_tries", detail, headers={**retry, **(headers or {})})


def _expired_cookie(request: Request) -> dict[str, str]:
    """Return the header that removes the browser's cookie, if it sent one."""
    if COOKIE not in request.cookies:
        return {}
    return {"Set-Cookie": f"{COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=strict"}


def _key(cookie: str) -> str:
    digest = sha256(cookie.encode("utf-8", "replace")).hexdigest()
    return f"voicebot:session:{digest}"


def _hmac(key: str, text: str) -> str:
    return hmac.new(key.encode("utf-8", "replace"), text.encode(), sha256).hexdigest()
