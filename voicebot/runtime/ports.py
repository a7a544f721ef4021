"""Addresses: the two doors, taken before anything starts, so that a clash is told by name."""

from __future__ import annotations

import errno
import random
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from voicebot.errors import SettingsError, StartFailed
from voicebot.settings import Settings

_OWN_PORTS: Final = range(20_000, 32_000)
"""Below those that systems give to outgoing connections (32768 and up): a port that is settled
here and let go for a child to take is not taken by anybody's connection meanwhile."""
_TRIES: Final = 100
_AUTHORITY: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Door:
    """An address to listen on, and the settings that choose it."""

    host: str
    port: int
    host_setting: str
    port_setting: str

    @property
    def reachable_host(self) -> str:
        """The host that a program on this machine connects to, ready for a URL."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        return f"[{host}]" if ":" in host else host


def stream_door(settings: Settings) -> Door:
    """Where the phone provider connects."""
    return Door(
        settings.stream_host,
        settings.stream_port,
        "VOICEBOT_STREAM_HOST",
        "VOICEBOT_STREAM_PORT",
    )


def console_door(settings: Settings) -> Door:
    """Where staff connect."""
    return Door(
        settings.console_host,
        settings.console_port,
        "VOICEBOT_CONSOLE_HOST",
        "VOICEBOT_CONSOLE_PORT",
    )


def is_loopback(host: str) -> bool:
    """Does only this machine reach a server that listens on `host`?"""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_authority(host: str) -> bool:
    """Is a request's Host a name or an address, with a port or without one?"""
    if not _AUTHORITY.fullmatch(host):
        return False
    try:
        urlsplit(f"//{host}").port  # noqa: B018, it is checked when it is read
    except ValueError:  # beyond 65535, or brackets around what is no IPv6 address
        return False
    return True


def require_staff_token(settings: Settings) -> None:
    """Customers' data is not shown to the network without a token; raises SettingsError."""
    if not is_loopback(settings.console_host) and settings.console_token is None:
        raise SettingsError(
            f"the console on {settings.console_host} would show customers' data to the network: "
            "set VOICEBOT_CONSOLE_TOKEN, or VOICEBOT_CONSOLE_HOST=127.0.0.1"
        )


def without_password(url: str) -> str:
    """An address that may be shown: neither its password nor its query."""
    scheme, parts, rest = url.partition("://") if "://" in url else ("", "", url)
    credentials, at, where = rest.rpartition("@")  # the last one: an odd password may hold some
    if "?" in credentials:  # a password with a mark in it, before the host or behind it
        return f"{scheme}{parts}…"
    user, colon, _ = credentials.partition(":")
    hidden = ":…" if colon else ""
    return f"{scheme}{parts}{user}{hidden}{at}{where.partition('?')[0]}"


def reserve(door: Door) -> socket.socket:
    """Bind a door's address without listening; raises StartFailed when somebody else has it.

    The socket shares its port (SO_REUSEPORT) with our own workers, and with port 0 it settles
    which free one they all get. As it never listens, the kernel gives it no connection.
    """
    try:
        port = door.port or free_port(door.host)
        _bound(door, port).close()  # alone: this is the one that can find a clash
        return _bound(door, port, shared=True)
    except OSError as error:
        raise StartFailed(clash(door, error)) from error


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody has and no connection will get; raises OSError when there is none."""
    for port in random.sample(_OWN_PORTS, _TRIES):
        with suppress(OSError):
            _bound(Door(host, port, "", ""), port).close()
            return port
    raise OSError(errno.EADDRINUSE, "no free port")


def is_free(door: Door) -> bool:
    """Could we listen there now?"""
    try:
        reserve(door).close()
    except StartFailed:
        return False
    return True


def port_of(held: socket.socket) -> int:
    """The port that a reserved socket holds."""
    return int(held.getsockname()[1])


def _bound(door: Door, port: int, *, shared: bool = False) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        door.host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    held = socket.socket(family, kind, protocol)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # past calls linger
        if shared:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(address)
    except OSError:
        held.close()
        raise
    return held


def clash(door: Door, error: OSError) -> str:
    """Why nobody can listen at that door, and what to change."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {door.port} on {door.host} is taken by another program: "
            f"stop that one, or set {door.port_setting} to a free port"
        )
    if error.errno == errno.EACCES:
        return f"port {door.port} may not be used by this user: set {door.port_setting} above 1023"
    return (
        f"cannot listen on {door.host}:{door.port} ({error.strerror}): "
        f"check {door.host_setting} and {door.port_setting}"
    )
