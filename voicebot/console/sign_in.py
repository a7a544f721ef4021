"""Signing in and out on the page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, SecretStr

from voicebot.console.auth import COOKIE
from voicebot.console.problems import Problem
from voicebot.console.rooms import Rooms, rooms
from voicebot.console.sessions import SESSION_S, Session

router = APIRouter(prefix="/session", include_in_schema=False)
RoomsNow = Annotated[Rooms, Depends(rooms)]


class SignIn(BaseModel):
    """The token, typed once."""

    token: SecretStr


class SessionState(BaseModel):
    """What the page needs to begin."""

    signedIn: bool
    wantsToken: bool
    csrf: str = ""
    company: str = ""
    zone: str = ""
    language: str = ""


@router.get("")
async def state(request: Request, response: Response, house: RoomsNow) -> SessionState:
    """Is this browser signed in?"""
    session = await house.authenticator.session_of(request)
    if house.authenticator.wants_token and session is None:
        response.delete_cookie(COOKIE)
        return SessionState(signedIn=False, wantsToken=True)
    business = house.business
    return SessionState(
        signedIn=True,
        wantsToken=house.authenticator.wants_token,
        csrf=session.csrf if session else "",
        company=business.company.name,
        zone=business.zone.key,
        language=business.language,
    )


@router.post("", status_code=204)
async def sign_in(body: SignIn, request: Request, response: Response, house: RoomsNow) -> None:
    """Open a session; wrong tokens are slowed down by address."""
    house.authenticator.check_origin(request)
    token = body.token.get_secret_value().strip()
    if not house.authenticator.verify(request, token, by="sign-in"):
        raise Problem(403, "wrong_token", "this token is not known")
    keep(await house.sessions.open(token), request, response)


@router.delete("", status_code=204)
async def sign_out(request: Request, response: Response, house: RoomsNow) -> None:
    """End the session, for every console and every copy of its cookie."""
    house.authenticator.check_origin(request)
    if session := await house.authenticator.session_of(request):
        await house.sessions.end(session)
    response.delete_cookie(COOKIE)


def keep(session: Session, request: Request, response: Response) -> None:
    """Give the browser its session's cookie."""
    response.set_cookie(
        COOKIE,
        session.cookie,
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
