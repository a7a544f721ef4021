"""Understand an utterance, by the rules or by a model behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from voicebot.collect.understanding import Reading, Situation

Meanwhile = Callable[[], Awaitable[None]]
"""Awaited before something slow is begun: what was heard is saved first. Raises Fenced."""


async def nothing() -> None:
    """Do nothing meanwhile."""


class Understand(Protocol):
    """Decides what an utterance does, given how the rules read it."""

    async def __call__(
        self, text: str, situation: Situation, done: Reading, meanwhile: Meanwhile = nothing, /
    ) -> Reading:
        """Return what the caller's words do; `done` is the rules' reading of them."""
        ...


async def understand_by_rules(
    text: str, situation: Situation, done: Reading, meanwhile: Meanwhile = nothing, /
) -> Reading:
    """Understand by the rules alone: without a key, network or waiting."""
    return done
