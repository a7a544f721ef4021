"""`python -m voicebot.console.metrics_only`: the console port of a machine without the console.

Serves GET /metrics and GET /healthz, and nothing of customers; the console's token is asked for.
"""

from __future__ import annotations

import asyncio

from fastapi import Depends, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from voicebot.console.auth import Authenticator, Session, Sessions
from voicebot.console.exposition import exposition
from voicebot.console.middleware import Gate, console_server
from voicebot.console.problems import answer_with_problems
from voicebot.runtime.ports import require_staff_token
from voicebot.runtime.process import Lifetime, run
from voicebot.settings import Settings, load_settings
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

    async def checked(request: Request) -> None:
        await authenticator.check(request)

    app = FastAPI(title="voicebot metrics", openapi_url=None)
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
    answer_with_problems(app)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics", dependencies=[Depends(checked)])
    async def metrics() -> Response:
        await asyncio.to_thread(journal_backlog, settings.data_dir)  # sets the journal's gauges
        return Response(exposition(), media_type=CONTENT_TYPE_LATEST)

    return app


async def main(lifetime: Lifetime) -> None:
    """Serve until told to stop; raises SettingsError for a network address without a token."""
    settings = load_settings()
    require_staff_token(settings)
    host, port = settings.console_host, settings.console_port
    server = console_server(
        metrics_app(settings), host, port, lambda: lifetime.ready(f"http://{host}:{port}")
    )
    await server.serve_until(lifetime.stopping)


if __name__ == "__main__":
    run(main)
