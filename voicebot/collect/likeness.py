"""What a caller means by words that no rule reads: that of the sentences which they are like.

The meaning engine says how like each sentence of `sayings.toml` a text is, and they vote for their
kinds. It is asked only for what the rules left wholly unread, and gives only acts of which the
dialogue makes sure before it does anything: none agrees, chooses, puts through or says goodbye.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from importlib.resources import files
from math import exp
from typing import Final, TypeGuard

from voicebot.business import Business, answer_for
from voicebot.call import Step
from voicebot.collect.understanding import (
    KNOWN,
    Act,
    Affirm,
    Ask,
    Asked,
    Decline,
    Deny,
    Flexible,
    Greet,
    Provide,
    Reading,
    Repeat,
    Situation,
    Span,
    Thank,
    Wait,
    Want,
    utterance,
)

_SHARPNESS: Final = 90
"""How much more a nearer sentence counts: cosines of this engine lie between 0.7 and 1, and of two
sentences the one that is nearer by 0.01 has two and a half times the weight."""
_MAJORITY: Final = 0.6
"""The share of all votes that one kind needs. It gave 51 acts to 337 turns that were written
apart, and to 3,310 of typed and scripted callers: 49 of them were right."""
_OF_ASKED: Final = 0.2
"""The weight of a form of what callers ask a business: of each question there are many."""
_LEAST_WORDS: Final = 3
"""Fewer words ("why", "not that") mean too many things."""

_ASK: Final = "ask."
_AT_THE_START: Final = ("cancel", "reschedule", "existing", "complaint", "call_back")
"""Wishes that a call begins with; later the same words are about the booking in the making."""
_ONLY_AT: Final[Mapping[str, Step]] = {"ask.services": Step.SERVICE}
"""Kinds that mean something else at another step: "what else is there?"."""
_WISHES: Final[Mapping[str, Callable[[Span], Act]]] = {
    **{kind: partial(Want, kind) for kind in _AT_THE_START},
    # Nobody is put through without having said so in words that we know.
    "person": partial(Want, "call_back"),
}
_ANSWERS: Final[Mapping[str, Callable[[Span], Act]]] = {
    "decline": partial(Decline, "refuses"),
    "wait": Wait,
    "repeat": Repeat,
}
_WITHOUT: Final = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL)
"""Steps whose answer a caller may refuse."""


def sentences(language: str) -> tuple[str, ...]:
    """Return what a caller's words are compared with, in the order of the scores."""
    return tuple(sentence for _, sentence in _sayings(language))


def unread(done: Reading, text: str, where: Situation, business: Business) -> str | None:
    """Return the whole turn where nothing in it was understood; else None.

    At a call's start also where no more was than what a wish may be about.
    """
    read = _read(done)
    if read and not (done.rest and _begins(where) and all(_in_passing(act) for act in read)):
        return None
    is_open = done.rest or any(map(_is_open, done.acts))
    return text if is_open and may_be_like(text, where, business) else None


def may_be_like(words: str, where: Situation, business: Business) -> bool:
    """Return whether words are enough to be like a sentence, and no question of the file."""
    said = utterance(words, where.language)
    enough = sum(not said.is_sound(at) for at in range(len(said))) >= _LEAST_WORDS
    return enough and answer_for(words, business) is None


def _begins(where: Situation) -> bool:
    """Return whether the call is at its start, and no booking in the making."""
    begun = not where.record.keys().isdisjoint((Step.SERVICE, Step.TIME))
    at_start = where.step in (Step.NAME, Step.PHONE) and where.asked is Asked.ANSWER
    return at_start and not begun


def _read(done: Reading) -> list[Act]:
    """Return the acts that tell something: neither a greeting nor a question nobody can place."""
    return [a for a in done.acts if not (isinstance(a, Greet | Thank) or _is_open(a))]


def _is_open(act: Act) -> TypeGuard[Ask]:
    return isinstance(act, Ask) and not act.topic


def _in_passing(act: Act) -> bool:
    """Return whether a wish that was not read may be about it: "the cleaning tomorrow won't be
    necessary"."""
    if isinstance(act, Provide):
        return act.step in (Step.SERVICE, Step.TIME)
    return isinstance(act, Affirm | Ask | Deny | Flexible)


def kind_meant(scores: Sequence[float], language: str, asked: Sequence[float] = ()) -> str | None:
    """Return the kind that most of the nearest sentences have, given the score of each.

    asked  the scores of what callers ask a business, which stands for no kind
    """
    nearest = max(scores)
    votes = defaultdict[str | None, float](float)
    for (kind, _), score in zip(_sayings(language), scores, strict=True):
        votes[kind] += exp(_SHARPNESS * (score - nearest))
    votes[None] = _OF_ASKED * sum(exp(_SHARPNESS * (score - nearest)) for score in asked)
    most = max(votes, key=votes.__getitem__)
    return most if votes[most] >= _MAJORITY * sum(votes.values()) else None


def as_meant(done: Reading, kind: str, text: str, where: Situation) -> Reading:
    """Return the reading with the act that the whole turn stands for, if it can be meant here."""
    if kind in _WISHES and _begins(where) and _may_be_here(kind, where):
        about = (act for act in done.acts if isinstance(act, Provide | Flexible))
        return Reading((_WISHES[kind]((0, len(text))), *about))
    if _read(done):
        return done
    span = (0, len(text))
    if topic := asked_by(kind, text, where):
        return _with(done, replace(topic, span=span))
    if text.rstrip().endswith(("?", "？")):
        return done
    return _with(done, _ANSWERS[kind](span)) if _may_be_meant(kind, where) else done


def asked_by(kind: str, words: str, where: Situation) -> Ask | None:
    """Return the question of a kind that words are; None where it is none, or not meant here."""
    if not kind.startswith(_ASK) or not _may_be_here(kind, where):
        return None
    topic = kind.removeprefix(_ASK)
    fields = utterance(words, where.language).all("record.field") if topic == KNOWN else ()
    return Ask(topic, words, (0, 0), tuple(Step(field.value) for field in fields))


def _may_be_here(kind: str, where: Situation) -> bool:
    return _ONLY_AT.get(kind, where.step) is where.step


def _with(done: Reading, act: Act) -> Reading:
    """Return the reading with an act, instead of all that stands within its words."""
    first, end = act.span
    kept = (each for each in done.acts if not first <= each.span[0] < end)
    rest = tuple(each for each in done.rest if not first <= each[0] < end)
    return Reading(tuple(sorted((*kept, act), key=lambda each: each.span)), rest)


def _may_be_meant(kind: str, where: Situation) -> bool:
    """Return whether a kind is an answer to the open question."""
    if kind not in _ANSWERS or where.asked is not Asked.ANSWER or where.step is Step.SERVICE:
        return False
    return kind != "decline" or where.step in _WITHOUT


@cache
def _sayings(language: str) -> tuple[tuple[str, str], ...]:
    """Return the kind and the words of each sentence of a language."""
    kinds = tomllib.loads(files(__package__).joinpath("sayings.toml").read_text("utf-8"))
    return tuple((kind, each) for kind, said in kinds.items() for each in said.get(language, ()))
