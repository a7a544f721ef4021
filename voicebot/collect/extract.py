"""`voicebot extract`: cases as JSON Lines in, what their words do as JSON Lines out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Annotated

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from voicebot.business import Offer
from voicebot.call import FIELDS, Step
from voicebot.collect.meaning import LONGEST, lacks_service, phrases, similar
from voicebot.collect.understanding import (
    Act,
    Asked,
    Choose,
    Correct,
    Deny,
    Flexible,
    Provide,
    Reading,
    Situation,
    Window,
    Withdraw,
    consents,
    read,
)
from voicebot.collect.understanding.model.claims import name_of

CONFIRM = "confirm"
"""The step of a case in which something was read back: the one value in `record`, else a time."""

_FIELDS = {step.value for step in FIELDS}
_INTENTS: Mapping[str, tuple[str, ...]] = {
    "bot_challenge": ("ask robot",),
    "human": ("want_person",),
    "speak_slower": ("slow_down",),
    "repeat": ("repeat",),
    "hold": ("wait",),
    "refusal": ("decline refuses", "decline has none"),
    "change_of_mind": ("want change_of_mind",),
    "dont_know": ("decline does not know",),
    "other_request": ("want start_over", "want late"),
    "no_preference": ("flexible",),
    "cancel": ("want cancel", "want reschedule", "want nothing"),
    "goodbye": ("leave",),
    "complaint": ("want complaint", "want annoyed"),
    "question": ("ask",),
    "unsure": ("decline unsure",),
    "no": ("deny", "correct", "withdraw"),
    "yes": ("affirm",),
    "thanks": ("thank",),
    "greeting": ("greet",),
}
"""The intent of a turn without a value: the first of which an act is in it."""
_Texts = Annotated[tuple[str, ...], BeforeValidator(lambda v: v or ())]


class _Case(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str | Annotated[int, Field(ge=-(2**63), lt=2**64)]  # what JSON Lines can hold here
    step: str
    utterance: str
    reference_time: datetime
    lang: str = ""
    region: str | None = None
    services: _Texts = ()
    record: Annotated[dict[str, str | None], BeforeValidator(lambda v: v or {})] = {}
    offered: _Texts = ()
    nbest: _Texts = ()
    earlier: Annotated[tuple[tuple[str, ...], ...], BeforeValidator(lambda v: v or ())] = ()

    def situation(self, language: str) -> Situation:
        """Return where it was said; raises ValueError for a step that does not exist."""
        record = {Step(key): v for key, v in self.record.items() if key in _FIELDS and v}
        read_back = next(iter(record)) if len(record) == 1 else Step.TIME
        step = read_back if self.step == CONFIRM else Step(self.step)
        if step not in FIELDS:
            raise ValueError(f"no such step: {self.step}")
        answer = Asked.CHOICE if self.offered else Asked.ANSWER
        return Situation(
            step=step,
            now=self.reference_time.replace(tzinfo=None),
            asked=Asked.CONFIRM if self.step == CONFIRM else answer,
            language=_language(self.lang or language),
            region=self.region or "AU",
            services=tuple(Offer(id=name, name=name) for name in self.services),
            record=record,
            offered=self.offered,
            nbest=self.nbest,
            earlier=self.earlier,
        )


Compare = Callable[[str, Sequence[str]], tuple[float, ...]]
"""The meaning engine: how like each of some phrases a text is."""


def extract(
    lines: Iterable[bytes], compare: Compare | None = None, language: str = "en"
) -> Iterator[bytes]:
    """Give one JSON line for each line, in the same order; blank lines count as unreadable.

    A case that names no language is read in `language`.

    With `compare` it is asked for the service where the rules find none, as in a call.
    """
    for line in lines:
        yield orjson.dumps(_result(line, compare, language))


def _result(line: bytes, compare: Compare | None, language: str) -> dict[str, object]:
    try:
        case = _Case.model_validate_json(line)
        situation = case.situation(language)
    except (ValidationError, ValueError):
        return {"id": _id(line), "value": None, "intent": "invalid"}
    done = read(case.utterance, situation)
    if compare and lacks_service(done, situation) and situation.services:
        scores = compare(case.utterance[:LONGEST], phrases(situation))
        done = read(case.utterance, replace(situation, similar=similar(situation, scores)))
    given = _values(done, situation)
    own = given.get(situation.step)
    if situation.asked is not Asked.CONFIRM:
        value, intent = own, "answer" if own or _is_piece(done, situation) else None
    else:
        changes = own not in (None, situation.record.get(situation.step))
        value = _yes_or_no(done, situation, changes=changes)
        intent = "yes" if value == "yes" else None
    result: dict[str, object] = {
        "id": case.id,
        "value": value,
        "intent": intent or ("correction" if given else _intent(done)),
    }
    if given:
        result["fields"] = {step.value: each for step, each in given.items()}
    return result | {"acts": [_act(act) for act in done.acts], "rest": done.rest}


def _values(done: Reading, situation: Situation) -> dict[Step, str]:
    """Return the value of every field that was given; of several the last."""
    given = dict[Step, str]()
    for act in done.acts:
        match act:
            case Provide(Step() as step, str() as value) | Correct(Step() as step, str() as value):
                given[step] = value
            case Flexible(Window(days=(day,))):
                given.setdefault(Step.TIME, day.isoformat())
            case Choose(moment=str() as moment):
                given[situation.step] = moment
            case Choose(position=int() as position) if abs(position) <= len(situation.offered):
                given[situation.step] = situation.offered[position - (position > 0)]
    return given


def _is_piece(done: Reading, situation: Situation) -> bool:
    return any(isinstance(act, Provide) and act.step is situation.step for act in done.acts)


def _yes_or_no(done: Reading, situation: Situation, *, changes: bool) -> str | None:
    """Return the answer to a read-back; None where it is neither, or not plain."""
    if consents(done, situation):
        return "yes"
    denied = any(isinstance(act, Deny | Correct | Withdraw) for act in done.acts)
    return "no" if denied or changes else None


def _intent(done: Reading) -> str:
    """Return the kind of a turn without a value."""
    if not done.acts and not done.rest:
        return "nothing"
    names = set[str]()
    for act in done.acts:
        kind = (getattr(act, part) for part in ("topic", "what", "why") if hasattr(act, part))
        names |= {name_of(type(act)), f"{name_of(type(act))} {next(kind, '')}"}
    intents = (intent for intent, kinds in _INTENTS.items() if not names.isdisjoint(kinds))
    return next(intents, "not_a_value")


def _act(act: Act) -> dict[str, object]:
    """Return an act by its name, with its parts that are not empty, spans in code points."""
    parts = {field.name: getattr(act, field.name) for field in fields(act)}
    return {"act": name_of(type(act)), **{key: value for key, value in parts.items() if value}}


def _language(lang: str) -> str:
    """Return the language to read in: a language without words of its own is read as English."""
    if lang.startswith("zh"):
        return "zh-CN"
    return "es" if lang.startswith("es") else "en"


def _id(line: bytes) -> str | int | None:
    try:
        case = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    found = case.get("id") if isinstance(case, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None
