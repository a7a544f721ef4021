"""Signing in and out on the page."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, SecretStr

from voicebot.console.auth import COOKIE, SESSION_S
from voicebot.console.limits import Allowance
from voicebot.console.problems import Problem
from voicebot.console.rooms import Rooms, rooms
from voicebot.log import get_logger

TRIES = 8
"""Wrong tokens in a row from one address; then one more every TRY_EVERY_S."""
TRY_EVERY_S = 15

log = get_logger(__name__)
router = APIRouter(prefix="/session", include_in_schema=False)
RoomsNow = Annotated[Rooms, Depends(rooms)]
_guesses = Allowance(burst=TRIES, per_s=1 / TRY_EVERY_S)


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
async def state(request: Request, house: RoomsNow) -> SessionState:
    """Is this browser signed in?"""
    session = house.gate.session_of(request)
    if house.gate.wants_token and session is None:
        return SessionState(signedIn=False, wantsToken=True)
    business = house.business
    return SessionState(
        signedIn=True,
        wantsToken=house.gate.wants_token,
        csrf=session.csrf if session else "",
        company=business.company.name,
        zone=business.zone.key,
        language=business.language,
    )


@router.post("", status_code=204)
async def sign_in(body: SignIn, request: Request, response: Response, house: RoomsNow) -> None:
    """Open a session; wrong tokens are slowed down by address."""
    house.gate.check_origin(request)
    address = request.client.host if request.client else ""
    if wait_s := _guesses.take(address, time.monotonic()):
        headers = {"Retry-After": str(int(wait_s) + 1)}
        raise Problem(429, "too_many_tries", "wait a little before the next try", headers=headers)
    session = house.gate.open_session(body.token.get_secret_value().strip())
    if session is None:
        log.warning("sign_in_refused")
        raise Problem(403, "wrong_token", "this token is not known")
    response.set_cookie(
        COOKIE,
        session.cookie,
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


@router.delete("", status_code=204)
async def sign_out(request: Request, response: Response, house: RoomsNow) -> None:
    """Forget the session in this browser."""
    house.gate.check_origin(request)
    response.delete_cookie(COOKIE)
