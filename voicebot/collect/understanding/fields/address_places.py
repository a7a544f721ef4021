"""Suburbs, towns and states, and where one ends: at a state, a number, or other talk."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from voicebot.collect.understanding.clauses import ends_sentence
from voicebot.collect.understanding.fields.address_parts import (
    Found,
    Kind,
    Parts,
    Read,
    found,
    postcode_at,
    unit_at,
)
from voicebot.collect.understanding.fields.address_words import (
    CODES,
    COUNTRIES,
    STATES,
    Word,
    Words,
)
from voicebot.collect.understanding.words import is_everyday, is_family, is_given

_LONGEST_PLACE_WORDS, _LONGEST_CITY_REST = 5, 2
_WITHOUT_STATES = "GB"
_ALIKE, _SAME = 75.0, 100.0
"""The likeness (0 to 100) of a street's name and what it sounds like; Ryde Road may be in Ryde."""
_SHORT_VERBS = ("'d", "'ll", "'m", "'re", "'ve")
_BETWEEN = ("address.number", "address.label", "yes.agree")
"""What stands between a suburb that is said first and its street."""


def town_last(words: Words) -> str | None:
    """Return "Newtown, 8 Camden" and "Windsor, it's unit 4" the other way round."""
    cut = next((n for n in range(1, len(words)) if words[n].pause), 0)
    units = (n for n in range(cut, len(words)) if words[n].isin("unit") and words[n + 1].is_figure)
    unit = next(units, 0)
    begin = unit or cut
    behind = range(begin + 1, len(words))
    end = unit + 2 if unit else next((n for n in behind if words[n].pause), len(words))
    names = [*words.part(0, cut), *(() if unit else words.part(cut + 1, end))]
    named = all(word.is_name and not is_everyday(word.low) for word in names)
    street = " ".join(word.text for word in words.part(begin, end))
    town = " ".join(word.text for word in words.part(0, cut))
    whole = unit or (end > cut + 1 and words[cut].is_number)
    return f"{street}, {town}" if cut and whole and named else None


def state_at(words: Words, at: int, region: str) -> Read | None:
    """Return the state that begins here."""
    for country in (region, *STATES):
        states = STATES.get(country, {})
        end = words.phrase_end(at, states)
        if end is None or region == _WITHOUT_STATES:
            continue
        said = tuple(word.low for word in words.part(at, end))
        if said[0] in CODES:
            if not words.is_code(at, region):
                continue
        elif len(said[0]) > 1 and _is_city_too(words, end, region):
            return None
        return states[said], end
    return None


def _is_city_too(words: Words, end: int, region: str) -> bool:
    """Return True for "Victoria Park", and the city of "New York, NY" and "Washington DC"."""
    if words[end].isin("city") or (words[end].isin("ending", "type") and not words[end].pause):
        return True
    for n in range(end, end + _LONGEST_CITY_REST + 1):
        if words.phrase_end(end, COUNTRIES) or (n > end and words[n].pause):
            return False
        if state_at(words, n, region):
            return True
    return False


def place_at(words: Words, at: int, region: str) -> Found | None:
    """Return a suburb or city, in one breath, up to a state, a number or other talk."""
    end = at
    while end < at + _LONGEST_PLACE_WORDS and _names_place(words, at, end, region):
        if end > at and _ends_place(words, end, region):
            break
        end += 1
    end -= words[end].isin("in_email")
    if end > at and (_is_short(words, at) or (words[at].pause and _is_talk(words, at, end))):
        return None
    while words[at].text.islower() and not words[at].isin("compass", "article"):
        if not any(word.text.istitle() for word in words.part(at, end)):
            break
        at += 1  # "it's really Doonside", "everyone says Blacktown"
    while end > at + 1 and words.near(end).isin("stop", "article") and _is_loose(words[end - 1]):
        end -= 1  # the "ring" of "Newtown ring the bell"
    return found(Kind.PLACE, words, at, (words.titled(at, end), end)) if end > at else None


def _is_talk(words: Words, at: int, end: int) -> bool:
    """Return True for words behind a pause that say something: ", key's under the mat"."""
    after = words.near(end)
    names = words.part(at, end)
    if names[-1].low.endswith("'s") and after.isin("stop", "stop_in_place", "carrier"):
        return True
    again = names[-1].isin("strong") and any(w.low == names[0].low for w in words.part(0, at))
    if after.isin("verb") or again or words.phrase(at, "time.weekday"):
        return True
    if any(_is_short(words, n) for n in range(at, end)):
        return True
    plain = all(word.text.islower() for word in names)
    if plain and words[at - 1].text[:1].isupper():  # a suburb would have a capital as well
        known = all(is_everyday(word.low) for word in names)
        return known or after.is_name or words[at].isin("article")
    return bool(after.text) and _is_loose(names[-1])


def _is_short(words: Words, at: int) -> bool:
    """Return True for "parking's free", "Aisha's home" and "he'd", and False for King's Cross."""
    low, after = words[at].low, words.near(at + 1)
    told = is_given(low[:-2]) and after.text.islower() and is_everyday(after.low)
    name = not is_everyday(low[:-2]) and not words[at].text.islower() and not told
    owns = low.endswith("'s") and not name and not words[at + 1].isin("type", "ending")
    return owns or low.endswith(_SHORT_VERBS)


def _is_loose(word: Word) -> bool:
    """Return True for an everyday word in small letters in which no suburb's name ends."""
    ends = word.isin("type", "ending", "compass")
    return word.text.islower() and is_everyday(word.low) and not ends


def _ends_place(words: Words, at: int, region: str) -> bool:
    return bool(
        state_at(words, at, region)
        or postcode_at(words, at, region)
        or unit_at(words, at)
        or words.phrase_end(at, COUNTRIES)
        or (words.phrase(at, "address.label") and not words[at].isin("city"))
    )


def _names_place(words: Words, at: int, here: int, region: str) -> bool:
    word = words[here]
    if here == at and (word.isin("article") or word.is_number):  # The Rocks, Seven Hills
        name, after = words[at + 1], words[at + 2]
        led = name.text.isalpha() and not name.is_number and not name.isin("stop")
        counts = word.is_figure and not name.isin("type", "ending")  # "29 Lawson Avenue"
        return led and not counts and (after.pause or not after.isin("stop"))
    after = words.near(here + 1)
    if region == _WITHOUT_STATES and here > at and word.isin("on") and after.is_name:
        return not word.pause and not after.isin("stop", "article")  # "Leigh on Sea"
    if word.isin("stop") and here > at and word.text.istitle() and words[here + 1].pause:
        return words[here - 1].text.istitle()  # Dee Why
    if not word.text or word.isin("stop", "stop_in_place") or word.is_number:
        return False
    if here > at and region != _WITHOUT_STATES and word.isin("article"):
        return False
    if here > at and is_everyday(word.low.removesuffix("'s")) and _is_short(words, here):
        return False
    if words.phrase(here, "note.text", "email.lead"):  # "the gate code's 4471"
        return False
    return not (word.pause if here > at else word.isin("of"))


def town_before(words: Words, end: int, region: str, *, alone: bool) -> Parts:
    """Return the suburb in the breath before an address: "it's in Penrith, number 9 High Street".

    Where no address was asked for (`alone` is False), only behind its "in".
    """
    while end and (words.phrase(end - 1, *_BETWEEN) or words[end - 1].isin("carrier", "unit")):
        end -= 1
    at = next((n for n in range(end - 1, -1, -1) if words[n].pause), 0)
    within = next((n + 1 for n in range(end - 1, at - 1, -1) if words[n].low == "in"), at)
    while within == at < end and (words[at].isin("carrier") or words.phrase(at, "quiet.link")):
        within = at = at + 1
    place = place_at(words, within, region) if within < end else None
    names = words.part(within, end)
    if not place or place[1] != end or not all(word.is_name for word in names):
        return ()
    known = all(is_everyday(word.low) or is_given(word.low) for word in names)
    person = is_given(names[0].low) or (names[1:] and is_family(names[-1].low))
    talk = names[-1].isin("house", "institution") or words.phrase(within, "yes.agree")
    placed = within > at or (alone and not person)
    return (place[0],) if placed and not known and not talk else ()


def is_apart(words: Words, at: int, end: int, *, placed: bool) -> bool:
    """Return True for a name in a sentence of its own that is no suburb.

    Who is spoken to, other talk behind a suburb (`placed`), or what the street sounds like:
    "12 High Street, Newtown. Oscar, come here", "14 Jacaranda Street. Jack-a-randa".
    """
    tokens, first = words.said.tokens, words[at].first
    if not (first and ends_sentence(tokens, first - 1)):
        return False
    goes_on = end < len(words) and not ends_sentence(tokens, words[end - 1].end)
    name = words[at].low.replace("-", "")
    again = any(_ALIKE <= fuzz.ratio(word.low, name) < _SAME for word in words.part(0, at))
    called = is_given(words[at].low)
    return again or (goes_on and called) or (placed and (goes_on or called))


def is_person(words: Sequence[Word]) -> bool:
    """Return True for the "Vikram Rao" of "12 Bay Road, Bondi, Vikram Rao"."""
    named = len(words) > 1 and words[0].pause and is_given(words[0].low)
    return named and not words[-1].isin("type", "ending", "compass")
