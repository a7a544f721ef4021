"""The staff's and integrators' door: the HTTP API of the console port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hmac import compare_digest
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, FastAPI, HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from voicebot import __version__
from voicebot.business import Business
from voicebot.call import CallSid
from voicebot.collect.collector import understand_by_rules
from voicebot.collect.dialogue import asking
from voicebot.console.conversations import Answered, CallIsLive, Conversations, UnknownCall
from voicebot.console.schemas import (
    AIResponse,
    ConversationAnswer,
    ConversationRequest,
    StartAnswer,
    StartRequest,
)
from voicebot.errors import StoreUnavailable
from voicebot.settings import Settings
from voicebot.store import CallSkeleton, Store, open_store

Sid = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


def create_app(settings: Settings, business: Business) -> FastAPI:
    """The API over one store; the store is opened and closed with the app."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_store(settings, business) as store:
            app.state.store = store
            app.state.conversations = Conversations(store, business, understand_by_rules)
            yield

    app = FastAPI(title="voicebot", version=__version__, lifespan=lifespan)
    guarded = [Depends(_token_check(settings))]
    app.get("/healthz")(_healthz)
    app.get("/readyz")(_readyz)
    app.get("/metrics", dependencies=guarded)(_metrics)
    app.post("/calls", dependencies=guarded, status_code=201, response_model=StartAnswer)(_start)
    app.get("/calls/{callSid}", dependencies=guarded)(_show)
    app.post("/ai/conversation", dependencies=guarded, response_model=ConversationAnswer)(_turn)
    app.exception_handler(UnknownCall)(_problem(404, "unknown_call"))
    app.exception_handler(CallIsLive)(_problem(409, "call_is_live"))
    app.exception_handler(StoreUnavailable)(_problem(503, "store_unavailable"))
    return app


async def _healthz() -> dict[str, str]:
    """The process is alive."""
    return {"status": "ok"}


async def _readyz(request: Request) -> dict[str, str]:
    """Redis answers too."""
    await _store(request).ping()
    return {"status": "ready"}


async def _metrics() -> Response:
    """Prometheus text."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _start(body: StartRequest, request: Request, response: Response) -> StartAnswer:
    """Begin a call; an existing callSid is answered with its record (200)."""
    call_sid = CallSid(body.callSid or f"http-{uuid4().hex[:16]}")
    known = await _store(request).get_call_skeleton(call_sid)
    if known is not None:
        response.status_code = 200
        return StartAnswer(
            callSid=call_sid, aiResponse=_last_said(known), callSkeleton=known.nested()
        )
    answered = await _conversations(request).start(call_sid, body.caller)
    return StartAnswer(callSid=call_sid, **_answer(answered).model_dump())


async def _turn(body: ConversationRequest, request: Request) -> ConversationAnswer:
    """One step of the very same dialogue as on the phone."""
    message = body.customerMessage
    answered = await _conversations(request).answer(
        CallSid(body.callSid), message.message, message.at
    )
    return _answer(answered)


async def _show(callSid: Sid, request: Request) -> dict[str, object]:
    """The record, with the step that is open and what the bot waits for."""
    skeleton = await _store(request).get_call_skeleton(CallSid(callSid))
    if skeleton is None:
        raise UnknownCall(f"there is no call {callSid}")
    return {
        **skeleton.nested(),
        "step": skeleton.step,
        "status": skeleton.status,
        "asking": asking(skeleton.step, skeleton.dialogue),
    }


def _answer(answered: Answered) -> ConversationAnswer:
    skeleton = answered.skeleton
    return ConversationAnswer(
        aiResponse=AIResponse(message=answered.text, startedAt=_last_said(skeleton).startedAt),
        callSkeleton=skeleton.nested(),
    )


def _last_said(skeleton: CallSkeleton) -> AIResponse:
    for message in reversed(skeleton.history):
        if message.speaker == "AI":
            return AIResponse(message=message.message, startedAt=message.startedAt)
    return AIResponse(message="", startedAt=skeleton.createdAt)


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _conversations(request: Request) -> Conversations:
    conversations: Conversations = request.app.state.conversations
    return conversations


def _token_check(settings: Settings):  # type: ignore[no-untyped-def]
    """A dependency that wants `Authorization: Bearer …` when a console token is set."""
    token = settings.console_token.get_secret_value() if settings.console_token else None

    async def check(request: Request) -> None:
        if token is None:
            return
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not compare_digest(given.encode(), token.encode()):
            raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    return check


def _problem(status: int, kind: str):  # type: ignore[no-untyped-def]
    async def answer(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": kind, "detail": str(error)}, status)

    return answer
