"""A call from the browser: the console asks the webhook as a provider would.

    page ── POST /live/trial ──► console ── signed GET /twiml ──► stream server
         ◄── the verbs of its TwiML, among them the stream's address with its one-time token

The page is the telephone and follows the verbs in order; a redirect is the same request again.
Where an auth token is set the console signs, as it knows the token; what it signs is the address
that the provider would have asked. A browser gets on to no call but a browser's.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit
from uuid import uuid4

import httpx2
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from voicebot.call import BROWSER_PREFIX, CallSid
from voicebot.console.dependencies import State
from voicebot.console.problems import Problem
from voicebot.errors import PhoneError
from voicebot.runtime.ports import stream_address
from voicebot.settings import Settings
from voicebot.signature import HEADER, sign
from voicebot.simulators.phone.twiml import Connect, Dial, Hangup, Pause, Redirect, Say, Verb, parse

_TIMEOUT_S: Final = 3.0
_MOST_TRIES: Final = 99
_WEBHOOK: Final = "/twiml"
_SCHEMES: Final = {"ws": "http", "wss": "https"}

router = APIRouter(prefix="/live/trial", include_in_schema=False)


class TrialRequest(BaseModel):
    """A new call, or one that a browser has begun."""

    callSid: str | None = Field(None, pattern=rf"^{BROWSER_PREFIX}[A-Za-z0-9_-]{{1,60}}$")
    tries: int = Field(0, ge=0, le=_MOST_TRIES)


class VerbView(BaseModel):
    """One TwiML verb. `text` is what a Say says and whom a Dial dials."""

    verb: Literal["connect", "redirect", "pause", "say", "dial", "hangup"]
    url: str = ""
    parameters: dict[str, str] = {}
    tries: int = 0
    seconds: float = 0.0
    text: str = ""


class TrialAnswer(BaseModel):
    """The verbs that the page performs, in this order."""

    callSid: str
    verbs: list[VerbView]


@router.post("")
async def ask(body: TrialRequest, request: Request, state: State) -> TrialAnswer:
    """Return what a provider would be told about a call of this browser."""
    call_sid = CallSid(body.callSid or f"{BROWSER_PREFIX}{uuid4().hex}")
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    query = urlencode({"CallSid": call_sid, "From": "browser", "To": "", "try": body.tries})
    twiml = await _twiml(state.settings, host, f"{_WEBHOOK}?{query}")
    try:
        verbs = parse(twiml)
    except PhoneError as error:
        raise Problem(502, "webhook_refused", str(error)) from error
    return TrialAnswer(callSid=call_sid, verbs=[_verb_view(verb) for verb in verbs])


async def _twiml(settings: Settings, host: str, path: str) -> str:
    """Return the webhook's TwiML: of this machine's stream server, else of the public URL's.

    Raises Problem 503 where neither answers, and 502 for an answer with another status than 200.
    """
    address = stream_address(settings)
    public = _public(settings)
    asked_for = (public or f"http://{host}:{address.port}") + path
    token = settings.twilio_auth_token
    headers = {HEADER: sign(token.get_secret_value(), asked_for)} if token else {}
    here = f"http://{address.reachable_host}:{address.port}{path}"
    detail = "no stream server answers; is it running?"
    try:
        # No proxy of the environment reaches our own server.
        return await _get(here, headers | {"Host": f"{host}:{address.port}"}, use_proxy=False)
    except httpx2.TransportError as error:
        if public is None:
            raise Problem(503, "no_stream_server", detail) from error
    try:
        return await _get(asked_for, headers, use_proxy=True)
    except httpx2.TransportError as error:
        detail = "no stream server answers here or at VOICEBOT_PUBLIC_URL"
        raise Problem(503, "no_stream_server", detail) from error


async def _get(url: str, headers: dict[str, str], *, use_proxy: bool) -> str:
    """Return the answer's body; raises httpx2.TransportError, and Problem 502 for a refusal.

    Redirects are refused, too: the signature is for this URL alone.
    """
    async with httpx2.AsyncClient(timeout=_TIMEOUT_S, trust_env=use_proxy) as client:
        answer = await client.get(url, headers=headers)
    if answer.status_code != HTTPStatus.OK:
        refused = f"the stream server answered with status {answer.status_code}"
        raise Problem(502, "webhook_refused", refused)
    return answer.text


def _public(settings: Settings) -> str | None:
    """Return the URL that a provider's webhook is configured with, without its path."""
    if not settings.public_url:
        return None
    parts = urlsplit(settings.public_url.rstrip("/"))
    return urlunsplit(parts._replace(scheme=_SCHEMES.get(parts.scheme, parts.scheme)))


def _verb_view(verb: Verb) -> VerbView:
    match verb:
        case Connect(url, parameters):
            return VerbView(verb="connect", url=url, parameters=dict(parameters))
        case Redirect(url):
            return VerbView(verb="redirect", tries=_tries(url))
        case Pause(seconds):
            return VerbView(verb="pause", seconds=seconds)
        case Say(text):
            return VerbView(verb="say", text=text)
        case Dial(number):
            return VerbView(verb="dial", text=number)
        case Hangup():
            return VerbView(verb="hangup")


def _tries(url: str) -> int:
    """Return how often the webhook has deferred this call, as its URL says."""
    given = parse_qs(urlsplit(url).query).get("try", ["0"])[0]
    return int(given) if given.isdecimal() and len(given) <= 2 else 0
