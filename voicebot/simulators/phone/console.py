"""The server's addresses, and its console, which tells the open step and the record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from voicebot.call import FIELDS, Step
from voicebot.error_texts import open_directly, why
from voicebot.errors import PhoneError
from voicebot.simulators.phone.script import CONFIRM, Cue

_TIMEOUT_S: Final = 5.0
_MENDS: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "; set VOICEBOT_CONSOLE_TOKEN as the server has it",
    HTTPStatus.SERVICE_UNAVAILABLE: "; its Redis does not answer",
}
_BOT: Final = "AI"


class _Said(BaseModel):
    speaker: str
    message: str


class _User(BaseModel):
    userInfo: dict[str, str | None] = {}
    service: dict[str, object] | None = None
    serviceBookedTime: str | None = None


class _Answer(BaseModel):
    """The used part of `GET /calls/{callSid}`; unknown keys are ignored."""

    step: Step | None = None
    asking: str | None = None
    user: _User = Field(default_factory=_User)
    history: list[_Said] = []


@dataclass(frozen=True)
class Look:
    """The state of a call in its record.

    cue       what is asked; None when unknown
    recorded  values by step
    bot_said  all messages of the bot, in order
    record    the whole answer, for printing
    """

    cue: Cue | None = None
    recorded: Mapping[Step, str] = field(default_factory=dict)
    bot_said: tuple[str, ...] = ()
    record: Mapping[str, object] = field(default_factory=dict)

    def saved(self, step: Step) -> bool:
        """Return whether the record holds this step's value."""
        return step in self.recorded


class Console:
    """A client of `GET {url}/calls/{callSid}`."""

    def __init__(self, url: str, call_sid: str, token: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise PhoneError(f"{url!r} is no address of a console; it looks like http://HOST:8000")
        self._url = f"{url.rstrip('/')}/calls/{quote(call_sid)}"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def look(self) -> Look | None:
        """Return the state of the call; None while nothing is stored. Raises PhoneError."""
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
            if error.code == 404:
                return None
            mend = _MENDS.get(error.code, "")
            raise PhoneError(f"the console answered {error.code} to {self._url}{mend}") from error
        except (OSError, HTTPException, UnicodeError) as error:  # URLError is an OSError
            raise PhoneError(f"no console answers at {self._url} ({why(error)})") from error


def read(body: bytes) -> Look:
    """Parse the console's answer; raises PhoneError."""
    try:
        record = json.loads(body)
        answer = _Answer.model_validate(record)
    except (json.JSONDecodeError, ValidationError) as error:
        raise PhoneError("the console's answer is not a call's record") from error
    said = tuple(m.message for m in answer.history if m.speaker == _BOT)
    return Look(_cue(answer), _recorded(answer.user), said, record)


def _cue(answer: _Answer) -> Cue | None:
    if answer.step not in FIELDS:
        return None
    return Cue(Step(answer.step), answer.asking == CONFIRM)


def _recorded(user: _User) -> dict[Step, str]:
    names = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL)
    values: dict[Step, object] = {step: user.userInfo.get(step.value) for step in names}
    values[Step.SERVICE] = (user.service or {}).get("name")
    values[Step.TIME] = user.serviceBookedTime
    return {step: str(value) for step, value in values.items() if value}


_EVERYWHERE: Final = ("0.0.0.0", "::")


class ServerAddresses(BaseSettings):
    """The addresses of a server on this machine, from the same settings as the server's."""

    model_config = SettingsConfigDict(
        env_prefix="VOICEBOT_",
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
    )

    stream_host: str = "127.0.0.1"
    stream_port: str = "8080"
    console_host: str = "127.0.0.1"
    console_port: str = "8000"
    console_token: SecretStr | None = None
    data_dir: Path = Path(".voicebot")

    @property
    def stream_url(self) -> str:
        """The URL of the media stream."""
        return f"ws://{_reachable(self.stream_host)}:{self.stream_port}/media"

    @property
    def console_url(self) -> str:
        """The URL of the console."""
        return f"http://{_reachable(self.console_host)}:{self.console_port}"

    @property
    def token(self) -> str | None:
        """The first of the console's tokens, or None."""
        given = self.console_token.get_secret_value() if self.console_token else ""
        return next(iter(given.replace(",", " ").split()), None)


def find_server() -> ServerAddresses:
    """Read the environment and `.env`; raises PhoneError."""
    try:
        return ServerAddresses()
    except (OSError, UnicodeDecodeError) as error:
        raise PhoneError("cannot read .env: it must be UTF-8 text that you may read") from error


def _reachable(host: str) -> str:
    here = "127.0.0.1" if host in _EVERYWHERE else host
    return f"[{here}]" if ":" in here else here
