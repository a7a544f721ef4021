"""A call from the browser: the console asks the webhook as a provider would, the page obeys.

    page ── POST /live/trial ──► console ── signed GET /twiml ──► stream server
         ◄── the verbs of its TwiML, among them the stream's address with its one-time pass

The page is the telephone and follows the verbs in order; a redirect is the same request again.
Where an auth token is set the console signs, as it knows the token; what it signs is the address
that the provider would have asked. A browser gets on to no call but a browser's.
"""

from __future__ import annotations

import asyncio
from http.client import HTTPException
from typing import Final, Literal
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener
from urllib.request import Request as Ask
from uuid import uuid4

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from voicebot.call import BROWSER_PREFIX, CallSid
from voicebot.console.dependencies import RoomsNow
from voicebot.console.problems import Problem
from voicebot.errors import PhoneError
from voicebot.runtime.ports import stream_door
from voicebot.settings import Settings
from voicebot.signature import HEADER, sign
from voicebot.simulators.phone.twiml import Connect, Dial, Hangup, Pause, Redirect, Say, Verb, parse

_PATIENCE_S: Final = 3.0
_LARGEST_ANSWER_BYTES: Final = 64 * 1024
_MOST_TRIES: Final = 99
_WEBHOOK: Final = "/twiml"
_SCHEMES: Final = {"ws": "http", "wss": "https"}

router = APIRouter(prefix="/live/trial", include_in_schema=False)


class Wish(BaseModel):
    """A new call, or what to do now with one that a browser has begun."""

    callSid: str | None = Field(None, pattern=rf"^{BROWSER_PREFIX}[A-Za-z0-9_-]{{1,60}}$")
    tries: int = Field(0, ge=0, le=_MOST_TRIES)


class Order(BaseModel):
    """One TwiML verb. `text` is what a Say says and whom a Dial dials."""

    verb: Literal["connect", "redirect", "pause", "say", "dial", "hangup"]
    url: str = ""
    parameters: dict[str, str] = {}
    tries: int = 0
    seconds: float = 0.0
    text: str = ""


class Orders(BaseModel):
    """What the page shall do with its call, in this order."""

    callSid: str
    verbs: list[Order]


@router.post("")
async def ask(body: Wish, request: Request, house: RoomsNow) -> Orders:
    """What a provider would be told about a call of this browser."""
    call_sid = CallSid(body.callSid or f"{BROWSER_PREFIX}{uuid4().hex}")
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    query = urlencode({"CallSid": call_sid, "From": "browser", "To": "", "try": body.tries})
    answer = await asyncio.to_thread(_answer, house.settings, host, f"{_WEBHOOK}?{query}")
    try:
        verbs = parse(answer.decode("utf-8", "replace"))
    except PhoneError as error:
        raise Problem(502, "webhook_refused", str(error)) from error
    return Orders(callSid=call_sid, verbs=[_order(verb) for verb in verbs])


def _answer(settings: Settings, host: str, path: str) -> bytes:
    """The webhook's TwiML: of this machine's stream server, else of the one at the public URL."""
    door = stream_door(settings)
    public = _public(settings)
    asked_for = (public or f"http://{host}:{door.port}") + path
    token = settings.twilio_auth_token
    headers = {HEADER: sign(token.get_secret_value(), asked_for)} if token else {}
    here = f"http://{door.reachable_host}:{door.port}{path}"
    try:
        return _fetch(here, headers | {"Host": f"{host}:{door.port}"}, proxies={})
    except OSError as nobody:
        if public is None:
            raise Problem(
                503, "no_stream_server", "no stream server answers; is it running?"
            ) from nobody
    try:
        return _fetch(asked_for, headers)
    except OSError as nobody:
        raise Problem(
            503, "no_stream_server", "no stream server answers here or at VOICEBOT_PUBLIC_URL"
        ) from nobody


def _public(settings: Settings) -> str | None:
    """The address that a provider's webhook is configured with, without its path."""
    if not settings.public_url:
        return None
    parts = urlsplit(settings.public_url.rstrip("/"))
    return urlunsplit(parts._replace(scheme=_SCHEMES.get(parts.scheme, parts.scheme)))


class _Stay(HTTPRedirectHandler):
    """The signature is for the webhook's address: it goes nowhere else."""

    def redirect_request(self, *_: object) -> None:
        """What redirects is refused like any other status."""


def _fetch(url: str, headers: dict[str, str], proxies: dict[str, str] | None = None) -> bytes:
    """Raises OSError where nobody answers, Problem where the answer is no.

    proxies  those of the environment; {} for our own server, which no proxy can reach
    """
    opener = build_opener(_Stay, ProxyHandler(proxies))
    try:
        with opener.open(Ask(url, headers=headers), timeout=_PATIENCE_S) as got:
            answer: bytes = got.read(_LARGEST_ANSWER_BYTES)
            return answer
    except HTTPError as error:
        error.close()
        refused = f"the stream server answered with status {error.code}"
        raise Problem(502, "webhook_refused", refused) from error
    except URLError as error:
        raise ConnectionError(error.reason) from error
    except HTTPException as error:  # what answers there speaks no HTTP
        raise ConnectionError("an answer that cannot be read") from error


def _order(verb: Verb) -> Order:
    match verb:
        case Connect(url, parameters):
            return Order(verb="connect", url=url, parameters=dict(parameters))
        case Redirect(url):
            return Order(verb="redirect", tries=_tries(url))
        case Pause(seconds):
            return Order(verb="pause", seconds=seconds)
        case Say(text):
            return Order(verb="say", text=text)
        case Dial(number):
            return Order(verb="dial", text=number)
        case Hangup():
            return Order(verb="hangup")


def _tries(url: str) -> int:
    """How often the webhook has put this call off, as it wrote it into its own address."""
    given = parse_qs(urlsplit(url).query).get("try", ["0"])[0]
    return int(given) if given.isdecimal() and len(given) <= 2 else 0
