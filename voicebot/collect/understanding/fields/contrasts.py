"""What is wrong beside what is right, "number 62, not 26", and of which held value it is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from voicebot.call import FIELDS, Step
from voicebot.collect.understanding.clauses import ends_sentence
from voicebot.collect.understanding.fields.address_words import is_listed
from voicebot.collect.understanding.fields.held import Bit, Held
from voicebot.collect.understanding.fields.runs import runs
from voicebot.collect.understanding.types import Asked, Situation
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_everyday

MENDED = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL)
"""The fields whose values are mended by part."""
_FEWEST_OF_NUMBER = 3
"""Fewer figures are rather of a house than of a telephone number."""

Edit = tuple[str, int, int, int]
"""The value's new text, the tokens from first to end that say so, and the guesses in it."""


def meant(said: Utterance, situation: Situation) -> Sequence[Step | None]:
    """Return the fields that a mend may be of.

    "Number 303, not 300" is of the field that holds what is wrong, whichever is open; with several
    such, of the one that is named, else of the open one. A bare one about when is of no field.
    """
    told: tuple[Step | None, ...] = (_named(said), _open_to_mends(situation))
    if "mend.not" not in said.tags:
        named = not told[0] and _names_the_caller(said, situation)
        return (Step.NAME,) if named else told  # "by the way, Ottis has two Ts"
    held = {step: situation.record.get(step) for step in MENDED}
    holding = [
        step
        for step, value in held.items()
        if value and next(contrasted(said, Held(said, step, value, situation.region)), None)
    ]
    few = all(len(run.digits) < _FEWEST_OF_NUMBER for run in runs(said))
    if few and Step.PHONE in holding and told[1] is not Step.PHONE:
        holding.remove(Step.PHONE)  # "no, flat 2, not flat 3"
        told = tuple(step for step in told if step is not Step.PHONE)
    clear = [step for step in told if step in holding]
    if clear or not holding or (situation.step is Step.TIME and not _is_placed(said)):
        return clear[:1] or told
    return [Step.ADDRESS if Step.ADDRESS in holding else holding[0]]


def _names_the_caller(said: Utterance, situation: Situation) -> bool:
    """Return True where a word of the name that is held is said, or one that is nearly the same."""
    held = [word for word in situation.record.get(Step.NAME, "").lower().split() if len(word) > 2]
    words = [token.low for token in said.tokens if not is_everyday(token.low)]
    return any(Levenshtein.distance(word, own) <= 1 for word in words for own in held)


def _is_placed(said: Utterance) -> bool:
    """Return False for figures alone, which may be an hour or a day: "not eight, nine"."""
    wrong = [match.end for match in said.all("mend.not") if match.end < len(said)]
    figures = any(said.tokens[at].is_digits or said.numbers.group(at) for at in wrong)
    numbered = any(said.numbers.group(match.end) for match in said.all("address.number"))
    placed = any(is_listed(token.low, "unit", "type") for token in said.tokens)
    return numbered or placed or not figures


def _named(said: Utterance) -> Step | None:
    """Return the field that "the address is number 32, not 30" or "my email ends in …" names."""
    leads = said.all(*(f"{step}.{part}" for step in MENDED for part in ("lead", "label")))
    longest = max(leads, key=lambda lead: lead.end - lead.first, default=None)
    if longest and "mend.not" in said.tags:
        return Step(longest.tag.partition(".")[0])
    field = next(said.all("record.field"), None)
    return Step(field.value) if field and Step(field.value) in MENDED else None


def _open_to_mends(situation: Situation) -> Step | None:
    """Return the field that a bare mend means: the open one, else the one answered last."""
    if situation.step in situation.record or situation.asked is Asked.CONFIRM:
        return situation.step
    before = FIELDS[: FIELDS.index(situation.step)] if situation.step in FIELDS else FIELDS
    return next((step for step in reversed(before) if step in situation.record), None)


def contrasted(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give "fifty, not fifteen", "not fifteen, fifty" and, of two numbers, "not fifteen fifty"."""
    for wrong in said.all("mend.not"):
        begin = said.clause(wrong.first - 1).first if wrong.first else 0
        leads = said.all(f"{held.step}.lead", first=begin, end=wrong.first)
        begin = max((lead.end for lead in leads), default=begin)
        if held.step is Step.EMAIL and _is_whole(said, held, begin, wrong.first):
            continue  # its reader's
        new, old = held.item(begin, wrong.first), held.item(wrong.end, len(said))
        cornered = held.step is Step.ADDRESS and "address.corner" in said.tags
        if cornered or (_is_street(held, new.text) and not _is_street(held, old.text)):
            continue  # "it's Larkspur Crescent in Kingsford, not Randwick": its reader's
        new = _once(held, new)
        head, _, number = new.text.rpartition(" ")
        if old.text.isdecimal() and number.isdecimal() and not is_listed(head, "unit"):
            new = replace(new, text=number)  # "a plumber at 28, not 26"
        if text := held.replaced(old.text, new.text):
            yield text, new.first, old.end, 0
        if wrong.end < len(said) and ends_sentence(said.tokens, wrong.end):
            continue  # "the name isn't. It's Ruth Okafor"
        turns = [(a, b) for a, b in pairwise(held.bits) if b.first > wrong.end]
        paused = [(a, b) for a, b in turns if said.low(b.first - 1) == ","]
        for before, bit in paused or turns:
            if not said.at(before.first, "spelling.lone_word"):
                end = _pause_behind(said, bit.end) if paused else len(said)
                old = held.item(wrong.end, bit.first)
                new = _once(held, held.item(bit.first, end))
                if _are_alike(old.text, new.text) and (text := held.replaced(old.text, new.text)):
                    yield text, wrong.first, new.end, 0


def _once(held: Held, new: Bit) -> Bit:
    """Return a name without the words said twice: "it's Hartigan, H A R T I G A N, not Brandt"."""
    if held.step is not Step.NAME:
        return new
    return replace(new, text=" ".join(dict.fromkeys(new.text.split())))


def _are_alike(old: str, new: str) -> bool:
    """Return False for 弄 and 120, and for a letter and a word: "rather not e-mailing me"."""
    letter = len(old) == 1 and old.isascii() and old.isalpha()
    return old[:1].isdecimal() == new[:1].isdecimal() and (len(new) == 1 or not letter)


def _is_whole(said: Utterance, held: Held, first: int, end: int) -> bool:
    """Return True for "desmond at tutty dot com", and False for "at tutty dot com"."""
    sign = next(said.all("email.at", first=first, end=end), None)
    ends = sign and next(
        said.all("domain.ending", "domain.only_com", first=sign.end, end=end), None
    )
    return bool(sign and ends and held.item(first, sign.first).text)


def _is_street(held: Held, text: str) -> bool:
    return held.step is Step.ADDRESS and any(is_listed(word, "type") for word in text.split())


def _pause_behind(said: Utterance, at: int) -> int:
    """Return where the phrase ends that goes on here: "not 8, 9, on the third floor"."""
    return next((end for end in range(at, len(said)) if said.low(end) == ","), len(said))
