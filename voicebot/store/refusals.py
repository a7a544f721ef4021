"""What an error reply of Redis means: by its class and its code, never by its text.

Almost all mean "not now": no memory (OOM), a replica (READONLY), no rights (NOPERM), BUSY,
MISCONF, NOREPLICAS, CLUSTERDOWN, and whatever a later server will say. Inside a script some of
them come as a plain ERR. What was asked is kept and asked again.

One means that somebody must mend something first: a key of another type (WRONGTYPE).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import ResponseError

from voicebot.errors import StoreUnavailable
from voicebot.store.client import AWAY

_WRONG_TYPE = "WRONGTYPE"


def code_of(error: ResponseError) -> str:
    """The code of an error reply: its first word (https://valkey.io/topics/protocol/).

    redis-py takes it off the replies that it has a class for, and leaves it on the others.
    """
    return error.status_code or str(error).partition(" ")[0]


def is_wrong_type(reply: object) -> bool:
    """Is this an error that says that the key asked for is of another type?"""
    return isinstance(reply, ResponseError) and code_of(reply) == _WRONG_TYPE


@contextmanager
def answering() -> Iterator[None]:
    """For those to whom nothing can be told without Redis: raises StoreUnavailable."""
    try:
        yield
    except ResponseError as error:
        told = f"Redis refuses ({code_of(error)}); see `voicebot doctor`"
        raise StoreUnavailable(told) from error
    except AWAY as error:
        raise StoreUnavailable("Redis did not answer; check VOICEBOT_REDIS_URL") from error


def why_away(error: Exception) -> str:
    """A word for the log: the code of an error reply, else the error's class."""
    return code_of(error) if isinstance(error, ResponseError) else type(error).__name__
