"""The page's files: no build step, nothing from other hosts."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

STATIC = Path(str(files("voicebot.console").joinpath("static")))
_REVALIDATE = {"Cache-Control": "no-cache"}

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home() -> FileResponse:
    """The live page."""
    return FileResponse(STATIC / "index.html", headers=_REVALIDATE)


@router.get("/c/{callSid}")
async def call_page(callSid: str) -> FileResponse:
    """The same page with one call open: a link that can be shared."""
    return FileResponse(STATIC / "index.html", headers=_REVALIDATE)


@router.get("/docs")
async def docs() -> FileResponse:
    """The API, for people."""
    return FileResponse(STATIC / "docs.html", headers=_REVALIDATE)


@router.get("/favicon.ico")
async def favicon() -> RedirectResponse:
    """Browsers ask for it unbidden."""
    return RedirectResponse("/static/icon.svg")


class _Files(StaticFiles):
    def file_response(self, *args: object, **kwargs: object):  # type: ignore[no-untyped-def]
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.setdefault("Cache-Control", "no-cache")
        return response


def serve_pages(app: FastAPI) -> None:
    """Add the page to the app."""
    app.include_router(router)
    app.mount("/static", _Files(directory=STATIC), name="static")
