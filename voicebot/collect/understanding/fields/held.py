"""A value that is held, beside what is said about it: where a part stands, and what replaces it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import phonenumbers
from phonenumbers import PhoneNumberFormat
from rapidfuzz.distance import Levenshtein

from voicebot.call import Step
from voicebot.collect.understanding.fields.address_words import is_listed
from voicebot.collect.understanding.fields.email import valid
from voicebot.collect.understanding.fields.name_words import titled
from voicebot.collect.understanding.fields.phone import e164
from voicebot.collect.understanding.spelling import letter, sounds_alike
from voicebot.collect.understanding.text import Kind, tokens
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_everyday, is_family, is_given

_SLIPS = 2
"""A word and its mend differ by so many letters at most."""
_SHORTEST_ALIKE = 3
_BESIDE = (
    "quiet.sound", "quiet.function", "lead.is", "name.label", "name.weak", "name.told",
    "email.lead", "phone.lead", "address.label", "mend.beside", "mend.end", "mend.front",
)  # fmt: skip
"""The tags of words that name a part and are none of it."""
_LEADS = (*_BESIDE, "name.lead", "address.lead")
"""The tags of words that may lead up to a mend; of these some begin a new whole value."""
_QUIET = (
    *_BESIDE, "quiet.courtesy", "quiet.link", "clause.mend", "no.plain", "no.wrong", "yes.agree",
    "yes.before", "act.thank", "act.wait",
)  # fmt: skip
"""The acts that may stand beside it, and do something else or nothing."""

_TALK = ("clause.open", "clause.mend", "yes.agree", "no.plain")
"""What is said about an address, and stands in none: "unit yes but it's 41"."""

_SIGNS = frozenset("._-+@")
"""Marks of an e-mail address where no space follows them."""

Spot = tuple[int, int]
"""From where to where a part of the value stands in its text."""


@dataclass(frozen=True, slots=True)
class Bit:
    """Figures, a letter, a word or a mark as the value would write it: tokens `first` to `end`."""

    text: str
    first: int
    end: int


class Held:
    """The value's text, and the bits of the utterance.

    text  as the value is written; a telephone number in the digits of its country, in `groups`
    last  where the part ends that "at the end" means: of an e-mail address what stands before "@"
    """

    def __init__(self, said: Utterance, step: Step, value: str, region: str) -> None:
        self.said, self.step, self._region = said, step, region
        self.groups = _groups(value) if step is Step.PHONE else [value]
        self.text = "".join(self.groups)
        self.bits: Sequence[Bit] = tuple(self._cut())
        self.last = self.text.find("@") if step is Step.EMAIL else len(self.text)

    def _cut(self) -> Iterator[Bit]:
        said, at = self.said, 0
        while at < len(said):
            bit = self._bit(at)
            if bit.text:
                yield bit
            at = bit.end

    def _bit(self, at: int) -> Bit:
        said = self.said
        if mark := said.at(at, "mend.mark"):
            return Bit(mark.value, at, mark.end)
        glued = at + 1 < len(said) and said.tokens[at + 1].glued
        if self.step is Step.EMAIL and glued and said.low(at) in _SIGNS:
            return Bit(said.low(at), at, at + 1)
        one = letter(said, at) if self.step is not Step.PHONE else None
        if one and not self._is_hyphened(at):
            return Bit(one.text, at, one.end)
        group = None if said.at(at, "number.no_digit") else said.numbers.group(at)
        if group:
            return Bit(group.digits, at, group.end)
        return Bit("" if said.is_sound(at) else said.low(at).removesuffix("'s"), at, at + 1)

    def _is_hyphened(self, at: int) -> bool:
        """Return True for the "e" of "e-mails" and the "T" of "T-shirt"."""
        mark, word = self.said.tokens[at + 1 : at + 2], self.said.tokens[at + 2 : at + 3]
        glued = all(each.glued for each in (*mark, *word))
        return bool(word) and glued and mark[0].low == "-" and len(word[0].low) > 1

    def is_letter(self, bit: Bit) -> bool:
        """Return True for a letter that was said as one."""
        return self.said.tokens[bit.end - 1].kind is Kind.LETTER and bit.text.isalpha()

    def item(self, first: int, end: int) -> Bit:
        """Return what stands in these tokens as the value would write it, quiet words left out."""
        end = min(end, len(self.said))
        of = next(self.said.all("name.of", first=first, end=end), None)
        first = of.end if of else first  # 洁白的洁 is 洁
        while behind := self._quiet(first, end):
            first = behind
        while end > first:
            lead = self.said.before(end, *_QUIET)
            if lead and (lead.first < first or self._is_content(lead.first, end)):
                break
            if not lead and not self.said.is_sound(end - 1):
                break
            end = lead.first if lead else end - 1
        inside = [bit for bit in self.bits if first <= bit.first and bit.end <= end]
        if inside and self._is_article(inside):
            del inside[0]
        if not inside:
            return Bit("", first, first)
        text = inside[0].text
        for before, bit in pairwise(inside):
            text += self._joint(before, bit) + bit.text
        figures = self.step is not Step.PHONE or text.isdecimal()
        return Bit(text if figures else "", inside[0].first, inside[-1].end)

    def _joint(self, before: Bit, bit: Bit) -> str:
        han = self.said.tokens[bit.first].kind is Kind.HAN
        apart = self.step in (Step.NAME, Step.ADDRESS) and not han
        figures = before.text.isdecimal() and bit.text.isdecimal()
        close = self.is_letter(bit) and (self.is_letter(before) or before.text.isdecimal())
        return " " if apart and not figures and not close else ""

    def _quiet(self, first: int, end: int) -> int | None:
        """Return where a quiet phrase that begins at this token ends, if it is one."""
        if first >= end:
            return None
        lead = self.said.at(first, *_QUIET)
        if lead is None or self._is_content(first, lead.end):
            return first + 1 if self.said.is_sound(first) or self._is_talk(first) else None
        return lead.end if lead.end <= end else None

    def _is_talk(self, at: int) -> bool:
        """Return True for a word where only figures count."""
        return self.step is Step.PHONE and not self._is_content(at, at + 1)

    def _is_content(self, first: int, end: int) -> bool:
        """Return True for one letter, figures or a mark, though a row has it as a quiet word."""
        bit = next((bit for bit in self.bits if bit.first == first), None)
        if bit is None or end > bit.end:
            return False
        mark = self.said.at(first, "mend.mark") is not None
        return mark or self.is_letter(bit) or bit.text.isdecimal()

    def _is_quiet(self, bit: Bit) -> bool:
        return (
            bool(self._quiet(bit.first, len(self.said)))
            or self.said.before(bit.end, *_QUIET, *_LEADS) is not None
        )

    def _is_article(self, bits: Sequence[Bit]) -> bool:
        """Return True for the "a" of "a dash" and "a B", and False for that of "A N N"."""
        alone = self.said.at(bits[0].first, "spelling.lone_word") is not None
        letters = sum(self.is_letter(bit) for bit in bits)
        return alone and len(bits) > 1 and letters <= (2 if self.is_letter(bits[1]) else letters)

    def letter(self, at: int) -> str:
        """Return the letter here, also as "n's" and "ns"."""
        if self._is_hyphened(at):
            return ""
        word = self.said.low(at)
        one = len(word) == 1 or (word[1:] in ("s", "'s") and len(word) > 1)
        return word[0] if one and word[0].isalpha() else ""

    def spots(self, part: str, *, inside: bool = False) -> list[Spot]:
        """Return where a part stands: a word or a number whole, a letter or a mark anywhere.

        With `inside` letters may be part of a word too.
        """
        low, size = self.text.casefold(), len(part)
        stop = self.last if size == 1 and not part.isdecimal() else len(low)
        starts = (at for at in range(stop - size + 1) if low.startswith(part, at))
        return [(at, at + size) for at in starts if inside or self._is_whole(low, at, at + size)]

    def _is_whole(self, low: str, first: int, end: int) -> bool:
        before, behind = low[first - 1 : first], low[end : end + 1]
        if low[first:end].isdecimal():
            return self.step is Step.PHONE or not (before.isdecimal() or behind.isdecimal())
        words = end - first > 1 and self.step in (Step.NAME, Step.ADDRESS)
        joined = _is_joined(before, low[first]) or _is_joined(low[end - 1], behind)
        return not (words and joined)

    def replaced(self, old: str, new: str) -> str | None:
        """Return the value with `new` for `old`, which must stand in one place; else None.

        A word of `new` that stands beside it stays single: "it's West Maple, not East", 89号.
        """
        if not old or not new or old == new:
            return None
        if old[0] == "." != new[0] and self.step is Step.EMAIL:
            new = "." + new
        spots = self.spots(old)
        if len(spots) > 1 and len(old) == 1:
            spots = [spot for spot in spots if spot in self.words()]
        if len(spots) != 1:
            return None
        head, _, last = new.rpartition(" ")
        first, _, rest = new.partition(" ")
        if head and self.text[spots[0][1] :].casefold().startswith(f" {last}"):
            new = head
        elif rest and self.text[: spots[0][0]].casefold().endswith(f"{first} "):
            new = rest
        elif not new.isascii() and self.text[spots[0][1] :].startswith(new[-1]):
            new = new[:-1]
        return self.put(new, spots[0])

    def put(self, new: str, spot: Spot) -> str:
        """Return the value with a part written anew, with the capitals of the old."""
        first, end = spot
        capital = self.text[first:end][:1].isupper()
        if self.step is Step.ADDRESS and is_listed(new.partition(" ")[0], "unit") and not capital:
            return f"{self.text[:first]}{new.title()},{self.text[end:]}"  # "berth 9, not number 9"
        if self.step is Step.ADDRESS and new[:-1].isdecimal():
            new = new.upper()  # "12A"
        new = " ".join(map(titled, new.split(" "))) if capital else new
        return self.text[:first] + new + self.text[end:]

    def cut(self, spots: Sequence[Spot]) -> str:
        """Return the value without these parts."""
        text = self.text
        for first, end in reversed(spots):
            text = text[:first] + text[end:]
        return text

    def repeats(self, spot: Spot, sign: str) -> bool:
        """Return True where the same letter stands beside this place."""
        low = self.text.casefold()
        return sign in (low[max(0, spot[0] - 1) : spot[0]], low[spot[1] : spot[1] + 1])

    def words(self) -> list[Spot]:
        """Return where the value's words stand."""
        found, first = list[Spot](), 0
        for at in range(len(self.text) + 1):
            if at == len(self.text) or not self.text[at].isalpha():
                if at > first:
                    found.append((first, at))
                first = at + 1
        return found

    def alike(self, word: str) -> Spot | None:
        """Return the one word of the value for which this one may have been meant.

        In an address without spaces it may stand inside another: the "grey" of "graystone".
        """
        if len(word) < _SHORTEST_ALIKE:
            return None
        spots = [s for s in self.words() if s[1] <= self.last and self._is_alike(word, s, _SLIPS)]
        if not spots and self.step is Step.EMAIL:
            windows = [(at, at + len(word)) for at in range(self.last - len(word) + 1)]
            spots = [spot for spot in windows if self._is_alike(word, spot, 1)]
        return spots[0] if len(spots) == 1 else None

    def _is_alike(self, word: str, spot: Spot, slips: int) -> bool:
        old = self.text[slice(*spot)].casefold()
        near = Levenshtein.distance(word, old) <= min(slips, len(word) - 2)
        return near and sounds_alike(old[0], word[0])

    def meant(self, spots: Sequence[Spot]) -> Spot:
        """Return the last of several places, of those in a word that is said if there are such."""
        return ([spot for spot in spots if self._is_said(spot)] or spots)[-1]

    def _is_said(self, spot: Spot) -> bool:
        around = next((s for s in self.words() if s[0] <= spot[0] < s[1]), spot)
        return any(self._is_alike(bit.text, around, _SLIPS) for bit in self.bits if bit.text[1:])

    def around(self, first: int, end: int) -> tuple[int, int]:
        """Return the tokens of a mend with the words that lead up to it and belong behind it."""
        while lead := self.said.before(first, *_LEADS):
            first = lead.first
        while trail := self.said.at(end, *_BESIDE):
            end = trail.end
        return first, end

    def stray(self, first: int, end: int) -> int:
        """Return how many words beside these tokens are neither quiet nor of the value."""
        beside = (bit for bit in self.bits if bit.end <= first or bit.first >= end)
        return sum(not self._is_quiet(bit) and not self._is_of_it(bit) for bit in beside)

    def _is_of_it(self, bit: Bit) -> bool:
        low = self.text.casefold()
        return bit.text in low or any(self._is_alike(bit.text, s, _SLIPS) for s in self.words())

    def checked(self, text: str) -> str | None:
        """Return the mended value where the field knows it for one."""
        if self.step is Step.PHONE:
            return e164(text, self._region)
        if self.step is Step.EMAIL:
            return valid(text)
        words = text.replace(" ,", ",").split()
        held = self.text.casefold().replace(",", " ").split()
        new = [word.strip(",").lower() for word in words]
        new = [word for word in new if word not in held]
        if self.step is Step.ADDRESS and any(
            self.said.lexicon.has(tag, word) for word in new for tag in _TALK
        ):
            return None
        if self.step is Step.NAME:
            if not all(word[0].isalpha() for word in words):
                return None  # "sabine dot moreau"
            if any(is_everyday(word) and not (is_given(word) or is_family(word)) for word in new):
                return None  # "not Bluey on the form, …"
            words = [word if word[:1].isupper() else titled(word) for word in words]
        return " ".join(words) or None


def _is_joined(sign: str, other: str) -> bool:
    """Return True for two signs of one word; a Han one is a word of its own."""
    han = any(token.kind is Kind.HAN for token in tokens(sign + other))
    return sign.isalnum() and other.isalnum() and not han


def _groups(number: str) -> list[str]:
    """Return a number in the groups in which its country writes it: 0491 570 156."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return [number]
    written = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    return "".join(sign if sign.isdigit() else " " for sign in written).split()
