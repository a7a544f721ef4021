"""`/v1/audio/transcriptions`: a file in a form, its words out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from voicebot.simulators.openai.api_errors import bad_request
from voicebot.simulators.openai.audio import read_wav
from voicebot.simulators.openai.faults import Fault, Kind
from voicebot.simulators.openai.simulator import Simulator

MODELS: Final = ("gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "whisper-1")
_MOST_BYTES: Final = 25 << 20
_SHORTEST_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Form:
    """A posted form: its fields, and the content of its file."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    file_name: str = ""
    content: bytes = b""

    def first(self, name: str) -> str | None:
        """The value of a field that stands once."""
        return next(iter(self.fields.get(name, [])), None)


async def transcribe(request: Request, simulator: Simulator, fault: Fault | None) -> Response:
    """One file."""
    body = await request.body()
    form = parse_form(request.headers.get("content-type", ""), body)
    if form.first("model") not in MODELS:
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
    if form.first("model") == MODELS[0]:
        answer["languages"] = [{"code": "en"}] if text else []
    whole = orjson.dumps(answer)
    if fault and fault.kind is Kind.CUT_JSON:
        whole = whole[: len(whole) // 2]
    if fault and fault.kind is Kind.STALL:
        return stalling(whole[:4], "application/json")
    return Response(whole, media_type="application/json")


def parse_form(content_type: str, body: bytes) -> Form:
    """Read `multipart/form-data`."""
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
    """Begins to answer, and then says nothing more until the client gives up."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield beginning
        await asyncio.Event().wait()

    return StreamingResponse(pieces(), media_type=media_type)
