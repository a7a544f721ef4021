"""Messages of the API: events of Realtime sockets, and error bodies."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from starlette.responses import JSONResponse, Response

from voicebot.simulators.openai.simulator import Fault, FaultKind

Event = dict[str, object]


@dataclass(frozen=True, slots=True)
class Hangup:
    """Close the socket with this code."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """Send this text as it is, though it is truncated JSON."""

    text: str


Step = Event | Hangup | Cut


@dataclass(frozen=True, slots=True)
class Later:
    """Delayed steps, each after a wait in seconds, beside other steps."""

    steps: tuple[tuple[float, Step], ...]


@dataclass(slots=True)
class Reaction:
    """The reaction to one client message: steps at once, in order, and later ones."""

    now: list[Step] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)


class Ids:
    """Ids that look like OpenAI's, numbered in order."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = itertools.count(1)

    def new(self, prefix: str) -> str:
        """Return a new id like `item_0000000007`."""
        return f"{prefix}_{next(self._numbers):010d}"


def event(ids: Ids, kind: str, **members: object) -> Event:
    """Return a server event."""
    return {"type": kind, "event_id": ids.new("event"), **members}


def error(
    ids: Ids, message: str, *, code: str | None, cause: object = None, param: str | None = None
) -> Event:
    """Return an `error` event; `cause` is the event_id of the client event, if any."""
    about = {**error_body(message, code=code, param=param), "event_id": cause}
    return event(ids, "error", error=about)


def error_body(
    message: str, *, kind: str = "invalid_request_error", code: str | None, param: str | None = None
) -> dict[str, object]:
    """Return the inner object of an HTTP error or an `error` event."""
    return {"message": message, "type": kind, "param": param, "code": code}


def refuse(
    status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> Response:
    """Return an HTTP error."""
    return JSONResponse({"error": dict(body)}, status, dict(headers or {}))


def wrong_key() -> Response:
    """Return a 401 for a wrong key."""
    body = error_body("Incorrect API key provided.", code="invalid_api_key")
    return refuse(401, body)


def bad_request(message: str, param: str | None = None) -> Response:
    """Return a 400."""
    return refuse(400, error_body(message, code="invalid_value", param=param))


def misbehaved(fault: Fault) -> Response:
    """Return the error response for an HTTP fault other than SLOW."""
    match fault.kind:
        case FaultKind.UNAUTHORIZED:
            return wrong_key()
        case FaultKind.RATE_LIMITED:
            body = error_body(
                "Rate limit reached for requests.", kind="requests", code="rate_limit_exceeded"
            )
            return refuse(429, body, {"retry-after": f"{fault.seconds:g}"})
        case FaultKind.NO_QUOTA:
            text = "You exceeded your current quota, please check your plan and billing details."
            return refuse(
                429, error_body(text, kind="insufficient_quota", code="insufficient_quota")
            )
        case FaultKind.NOT_FOUND:
            return refuse(404, error_body("Not found.", code="model_not_found"))
        case _:
            text = "The server had an error while processing your request."
            return refuse(fault.status, error_body(text, kind="server_error", code=None))
