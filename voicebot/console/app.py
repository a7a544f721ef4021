"""The port of staff and integrators: the live page and the HTTP API of the console port.

/  /c/{callSid}  /static  /session   page.py                  the page's files, signing in
/live/…                              live.py, trial.py, …      the page's data
/calls  /events  /export             calls.py                 integrators
/calls (POST)  /ai/conversation      conversation_routes.py   integrators
/calls/{callSid}/commands            commands.py              staff, in a call that goes on
/metrics  /webhooks/failures         operations.py            operators
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from voicebot import __version__
from voicebot.business import Business
from voicebot.collect.meaning import by_meaning
from voicebot.collect.understanding.model import open_understanding
from voicebot.console import (
    bookings,
    calls,
    commands,
    conversation_routes,
    counts,
    listening_in,
    live,
    operations,
    trial,
)
from voicebot.console.auth import COOKIE, Authenticator, Sessions
from voicebot.console.conversations import Conversations
from voicebot.console.dependencies import AppState, visitor
from voicebot.console.event_hub import EventHub
from voicebot.console.middleware import Gate
from voicebot.console.page import serve_pages
from voicebot.console.problems import ProblemDetails, answer_with_problems
from voicebot.settings import Settings
from voicebot.speech import open_meaning
from voicebot.store import EventReader, cancel_tasks, open_client, open_store, redis_url
from voicebot.telemetry import Tracing, open_tracing

_DESCRIPTION = """Calls as they happen and as they were. Errors are problem details (RFC 9457):
`error` is a short name, `detail` a sentence. Where VOICEBOT_CONSOLE_TOKEN is set, send one of its
tokens as `Authorization: Bearer …`; without one only this machine may ask."""

_TOKEN = HTTPBearer(
    scheme_name="token", description="One of VOICEBOT_CONSOLE_TOKEN", auto_error=False
)
_COOKIE = APIKeyCookie(
    scheme_name="session",
    name=COOKIE,
    description="Of the live page, from `POST /session`; changes also need the header X-CSRF-Token",
    auto_error=False,
)
"""For the description alone: `visitor` decides."""

_PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": ProblemDetails, "description": why}
    for status, why in (
        (401, "No token"),
        (404, "No such call"),
        (422, "The request cannot be understood"),
        (503, "Redis does not answer"),
    )
}


def create_app(settings: Settings, business: Business, tracing: Tracing | None = None) -> FastAPI:
    """Return the console over one store, which is opened and closed with the app, as is tracing."""
    tracing = tracing or open_tracing(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            open_store(settings, business) as store,
            open_client(redis_url(settings)) as client,  # a cluster may be away
            open_understanding(settings) as mind,
            by_meaning(open_meaning(settings), business, mind) as understand,
            asyncio.TaskGroup() as tasks,
        ):
            reader = EventReader(client)
            hub = EventHub(reader, operations.count_turn)
            sessions = Sessions(client, settings.console_tokens)
            app.state.console = AppState(
                settings=settings,
                business=business,
                store=store,
                client=client,
                event_hub=hub,
                conversations=Conversations(settings, store, business, understand, tracing),
                sessions=sessions,
                authenticator=Authenticator(settings, sessions),
            )
            store.start_reconciling()
            following = tasks.create_task(hub.run())
            try:
                yield
            finally:
                hub.close()
                await cancel_tasks([following])
                await tracing.close()

    app = FastAPI(
        title="voicebot",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
    answer_with_problems(app)
    guarded = [Depends(visitor), Security(_TOKEN), Security(_COOKIE)]
    for api in (conversation_routes.router, calls.router, commands.router, operations.router):
        app.include_router(api, dependencies=guarded, responses=_PROBLEMS)
    app.include_router(operations.probes)
    for page_data in (
        trial.router,
        live.router,
        bookings.router,
        counts.router,
        listening_in.router,
    ):
        app.include_router(page_data, dependencies=guarded)
    serve_pages(app)
    return app
