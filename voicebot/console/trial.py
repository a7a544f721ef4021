"""A call from the browser: the console asks the webhook as a provider would.

    page ── POST /live/trial ──► console ── signed GET /twiml ──► stream server
         ◄── its TwiML, with the stream's address and one-time token

The page is the telephone and follows the verbs in order; a redirect is the same request again.
Where an auth token is set the console signs, as it knows the token; what it signs is the address
that the provider would have asked. A browser gets on to no call but a browser's.
"""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import httpx2
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from voicebot.call import BROWSER_PREFIX
from voicebot.console.dependencies import State
from voicebot.console.problems import Problem
from voicebot.runtime.ports import stream_address
from voicebot.signature import HEADER, sign

_TIMEOUT_S: Final = 3.0
_MOST_TRIES: Final = 99

router = APIRouter(prefix="/live/trial", include_in_schema=False)


class TrialRequest(BaseModel):
    """A new call, or one that a browser has begun."""

    callSid: str | None = Field(None, pattern=rf"^{BROWSER_PREFIX}[A-Za-z0-9_-]{{1,60}}$")
    tries: int = Field(0, ge=0, le=_MOST_TRIES)


class TrialAnswer(BaseModel):
    callSid: str
    twiml: str


@router.post("")
async def ask(body: TrialRequest, request: Request, state: State) -> TrialAnswer:
    """Ask for the TwiML of this machine's stream server, else of the public URL's.

    Raises Problem 503 where neither answers, and 502 for an answer with another status than 200.
    """
    call_sid = body.callSid or f"{BROWSER_PREFIX}{uuid4().hex}"
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or "127.0.0.1"
    address, public = stream_address(state.settings), state.settings.public_url
    named = f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"
    query = {"CallSid": call_sid, "From": "browser", "To": "", "try": body.tries}
    path = f"/twiml?{urlencode(query)}"
    asked_for = (public or f"http://{named}") + path
    token = state.settings.twilio_auth_token
    headers = {HEADER: sign(token.get_secret_value(), asked_for)} if token else {}
    here = f"http://{address.reachable_host}:{address.port}{path}"
    try:
        # No proxy of the environment reaches our own server.
        twiml = await _get(here, headers | {"Host": named}, use_proxy=False)
    except httpx2.TransportError as error:
        if public is None:
            detail = "no stream server answers; is it running?"
            raise Problem(503, "no_stream_server", detail) from error
        try:
            twiml = await _get(asked_for, headers, use_proxy=True)
        except httpx2.TransportError as error:
            detail = "no stream server answers here or at VOICEBOT_PUBLIC_URL"
            raise Problem(503, "no_stream_server", detail) from error
    return TrialAnswer(callSid=call_sid, twiml=twiml)


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
