"""The model's answer is a stranger's claim: what of it may count as understood.

A value counts when it is in normal form, made or accepted by the code that the rules use, and
when the caller's words can have said it. What does not count is dropped, and an answer of which
nothing is left is none. Not protected: a caller who says a wrong value himself, a service chosen
wrongly from the list, a day reckoned wrongly; all of these are read back before they count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import phonenumbers

from voicebot.call import Step
from voicebot.collect.reading import e164
from voicebot.collect.reading import valid as valid_email
from voicebot.collect.understanding import Asked, Intent, Missing, Understanding
from voicebot.collect.understanding.bridged import agrees
from voicebot.collect.understanding.model.evidence import Evidence, evidence
from voicebot.collect.understanding.model.meaning import Meaning
from voicebot.collect.understanding.parsers import parse

_SURE: Final = 0.5
_VERY_SURE: Final = 0.8
_CONFIDENCE: Final = 0.7
"""What has passed is believed less than what the rules know."""
_WEIGHTY: Final = frozenset({Intent.YES, Intent.CANCEL, Intent.GOODBYE, Intent.HUMAN})
"""These book, hang up or transfer: the model has to be very sure."""
_NEEDS_VALUE: Final = frozenset({Intent.ANSWER, Intent.CORRECTION, Intent.OTHER_VALUE})
_TO_A_READ_BACK: Final = frozenset({Intent.YES, Intent.NO})

_NAME = re.compile(r"[^\W\d_]+(?:[.'’-]?[ ]?[^\W\d_]+){0,9}\.?")
_LONGEST_NAME: Final = 60
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"T(?:[01]\d|2[0-3]):[0-5]\d")
_FEWEST_DIGITS: Final = 6
_FURTHEST: Final = timedelta(days=800)


def checked(meaning: Meaning, utterance: str, asked: Asked) -> Understanding | None:
    """What may be believed of the answer; None when that is nothing."""
    needed = _VERY_SURE if meaning.intent in _WEIGHTY else _SURE
    if meaning.confidence < needed:
        return None
    if meaning.intent in _TO_A_READ_BACK and not asked.confirming:
        return None
    said = evidence(utterance, asked.partial)
    fields = _fields(meaning, said, asked)
    if piece := _piece(meaning, said, asked, fields):
        return piece
    if meaning.intent in _NEEDS_VALUE and not fields:
        return None
    if fields:
        return _with_values(fields, asked)
    if meaning.intent is Intent.YES and not agrees(utterance, asked.language):
        return None  # a model never decides that something is booked
    return Understanding(meaning.intent, confidence=_CONFIDENCE)


def _with_values(fields: Mapping[Step, str], asked: Asked) -> Understanding:
    value = None if asked.confirming else fields.get(asked.step)
    intent = Intent.CORRECTION if value is None else Intent.ANSWER
    return Understanding(intent, value, fields, confidence=_CONFIDENCE)


def _fields(meaning: Meaning, said: Evidence, asked: Asked) -> dict[Step, str]:
    claimed = dict(meaning.fields.values())
    if meaning.value and not asked.confirming:
        claimed[asked.step] = meaning.value
    proved: dict[Step, str] = {}
    for step, value in claimed.items():
        normal = _PROOFS[step](_Claim(value.strip(), said, replace(asked, step=step, partial=None)))
        if normal is not None:
            proved[step] = normal
    return proved


@dataclass(frozen=True, slots=True)
class _Claim:
    """A value, what was said, and the situation as if this field had been asked for."""

    value: str
    said: Evidence
    asked: Asked


def _name(claim: _Claim) -> str | None:
    value = " ".join(claim.value.split())
    if len(value) > _LONGEST_NAME or not _NAME.fullmatch(value):
        return None
    if not all(claim.said.has_word(word) for word in re.split(r"[\s.-]+", value) if word):
        return None
    return value.title() if value.islower() or value.isupper() else value


def _phone(claim: _Claim) -> str | None:
    number = e164(re.sub(r"[\s()-]", "", claim.value), claim.asked.region)
    if number is None:
        return None
    national = phonenumbers.national_significant_number(phonenumbers.parse(number))
    return number if claim.said.has_digits(national) else None


def _email(claim: _Claim) -> str | None:
    address = valid_email(claim.value)
    if address is None:
        return None
    chunks = [chunk for chunk in re.split(r"[^a-z0-9]+", address) if chunk]
    return address if all(claim.said.has_chunk(chunk) for chunk in chunks) else None


def _address(claim: _Claim) -> str | None:
    found = parse(Step.ADDRESS, claim.value, claim.asked)
    if found is None or found.value is None or found.missing is not None:
        return None
    words = re.findall(r"\d+|[^\W\d_]+", claim.value)
    return found.value if all(claim.said.has_word(word) for word in words) else None


def _service(claim: _Claim) -> str | None:
    wanted = claim.value.casefold()
    names = (offer.name for offer in claim.asked.services)
    return next((name for name in names if name.casefold() == wanted), None)


def _time(claim: _Claim) -> str | None:
    value, now = claim.value, claim.asked.now
    if not claim.said.words:
        return None
    if _CLOCK.fullmatch(value):
        return value
    if not (_MOMENT.fullmatch(value) or _DAY.fullmatch(value)):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return value if now.date() <= moment.date() <= (now + _FURTHEST).date() else None


_PROOFS: Final[Mapping[Step, Callable[[_Claim], str | None]]] = {
    Step.NAME: _name,
    Step.PHONE: _phone,
    Step.ADDRESS: _address,
    Step.EMAIL: _email,
    Step.SERVICE: _service,
    Step.TIME: _time,
}


def _piece(
    meaning: Meaning, said: Evidence, asked: Asked, fields: Mapping[Step, str]
) -> Understanding | None:
    """A part of the answer: digits of a number, or a day or a clock time alone."""
    if asked.confirming:
        return None
    time = fields.get(Step.TIME, "")
    if asked.step is Step.TIME and time and not _MOMENT.fullmatch(time):
        missing = Missing.DAY if time.startswith("T") else Missing.CLOCK
        return Understanding(
            Intent.ANSWER, time, fields, missing, partial=time, confidence=_CONFIDENCE
        )
    digits = re.sub(r"\D", "", meaning.partial or "")
    lacking = asked.step is Step.PHONE and meaning.missing is Missing.DIGITS
    if lacking and len(digits) <= _FEWEST_DIGITS + 3 and said.has_digits(digits):
        return Understanding(
            Intent.ANSWER, None, fields, Missing.DIGITS, partial=digits, confidence=_CONFIDENCE
        )
    return None
