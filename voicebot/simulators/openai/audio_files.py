"""`/v1/audio/transcriptions` and `/v1/audio/speech`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Final, Literal

import orjson
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from voicebot.simulators.openai.audio import SpeechSource, read_wav
from voicebot.simulators.openai.messages import bad_request
from voicebot.simulators.openai.simulator import Fault, FaultKind, Simulator

TRANSCRIPTION_MODELS: Final = (
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "whisper-1",
)
_MOST_BYTES: Final = 25 << 20
_SHORTEST_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Form:
    """A posted form: its fields, and the content of its file."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    file_name: str = ""
    content: bytes = b""

    def first(self, name: str) -> str | None:
        """Return the first value of a field, or None."""
        return next(iter(self.fields.get(name, [])), None)


async def transcribe(request: Request, simulator: Simulator, fault: Fault | None) -> Response:
    """Transcribe one file."""
    body = await request.body()
    form = parse_form(request.headers.get("content-type", ""), body)
    if form.first("model") not in TRANSCRIPTION_MODELS:
        return bad_request("Invalid model.", "model")
    if len(body) > _MOST_BYTES or not form.file_name.endswith(".wav"):
        return bad_request("Invalid file format.", "file")
    try:
        samples, rate_hz = read_wav(form.content)
    except ValueError as error:
        return bad_request(f"Audio file might be corrupted or unsupported: {error}", "file")
    if len(samples) < _SHORTEST_S * rate_hz:
        return bad_request("Audio file is too short. Minimum audio length is 0.1 seconds.", "file")
    text = simulator.recognise(samples, rate_hz)
    usage = {"type": "duration", "seconds": round(len(samples) / rate_hz, 3)}
    answer: dict[str, object] = {"text": text, "usage": usage}
    if form.first("model") == TRANSCRIPTION_MODELS[0]:
        answer["languages"] = [{"code": "en"}] if text else []
    whole = orjson.dumps(answer)
    if fault and fault.kind is FaultKind.CUT_JSON:
        whole = whole[: len(whole) // 2]
    if fault and fault.kind is FaultKind.STALL:
        return stalling(whole[:4], "application/json")
    return Response(whole, media_type="application/json")


def parse_form(content_type: str, body: bytes) -> Form:
    """Parse `multipart/form-data`."""
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    fields: dict[str, list[str]] = {}
    file_name, content = "", b""
    for part in message.iter_parts():
        raw = part.get_payload(decode=True)
        value = raw if isinstance(raw, bytes) else b""
        name = str(part.get_param("name", "", header="content-disposition"))
        if name == "file":
            file_name, content = part.get_filename() or "", value
        else:
            fields.setdefault(name.removesuffix("[]"), []).append(value.decode())
    return Form(fields, file_name, content)


def stalling(beginning: bytes, media_type: str) -> Response:
    """Return an answer that begins and then stalls until the client gives up."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield beginning
        await asyncio.Event().wait()

    return StreamingResponse(pieces(), media_type=media_type)


SPEECH_MODELS: Final = ("gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "tts-1", "tts-1-hd")
_PIECE_BYTES: Final = 4801
"""Odd, because the real service may also split a sample between two pieces."""


class SpeechRequest(BaseModel):
    """A request for speech. Only raw PCM is supported; the real default format is mp3."""

    model: str
    input: str = Field(max_length=4096)
    voice: str | dict[str, str]
    response_format: Literal["pcm"]
    instructions: str | None = None
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    stream_format: Literal["audio"] = "audio"


async def speak(request: Request, simulator: Simulator, fault: Fault | None) -> Response:
    """Speak one text."""
    try:
        order = SpeechRequest.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        return bad_request(first["msg"], str(first["loc"][0]) if first["loc"] else None)
    if order.model not in SPEECH_MODELS:
        return bad_request("Invalid model.", "model")
    if order.instructions and order.model.startswith("tts-1"):
        return bad_request("instructions are not supported by this model.", "instructions")
    sound = _pieces(simulator.voice, order.input, fault)
    return StreamingResponse(sound, media_type="audio/pcm")


async def _pieces(
    voice: SpeechSource, text: str, fault: Fault | None
) -> AsyncGenerator[bytes, None]:
    pending = b""
    async with aclosing(voice.speak(text)) as spoken:
        async for samples in spoken:
            pending += samples.astype("<i2").tobytes()
            while len(pending) >= _PIECE_BYTES:
                yield pending[:_PIECE_BYTES]
                pending = pending[_PIECE_BYTES:]
                if fault and fault.kind is FaultKind.STALL:
                    await asyncio.Event().wait()
                if fault and fault.kind is FaultKind.CLOSED:
                    raise ConnectionResetError("a fault: the answer ends in its middle")
    yield pending
