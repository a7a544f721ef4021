"""Several fields in one utterance, and corrections of a field that was not asked for.

For a field that was not asked only strong evidence counts: an e-mail address, a number that is
valid in the region, a name that is announced as one, a street with its number, a day with a time.
What one parser has read is blanked out for the next, so that a postcode is no part of a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Intent
from voicebot.collect.understanding.bridged import OVERRULING, intent_of
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.lexicon import correction_at
from voicebot.collect.understanding.others import (
    is_fact,
    is_of_others,
    is_own_event,
    is_past,
    ruled_out_until,
    without_fact,
)
from voicebot.collect.understanding.parsers import parse
from voicebot.collect.understanding.questions import clause_around, is_question, is_request
from voicebot.collect.understanding.tokens import word_set, words

_STRONG = 0.6
"""How sure a parser must be of a value that was not asked for."""
_STRONG_SERVICE = 0.9
"""How sure a service must be, unless it comes right after the e-mail address, when it is next."""
_BESIDE_A_SERVICE = (None, Intent.THANKS, Intent.GREETING, Intent.YES)
_NAME_ALONE = 0.7
"""How sure a name must be that is not announced, beside other answers."""
_AMENDED = 0.8
"""A number that is surer than this was said as a whole, not as a piece of the one held."""
_FEWEST_DIGITS = 8
"""A shorter number that was not asked for is rather a house number and a postcode."""
_MOST_RULED_OUT = 2
_CHANGING = word_set("change update switch instead correct edit fix amend")
_ORDER = (Step.EMAIL, Step.PHONE, Step.ADDRESS, Step.TIME)


def found_in(text: str, asked: Asked) -> dict[Step, Found]:
    """Everything that was said, the asked step's own value or piece included."""
    found: dict[Step, Found] = {}
    rest = text
    for step in _ORDER:
        said = _meant(step, rest, asked)
        if said is None:
            continue
        found[step] = said
        if said.value is not None and step in (Step.EMAIL, Step.PHONE):
            rest = _masked(rest, said)
    if named := _name(text, rest, asked, found):
        found[Step.NAME] = named
    if Step.ADDRESS in found:
        rest = _masked(rest, found[Step.ADDRESS])
    if service := _service(rest, asked):
        found[Step.SERVICE] = service
    return found


def _meant(step: Step, text: str, asked: Asked) -> Found | None:
    """The first value of this step that the caller does not rule out."""
    if step is Step.TIME:
        text = _wished(text, asked)
    for _ in range(_MOST_RULED_OUT + 1):
        said = _asked_or_strong(step, text, asked)
        if said is None or _is_of_address(step, said, text, asked):
            return None
        if not said.span or not _is_not_meant(step, text, said.span, asked):
            return said
        if step is Step.TIME:
            return None
        until = ruled_out_until(text, said.span[1])
        text = _masked(text, replace(said, span=(said.span[0], until)))
    return None


def _wished(text: str, asked: Asked) -> str:
    """The text without a fact, if a time is left: "my train is at six, so come at four"."""
    return without_fact(text)


def values(found: Mapping[Step, Found]) -> dict[Step, str]:
    """The values among what was found."""
    return {step: said.value for step, said in found.items() if said.value is not None}


def corrects(text: str) -> bool:
    """Does the caller take something back, or ask to change it?"""
    said = words(text)
    asks = not _CHANGING.isdisjoint(said)
    return asks or any(correction_at(said, at) for at in range(len(said)))


def _asked_or_strong(step: Step, text: str, asked: Asked) -> Found | None:
    if step is asked.step:
        return parse(step, text, asked)
    goes_on = asked.confirming and (asked.step, step) == (Step.PHONE, Step.ADDRESS)
    said = parse(step, text, replace(asked, partial=None, step=step if goes_on else asked.step))
    if said is None or said.value is None or said.missing or said.confidence < _STRONG:
        return None
    if step is Step.TIME and not _is_wish(said, text, asked):
        return None
    if step is Step.PHONE and len(said.value) <= _FEWEST_DIGITS:
        return None
    return said


def _is_of_address(step: Step, said: Found, text: str, asked: Asked) -> bool:
    """ "It's 588 Heather Lane": no digits of the number that was read back, but a house's."""
    if step is not Step.PHONE or said.confidence > _AMENDED or not said.span:
        return False
    house = parse(Step.ADDRESS, text, replace(asked, step=Step.NAME, partial=None))
    if house is None or house.value is None or house.span is None:
        return False
    return house.confidence >= _STRONG and house.span[0] < said.span[1]


def _is_not_meant(step: Step, text: str, span: tuple[int, int], asked: Asked) -> bool:
    """Is it somebody else's, or an hour at which something else is?"""
    if step is not Step.TIME:
        return is_of_others(step, text, span)
    clause = clause_around(text, span)
    at = clause.find(text[slice(*span)])
    if is_past(clause, at) or is_fact(clause, at):
        return True
    return asked.step is not Step.TIME and is_own_event(clause)


def _is_wish(said: Found, text: str, asked: Asked) -> bool:
    """A time to come, and not one that the caller only asks about ("are you open at …?")."""
    if said.value is None or said.value < asked.now.isoformat():
        return False
    if asked.step is Step.SERVICE or corrects(text):
        return True
    clause = clause_around(text, said.span or (0, len(text)))
    return is_request(clause) or not is_question(clause)


def _name(text: str, rest: str, asked: Asked, found: Mapping[Step, Found]) -> Found | None:
    if asked.step is Step.NAME:
        return parse(Step.NAME, rest, asked)
    if said := parse(Step.NAME, rest, asked):
        return said
    held = asked.record.get(Step.NAME)
    spans = [said.span for said in found.values() if said.span and said.value]
    if not spans or (Step.ADDRESS not in found and Step.PHONE not in found):
        return None
    if held and not corrects(text):
        return None
    end = max(span[1] for span in spans)
    begin = min(span[0] for span in spans)
    return _bare_name(text, 0, begin, asked) or _bare_name(text, end, len(text), asked)


def _bare_name(text: str, first: int, end: int, asked: Asked) -> Found | None:
    """A name that is all that stands before or behind the other answers."""
    said = parse(Step.NAME, text[first:end], Asked(Step.NAME, asked.now))
    if said is None or said.span is None or said.confidence < _NAME_ALONE:
        return None
    return replace(said, span=(said.span[0] + first, said.span[1] + first), confidence=0.7)


def _service(rest: str, asked: Asked) -> Found | None:
    if asked.step is Step.SERVICE:
        return parse(Step.SERVICE, rest, asked)
    mends = corrects(rest) or (asked.confirming and "but" in words(rest))
    if Step.SERVICE in asked.record and not mends:
        return None
    if asked.step in (Step.EMAIL, Step.ADDRESS) and not (asked.confirming or mends):
        return None
    said = parse(Step.SERVICE, rest, asked)
    if said is None:
        return None
    intent, sure = intent_of(rest, asked), said.confidence >= _STRONG_SERVICE
    if asked.confirming and asked.step is Step.EMAIL:
        return said if intent not in OVERRULING and (sure or intent is not Intent.CANCEL) else None
    return said if sure and (intent in _BESIDE_A_SERVICE or mends) else None


def _masked(text: str, found: Found) -> str:
    """The text with a found value blanked out, at the same length."""
    if found.span is None:
        return text
    first, end = found.span
    return text[:first] + " " * (end - first) + text[end:]
