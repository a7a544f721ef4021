"""Small closed sets of English words that several parsers share."""

from __future__ import annotations

from voicebot.collect.understanding.tokens import word_set

FILLERS = word_set("uh um uhm umm uhh er err erm ah ahh hm hmm mm mhm eh")
"""Sounds of thinking; they may stand anywhere and mean nothing."""

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
    for word in word_set(
        "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima "
        "mike november oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray "
        "yankee zulu"
    )
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


LETTER_SOUNDS: dict[str, str] = {
    **{"are": "r", "you": "u", "see": "c", "sea": "c", "why": "y", "be": "b", "tea": "t"},
    **{"oh": "o", "owe": "o", "eye": "i", "pea": "p", "hey": "a", "our": "r", "and": "n"},
}
"""Everyday words that a recogniser writes for letters; trusted only between spelled letters."""


def correction_at(words: list[str], at: int) -> int:
    """How many words of a correction phrase begin at this place; 0 for none. The longest wins."""
    return max(
        (len(phrase) for phrase in CORRECTIONS if tuple(words[at : at + len(phrase)]) == phrase),
        default=0,
    )
