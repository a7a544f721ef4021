"""A reader's result: an act, and the tokens that it explains."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from voicebot.collect.understanding.types import Act, Situation
from voicebot.collect.understanding.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to explain the tokens from `first` up to `end`, the words that lead up included.

    act      what the caller does with them; None for words that do nothing ("please, mate")
    assumes  how many guesses it rests on: between two that explain as much, fewer wins
    besides  it is told also where its words are part of something else: a wish
    """

    act: Act | None
    first: int
    end: int
    assumes: int = 0
    besides: bool = False


Reader = Callable[[Utterance, Situation], Iterable[Candidate]]
"""Gives every candidate that it can defend; overlapping ones are weighed by `choose`."""


def behind_denial(said: Utterance, end: int) -> int:
    """Return the end of the ", not des" that says behind a value what it is not."""
    denial = said.at(end + (said.low(end) == ","), "mend.not")
    if denial is None:
        return end
    return next((n for n in range(denial.end, len(said)) if said.tokens[n].is_sign), len(said))
