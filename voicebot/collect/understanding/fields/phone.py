"""A telephone number as callers say it, to E.164.

Digits are read as runs; the words between them tell whether a run goes on with the number, mends
it, or is something else. What comes out is checked by libphonenumber for the business's region:
an impossible number is never returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.fields.runs import Run, owner_behind, runs, told_from
from voicebot.collect.understanding.fields.shown_number import is_just_told, shown
from voicebot.collect.understanding.numbers import Group
from voicebot.collect.understanding.types import Asked, Missing, Note, Provide, Situation
from voicebot.collect.understanding.utterance import Utterance

_FEWEST_DIGITS = 3
"""A shorter run alone is a quantity ("2 people"), not the beginning of a number."""
_SHORTEST_NUMBER_DIGITS = 6
_FROM_ABROAD = "00"
"""The prefix that most of the world dials before a country's code; no number begins with it."""
_MOST_DIGITS = 24
"""E.164 has 15; the rest is room for access codes and slips."""
_USUAL_NATIONAL_DIGITS = 9
_MOST_READINGS = 16
"""The readings of ambiguous number words that are tried ("nine hundred twelve")."""
_MOST_GROUPS = 12
"""So many groups are looked at for a number that stands beside other figures."""
_LONG_DIGITS, _LONG_GROUPS = 7, 2
"""A number written in one or two groups, one of them this long, stands out from others."""
_MOST_STRAY_WORDS = 3
"""With more words beside them a few digits are no beginning ("3 kids, 12 and 15 years old")."""
_FOR_DRAMA = "+447700900"
"""British mobile numbers for drama (Ofcom), which libphonenumber does not count as valid."""
_BEGINS_1300, _DIGITS_13 = "+611300", 9
"""The beginning of an Australian 1300 number looks like a whole 13 number, this long."""


def phone(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the number that was said, a piece of one, or a mended one."""
    asked = situation.step is Step.PHONE
    answers = asked and situation.asked is not Asked.CONFIRM
    found = runs(said)
    told = any(len(run.digits) >= _FEWEST_DIGITS for run in found)
    this = shown(said, answers=answers, alone=answers and not told)
    this = [each for each in this if not _is_followed(said, each[1], found)]
    if this:
        first, end = this[0][0], this[-1][1]
        missing = None if situation.caller else Missing.SHOWN_NUMBER
        act = Provide(Step.PHONE, situation.caller, said.span(first, end), missing, assumed=1)
        yield Candidate(None if is_just_told(said, found, first) else act, first, end)
    if situation.step is not Step.SERVICE and situation.asked is not Asked.CHOICE:
        yield from _extension(said, found)  # there "option two" is the second one
    own = [run for run in found if not run.other and (not run.theirs or (asked and run.mends))]
    if not answers or this or _whole(said, own, situation.region):
        yield from _theirs(said, found)
    else:
        own = [run for run in found if not run.other]
    if whole := own and _whole(said, own, situation.region):
        yield _provided(said, own, *whole)
        return
    own = [run for run in own if not run.elsewhere]
    now, rest = "".join(run.digits for run in own), situation.partial or ""
    long = len(now) >= _LONG_DIGITS
    long |= any(e164(each + rest, situation.region) for each in (now, now[1:]))  # "oh, oh two"
    if own and answers and (long or len(_beside(said, own)) <= _MOST_STRAY_WORDS):
        yield from _piece(said, own, situation)
    elif answers and rest and (coded := _with_code(said, own, situation, rest)):
        yield coded


def e164(digits: str, region: str) -> str | None:
    """Return the number in E.164, or None if the region's numbering plan has no such number."""
    if not _SHORTEST_NUMBER_DIGITS <= len(digits) <= _MOST_DIGITS:
        return None
    if digits.startswith(_FROM_ABROAD):
        digits = "+" + digits.removeprefix(_FROM_ABROAD)
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if written.startswith(_BEGINS_1300) and len(written) == _DIGITS_13:
        return None
    drama = written.startswith(_FOR_DRAMA) and len(written) == len(_FOR_DRAMA) + 3
    return written if drama or phonenumbers.is_valid_number(number) else None


@dataclass(frozen=True, slots=True)
class _Number:
    """The number as far as it has been said; `last` is how many of its groups are a phrase."""

    groups: tuple[Group, ...] = ()
    plus: bool = False
    last: int = 0

    @property
    def digits(self) -> str:
        return "".join(group.digits for group in self.groups)

    @property
    def extent(self) -> tuple[int, int]:
        """Its tokens; what was said last may stand first."""
        return min(g.first for g in self.groups), max(g.end for g in self.groups)

    def value(self, region: str) -> str | None:
        """Return the one valid number that these groups may be read as."""
        sign = "+" if self.plus else ""
        readings = islice(product(*(group.readings for group in self.groups)), _MOST_READINGS)
        values = {value: None for said in readings if (value := e164(sign + "".join(said), region))}
        return next(iter(values)) if len(values) == 1 else None

    def then(self, run: Run) -> _Number:
        return _Number(self.groups + run.groups, self.plus or run.plus, len(run.phrases[-1]))

    def behind(self, run: Run) -> _Number:
        return _Number(run.groups + self.groups, last=len(run.phrases[-1]))

    def without_last(self, count: int, run: Run) -> _Number:
        """Return the number with its last `count` digits said anew."""
        kept = self.digits[: max(0, len(self.digits) - count)]
        head = (Group((kept,), self.groups[0].first, self.groups[-1].end),) if kept else ()
        return _Number(head + run.groups, self.plus, len(run.phrases[-1]))


def _whole(said: Utterance, own: Sequence[Run], region: str) -> tuple[_Number, str] | None:
    """Return the last number that was said or mended, where it is whole, and its value."""
    number, whole = _Number(), None
    for run in own:
        for candidate in _continued(number, run, whole is not None):
            if value := candidate.value(region):
                number, whole = candidate, value
                break
        else:
            if not whole:
                number = _unfinished(number, run)
    return (number, whole) if whole else _standing_out(said, own, region)


def _continued(number: _Number, run: Run, whole: bool) -> Iterator[_Number]:
    """Give what may be meant once this run has been said, the likeliest first."""
    alone = _Number().then(run)
    if not number.groups:
        yield alone
        code = run.phrases[-1]
        if code[0].digits.startswith("0") and len(run.phrases) > 1:  # "9811 2200, oh two"
            rest = tuple(group for phrase in run.phrases[:-1] for group in phrase)
            yield _Number(code + rest, last=len(run.phrases[-2]))
        return
    if run.part and run.part.tag == "phone.tail":
        yield number.without_last(_counted(run), run)
    if _leads(run):
        yield number.behind(run)
    if not run.mends:
        if not whole:
            yield alone
            if run.goes_on:
                yield number.then(run)
                if run.digits.startswith("0") and not number.digits.startswith("0"):
                    yield number.behind(run)  # "…, with an oh two"
        return
    yield alone
    if len(run.phrases) > 1:  # "…66, no, wait, 65. 633 44 55 65"
        yield _Number().then(replace(run, phrases=run.phrases[1:]))
    for count in [len(run.digits)] if whole else _phrase_lengths(number, run):
        yield number.without_last(count, run)
    if not whole:
        yield number.then(run)


def _phrase_lengths(number: _Number, run: Run) -> list[int]:
    """Return how many digits at the end a mend may replace."""
    last = sum(len(group.digits) for group in number.groups[-number.last :])
    first = sum(len(group.digits) for group in run.phrases[0])
    return list(dict.fromkeys((last, first, len(number.groups[-1].digits))))


def _counted(run: Run) -> int:
    """Return how many of the last digits the caller says anew."""
    counted = run.part.value if run.part else "said"
    return len(run.digits) if counted == "said" else int(counted)


def _leads(run: Run) -> bool:
    """Return True for "…, area code oh two": what is said last stands first."""
    return run.part is not None and run.part.tag == "phone.head"


def _unfinished(number: _Number, run: Run) -> _Number:
    """Return the number so far, when it is no whole one yet."""
    alone = _Number().then(run)
    if number.groups and _leads(run):
        return number.behind(run)
    if not number.groups or not (run.mends or run.goes_on):
        return alone
    if run.mends and number.digits[:2] == run.digits[:2]:
        return alone
    if run.mends and _phrase_lengths(number, run)[0] == len(run.digits):
        return number.without_last(len(run.digits), run)
    return number.then(run)


def _standing_out(said: Utterance, own: Sequence[Run], region: str) -> tuple[_Number, str] | None:
    """Return a number beside other figures: "NY 11757 2025550151", "… five one, ten Bay Road"."""
    for run in own:
        groups, many = run.groups, min(len(run.groups), _MOST_GROUPS)
        for first, end in ((n, m) for n in range(many) for m in range(many, n, -1)):
            kept, others = groups[first:end], groups[:first] + groups[end:]
            edges = [groups[at].first for at in (first, end) if 0 < at < len(groups)]
            joined = any(said.tokens[at].glued for at in edges)  # "2025550151-2"
            long = len(kept) <= _LONG_GROUPS and any(len(g.digits) >= _LONG_DIGITS for g in kept)
            parted = all(said.tokens[at - 1].is_sign for at in edges)  # "0412 345 678, 9 Bay …"
            last = groups[-1].end
            before_words = parted and not first and last < len(said) and not said.is_sound(last)
            apart = all(
                (g.written and (long or parted or len(g.digits) >= _FEWEST_DIGITS)) or before_words
                for g in others
            )
            number = _Number(kept, last=len(kept))
            if others and apart and not joined and (value := number.value(region)):
                return number, value
    return None


def _provided(said: Utterance, own: Sequence[Run], number: _Number, value: str) -> Candidate:
    first, end = number.extent
    began = next(run for run in reversed(own) if run.first <= first)
    mended = all(run.mends for run in own[1:])
    trail = said.at(end, "phone.trail")
    act = Provide(Step.PHONE, value, said.span(first, end))
    begins = own[0] if mended else began
    inside = begins.first < first < begins.end  # other figures stand before it: "NY 11757 …"
    return Candidate(act, first if inside else begins.begun, trail.end if trail else end)


def _is_followed(said: Utterance, at: int, found: Sequence[Run]) -> bool:
    """Return True where a number comes at once: "this number: 0412 345 678"."""
    behind = (run for run in found if run.first >= at and len(run.digits) >= _LONG_DIGITS)
    return any(all(said.is_sound(n) for n in range(at, run.first)) for run in behind)


def _extension(said: Utterance, found: Sequence[Run]) -> Iterator[Candidate]:
    """Give an extension as a note, since no stored number has one."""
    for run in found:
        if word := said.before(run.first, "phone.extension"):
            text = f"extension {run.digits}"
            yield Candidate(Note(text, said.span(word.first, run.end)), word.first, run.end)


def _theirs(said: Utterance, found: Sequence[Run]) -> Iterator[Candidate]:
    """Give somebody else's number as a note, with what was said before it of whose it is."""
    before = 0
    for run in found:
        kept = said.clause(run.first).others or not run.other
        if run.theirs and kept and len(run.digits) >= _SHORTEST_NUMBER_DIGITS:
            own = [m.end for m in said.all("phone.this", end=run.first)]  # "this one, or my wife's"
            opening = told_from(said, run.first)
            agreed = said.at(opening, "yes.agree")  # "yes, and ring my wife on …" agrees as well
            owner = owner_behind(said, run.end)
            first = max(agreed.end if agreed else opening, *own, before)
            end = owner.end if owner else run.end
            note = Note(said.text[: said.span(first, end)[1]].strip(), said.span(first, end))
            yield Candidate(note, first, end)
        before = run.end


def _piece(said: Utterance, own: Sequence[Run], situation: Situation) -> Iterator[Candidate]:
    """Give digits that are no whole number: with those of the turn before, or the first of more."""
    number = _Number()
    for run in own:
        number = _unfinished(number, run)
    digits = ("+" if number.plus else "") + number.digits
    partial, region = situation.partial or "", situation.region
    span = said.span(*number.extent)
    first, end = own[0].begun, own[-1].end
    adds = partial and digits != partial
    code = digits.removeprefix("0") if digits.startswith(_FROM_ABROAD) else digits  # "oh, oh two"
    for text in (partial + digits, digits + partial, code + partial) if adds else ():
        if value := e164(text, region):
            yield Candidate(Provide(Step.PHONE, value, span), first, end)
            return
    if coded := _with_code(said, own if partial else (), situation, partial or digits):
        yield coded
        return
    digits = partial + digits if adds else digits
    if len(digits) >= _FEWEST_DIGITS and (missing := _lacks(digits, region)):
        act = Provide(Step.PHONE, None, span, missing, digits, assumed=1)
        yield Candidate(act, first, end, assumes=1)


def _with_code(
    said: Utterance, own: Sequence[Run], situation: Situation, number: str
) -> Candidate | None:
    """Return the number with the area code that is told by its place, or behind other words: "it's
    the Sydney one, oh two"."""
    codes = [(area.value, area.first, area.end) for area in said.all("phone.area")]
    groups = own[-1].groups if own else ()
    for n in range(1, len(groups)):
        code = "".join(group.digits for group in groups[n:])
        codes.append((code, groups[n].first, groups[-1].end))
    for code, first, end in codes[::-1]:
        if value := e164(code + number, situation.region):
            return Candidate(Provide(Step.PHONE, value, said.span(first, end)), 0, len(said))
    return None


def _lacks(digits: str, region: str) -> Missing | None:
    """Return what makes a number of these digits: more of them, or an area code; else None."""
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return Missing.DIGITS if len(digits) < _SHORTEST_NUMBER_DIGITS else None
    landline = PhoneNumberType.FIXED_LINE
    reason = phonenumbers.is_possible_number_for_type_with_reason(number, landline)
    country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    mobile = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    whole = len(str(mobile.national_number)) if mobile else _USUAL_NATIONAL_DIGITS
    local = reason == ValidationResult.IS_POSSIBLE_LOCAL_ONLY
    local |= reason == ValidationResult.IS_POSSIBLE and len(digits) >= _LONG_DIGITS
    begins = f"{mobile.national_number}"[:1] if mobile else ""
    if local and not digits.startswith(("0", "+", begins)):
        return Missing.AREA_CODE
    return Missing.DIGITS if len(str(number.national_number)) < whole else None


def _beside(said: Utterance, own: Sequence[Run]) -> list[int]:
    """Return the words that have nothing to do with a number."""
    inside = {at for run in own for at in range(run.begun, run.end)}
    return [
        at
        for at in range(len(said))
        if at not in inside
        and not said.is_sound(at)
        and not said.at(at, "lead.is", "phone.lead", "phone.inside", "phone.link", "quiet.courtesy")
        and not said.at(at, "quiet.link", "clause.mend")
    ]
