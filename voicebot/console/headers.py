"""What every answer carries. Plain ASGI: streams pass untouched."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voicebot.console.problems import problem
from voicebot.console.trial import stream_origins
from voicebot.runtime.ports import is_authority
from voicebot.settings import Settings

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


class Headers:
    """Adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = Request(scope).headers.get("host", "")
        readable = not named or is_authority(named)
        host = (urlsplit(f"//{named}").hostname or "") if readable else ""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy(stream_origins(self._settings, host))
                for name, value in _FIXED.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        bad = problem(400, "bad_host", "this Host is no name with a port")
        await (self._app if readable else bad)(scope, receive, send_on)


def policy(streams: list[str]) -> str:
    """The Content-Security-Policy: scripts and styles from here alone, nothing inline."""
    connect = " ".join(["'self'", *streams])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"font-src 'self'; connect-src {connect}; worker-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
