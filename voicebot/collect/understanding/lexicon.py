"""Small closed sets of English words that several parsers share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from voicebot.collect.understanding.tokens import word_set

Phrases = Mapping[str, tuple[tuple[str, ...], ...]]
"""Phrases by their first word, the longest first."""


def phrases(texts: Iterable[str]) -> Phrases:
    """A table of phrases, to be looked for with `phrase_at`."""
    table: dict[str, tuple[tuple[str, ...], ...]] = {}
    for text in sorted(texts, key=lambda text: -len(text.split())):
        words = tuple(text.split())
        table[words[0]] = (*table.get(words[0], ()), words)
    return table


def phrase_at(words: Sequence[str], at: int, table: Phrases) -> int:
    """How many words long the longest phrase of the table is that begins here; 0 for none."""
    for phrase in table.get(words[at], ()):
        if tuple(words[at : at + len(phrase)]) == phrase:
            return len(phrase)
    return 0


FILLERS = word_set("uh um uhm umm uhh er err erm ah ahh hm hmm mm mhm eh")
"""Sounds of thinking; they may stand anywhere and mean nothing."""

CORRECTIONS = phrases(
    [
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
        "now it's",
        "it's now",
        "but now",
        "the new one is",
        "the new one's",
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
    ]
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


def correction_at(words: Sequence[str], at: int) -> int:
    """How many words of a correction phrase begin at this place; 0 for none. The longest wins."""
    return phrase_at(words, at, CORRECTIONS)
