"""`/v1/chat/completions` with structured output: prepared answers, turns of a table, else nothing.

The simulator plays the model of a table of turns (TURNS): where the last message holds the words of
one, between <caller> marks, it answers with that turn's acts, filled up to the schema it was given.
It lies on request: INVENTED and UNKNOWN_ACT.
"""

import itertools
import re
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from voicebot.simulators.openai.audio import stalling
from voicebot.simulators.openai.errors import bad_request
from voicebot.simulators.openai.simulator import Fault, FaultKind, Simulator

TURNS: Final = Path(__file__).parents[2] / "collect" / "understanding" / "model" / "turns.json"
"""Found by path, not imported: the simulator shares no code with what it tests."""
_CALLER = re.compile(r"<caller>\n(.*)\n</caller>", re.DOTALL)
_LETTERS_A_TOKEN: Final = 4
_numbers = itertools.count(1)
_LIES: Final = {
    "name": "Quentin Zoltan",
    "phone": "+61491578888",
    "address": "99 Nowhere Crescent, Zeehan TAS 7469",
    "email": "quentin@zoltan.example",
    "service": "Free Plan",
    "time": "2026-12-24T23:55",
}
"""Values of INVENTED, by step."""

Schema = Mapping[str, object]


async def complete(request: Request, simulator: Simulator, fault: Fault | None) -> Response:
    """Answer one request."""
    asked = orjson.loads(await request.body())
    if asked.get("stream"):
        return bad_request("This simulator does not stream completions.", "stream")
    form = (asked.get("response_format") or {}).get("json_schema") or {}
    schema = form.get("schema") or {}
    if form.get("strict") and (wrong := loose_part(schema)):
        message = f"Invalid schema for response_format '{form.get('name')}': {wrong}"
        return bad_request(message, "response_format")
    kind = fault.kind if fault else None
    if simulator.answers:
        text = simulator.answers.popleft()
    else:
        text = _played(str(asked["messages"][-1]["content"]), schema, kind)
    whole = orjson.dumps(_body(asked, text, kind))
    if kind is FaultKind.STALL:
        return stalling(whole[:20], "application/json")
    return Response(whole, media_type="application/json")


def loose_part(schema: object) -> str | None:
    """Return what strict mode refuses in a schema, or None: open objects, optional properties."""
    if isinstance(schema, list):
        return next((wrong for part in schema if (wrong := loose_part(part))), None)
    if not isinstance(schema, Mapping):
        return None
    if "oneOf" in schema:
        return "'oneOf' is not permitted."
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false."
        if set(schema.get("properties", {})) != set(schema.get("required", [])):
            return "'required' is required to be an array including every key in properties."
    return next((wrong for part in schema.values() if (wrong := loose_part(part))), None)


@cache
def _turns() -> Mapping[str, list[dict[str, object]]]:
    rows = orjson.loads(TURNS.read_bytes())
    return {row["said"]: row["acts"] for row in rows}


def _played(message: str, schema: Schema, kind: FaultKind | None) -> str:
    """Return the answer of the turn whose words the message holds, or one that says nothing."""
    found = _CALLER.search(message)
    acts = [dict(act) for act in _turns().get(found[1], ())] if found else []
    for act in acts:
        if kind is FaultKind.INVENTED and act.get("value"):
            act["value"] = _LIES[str(act["step"])]
    answer = filled({"acts": acts} if acts else None, schema, schema)
    if kind is FaultKind.UNKNOWN_ACT and isinstance(answer, dict):
        answer["acts"] = [{"act": "book", "words": act["words"]} for act in acts]
    return orjson.dumps(answer).decode()


def filled(given: object, schema: object, root: Schema) -> object:
    """Return a value that fits a strict schema: what was given; where it says nothing, null.

    Where null does not fit, the first value, or an empty one.
    """
    match schema:
        case {"$ref": str(reference)}:
            part: object = root
            for key in reference.removeprefix("#/").split("/"):
                part = part.get(key) if isinstance(part, Mapping) else None
            return filled(given, part, root)
        case {"anyOf": [*options]}:
            if given is None and {"type": "null"} in options:
                return None
            fitting = (option for option in options if _may_be(given, option, root))
            return filled(given, next(fitting, options[0]), root)
        case {"enum": [first, *_]} | {"const": first}:
            return first if given is None else given
        case {"type": "object", "properties": Mapping() as properties}:
            held = given if isinstance(given, Mapping) else {}
            return {name: filled(held.get(name), part, root) for name, part in properties.items()}
        case {"type": "array", "items": items}:
            return [filled(each, items, root) for each in given] if isinstance(given, list) else []
        case {"type": str(kind)} if given is None:
            empty = {"array": [], "string": "", "number": 0, "integer": 0, "boolean": False}
            return empty.get(kind)
    return given


def _may_be(given: object, option: object, root: Schema) -> bool:
    """Return True for the one of several objects whose constants are those given."""
    if isinstance(option, Mapping) and isinstance(given, Mapping):
        whole = filled({}, option, root)
        act = whole.get("act") if isinstance(whole, dict) else None
        return act == given.get("act")
    return option != {"type": "null"}


def _body(asked: Schema, text: str, fault: FaultKind | None) -> dict[str, object]:
    """Return the answer's body; CUT_JSON is an output that reached its token limit."""
    cut = fault is FaultKind.CUT_JSON
    text = text[: len(text) // 2] if cut else text
    text = f"```json\n{text}\n```" if fault is FaultKind.FENCED else text
    refused = fault is FaultKind.REFUSAL
    message: dict[str, object] = {
        "role": "assistant",
        "content": None if refused else text,
        "refusal": "I'm sorry, but I can't help with that." if refused else None,
        "annotations": [],
    }
    tokens_in = len(orjson.dumps(asked.get("messages"))) // _LETTERS_A_TOKEN
    tokens_out = max(1, len(text) // _LETTERS_A_TOKEN)
    finish = "length" if cut else "stop"
    return {
        "id": f"chatcmpl-{next(_numbers):010d}", "object": "chat.completion",
        "created": int(time.time()), "model": asked.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {
            "prompt_tokens": tokens_in, "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }  # fmt: skip
