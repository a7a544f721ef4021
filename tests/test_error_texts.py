"""Errors as the libraries really raise them, in our words."""

import errno
import socket
import ssl
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import BaseModel, ByteSize, Field, ValidationError

from tests.ports import free_port
from voicebot.call import CALL_SID_PATTERN
from voicebot.error_texts import sentences, why
from voicebot.store import AWAY, connect


async def refusal(url: str) -> str:
    """Return the reason why a Redis client gets no answer at `url`."""
    client = connect(url)
    with pytest.raises(AWAY) as error:
        await client.ping()
    await client.aclose()
    return why(error.value)


async def test_a_port_where_nothing_listens() -> None:
    assert "connection refused" in await refusal(f"redis://127.0.0.1:{free_port()}")


async def test_a_cluster_of_which_no_node_answers() -> None:
    assert "connection refused" in await refusal(f"redis+cluster://127.0.0.1:{free_port()}")


async def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    assert await refusal(f"unix://{tmp_path}/redis.sock") == "there is no such socket"


def test_a_caller_who_hangs_up_at_once() -> None:
    here, there = socket.socketpair()
    there.close()
    with closing(here), pytest.raises(OSError) as error:  # noqa: PT011 - any of its kinds
        here.sendall(b"x")
    assert why(error.value) == "it broke the connection off"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "its name is unknown: no such host"),
        (TimeoutError(), "no answer in time"),
        (OSError(errno.EHOSTUNREACH, "unreachable"), "there is no way to it"),
        (ssl.SSLCertVerificationError("self-signed"), "its certificate is not trusted"),
        (ssl.SSLError("wrong version"), "it does not speak TLS there, or not ours"),
        (ValueError("Samantha"), "ValueError"),
    ],
)
def test_each_kind_has_its_words_and_nothing_is_quoted(error: Exception, told: str) -> None:
    assert why(error) == told


class _Row(BaseModel):
    seats: int = Field(default=2, ge=1)


class _Table(BaseModel):
    rows: list[_Row]
    names: tuple[str, ...] = Field(("a",), min_length=1)
    size: ByteSize = ByteSize(0)


def test_a_call_sid_is_told_in_words() -> None:
    class Asked(BaseModel):
        call_sid: str = Field(pattern=CALL_SID_PATTERN)

    with pytest.raises(ValidationError) as error:
        Asked.model_validate({"call_sid": "a b"})
    assert sentences(error.value.errors(), quoted=False) == (
        "call_sid must be 1 to 64 letters, digits or signs of _ . -"
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"rows": [{}, {"seats": 0}]},
            "rows, number 2, seats must be 1 or more, not 0",
        ),
        ({"rows": [], "size": "x"}, "size could not parse value and unit from byte string"),
        ({"rows": "x" * 80}, "rows must be a list"),  # too long to be quoted
        ({"rows": [7]}, "rows, number 1 must be a table, not 7"),
        ({"rows": [{}], "names": []}, "names must have 1 or more of them"),
        ({}, "rows is missing"),
    ],
)
def test_a_refused_value_is_told_with_its_place(given: object, told: str) -> None:
    with pytest.raises(ValidationError) as error:
        _Table.model_validate(given)
    assert sentences(error.value.errors()) == told
