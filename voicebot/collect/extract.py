"""`voicebot extract`: cases as JSON Lines in, what was understood as JSON Lines out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Annotated

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from voicebot.business import Offer
from voicebot.call import FIELDS, Step
from voicebot.collect.reading import Act
from voicebot.collect.understanding import Asked, Intent, Understanding
from voicebot.collect.understanding.rules import read_acts, understand

CONFIRM = "confirm"
"""The step of a case in which something was read back: the one value in `record`, else a time."""

_FIELDS = {step.value for step in FIELDS}


def _naive(value: object) -> object:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


class _Case(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str | Annotated[int, Field(ge=-(2**63), lt=2**64)]  # what JSON Lines can hold here
    step: str
    utterance: str
    reference_time: datetime
    lang: str = "en"
    question: str | None = None
    region: str | None = None
    services: Annotated[tuple[str, ...], BeforeValidator(lambda v: v or ())] = ()
    record: Annotated[dict[str, str | None], BeforeValidator(lambda v: v or {})] = {}
    nbest: Annotated[tuple[str, ...], BeforeValidator(lambda v: v or ())] = ()
    earlier: Annotated[tuple[tuple[str, ...], ...], BeforeValidator(lambda v: v or ())] = ()


def extract(lines: Iterable[bytes]) -> Iterator[bytes]:
    """One JSON line out for each line in, in the same order; blank lines count as unreadable."""
    for line in lines:
        yield orjson.dumps(_result(line))


def command() -> None:
    """Read cases from standard input, write what was understood to standard output.

    \b
    voicebot extract < cases.jsonl
    a case is one line:
      {"id": "1", "step": "name", "utterance": "Ann Lee", "reference_time": "2026-11-23T10:00"}
    """
    for line in extract(sys.stdin.buffer):
        sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _result(line: bytes) -> dict[str, object]:
    try:
        case = _Case.model_validate_json(line)
        asked = _asked(case)
    except (ValidationError, ValueError):
        return {"id": _id(line), "value": None, "intent": "invalid"}
    understood = understand(case.utterance, asked)
    result: dict[str, object] = {
        "id": case.id,
        "value": _value(understood, asked),
        "intent": understood.intent.value,
    }
    if understood.fields:
        result["fields"] = {step.value: value for step, value in understood.fields.items()}
    done = read_acts(case.utterance, asked)
    result["acts"] = [_act(act) for act in done.acts]
    result["rest"] = done.rest
    return result


def _act(act: Act) -> dict[str, object]:
    """Return an act by its name ("want_person"), with its parts and its span in code points."""
    name = "".join(
        "_" * (sign.isupper() and at > 0) + sign for at, sign in enumerate(type(act).__name__)
    )
    parts = {field.name: getattr(act, field.name) for field in fields(act)}
    return {"act": name.lower(), **{key: value for key, value in parts.items() if value}}


def _asked(case: _Case) -> Asked:
    """The situation of a case; raises ValueError for a step that does not exist."""
    confirming = case.step == CONFIRM
    record = {Step(key): v for key, v in case.record.items() if key in _FIELDS and v}
    read_back = next(iter(record)) if len(record) == 1 else Step.TIME
    step = read_back if confirming else Step(case.step)
    if step not in FIELDS:
        raise ValueError(f"no such step: {case.step}")
    return Asked(
        step=step,
        now=case.reference_time.replace(tzinfo=None),
        region=case.region or "AU",
        language=_language(case.lang),
        confirming=confirming,
        question=case.question or "",
        services=tuple(Offer(id=name, name=name) for name in case.services),
        record=record,
        nbest=case.nbest,
        earlier=case.earlier,
    )


def _language(lang: str) -> str:
    """Return the language to read in: a language without words of its own is read as English."""
    if lang.startswith("zh"):
        return "zh-CN"
    return "es" if lang.startswith("es") else "en"


def _value(understood: Understanding, asked: Asked) -> str | None:
    if not asked.confirming:
        return understood.value
    if understood.intent is Intent.YES:
        return "yes"
    return "no" if understood.intent in (Intent.NO, Intent.CORRECTION) else None


def _id(line: bytes) -> str | int | None:
    try:
        case = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    found = case.get("id") if isinstance(case, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None
