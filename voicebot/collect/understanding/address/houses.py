"""Houses and buildings that have a name: "The Old Manor, 4 …", "Harbour Mall, 64 …"."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.collect.understanding.address.parts import Kind, Part, Parts
from voicebot.collect.understanding.address.words import (
    HOUSE_WORDS,
    STOPS,
    Word,
    part_of,
    title,
)
from voicebot.collect.understanding.common import FUNCTION_WORDS, is_everyday, is_given
from voicebot.collect.understanding.lexicon import FILLERS
from voicebot.collect.understanding.tokens import word_set

LONGEST_HOUSE_WORDS = 5
NO_HOUSE = STOPS | FILLERS | {"at", "in", "and", "of"}
_LONGEST_BUILDING_WORDS = 7
_SMALL = frozenset({"the", "of", "for", "and", "on", "at", "in"})
_OPENINGS = word_set(
    "yes yeah yep yup sure ok okay oh ah uh um umm er hi hello hey well so course of certainly "
    "right alright surely absolutely please thanks sorry and no actually good morning afternoon "
    "evening mate there hmm then thank thankyou you just myself it's me thing problem worries "
    "hiya heya hullo hallo howdy g'day gday yo namaste greetings gud gm mrng mornin gudmorning "
    "mng evng noon okey okie okay okk ya yah yea yess sir madam maam ma'am cheerio cheers tata "
    "toodle toodles ciao bonjour hola sry wat brb"
)
_FIELDS = word_set(
    "mobile phone ph number num no contact address addr email mail cell tel telephone landline "
    "delivery date time appointment service booking postcode zip spelled spelt spell speaking "
    "calling first last middle surname name and extension ext extn"
)
ANNOUNCING = (
    _FIELDS
    | _OPENINGS
    | FUNCTION_WORDS
    | {"home", "mailing", "street", "house", "location", "it's", "its"}
)


def with_building(words: Sequence[Word], at: int, parts: Parts) -> Parts:
    """The parts with the building that they begin with, written as names are: "Harbour Mall, 64 …".

    Only where nothing else was said, and a state or a postcode makes the rest an address.
    """
    housed = parts[0].kind is Kind.HOUSE and not words[at].pause
    rest = parts[1:] if housed else parts
    named = [word for word in words if word.start < rest[0].start]
    if not at or len(named) > _LONGEST_BUILDING_WORDS or is_given(named[0].low):
        return parts
    if parts[-1].end < words[-1].end or rest[0].kind is Kind.HOUSE:
        return parts
    if not {part.kind for part in rest} & {Kind.POSTCODE, Kind.STATE}:
        return parts
    own = [word for word in named if word.low not in _SMALL]
    strange = any(not w.text[0].isupper() or w.low in ANNOUNCING or w.is_figure for w in own)
    if strange or named[0] not in own or (len(own) == 1 and is_everyday(own[0].low)):
        return parts
    text = " ".join(title(w.text, first=n == 0) for n, w in enumerate(named))
    return (part_of(Kind.HOUSE, text, words, 0, len(named)), *rest)


def house_at(words: Sequence[Word], at: int) -> tuple[Part, int] | None:
    """ "The Old Manor, 4 …": words before a number, with "the" or "manor" in their place."""
    end = at
    while end < min(at + LONGEST_HOUSE_WORDS, len(words)) and not words[end].is_number:
        if words[end].low in NO_HOUSE or words[end].is_figure:
            break
        end += 1
    if end - at < 2 or end >= len(words) or not (words[end].is_figure or words[end].is_number):
        return None
    paused = any(w.pause for w in words[at + 1 : end])
    named = words[end - 1].low in HOUSE_WORDS and words[end].pause
    if paused or not (named or (words[at].low == "the" and words[at + 1].text.istitle())):
        return None
    text = " ".join(title(w.text, first=n == 0) for n, w in enumerate(words[at:end]))
    return part_of(Kind.HOUSE, text, words, at, end), end
