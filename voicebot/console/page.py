"""The page: its files (no build step, nothing from other hosts), signing in and out."""

from contextlib import suppress
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, SecretStr

from voicebot.console.auth import COOKIE
from voicebot.console.dependencies import State
from voicebot.console.problems import Problem
from voicebot.store import AWAY, iso_utc

_STATIC = Path(str(files("voicebot.console").joinpath("static")))

router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/bookings")
@router.get("/counts")
@router.get("/reveals")
@router.get("/c/{callSid}")
async def page() -> FileResponse:
    """The live page; with a callSid that call is open in it."""
    return FileResponse(_STATIC / "index.html")


@router.get("/docs")
async def docs() -> FileResponse:
    return FileResponse(_STATIC / "docs.html")


@router.get("/favicon.ico")
async def favicon() -> RedirectResponse:
    """Browsers ask for it by themselves."""
    return RedirectResponse("/static/icon.svg")


class SignIn(BaseModel):
    token: SecretStr


class SessionState(BaseModel):
    """The page's initial data."""

    signedIn: bool
    wantsToken: bool
    csrf: str = ""
    company: str = ""
    zone: str = ""
    language: str = ""
    services: list[str] = []
    mailsSince: str = ""
    listens: bool = False


@router.get("/session")
async def session_state(request: Request, response: Response, state: State) -> SessionState:
    """Return whether this browser is signed in, and what the page shows of the business."""
    session = await state.authenticator.session_of(request)
    if state.authenticator.wants_token and session is None:
        response.delete_cookie(COOKIE)
        return SessionState(signedIn=False, wantsToken=True)
    business, since = state.business, ""
    with suppress(*AWAY):
        if state.settings.smtp_url:
            since = iso_utc(await state.store.index.mails_since(datetime.now(UTC)))
    return SessionState(
        signedIn=True,
        wantsToken=state.authenticator.wants_token,
        csrf=session.csrf if session else "",
        company=business.company.name,
        zone=business.zone.key,
        language=business.language,
        services=[offer.name for offer in business.services],
        mailsSince=since,
        listens=business.listening_in,
    )


@router.post("/session", status_code=204)
async def sign_in(body: SignIn, request: Request, response: Response, state: State) -> None:
    """Open a session; wrong tokens are slowed down by address."""
    state.authenticator.check_origin(request)
    token = body.token.get_secret_value().strip()
    if not state.authenticator.verify(request, token, by="sign-in"):
        raise Problem(403, "wrong_token", "this token is not known")
    (await state.sessions.open(token)).set_cookie(request, response)


@router.delete("/session", status_code=204)
async def sign_out(request: Request, response: Response, state: State) -> None:
    """End the session, for every console and every copy of its cookie."""
    state.authenticator.check_origin(request)
    if session := await state.authenticator.session_of(request):
        await state.sessions.end(session)
    response.delete_cookie(COOKIE)


def serve_pages(app: FastAPI) -> None:
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
