"""What a caller does who gives no value: asks back, waits, declines, wants a person."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files

from voicebot.call import Step
from voicebot.collect.understanding import Intent
from voicebot.collect.understanding.confirm import is_yes
from voicebot.collect.understanding.lexicon import FILLERS
from voicebot.collect.understanding.questions import is_question
from voicebot.collect.understanding.tokens import plain, word_set, words

Phrase = tuple[str, ...]


def _read() -> tuple[dict[Phrase, int], tuple[Intent, ...]]:
    """The phrases of `intents.toml` with the rank of their intent, and the intents by rank."""
    tables = tomllib.loads(files(__package__).joinpath("intents.toml").read_text("utf-8"))
    intents = tuple(Intent(name) for name in tables)
    ranks: dict[Phrase, int] = {}
    for rank, phrases in enumerate(tables.values()):
        for phrase in phrases:
            ranks.setdefault(tuple(words(phrase)), rank)
    return ranks, intents


_RANKS, _INTENTS = _read()
_LONGEST = max(len(phrase) for phrase in _RANKS)

OVERRULING = frozenset(Intent) - {
    Intent.QUESTION,
    Intent.CANCEL,
    Intent.THANKS,
    Intent.GREETING,
    Intent.YES,
    Intent.NO,
    Intent.UNSURE,
    Intent.CHANGE_OF_MIND,
    Intent.COMPLAINT,
}
"""Intents that leave no room for a doubtful value beside them."""

_GREETINGS = word_set("hi hey hello good morning afternoon evening there yo howdy hiya g'day day")
_AGAIN = frozenset(
    ("what", "huh", "eh", "um what", "sorry what", "excuse me", "sorry", "what sorry", "say what")
)
_BOOKING = word_set("book booking appointment appointments schedule reservation visit slot session")
_NONE = frozenset(("none", "neither", "nothing", "something else", "none of these", "others"))
_LONE = {"stop": Intent.CANCEL, "stop stop": Intent.CANCEL}
"""What means something only when nothing else is said: not "I can't stop coughing"."""
_SUPPOSING = word_set("if what what's how when later fee policy")
_SHORT_WORDS = 4
"""A sentence of so few words with a yes or no in it is no more than that."""


def intent_of(utterance: str, step: Step | None = None) -> Intent | None:
    """The intent of an utterance that holds no value; None when no rule knows it."""
    text = plain(utterance)
    said = words(text)
    if all(word in FILLERS for word in said):
        return Intent.NOTHING
    joined = " ".join(said)
    if joined in _AGAIN:
        return Intent.REPEAT
    if joined in _LONE:
        return _LONE[joined]
    if all(word in _GREETINGS for word in said):
        return Intent.GREETING
    if intent := _by_phrase(said):
        return Intent.QUESTION if intent is Intent.CANCEL and _only_asks(text, said) else intent
    if is_question(text):
        return Intent.QUESTION
    if (agreed := _plain_answer(said, joined)) is not None:
        return Intent.YES if agreed else Intent.NO
    if step is Step.SERVICE and (joined in _NONE or _BOOKING.intersection(said)):
        return Intent.NO_SERVICE_NAMED
    return None


def _only_asks(text: str, said: Sequence[str]) -> bool:
    """ "What if I need to cancel?" calls nothing off; "can you cancel it?" does."""
    return is_question(text) and not _SUPPOSING.isdisjoint(said)


def _plain_answer(said: Sequence[str], joined: str) -> bool | None:
    """A yes or a no that was no answer to the question put."""
    if len(said) <= _SHORT_WORDS or said[0] in ("no", "nope", "yes", "yeah"):
        return is_yes(joined)
    negative = joined.startswith(("that's not", "that is not", "that isn't", "that has to be"))
    return False if negative or joined.endswith(" no") else None


def _by_phrase(said: Sequence[str]) -> Intent | None:
    """The intent whose phrase counts most among all phrases in the utterance."""
    ranks = [
        rank
        for at in range(len(said))
        for end in range(at + 1, min(len(said), at + _LONGEST) + 1)
        if (rank := _RANKS.get(tuple(said[at:end]))) is not None
    ]
    return _INTENTS[min(ranks)] if ranks else None
