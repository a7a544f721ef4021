"""A plain WebSocket client of `/v1/realtime`: what a stranger reads in the documents."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import numpy as np
import orjson
from websockets.asyncio.client import ClientConnection, connect

from tests.simulators.openai.conftest import KEY, Samples
from voicebot import g711

Event = dict[str, object]

HEARING = "intent=transcription"
PCMU = {"type": "audio/pcmu"}
PCM = {"type": "audio/pcm", "rate": 24000}


class Line:
    """One socket; keeps every event that came."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.events: list[Event] = []

    async def send(self, kind: str, **members: object) -> None:
        await self._socket.send(orjson.dumps({"type": kind, **members}).decode())

    async def next(self) -> Event:
        event: Event = orjson.loads(await self._socket.recv())
        self.events.append(event)
        return event

    async def until(self, kind: str) -> Event:
        while True:
            event = await self.next()
            if event["type"] == kind:
                return event

    async def configure(self, **changes: object) -> Event:
        """Ask for transcription of mu-law without voice activity detection."""
        given: Mapping[str, object] = {
            "format": PCMU,
            "transcription": {"model": "gpt-live-transcribe"},
            "turn_detection": None,
            **changes,
        }
        session = {"type": "transcription", "audio": {"input": given}}
        await self.send("session.update", session=session)
        return await self.next()

    async def say(self, samples: Samples) -> None:
        mulaw = g711.encode(samples)
        for at in range(0, len(mulaw), 800):
            audio = base64.b64encode(mulaw[at : at + 800]).decode()
            await self.send("input_audio_buffer.append", audio=audio)

    async def transcript(self, samples: Samples) -> str:
        await self.say(samples)
        await self.send("input_audio_buffer.commit")
        done = await self.until("conversation.item.input_audio_transcription.completed")
        return str(done["transcript"])


@asynccontextmanager
async def dial(url: str, query: str = HEARING, key: str | None = KEY) -> AsyncIterator[Line]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    address = f"{url.replace('http', 'ws', 1)}/realtime?{query}"
    async with connect(address, additional_headers=headers, compression=None) as socket:
        line = Line(socket)
        await line.next()
        yield line


QUIET = np.zeros(4000, np.int16)
