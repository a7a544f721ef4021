"""`/v1/audio/speech`: a text in, PCM at 24 kHz out, streamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Literal

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from voicebot.simulators.openai.api_errors import bad_request
from voicebot.simulators.openai.faults import Fault, Kind
from voicebot.simulators.openai.simulator import Simulator
from voicebot.simulators.openai.voice import Voice

MODELS: Final = ("gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "tts-1", "tts-1-hd")
_PIECE_BYTES: Final = 4801
"""Odd, as pieces of the real service may be: a sample may be split between two."""


class Order(BaseModel):
    """What is asked for. Only raw PCM is made here; without a format the real default is mp3."""

    model: str
    input: str = Field(max_length=4096)
    voice: str | dict[str, str]
    response_format: Literal["pcm"]
    instructions: str | None = None
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    stream_format: Literal["audio"] = "audio"


async def speak(request: Request, simulator: Simulator, fault: Fault | None) -> Response:
    """One text."""
    try:
        order = Order.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        return bad_request(first["msg"], str(first["loc"][0]) if first["loc"] else None)
    if order.model not in MODELS:
        return bad_request("Invalid model.", "model")
    if order.instructions and order.model.startswith("tts-1"):
        return bad_request("instructions are not supported by this model.", "instructions")
    sound = _pieces(simulator.voice, order.input, fault)
    return StreamingResponse(sound, media_type="audio/pcm")


async def _pieces(voice: Voice, text: str, fault: Fault | None) -> AsyncGenerator[bytes, None]:
    pending = b""
    async with aclosing(voice.speak(text)) as spoken:
        async for samples in spoken:
            pending += samples.astype("<i2").tobytes()
            while len(pending) >= _PIECE_BYTES:
                yield pending[:_PIECE_BYTES]
                pending = pending[_PIECE_BYTES:]
                if fault and fault.kind is Kind.STALL:
                    await asyncio.Event().wait()
                if fault and fault.kind is Kind.CLOSED:
                    raise ConnectionResetError("a fault: the answer ends in its middle")
    yield pending
