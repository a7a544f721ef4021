"""Errors as the API words them: `{"error": {"message", "type", "param", "code"}}`."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from voicebot.simulators.openai.faults import Fault, Kind


def error_body(
    message: str, *, kind: str = "invalid_request_error", code: str | None, param: str | None = None
) -> dict[str, object]:
    """The inner object, of HTTP answers and of WebSocket events alike."""
    return {"message": message, "type": kind, "param": param, "code": code}


def refuse(
    status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> Response:
    """An HTTP answer that is an error."""
    return JSONResponse({"error": dict(body)}, status, dict(headers or {}))


def wrong_key() -> Response:
    """401."""
    body = error_body("Incorrect API key provided.", code="invalid_api_key")
    return refuse(401, body)


def bad_request(message: str, param: str | None = None) -> Response:
    """400."""
    return refuse(400, error_body(message, code="invalid_value", param=param))


def misbehaved(fault: Fault) -> Response:
    """The answer to a request that a fault of HTTP befalls; SLOW is none of them."""
    match fault.kind:
        case Kind.UNAUTHORIZED:
            return wrong_key()
        case Kind.RATE_LIMITED:
            body = error_body(
                "Rate limit reached for requests.", kind="requests", code="rate_limit_exceeded"
            )
            return refuse(429, body, {"retry-after": f"{fault.seconds:g}"})
        case Kind.NO_QUOTA:
            text = "You exceeded your current quota, please check your plan and billing details."
            return refuse(
                429, error_body(text, kind="insufficient_quota", code="insufficient_quota")
            )
        case Kind.NOT_FOUND:
            return refuse(404, error_body("Not found.", code="model_not_found"))
        case _:
            text = "The server had an error while processing your request."
            return refuse(fault.status, error_body(text, kind="server_error", code=None))
