"""A person's name, as callers give it: bare, announced ("my name is"), spelled, with titles.

An announced name may be any word that is no everyday one; so may a bare one that fills its
sentence. Everyday words are names only next to a given name ("Harriet Long").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicebot.call import Step
from voicebot.collect.understanding import Asked
from voicebot.collect.understanding.announcing import (
    AFTER,
    BOOKED_FOR,
    FIELDS,
    GO_ON,
    OPENINGS,
    OWN,
    PARTICLES,
    PRONOUNS,
    STRONG,
    TITLES,
    VERBS_TOO,
    WEAK,
    WHOSE,
)
from voicebot.collect.understanding.common import (
    FUNCTION_WORDS,
    is_everyday,
    is_family,
    is_given,
)
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.lexicon import FILLERS, Phrases, correction_at, phrase_at
from voicebot.collect.understanding.spelling import heard_as, hinted, refined, spelled
from voicebot.collect.understanding.tokens import Token, plain, tokens

_MOST_WORDS = 4
_NAME_REACH = 6
"""How far before "is" the word "name" may stand: "the name for the booking is"."""
_SURE, _FAIR, _POOR = 0.9, 0.75, 0.6


@dataclass(frozen=True, slots=True)
class _Place:
    """A stretch of tokens that is a name, and how surely."""

    first: int
    end: int
    confidence: float


def parse(utterance: str, asked: Asked) -> Found | None:
    """Find the caller's name; None when nothing that was said can be one."""
    said = tokens(plain(utterance))
    held = asked.record.get(Step.NAME, "")
    if whole := _first_and_last(said):
        return whole
    if letters := spelled(said):
        name = refined(letters.name, held, said)
        return Found(name, (said[letters.first].start, said[letters.end - 1].end), _FAIR)
    place = _place(said)
    if place is None:
        return _respelled(said, held)
    name = heard_as(said, place.end, hinted(said, place.end, _written(said, place)))
    span = (said[place.first].start, said[place.end - 1].end)
    return Found(refined(name, held, said), span, place.confidence)


def announced(utterance: str) -> Found | None:
    """A name that is announced as one, whatever was asked."""
    said = tokens(plain(utterance))
    place = next(_after(said, STRONG), None)
    if place is None or (place.end - place.first == 1 and place.confidence < _FAIR):
        return None
    return Found(_written(said, place), (said[place.first].start, said[place.end - 1].end), 0.8)


def leading(utterance: str) -> Found | None:
    """A name that is all that was said before other answers, as in "jenny, 12 Elm Street"."""
    said = tokens(plain(utterance))
    place = next(_bare(said), None)
    if place is None:
        return None
    rest = [token for token in said[place.end :] if token.is_word and token.low != "and"]
    known = is_given(said[place.first].low) or is_family(said[place.first].low)
    if any(token.low not in FIELDS for token in rest) or (rest and not known):
        return None
    return Found(_written(said, place), (said[place.first].start, said[place.end - 1].end), 0.7)


def mended(utterance: str, held: str) -> Found | None:
    """A word that mends the name held ("no wait, it's Smyth"), whatever was asked."""
    said = tokens(plain(utterance))
    place = _place(said)
    if place is None:
        return _respelled(said, held)
    word = _written(said, place)
    whole = refined(word, held, said)
    if whole in (word, held):
        return None
    return Found(whole, (said[place.first].start, said[place.end - 1].end), 0.7)


def titled(word: str) -> str:
    """A name's word in title case: O'Brien, McDonald."""
    if word[:1].isupper() and not (word.isupper() and len(word) > 2):
        return word
    parts = word.lower().split("'")
    if len(parts) == 2 and len(parts[0]) == 1:
        return "'".join(part.capitalize() for part in parts)
    if word.lower().startswith("mc") and len(word) > 3:
        return "Mc" + word[2:].capitalize()
    return word.lower().capitalize()


def _first_and_last(said: Sequence[Token]) -> Found | None:
    """ "First name John, last name Smith", in either order."""
    lows = [token.low for token in said]
    labels = [(at, *label) for at in range(len(said)) if (label := _label(lows, at))]
    parts: dict[str, str] = {}
    for index, (_, kind, start) in enumerate(labels):
        end = labels[index + 1][0] if index + 1 < len(labels) else len(said)
        if text := _part(said[start:end]):
            parts.setdefault(kind, text)
    if len(parts) == 1 and (other := next(_bare(said[: labels[0][0]]), None)):
        parts.setdefault("last" if "first" in parts else "first", _written(said, other))
    if len(parts) < 2:
        return None
    return Found(f"{parts['first']} {parts['last']}", (said[0].start, said[-1].end), _SURE)


def _label(lows: Sequence[str], at: int) -> tuple[str, int] | None:
    """ "first name is", "surname": which part is announced, and where it begins."""
    if lows[at] in ("first", "last", "family", "second") and lows[at + 1 : at + 2] == ["name"]:
        kind, start = "first" if lows[at] == "first" else "last", at + 2
    elif lows[at] in ("surname", "surname's"):
        kind, start = "last", at + 1
    else:
        return None
    while start < len(lows) and (lows[start] in ("is", "'s") or not lows[start][0].isalpha()):
        start += 1
    return kind, start


def _part(said: Sequence[Token]) -> str:
    """One part of a name after its label, spelled or not."""
    if letters := spelled(said):
        return letters.name.replace(" ", "").capitalize()
    place = _name_at(said, 0, strong=True)
    return heard_as(said, place.end, _written(said, place)) if place else ""


def _respelled(said: Sequence[Token], held: str) -> Found | None:
    """ "It's with a y": a hint on the name that the bot has read back."""
    name = hinted(said, 0, held) if held else held
    return Found(name, (said[0].start, said[-1].end), _FAIR) if name != held else None


def _place(said: Sequence[Token]) -> _Place | None:
    """Where the name stands, after all corrections."""
    place = _first_place(said)
    lows = [token.low for token in said]
    for at in range(1, len(said)):
        length = correction_at(lows, at)
        if not length or place is None or place.first > at:
            continue
        rest = said[at + length :]
        mended = _first_place(rest)
        if mended:
            offset = at + length
            place = _Place(mended.first + offset, mended.end + offset, mended.confidence)
    return place


def _first_place(said: Sequence[Token]) -> _Place | None:
    ways = (_after(said, STRONG), _before(said), _bare(said), _after(said, WEAK), _clauses(said))
    for found in ways:
        if place := next(found, None):
            return _fuller(said, place)
    return None


def _clauses(said: Sequence[Token]) -> Iterator[_Place]:
    """From the last one back: stretches between marks that are nothing but a name."""
    starts = [at + 1 for at, token in enumerate(said[:-1]) if token.low in ",.?!:;-"]
    for start in reversed(starts):
        if said[start - 1].low == "-" and said[start].glued:
            continue
        place = _name_at(said, start, strong=False)
        if place and (place.end >= len(said) or not said[place.end].is_word):
            known = is_given(said[place.first].low)
            last = place.end >= len(said) - 1
            if known or (last and said[place.first].text[0].isupper()):
                yield place


def _fuller(said: Sequence[Token], place: _Place) -> _Place:
    """ "Harry. Harry Styles.": the same name said once more, and more of it."""
    start = place.end
    while start < len(said) and said[start].low in ",.!":
        start += 1
    if start == place.end:
        return place
    again = _name_at(said, start, strong=False)
    if again is None or again.end - again.first <= place.end - place.first:
        return place
    once = {token.low for token in said[place.first : place.end]}
    return again if once < {token.low for token in said[again.first : again.end]} else place


def _after(said: Sequence[Token], phrases: Phrases) -> Iterator[_Place]:
    """Names that follow one of these phrases."""
    lows = [token.low for token in said]
    at = 0
    while at < len(said):
        length = phrase_at(lows, at, phrases)
        if length and _may_announce(lows, at, length):
            start = at + length
            while start < len(said) and (said[start].low in FILLERS or said[start].low in ",:'\""):
                start += 1
            if place := _name_at(said, start, strong=phrases is STRONG):
                yield place
        at += max(1, length)


def _may_announce(lows: Sequence[str], at: int, length: int) -> bool:
    before = lows[at - 1] if at else ""
    phrase = lows[at : at + length]
    if phrase == ["for"]:
        return before in BOOKED_FOR
    if phrase == ["is"]:
        return "name" in lows[max(0, at - _NAME_REACH) : at] and not WHOSE.intersection(lows[:at])
    if phrase == ["be"]:
        return before in ("should", "would", "will", "it'll", "that'll", "that'd", "it'd")
    if "name" in phrase[0] or phrase[0] in ("first", "last", "family", "surname"):
        return before not in WHOSE and (before in OWN or not is_everyday(before.removesuffix("'s")))
    return True


def _before(said: Sequence[Token]) -> Iterator[_Place]:
    """ "Angela is my name", "Angela speaking"."""
    lows = [token.low for token in said]
    for at in range(1, len(said)):
        if phrase_at(lows, at, AFTER):
            for start in range(max(0, at - 3), at):
                place = _name_at(said, start, strong=False)
                if place and place.end == at:
                    yield place
                    break


def _bare(said: Sequence[Token]) -> Iterator[_Place]:
    """A sentence that begins with a name and ends, or goes on with something else."""
    start = 0
    while start < len(said) and (said[start].low in OPENINGS or said[start].low in ",.-!"):
        start += 1
    place = _name_at(said, start, strong=False)
    if place is None:
        return
    if _ends(said, place.end):
        yield place


def _name_at(said: Sequence[Token], start: int, strong: bool) -> _Place | None:
    """The longest name that begins here; after a strong phrase less is asked of its words."""
    first = start
    while first < len(said) and said[first].low in TITLES:
        first += 1 + (first + 1 < len(said) and said[first + 1].low == ".")
    at, count, previous = first, 0, ""
    while at < len(said) and count < _MOST_WORDS:
        token = said[at]
        if _joins(said, at, first):
            at += 1
            continue
        if not _may_continue(said, at, first, previous, strong):
            break
        previous = token.low
        count += 1
        at += 1
    while at > first and (_dangles(said, at - 1) or not said[at - 1].is_word):
        at -= 1
    if at <= first or not _whole(said, first, at):
        return None
    if said[first].low in VERBS_TOO and at < len(said) and said[at].low in PRONOUNS:
        return None
    return _Place(first, at, _confidence(said[first], strong))


def _dangles(said: Sequence[Token], at: int) -> bool:
    """A particle without the name that it belongs to; "Al" is a name too."""
    return said[at].low in PARTICLES and not is_given(said[at].low)


def _joins(said: Sequence[Token], at: int, first: int) -> bool:
    """Marks inside a name: the hyphen of "Jean-Luc", the dot of "J. Smith"."""
    if at == first or at + 1 >= len(said) or not said[at + 1].is_word:
        return False
    hyphen = said[at].low == "-" and said[at].glued and said[at + 1].glued
    initial = said[at].low == "." and said[at - 1].is_letter and not said[at - 1].text.islower()
    return hyphen or initial


def _may_continue(said: Sequence[Token], at: int, first: int, previous: str, strong: bool) -> bool:
    """May this token be the next word of a name?"""
    token = said[at]
    word = token.low
    if at > first and token.is_letter and word not in PARTICLES and _initial(said, at):
        return True
    if not token.is_word or word in FUNCTION_WORDS or word in FILLERS or word in FIELDS:
        return at > first and word in PARTICLES and at + 1 < len(said)
    if at == first:
        return _may_begin(said, at, strong)
    if word in PARTICLES:
        return True
    if said[first].text[0].isupper() and token.text.islower() and not said[first].text.isupper():
        return False
    if token.is_letter:
        return not (at + 1 < len(said) and said[at + 1].is_letter)
    if not is_everyday(word):
        return True
    if not is_family(word):
        return False
    return is_given(previous) or token.text[0].isupper() or _ends(said, at + 1)


def _ends(said: Sequence[Token], at: int) -> bool:
    """Has the name ended here for certain?"""
    return at >= len(said) or not said[at].is_word or said[at].low in GO_ON


def _initial(said: Sequence[Token], at: int) -> bool:
    """A middle initial: "Kelley A Fleming"."""
    after = said[at + 1] if at + 1 < len(said) else None
    return (
        is_given(said[at - 1].low)
        and after is not None
        and len(after.low) > 1
        and (is_family(after.low) or (after.is_word and not is_everyday(after.low)))
    )


def _begins_with_initial(said: Sequence[Token], at: int) -> bool:
    """ "J. Smith", "s kumar"."""
    follower = said[at + 1] if at + 1 < len(said) else None
    if follower is None or said[at].low in ("a", "i", "o"):
        return False
    if follower.low == ".":
        return said[at].text.isupper() and at + 2 < len(said)
    named = is_given(follower.low) or is_family(follower.low)
    return len(follower.low) > 1 and follower.is_word and (named or not is_everyday(follower.low))


def _may_begin(said: Sequence[Token], at: int, strong: bool) -> bool:
    token = said[at]
    if token.is_letter:
        return _begins_with_initial(said, at)
    if not is_everyday(token.low):
        return len(token.low) > 1
    if at > 0 and is_family(token.low) and (said[at - 1].low in TITLES or said[at - 1].low == "."):
        return any(before.low in TITLES for before in said[max(0, at - 2) : at])
    follower = said[at + 1] if at + 1 < len(said) else None
    cased = token.text[0].isupper() and follower is not None and follower.text[0].isupper()
    named = follower is not None and (is_family(follower.low) or is_given(follower.low))
    if is_family(token.low) and named and follower is not None and not is_everyday(follower.low):
        return cased or strong
    return strong and token.text[0].isupper() and at > 0 and not said[at - 1].low.endswith(".")


def _whole(said: Sequence[Token], first: int, end: int) -> bool:
    """A name has letters enough, and a contraction is none."""
    parts = [token.low for token in said[first:end] if token.is_word]
    contracted = any(part.endswith(("'ll", "'ve", "'re", "n't", "'m", "'d")) for part in parts)
    return not contracted and sum(map(len, parts)) > 1


def _confidence(first: Token, strong: bool) -> float:
    if strong or is_given(first.low):
        return _SURE
    return _FAIR if first.text[0].isupper() else _POOR


def _written(said: Sequence[Token], place: _Place) -> str:
    """The name in title case, initials without their dots, "Alexis's" without its end."""
    text = ""
    for at in range(place.first, place.end):
        token = said[at]
        if token.low == "-":
            text += "-"
        elif token.is_word:
            inner = at > place.first and token.low in PARTICLES and token.text.islower()
            raw = token.text[:-2] if token.low.endswith("'s") else token.text
            word = token.low if inner and at + 1 < place.end else titled(raw)
            if word.lower() != text.lower():
                text += word if not text or text.endswith("-") else " " + word
    return text
