"""What went wrong, as RFC 9457 problem details: `application/problem+json`.

`error` is the short name that clients of this API have always had; `errors` lists what is wrong
with a request, with the place of each.
"""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from voicebot.console.conversations import CallIsLive, KeyReused, UnknownCall
from voicebot.errors import BrokenRecord, Fenced, StoreUnavailable

MEDIA_TYPE = "application/problem+json"
_TYPES = "urn:voicebot:problem:"


class Problem(Exception):
    """An answer that is not the one that was asked for."""

    def __init__(
        self, status: int, kind: str, detail: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.headers = headers


class ProblemDetails(BaseModel):
    """The shape of every error."""

    type: str = Field(examples=[f"{_TYPES}unknown_call"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no call CA1; POST /calls begins one"])
    error: str = Field(examples=["unknown_call"])


def problem(
    status: int, kind: str, detail: str, *, headers: dict[str, str] | None = None, **more: object
) -> JSONResponse:
    """The response."""
    title = HTTPStatus(status).phrase
    body = {"type": f"{_TYPES}{kind}", "title": title, "status": status, "detail": detail}
    headers = {"WWW-Authenticate": "Bearer", **(headers or {})} if status == 401 else headers
    return JSONResponse(body | {"error": kind} | more, status, headers, MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Every error of this app becomes a problem document."""
    app.exception_handler(Problem)(_of_problem)
    app.exception_handler(HTTPException)(_of_http)
    app.exception_handler(RequestValidationError)(_of_validation)
    app.exception_handler(UnknownCall)(_of_unknown)
    app.exception_handler(CallIsLive)(_of_live)
    app.exception_handler(Fenced)(_of_live)
    app.exception_handler(KeyReused)(_of_reused)
    app.exception_handler(BrokenRecord)(_of_broken)
    app.exception_handler(StoreUnavailable)(_of_store)


async def _of_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return problem(error.status, error.kind, str(error), headers=error.headers)


async def _of_http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    return problem(error.status_code, kind, str(error.detail))


async def _of_validation(_: Request, error: Exception) -> JSONResponse:
    """What is wrong and where, never the value: it may be a customer's."""
    assert isinstance(error, RequestValidationError)
    errors = [{"loc": e["loc"], "msg": e["msg"], "type": e["type"]} for e in error.errors()]
    return problem(422, "invalid_request", "the request cannot be understood", errors=errors)


async def _of_unknown(_: Request, error: Exception) -> JSONResponse:
    return problem(404, "unknown_call", str(error))


async def _of_live(_: Request, error: Exception) -> JSONResponse:
    return problem(409, "call_is_live", str(error))


async def _of_reused(_: Request, error: Exception) -> JSONResponse:
    return problem(409, "idempotency_key_reused", str(error))


async def _of_broken(_: Request, error: Exception) -> JSONResponse:
    return problem(409, "broken_record", str(error))


async def _of_store(_: Request, error: Exception) -> JSONResponse:
    return problem(503, "store_unavailable", str(error), headers={"Retry-After": "2"})
