"""A model's reading, where there is one: asked for what the rules left unread, and never believed.

claims     what it may answer: the acts, each with the caller's words that it rests on
prompt     the instructions, and the caller's words as data
proof      what of an answer counts, and how it joins what the rules read
asking     when it is asked, the request, its deadline, breaker and cost
turns.json turns with the right acts: examples in the prompt, and what the simulator answers
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from voicebot.collect.understand import Understand, understand_by_rules
from voicebot.settings import Engine, Settings


@asynccontextmanager
async def open_understanding(settings: Settings) -> AsyncIterator[Understand]:
    """Open who understands by these settings: the rules, or a model behind them."""
    if settings.engine(settings.understanding) is not Engine.OPENAI:
        yield understand_by_rules
        return
    # Its library takes most of a second to import: who stays with the rules does not pay for it.
    from voicebot.collect.understanding.model.asking import ModelUnderstanding
    from voicebot.openai.client import account

    ours = account(settings)
    async with ours.open_client() as client:
        yield ModelUnderstanding(client, settings, is_openai=ours.is_openai)
