"""A phone provider at the other end of a socket: paced frames out, playback and marks back.

It checks every message that it gets as strictly as the real one does.
"""

import asyncio
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from voicebot.g711 import FRAME_BYTES, RATE_HZ, SILENCE, decode, encode, milliseconds

CALL_SID = "CA" + "0a" * 16
STREAM_SID = "MZ" + "0b" * 16
FRAME_S = 0.02

HELLO = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
MULAW = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
PERMITTED = {
    "media": {"event", "streamSid", "media"},
    "mark": {"event", "streamSid", "mark"},
    "clear": {"event", "streamSid"},
}


def start_message(call_sid: str = CALL_SID, **parameters: str) -> dict[str, object]:
    body = {
        "accountSid": "AC" + "0c" * 16,
        "streamSid": STREAM_SID,
        "callSid": call_sid,
        "tracks": ["inbound"],
        "mediaFormat": MULAW,
        "customParameters": parameters,
    }
    return {"event": "start", "sequenceNumber": "1", "start": body, "streamSid": STREAM_SID}


def media_message(mulaw: bytes) -> dict[str, object]:
    media = {"track": "inbound", "chunk": "1", "timestamp": "20"}
    media["payload"] = b64encode(mulaw).decode()
    return {"event": "media", "sequenceNumber": "2", "media": media, "streamSid": STREAM_SID}


class Provider:
    """One stream, seen from the provider's side."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.close_code: int | None = None
        self.played = 0
        """Bytes of the bot's audio that the caller has heard."""
        self.received: list[dict[str, Any]] = []
        self.clears = 0
        self.cleared_ms: list[float] = []
        """On the track."""
        self.on_hold = False
        self.track = bytearray()
        """What the caller has heard, frame by frame, with the silence between."""
        self.echo_db: float | None = None
        """The bot's own voice in the caller's track, so much louder than it was sent."""
        self.echo_ms = 300
        self._to_play: deque[bytes | str] = deque()
        self._to_speak = bytearray()
        self._spoken = asyncio.Event()

    @property
    def is_playing(self) -> bool:
        return any(isinstance(item, bytes) for item in self._to_play)

    async def send(self, message: Mapping[str, object] | str | bytes) -> None:
        if isinstance(message, Mapping):
            message = orjson.dumps(message).decode()
        await self.socket.send(message)

    async def begin(self, **parameters: str) -> None:
        await self.send(HELLO)
        await self.send(start_message(**parameters))

    async def speak(self, mulaw: bytes) -> None:
        """The caller says this; returns when it has been sent."""
        self._to_speak += mulaw
        self._spoken.clear()
        await self._spoken.wait()

    async def key(self, digits: str) -> None:
        for digit in digits:
            dtmf = {"track": "inbound_track", "digit": digit}
            await self.send({"event": "dtmf", "streamSid": STREAM_SID, "dtmf": dtmf})

    async def hang_up(self) -> None:
        await self.send({"event": "stop", "streamSid": STREAM_SID, "stop": {"callSid": CALL_SID}})
        await self.socket.close()

    async def until(self, condition: Any, limit_s: float = 60.0) -> None:
        """Wait for something to become true; at most `limit_s` of the loop's time."""
        async with asyncio.timeout(limit_s):
            while not condition():  # noqa: ASYNC110 - of whatever the test can see
                await asyncio.sleep(FRAME_S)

    async def until_heard(self, sentences: int = 1) -> None:
        """Wait until so many more of the bot's sentences were played to their ends."""
        marks = self.marks_returned + sentences
        await self.until(lambda: self.marks_returned >= marks)

    marks_returned = 0

    async def run(self) -> None:
        """Frames and playback, in step, until the socket is closed."""
        async with asyncio.TaskGroup() as group:
            pace = group.create_task(self._pace())
            await self._receive()
            pace.cancel()

    async def _pace(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(FRAME_S)
                if self.on_hold:
                    continue
                frame = bytes(self._to_speak[:FRAME_BYTES]).ljust(FRAME_BYTES, SILENCE)
                del self._to_speak[:FRAME_BYTES]
                await self.send(media_message(self._with_echo(frame)))
                if not self._to_speak:
                    self._spoken.set()
                await self._play_frame()

    def _with_echo(self, frame: bytes) -> bytes:
        if self.echo_db is None:
            return frame
        begin = len(self.track) - self.echo_ms * RATE_HZ // 1000
        echo = bytes(self.track[max(0, begin) : max(0, begin + FRAME_BYTES)])
        softer = decode(echo.rjust(FRAME_BYTES, SILENCE)) * 10 ** (self.echo_db / 20)
        mixed = np.clip(decode(frame) + softer, -32768, 32767)
        return encode(mixed.astype(np.int16))

    async def _play_frame(self) -> None:
        left, heard = FRAME_BYTES, b""
        while self._to_play and left:
            item = self._to_play.popleft()
            if isinstance(item, str):
                await self._return_mark(item)
                continue
            if len(item) > left:
                self._to_play.appendleft(item[left:])
            heard += item[:left]
            self.played += min(left, len(item))
            left -= min(left, len(item))
        self.track += heard.ljust(FRAME_BYTES, SILENCE)
        while self._to_play and isinstance(self._to_play[0], str):
            await self._return_mark(str(self._to_play.popleft()))

    async def _return_mark(self, name: str) -> None:
        self.marks_returned += name.count(".") == 1  # those at the ends of sentences
        await self.send({"event": "mark", "streamSid": STREAM_SID, "mark": {"name": name}})

    async def _receive(self) -> None:
        try:
            while True:
                await self._take(await self.socket.recv())
        except ConnectionClosed:
            self.close_code = self.socket.close_code

    async def _take(self, frame: str | bytes) -> None:
        assert isinstance(frame, str), "a binary frame"
        message: dict[str, Any] = orjson.loads(frame)
        event = message["event"]
        assert set(message) == PERMITTED[event], message
        assert message["streamSid"] == STREAM_SID
        self.received.append(message)
        match event:
            case "media":
                assert set(message["media"]) == {"payload"}
                self._to_play.append(b64decode(message["media"]["payload"], validate=True))
            case "mark":
                assert set(message["mark"]) == {"name"}
                self._to_play.append(message["mark"]["name"])
            case _:
                await self._clear()

    async def _clear(self) -> None:
        self.clears += 1
        self.cleared_ms.append(milliseconds(len(self.track)))
        dropped, self._to_play = self._to_play, deque()
        for item in dropped:
            if isinstance(item, str):
                await self._return_mark(item)


@asynccontextmanager
async def carried(socket: ClientConnection) -> AsyncIterator[Provider]:
    """A provider at work on this socket."""
    provider = Provider(socket)
    async with asyncio.TaskGroup() as group:
        work = group.create_task(provider.run())
        try:
            yield provider
        finally:
            await socket.close()
            await work
