"""Signs of a spoken e-mail address: letters, figures, marks, the at sign, and their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from rapidfuzz.distance import Levenshtein

from voicebot.collect.understanding.lexicon import SOUND
from voicebot.collect.understanding.spelling import letter
from voicebot.collect.understanding.text import Kind as TokenKind
from voicebot.collect.understanding.text import without_accents
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_everyday

_LONGEST_WRITTEN = 32
"""So many tokens of one written word are looked at."""
_SHORTEST_GLUED = 4
_RESPELLING = 7
"""In so many tokens three letters and the marks between them stand."""
_MOST_LABELS = 6
_MOST_WORDS_IN_A_LABEL = 4
_REMARK_WORDS = 2
_MOST_PIECES = 63
"""A label has 63 characters at most (RFC 1035)."""


class Kind(Enum):
    """The kinds of pieces in an address; STOP belongs to the sentence around it."""

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


def _pieces_at(said: Utterance, at: int) -> Iterator[Piece]:
    token = said.tokens[at]

    def piece(kind: Kind, text: str, end: int = at + 1) -> Piece:
        return Piece(kind, text, at, end, token.glued)

    mark = said.at(at, "email.mark")
    aside = said.at(at, "email.aside")
    if aside and not (mark and mark.end > aside.end):  # "then a dot"
        again = said.low(aside.end) == said.low(aside.end + 1)[:1] != ""
        capital = again and said.tokens[aside.end].kind is TokenKind.LETTER
        yield piece(Kind.PAUSE, "", aside.end + capital)  # "capital b bob"
    elif hint := _hint_end(said, at):
        yield piece(Kind.PAUSE, "", hint)
    elif sign := said.at(at, "email.at"):
        yield Piece(Kind.AT, "@", at, sign.end, token.glued, token.low == "@")
    elif literal := said.at(at, "email.literal"):
        yield piece(Kind.PAUSE, "", literal.end)
    elif mark:
        word = said.before(at, "email.literal") and mark.value != "."  # "the word plus"
        yield piece(Kind.WORD if word else Kind.MARK, token.low if word else mark.value, mark.end)
    elif (code := said.at(at, "spelling.alphabet")) and code.end > at + 1:
        yield piece(Kind.WORD, said.low(at) + said.low(code.end - 1), code.end)  # "x-ray"
    elif token.is_sign:
        yield _sign(said, at)
    elif (mend := said.at(at, "clause.mend")) and not (
        token.glued and at and token.kind is not TokenKind.HAN
    ):
        yield piece(Kind.MEND, "", mend.end)
    elif spelled := letter(said, at):
        yield piece(Kind.LETTER, spelled.text, spelled.end)
    elif one := said.at(at, "number.no_digit"):
        yield piece(Kind.STOP, token.low, one.end)
    elif group := said.numbers.group(at):
        yield piece(Kind.DIGITS, group.digits, group.end)
    elif said.at(at, SOUND) and not token.glued:
        yield piece(Kind.PAUSE, "")
    elif split := _with_at(said, at):
        local, provider = split
        yield piece(Kind.WORD, local)
        yield Piece(Kind.AT, "@", at, at + 1, True, True)
        if provider:
            yield Piece(Kind.WORD, provider, at, at + 1, True)
    else:
        goes_on = _is_glued(said, at + 1) and said.low(at + 1) in "@._-"
        text = without_accents(token.low)
        written = _is_glued(said, at + 1) and said.low(at + 1).isdecimal()  # "a92"
        named = said.before(at, "email.mark") and said.at(at + 1, "email.mark")  # "x dot not dot y"
        stop = said.at(at, "email.stop") is not None and not (written or named)
        stops = token.kind is TokenKind.HAN or stop
        kind = Kind.STOP if stops else Kind.WORD
        yield piece(kind, text if goes_on else text.replace("'", ""))


def _hint_end(said: Utterance, at: int) -> int | None:
    """Return where "with a w", "con te equis" or ", no h," ends: how a word is written."""
    told = said.at(at, "lead.is")  # "…, that's double z,"
    if counted := _counted_letter(said, at) or (told and _counted_letter(said, told.end)):
        return counted
    if told and said.low(at - 1) == "," and all(_is_letter(said, told.end + n) for n in range(3)):
        return told.end  # "okonkwo, that's O K O N K W O"
    hint, none = said.at(at, "name.hint"), said.at(at, "name.hint_none")
    lead = hint if hint and not hint.value else none if said.low(at - 1) == "," else None
    if lead is None:
        return None
    end = lead.end
    while spelled := letter(said, end) or said.at(end, "spelling.letter_too"):
        end = spelled.end
    if end > lead.end and (end == len(said) or said.low(end) == "," or said.at(end, "email.at")):
        return end
    return lead.end + 1 if lead is hint and _is_letter(said, lead.end) else None


def _counted_letter(said: Utterance, at: int) -> int | None:
    """Return where "two g's", "with double g" and "double g" end, said of a word: "quigg"."""
    lead, times = said.at(at, "name.hint"), said.at(at, "number.times")
    number = said.numbers.figures(lead.end if lead and not lead.value else at)
    count = int(lead.value) if lead and lead.value else 2 if number and number.digits == "2" else 0
    end = lead.end if lead and lead.value else number.end if number else at
    count, end = (int(times.value), times.end) if times else (count, end)
    sign, plural = said.low(end)[:1], said.low(end)[1:] in (("",) if times else ("s", "'s"))
    if not (count and plural and sign.isalpha()):
        return None
    words = [t.low for t in said.tokens[max(0, at - _LONGEST_WRITTEN) : at] if len(t.low) > 2]
    word = next((w for w in words[::-1] if w.isalpha()), "")
    place = said.at(end + 1, "phone.behind")  # "two Ns in the middle"
    end = place.end if place else end + 1
    apart = lead or said.low(at - 1) == "," or said.before(at, "lead.is")
    told = apart and (said.low(end) in ("", ",") or said.at(end, "email.at"))
    return end if told and word.count(sign) >= count else None


def _is_letter(said: Utterance, at: int) -> bool:
    return at < len(said) and said.tokens[at].kind is TokenKind.LETTER


def _is_glued(said: Utterance, at: int) -> bool:
    return at < len(said) and said.tokens[at].glued


def _sign(said: Utterance, at: int) -> Piece:
    low, glued = said.low(at), said.tokens[at].glued
    inside = glued and _is_glued(said, at + 1)
    torn = not glued or said.low(at - 1) == "co"
    ending = torn and said.at(at + 1, "domain.ending", "domain.second") is not None
    if low in "_+" or (low == "." and (inside or ending)):
        return Piece(Kind.MARK, low, at, at + 1, glued, True)
    if low == "-" and inside and not _parts_letters(said, at):
        return Piece(Kind.MARK, "-", at, at + 1, True, True)
    initial = low == "." and at > 0 and said.tokens[at - 1].kind is TokenKind.LETTER
    before_mark = said.at(at + 1, "email.mark") and not _is_glued(said, at + 1)
    goes_on = initial or before_mark or _respells(said, at)
    return Piece(Kind.STOP if low in ".?!:;" and not goes_on else Kind.PAUSE, "", at, at + 1)


def _parts_letters(said: Utterance, at: int) -> bool:
    """Return True for the hyphens of "l-y-n-c-h" and "ly-n-c-h", which are not meant."""
    first, end = at - 1, at + 1
    while first > 0 and said.tokens[first].glued and at - first < _LONGEST_WRITTEN:
        first -= 1
    while _is_glued(said, end) and said.low(end) != "@" and end - at < _LONGEST_WRITTEN:
        end += 1
    if said.low(end) == "@" and sum(said.low(n) == "-" for n in range(first, end)) == 1:
        return False
    stretch = [n for n in range(first, end) if not said.at(n, "email.mark")]
    words = [said.low(n) for n in stretch if said.tokens[n].kind is TokenKind.WORD]
    letters = sum(said.tokens[n].kind is TokenKind.LETTER for n in stretch)
    return all(len(word) <= 1 + (letters > len(words)) for word in words)


def _respells(said: Utterance, stop: int) -> bool:
    """Return True for the stop of "Huntly. H U N T": the word before it is spelled behind it."""
    near = [t for t in said.tokens[stop + 1 : stop + _RESPELLING] if t.low not in ".-,"]
    letters = len(near) > 2 and all(t.kind is TokenKind.LETTER for t in near)
    return letters and near[0].low == said.low(stop - 1)[:1]


def _with_at(said: Utterance, at: int) -> tuple[str, str] | None:
    """Return the halves of "ruthatyahoo", "ruthat gmail" and "r.okaforat.", else None."""
    word = said.low(at)
    before, _, provider = word.rpartition("at")
    if not before or len(word) < _SHORTEST_GLUED:
        return None
    if provider:
        return (before, provider) if said.lexicon.has("domain.glued", provider) else None
    last = all(token.is_sign for token in said.tokens[at + 1 :])
    in_address = said.tokens[at].glued and said.low(at - 1) in "._-" and not is_everyday(word)
    named = said.at(at + 1, "domain.provider") and not is_everyday(word)  # "what email?"
    return (before, "") if named or (last and in_address) else None


def _in_context(said: Utterance, read: Sequence[Piece], at: int) -> Piece:
    """Return the piece as its neighbours make it: "oh" among letters, "o" among figures, "jay"."""
    piece = read[at]
    before = read[at - 1].kind if at else None
    after = read[at + 1].kind if at + 1 < len(read) else None
    amid_letters = before is after is Kind.LETTER
    if piece.kind is Kind.LETTER and set(piece.text) == {"o"}:
        written = before is Kind.AT and piece.glued and read[at - 1].written  # "@o2.pl"
        if not written and Kind.DIGITS in (before, after) and before is not Kind.LETTER:
            return replace(piece, kind=Kind.DIGITS, text="0" * len(piece.text))
    elif piece.kind is Kind.DIGITS and piece.text == "0" and amid_letters:
        return replace(piece, kind=Kind.LETTER, text="o")
    elif piece.kind is Kind.MARK and before is after is Kind.MARK and not piece.written:
        return replace(piece, kind=Kind.WORD, text=said.low(piece.first))  # "dot plus dot"
    name = said.at(piece.first, "spelling.name") if piece.kind is Kind.WORD else None
    if name and amid_letters:
        return replace(piece, kind=Kind.LETTER, text=name.value)
    return piece


def domain_at(said: Utterance, read: Sequence[Piece], at: int) -> Domain | None:
    """Return the domain that begins at this piece, or None."""
    at = next((n for n in range(at, len(read)) if read[n].kind is not Kind.PAUSE), len(read))
    lead = said.at(read[at].first, "lead.is") if at < len(read) else None
    if lead:  # "it IS gmail", not "@mail.com"
        at = next((n for n in range(at, len(read)) if read[n].first >= lead.end), len(read))
    if at >= len(read):
        return None
    label, end = _first_label(read, at)
    provider = said.at(read[at].first, "domain.provider")
    paused = provider and said.low(provider.end) == "," and label != provider.value
    if provider and (paused or not (_is_dot(read, end) and provider.end < read[end].first)):
        label, end = (
            provider.value,
            next((n for n in range(at, len(read)) if read[n].first >= provider.end), len(read)),
        )
    labels, place = [label], end
    while _is_dot(read, place) and len(labels) < _MOST_LABELS:
        label, place = _next_label(said, read, place + 1)
        if not label:
            break
        labels.append(label)
        end = place
    if len(labels) == 1:
        only = provider and said.at(provider.first, "domain.only_com")
        return Domain(labels[0] + ".com" * bool(only), end, True) if provider else None
    if said.lexicon.has("domain.second", labels[-1]):
        country, after = _next_label(said, read, end)
        word = after > end and read[after - 1].kind is Kind.STOP
        goes_on = after - end > 1 or any(piece.text for piece in read[after:])
        if said.lexicon.has("domain.country", country) and not (word and goes_on):
            labels.append(country)
            end = after
    return Domain(".".join(labels), end, said.lexicon.has("domain.ending", labels[-1]))


def _is_dot(read: Sequence[Piece], at: int) -> bool:
    return at < len(read) and read[at].kind is Kind.MARK and read[at].text == "."


def _first_label(read: Sequence[Piece], at: int) -> tuple[str, int]:
    """Return everything up to the first dot as one label: "b r e n n a n"."""
    label, words, place, begun = "", 0, at, at
    before: list[Kind] = []
    while place < min(len(read), at + _MOST_PIECES) and words <= _MOST_WORDS_IN_A_LABEL:
        piece = read[place]
        if _is_remark(before, read, place):
            label, words, before, begun = "", 0, [], place
        before.append(piece.kind)
        if piece.kind is Kind.MARK and piece.text == "-" and label:
            label += "-"
        elif piece.kind is Kind.STOP and not piece.text.isascii():
            break
        elif piece.kind in (Kind.WORD, Kind.LETTER, Kind.DIGITS, Kind.STOP) and piece.text:
            words += piece.kind in (Kind.WORD, Kind.STOP)
            label += piece.text
        elif piece.kind is not Kind.PAUSE:
            break
        place += 1
    return _spelled_once([p for p in read[begun:place] if p.text], label.strip("-")), place


def _spelled_once(parts: Sequence[Piece], label: str) -> str:
    """Return the letters alone of "metrolex, M E T R O L E X", which spell the word again."""
    for cut in range(1, len(parts)):
        for half, other in ((parts[:cut], parts[cut:]), (parts[cut:], parts[:cut])):
            letters, word = ("".join(piece.text for piece in each) for each in (half, other))
            spelled = len(half) > 2 and all(piece.kind is Kind.LETTER for piece in half)
            words = any(piece.kind is not Kind.LETTER for piece in other)
            if spelled and words and Levenshtein.distance(letters, word) <= 1:
                return letters
    return label


def _is_remark(before: Sequence[Kind], read: Sequence[Piece], at: int) -> bool:
    """Return True behind "my surname," and "so that's", where what they announce is spelled.

    Words of the sentence may belong to a domain ("my shop"); with a pause or letters behind they
    lead up to it.
    """
    said = [kind for kind in before if kind is not Kind.PAUSE]
    stops = said.count(Kind.STOP)
    told = bool(stops) and (stops >= _REMARK_WORDS or said[-1] is Kind.WORD)
    pause = bool(before) and before[-1] is Kind.PAUSE
    letters = [piece.kind for piece in read[at : at + 2]] == [Kind.LETTER, Kind.LETTER]
    told |= letters and Kind.PAUSE in before and said[0] is Kind.WORD and said[-1] is Kind.STOP
    return told and ((pause and read[at].text != "" and read[at].kind is not Kind.MARK) or letters)


def _next_label(said: Utterance, read: Sequence[Piece], at: int) -> tuple[str, int]:
    """Return what stands behind a dot: one word, or a run of letters ("c o m", "a u")."""
    at = next((n for n in range(at, len(read)) if read[n].kind is not Kind.PAUSE), len(read))
    if at >= len(read):
        return "", at
    if read[at].kind in (Kind.WORD, Kind.DIGITS, Kind.STOP, Kind.AT):
        heard = said.at(read[at].first, "domain.heard")
        word = read[at].text if read[at].kind is not Kind.AT else "at"
        return (heard.value, at + heard.end - heard.first) if heard else (word, at + 1)
    letters = ""
    while at < len(read) and read[at].kind is Kind.LETTER:
        letters += read[at].text
        at += 1
        longer = at < len(read) and said.lexicon.has("domain.ending", letters + read[at].text)
        if said.lexicon.has("domain.ending", letters) and not longer:
            break
    return letters, at
