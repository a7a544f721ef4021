"""An address as callers say it, to one clean line; Australian, American and British forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from voicebot.call import Step
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.address_letters import respelled, without_spelling
from voicebot.collect.reading.fields.address_mends import mended
from voicebot.collect.reading.fields.address_parts import Kind, Parts, is_whole, line, merge
from voicebot.collect.reading.fields.address_read import read
from voicebot.collect.reading.fields.address_street import number_sign, rank_as_number
from voicebot.collect.reading.fields.address_words import Word, words_of
from voicebot.collect.reading.types import Correct, Missing, Provide, Situation
from voicebot.collect.reading.utterance import Utterance, utterance

_MOST_SEGMENTS = 6
_JOB, _ONE, _ELSEWHERE = 2, 1, 0
"""Ranks of addresses: the job's, one that is only named, one where somebody lives."""
_LEADS = (
    "lead.is",
    "address.lead",
    "address.job",
    "address.elsewhere",
    "address.label",
    "address.within",
)
_PLAIN_PIECES = {Kind.STREET, Kind.POSTCODE}
_PLACING = {Kind.PLACE, Kind.POSTCODE}
_LONGEST_AMENDMENT_WORDS = 12


def address(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the address that was said, a piece of one, or the held one with a part mended."""
    alone = situation.step is Step.ADDRESS
    held = situation.record.get(Step.ADDRESS)
    if not alone and not held and not _has_number(said):
        return
    words = words_of(said)
    meant = _of_the_job(said, words, situation.region, alone=alone)
    parts, guesses = _parts(said, meant, situation.region, alone=alone)
    if is_whole(parts):
        earlier = _held(situation.partial, situation) if alone and situation.partial else ()
        yield _provided(
            said, merge(earlier, parts) if earlier else parts, parts, situation, guesses
        )
        return
    if not alone and len(words) > _LONGEST_AMENDMENT_WORDS:
        return
    kept = _held(held, situation) if held else ()
    if held and (mend := mended(said, words, held, kept, situation)):
        yield mend
    elif kept and not (alone and situation.partial):
        yield from _amended(said, words, kept, parts if alone else (), situation)
    elif alone and parts:
        earlier = _held(situation.partial, situation) if situation.partial else ()
        whole = merge(earlier, parts) if earlier else parts
        yield _provided(said, whole, parts, situation, guesses)


def _amended(
    said: Utterance, words: Sequence[Word], held: Parts, parts: Parts, situation: Situation
) -> Iterator[Candidate]:
    """Give the held address with the parts that are said anew: "number 14", "Battle Street".

    Where something else is asked, a label must tell that an address is meant ("the postcode's
    2753"), or the same part in fuller words ("North Ryde").
    """
    alone, region = situation.step is Step.ADDRESS, situation.region
    if not parts:
        parts = _piece_of_a_clause(said, words, region)
    label = next(said.all("address.label", "address.within"), None)
    if not alone and label is None and not _extends(parts, held):
        return
    whole = merge(held, parts) if parts else held
    if not parts and alone:
        spelled = without_spelling(said, words)[1]
        whole = respelled(held, spelled)
    if line(whole, region) == line(held, region) and not parts:
        return
    first, end = (parts[0].first, parts[-1].end) if parts else (0, len(said))
    act = Correct(Step.ADDRESS, line(whole, region), said.span(first, end))
    yield Candidate(act, _lead(said, first), end, assumes=1)


def _piece_of_a_clause(said: Utterance, words: Sequence[Word], region: str) -> Parts:
    """Return the piece that is one clause: "the street's wrong, it's Battle Street".

    A suburb may be any name, and counts only where it is labelled, or something is denied.
    """
    if len(words) > _LONGEST_AMENDMENT_WORDS:
        return ()
    sure = any(clause.denied for clause in said.clauses)
    sure |= next(said.all("address.label"), None) is not None
    for clause in reversed(said.clauses):
        inside = [word for word in words if clause.first <= word.first < clause.end]
        parts = _parts(said, inside, region, alone=True)[0] if clause.counts and inside else ()
        whole = len(said.clauses) == 1
        if parts and (sure or whole or _PLAIN_PIECES & {part.kind for part in parts}):
            return parts
    return ()


def _has_number(said: Utterance) -> bool:
    """Return False where no number is said: then there is no whole address either."""
    return any(
        token.is_digits or said.at(at, "number.unit", "number.teen", "number.ten")
        for at, token in enumerate(said.tokens)
    )


def _provided(
    said: Utterance, whole: Parts, parts: Parts, situation: Situation, guesses: int
) -> Candidate:
    text, span = line(whole, situation.region), _span(said, parts)
    if is_whole(whole):
        placed = not _PLACING.isdisjoint(part.kind for part in whole)
        missing = None if placed else Missing.SUBURB
        act = Provide(Step.ADDRESS, text, span, missing, assumed=guesses)
    else:
        act = Provide(Step.ADDRESS, None, span, Missing.STREET, text, assumed=guesses)
    end = max(part.end for part in parts)
    return Candidate(act, _lead(said, min(part.first for part in parts)), end, guesses)


def _span(said: Utterance, parts: Parts) -> tuple[int, int]:
    return said.span(min(part.first for part in parts), max(part.end for part in parts))


def _lead(said: Utterance, first: int) -> int:
    """Return where the words begin that lead up to this token."""
    while first > 0:
        lead = said.before(first, *_LEADS)
        if lead:
            first = lead.first
        elif said.is_sound(first - 1) and said.before(first - 1, *_LEADS):
            first -= 1
        else:
            break
    return first


def _held(text: str, situation: Situation) -> Parts:
    said = utterance(text, situation.language)
    return read(said, words_of(said), situation.region, alone=True)[0]


def _extends(parts: Parts, held: Parts) -> bool:
    """Return True for "North Ryde" where Ryde is held: the same part, in fuller words."""
    if len(parts) != 1:
        return False
    part = parts[0]
    old = next((each for each in held if each.kind is part.kind), None)
    if old is None or part.kind not in (Kind.PLACE, Kind.STREET):
        return False
    new, kept = part.text.casefold().split(), old.text.casefold().split()
    return len(new) > len(kept) and set(kept) <= set(new)


def _parts(
    said: Utterance, words: Sequence[Word], region: str, *, alone: bool
) -> tuple[Parts, int]:
    """Return the parts that were said, what is said later in the place of what it mends."""
    kept, names = without_spelling(said, words)
    kept = [_numbered(kept, at, weak=alone) for at in range(len(kept))]
    parts: Parts = ()
    guesses = 0
    for turn in _rounds(said, kept):
        now, doubts = read(said, turn, region, alone=alone)
        if is_whole(now) or not parts:
            parts, guesses = (now, doubts) if now else (parts, guesses)
        elif now:
            parts, guesses = merge(parts, now), 1
    return respelled(parts, names), guesses


def _numbered(words: Sequence[Word], at: int, *, weak: bool) -> Word:
    number = rank_as_number(words, at, weak=weak)
    word = words[at]
    return replace(word, text=number, low=number, digits=number, spans=1) if number else word


def _rounds(said: Utterance, words: list[Word]) -> Iterator[list[Word]]:
    """Give the words between corrections."""
    begin = at = 0
    while at < len(words):
        mend = said.at(words[at].first, "clause.mend")
        if mend and not number_sign(said, words, begin, at):
            yield words[begin:at]
            while at < len(words) and words[at].first < mend.end:
                at += 1
            begin = at
        else:
            at += 1
    yield words[begin:]


def _of_the_job(said: Utterance, words: list[Word], region: str, *, alone: bool) -> list[Word]:
    """Return the words without the addresses that are not to be visited."""
    segments = _segments(said, words)
    if not 1 < len(segments) <= _MOST_SEGMENTS:
        return words
    ranks = [_rank(said, segment) for segment in segments]
    if len(set(ranks)) == 1:
        return words
    ranked: list[tuple[int, list[Word], bool | None]] = []
    for rank, segment in zip(ranks, segments, strict=True):
        bare = _without_marks(said, segment)
        parts, _ = _parts(said, bare, region, alone=alone)
        ranked.append((rank, bare, is_whole(parts) if parts else None))
    holding = [(rank, whole) for rank, _, whole in ranked if whole is not None]
    best = max((rank for rank, whole in holding if whole), default=_ELSEWHERE)
    if best == _ELSEWHERE and any(rank == _JOB for rank, _ in holding):
        best = _JOB  # its suburb says that it is not the address at home
    if all(rank >= best for rank, _ in holding):
        return words
    return [word for rank, bare, _ in ranked if rank >= best for word in bare]


def _rank(said: Utterance, segment: Sequence[Word]) -> int:
    if any(said.at(word.first, "address.job") for word in segment):
        return _JOB
    elsewhere = any(said.at(word.first, "address.elsewhere") for word in segment)
    return _ELSEWHERE if elsewhere else _ONE


def _without_marks(said: Utterance, segment: Sequence[Word]) -> list[Word]:
    """Return the words but those that say that the job is here."""
    marks = [mark for word in segment if (mark := said.at(word.first, "address.job"))]
    return [w for w in segment if not any(m.first <= w.first < m.end for m in marks)]


def _segments(said: Utterance, words: Sequence[Word]) -> list[list[Word]]:
    """Return the words cut where one address may end and another begin."""
    segments: list[list[Word]] = [[]]
    for at, word in enumerate(words):
        if said.at(word.first, "address.turn"):
            segments.append([])
            continue
        marked = said.at(word.first, "address.job", "address.elsewhere") is not None
        linked = at > 0 and words[at - 1].low in ("and", "so")
        if (word.pause and (marked or word.is_figure)) or (linked and marked):
            segments.append([])
        segments[-1].append(word)
    return [segment for segment in segments if segment]
