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
from voicebot.collect.reading.types import Asked, Correct, Missing, Provide, Situation
from voicebot.collect.reading.utterance import Utterance, utterance

_MOST_SEGMENTS = 6
_JOB, _ONE, _ELSEWHERE = 2, 1, 0
"""Ranks of addresses: the job's, one that is only named, one where somebody lives."""
_LEADS = ("lead.is", "address.lead", "address.job", "address.elsewhere", "address.label")
_IN_A_MEND = {Kind.UNIT, Kind.NUMBER, Kind.STREET, Kind.PLACE, Kind.STATE, Kind.POSTCODE}


def address(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the address that was said, a piece of one, or the held one with a part mended."""
    alone = situation.step is Step.ADDRESS
    held = situation.record.get(Step.ADDRESS)
    if not alone and not held and not _has_number(said):
        return
    words = _of_the_job(said, words_of(said), situation.region, alone=alone)
    parts, guesses = _parts(said, words, situation.region, alone=alone)
    if is_whole(parts):
        earlier = _held(situation.partial, situation) if alone and situation.partial else ()
        yield _provided(
            said, merge(earlier, parts) if earlier else parts, parts, situation, guesses
        )
        return
    if held and (mend := mended(said, words_of(said), held, situation)):
        yield mend
        return
    if not alone:
        if held:
            yield from _labelled(said, held, situation)
        return
    if not parts:
        return
    if situation.partial:
        whole = merge(_held(situation.partial, situation), parts)
        yield _provided(said, whole, parts, situation, guesses)
    elif held:
        whole = merge(_held(held, situation), parts)
        first, end = _lead(said, parts[0].first), parts[-1].end
        act = Correct(Step.ADDRESS, line(whole, situation.region), _span(said, parts))
        yield Candidate(act, first, end, assumes=1)
    else:
        yield _provided(said, parts, parts, situation, guesses)


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
        act = Provide(Step.ADDRESS, text, span, assumed=guesses)
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


def _labelled(said: Utterance, held: str, situation: Situation) -> Iterator[Candidate]:
    """Give the held address with a part that its label names: "the postcode's 2753"."""
    label = next(said.all("address.label"), None)
    confirms = situation.asked is Asked.CONFIRM
    if label is None and confirms:
        return
    words = words_of(said)
    parts, _ = _parts(said, words, situation.region, alone=True)
    kept = _held(held, situation)
    if not parts or {part.kind for part in parts} - {part.kind for part in kept}:
        return
    if label is None and not _extends(parts, kept):
        return
    whole = merge(kept, parts)
    act = Correct(Step.ADDRESS, line(whole, situation.region), _span(said, parts))
    yield Candidate(act, _lead(said, parts[0].first), parts[-1].end, assumes=1)


def _extends(parts: Parts, held: Parts) -> bool:
    """Return True for "North Ryde" where Ryde is held: the same part, in fuller words."""
    (part, *more) = parts
    old = next((each for each in held if each.kind is part.kind), None)
    if more or old is None or part.kind not in (Kind.PLACE, Kind.STREET):
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
    ranked: list[tuple[int, list[Word], bool | None]] = []
    for segment in segments:
        marks = [m for w in segment if (m := said.at(w.first, "address.job"))]
        bare = [w for w in segment if not any(m.first <= w.first < m.end for m in marks)]
        elsewhere = any(said.at(w.first, "address.elsewhere") for w in segment)
        rank = _JOB if marks else _ELSEWHERE if elsewhere else _ONE
        parts, _ = _parts(said, bare, region, alone=alone)
        ranked.append((rank, bare, is_whole(parts) if parts else None))
    holding = [(rank, whole) for rank, _, whole in ranked if whole is not None]
    best = max((rank for rank, whole in holding if whole), default=_ELSEWHERE)
    if best == _ELSEWHERE and any(rank == _JOB for rank, _ in holding):
        best = _JOB  # its suburb says that it is not the address at home
    if all(rank >= best for rank, _ in holding):
        return words
    return [word for rank, bare, _ in ranked if rank >= best for word in bare]


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
