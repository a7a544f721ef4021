"""Error answers of the API, as documented by OpenAI."""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from voicebot.simulators.openai.simulator import Fault, FaultKind

_INVALID: Final = "invalid_request_error"
_ERRORS: Final[Mapping[FaultKind, tuple[int, str, str | None, str]]] = {
    FaultKind.UNAUTHORIZED: (401, _INVALID, "invalid_api_key", "Incorrect API key provided."),
    FaultKind.RATE_LIMITED: (
        429, "requests", "rate_limit_exceeded", "Rate limit reached for requests.",
    ),
    FaultKind.NO_QUOTA: (
        429, "insufficient_quota", "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    FaultKind.SERVER_ERROR: (
        500, "server_error", None, "The server had an error while processing your request.",
    ),
    FaultKind.NOT_FOUND: (404, _INVALID, "model_not_found", "Not found."),
}  # fmt: skip
"""Status, type, code and message by kind of fault."""

HTTP_KINDS: Final = (*_ERRORS, FaultKind.SLOW)
"""Faults of a request itself, including a WebSocket's handshake."""


def misbehaved(fault: Fault) -> Response:
    """Return the error response for an HTTP fault other than SLOW."""
    status, kind, code, message = _ERRORS[fault.kind]
    limited = fault.kind is FaultKind.RATE_LIMITED
    return JSONResponse(
        {"error": error_body(message, kind=kind, code=code)},
        fault.status if fault.kind is FaultKind.SERVER_ERROR else status,
        {"retry-after": f"{fault.seconds:g}"} if limited else None,
    )


def wrong_key() -> Response:
    """Return a 401 for a wrong key."""
    _, kind, code, message = _ERRORS[FaultKind.UNAUTHORIZED]
    return JSONResponse({"error": error_body(message, kind=kind, code=code)}, 401)


def bad_request(message: str, param: str | None = None) -> Response:
    """Return a 400."""
    return JSONResponse({"error": error_body(message, code="invalid_value", param=param)}, 400)


def unfit(error: ValidationError) -> Response:
    """Return a 400 that tells the first of a body's errors."""
    first = error.errors()[0]
    return bad_request(first["msg"], str(first["loc"][0]) if first["loc"] else None)


def error_body(
    message: str, *, kind: str = _INVALID, code: str | None, param: str | None = None
) -> dict[str, object]:
    """Return the inner object of an HTTP error or an `error` event."""
    return {"message": message, "type": kind, "param": param, "code": code}
