"""A telephone number as callers say it, to E.164.

The digits are read as runs; words between runs tell whether a run goes on with the number,
corrects it, or is something else (an order number, an extension). What comes out is checked by
libphonenumber for the business's region: an impossible number is never returned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Missing
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.numbers import Group
from voicebot.collect.understanding.runs import AS_SAID, Run, contrasted, runs_in, stray_words
from voicebot.collect.understanding.tokens import Token, plain, tokens

_FEWEST_DIGITS = 3
"""A shorter run alone is a quantity ("2 people"), not the beginning of a number."""
_SHORTEST_NUMBER_DIGITS = 6
_USUAL_NATIONAL_DIGITS = 9
_MOST_READINGS = 16
"""How many readings of ambiguous number words are tried ("nine hundred twelve")."""
_MOST_DIGITS = 24
"""E.164 has 15; the rest is room for access codes and slips."""

_MOST_DROPPED = 4
"""How many figures beside a number are passed over."""

_LONG, _LONG_GROUPS = 7, 2
"""A number written in one or two groups, one of them this long, stands out from others."""

_MOST_STRAY_WORDS = 3
"""With more words beside them a few digits are no beginning ("3 kids, 12 and 15 years old")."""
_SET_ASIDE = re.compile(r"\+447700900\d{3}")
"""British mobile numbers for drama (Ofcom), which libphonenumber does not count as valid."""
_BEGINS_LONGER = re.compile(r"\+611300\d{2}")
"""The beginning of an Australian 1300 number, which looks like a whole 13 number."""


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
    runs = [run for run in runs_in(said) if not run.unrelated]
    if not runs:
        return None
    if found := _whole(runs, said, asked.region):
        return found
    runs = [run for run in runs if not run.other]
    if not runs:
        return None
    held = asked.record.get(Step.PHONE)
    if any(run.tail for run in runs):
        earlier = (asked.partial if asked.step is Step.PHONE else None) or held
        return _amended(earlier, runs, said, asked) if earlier else None
    if asked.step is not Step.PHONE:
        return None
    if held and asked.confirming:
        return _amended(held, runs, said, asked)
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
    if _BEGINS_LONGER.fullmatch(written):
        return None
    valid = phonenumbers.is_valid_number(number) or _SET_ASIDE.fullmatch(written)
    return written if valid else None


def _whole(runs: Sequence[Run], said: Sequence[Token], region: str) -> Found | None:
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
        number, value = _window(runs, said, region)
    if value is None:
        return None
    span = (said[number.groups[0].first].start, said[number.groups[-1].end - 1].end)
    return Found(value, span, 0.95)


def _continued(number: _Number, run: Run, complete: bool) -> Iterator[_Number]:
    """The numbers that may be meant once this run has been said, the likeliest first."""
    alone = _alone(run)
    if not number.groups:
        yield alone
        return
    if run.tail:
        yield _replaced(number, run, len(run.digits) if run.tail == AS_SAID else run.tail)
    if run.corrects:
        yield alone
        if run.head:
            yield _beginning(number, run)
            return
        for count in _replaceable(number, run, complete):
            yield _replaced(number, run, count)
        if not complete:
            yield _joined(number, run)
        return
    if complete:
        return
    yield alone
    if run.goes_on:
        yield _joined(number, run)


def _replaceable(number: _Number, run: Run, complete: bool) -> Iterator[int]:
    """How many digits at the end a correction may replace."""
    if complete:
        yield len(run.digits)
        return
    first = len("".join(group.digits for group in run.phrases[0]))
    last = len("".join(group.digits for group in number.groups[-number.last_phrase :]))
    yield from dict.fromkeys((last, first, len(number.groups[-1].digits)))


def _replaced(number: _Number, run: Run, count: int) -> _Number:
    kept = number.digits[: max(0, len(number.digits) - count)]
    head = Group((kept,), number.groups[0].first, number.groups[-1].end)
    groups = ((head,) if kept else ()) + run.groups
    return _Number(groups, number.plus, len(run.phrases[-1]))


def _beginning(number: _Number, run: Run) -> _Number:
    """ "The area code is 510": the first digits change."""
    rest = Group((number.digits[len(run.digits) :],), number.groups[0].first, run.groups[-1].end)
    return _Number((*run.groups, rest), run.plus, len(run.phrases[-1]))


def _alone(run: Run) -> _Number:
    return _Number(run.groups, run.plus, len(run.phrases[-1]))


def _next(number: _Number, run: Run) -> _Number:
    """The number so far, when it is no whole number yet."""
    if not number.groups:
        return _alone(run)
    if run.corrects:
        if number.digits[:2] == run.digits[:2]:
            return _alone(run)
        last = next(_replaceable(number, run, False))
        return _replaced(number, run, last) if last == len(run.digits) else _joined(number, run)
    return _joined(number, run) if run.goes_on else _alone(run)


def _joined(number: _Number, run: Run) -> _Number:
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


def _window(runs: Sequence[Run], said: Sequence[Token], region: str) -> tuple[_Number, str | None]:
    """A number next to other written figures, as in "NY 11757 2025550151": drop those figures."""
    for run in runs:
        for groups in _windows(run.groups, said):
            number = _Number(groups)
            if value := _valid(number, region):
                return number, value
    return _Number(()), None


def _windows(groups: tuple[Group, ...], said: Sequence[Token]) -> Iterator[tuple[Group, ...]]:
    """Parts of a run that may be the number, the others being a postcode or a house number."""
    for first in range(_droppable(groups) + 1):
        fewest = len(groups) - _droppable(tuple(reversed(groups)))
        for end in range(len(groups), max(first, fewest - 1), -1):
            kept = groups[first:end]
            joined = _is_joined(groups, first, said) or _is_joined(groups, end, said)
            long = len(kept) <= _LONG_GROUPS and any(len(g.digits) >= _LONG for g in kept)
            short = any(len(g.digits) < _FEWEST_DIGITS for g in groups[:first] + groups[end:])
            if len(kept) < len(groups) and not joined and (long or not short):
                yield kept


def _is_joined(groups: Sequence[Group], at: int, said: Sequence[Token]) -> bool:
    """Is there a hyphen or a decimal point, not a space, before this group?"""
    if not 0 < at < len(groups):
        return False
    return said[groups[at].first].glued and said[groups[at].first - 1].low in ("-", ".")


def _droppable(groups: Sequence[Group]) -> int:
    """How many of the first groups may be something else that was written in figures."""
    written = (at for at, group in enumerate(groups[:_MOST_DROPPED]) if not group.written)
    return next(written, min(len(groups), _MOST_DROPPED))


def _piece(runs: Sequence[Run], said: Sequence[Token], asked: Asked) -> Found | None:
    """Digits that are no whole number: with those of the turn before, or the first of more."""
    number = _Number(())
    for run in runs:
        number = _next(number, run)
    digits = ("+" if number.plus else "") + number.digits
    span = (said[number.groups[0].first].start, said[number.groups[-1].end - 1].end)
    if asked.partial:
        for text in (asked.partial + digits, digits + asked.partial):
            if value := e164(text, asked.region):
                return Found(value, span, 0.9)
        digits = asked.partial + digits
    if len(digits) < _FEWEST_DIGITS or not _too_short(digits, asked.region):
        return None
    if stray_words(said, runs) > _MOST_STRAY_WORDS:
        return None
    return Found(None, span, 0.9, Missing.DIGITS, digits)


def _amended(held: str, runs: Sequence[Run], said: Sequence[Token], asked: Asked) -> Found | None:
    """A piece of the number that was read back, said anew: the digits that it stands for change.

    "The last digit is nine", "double five six, not double six five"; else the one place in the
    number where all but one digit agree.
    """
    run = next((run for run in runs if run.tail), runs[0])
    digits, wrong = run.digits, contrasted(said)
    if run.tail:
        count = len(digits) if run.tail == AS_SAID else run.tail
        candidates = [held[:-count] + digits] if len(digits) == count else []
    elif wrong:
        candidates = [held.replace(wrong, digits)] if held.count(wrong) == 1 else []
    else:
        candidates = _close(held, digits)
    values = {value for text in candidates if (value := e164(text, asked.region))}
    if len(values) != 1 or len(runs) > 1:
        return None
    return Found(values.pop(), (said[run.groups[0].first].start, said[-1].end), 0.75)


def _close(held: str, digits: str) -> list[str]:
    """The number with these digits where all but one of them, or two swapped ones, agree."""
    if not _FEWEST_DIGITS <= len(digits) < len(held) - 1:
        return []
    found: list[str] = []
    for at in range(1, len(held) - len(digits) + 1):
        old = held[at : at + len(digits)]
        differing = [i for i, (was, now) in enumerate(zip(old, digits, strict=True)) if was != now]
        swapped = sorted(old) == sorted(digits) and len(differing) == 2
        if len(differing) == 1 or swapped:
            found.append(held[:at] + digits + held[at + len(digits) :])
    return found


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
