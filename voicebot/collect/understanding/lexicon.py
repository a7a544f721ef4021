"""Small closed sets of English words that several parsers share."""

from __future__ import annotations

FILLERS = frozenset(
    "uh um uhm er erm ah hm hmm mm mhm eh oops well like okay ok so yeah yep yes right please "
    "sure alright let's see there".split()
)
"""Words that may stand anywhere in a spoken number or name and mean nothing."""

CORRECTIONS: tuple[tuple[str, ...], ...] = tuple(
    tuple(phrase.split())
    for phrase in (
        "sorry",
        "wait",
        "no wait",
        "no sorry",
        "i mean",
        "i meant",
        "scratch that",
        "strike that",
        "correction",
        "actually",
        "rather",
        "make that",
        "i should say",
        "let me start again",
        "let me start over",
        "start again",
        "start over",
        "hang on",
        "hold on",
        "my mistake",
        "my bad",
        "apologies",
        "oops",
        "whoops",
        "not that",
        "that's wrong",
        "thats wrong",
        "should be",
        "no",
        "nope",
    )
)
"""What a caller says between a slip and its mend."""

NATO: dict[str, str] = {
    word: word[0]
    for word in (
        "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima "
        "mike november oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray "
        "yankee zulu"
    ).split()
}
"""The spelling alphabet of aviation, word to letter."""

LETTER_NAMES: dict[str, str] = {
    "ay": "a",
    "bee": "b",
    "cee": "c",
    "dee": "d",
    "ee": "e",
    "ef": "f",
    "eff": "f",
    "gee": "g",
    "aitch": "h",
    "haitch": "h",
    "jay": "j",
    "kay": "k",
    "el": "l",
    "ell": "l",
    "em": "m",
    "en": "n",
    "pee": "p",
    "cue": "q",
    "queue": "q",
    "ar": "r",
    "arr": "r",
    "ess": "s",
    "tee": "t",
    "vee": "v",
    "ex": "x",
    "wye": "y",
    "zed": "z",
    "zee": "z",
}
"""Letters written out by a recogniser; trusted only inside a run of spelled letters."""


def correction_at(words: list[str], at: int) -> int:
    """How many words of a correction phrase begin at this place; 0 for none. The longest wins."""
    return max(
        (len(phrase) for phrase in CORRECTIONS if tuple(words[at : at + len(phrase)]) == phrase),
        default=0,
    )
