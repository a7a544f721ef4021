"""Addresses: reserved, refused, shown without passwords."""

import socket

import pytest

from voicebot.errors import StartFailed
from voicebot.runtime.ports import Address, is_loopback, reserve, without_password


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://h:1/2", "redis://h:1/2"),
        ("redis://bot@h:1", "redis://bot@h:1"),
        ("redis://:pw@h:1", "redis://:…@h:1"),
        ("redis://:1/p#w@h:1", "redis://:…@h:1"),
        ("redis://h:1?password=pw", "redis://h:1"),
        ("redis://h:1?password=p@w", "redis://…"),
        ("redis://:a://b@h:1", "redis://:…@h:1"),
        ("user:pw@h:1", "user:…@h:1"),
    ],
)
def test_a_password_is_masked(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_a_reserved_port_is_refused_to_others_and_shared_with_our_workers() -> None:
    with (
        reserve(Address("127.0.0.1", 0)) as held,
        socket.socket() as other,
        socket.socket() as worker,
    ):
        address = ("127.0.0.1", held.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            other.bind(address)
        worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        worker.bind(address)
        worker.listen()
        with socket.create_connection(address):
            worker.accept()[0].close()


def test_a_port_that_is_in_use_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address("127.0.0.1", taken.getsockname()[1], "STREAM")
        with pytest.raises(StartFailed, match=f"port {address.port} .* VOICEBOT_STREAM_PORT"):
            reserve(address)


@pytest.mark.parametrize(
    ("host", "only_here"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("h", False)],
)
def test_loopback_is_told_from_the_network(host: str, only_here: bool) -> None:
    assert is_loopback(host) is only_here
