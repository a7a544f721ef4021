"""The exceptions of OpenAI requests, and the kind of failure of each.

The openai library raises its own errors and some of its transport's; WebSockets raise theirs; our
deadlines raise TimeoutError; a truncated body is a ValueError, as is pydantic's ValidationError.
Importing this module takes most of a second.
"""

from __future__ import annotations

from typing import Final

import httpx2
import openai
from websockets.exceptions import InvalidStatus, WebSocketException

from voicebot.openai.failures import Failure

FAILURES: Final = (
    openai.OpenAIError,
    httpx2.HTTPError,
    WebSocketException,
    OSError,
    ValueError,
)
"""All exceptions of a request; TimeoutError is an OSError."""


_NO_QUOTA: Final = b"insufficient_quota"


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
