"""Events of Realtime sockets, and what a session wants done with them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from voicebot.simulators.openai.api_errors import error_body

Event = dict[str, object]


@dataclass(frozen=True, slots=True)
class Hangup:
    """Close the socket with this code."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """Send this text as it is: it is no whole JSON."""

    text: str


Step = Event | Hangup | Cut


@dataclass(frozen=True, slots=True)
class Later:
    """Steps of their own pace, each behind a wait in seconds; others go on meanwhile."""

    steps: tuple[tuple[float, Step], ...]


@dataclass(slots=True)
class Reaction:
    """What one message of the client leads to: at once, in order, and later."""

    now: list[Step] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)


class Ids:
    """Names that look like theirs, counted so that a log reads in order."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = itertools.count(1)

    def new(self, prefix: str) -> str:
        """`item_0000000007`, never the same twice in a session."""
        return f"{prefix}_{next(self._numbers):010d}"


def event(ids: Ids, kind: str, **members: object) -> Event:
    """A server event."""
    return {"type": kind, "event_id": ids.new("event"), **members}


def error(
    ids: Ids, message: str, *, code: str | None, cause: object = None, param: str | None = None
) -> Event:
    """An `error` event; `cause` is the client's event_id, if it gave one."""
    about = {**error_body(message, code=code, param=param), "event_id": cause}
    return event(ids, "error", error=about)
