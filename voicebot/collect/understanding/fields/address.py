"""An address as callers say it, to one clean line; a held one is mended by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate, behind_denial
from voicebot.collect.understanding.fields.address_grammar import Grammar
from voicebot.collect.understanding.fields.address_parts import (
    Kind,
    Parts,
    found,
    is_whole,
    kinds,
    line,
    merge,
    rank_as_number,
    respelled,
)
from voicebot.collect.understanding.fields.address_places import town_before, town_last
from voicebot.collect.understanding.fields.address_same import (
    are_one,
    extends,
    shop_of_same,
    unit_of_same,
    without_double,
)
from voicebot.collect.understanding.fields.address_talk import (
    is_callers,
    without_name,
    without_remarks,
    without_yes,
)
from voicebot.collect.understanding.fields.address_words import (
    Word,
    Words,
    is_listed,
    without_spelling,
    words_of,
)
from voicebot.collect.understanding.types import Asked, Correct, Missing, Provide, Situation
from voicebot.collect.understanding.utterance import Utterance, utterance

_JOB, _ONE, _ELSEWHERE = 2, 1, 0
"""Ranks of addresses: the job's, one that is only named, one where somebody lives."""
_MARKS = ("address.job", "address.elsewhere")
_LEADS = ("lead.is", "address.lead", "address.label", "address.within", *_MARKS)
_MENDS = ("address.label", "address.within", "address.was", "address.without")
_PLACING = {Kind.PLACE, Kind.POSTCODE}
_AROUND = {Kind.UNIT, Kind.PLACE, Kind.STATE, Kind.POSTCODE}
"""Parts that stay where a corner is told anew."""
_MOST_SEGMENTS, _LONGEST_MEND_WORDS = 6, 12


def address(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the address that was said, a piece of one, or the held one with a part mended."""
    alone = situation.step is Step.ADDRESS
    held = situation.record.get(Step.ADDRESS, "")
    numbered = situation.step is Step.TIME and _is_renumbered(said)  # "no, it's number 14"
    if alone or _may_be_whole(said) or (held and (numbered or _may_mend(said, held))):
        yield from _Reader(said, situation, alone, held).candidates()


def _is_renumbered(said: Utterance) -> bool:
    """Return True for "no, it's number 14"."""
    signs = (sign.end for sign in said.all("address.number"))
    return any(clause.mends for clause in said.clauses) and any(map(said.numbers.group, signs))


def _may_be_whole(said: Utterance) -> bool:
    """Return False where no number is said, or no type of a street and no box; nor a corner."""
    if "address.corner" in said.tags:
        return True
    counted = ("number.unit", "number.teen", "number.ten")
    return any(t.is_digits or said.at(n, *counted) for n, t in enumerate(said.tokens)) and any(
        is_listed(token.low, "type", "typeless", "compass") or said.at(n, "address.box")
        for n, token in enumerate(said.tokens)
    )


def _may_mend(said: Utterance, held: str) -> bool:
    """Return False where no part is named, and no word of the held address is said."""
    known = held.casefold().replace(",", " ").split()
    return any(
        token.low in known or is_listed(token.low, "unit") or said.at(n, *_MENDS)
        for n, token in enumerate(said.tokens)
    )


class _Reader:
    """One utterance and what is held: the candidates for an address."""

    def __init__(self, said: Utterance, situation: Situation, alone: bool, held: str) -> None:
        self.said, self.situation, self.region = said, situation, situation.region
        self.alone, self.held = alone, held
        spoken_of = {n for m in said.all("person.other") for n in range(m.first, m.end)}
        every = without_name(words_of(said), situation.record.get(Step.NAME, ""))
        every = [
            replace(word, pause=word.pause or word.first - 1 in spoken_of)
            for word in every
            if word.first not in spoken_of  # "the real estate agent"
        ]
        answers = alone and situation.asked is not Asked.CONFIRM
        self.words = without_remarks(said, without_yes(said, every) if answers else every)
        self.remarks = {word.first for word in every} - {word.first for word in self.words}

    def candidates(self) -> Iterator[Candidate]:
        parts, guesses = self._that_counts(self._of_the_job())
        earlier = self._known(self.situation.partial) if self.alone else ()
        kept = self._known(self.held)
        if is_whole(parts):
            if not kinds(parts) & _PLACING:
                placed = tuple(part for part in kept if part.kind in _PLACING | {Kind.STATE})
                earlier = kept if extends(parts, kept) else earlier or placed
                if Kind.CORNER in kinds(parts):
                    earlier = tuple(part for part in kept if part.kind in _AROUND) or earlier
            elif not (self.alone and self.situation.asked is Asked.CONFIRM):
                earlier = shop_of_same(kept, parts) or earlier
            yield self._provided(earlier, parts, guesses)
        elif kept and not earlier:
            yield from self._amended(kept, parts if self.alone else ())
        elif self.alone and parts:
            yield self._provided(earlier, parts, guesses)

    def _that_counts(self, words: Sequence[Word]) -> tuple[Parts, int]:
        """Return the first address, or piece of one, that is the caller's answer."""
        for _ in range(_MOST_SEGMENTS):
            parts, guesses = self._parts(words, alone=self.alone)
            rest = [word for word in words if parts and word.first >= _extent(parts)[1]]
            if not is_whole(parts):
                return parts, guesses
            if self._counts(parts, words[0].first):
                again = self._parts(rest, alone=self.alone)[0] if self.alone or self.held else ()
                restated = are_one(parts, again) and bool(kinds(again) & _PLACING)
                restated |= is_whole(again) and are_one(self._known(self.held), parts)
                corner = next((p for p in parts if p.kind is Kind.CORNER), None)
                if corner and self.alone:  # "the corner of Wattle and Pine. 2 Pine Street"
                    again = self._parts([w for w in words if w.first >= corner.end], alone=True)[0]
                    restated = {Kind.NUMBER, Kind.STREET} <= kinds(again)
                return (again if restated else parts), guesses
            words = rest
        return (), 0

    def _known(self, text: str | None) -> Parts:
        return _parts_of(text, self.situation.language, self.region) if text else ()

    def _counts(self, parts: Parts, begin: int) -> bool:
        first, end = _extent(parts)
        return is_callers(
            self.said, max(begin, self.said.clause(first).first), first, end, self._lead(first)
        )

    def _provided(self, earlier: Parts, parts: Parts, guesses: int) -> Candidate:
        whole, begun = merge(earlier, parts), self._lead(_extent(parts)[0])
        text = line(whole, self.region)
        return self._with_remarks(provided(self.said, whole, parts, text, begun, guesses))

    def _with_remarks(self, given: Candidate) -> Candidate:
        """Return an address with what is said of its words behind it."""
        end = at = given.end
        while at < len(self.said) and (at in self.remarks or self.said.is_sound(at)):
            at += 1
            end = at if at - 1 in self.remarks else end
        return replace(given, end=end)

    def _lead(self, first: int) -> int:
        """Return where the words begin that lead up to this token."""
        said = self.said
        while lead := said.before(first, *_LEADS) or (
            said.before(first - 1, *_LEADS) if first and said.is_sound(first - 1) else None
        ):
            first = lead.first
        return first

    # -- what is said

    def _parts(self, words: Sequence[Word], *, alone: bool) -> tuple[Parts, int]:
        """Return the parts that were said, what is said later in the place of what it mends."""
        plain, names = without_spelling(words)
        stretch = Words(self.said, plain)
        for at, word in enumerate(plain):
            if word.is_rank and (number := rank_as_number(stretch, at, weak=alone)):
                plain[at] = replace(word, text=number, low=number, digits=number)
        parts, guesses = Parts(), 0
        for turn in self._rounds(Words(self.said, plain)):
            town = alone and self.situation.partial is not None
            now, doubts = Grammar(turn, self.region, alone=alone, town=town).read()
            if alone and not now:
                now = self._told_last(turn, bool(parts))
                turned = () if now or parts else self._known(town_last(turn))
                now = now or tuple(replace(p, first=turn[0].first) for p in turned)
            if is_whole(now) and not self.held and not kinds(now) & _PLACING:
                now += town_before(turn, turn.place(_extent(now)[0]), self.region, alone=alone)
            if now and (is_whole(now) or not parts):
                parts, guesses = (*unit_of_same(parts, now), *now), doubts
            elif now:
                parts, guesses = merge(parts, now), 1
        return respelled(without_double(parts), names), guesses

    def _told_last(self, words: Words, mends: bool, tries: int = 2) -> Parts:
        """Return the piece behind the last pause, which mends: "what am I saying, I'm at 44".

        Where nothing is mended its name must have been said before: "Box Hill? Or … Box Hill".
        """
        end = len(words)
        while end and words.phrase(end - 1, "quiet.link"):
            end -= 1
        begin = next((n for n in range(end - 1, 0, -1) if words[n].pause), 0)
        if not 0 < begin < end:
            return ()
        breath = Words(self.said, words.part(begin, end))
        piece = Grammar(breath, self.region, alone=True).read()[0]
        lows, size = [word.low for word in words.part(0, end)], end - begin
        again = next((n for n in range(begin) if lows[n : n + size] == lows[begin:]), None)
        if again is None or not all(word.is_name for word in breath):
            if mends and not piece and tries:  # "40, four zero, I always say it too fast"
                return self._told_last(Words(self.said, words.part(0, begin)), True, tries - 1)
            return piece if mends else ()
        place = found(Kind.PLACE, words, begin, (words.titled(begin, end), end))[0]
        return (replace(place, first=words[again].first),)  # what is wondered about is no question

    def _rounds(self, words: Words) -> Iterator[Words]:
        """Give the words between corrections."""
        begin = at = 0
        while at < len(words):
            mend = words.phrase(at, "clause.mend")
            sign = words.phrase(at, "address.number") and words[at + 1].is_number  # "no 10"
            if mend and not (sign and not any(w.is_number for w in words.part(begin, at))):
                yield Words(self.said, words.part(begin, at))
                begin = at = max(at + 1, words.place(mend.end))
            else:
                at += 1
        yield Words(self.said, words.part(begin))

    def _of_the_job(self) -> Sequence[Word]:
        """Return the words without the addresses that are not to be visited."""
        segments = self._segments() if next(self.said.all(*_MARKS), None) else []
        holding: list[tuple[int, bool]] = []
        for rank, words in segments[:_MOST_SEGMENTS] if len(segments) > 1 else ():
            parts, _ = self._parts(words, alone=self.alone)
            if parts and (not is_whole(parts) or self._counts(parts, words[0].first)):
                holding.append((rank, is_whole(parts)))
        best = max((rank for rank, whole in holding if whole), default=_ELSEWHERE)
        if best == _ELSEWHERE and any(rank == _JOB for rank, _ in holding):
            best = _JOB  # its suburb says that it is not the address at home
        if all(rank >= best for rank, _ in holding):
            return self.words
        return [word for rank, words in segments if rank >= best for word in words]

    def _segments(self) -> list[tuple[int, list[Word]]]:
        """Return the words cut where one address may end and another begin, with their ranks."""
        segments: list[tuple[int, list[Word]]] = [(_ONE, [])]
        linked, until = False, 0
        for word in self.words:
            mends = self.said.clause(word.first).mends  # "no, I'm at 44" is no other address
            mark = self.said.at(word.first, "address.turn", *_MARKS[: 2 - mends])
            turns = mark is not None and (linked or mark.tag == "address.turn")
            if turns or (word.pause and (mark or word.is_figure)):
                segments.append((_ONE, []))
            rank, words = segments[-1]
            asked = self.said.clause(word.first).asked  # "do you come to Windsor?"
            if (job := self.said.at(word.first, "address.job")) and not asked:
                until = job.end
                segments[-1] = _JOB, words
            elif mark and mark.tag == "address.elsewhere" and rank == _ONE:
                segments[-1] = _ELSEWHERE, words
            if word.first >= until and not (mark and mark.tag == "address.turn"):
                words.append(word)
            linked = word.isin("link")
        return segments

    # -- what is mended

    def _amended(self, held: Parts, parts: Parts) -> Iterator[Candidate]:
        """Give the held address with the parts that are said anew: "number 14", "Battle Street".

        Where something else is asked, a label must tell that an address is meant ("the postcode's
        2753"), or the same part in fuller words ("North Ryde"), or a unit alone.
        """
        labelled = any(self.said.all("address.label", "address.within"))
        labelled |= self.situation.step is Step.TIME and _is_renumbered(self.said)
        parts = parts or self._piece_of_a_clause(labelled)
        closed = all(word.pause for word in self.words if parts and word.first == parts[-1].end)
        named = extends(parts, held) or (kinds(parts) == {Kind.UNIT} and closed)
        named |= Kind.STREET in kinds(parts) and self._denies_part()
        if not (self.alone or labelled or named):
            return
        whole = respelled(merge(held, parts), () if parts else without_spelling(self.words)[1])
        text = line(whole, self.region)
        if whole != held and (self.alone or text != line(held, self.region)):
            first, end = _extent(parts) if parts else (0, len(self.said))
            end = behind_denial(self.said, end)
            act = Correct(Step.ADDRESS, text, self.said.span(first, end))
            yield Candidate(act, self._lead(first), end, 1)

    def _denies_part(self) -> bool:
        """Return True for "not Randwick", of the address held."""
        held = self.held.casefold().replace(",", " ").split()
        return any(self.said.low(match.end) in held for match in self.said.all("mend.not"))

    def _piece_of_a_clause(self, labelled: bool) -> Parts:
        """Return the piece that is one clause: "the street's wrong, it's Battle Street".

        A suburb may be any name, and counts only where it is labelled, or something is denied.
        """
        clauses = self.said.clauses
        sure = labelled or len(clauses) == 1 or any(clause.denied for clause in clauses)
        for clause in reversed(clauses if len(self.words) <= _LONGEST_MEND_WORDS else ()):
            inside = [word for word in self.words if clause.first <= word.first < clause.end]
            parts = self._parts(inside, alone=True)[0] if clause.counts and inside else ()
            if (
                parts
                and not is_whole(parts)
                and (sure or kinds(parts) & {Kind.UNIT, Kind.STREET, Kind.POSTCODE})
            ):
                return parts
        return ()


def provided(
    said: Utterance, whole: Parts, parts: Parts, text: str, begun: int, guesses: int
) -> Candidate:
    """Return the address, or the piece of one, of which these `parts` were said now."""
    first, end = _extent(parts)
    span, here = said.span(first, end), kinds(whole)
    if is_whole(whole):
        missing = None if here & _PLACING else Missing.SUBURB
        act = Provide(Step.ADDRESS, text, span, missing, assumed=guesses)
    else:
        missing = Missing.HOUSE_NUMBER if Kind.STREET in here else Missing.STREET
        act = Provide(Step.ADDRESS, None, span, missing, text, assumed=guesses)
    return Candidate(act, begun, end, guesses)


@lru_cache(maxsize=16)
def _parts_of(text: str, language: str, region: str) -> Parts:
    """Return the parts of an address that is held; the last few are remembered."""
    said = utterance(text, language)
    return Grammar(Words(said, words_of(said)), region, alone=True).read()[0]


def _extent(parts: Parts) -> tuple[int, int]:
    return min(part.first for part in parts), max(part.end for part in parts)
