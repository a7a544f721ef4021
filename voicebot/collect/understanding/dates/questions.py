"""Questions that name a day or an hour but ask for no booking: "are you open on Saturday?"."""

from __future__ import annotations

from voicebot.collect.understanding.dates.words import Tokens, word, word_set

_OPEN = word_set("open opened opening close closed closing shut")
_HOURS = word_set("your business opening office trading")
_ELSEWHERE = word_set(
    "weather forecast rain raining snow sunny temperature alarm remind reminder wake calendar "
    "holiday holidays news"
)
_OPENERS = word_set("what what's whats who who's why where how when which")
_ASKING = word_set("do are is does will")
_EVERY = word_set("mondays tuesdays wednesdays thursdays fridays saturdays sundays weekends")
_WORKING = word_set("work working operate operating deliver trade trading run")
_OFFERS = word_set(
    "you have available availability slot slots opening openings appointment appointments times "
    "free anything something book booking come visit reserve about if sound work suit"
)


def is_elsewhere(tokens: Tokens) -> bool:
    """Is it a question about opening hours, or about the weather and the like?"""
    for at, token in enumerate(tokens):
        if token.text in _ELSEWHERE:
            return True
        if token.text == "you" and word(tokens, at + 1) in _OPEN | _WORKING:
            return True
        if token.text in _HOURS and word(tokens, at + 1) == "hours":
            return True
    return False


def only_asks(tokens: Tokens) -> bool:
    """ "What day is it today?": a day alone in such a question is no answer.

    Nor is "are you there on Sundays?", which asks about every Sunday.
    """
    if word(tokens, 0) in _ASKING and any(t.text in _EVERY for t in tokens):
        return True
    return word(tokens, 0) in _OPENERS and not any(t.text in _OFFERS for t in tokens)
