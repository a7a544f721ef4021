"""`python -m voicebot.console.metrics_only`: the console port of a machine without the console.

Serves GET /metrics and GET /healthz, and nothing of customers; the console's token is asked for.
"""

import asyncio
from functools import partial

from fastapi import Depends, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from voicebot.console.auth import Authenticator, Session, Sessions
from voicebot.console.exposition import exposition
from voicebot.console.middleware import Gate, serve_console
from voicebot.console.problems import answer_with_problems
from voicebot.runtime.process import run
from voicebot.settings import Settings
from voicebot.store import journal_backlog


class NoSessions(Sessions):
    """The sessions of a machine that has no page: none, so that no Redis is needed."""

    def __init__(self) -> None:
        """Open nothing."""

    async def find(self, cookie: str) -> Session | None:
        """Know no cookie."""
        return None


def metrics_app(settings: Settings) -> FastAPI:
    """Return the app that tells this machine's metrics."""
    authenticator = Authenticator(settings, NoSessions())

    app = FastAPI(title="voicebot metrics", openapi_url=None)
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
    answer_with_problems(app)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics", dependencies=[Depends(authenticator.check)])
    async def metrics() -> Response:
        await asyncio.to_thread(journal_backlog, settings.data_dir)  # sets the journal's gauges
        return Response(exposition(), media_type=CONTENT_TYPE_LATEST)

    return app


if __name__ == "__main__":
    run(partial(serve_console, make_app=metrics_app))
