"""The page's sessions, kept in Redis: all consoles know them, and know which have ended.

A cookie is a random name. Redis has its digest alone, so whoever reads Redis cannot come in by it:

    voicebot:session:<digest>   opened_by     HMAC of the token, so that a token that is taken out
                                              of VOICEBOT_CONSOLE_TOKEN takes its sessions with it
                                until         seconds since the epoch
                                reveal:<sid>  until when the session sees this call in the clear
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.store.client import answering
from voicebot.store.keys import session_key

SESSION_S = 12 * 3600
"""A working day; then the token is asked for again."""
REVEAL_S = 15 * 60
"""Long enough to ring a customer back; then the call is masked again."""

NO_TOKEN = ""
"""Opens sessions where no token is needed: on loopback."""

_NAME_BYTES = 32
_REVEAL = "reveal:"


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. `revealed` are the calls that it sees in the clear just now."""

    cookie: str
    revealed: frozenset[str] = frozenset()

    @property
    def csrf(self) -> str:
        """What the page must repeat to change something."""
        return _hmac(self.cookie, "csrf")


class Sessions:
    """Every method raises StoreUnavailable. `clock` gives seconds since the epoch."""

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
        """Forget the session: its cookie opens nothing any more."""
        with answering():
            await self._client.delete(_key(session.cookie))

    async def reveal(self, session: Session, call_sid: CallSid) -> None:
        """Show the session this call in the clear for REVEAL_S."""
        fields = await self._read(session.cookie)
        now = int(self._clock())
        past = [n for n, at in fields.items() if n.startswith(_REVEAL) and _moment(at) <= now]
        # A session that ended meanwhile stays ended: nobody stands there as who opened it.
        await self._write(
            session,
            _moment(fields.get("until")),
            {_REVEAL + call_sid: str(now + REVEAL_S)},
            past,
        )

    async def hide(self, session: Session, call_sid: CallSid) -> None:
        """Mask this call again."""
        with answering():
            await self._client.hdel(_key(session.cookie), _REVEAL + call_sid)

    async def _read(self, cookie: str) -> dict[str, str]:
        with answering():
            return cast(dict[str, str], await self._client.hgetall(_key(cookie)))

    async def _write(
        self, session: Session, until: int, fields: dict[str, str], past: Sequence[str] = ()
    ) -> None:
        key = _key(session.cookie)
        with answering():
            async with self._client.pipeline(transaction=False) as pipe:
                if past:
                    pipe.hdel(key, *past)
                for name, text in {**fields, "until": str(until)}.items():
                    pipe.hset(key, name, text)
                pipe.expireat(key, until)
                await pipe.execute()


def is_among(given: str, right: Iterable[str]) -> bool:
    """Compare with all of them, each in constant time."""
    digits = given.encode("utf-8", "replace")
    return sum(hmac.compare_digest(digits, text.encode()) for text in right) > 0


def _key(cookie: str) -> str:
    return session_key(sha256(cookie.encode("utf-8", "replace")).hexdigest())


def _hmac(key: str, text: str) -> str:
    return hmac.new(key.encode("utf-8", "replace"), text.encode(), sha256).hexdigest()


def _moment(text: str | None) -> int:
    return int(text) if text else 0
