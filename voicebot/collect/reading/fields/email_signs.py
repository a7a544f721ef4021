"""What the words of a spoken e-mail address stand for: letters, figures, marks, the at sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from voicebot.collect.reading.lexicon import SOUND
from voicebot.collect.reading.spelling import letter
from voicebot.collect.reading.text import Kind as TokenKind
from voicebot.collect.reading.text import without_accents
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.words import is_everyday

_LONGEST_WRITTEN = 32
"""So many tokens of one written word are looked at."""
_SHORTEST_GLUED = 4
_SPELLED_NAMES = 4
"""From so many on, names of letters ("jay") are letters also where they begin or end a row."""
_RESPELLING = 7
"""In so many tokens three letters and the marks between them stand."""
_MOST_LABELS = 6
_MOST_WORDS_IN_A_LABEL = 4
_MOST_PIECES = 63
"""A label has 63 characters at most (RFC 1035)."""


class Kind(Enum):
    """What a piece is in an address; STOP belongs to the sentence around it."""

    LETTER = auto()
    WORD = auto()
    DIGITS = auto()
    MARK = auto()
    AT = auto()
    PAUSE = auto()
    MEND = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece, and the tokens it was read from.

    glued  no space before it      written  it was a sign, not a word for one
    """

    kind: Kind
    text: str
    first: int
    end: int
    glued: bool = False
    written: bool = False


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain, and the piece behind it; `known` when it has an ending, or is a provider's."""

    text: str
    end: int
    known: bool


def pieces(said: Utterance) -> list[Piece]:
    """Return the pieces in order; every token belongs to one."""
    read: list[Piece] = []
    at = 0
    while at < len(said):
        read += _pieces_at(said, at)
        at = read[-1].end
    return [_in_context(said, read, at) for at in range(len(read))]


def _pieces_at(said: Utterance, at: int) -> list[Piece]:
    token = said.tokens[at]
    if aside := said.at(at, "email.aside"):
        capital = said.low(aside.end) == said.low(aside.end + 1)[:1] != ""
        return [Piece(Kind.PAUSE, "", at, aside.end + capital)]  # "capital b bob"
    if sign := said.at(at, "email.at"):
        return [Piece(Kind.AT, "@", at, sign.end, token.glued, token.low == "@")]
    if mark := said.at(at, "email.mark"):
        return [Piece(Kind.MARK, mark.value, at, mark.end, token.glued)]
    if token.is_sign:
        return [_sign(said, at)]
    if (mend := said.at(at, "clause.mend")) and not (token.glued and at):
        return [Piece(Kind.MEND, "", at, mend.end)]
    if spelled := letter(said, at):
        return [Piece(Kind.LETTER, spelled.text, at, spelled.end, token.glued)]
    if token.kind is TokenKind.LETTER:
        return [Piece(Kind.STOP, token.low, at, at + 1)]
    if group := said.numbers.group(at):
        return [Piece(Kind.DIGITS, group.digits, at, group.end, token.glued)]
    if said.at(at, SOUND) and not token.glued:
        return [Piece(Kind.PAUSE, "", at, at + 1)]
    if split := _with_at(said, at):
        local, provider = split
        head = [Piece(Kind.WORD, local, at, at + 1, token.glued)]
        tail = [Piece(Kind.WORD, provider, at, at + 1, True)] if provider else []
        return [*head, Piece(Kind.AT, "@", at, at + 1, True, True), *tail]
    kind = Kind.STOP if said.at(at, "email.stop") else Kind.WORD
    written = at + 1 < len(said) and said.tokens[at + 1].glued and said.low(at + 1) in "@._-"
    text = without_accents(token.low)
    return [Piece(kind, text if written else text.replace("'", ""), at, at + 1, token.glued)]


def _sign(said: Utterance, at: int) -> Piece:
    low = said.low(at)
    inside = said.tokens[at].glued and at + 1 < len(said) and said.tokens[at + 1].glued
    torn = not said.tokens[at].glued or said.low(at - 1) == "co"
    ending = (
        torn
        and at + 2 <= len(said)
        and said.at(at + 1, "domain.ending", "domain.second") is not None
    )
    if low in "_+" or (low == "." and (inside or ending)):
        return Piece(Kind.MARK, low, at, at + 1, said.tokens[at].glued, True)
    if low == "-" and inside and not _parts_letters(said, at):
        return Piece(Kind.MARK, "-", at, at + 1, True, True)
    initial = low == "." and at > 0 and said.tokens[at - 1].kind is TokenKind.LETTER
    mark = said.at(at + 1, "email.mark")
    goes_on = initial or (mark is not None and not said.tokens[at + 1].glued)
    ends = low in ".?!:;" and not goes_on and not _respells(said, at)
    return Piece(Kind.STOP if ends else Kind.PAUSE, "", at, at + 1)


def _parts_letters(said: Utterance, at: int) -> bool:
    """Return True for the hyphens of "l-y-n-c-h" and "ly-n-c-h", which are not meant."""
    first, end = at - 1, at + 1
    while first > 0 and said.tokens[first].glued and at - first < _LONGEST_WRITTEN:
        first -= 1
    while end < len(said) and said.tokens[end].glued and end - at < _LONGEST_WRITTEN:
        end += 1
    local = next((n for n in range(at, end) if said.low(n) == "@"), end)
    if local < end and sum(said.low(n) == "-" for n in range(first, end)) == 1:
        return False
    kinds = [said.tokens[n].kind for n in range(first, local)]
    words = [
        n
        for n in range(first, local)
        if said.tokens[n].kind is TokenKind.WORD and not said.at(n, "email.mark")
    ]
    longest = 2 if kinds.count(TokenKind.LETTER) > len(words) else 1
    near = [len(said.low(n)) <= (longest if said.low(n).isalpha() else 1) for n in (at - 1, at + 1)]
    return all(near) and all(len(said.low(n)) <= longest for n in words)


def _respells(said: Utterance, stop: int) -> bool:
    """Return True for the stop of "Huntly. H U N T": the word before it is spelled behind it."""
    near = [t for t in said.tokens[stop + 1 : stop + _RESPELLING] if t.low not in ".-,"]
    begins = stop > 0 and bool(near) and near[0].low == said.low(stop - 1)[:1]
    return begins and len(near) > 2 and all(t.kind is TokenKind.LETTER for t in near)


def _with_at(said: Utterance, at: int) -> tuple[str, str] | None:
    """Return the halves of "ruthatyahoo", "ruthat gmail" and "r.okaforat.", else None."""
    word = said.low(at)
    before, sign, provider = word.rpartition("at")
    if before and sign and provider and said.lexicon.has("domain.glued", provider):
        return before, provider
    if len(word) < _SHORTEST_GLUED or not word.endswith("at"):
        return None
    if said.at(at + 1, "domain.provider"):
        return word[:-2], ""
    last = all(token.is_sign for token in said.tokens[at + 1 :])
    in_address = said.tokens[at].glued and said.low(at - 1) in (".", "_", "-")
    return (word[:-2], "") if last and in_address and not is_everyday(word) else None


def _in_context(said: Utterance, read: Sequence[Piece], at: int) -> Piece:
    """Return the piece as its neighbours make it: "oh" among letters, "o" among figures, "jay"."""
    piece = read[at]
    before = read[at - 1].kind if at else None
    after = read[at + 1].kind if at + 1 < len(read) else None
    amid_letters = before is after is Kind.LETTER
    if piece.kind is Kind.LETTER and set(piece.text) == {"o"}:
        if Kind.DIGITS in (before, after) and before is not Kind.LETTER:
            return replace(piece, kind=Kind.DIGITS, text="0" * len(piece.text))
    elif piece.kind is Kind.DIGITS and piece.text == "0" and amid_letters:
        return replace(piece, kind=Kind.LETTER, text="o")
    name = said.at(piece.first, "spelling.name") if piece.kind is Kind.WORD else None
    if name and (amid_letters or _spelled_around(said, read, at) >= _SPELLED_NAMES):
        return replace(piece, kind=Kind.LETTER, text=name.value)
    return piece


def _spelled_around(said: Utterance, read: Sequence[Piece], at: int) -> int:
    """Return how many letters and names of letters stand here in a row."""

    def is_letter(piece: Piece) -> bool:
        return piece.kind is Kind.LETTER or said.at(piece.first, "spelling.name") is not None

    near = read[max(0, at - _SPELLED_NAMES) : at + _SPELLED_NAMES]
    longest = run = 0
    for piece in near:
        run = run + 1 if is_letter(piece) else 0
        longest = max(longest, run)
    return longest


def domain_at(said: Utterance, read: Sequence[Piece], at: int) -> Domain | None:
    """Return the domain that begins at this piece, or None."""
    label, end = _first_label(said, read, at)
    if not _is_dot(read, end):
        provider = said.at(read[at].first, "domain.provider") if at < len(read) else None
        if provider is None:
            return None
        after = next((n for n in range(at, len(read)) if read[n].first >= provider.end), len(read))
        if not _is_dot(read, after):
            only = said.at(read[at].first, "domain.only_com")
            return Domain(provider.value + ".com" * (only is not None), after, True)
        label, end = provider.value, after
    labels = [label]
    place = end
    while _is_dot(read, place) and len(labels) < _MOST_LABELS:
        label, after = _next_label(said, read, place + 1)
        if not label:
            break
        labels.append(label)
        place = end = after
    if len(labels) > 1 and said.lexicon.has("domain.second", labels[-1]):
        country, after = _next_label(said, read, end)
        word = after > end and read[after - 1].kind is Kind.STOP
        goes_on = after - end > 1 or any(piece.text for piece in read[after:])
        if said.lexicon.has("domain.country", country) and not (word and goes_on):
            labels.append(country)
            end = after
    known = len(labels) > 1 and said.lexicon.has("domain.ending", labels[-1])
    return Domain(".".join(labels), end, known)


def _is_dot(read: Sequence[Piece], at: int) -> bool:
    return at < len(read) and read[at].kind is Kind.MARK and read[at].text == "."


def _first_label(said: Utterance, read: Sequence[Piece], at: int) -> tuple[str, int]:
    """Return everything up to the first dot as one label: "g mail", "b r e n n a n"."""
    label, words, place = "", 0, at
    while place < min(len(read), at + _MOST_PIECES) and words <= _MOST_WORDS_IN_A_LABEL:
        piece = read[place]
        if piece.kind is Kind.MARK and piece.text == "-" and label:
            label += "-"
        elif piece.kind in (Kind.WORD, Kind.LETTER, Kind.DIGITS, Kind.STOP) and piece.text:
            words += piece.kind in (Kind.WORD, Kind.STOP)
            label += piece.text
        elif piece.kind is not Kind.PAUSE:
            break
        place += 1
    heard = said.at(read[at].first, "domain.provider") if at < len(read) else None
    if heard and place > at and heard.end == read[place - 1].end:
        label = heard.value
    return label.strip("-"), place


def _next_label(said: Utterance, read: Sequence[Piece], at: int) -> tuple[str, int]:
    """Return what stands behind a dot: one word, or a run of letters ("c o m", "a u")."""
    while at < len(read) and read[at].kind is Kind.PAUSE:
        at += 1
    if at >= len(read):
        return "", at
    if read[at].kind in (Kind.WORD, Kind.DIGITS, Kind.STOP, Kind.AT):
        heard = said.at(read[at].first, "domain.heard")
        word = read[at].text if read[at].kind is not Kind.AT else "at"
        return heard.value if heard else word, at + 1
    letters = ""
    while at < len(read) and read[at].kind is Kind.LETTER:
        letters += read[at].text
        at += 1
        longer = at < len(read) and said.lexicon.has("domain.ending", letters + read[at].text)
        if said.lexicon.has("domain.ending", letters) and not longer:
            break
    return letters, at
