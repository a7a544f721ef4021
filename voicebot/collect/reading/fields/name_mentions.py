"""The mentions of names, letters and spellings in an utterance."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from enum import IntEnum

from voicebot.collect.reading.clauses import Clause
from voicebot.collect.reading.fields.name_letters import (
    FEWEST,
    Letters,
    alike,
    capital,
    distance,
    fragments,
    letters_at,
)
from voicebot.collect.reading.fields.name_words import (
    Place,
    ends_at,
    is_known,
    is_letter,
    is_word,
    name_at,
    written,
)
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.words import FUNCTION_WORDS, is_given

_LEADS = ("name.lead", "name.label", "name.nickname", "name.weak")
_BEFORE = (
    "yes.agree", "yes.before", "no.plain", "quiet.link", "quiet.courtesy", "act.thank", "act.greet",
    "clause.mend", "name.opening", "name.between", "name.told",
)  # fmt: skip
"""What may stand before a name that is not announced."""
_LONGEST_FRAGMENT = 3
_WHOLE_NAME = range(2, 4)
"""Words of a name that is known by its letters alone."""


class How(IntEnum):
    """What says that it is a name, the weakest first."""

    BEHIND = 1
    """Stands alone between marks, behind other talk."""
    WEAK = 2
    """Behind "it's", which anything may follow."""
    ALONE = 3
    """Begins the utterance, and ends there or goes on with something else."""
    ANNOUNCED = 4


@dataclass(frozen=True, slots=True)
class Mention:
    """A name, letters or a hint in the tokens from `first` up to `end`; `begun` with its lead.

    text     the name as it is written; the letters, in small ones
    label    "first" or "last", where it is called so
    nick     it is what others call the caller
    letters  it is spelled; `hint`: these letters only tell spellings apart; `told`: they are said
             to be how it is written, whatever they sound like
    apart    letters of another word than those before: "space", "and then"
    mends    it takes back what was said before it
    """

    text: str
    begun: int
    first: int
    end: int
    how: How = How.ANNOUNCED
    guesses: int = 0
    label: str = ""
    nick: bool = False
    letters: bool = False
    hint: bool = False
    told: bool = False
    apart: bool = False
    mends: bool = False


def mentions(said: Utterance) -> Iterator[Mention]:
    """Give every name, row of letters and hint, in the order said."""
    at, begun, how, label, nick, fresh = 0, 0, None, "", False, True
    opened = False  # has something else been said before?
    asking = frozenset(clause.first for clause in said.clauses if _asks(said, clause))
    while at < len(said):
        foreign = said.at(at, "name.not_own", "clause.past")
        if foreign and not said.at(at, "name.label"):  # "my last name" is not past
            at, how, label, fresh, opened = foreign.end, None, "", False, True
            while at < len(said) and not said.tokens[at].is_sign:
                at += 1
            continue
        if lead := said.at(at, *_LEADS):
            announced = lead.tag != "name.weak"
            begun = at if how is None else begun
            how = How.ANNOUNCED if announced else how or How.WEAK
            label = lead.value if lead.tag == "name.label" else label
            nick = lead.tag == "name.nickname"
            at = lead.end
            continue
        if hint := _hint(said, at):
            yield hint
            at, how, fresh = hint.end, None, False
            continue
        letters = letters_at(said, at)
        if letters and (letters.count >= FEWEST or _echoes(said, at, letters.text)):
            start = begun if how else at
            if words := _words_before(said, at, letters.text):
                yield words
            text, told = _with_n(said, at, letters.text), said.before(at, "name.told") is not None
            yield Mention(
                text,
                start,
                letters.first,
                letters.end,
                label=label,
                letters=True,
                told=told or label != "",
                apart=said.before(at, "name.between") is not None,
            )
            at, how, label, fresh, opened = letters.end, None, "", True, True
            continue
        place = _place(said, at, how, asking, fresh=fresh, opened=opened)
        if place:
            strength, found = place
            yield Mention(
                written(said, found),
                begun if how else found.first,
                found.first,
                found.end,
                How.WEAK if nick else strength,
                found.guesses,
                label,
                nick,
                mends=said.clause(found.first).mends,
            )
            at, how, label, nick, fresh, opened = found.end, None, "", False, False, True
            continue
        if skipped := said.at(at, *_BEFORE):
            at = skipped.end
            fresh = fresh or skipped.tag in ("clause.mend", "name.between", "quiet.link")
        elif said.is_sound(at):
            how = None if said.low(at) in ".?!" else how
            fresh = True
            at += 1
        else:
            at, how, label, fresh, opened = at + 1, None, "", False, True


def _place(
    said: Utterance, at: int, how: How | None, asking: Set[int], *, fresh: bool, opened: bool
) -> tuple[How, Place] | None:
    """Return the name at this token and what says so; None where nothing does."""
    if not is_word(said, at) and not said.at(at, "name.title"):
        return None
    place = name_at(said, at, announced=how is How.ANNOUNCED)
    if how is How.ANNOUNCED:
        return (how, place) if place else None
    if fresh or how:
        named = place or (None if opened else name_at(said, at, announced=True))
        if named and said.at(named.end, "name.trail"):
            return How.ANNOUNCED, named
    if place is None or said.clause(at).first in asking:
        return None
    if how is How.WEAK:
        return how, place
    if not fresh or _is_spoken_to(said, place):
        return None
    if not opened and ends_at(said, place.end) and not _is_fragment(said, place):
        return How.ALONE, place
    capital_last = said.tokens[place.first].text[0].isupper() and place.end >= len(said) - 1
    letters = letters_at(said, place.end)
    spelled = letters is not None and alike(said.low(place.end - 1), letters.text)
    known = is_given(said.low(place.first)) or capital_last or said.clause(at).mends or spelled
    return (How.BEHIND, place) if opened and ends_at(said, place.end) and known else None


def _asks(said: Utterance, clause: Clause) -> bool:
    in_words = any(said.all("clause.ask", "clause.told", first=clause.first, end=clause.end))
    return in_words or (clause.asked and clause.others)


def _is_spoken_to(said: Utterance, place: Place) -> bool:
    """Return True for "thank you Robin" and "hello Robin"; "thank you, Robin" may answer."""
    if said.before(place.first, "act.thank"):
        return True
    alone = place.first + 1 == len(said)
    return alone and said.before(place.first, "name.hail") is not None


def _is_fragment(said: Utterance, place: Place) -> bool:
    """Return True for no known name but what a recogniser made of "…that is all", or of letters."""
    words = [said.low(at) for at in range(place.first, place.end)]
    if any(map(is_known, words)):
        return False
    rest = place.end
    if rest + 1 == len(said) and said.tokens[rest].is_digits and len(said.low(rest)) == 1:
        return True  # "hotchocolate 2"
    short = all(len(word) <= _LONGEST_FRAGMENT for word in words)
    letters = any(is_letter(said, n) and is_letter(said, n + 1) for n in range(rest, len(said)))
    return (short and letters) or said.low(rest) == "is"


def _hint(said: Utterance, at: int) -> Mention | None:
    """Return the letters of "with a y", "with a P H", "two Ls"."""
    lead = said.at(at, "name.hint")
    if not lead:
        return None
    letters, n = "", lead.end
    row = letters_at(said, n)
    if row and row.count == 2:
        letters, n = row.text, row.end
    elif is_letter(said, n):
        letters, n = said.low(n), n + 1
    plural = said.low(n)
    if not letters and plural[:1].isalpha() and plural[1:] in ("s", "'s"):
        letters, n = plural[0], n + 1
    elif letters and said.low(n) == "'" and said.low(n + 1) == "s":
        n += 2
    if not letters:
        return None
    return Mention(letters * int(lead.value or 1), at, at, n, letters=True, hint=True)


def _echoes(said: Utterance, at: int, letters: str) -> bool:
    """Return True where the word before says the same: "Wu, W U"."""
    before = _word_before(said, at)
    return before >= 0 and said.low(before) == letters


def _word_before(said: Utterance, at: int) -> int:
    """Return the place of the last word before this token, "spelled" passed over; -1 if none."""
    at -= 1
    while at >= 0 and said.is_sound(at):
        at -= 1
    told = said.before(at + 1, "name.told")
    return _word_before(said, told.first) if told else at


def _words_before(said: Utterance, at: int, letters: str) -> Mention | None:
    """Return the words of "Blarg Drift, D R I F T", which are a name whatever words they are."""
    end = first = _word_before(said, at) + 1
    if said.low(end - 1) != letters or name_at(said, end - 1, announced=False):
        return None
    while first > 0 and is_word(said, first - 1) and not is_letter(said, first - 1):
        first -= 1
    words = [said.low(n) for n in range(first, end)]
    if len(words) not in _WHOLE_NAME or FUNCTION_WORDS.intersection(words):
        return None
    return Mention(" ".join(map(capital, words)), first, first, end, How.ALONE)


def _with_n(said: Utterance, at: int, letters: str) -> str:
    """Return the letters of "Nguyen, N G U Y E N" with the "en" that was heard as "and"."""
    en = said.before(at, "spelling.en")
    word = said.low(_word_before(said, en.first)) if en else ""
    better = distance(word, "n" + letters) <= distance(word, letters)
    return "n" + letters if word.startswith("n") and better else letters


def spelled_whole(said: Utterance) -> Letters | None:
    """Return a whole utterance of letters and fragments, but for what leads up to it."""
    first = 0
    while first < len(said):
        lead = said.at(first, *_LEADS, *_BEFORE, "name.pause")
        sound = said.at(first, "quiet.sound") and not said.at(first, "name.pause")
        letter = is_letter(said, first) and lead is not None and lead.end == first + 1
        if sound or letter or not (lead or said.tokens[first].is_sign):
            break  # "er i k", "k a t e"
        first = lead.end if lead else first + 1
    return fragments(said, first, len(said))
