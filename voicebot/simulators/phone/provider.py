"""The provider of a call: asks the webhook, follows its TwiML, runs the stream.

ring ── GET /twiml ──┬─ <Connect>   stream until the server closes it, then the next verb
                     ├─ <Redirect>  GET /twiml again
                     ├─ <Pause>     wait         <Say>  the provider's own voice
                     ├─ <Dial>      TRANSFERRED
                     └─ <Hangup/>   HUNG_UP: the bot ended the call
the caller hangs up: CALLER_LEFT      no verb left, no answer: LOST
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit
from urllib.request import Request as ToOpen

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidURI

from voicebot.error_texts import open_directly, why
from voicebot.errors import PhoneError
from voicebot.signature import HEADER, sign
from voicebot.simulators.phone.line import Clock, MediaStream, Talk
from voicebot.simulators.phone.twiml import (
    Connect,
    Dial,
    Hangup,
    Pause,
    Redirect,
    Say,
    Verb,
    parse_twiml,
)
from voicebot.simulators.phone.wire import ACCOUNT_SID, Messages

WEBHOOK_S: Final = 15.0
"""The provider's time limit for an answer of a webhook."""

MOST_DOCUMENTS: Final = 50
"""TwiML documents in one call; more is a loop of redirects."""

CALLED: Final = "+61255501000"
"""A number that the Australian regulator keeps for fiction."""

_RETRY_S: Final = 0.5
_ELSEWHERE: Final = "; the server's VOICEBOT_PUBLIC_URL sends calls there"
_SIGNED_ONLY: Final = (
    "; the server takes signed calls only: give this command its VOICEBOT_TWILIO_AUTH_TOKEN and "
    "VOICEBOT_PUBLIC_URL"
)


class Outcome(StrEnum):
    """The end of a call."""

    HUNG_UP = "hung up"
    TRANSFERRED = "transferred"
    CALLER_LEFT = "caller left"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Dialled:
    """The numbers of a call, and the address of the stream server.

    url         its WebSocket address (`ws://…/media`); the webhook is `/twiml` of the same host and
                port
    auth_token  signs the requests, as the provider does with the account's token
    public_url  the address that the provider would ask, which is what it signs; without one the
                dialled address is signed
    """

    url: str
    call_sid: str
    caller: str
    called: str
    auth_token: str | None = field(default=None, repr=False)
    public_url: str | None = None

    @property
    def webhook(self) -> str:
        """The webhook's URL with the call's parameters; raises PhoneError."""
        at = urlsplit(self.url)
        if at.scheme not in ("ws", "wss") or not at.netloc:
            raise PhoneError(f"{self.url!r} is no WebSocket address; it looks like ws://HOST/media")
        asked = {
            "CallSid": self.call_sid,
            "AccountSid": ACCOUNT_SID,
            "From": self.caller,
            "To": self.called,
            "Direction": "inbound",
            "CallStatus": "ringing",
        }
        scheme = "https" if at.scheme == "wss" else "http"
        return urlunsplit((scheme, at.netloc, "/twiml", urlencode(asked), ""))

    def signed(self, url: str) -> dict[str, str]:
        """Return the headers of a request for `url`: its signature, where there is a token."""
        if self.auth_token is None:
            return {}
        at, public = urlsplit(url), urlsplit(self.public_url or "")
        if public.netloc and at.scheme.startswith("http"):  # a stream's address is public already
            url = urlunsplit(at._replace(scheme=public.scheme, netloc=public.netloc))
        return {HEADER: sign(self.auth_token, url)}


def new_call_sid() -> str:
    """Return a random callSid in the provider's form."""
    return "CA" + secrets.token_hex(16)


def new_caller() -> str:
    """Return a random caller's number; a repeated number would resume an earlier call."""
    return f"+61491{secrets.randbelow(10**6):06d}"


class Provider:
    """Runs one call. `notice` receives a short text for each action of the provider."""

    def __init__(self, dialled: Dialled, clock: Clock, notice: Callable[[str], None]) -> None:
        self.lines: list[MediaStream] = []
        """All streams of this call, the current one last."""
        self._dialled = dialled
        self._clock = clock
        self._notice = notice
        self._hung_up = asyncio.Event()

    @property
    def complaints(self) -> tuple[str, ...]:
        """Messages that the provider would drop or warn about, once each."""
        return tuple(dict.fromkeys(c for line in self.lines for c in line.complaints))

    def hang_up(self) -> None:
        """Hang up, in any state of the call."""
        self._hung_up.set()
        for line in self.lines[-1:]:
            line.hang_up()

    async def carry(self, caller: Talk) -> Outcome:
        """Run the call to its end; raises PhoneError when the webhook cannot be reached."""
        url = self._dialled.webhook
        for _ in range(MOST_DOCUMENTS):
            verbs = parse_twiml(await self._ask(url))
            step = await self._follow(verbs, caller)
            if isinstance(step, Outcome):
                return step
            url = self._redirected(url, step)
        raise PhoneError(f"the webhook redirected {MOST_DOCUMENTS} times")

    async def stream(self, caller: Talk) -> None:
        """Run one stream at the dialled address, of a server that has no webhook, to its end."""
        await self._connect(Connect(self._dialled.url, {}), caller)

    async def _follow(self, verbs: tuple[Verb, ...], caller: Talk) -> Outcome | Redirect:
        for verb in verbs:
            match verb:
                case Connect():
                    await self._connect(verb, caller)
                case Pause(seconds):
                    await self._pause(seconds)
                case Say(text):
                    self._notice(f"the provider says: {text}")
                case Dial(number):
                    self._notice(f"the provider connects the caller with {number}")
                    return Outcome.TRANSFERRED
                case Hangup():
                    return Outcome.HUNG_UP
                case Redirect():
                    return verb
            if self._hung_up.is_set():
                return Outcome.CALLER_LEFT
        return Outcome.LOST

    async def _connect(self, verb: Connect, caller: Talk) -> None:
        """Run the stream to its end; one that cannot be opened is skipped, as at the provider."""
        messages = Messages(self._dialled.call_sid, "MZ" + secrets.token_hex(16), verb.parameters)
        try:
            socket = await connect(
                verb.url,
                additional_headers=self._dialled.signed(verb.url),
                compression=None,
                proxy=None,
                open_timeout=10,
            )
        except (OSError, InvalidHandshake, InvalidURI) as error:
            reason = f": {error}"
            if isinstance(error, OSError):
                reason = f" ({why(error)}){'' if verb.url == self._dialled.url else _ELSEWHERE}"
            self._notice(f"the stream did not open at {verb.url}{reason}")
            await self._pause(_RETRY_S)
            return
        async with socket:
            line = MediaStream(socket, messages, self._clock)
            self.lines.append(line)
            await line.hold(caller)
        if line.hung_up:
            self._hung_up.set()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._hung_up.wait()
        except TimeoutError:
            return

    async def _ask(self, url: str) -> str:
        """Fetch TwiML; during a call, wait for a server that restarts."""
        patient_until = self._clock.now() + (WEBHOOK_S if self.lines else 0.0)
        while True:
            try:
                return await asyncio.to_thread(_get, url, self._dialled.signed(url))
            except PhoneError:
                if self._clock.now() >= patient_until or self._hung_up.is_set():
                    raise
                await self._pause(_RETRY_S)

    def _redirected(self, url: str, redirect: Redirect) -> str:
        """Return the redirect's URL with the call's parameters, which the provider adds."""
        at = urlsplit(urljoin(url, redirect.url))
        own = urlsplit(self._dialled.webhook).query
        query = "&".join(part for part in (at.query, own) if part)
        return urlunsplit((at.scheme, at.netloc, at.path, query, ""))


def _get(url: str, headers: Mapping[str, str]) -> str:
    try:
        with open_directly(ToOpen(url, headers=dict(headers)), timeout=WEBHOOK_S) as response:
            body: bytes = response.read()
            return body.decode(errors="replace")
    except HTTPError as error:
        error.close()
        mend = _SIGNED_ONLY if error.code == HTTPStatus.FORBIDDEN else ""
        raise PhoneError(f"the webhook answered {error.code}: {_place(url)}{mend}") from error
    except (OSError, HTTPException, UnicodeError) as error:  # URLError is an OSError
        raise PhoneError(
            f"no server answers at {_place(url)} ({why(error)}); start the server in another "
            "terminal: make run-local (or: voicebot serve)"
        ) from error


def _place(url: str) -> str:
    """Return the address without its query, which holds the caller's number."""
    at = urlsplit(url)
    return f"{at.scheme}://{at.netloc}{at.path}"
