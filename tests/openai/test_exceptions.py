"""Which exception is which kind of failure."""

from __future__ import annotations

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.http11 import Response

from voicebot.openai.exceptions import Stalled, failure_of
from voicebot.openai.failures import Failure


def refused(status: int, body: bytes = b"") -> InvalidStatus:
    return InvalidStatus(Response(status, "", Headers(), body))


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (refused(401), Failure.UNAUTHORIZED),
        (refused(404), Failure.WRONG_REQUEST),
        (refused(429), Failure.RATE_LIMITED),
        (refused(429, b'{"error": {"code": "insufficient_quota"}}'), Failure.NO_QUOTA),
        (refused(503), Failure.SERVER_ERROR),
        (ConnectionClosedError(None, None), Failure.CONNECTION),
        (TimeoutError(), Failure.LATE),
        (Stalled(), Failure.STALLED),
        (ValueError(), Failure.MALFORMED),
    ],
)
def test_each_has_its_kind(error: Exception, failure: Failure) -> None:
    assert failure_of(error) is failure
