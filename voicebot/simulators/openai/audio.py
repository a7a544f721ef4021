"""`/v1/audio/transcriptions` and `/v1/audio/speech`."""

import asyncio
from collections.abc import AsyncGenerator
from email.parser import BytesParser
from email.policy import HTTP
from typing import Final, Literal

import orjson
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from voicebot.simulators.openai.clips import read_wav
from voicebot.simulators.openai.errors import bad_request, unfit
from voicebot.simulators.openai.simulator import Fault, FaultKind, Simulator

TRANSCRIPTION_MODELS: Final = (
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "whisper-1",
)
SPEECH_MODELS: Final = ("gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "tts-1", "tts-1-hd")
_MOST_BYTES: Final = 25 << 20
_SHORTEST_S: Final = 0.1
_PIECE_BYTES: Final = 4801
"""Odd, because the real service may also split a sample between two pieces."""


async def transcribe(request: Request, simulator: Simulator, fault: Fault | None) -> Response:
    """Transcribe one file."""
    body = await request.body()
    model, file_name, content = _parse_form(request.headers.get("content-type", ""), body)
    if model not in TRANSCRIPTION_MODELS:
        return bad_request("Invalid model.", "model")
    if len(body) > _MOST_BYTES or not file_name.endswith(".wav"):
        return bad_request("Invalid file format.", "file")
    try:
        samples, rate_hz = read_wav(content)
    except ValueError as error:
        return bad_request(f"Audio file might be corrupted or unsupported: {error}", "file")
    if len(samples) < _SHORTEST_S * rate_hz:
        return bad_request("Audio file is too short. Minimum audio length is 0.1 seconds.", "file")
    text = simulator.clips.recognise(samples, rate_hz)
    usage = {"type": "duration", "seconds": round(len(samples) / rate_hz, 3)}
    answer: dict[str, object] = {"text": text, "usage": usage}
    if model == TRANSCRIPTION_MODELS[0]:
        answer["languages"] = [{"code": "en"}] if text else []
    whole = orjson.dumps(answer)
    if fault and fault.kind is FaultKind.CUT_JSON:
        whole = whole[: len(whole) // 2]
    if fault and fault.kind is FaultKind.STALL:
        return stalling(whole[:4], "application/json")
    return Response(whole, media_type="application/json")


def _parse_form(content_type: str, body: bytes) -> tuple[str, str, bytes]:
    """Return the model, the file's name and its content of `multipart/form-data`."""
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    parts = {
        part.get_param("name", "", header="content-disposition"): part
        for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
    }
    values = {name: part.get_payload(decode=True) for name, part in parts.items()}
    model, content = values.get("model"), values.get("file")
    return (
        model.decode() if isinstance(model, bytes) else "",
        (parts["file"].get_filename() if "file" in parts else None) or "",
        content if isinstance(content, bytes) else b"",
    )


def stalling(beginning: bytes, media_type: str) -> Response:
    """Return an answer that begins and then stalls until the client gives up."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield beginning
        await asyncio.Event().wait()

    return StreamingResponse(pieces(), media_type=media_type)


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
        return unfit(error)
    if order.model not in SPEECH_MODELS:
        return bad_request("Invalid model.", "model")
    if order.instructions and order.model.startswith("tts-1"):
        return bad_request("instructions are not supported by this model.", "instructions")
    sound = simulator.voice(order.input).astype("<i2").tobytes()
    return StreamingResponse(_pieces(sound, fault), media_type="audio/pcm")


async def _pieces(sound: bytes, fault: Fault | None) -> AsyncGenerator[bytes, None]:
    for at in range(0, len(sound), _PIECE_BYTES):
        yield sound[at : at + _PIECE_BYTES]
        if fault and fault.kind is FaultKind.STALL:
            await asyncio.Event().wait()
        if fault and fault.kind is FaultKind.CLOSED:
            raise ConnectionResetError("a fault: the answer ends in its middle")
