"""The mentions of names, letters and spellings in an utterance."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from enum import IntEnum

from voicebot.collect.understanding.clauses import ends_sentence
from voicebot.collect.understanding.fields.name_letters import (
    FEWEST,
    Letters,
    fragments,
    letters_at,
)
from voicebot.collect.understanding.fields.name_words import (
    Place,
    ends_at,
    is_known,
    is_letter,
    is_word,
    name_at,
    written,
)
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_given

LEADS = ("name.lead", "name.label", "name.nickname", "name.weak")
_BEFORE = (
    "yes.agree", "yes.before", "no.plain", "quiet.link", "quiet.courtesy", "act.thank", "act.greet",
    "clause.mend", "name.opening", "name.between", "name.told",
)  # fmt: skip
"""The tags that may stand before a name that is not announced."""
_NO_LABELLED = (
    "quiet.function", "name.not_alone", "name.go_on", "no.wrong", "yes.agree", "clause.deny",
)  # fmt: skip
"""Words that are called a name and are none: "my last name is wrong"."""
_LONGEST_FRAGMENT = 3


class How(IntEnum):
    """The sign that words are a name, the weakest first."""

    OTHERS = 0
    """Somebody else's: "the tenant is Ruth"."""
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

    def only_spells(self, rows: Set[str]) -> bool:
        """Return True for letters, a hint, and the "it's Lopes" that one of the `rows` spells."""
        told = self.how < How.ANNOUNCED and self.text.lower() in rows
        return (self.letters and not self.label) or self.hint or told


def mentions(said: Utterance) -> Iterator[Mention]:
    """Give every name, row of letters and hint, in the order said."""
    at, begun, how, label, nick = 0, 0, None, "", False
    fresh = True  # may a name begin here that nothing announces?
    opened = False  # has something else been said before?
    listed = -1  # behind a name and a comma: "De la Cruz, Ximena"
    named_until = 0
    while at < len(said):
        foreign = said.at(at, "name.not_own", "clause.past")
        if foreign and not said.at(at, "name.label"):  # "my last name" is not past
            at, how, label, opened = foreign.end, None, "", True
            while at < len(said) and not said.tokens[at].is_sign:
                at += 1
        elif how is None and (other := said.at(at, "name.others")):
            begun, how, at = at, How.OTHERS, other.end
        elif how is None and (agreed := _agreed(said, at)):
            at, fresh = agreed, True
        elif hint := _hint(said, at):
            yield hint
            at, how, fresh = hint.end, None, False
        elif (lead := said.at(at, *LEADS)) and not _is_refused(said, lead):
            begun = at if how is None else begun
            how = how or How.WEAK if lead.tag == "name.weak" else How.ANNOUNCED
            label = lead.value or label
            nick = lead.tag == "name.nickname"
            at = lead.end
        elif found := list(_spelled(said, at, begun if how else at, label)):
            yield from found
            at, how, label, fresh, opened = found[-1].end, None, "", True, True
        elif named := _named(said, at, how, label, fresh=fresh, opened=opened and at != listed):
            how_sure, place = named
            mends = _mends(said, place, named_until)
            if of_part := _part_behind(said, place.end):
                label = of_part.value
            elif said.before(place.first - (said.low(place.first - 1) == "."), "name.title"):
                bare = " " not in written(said, place) and not is_given(said.low(place.first))
                label = label or "last" * bare  # "Mrs Pratt. Enid."
            place_end = of_part.end if of_part else place.end
            listed = place.end + (said.low(place.end) == ",")
            yield Mention(
                written(said, place),
                begun if how else place.first,
                place.first,
                place.end,
                How.WEAK if nick else how_sure,
                place.guesses,
                label,
                nick,
                mends=mends,
            )
            at, how, label, nick, fresh, opened = place_end, None, "", False, False, True
            named_until = place.end
        elif skipped := said.at(at, *_BEFORE):
            at = skipped.end
            fresh = fresh or skipped.tag in ("clause.mend", "name.between", "quiet.link")
        elif said.is_sound(at):
            at, fresh = at + 1, True
        else:
            at, how, label, fresh, opened = at + 1, None, "", False, True


def _is_refused(said: Utterance, lead: Match) -> bool:
    """Return True for the "last name" of "no last name needed"."""
    return lead.tag == "name.label" and said.before(lead.first, "refuse.not") is not None


def _mends(said: Utterance, place: Place, named_until: int) -> bool:
    """Return True for a name behind "nah, it's", which takes back what was said before it."""
    clause = said.clause(place.first)
    if clause.mends or not clause.first:
        return clause.mends
    before = said.clause(clause.first - 1)
    return before.mends and before.first >= named_until


def _part_behind(said: Utterance, end: int) -> Match | None:
    """Return the "is my first name" behind a name, which tells the part of the name that it is."""
    return said.at(end + (said.low(end) in (",", ".")), "name.part")


def _agreed(said: Utterance, at: int) -> int | None:
    """Return where "that's it" ends, which announces no name, and is all of its clause."""
    yes = said.at(at, "yes.agree")
    lead = said.at(at, *LEADS)
    whole = yes and lead and lead.end < yes.end and not is_word(said, yes.end)
    return yes.end if yes and whole else None


def _named(
    said: Utterance, at: int, how: How | None, label: str, *, fresh: bool, opened: bool
) -> tuple[How, Place] | None:
    """Return the name at this token and what says so; None where nothing does."""
    if not (fresh or how):
        return None
    part = _part_behind(said, at + 1)
    labelled = said.at(at + 1 + (said.low(at + 1) == ","), "name.label")
    labels = part or (labelled and (how or not opened))
    if labels and is_word(said, at) and said.tokens[at].text.istitle():
        how = How.ANNOUNCED  # "it's Saffron, surname Blythe"
    place = name_at(said, at, announced=how is How.ANNOUNCED)
    if place is None and label and ends_at(said, at + 1) and not said.at(at, *_NO_LABELLED):
        place = Place(at, at + 1, 0) if is_word(said, at) else None  # "last name copper"
    if how is How.ANNOUNCED:
        return (how, place) if place else None
    if place is None:
        return None
    told = said.low(place.end - 1).endswith("'s") and is_word(said, place.end)
    agrees = told and said.at(place.end, "yes.agree")
    trail = said.at(place.end, "name.trail")
    if told and not agrees and not (trail and trail.end > trail.first + 1):
        return None  # "Sharon's you", "nobody's here", but "Bart's the name"
    if trail:
        return How.ANNOUNCED, place
    if _is_asked(said, at):
        return None
    if how is not None:
        return how, place
    if _is_spoken_to(said, place) or not (ends_at(said, place.end) or agrees):
        return None
    if not opened and not _is_fragment(said, place):
        return How.BEHIND if at and said.low(at - 1) == "," else How.ALONE, place
    last = place.end >= len(said) - 1 or _is_sentence(said, place)
    last &= said.tokens[place.first].text[0].isupper()
    known = is_given(said.low(place.first)) or last or said.clause(at).mends
    return (How.BEHIND, place) if opened and known else None


def _is_sentence(said: Utterance, place: Place) -> bool:
    """Return True for two words between full stops: "What's it to you? Clarrie Boggs. Go on"."""
    behind = place.first > 0 and ends_sentence(said.tokens, place.first - 1)
    return behind and place.end > place.first + 1 and ends_sentence(said.tokens, place.end)


def _is_asked(said: Utterance, at: int) -> bool:
    clause = said.clause(at)
    in_words = any(said.all("clause.ask", "clause.told", first=clause.first, end=clause.end))
    return clause.asked and (in_words or clause.others)  # "this is the owner" asks nothing


def _is_spoken_to(said: Utterance, place: Place) -> bool:
    """Return True for "thank you Robin" and "hello Robin"; "thank you, Robin" may answer."""
    alone = place.first + 1 == len(said)
    return said.before(place.first, "act.thank", *(["name.hail"] if alone else [])) is not None


def _is_fragment(said: Utterance, place: Place) -> bool:
    """Return True for no known name but what a recogniser made of "…that is all", or of letters."""
    words = [said.low(at) for at in range(place.first, place.end)]
    rest = range(place.end, len(said))
    if any(map(is_known, words)):
        return False
    short = all(len(word) <= _LONGEST_FRAGMENT for word in words)
    letters = any(is_letter(said, n) and is_letter(said, n + 1) for n in rest)
    return (short and letters) or said.low(place.end) == "is"


def _spelled(said: Utterance, at: int, begun: int, label: str) -> Iterator[Mention]:
    """Give the row of letters that begins here, behind the words that it alone makes a name."""
    letters = letters_at(said, at)
    if letters is None:
        return
    word = _word_before(said, at)
    echoes = said.low(word) == letters.text
    if letters.count < FEWEST and not echoes:
        return
    told = label != "" or said.before(at, "name.told") is not None
    apart = said.before(at, "name.between") is not None
    yield Mention(
        letters.text, begun, at, letters.end, label=label, letters=True, told=told, apart=apart
    )


def _word_before(said: Utterance, at: int) -> int:
    """Return the place of the last word before this token, "spelled" passed over; -1 if none."""
    at -= 1
    while at >= 0 and said.is_sound(at):
        at -= 1
    told = said.before(at + 1, "name.told")
    return _word_before(said, told.first) if told else at


def _hint(said: Utterance, at: int) -> Mention | None:
    """Return the letters of "with a y", "with a P H", "two Ls"."""
    lead = said.at(at, "name.hint")
    if not lead or said.at(at, "spelling.letter"):
        return None
    row, n = letters_at(said, lead.end), lead.end
    word = said.low(n)
    if row and row.count == 2:
        letters, n = row.text, row.end
    elif is_letter(said, n):
        letters, n = word, n + 1
    elif word[:1].isalpha() and word[1:] in ("s", "'s"):
        letters, n = word[0], n + 1
    elif called := said.at(n, "spelling.letter"):  # "con ka"
        letters, n = called.value, called.end
    else:
        return None
    return Mention(letters * int(lead.value or 1), at, at, n, letters=True, hint=True)


def spelled_whole(said: Utterance) -> Letters | None:
    """Return a whole utterance of letters and fragments, but for what leads up to it."""
    spelled = any(t.kind is Kind.LETTER for t in said.tokens)
    if not spelled and next(said.all("spelling.alphabet"), None) is None:
        return None
    first = 0
    while first < len(said):
        lead = said.at(first, *LEADS, *_BEFORE, "name.pause")
        sound = said.at(first, "quiet.sound") and not said.at(first, "name.pause")
        letter = is_letter(said, first) and lead is not None and lead.end == first + 1
        if sound or letter or not (lead or said.tokens[first].is_sign):
            break  # "er i k", "k a t e"
        first = lead.end if lead else first + 1
    return fragments(said, first, len(said))
