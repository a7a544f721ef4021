"""The console as the phone reads it: the open step and the record of a call."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request

from pydantic import BaseModel, TypeAdapter, ValidationError

from voicebot.call import FIELDS, Step
from voicebot.error_texts import open_directly, why
from voicebot.errors import PhoneError
from voicebot.simulators.phone.script import CONFIRM, Cue

_TIMEOUT_S: Final = 5.0
_MENDS: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "; set VOICEBOT_CONSOLE_TOKEN as the server has it",
    HTTPStatus.SERVICE_UNAVAILABLE: "; its Redis does not answer",
}


class _Message(BaseModel):
    speaker: str
    message: str


class _Named(BaseModel):
    name: str = ""


class _User(BaseModel):
    userInfo: dict[str, str | None] = {}
    service: _Named | None = None
    serviceBookedTime: str | None = None


class Record(BaseModel):
    """The used part of `GET /calls/{callSid}`; unknown keys are ignored, a new record lacks most.

    whole  the answer as it came
    """

    callSid: str = ""
    company: _Named = _Named()
    services: list[object] = []
    user: _User = _User()
    history: list[_Message] = []
    servicebooked: bool = False
    confirmEmailsent: bool = False
    createdAt: str = ""
    status: str = ""
    step: Step | None = None
    asking: str | None = None
    whole: dict[str, object] = {}

    @property
    def cue(self) -> Cue | None:
        """The open question; None when nothing is asked."""
        if self.step not in FIELDS:
            return None
        return Cue(Step(self.step), self.asking == CONFIRM)

    @property
    def values(self) -> dict[Step, str]:
        """The stored values."""
        held: dict[Step, str | None] = {step: self.user.userInfo.get(step) for step in FIELDS}
        held[Step.SERVICE] = self.user.service.name if self.user.service else None
        held[Step.TIME] = self.user.serviceBookedTime
        return {step: value for step, value in held.items() if value}

    @property
    def bot_said(self) -> list[str]:
        """All messages of the bot, in order."""
        return [message.message for message in self.history if message.speaker == "AI"]


def read(body: bytes) -> Record:
    """Parse the console's answer; raises PhoneError."""
    try:
        whole = TypeAdapter(dict[str, object]).validate_json(body)
        return Record.model_validate({**whole, "whole": whole})
    except ValidationError as error:
        raise PhoneError("the console's answer is not a call's record") from error


class Console:
    """A client of `GET {url}/calls/{callSid}`."""

    def __init__(self, url: str, call_sid: str, token: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise PhoneError(f"{url!r} is no address of a console; it looks like http://HOST:8000")
        self._url = f"{url.rstrip('/')}/calls/{quote(call_sid)}"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def look(self) -> Record | None:
        """Return the record of the call; None while nothing is stored. Raises PhoneError."""
        body = await asyncio.to_thread(self._get)
        return None if body is None else read(body)

    def _get(self) -> bytes | None:
        try:
            request = Request(self._url, headers=self._headers)
            with open_directly(request, timeout=_TIMEOUT_S) as response:
                body: bytes = response.read()
                return body
        except HTTPError as error:
            error.close()
            if error.code == HTTPStatus.NOT_FOUND:
                return None
            mend = _MENDS.get(error.code, "")
            raise PhoneError(f"the console answered {error.code} to {self._url}{mend}") from error
        except (OSError, HTTPException, UnicodeError) as error:  # URLError is an OSError
            raise PhoneError(f"no console answers at {self._url} ({why(error)})") from error
