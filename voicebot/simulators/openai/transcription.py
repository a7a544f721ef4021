"""`/v1/realtime`: one transcription session a socket.

    session.update               -> session.updated, or error
    input_audio_buffer.append    -> nothing
    input_audio_buffer.clear     -> input_audio_buffer.cleared
    input_audio_buffer.commit    -> input_audio_buffer.committed, conversation.item.added;
                                    later deltas and completed (or failed), each with its item_id

Words come only after the commit, one delta each; a real `gpt-live-transcribe` sends some before.
Server-side voice activity detection is not simulated.
"""

import asyncio
import base64
import binascii
import itertools
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Self, get_args

import numpy as np
import orjson
from pydantic import BaseModel, Field, StringConstraints, ValidationError, model_validator
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from voicebot import g711
from voicebot.simulators.openai.errors import (
    HTTP_KINDS,
    bad_request,
    error_body,
    misbehaved,
    wrong_key,
)
from voicebot.simulators.openai.simulator import PCM_RATE_HZ, FaultKind, Service, Simulator

Model = Literal[
    "gpt-live-transcribe",
    "gpt-transcribe",
    "gpt-realtime-whisper",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "whisper-1",
]
MODELS: Final[tuple[str, ...]] = get_args(Model)
_WITH_KEYWORDS: Final = MODELS[:2]
_SHORTEST_MS: Final = 100.0
_SESSION_S: Final = 3600
_PCM: Final = "audio/pcm"
_PCMU: Final = "audio/pcmu"
_BASE: Final = ("session", "audio", "input")
_ITEM: Final = "conversation.item.input_audio_transcription"
_ENDINGS: Final = (FaultKind.CLOSED, FaultKind.EXPIRED)
_ITEM_FAULTS: Final = (
    FaultKind.STALL,
    FaultKind.SLOW,
    FaultKind.UNKNOWN_EVENT,
    FaultKind.OUT_OF_ORDER,
    FaultKind.FAILED_ITEM,
    FaultKind.CUT_JSON,
)
_CODES: Final = {
    "missing": "missing_required_parameter",
    "extra_forbidden": "unknown_parameter",
}
"""The API's error codes by pydantic's; all others are `invalid_value`."""

_GONE: Final = (WebSocketDisconnect, WebSocketDisconnected)
"""The exceptions of reading from and writing to a closed socket."""


class _Format(BaseModel, extra="forbid"):
    """PCM, which names its rate, or mu-law at 8 kHz, which has none."""

    type: Literal["audio/pcm", "audio/pcmu"]
    rate: Literal[24000] | None = None

    @model_validator(mode="after")
    def _rate_fits(self) -> Self:
        if (self.type == _PCM) is not (self.rate == PCM_RATE_HZ):
            raise ValueError(f"{self.type} at rate {self.rate}")
        return self


class _Transcription(BaseModel, extra="forbid"):
    model: Model
    language: str | None = None
    languages: list[str] | None = None
    keywords: list[Annotated[str, StringConstraints(pattern=r"^[^<>\r\n]*$")]] | None = None
    prompt: str | None = None
    delay: str | None = None

    @model_validator(mode="after")
    def _model_takes_it(self) -> Self:
        special = {"keywords", "languages"} & self.model_fields_set
        if special and self.model not in _WITH_KEYWORDS:
            raise ValueError(f"this model does not take {min(special)}")
        if {"language", "languages"} <= self.model_fields_set:
            raise ValueError("send language or languages")
        return self


class _Input(BaseModel, extra="forbid"):
    """The known keys of `session.audio.input`."""

    format: _Format
    noise_reduction: object = None
    transcription: _Transcription | None
    turn_detection: None = None


class _Audio(BaseModel):
    input: dict[str, object] = {}


class _Session(BaseModel):
    type: Literal["transcription"]
    audio: _Audio = Field(default_factory=_Audio)


class _Refused(Exception):
    def __init__(self, message: str, code: str, param: str | None = None) -> None:
        super().__init__(message)
        self.body = error_body(message, code=code, param=param)


@dataclass(frozen=True, slots=True)
class _Item:
    """Committed audio, to be answered after `wait_s`."""

    id: str
    audio: bytes
    format: str
    wait_s: float
    fault: FaultKind | None


async def realtime(socket: WebSocket) -> None:
    """Serve one socket from its handshake to its end."""
    simulator: Simulator = socket.app.state.simulator
    fault = simulator.faults.take(Service.HEARING, *HTTP_KINDS)
    if fault and fault.kind is not FaultKind.SLOW:
        return await socket.send_denial_response(misbehaved(fault))
    if not simulator.is_key(socket.headers.get("authorization")):
        return await socket.send_denial_response(wrong_key())
    if socket.query_params.get("intent") != "transcription" or "model" in socket.query_params:
        text = "This simulator only transcribes: send intent=transcription, and no model."
        return await socket.send_denial_response(bad_request(text, "intent"))
    if fault:
        await asyncio.sleep(fault.seconds)
    await socket.accept()
    simulator.served[Service.HEARING] += 1
    async with asyncio.TaskGroup() as group:
        session = TranscriptionSession(socket, simulator, group)
        with suppress(*_GONE):
            await session.run()
        session.stop_answering()


class TranscriptionSession:
    """The session of one socket with `intent=transcription`."""

    def __init__(self, socket: WebSocket, simulator: Simulator, group: asyncio.TaskGroup) -> None:
        self._socket = socket
        self._simulator = simulator
        self._group = group
        self._answering: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._about: dict[str, object] = {
            "type": "transcription",
            "object": "realtime.transcription_session",
            "id": self._new_id("sess"),
            "expires_at": int(time.time()) + _SESSION_S,
        }
        self._input: dict[str, object] = {
            "format": {"type": _PCM, "rate": PCM_RATE_HZ},
            "noise_reduction": None,
            "transcription": None,
            "turn_detection": None,
        }
        self._format = _PCM
        self._buffer = bytearray()
        self._last_item: str | None = None
        self._held_back: list[_Item] = []

    async def run(self) -> None:
        """Answer the client; raises an exception of `_GONE` when one side has closed."""
        await self._send("session.created", session=self._described())
        while True:
            message = _parsed(await self._socket.receive_text())
            try:
                await self._receive(message)
            except _Refused as refused:
                about = {**refused.body, "event_id": message.get("event_id")}
                await self._send("error", error=about)

    def stop_answering(self) -> None:
        """Cancel what is still to be said."""
        for task in self._answering:
            task.cancel()

    async def _receive(self, message: Mapping[str, object]) -> None:
        match message.get("type"):
            case "session.update":
                self._update(message.get("session"))
                await self._send("session.updated", session=self._described())
            case "input_audio_buffer.append":
                self._append(message.get("audio"))
            case "input_audio_buffer.clear":
                self._buffer.clear()
                await self._send("input_audio_buffer.cleared")
            case "input_audio_buffer.commit":
                await self._commit()
            case other:
                raise _Refused(f"Invalid value: '{other}'.", "invalid_value", "type")

    def _described(self) -> dict[str, object]:
        return {**self._about, "audio": {"input": self._input}}

    def _update(self, session: object) -> None:
        place: tuple[str, ...] = _BASE[:1]
        try:
            wanted = {**self._input, **_Session.model_validate(session).audio.input}
            place = _BASE
            checked = _Input.model_validate(wanted)
        except ValidationError as error:
            first = error.errors()[0]
            param = ".".join((*place, *(str(part) for part in first["loc"])))
            code = _CODES.get(first["type"], "invalid_value")
            raise _Refused(f"{first['msg']}.", code, param) from None
        if checked.format.type == _PCMU and not self._simulator.takes_pcmu:
            raise _Refused(
                "Invalid value: 'audio/pcmu'.", "invalid_value", "session.audio.input.format"
            )
        self._input, self._format = wanted, checked.format.type

    def _append(self, audio: object) -> None:
        try:
            self._buffer += base64.b64decode(
                audio if isinstance(audio, str) else "?", validate=True
            )
        except binascii.Error:
            text = "Invalid 'audio'. Expected base64-encoded audio bytes."
            raise _Refused(text, "invalid_value", "audio") from None

    async def _commit(self) -> None:
        if ending := self._simulator.faults.take(Service.HEARING, *_ENDINGS):
            await self._end(ending.kind)
        milliseconds = 1000 * _seconds(self._buffer, self._format)
        if milliseconds < _SHORTEST_MS:
            raise _Refused(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms "
                f"of audio, but buffer only has {milliseconds:.2f}ms of audio.",
                "input_audio_buffer_commit_empty",
            )
        self._simulator.heard_with.append(self._input)
        fault = self._simulator.faults.take(Service.HEARING, *_ITEM_FAULTS)
        kind = fault.kind if fault else None
        wait_s = self._simulator.latencies[Service.HEARING].draw()
        wait_s += fault.seconds if fault and kind is FaultKind.SLOW else 0.0
        item = _Item(self._new_id("item"), bytes(self._buffer), self._format, wait_s, kind)
        self._buffer.clear()
        await self._announce(item)
        self._held_back.insert(0, item)
        if kind is not FaultKind.OUT_OF_ORDER:
            self._answer_all()

    async def _end(self, kind: FaultKind) -> None:
        code, reason = 1011, "internal error"
        if kind is FaultKind.EXPIRED:
            code, reason = 1001, "session expired"
            text = "Your session hit the maximum duration of 60 minutes."
            body = error_body(text, code="session_expired")
            await self._send("error", error={**body, "event_id": None})
        await self._socket.close(code, reason)
        raise WebSocketDisconnect(code, reason)

    async def _announce(self, item: _Item) -> None:
        if item.fault is FaultKind.UNKNOWN_EVENT:
            await self._send("input_audio_buffer.weather_report", sunny=True)
        previous, self._last_item = self._last_item, item.id
        await self._send("input_audio_buffer.committed", item_id=item.id, previous_item_id=previous)
        content = [{"type": "input_audio", "transcript": None}]
        added = {
            "id": item.id, "object": "realtime.item", "type": "message",
            "status": "completed", "role": "user", "content": content,
        }  # fmt: skip
        await self._send("conversation.item.added", previous_item_id=previous, item=added)

    def _answer_all(self) -> None:
        """Answer the last item, then those that were held back, beside other commits."""
        items, self._held_back = self._held_back, []

        async def answer() -> None:
            with suppress(*_GONE):
                for item in items:
                    await self._answer(item)

        task = self._group.create_task(answer())
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, item: _Item) -> None:
        """Send the words: half of the wait passes before the first, the rest between them."""
        about = {"item_id": item.id, "content_index": 0}
        match item.fault:
            case FaultKind.CUT_JSON:
                await asyncio.sleep(item.wait_s)
                return await self._socket.send_text(f'{{"type":"{_ITEM}.co')
            case FaultKind.FAILED_ITEM:
                await asyncio.sleep(item.wait_s)
                reason = {
                    "type": "server_error", "code": "transcription_failed",
                    "message": "Input transcription failed.", "param": None,
                }  # fmt: skip
                return await self._send(f"{_ITEM}.failed", **about, error=reason)
        text = self._recognised(item)
        words = text.split()
        await asyncio.sleep(item.wait_s / (2 if words else 1))
        for number, word in enumerate(words):
            delta = word if number == 0 else f" {word}"
            await self._send(f"{_ITEM}.delta", **about, delta=delta)
            await asyncio.sleep(item.wait_s / 2 / len(words))
        if item.fault is not FaultKind.STALL:
            usage = {"type": "duration", "seconds": round(_seconds(item.audio, item.format), 3)}
            await self._send(f"{_ITEM}.completed", **about, transcript=text, usage=usage)

    def _recognised(self, item: _Item) -> str:
        if item.format == _PCMU:
            return self._simulator.clips.recognise(g711.decode(item.audio), g711.RATE_HZ)
        samples = np.frombuffer(item.audio[: len(item.audio) // 2 * 2], "<i2").astype(np.int16)
        return self._simulator.clips.recognise(samples, PCM_RATE_HZ)

    def _new_id(self, prefix: str) -> str:
        """Return an id that looks like OpenAI's, numbered in order: `item_0000000007`."""
        return f"{prefix}_{next(self._numbers):010d}"

    async def _send(self, kind: str, **members: object) -> None:
        event = {"type": kind, "event_id": self._new_id("event"), **members}
        await self._socket.send_text(orjson.dumps(event).decode())


def _seconds(audio: bytes | bytearray, kind: str) -> float:
    return len(audio) / (g711.RATE_HZ if kind == _PCMU else 2 * PCM_RATE_HZ)


def _parsed(text: str) -> Mapping[str, object]:
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}
