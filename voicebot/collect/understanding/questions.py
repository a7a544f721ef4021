"""Is it a question, a request in the form of one, and which clause of an utterance is it?"""

from __future__ import annotations

import re

from voicebot.collect.understanding.tokens import word_set, words

_ASKING = word_set(
    "is are do does did can could would will should may have has am was were isn't aren't don't "
    "doesn't didn't can't couldn't won't"
)
_SUBJECTS = word_set(
    "you i we it they he she there this that these those the your my a an anyone any someone "
    "somebody somewhere one all"
)
_WH_WORDS = word_set(
    "what what's whats what're what'll what'd when when's where where's wheres who who's whos why "
    "why's how how's hows which whose"
)
_OPENINGS = word_set(
    "hi hey hello well so and um uh oh ok okay then sorry but yeah yes no please excuse me thanks "
    "right wait actually hmm"
)
_MAY = word_set("can could may might would will shall")
_DOING = word_set(
    "have get book make schedule reserve come see do put set arrange fit request order take visit"
)
_STOPS = ".?!;"
_CLAUSE = re.compile(r"[^.?!;,]+\??")
_WISH = re.compile(r"\W*have an?\b", re.IGNORECASE)
""" "Have a nice day" asks nothing."""
_LONGEST_CLAUSE_CHARS = 300
"""Further from a value nobody looks for where its clause begins or ends."""


def is_question(text: str) -> bool:
    """Does the caller ask something? By its mark, or by its first words."""
    if text.rstrip().endswith("?"):
        return True
    said = words(text)
    while said and said[0] in _OPENINGS:
        said = said[1:]
    if len(said) < 2:
        return False
    if said[0] in _WH_WORDS:
        return True
    if said[0] in ("tell", "give") and said[1] in ("me", "us"):
        return True
    return said[0] in _ASKING and said[1] in _SUBJECTS


def asks(text: str) -> bool:
    """Return True when one of the clauses of `text` is a question: "yes, what does it cost"."""
    return is_question(text) or any(
        is_question(clause) for clause in _CLAUSE.findall(text) if not _WISH.match(clause)
    )


def is_request(text: str) -> bool:
    """ "Can I come …?", "could you book me …?": a wish, though it asks."""
    said = words(text)
    while said and said[0] in _OPENINGS:
        said = said[1:]
    asks = len(said) > 2 and said[0] in _MAY and said[1] in ("i", "we", "you")
    return asks and not _DOING.isdisjoint(said[2:4])


def clause_around(text: str, span: tuple[int, int]) -> str:
    """The part of the text that holds this span and that its marks part from the rest.

    A comma parts only where a question begins behind it: "Monday at three, do you have parking?".
    """
    start = max(0, span[0] - _LONGEST_CLAUSE_CHARS)
    start = max([start, *(text.rfind(mark, start, span[0]) + 1 for mark in _STOPS)])
    end = min(len(text), span[1] + _LONGEST_CLAUSE_CHARS)
    for at in range(span[1], end):
        if text[at] in _STOPS:
            end = at + 1
            break
        if text[at] == "," and is_question(text[at + 1 : end]):
            end = at
            break
    comma = text.rfind(",", start, span[0])
    if comma >= 0 and is_question(text[comma + 1 : end]):
        start = comma + 1
    return text[start:end]
