"""A call from the browser: the console asks the webhook as a provider would, the page streams.

The answer names the stream's address and its one-time token. Where the webhook is signed only
the provider may call: a browser can sign nothing, so the page says that instead.
"""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ElementTree
from http import HTTPStatus
from typing import Annotated, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request as Ask
from urllib.request import urlopen
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from voicebot.call import CallSid
from voicebot.console.problems import Problem
from voicebot.console.rooms import Rooms, rooms
from voicebot.console.schemas import OptionalSid
from voicebot.ports import stream_door
from voicebot.settings import Settings

_PATIENCE_S: Final = 3.0
_LARGEST_ANSWER_BYTES: Final = 64 * 1024

router = APIRouter(prefix="/live/trial", include_in_schema=False)
RoomsNow = Annotated[Rooms, Depends(rooms)]


class Wish(BaseModel):
    """A new call, or one to be taken up again."""

    callSid: OptionalSid = None


class Line(BaseModel):
    """What the page needs to be a telephone."""

    callSid: str
    url: str
    parameters: dict[str, str]


@router.post("")
async def begin(body: Wish, request: Request, house: RoomsNow) -> Line:
    """Announce a call of this browser."""
    if house.settings.twilio_auth_token is not None:
        raise Problem(
            409, "provider_only", "calls are signed here: only the provider may place one"
        )
    call_sid = CallSid(body.callSid or f"web-{uuid4().hex[:16]}")
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    answer = await asyncio.to_thread(_ask, house.settings, call_sid, host)
    return _line(call_sid, answer)


def stream_origins(settings: Settings, host: str) -> list[str]:
    """Where this page may open a WebSocket to."""
    if settings.public_url:
        place = urlsplit(settings.public_url).netloc
        return [f"ws://{place}", f"wss://{place}"]
    return [f"ws://{host}:{settings.stream_port}"] if host else []


def _ask(settings: Settings, call_sid: CallSid, host: str) -> bytes:
    door = stream_door(settings)
    query = urlencode({"CallSid": call_sid, "From": "browser", "To": ""})
    url = f"http://{door.reachable_host}:{door.port}/twiml?{query}"
    try:
        with urlopen(Ask(url, headers={"Host": f"{host}:{door.port}"}), timeout=_PATIENCE_S) as got:
            answer: bytes = got.read(_LARGEST_ANSWER_BYTES)
            return answer
    except HTTPError as error:
        status = HTTPStatus(error.code).phrase
        raise Problem(502, "webhook_refused", f"the stream server said: {status}") from error
    except (URLError, OSError) as error:
        raise Problem(
            503, "no_stream_server", "no stream server answers; is it running?"
        ) from error


def _line(call_sid: CallSid, answer: bytes) -> Line:
    stream = ElementTree.fromstring(answer).find("./Connect/Stream")
    if stream is None:
        raise Problem(409, "not_now", "this call is over, or all lines are busy")
    parameters = {p.get("name", ""): p.get("value", "") for p in stream.findall("Parameter")}
    return Line(callSid=call_sid, url=stream.get("url", ""), parameters=parameters)
