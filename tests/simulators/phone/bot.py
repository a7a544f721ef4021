"""A bot of a few lines, for tests of the phone: beeps, listens, beeps again, closes.

It speaks to the phone over real sockets; what it received stands in `messages`.
"""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from voicebot.simulators.phone.line import SILENT_FRAME

CONNECT = (
    '<Response><Connect><Stream url="ws://{host}/media">'
    '<Parameter name="token" value="t1"/><Parameter name="from" value="+61491570006"/>'
    '</Stream></Connect><Redirect method="GET">/twiml</Redirect></Response>'
)
HANGUP = "<Response><Hangup/></Response>"
BEEP = b"\x10" * 800
"""A tenth of a second of sound."""


class Bot:
    """`documents` are the answers of the webhook, the last one repeats."""

    def __init__(self, documents: list[str], turns: int = 1) -> None:
        self.documents = documents
        self.turns = turns
        self.asked: list[str] = []
        self.signatures: list[tuple[str, str | None]] = []
        """Each address that was asked, the stream's too, and its signature."""
        self.messages: list[dict[str, Any]] = []
        self.extra: Callable[[str], list[str]] = lambda stream_sid: []
        self.record: Callable[[int], dict[str, Any] | None] = lambda look: None
        """The console's answers, one for each look."""
        self.looks = 0
        self.mute = False
        self.host = ""

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one kind, in order."""
        return [m for m in self.messages if m["event"] == kind]

    async def respond(self, connection: ServerConnection, request: Request) -> Response | None:
        """The webhook and the console; anything else is the stream."""
        self.signatures.append((request.path, request.headers.get("X-Twilio-Signature")))
        if request.path.startswith("/twiml"):
            return _answer(200, self._document(request.path))
        if request.path.startswith("/calls/"):
            self.looks += 1
            record = self.record(self.looks)
            return _answer(200 if record else 404, json.dumps(record))
        return None

    def _document(self, path: str) -> str:
        document = self.documents[min(len(self.asked), len(self.documents) - 1)]
        self.asked.append(path)
        return document.replace("{host}", self.host)

    async def talk(self, socket: ServerConnection) -> None:
        """Beep; after each utterance of the caller beep again; after the last, close."""
        incoming = self._incoming(socket)
        async for start in incoming:
            if start["event"] == "start":
                break
        sid = start["streamSid"]
        for turn in range(self.turns + 1):
            for text in (*self.extra(sid), *([] if self.mute else beep(sid, f"t{turn}"))):
                await socket.send(text)
            if not await self._heard_out(
                incoming, f"t{self.turns}" if turn == self.turns else None
            ):
                return

    async def _heard_out(
        self, incoming: AsyncIterator[dict[str, Any]], last_mark: str | None
    ) -> bool:
        """True when the caller spoke and fell silent; at the end, when the farewell was played."""
        voiced = False
        async for message in incoming:
            if message["event"] == "mark" and message["mark"]["name"] == last_mark:
                return False
            if message["event"] == "dtmf" and message["dtmf"]["digit"] == "#":
                return True
            if message["event"] == "media":
                silent = message["media"]["payload"] == SILENT_FRAME
                if voiced and silent:
                    return True
                voiced = voiced or not silent
        return False

    async def _incoming(self, socket: ServerConnection) -> AsyncIterator[dict[str, Any]]:
        async for text in socket:
            message = json.loads(text)
            self.messages.append(message)
            yield message


def _answer(status: int, text: str) -> Response:
    body = text.encode()
    headers = Headers({"Content-Length": str(len(body))})
    return Response(status, HTTPStatus(status).phrase, headers, body)


def media(sid: str, audio: bytes = BEEP) -> str:
    payload = base64.b64encode(audio).decode()
    return json.dumps({"event": "media", "streamSid": sid, "media": {"payload": payload}})


def mark(sid: str, name: str) -> str:
    return json.dumps({"event": "mark", "streamSid": sid, "mark": {"name": name}})


def clear(sid: str) -> str:
    return json.dumps({"event": "clear", "streamSid": sid})


def beep(sid: str, name: str) -> list[str]:
    return [media(sid), mark(sid, name)]


@asynccontextmanager
async def running(bot: Bot) -> AsyncIterator[str]:
    """The address of the bot's stream, while it serves."""
    server: Server = await serve(
        bot.talk, "127.0.0.1", 0, process_request=bot.respond, compression=None
    )
    async with server:
        port = next(iter(server.sockets)).getsockname()[1]
        bot.host = f"127.0.0.1:{port}"
        yield f"ws://{bot.host}/media"
