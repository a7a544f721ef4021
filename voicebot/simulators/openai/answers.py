"""`/v1/responses` with structured output: prepared answers, else those of a simple extractor.

The extractor fills the given schema. Nullable properties are null, unless their name says what to
look for in the caller's words: a phone number, an e-mail address, a name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from voicebot.simulators.openai.audio_files import stalling
from voicebot.simulators.openai.messages import Ids, bad_request
from voicebot.simulators.openai.simulator import Fault, FaultKind, Simulator

_LETTERS_A_TOKEN: Final = 4
_REFUSAL: Final = "I'm sorry, but I can't help with that."
_ids = Ids()

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+?\d[\d ()-]{6,}\d")
_NAME = re.compile(r"\b(?:my name is|i am|i'm|it's|this is)\s+([^\s.,]+(?:\s[^\s.,]+)?)", re.I)
_FINDERS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "email": lambda words: _first(_EMAIL, words),
    "phone": lambda words: _first(_PHONE, words),
    "name": lambda words: _first(_NAME, words),
}


async def respond(request: Request, simulator: Simulator, fault: Fault | None) -> Response:
    """Answer one request."""
    asked = orjson.loads(await request.body())
    if asked.get("stream"):
        return bad_request("This simulator does not stream responses.", "stream")
    form = (asked.get("text") or {}).get("format") or {}
    if form.get("type") == "json_schema" and (wrong := loose_part(form.get("schema"))):
        message = f"Invalid schema for response_format '{form.get('name')}': {wrong}"
        return bad_request(message, "text.format.schema")
    text = simulator.answers.popleft() if simulator.answers else _extracted(asked, form)
    whole = orjson.dumps(body(asked, text, fault.kind if fault else None))
    if fault and fault.kind is FaultKind.STALL:
        return stalling(whole[:20], "application/json")
    return Response(whole, media_type="application/json")


def body(asked: Mapping[str, object], text: str, kind: FaultKind | None) -> dict[str, object]:
    """Return the answer's body; CUT_JSON is an output that reached its token limit."""
    cut = kind is FaultKind.CUT_JSON
    text = text[: len(text) // 2] if cut else text
    text = f"```json\n{text}\n```" if kind is FaultKind.FENCED else text
    part: dict[str, object] = {"type": "output_text", "text": text, "annotations": []}
    if kind is FaultKind.REFUSAL:
        part = {"type": "refusal", "refusal": _REFUSAL}
    status = "incomplete" if cut else "completed"
    message = {
        "type": "message", "id": _ids.new("msg"), "role": "assistant", "status": status,
        "content": [part],
    }  # fmt: skip
    tokens_in = len(orjson.dumps(asked.get("input"))) // _LETTERS_A_TOKEN
    tokens_out = max(1, len(text) // _LETTERS_A_TOKEN)
    return {
        "id": _ids.new("resp"), "object": "response", "created_at": int(time.time()),
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


def fill(schema: Mapping[str, object], words: str) -> object:
    """Return a value that fits the schema, with values found in the words."""
    return _fill(schema, schema, words, "")


def _fill(root: Mapping[str, object], schema: object, words: str, name: str) -> object:
    if not isinstance(schema, Mapping):
        return None
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _fill(root, _resolved(root, reference), words, name)
    if isinstance(options := schema.get("anyOf"), list):
        return _choose(root, options, words, name)
    if isinstance(values := schema.get("enum"), list):
        return values[0]
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties")
            parts = properties if isinstance(properties, Mapping) else {}
            return {key: _fill(root, part, words, key) for key, part in parts.items()}
        case "array":
            return []
        case "string":
            return _found(name, words) or ""
        case "number" | "integer":
            return 0
        case "boolean":
            return False
        case _:
            return None


def _choose(root: Mapping[str, object], options: list[object], words: str, name: str) -> object:
    nullable = {"type": "null"} in options
    if nullable and _found(name, words) is None:
        return None
    return _fill(root, next(o for o in options if o != {"type": "null"}), words, name)


def _resolved(root: Mapping[str, object], reference: str) -> object:
    value: object = root
    for key in reference.removeprefix("#/").split("/"):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _found(name: str, words: str) -> str | None:
    finder = next((find for key, find in _FINDERS.items() if key in name.lower()), None)
    return finder(words) if finder else None


def _first(pattern: re.Pattern[str], words: str) -> str | None:
    found = pattern.search(words)
    return found.group(found.lastindex or 0) if found else None


def _extracted(asked: Mapping[str, object], form: Mapping[str, object]) -> str:
    words = _last_user_words(asked.get("input"))
    schema = form.get("schema")
    if not isinstance(schema, Mapping):
        return words
    return orjson.dumps(fill(schema, words)).decode()


def _last_user_words(given: object) -> str:
    if isinstance(given, str):
        return given
    words = ""
    for message in given if isinstance(given, list) else []:
        if isinstance(message, Mapping) and message.get("role") == "user":
            content = message.get("content")
            parts = content if isinstance(content, list) else [{"text": content}]
            words = " ".join(str(part.get("text", "")) for part in parts)
    return words
