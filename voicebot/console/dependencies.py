"""What the routes share: one set of things for an app's lifetime, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.call import CALL_SID_PATTERN
from voicebot.console.auth import Authenticator, Session, Sessions, Visitor, Watcher
from voicebot.console.conversations import Conversations
from voicebot.console.event_hub import Newsroom
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
    sessions: Sessions
    authenticator: Authenticator


def rooms(request: Request) -> Rooms:
    """A dependency."""
    found: Rooms = request.app.state.rooms
    return found


async def visitor(request: Request) -> Visitor:
    """A dependency: who asks. Raises Problem unless the request may come in."""
    return await rooms(request).authenticator.check(request)


async def watcher(request: Request, visitor: Annotated[Visitor, Depends(visitor)]) -> Watcher:
    """A dependency of event streams: who asks, now and later."""
    sessions = rooms(request).sessions

    async def again(session: Session) -> Session | None:
        return await sessions.find(session.cookie)

    return Watcher(visitor, again)


Sid = Annotated[str, Path(pattern=CALL_SID_PATTERN, examples=["CA0123456789abcdef"])]
RoomsNow = Annotated[Rooms, Depends(rooms)]
VisitorNow = Annotated[Visitor, Depends(visitor)]
WatcherNow = Annotated[Watcher, Depends(watcher)]
