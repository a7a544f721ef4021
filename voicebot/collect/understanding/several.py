"""Several fields in one utterance, and corrections of a field that was not asked for.

For a field that was not asked only strong evidence counts: an e-mail address, a number that is
valid in the region, a name that is announced as one, a street with its number, a day with a time.
"""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.call import Step
from voicebot.collect.understanding import Asked, email, name, phone
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.parsers import parse
from voicebot.collect.understanding.tokens import plain

_STRONG = 0.6
"""How sure a parser must be of a value that was not asked for."""


def found_in(utterance: str, asked: Asked) -> dict[Step, Found]:
    """Everything that was said, the asked step's own value or piece included."""
    text = plain(utterance)
    found: dict[Step, Found] = {}
    rest = text
    for step in (Step.EMAIL, Step.PHONE):
        said = parse(step, rest, asked) if step is asked.step else _strong(step, rest, asked)
        if said is not None:
            found[step] = said
            rest = _masked(rest, said)
    if asked.step is Step.NAME and (own := parse(Step.NAME, rest, asked)):
        found[Step.NAME] = own
    elif announced := name.announced(rest):
        found[Step.NAME] = announced
        rest = _masked(rest, announced)
    for step in (Step.ADDRESS, Step.TIME, Step.SERVICE):
        said = parse(step, rest, asked) if step is asked.step else _strong(step, rest, asked)
        if said is not None:
            found[step] = said
    return found


def values(found: Mapping[Step, Found]) -> dict[Step, str]:
    """The whole values among what was found."""
    return {step: said.value for step, said in found.items() if said.value is not None}


def _strong(step: Step, text: str, asked: Asked) -> Found | None:
    if step is Step.EMAIL:
        said = email.parse(text, asked)
    elif step is Step.PHONE:
        said = phone.parse(text, asked)
    else:
        return None
    whole = said is not None and said.value is not None and said.missing is None
    return said if said and whole and said.confidence >= _STRONG else None


def _masked(text: str, found: Found) -> str:
    """The text with a found value blanked out, at the same length."""
    if found.span is None:
        return text
    first, end = found.span
    return text[:first] + " " * (end - first) + text[end:]
