"""What the routes share: one set of things for an app's lifetime."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.console.auth import Gate, Grants
from voicebot.console.conversations import Conversations
from voicebot.console.newsroom import Newsroom
from voicebot.settings import Settings
from voicebot.store import Store
from voicebot.store.events import EventReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """Made when the app starts."""

    settings: Settings
    business: Business
    store: Store
    client: Redis
    reader: EventReader
    newsroom: Newsroom
    conversations: Conversations
    gate: Gate
    grants: Grants


def rooms(request: Request) -> Rooms:
    """A dependency."""
    found: Rooms = request.app.state.rooms
    return found
