"""`/v1/responses` with structured output: prepared answers, else one that understood nothing."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from voicebot.simulators.openai.audio import stalling
from voicebot.simulators.openai.errors import bad_request
from voicebot.simulators.openai.simulator import Fault, FaultKind, Simulator

_LETTERS_A_TOKEN: Final = 4
_numbers = itertools.count(1)

Schema = Mapping[str, object]


async def respond(request: Request, simulator: Simulator, fault: Fault | None) -> Response:
    """Answer one request."""
    asked = orjson.loads(await request.body())
    if asked.get("stream"):
        return bad_request("This simulator does not stream responses.", "stream")
    form = (asked.get("text") or {}).get("format") or {}
    schema = form.get("schema") or {}
    if form.get("type") == "json_schema" and (wrong := loose_part(schema)):
        message = f"Invalid schema for response_format '{form.get('name')}': {wrong}"
        return bad_request(message, "text.format.schema")
    text = simulator.answers.popleft() if simulator.answers else nothing_understood(schema)
    whole = orjson.dumps(_body(asked, text, fault.kind if fault else None))
    if fault and fault.kind is FaultKind.STALL:
        return stalling(whole[:20], "application/json")
    return Response(whole, media_type="application/json")


def loose_part(schema: object) -> str | None:
    """Return what strict mode refuses in a schema, or None: open objects, optional properties."""
    if isinstance(schema, list):
        return next((wrong for part in schema if (wrong := loose_part(part))), None)
    if not isinstance(schema, Mapping):
        return None
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false."
        if set(schema.get("properties", {})) != set(schema.get("required", [])):
            return "'required' is required to be an array including every key in properties."
    return next((wrong for part in schema.values() if (wrong := loose_part(part))), None)


def nothing_understood(schema: Schema) -> str:
    """Return JSON that fits a strict schema: null where it may, else the first or empty value."""
    return orjson.dumps(_least(schema, schema)).decode()


def _least(schema: object, root: Schema) -> object:
    match schema:
        case {"$ref": str(reference)}:
            part: object = root
            for key in reference.removeprefix("#/").split("/"):
                part = part.get(key) if isinstance(part, Mapping) else None
            return _least(part, root)
        case {"anyOf": [*options]}:
            return None if {"type": "null"} in options else _least(options[0], root)
        case {"enum": [first, *_]} | {"const": first}:
            return first
        case {"type": "object", "properties": properties} if isinstance(properties, Mapping):
            return {name: _least(part, root) for name, part in properties.items()}
        case {"type": str(kind)}:
            return {"array": [], "string": "", "number": 0, "integer": 0, "boolean": False}.get(
                kind
            )
    return None


def _body(asked: Schema, text: str, fault: FaultKind | None) -> dict[str, object]:
    """Return the answer's body; CUT_JSON is an output that reached its token limit."""
    cut = fault is FaultKind.CUT_JSON
    text = text[: len(text) // 2] if cut else text
    text = f"```json\n{text}\n```" if fault is FaultKind.FENCED else text
    part: dict[str, object] = {"type": "output_text", "text": text, "annotations": []}
    if fault is FaultKind.REFUSAL:
        part = {"type": "refusal", "refusal": "I'm sorry, but I can't help with that."}
    status = "incomplete" if cut else "completed"
    number = next(_numbers)
    message = {
        "type": "message", "id": f"msg_{number:010d}", "role": "assistant", "status": status,
        "content": [part],
    }  # fmt: skip
    tokens_in = len(orjson.dumps(asked.get("input"))) // _LETTERS_A_TOKEN
    tokens_out = max(1, len(text) // _LETTERS_A_TOKEN)
    return {
        "id": f"resp_{number:010d}", "object": "response", "created_at": int(time.time()),
        "status": status, "model": asked.get("model"), "output": [message], "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": asked.get("instructions"), "metadata": {}, "parallel_tool_calls": True,
        "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "usage": {
            "input_tokens": tokens_in,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": tokens_out, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": tokens_in + tokens_out,
        },
    }  # fmt: skip
