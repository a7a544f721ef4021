"""The local part of a spoken e-mail address: all that belongs to it before the at sign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from rapidfuzz.distance import Levenshtein

from voicebot.call import Step
from voicebot.collect.understanding.fields.address_words import is_listed
from voicebot.collect.understanding.fields.email_signs import Kind, Piece
from voicebot.collect.understanding.spelling import FEWEST_WORDS, sound
from voicebot.collect.understanding.types import Situation
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_everyday, is_given

_MOST_WORDS = 4
"""A local part of more plain words than this was rather a sentence."""
_MOST_PIECES = 64
"""A local part has 64 characters at most (RFC 5321)."""
_FEWEST_FIGURES = 3
"""A shorter local part of figures is rather what is left of one ("…, the number seven at")."""
_FEWEST_OF_NUMBER = 8
"""So many figures with a pause behind them are a telephone number."""
_FEWEST_LETTERS = 3
"""From so many letters on, something was spelled."""
_LONGEST_FRAGMENT = 3
"""Letters that a recogniser wrote together: "j so h n"."""
_PARTS = (Kind.LETTER, Kind.WORD, Kind.DIGITS, Kind.MARK, Kind.PAUSE)


def belongs(piece: Piece) -> bool:
    """Return True for what can be a piece of a local part."""
    return piece.kind in _PARTS


def local_before(said: Utterance, read: Sequence[Piece], at: int) -> tuple[str | None, int]:
    """Return the local part that ends before the at sign, and the piece it begins with."""
    tight = read[at].glued and read[at].written
    first = _begin(read, at, tight)
    if first == at and _is_role(said, read, at - 1):
        return read[at - 1].text, at - 1
    kinds = [piece.kind for piece in read[first : first + 3]]
    if read[first - 1].kind is Kind.MEND and kinds == [Kind.PAUSE, Kind.DIGITS, Kind.PAUSE]:
        first += 3 if first + 3 < at else 0  # "sorry, fourteen, m davies fourteen at"
    while first < at and read[first].kind in (Kind.PAUSE, Kind.MARK):
        first += 1
    first = _after_aside(said, read, first, at)
    parts = without_echo([piece for piece in read[first:at] if piece.kind is not Kind.PAUSE])
    words = [piece for piece in parts if piece.kind is Kind.WORD]
    if len(words) > _MOST_WORDS and not all(_code(said, piece) for piece in words):
        return None, at
    written = tight and all(piece.glued for piece in read[first + 1 : at + 1])
    if not written and _is_cut_off(said, read, first):
        return None, at
    local = spelled_out(said, parts)
    if local.isdecimal() and (stem := _stem(said, read, first)):
        local, first = stem[0] + local, stem[1]  # "dave 87, sorry, 86, at"
    short = local.isdecimal() and len(local) < _FEWEST_FIGURES
    return (local, first) if local and not short else (None, at)


def _stem(said: Utterance, read: Sequence[Piece], at: int) -> tuple[str, int] | None:
    """Return what stands before figures that a mend takes back, and where it begins."""
    while at and read[at - 1].kind in (Kind.PAUSE, Kind.STOP) and not read[at - 1].text.isalnum():
        at -= 1
    if not at or read[at - 1].kind is not Kind.MEND:
        return None
    end = at - 1
    while end and read[end - 1].kind is Kind.PAUSE:
        end -= 1
    if not end or read[end - 1].kind is not Kind.DIGITS:
        return None
    first = _begin(read, end - 1, False)
    parts = [piece for piece in read[first : end - 1] if piece.kind is not Kind.PAUSE]
    return (spelled_out(said, parts), first) if parts else None


def spelled_out(said: Utterance, parts: Sequence[Piece]) -> str:
    """Join the pieces; three and more words of a spelling alphabet in a row are letters.

    So are all of them where letters are spelled beside them, and none is a name as well.
    """
    words = [piece for piece in parts if piece.kind is Kind.WORD]
    codes = [_code(said, piece) if piece.kind is Kind.WORD else "" for piece in parts]
    spelled = sum(piece.kind is Kind.LETTER for piece in parts) >= _FEWEST_LETTERS
    spelled = spelled and not any(is_given(piece.text) for piece in words)
    enough = spelled or len(words) >= FEWEST_WORDS
    alphabet = enough and sum(map(bool, codes)) == len(words)
    text, at = "", 0
    while at < len(parts):
        end = at
        while end < len(parts) and codes[end]:
            end += 1
        letters = alphabet or end - at >= FEWEST_WORDS
        text += "".join(codes[at:end] if letters else (piece.text for piece in parts[at:end]))
        text += parts[end].text if end < len(parts) else ""
        at = end + 1
    return text


def is_first_half(said: Utterance, parts: Sequence[Piece]) -> bool:
    """Return True for what looks like a local part, though no at sign follows.

    It holds a mark, spelled letters, or figures at the end; everyday words alone do not count, and
    neither does a domain ("outlook.com") whose at sign was lost.
    """
    if not parts:
        return False  # "no underscore, all one word"
    kinds = [piece.kind for piece in parts]
    words = [piece for piece in parts if piece.kind is Kind.WORD]
    letters = kinds.count(Kind.LETTER)
    spelled = len(parts) >= FEWEST_WORDS and all(_code(said, piece) for piece in words)
    if Kind.MARK not in kinds and any(
        is_listed(piece.text.removesuffix("s"), "type") for piece in words
    ):
        return False  # "Haul Street, H A U L"
    figures_last = kinds[-1] is Kind.DIGITS and len(parts) <= FEWEST_WORDS
    if not (figures_last or Kind.MARK in kinds or letters > 1 or spelled):
        return False
    ending = said.lexicon.has("domain.ending", parts[-1].text)
    if not (words or letters) or (ending and len(parts) > 1 and parts[-2].text == "."):
        return False
    return letters > 0 or not all(is_everyday(piece.text) for piece in words)


def by_name(
    said: Utterance, read: Sequence[Piece], at: int, situation: Situation
) -> tuple[str, int] | None:
    """Return what was spelled before `at` as its owner's name has it, and where it begins.

    "J L H N D S N I T H", said by John Smith, is john.smith: only letters that sound alike count
    as misheard, so that "Jon Smyth" keeps his spelling. What was read back is not proposed again.
    """
    first = at
    while first and (read[first - 1].kind is Kind.PAUSE or _is_fragment(read[first - 1])):
        first -= 1
    while first < at and read[first].kind is Kind.PAUSE:
        first += 1
    heard = [piece for piece in read[first:at] if piece.text]
    if sum(piece.kind is Kind.LETTER for piece in heard) < _FEWEST_LETTERS:
        return None
    slips = any(_is_fragment(piece) and len(piece.text) > 1 for piece in heard)
    local = spelled_out(said, heard)
    stem = local.rstrip("0123456789")
    sounds = _sounds(stem)

    def distance(text: str) -> tuple[int, bool]:
        return Levenshtein.distance(sounds, _sounds(text)), text != stem

    likely = min(_from_name(situation.record.get(Step.NAME, "")), key=distance, default=stem)
    refused = situation.record.get(Step.EMAIL, "").partition("@")[0]
    proposed = likely + local.removeprefix(stem)
    if distance(likely)[0] > slips or proposed in (refused, local):
        return None
    return proposed, first


def _sounds(text: str) -> str:
    """Return the sounds of letters as spelled; a "dot" among them is heard as a D."""
    return sound(text.replace(".", "d").replace("_", "").replace("-", ""))


def _from_name(name: str) -> Iterator[str]:
    """Give the local parts that people make of their names, what is longer first."""
    words = "".join(sign for sign in name.lower() if "a" <= sign <= "z" or sign == " ").split()
    if len(words) < 2:
        return
    first, last = words[0], words[-1]
    for mark in (".", "", "_", "-"):
        yield f"{first}{mark}{last}"
        yield f"{last}{mark}{first}"
    for mark in (".", ""):
        yield f"{first[0]}{mark}{last}"
        yield f"{first}{mark}{last[0]}"


def _is_fragment(piece: Piece) -> bool:
    return piece.kind is not Kind.AT and 0 < len(piece.text) <= _LONGEST_FRAGMENT


def _code(said: Utterance, piece: Piece) -> str:
    """Return the letter for which a word of the spelling alphabet stands, or ""."""
    match = said.at(piece.first, "spelling.alphabet")
    return match.value if match else ""


def _begin(read: Sequence[Piece], at: int, tight: bool) -> int:
    first = at
    while first > max(0, at - _MOST_PIECES):
        text = read[first - 1].text
        inside = tight and bool(text) and text.isascii() and read[first].glued
        if not belongs(read[first - 1]) and not inside:
            break
        first -= 1
    return first


def _is_role(said: Utterance, read: Sequence[Piece], at: int) -> bool:
    """Return True for the "contact" of "it's contact at okafor dot com"."""
    if at < 0 or not said.at(read[at].first, "email.role"):
        return False
    opening = at == 0 or not read[at - 1].text
    return opening or said.at(read[at - 1].first, "lead.is") is not None


def _is_cut_off(said: Utterance, read: Sequence[Piece], first: int) -> bool:
    """Return True where the words before belong to it somehow: "bill and ben at"."""
    at = first - 1
    if at < 0 or read[at].kind is not Kind.STOP or not read[at].text:
        return False
    if said.before(read[first].first, "email.lead"):
        return False  # "e-mail's vik at"
    before = read[first - 2].kind if first > 1 else Kind.STOP
    joined = said.at(read[at].first, "email.joins") and before is not Kind.PAUSE
    if before is Kind.MARK or joined:
        return True
    if before in (Kind.WORD, Kind.LETTER) and len(read[first].text) == 1:
        return True  # "sm it h": the last letter of several
    while at > 0 and said.at(read[at].first, "email.inside_name"):
        at -= 1
    within = at < first - 1 and read[at].kind is Kind.WORD
    return within or said.at(read[at].first, "email.like") is not None


def _after_aside(said: Utterance, read: Sequence[Piece], first: int, at: int) -> int:
    """Return where the local part begins in "susan miller, susan dot miller" and "long, susan".

    What stands before a pause is said again behind it, or is talk: only everyday words, where
    others follow; so is a telephone number, and all before it, and an address.
    """
    first = _behind_address(said, read, _behind_number(read, first, at), at)
    cuts = [n for n in range(first + 1, at - 1) if read[n].kind is Kind.PAUSE]
    plain = all(piece.kind in (Kind.WORD, Kind.PAUSE) for piece in read[first:at])
    begun = [read[n].text for n in (first, *(cut + 1 for cut in cuts))]
    if plain and begun[-1] and begun[-1] in begun[:-1]:
        return cuts[-1] + 1  # "Gavin Stott, an electrician, gavin at"
    for cut in cuts:
        before = [piece.text for piece in read[first:cut]]
        after = [piece.text for piece in read[cut + 1 : at] if piece.kind is Kind.WORD]
        talk = all(is_everyday(word) or _is_provider(said, word) for word in before)
        named = any(not is_everyday(word) for word in after)
        if before != after[: len(before)] and not (talk and named):
            return first
        first = cut + 1
    return first


def _behind_number(read: Sequence[Piece], first: int, at: int) -> int:
    """Return where the local part begins in "0416 300 400, vik"."""
    begin = first
    for cut in range(first, at):
        if read[cut].kind is not Kind.PAUSE or not any(p.text for p in read[cut + 1 : at]):
            continue
        back = cut
        while back > first and read[back - 1].kind is Kind.DIGITS:
            back -= 1
        if sum(len(piece.text) for piece in read[back:cut]) >= _FEWEST_OF_NUMBER:
            begin = cut + 1
    return begin


def _behind_address(said: Utterance, read: Sequence[Piece], first: int, at: int) -> int:
    """Return where the local part begins in "17 Elm Street, Randwick, blaise"."""
    cuts = [n for n in range(first, at) if read[n].kind is Kind.PAUSE]
    begin, street = first, False
    for cut in cuts:
        chunk = [piece for piece in read[begin:cut] if piece.text]
        typed = any(is_listed(said.low(piece.first), "type") for piece in chunk[1:])
        words = all(piece.kind is Kind.WORD for piece in chunk)
        goes_on = any(piece.text for piece in read[cut + 1 : at])
        numbered = bool(chunk) and chunk[0].kind is Kind.DIGITS
        if not goes_on or not ((typed and numbered) or (street and words)):
            break
        begin, street = cut + 1, not street
    name = [piece.text for piece in read[begin : begin + 2] if piece.kind is Kind.WORD]
    named = len(name) > 1 and is_given(name[0]) and not is_given(name[1])
    if street and len(name) > 1 and not named:
        return begin + 1  # "…, Troy ann underscore lee"
    return begin


def _is_provider(said: Utterance, word: str) -> bool:
    return said.lexicon.has("domain.glued", word)


def behind_spelled(read: Sequence[Piece], last: int, local: str) -> int:
    """Return where what spells a local part ends, with its figures: "…, then the number twelve"."""
    end = next((n for n in range(last + 1, len(read)) if read[n].kind is not Kind.PAUSE), len(read))
    figures = end < len(read) and read[end].kind is Kind.DIGITS and local.endswith(read[end].text)
    return end + 1 if figures else last + 1


def without_echo(parts: Sequence[Piece]) -> list[Piece]:
    """Return the pieces without what is said twice: "smith, S M I T H", "n, N for November"."""
    kept: list[Piece] = []
    letters = 0
    for piece in parts:
        letters = letters + 1 if piece.kind is Kind.LETTER else 0
        parted = bool(kept) and kept[-1].end < piece.first and piece.end > piece.first + 1
        if letters == 1 and parted and kept[-1].text[0] == piece.text:
            letters = 0
            continue  # "vance, V for Victor"
        apart = letters > 1 and kept[-1].end < piece.first  # a pause stands between
        if apart and kept[-1].text == piece.text and piece.end > piece.first + 1:
            letters -= 1
            continue
        kept.append(piece)
        if 1 < letters < len(kept) and _is_echo(kept[-letters - 1], kept[-letters:]):
            del kept[-letters - 1]
    ends = list(accumulate(len(piece.text) for piece in kept))
    cut = ends.index(ends[-1] // 2) + 1 if kept and ends[-1] // 2 in ends else 0
    halves = kept[:cut], kept[cut:]
    spelled = any(all(p.kind is Kind.LETTER for p in half) for half in halves)
    same = len(set(_text(halves[0]))) > 1 and _text(halves[0]) == _text(halves[1])
    doubled = spelled and same and len(kept) > _FEWEST_LETTERS
    return halves[1] if doubled else kept  # "priya k, P R I Y A K"


def _is_echo(piece: Piece, letters: Sequence[Piece]) -> bool:
    if len(letters) > len(piece.text) + 1:
        return False
    word, spelled = piece.text, _text(letters)
    alike = len(word) == len(spelled) or (len(spelled) > _FEWEST_LETTERS and word[0] == spelled[0])
    alike = alike and (len(set(spelled)) > 1 or piece.end < letters[0].first)  # "tt t t"
    return piece.kind is Kind.WORD and alike and Levenshtein.distance(word, spelled) <= 1


def _text(parts: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in parts)
