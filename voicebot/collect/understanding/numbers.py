"""Digits out of words: "oh four double one", "eighteen hundred", "forty-five".

A telephone number, a house number and the figures of an e-mail address are strings of digits, not
quantities: what counts is which digits were said, in which order. The words are the table
`[number]`, so that this serves every language that counts in tens and hundreds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.text import Token

_MOST_FIGURES = 12


@dataclass(frozen=True, slots=True)
class Group:
    """Digits said in one breath, from the token `first` up to `end`.

    readings  the digit strings that may be meant, the likeliest first ("nine hundred twelve":
              912, or 900 12)
    written   the recogniser wrote digits, not words
    """

    readings: tuple[str, ...]
    first: int
    end: int
    written: bool = False

    @property
    def digits(self) -> str:
        return self.readings[0]


class Numbers:
    """The number words of one utterance."""

    def __init__(self, said: Sequence[Token], matches: Sequence[Sequence[Match]]) -> None:
        self._said = said
        self._matches = matches
        self._groups: dict[int, Group | None] = {}
        self._figures: dict[int, Group | None] = {}

    def digits(self) -> str:
        """Return all digits that were said, in their order."""
        at, found = 0, ""
        while at < len(self._said):
            group = self.group(at)
            found += group.digits if group else ""
            at = group.end if group else at + 1
        return found

    def group(self, at: int) -> Group | None:
        """Return the digits that begin at this token, or None."""
        if at >= len(self._said):
            return None
        if at not in self._groups:
            self._groups[at] = self._repeated(at) or self._by_scales(at) or self._quantity(at)
        return self._groups[at]

    def figures(self, at: int) -> Group | None:
        """Return the digits here, those said one by one joined: "五零二" is 502."""
        if at not in self._figures:
            self._figures[at] = self._joined(at)
        return self._figures[at]

    def _joined(self, at: int) -> Group | None:
        group = self.group(at)
        while group and not group.written and len(group.digits) == group.end - group.first:
            if len(group.digits) == _MOST_FIGURES:
                break
            after = self.group(group.end)
            if after is None or after.written or after.end > group.end + 1:
                break
            group = Group((group.digits + after.digits,), at, after.end)
        return group

    def homophone(self, at: int, before: Group) -> Group | None:
        """Return the digit for which a recogniser wrote "to" or "for", if digits stand around.

        A zero ("or", "a") stands only between single digits: a second number may follow.
        """
        word = self._is(at, "number.sounds_like")
        if word is None or (word.value == "0" and len(before.digits) > 1):
            return None
        after = word.end
        while after < len(self._said) and self._said[after].low in ",-":
            after += 1
        following = self.group(after)
        last = after >= len(self._said) and self._is(at, "number.sounds_like_at_end") is not None
        zero_before_long = word.value == "0" and following and len(following.digits) > 1
        if not last and (following is None or zero_before_long):
            return None
        return Group((word.value,), at, word.end)

    def _is(self, at: int, tag: str) -> Match | None:
        if at >= len(self._matches):
            return None
        for match in self._matches[at]:
            if match.tag == tag:
                return match
        return None

    def _repeated(self, at: int) -> Group | None:
        times = self._is(at, "number.times")
        if times is None:
            return None
        place = times.end + (times.end < len(self._said) and self._said[times.end].low in "-,")
        if place >= len(self._said):
            return None
        unit, token = self._is(place, "number.unit"), self._said[place]
        digit = unit.value if unit else token.low if token.is_digits and len(token.low) == 1 else ""
        if not digit:
            return None
        return Group((digit * int(times.value),), at, unit.end if unit else place + 1)

    def _by_scales(self, at: int) -> Group | None:
        """Return "二百零五" as 205, "一百二" as 120, "十二" as 12: digits before their scales."""
        total, lowest, zero, place = 0, 0, False, at
        while digit := self._digit(place) or ("", place):
            scale = self._is(digit[1], "number.scale")
            size = int(scale.value) if scale else 0
            if scale and (not lowest or size < lowest) and (digit[0] or not lowest):
                total += int(digit[0] or 1) * size
                lowest, zero, place = size, False, scale.end
            elif lowest and digit[0] == "0" and not zero:
                zero, place = True, digit[1]
            else:
                if lowest and digit[0] and digit[0] != "0" and scale is None:
                    total += int(digit[0]) * (1 if zero else max(1, lowest // 10))
                    place = digit[1]
                break
        return Group((str(total),), at, place) if lowest else None

    def _digit(self, at: int) -> tuple[str, int] | None:
        """Return one digit, spoken or written, and where it ends."""
        if word := self._is(at, "number.unit"):
            return word.value, word.end
        written = at < len(self._said) and self._said[at].is_digits and len(self._said[at].low) == 1
        return (self._said[at].low, at + 1) if written else None

    def _quantity(self, at: int) -> Group | None:
        head = self._below_hundred(at)
        if head is None:
            return self._hundreds(at) or self._one_thousand(at)
        if scale := self._is(head.end, "number.hundred"):
            return self._scaled(head, scale, 2)
        if scale := self._is(head.end, "number.thousand"):
            return self._scaled(head, scale, 3)
        return head

    def _hundreds(self, at: int) -> Group | None:
        """Return "doscientos doce": hundreds that are one word."""
        word = self._is(at, "number.hundreds")
        return self._scaled(Group((word.value,), at, at), word, 2) if word else None

    def _one_thousand(self, at: int) -> Group | None:
        """Return "mil doscientos": a thousand that no number stands before."""
        word = self._is(at, "number.one_thousand")
        return self._scaled(Group(("1",), at, at), word, 3) if word else None

    def _scaled(self, head: Group, scale: Match, zeros: int) -> Group:
        """Return "nine hundred and twelve" as 912, or as 900 12."""
        round_number = Group((head.digits + "0" * zeros,), head.first, scale.end)
        link = self._is(scale.end, "number.and")
        after = link.end if link else scale.end
        tail = (self._hundreds(after) if zeros > 2 else None) or self._below_hundred(after)
        if tail is None or tail.written or len(tail.digits) > zeros or tail.digits == "0":
            return round_number
        joined = head.digits + tail.digits.zfill(zeros)
        apart = round_number.digits + tail.digits
        unlinked = len(tail.digits) == 1 and link is None
        return Group((apart, joined) if unlinked else (joined, apart), head.first, tail.end)

    def _below_hundred(self, at: int) -> Group | None:
        if at < len(self._said) and self._said[at].is_digits:
            return Group((self._said[at].low,), at, at + 1, written=True)
        if word := self._is(at, "number.unit") or self._is(at, "number.teen"):
            return Group((word.value,), at, word.end)
        tens = self._is(at, "number.ten")
        if tens is None:
            return None
        link = self._is(tens.end, "number.joint")  # "treinta y tres"
        after = link.end if link else tens.end
        after += after < len(self._said) and self._said[after].low == "-"
        unit = self._is(after, "number.unit")
        if unit is None or unit.value == "0":
            return Group((tens.value + "0",), at, tens.end)
        return Group((tens.value + unit.value, tens.value + "0" + unit.value), at, unit.end)
