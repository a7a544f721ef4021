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


def correction_at(words: Sequence[str], at: int) -> int:
    """How many words of a correction phrase begin at this place; 0 for none. The longest wins."""
    return phrase_at(words, at, CORRECTIONS)
