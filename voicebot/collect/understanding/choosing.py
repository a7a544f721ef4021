"""Who understands: the rules alone, or a model behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from voicebot.collect.understand import Understand, understand_by_rules
from voicebot.settings import Engine, Settings


@asynccontextmanager
async def open_understanding(settings: Settings) -> AsyncIterator[Understand]:
    """The understanding of these settings, with its connections. Raises SettingsError."""
    if settings.engine(settings.understanding) is not Engine.OPENAI:
        yield understand_by_rules
        return
    # Its library takes most of a second to import: who stays with the rules does not pay for it.
    from voicebot.collect.understanding.model.asking import ModelUnderstanding
    from voicebot.openai import Service, openai_breaker
    from voicebot.openai.client import account

    ours = account(settings)
    async with ours.open_client() as client:
        yield ModelUnderstanding(
            client,
            settings.openai_model,
            effort=settings.openai_effort,
            deadline_s=settings.openai_deadline_ms / 1000,
            breaker=openai_breaker(Service.UNDERSTANDING),
            is_openai=ours.is_openai,
        )
