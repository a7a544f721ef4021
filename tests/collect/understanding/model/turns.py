"""The table of turns as situations, and a model's reading over real sockets, for its tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime, time
from typing import Any

from pydantic import SecretStr

from tests.simulators.openai.conftest import KEY
from voicebot.business import load_business
from voicebot.call import Step, Window
from voicebot.collect.understand import Understand
from voicebot.collect.understanding import Affirm, Asked, Reading, Situation, read
from voicebot.collect.understanding.model import open_understanding
from voicebot.collect.understanding.model.claims import KINDS
from voicebot.collect.understanding.model.prompt import turns
from voicebot.settings import Settings

SERVICES = load_business(None).services
NOW = datetime(2026, 11, 23, 10)
"""A Monday, as the table says."""
TURNS: Mapping[str, Mapping[str, Any]] = {str(turn["said"]): turn for turn in turns()}
PATIENT_MS = 60_000
"""No good answer is late, however slow the machine."""
HURRIED_MS = 100
"""The wait where nothing comes: the simulator's faults last far longer."""
_GIVEN = ("value", "topic", "what", "why", "position", "moment", "window")


def situation(turn: Mapping[str, Any]) -> Situation:
    """Return where a turn of the table was said."""
    step = Step(turn["field"])
    return Situation(
        step,
        NOW,
        Asked(turn["asked"]),
        services=SERVICES,
        record={step: turn["read_back"]} if "read_back" in turn else {},
        offered=tuple(turn.get("offered", ())),
    )


def all_unread(text: str, where: Situation) -> Reading:
    """Return a reading of nothing but a yes, so that what the rules learn changes no test."""
    yes = tuple(act for act in read(text, where).acts if isinstance(act, Affirm))
    return Reading(yes, ((0, len(text)),))


def told(done: Reading) -> list[tuple[str, object]]:
    """Return the acts of a reading: of each its kind and what it gives, a value or a topic."""
    rows = []
    for act in done.acts:
        given = (getattr(act, part) for part in _GIVEN if hasattr(act, part))
        rows.append((type(act).__name__, next((each for each in given if each), None)))
    return rows


def right(turn: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Return the acts that the table says are right, in the form of `told`."""
    rows = []
    for act in turn["acts"]:
        given = next((act[part] for part in _GIVEN if act.get(part)), None)
        given = _window(act["window"]) if "window" in act else given
        rows.append((KINDS[act["act"]].__name__, given))
    return rows


def _window(parts: Mapping[str, Any]) -> Window:
    days = tuple(date.fromisoformat(day) for day in parts.get("days", ()))
    after = time.fromisoformat(parts["after"]) if "after" in parts else None
    return Window(days=days, after=after)


@asynccontextmanager
async def opened(url: str, deadline_ms: int = PATIENT_MS) -> AsyncIterator[Understand]:
    """Open the understanding of a server at this address."""
    changes: dict[str, object] = {
        "openai_api_key": SecretStr(KEY),
        "openai_base_url": url,
        "openai_deadline_ms": deadline_ms,
    }
    settings = Settings.model_construct().model_copy(update=changes)
    async with open_understanding(settings) as understand:
        yield understand
