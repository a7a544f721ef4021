"""Dependencies of the routes: the app's state, the visitor, the callSid of a path."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from pydantic import StringConstraints
from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.call import CALL_SID_PATTERN, CallSid
from voicebot.console.auth import Authenticator, Sessions, Visitor
from voicebot.console.conversations import Conversations
from voicebot.console.event_hub import EventHub
from voicebot.console.problems import UnknownCall
from voicebot.console.views import CurrentCall
from voicebot.settings import Settings
from voicebot.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """The state that all requests share, from the app's start to its end."""

    settings: Settings
    business: Business
    store: Store
    client: Redis
    event_hub: EventHub
    conversations: Conversations
    sessions: Sessions
    authenticator: Authenticator


def app_state(request: Request) -> AppState:
    found: AppState = request.app.state.console
    return found


async def visitor(request: Request) -> Visitor:
    """Return who asks; raises Problem for a request that is not allowed."""
    return await app_state(request).authenticator.check(request)


async def current_call(state: AppState, call_sid: CallSid) -> CurrentCall:
    """Return a call as it stands, read anew; raises UnknownCall."""
    found = await state.event_hub.calls([call_sid], fresh=True)
    if not found:
        raise UnknownCall(call_sid)
    return found[0]


Who = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
"""The name of a member of staff, as colleagues know them."""
Sid = Annotated[CallSid, Path(pattern=CALL_SID_PATTERN, examples=["CA0123456789abcdef"])]
State = Annotated[AppState, Depends(app_state)]
CurrentVisitor = Annotated[Visitor, Depends(visitor)]
