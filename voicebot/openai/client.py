"""The account at OpenAI or at a server that speaks its API, its HTTP client, and what it raises.

The openai library raises its own errors and some of its transport's; WebSockets raise theirs; our
deadlines raise TimeoutError; a truncated body is a ValueError, as is pydantic's ValidationError.
Importing this module takes most of a second.
"""

import re
from dataclasses import dataclass, field
from typing import Final

import httpx2
import openai
from openai import AsyncOpenAI
from websockets.exceptions import InvalidStatus, WebSocketException

from voicebot.errors import SettingsError
from voicebot.openai.failures import Failure
from voicebot.settings import Settings

OPENAI_URL: Final = "https://api.openai.com/v1"

_ANSWER_S: Final = 10.0
"""For each piece of an answer; requests during a call have shorter deadlines of their own."""
_CONNECT_S: Final = 2.0
_KEY = re.compile(r"[!-~]+")
_NO_QUOTA: Final = b"insufficient_quota"


@dataclass(frozen=True, slots=True)
class Account:
    """The base URL and the key, which is hidden in the repr."""

    base_url: str
    key: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a WebSocket's handshake."""
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def is_openai(self) -> bool:
        """True for OpenAI itself; other servers refuse unknown parameters."""
        return self.base_url.startswith("https://api.openai.com/")

    @property
    def transcription_url(self) -> str:
        """The address of a Realtime transcription socket."""
        return f"ws{self.base_url.removeprefix('http')}/realtime?intent=transcription"

    def open_client(self) -> AsyncOpenAI:
        """Open an HTTP client, which the caller closes. Use one per process, to keep connections.

        It does not retry, nor wait for a Retry-After, because a caller is waiting.
        """
        return AsyncOpenAI(
            api_key=self.key,
            base_url=self.base_url,
            max_retries=0,
            timeout=httpx2.Timeout(_ANSWER_S, connect=_CONNECT_S),
        )


def account(settings: Settings) -> Account:
    """Return the account of these settings; raises SettingsError.

    Another server (`OPENAI_BASE_URL`) may need no key; the client then sends a placeholder.
    """
    base_url = (settings.openai_base_url or OPENAI_URL).rstrip("/")
    if base_url.partition("://")[0] not in ("http", "https"):
        raise SettingsError("OPENAI_BASE_URL must begin with https:// or http://")
    if settings.openai_api_key is not None:
        key = settings.openai_api_key.get_secret_value().strip()
        if not _KEY.fullmatch(key):  # not valid in a header
            raise SettingsError(
                "OPENAI_API_KEY contains a character that no key has; copy it again"
            )
        return Account(base_url, key)
    if settings.openai_base_url is None:
        raise SettingsError(
            "OpenAI is chosen, but OPENAI_API_KEY is not set: set it, or VOICEBOT_TRANSCRIBER, "
            "_SYNTHESIZER and _UNDERSTANDING to local"
        )
    return Account(base_url, "none")


FAILURES: Final = (
    openai.OpenAIError,
    httpx2.HTTPError,
    WebSocketException,
    OSError,
    ValueError,
)
"""All exceptions of a request; TimeoutError is an OSError."""


class Stalled(TimeoutError):
    """The answer began and did not continue in time."""


class Unwanted(ValueError):
    """A complete answer that is of no use; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


def failure_of(error: Exception) -> Failure:
    """Return the kind of failure of an exception."""
    match error:
        case Unwanted():
            return error.failure
        case Stalled():
            return Failure.STALLED
        case TimeoutError() | openai.APITimeoutError() | httpx2.TimeoutException():
            return Failure.LATE
        case openai.RateLimitError() if error.code == _NO_QUOTA.decode():
            return Failure.NO_QUOTA
        case openai.APIStatusError():
            return failure_of_status(error.status_code)
        case InvalidStatus() if _NO_QUOTA in (error.response.body or b""):
            return Failure.NO_QUOTA
        case InvalidStatus():
            return failure_of_status(error.response.status_code)
        case ValueError() | openai.APIResponseValidationError():
            return Failure.MALFORMED
        case _:
            return Failure.CONNECTION


def failure_of_status(status: int) -> Failure:
    """Return the kind of failure of an HTTP status."""
    if status in (401, 403):
        return Failure.UNAUTHORIZED
    if status == 429:
        return Failure.RATE_LIMITED
    return Failure.SERVER_ERROR if status >= 500 or status == 408 else Failure.WRONG_REQUEST
