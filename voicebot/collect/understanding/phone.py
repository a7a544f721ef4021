"""A telephone number as callers say it, to E.164.

The digits are read as runs; words between runs tell whether a run goes on with the number,
corrects it, or is something else (an order number, an extension). What comes out is checked by
libphonenumber for the business's region: an impossible number is never returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from voicebot.collect.understanding import Asked, Missing
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.lexicon import correction_at
from voicebot.collect.understanding.numbers import Group, group_at, homophone_at
from voicebot.collect.understanding.tokens import Token, plain, tokens, word_set

_FEWEST_DIGITS = 3
"""A shorter run alone is a quantity ("2 people"), not the beginning of a number."""
_SHORTEST_NUMBER_DIGITS = 6
_USUAL_NATIONAL_DIGITS = 9
_MOST_READINGS = 16
"""How many readings of ambiguous number words are tried ("nine hundred twelve")."""
_MOST_DIGITS = 24
"""E.164 has 15; the rest is room for access codes and slips."""

_SET_ASIDE = "+447700900"
"""British mobile numbers for drama (Ofcom), which libphonenumber does not count as valid."""

_INSIDE = word_set(
    "uh um uhm er erm ah hm hmm and then dash hyphen space dot point comma slash okay ok like "
    "- . , / ( ) _ : ; ~ * bracket brackets open close"
)
"""May stand between digits of one run."""
_PAUSES = word_set("uh um er erm and then dash hyphen space comma - . , / ( )")
_LINKS = word_set(
    "and then the number is it's its rest last area code next followed by that's thats with so "
    "yeah yes right um uh first three four digits part bit sorry wait no plus + , . then after my "
    "that mobile phone"
)
"""Words between two runs of one number."""
_EXTENSION = frozenset(("extension", "ext", "extn", "x"))
_OTHER_NUMBERS = word_set(
    "order confirmation account invoice booking reservation reference tracking policy card "
    "flight licence license security social case ticket member membership postcode zip zipcode "
    "job quote serial medicare abn old previous former dollars version"
)
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "1": 1, "2": 2, "3": 3}


@dataclass(frozen=True, slots=True)
class _Run:
    """Digits with nothing but pauses between them, and the words that lead up to them.

    phrases  digit groups between two pauses, for corrections that replace a phrase
    corrects it takes back what was said before
    goes_on  nothing but links ("and then") part it from the run before
    tail     how many last digits this run replaces, when the caller said so
    """

    groups: tuple[Group, ...]
    phrases: tuple[tuple[Group, ...], ...]
    plus: bool
    corrects: bool
    unrelated: bool
    goes_on: bool
    tail: int

    @property
    def digits(self) -> str:
        return "".join(group.digits for group in self.groups)


@dataclass(frozen=True, slots=True)
class _Number:
    """The number as far as it has been said."""

    groups: tuple[Group, ...]
    plus: bool = False
    last_phrase: int = 0

    @property
    def digits(self) -> str:
        return "".join(group.digits for group in self.groups)


def parse(utterance: str, asked: Asked) -> Found | None:
    """Find one telephone number; half of one comes back as `partial`, digits only."""
    text = plain(utterance)
    said = tokens(text)
    runs = [run for run in _runs(said) if not run.unrelated]
    if not runs:
        return None
    if found := _whole(runs, said, asked.region):
        return found
    return _piece(runs, said, asked)


def e164(digits: str, region: str) -> str | None:
    """The number in E.164, or None if there is no such number in the region's numbering plan."""
    if not _SHORTEST_NUMBER_DIGITS <= len(digits) <= _MOST_DIGITS:
        return None
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if phonenumbers.is_valid_number(number) or written.startswith(_SET_ASIDE):
        return written
    return None


def _whole(runs: Sequence[_Run], said: Sequence[Token], region: str) -> Found | None:
    number = _Number(())
    value: str | None = None
    for run in runs:
        for candidate in _continued(number, run, value is not None):
            if new := _valid(candidate, region):
                number, value = candidate, new
                break
        else:
            if value is None:
                number = _next(number, run)
    if value is None:
        number, value = _window(runs, region)
    if value is None:
        return None
    span = (said[number.groups[0].first].start, said[number.groups[-1].end - 1].end)
    return Found(value, span, 0.95)


def _continued(number: _Number, run: _Run, complete: bool) -> Iterator[_Number]:
    """The numbers that may be meant once this run has been said, the likeliest first."""
    alone = _alone(run)
    if not number.groups:
        yield alone
        return
    if run.tail:
        yield _replaced(number, run, run.tail)
    if run.corrects:
        yield alone
        for count in _replaceable(number, run, complete):
            yield _replaced(number, run, count)
        return
    if complete:
        return
    yield alone
    if run.goes_on:
        yield _joined(number, run)


def _replaceable(number: _Number, run: _Run, complete: bool) -> Iterator[int]:
    """How many digits at the end a correction may replace."""
    if complete:
        yield len(run.digits)
        return
    first = len("".join(group.digits for group in run.phrases[0]))
    last = len("".join(group.digits for group in number.groups[-number.last_phrase :]))
    yield last
    if first != last:
        yield first


def _replaced(number: _Number, run: _Run, count: int) -> _Number:
    kept = number.digits[: max(0, len(number.digits) - count)]
    head = Group((kept,), number.groups[0].first, number.groups[-1].end)
    groups = ((head,) if kept else ()) + run.groups
    return _Number(groups, number.plus, len(run.phrases[-1]))


def _alone(run: _Run) -> _Number:
    return _Number(run.groups, run.plus, len(run.phrases[-1]))


def _next(number: _Number, run: _Run) -> _Number:
    """The number so far, when it is no whole number yet."""
    if not number.groups:
        return _alone(run)
    if run.corrects:
        if number.digits[:2] == run.digits[:2]:
            return _alone(run)
        return _replaced(number, run, next(_replaceable(number, run, False)))
    return _joined(number, run) if run.goes_on else _alone(run)


def _joined(number: _Number, run: _Run) -> _Number:
    return _Number(number.groups + run.groups, number.plus, len(run.phrases[-1]))


def _valid(number: _Number, region: str) -> str | None:
    sign = "+" if number.plus else ""
    readings = product(*(group.readings for group in number.groups))
    values = {
        value: None
        for reading in islice(readings, _MOST_READINGS)
        if (value := e164(sign + "".join(reading), region))
    }
    return next(iter(values)) if len(values) == 1 else None


def _window(runs: Sequence[_Run], region: str) -> tuple[_Number, str | None]:
    """A number next to other written figures, as in "NY 11757 2025550151": drop those figures."""
    for run in runs:
        for first in range(len(run.groups)):
            for end in range(len(run.groups), first, -1):
                dropped = run.groups[:first] + run.groups[end:]
                if not all(group.written and len(group.digits) > 2 for group in dropped):
                    continue
                number = _Number(run.groups[first:end])
                if value := _valid(number, region):
                    return number, value
    return _Number(()), None


def _piece(runs: Sequence[_Run], said: Sequence[Token], asked: Asked) -> Found | None:
    """Digits that are no whole number: with those of the turn before, or the first of more."""
    number = _Number(())
    for run in runs:
        number = _next(number, run)
    digits = ("+" if number.plus else "") + number.digits
    span = (said[number.groups[0].first].start, said[number.groups[-1].end - 1].end)
    if asked.partial:
        if value := e164(asked.partial + digits, asked.region):
            return Found(value, span, 0.9)
        digits = asked.partial + digits
    if len(digits) < _FEWEST_DIGITS or not _too_short(digits, asked.region):
        return None
    return Found(None, span, 0.9, Missing.DIGITS, digits)


def _too_short(digits: str, region: str) -> bool:
    """May more digits make a number of it? Compared with a mobile number of the same country."""
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return len(digits) < _SHORTEST_NUMBER_DIGITS
    country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    mobile = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    whole = len(str(mobile.national_number)) if mobile else _USUAL_NATIONAL_DIGITS
    return len(str(number.national_number)) < whole


def _runs(said: Sequence[Token]) -> Iterator[_Run]:
    """All runs of digits, each with what the words before it say about it."""
    at, before = 0, 0
    while at < len(said):
        run, end = _run_at(said, at, before)
        if run is None:
            at += 1
            continue
        yield run
        at = before = end


def _run_at(said: Sequence[Token], at: int, before: int) -> tuple[_Run | None, int]:
    groups: list[Group] = []
    phrases: list[list[Group]] = []
    place, paused = at, True
    while place < len(said):
        group = group_at(said, place)
        if group is None:
            group = homophone_at(said, place) if groups else _misheard_zero(said, place)
        if group and (_part_of_word(said, group) or _is_date(said, place)):
            break
        if group:
            if paused:
                phrases.append([])
            groups.append(group)
            phrases[-1].append(group)
            place, paused = group.end, False
        elif groups and said[place].low in _INSIDE:
            paused = paused or said[place].low in _PAUSES
            place += 1
        else:
            break
    if not groups:
        return None, at
    lead = [token.low for token in said[before:at]]
    end = groups[-1].end
    return (
        _Run(
            tuple(groups),
            tuple(tuple(phrase) for phrase in phrases),
            plus=_is_plus(lead),
            corrects=bool(before) and _corrects(lead),
            unrelated=_is_unrelated(lead),
            goes_on=all(word in _LINKS or word in _INSIDE for word in lead),
            tail=_tail(lead) if before else 0,
        ),
        end,
    )


def _misheard_zero(said: Sequence[Token], at: int) -> Group | None:
    """ "L2" at the beginning is "oh two"."""
    after = at + 1 + (at + 1 < len(said) and said[at + 1].low == "-")
    joined = after < len(said) and said[at + 1].glued and group_at(said, after) is not None
    return Group(("0",), at, at + 1) if said[at].low == "l" and joined else None


def _part_of_word(said: Sequence[Token], group: Group) -> bool:
    """ "s666666666" and "2nd" are no digits of a number."""
    first, last = said[group.first], group.end
    if not group.written:
        return False
    before = said[group.first - 1] if group.first > 0 else None
    glued_before = before is not None and first.glued and before.is_word and before.low != "l"
    glued_after = last < len(said) and said[last].glued and said[last].is_word
    return (glued_before and len(said[group.first - 1].low) <= 1) or (
        glued_after and said[last].low not in _EXTENSION
    )


def _is_date(said: Sequence[Token], at: int) -> bool:
    """ "04/21/2020" and "12:37" are no digits of a number."""
    parts = said[max(0, at - 2) : at + 3]
    if not any(token.low in ("/", ":") for token in parts):
        return False
    marks = [token.low for token in said[max(0, at - 3) : at + 4] if token.low in ("/", ":")]
    near = [token for token in parts if token.is_number]
    return ":" in marks or (len(marks) >= 2 and all(len(token.low) in (1, 2, 4) for token in near))


def _is_plus(lead: Sequence[str]) -> bool:
    return next((word == "+" or word == "plus" for word in reversed(lead) if word != "("), False)


def _corrects(lead: list[str]) -> bool:
    return any(correction_at(lead, at) for at in range(len(lead)))


def _is_unrelated(lead: Sequence[str]) -> bool:
    near = [word for word in lead[-4:] if word.isalpha()]
    return bool(
        near
        and (near[-1] in _EXTENSION or near[-1] == "not" or _OTHER_NUMBERS.intersection(near[-3:]))
    )


def _tail(lead: Sequence[str]) -> int:
    """ "the last digit is", "the last three digits are", "it ends in": how many are replaced."""
    if "last" not in lead:
        return 0
    after = lead[len(lead) - 1 - list(reversed(lead)).index("last") + 1 :]
    if not after:
        return 0
    if after[0] in ("digit", "number", "one"):
        return 1
    return _COUNTS.get(after[0], 0)
