"""Errors as RFC 9457 problem details: `application/problem+json`.

`error` is the short name that clients of this API have always had; `errors` lists what is wrong
with a request, with the place of each.
"""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from voicebot.error_texts import sentence, sentences
from voicebot.errors import BrokenRecord, Fenced, StoreUnavailable, TooManyCommands, VoicebotError
from voicebot.store import AWAY, unavailable_when_away

_MEDIA_TYPE = "application/problem+json"
_TYPES = "urn:voicebot:problem:"


class Problem(VoicebotError):
    """A request that is refused. `kind` is the short name, `detail` the sentence."""

    def __init__(
        self, status: int, kind: str, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.answer = problem(status, kind, detail, headers=headers)


class UnknownCall(Problem):
    def __init__(self, call_sid: str) -> None:
        detail = f"there is no call {call_sid}; POST /calls begins one"
        super().__init__(404, "unknown_call", detail)


class BadCursor(Problem):
    """A cursor that this API has not given out."""

    def __init__(self) -> None:
        super().__init__(400, "bad_cursor", "this cursor is not ours: begin without one")


class ProblemDetails(BaseModel):
    """The shape of every error."""

    type: str = Field(examples=[f"{_TYPES}unknown_call"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no call CA1; POST /calls begins one"])
    error: str = Field(examples=["unknown_call"])


def problem(
    status: int, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: object
) -> JSONResponse:
    """Return the response; `more` are further keys of its body."""
    title = HTTPStatus(status).phrase
    body = {"type": f"{_TYPES}{kind}", "title": title, "status": status, "detail": detail}
    headers = {"WWW-Authenticate": "Bearer", **(headers or {})} if status == 401 else headers
    return JSONResponse(body | {"error": kind} | more, status, headers, _MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Turn every error of this app into a problem document."""
    for kind in (
        *(Problem, Fenced, BrokenRecord, StoreUnavailable, TooManyCommands),
        HTTPException,
    ):
        app.exception_handler(kind)(_answer)
    for away in AWAY:
        app.exception_handler(away)(_answer_away)
    app.exception_handler(RequestValidationError)(_answer_invalid)


async def _answer(_: Request, error: Exception) -> JSONResponse:
    match error:
        case Problem():
            return error.answer
        case Fenced():
            return problem(409, "call_is_live", str(error))
        case BrokenRecord():
            return problem(409, "broken_record", str(error))
        case TooManyCommands():
            return problem(429, "too_many_commands", str(error), headers={"Retry-After": "5"})
        case StoreUnavailable():
            return problem(503, "store_unavailable", str(error), headers={"Retry-After": "2"})
        case HTTPException():
            kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
            return problem(error.status_code, kind, str(error.detail))
    raise error


async def _answer_away(request: Request, error: Exception) -> JSONResponse:
    try:
        with unavailable_when_away():
            raise error
    except StoreUnavailable as unavailable:
        return await _answer(request, unavailable)


async def _answer_invalid(_: Request, error: Exception) -> JSONResponse:
    """Answer 422 with what is wrong and where, without the value: it may be a customer's."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    errors = [{"loc": e["loc"], "msg": sentence(e, quoted=False), "type": e["type"]} for e in found]
    for e in found:  # "body", or "query": a caller knows where it put the value
        e["loc"] = e["loc"][1:]
    detail = f"the request cannot be used: {sentences(found, quoted=False)}"
    return problem(422, "invalid_request", detail, errors=errors)
