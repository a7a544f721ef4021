"""Addresses to listen on, bound before anything starts, so that conflicts are reported by name."""

import errno
import random
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from voicebot.errors import SettingsError, StartFailed
from voicebot.settings import Settings

_OWN_PORTS: Final = range(20_000, 32_000)
"""Below the range for outgoing connections (32768 and up), so that no connection takes a port
between its choice here and its use by a child."""
_TRIES: Final = 100
_AUTHORITY: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Address:
    """An address to listen on; `VOICEBOT_{name}_HOST` and `…_PORT` are its settings."""

    host: str
    port: int
    name: str = ""

    @property
    def reachable_host(self) -> str:
        """The host for connections from this machine, in the form for a URL."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        return f"[{host}]" if ":" in host else host


def stream_address(settings: Settings) -> Address:
    """Return the address where the provider connects."""
    return Address(settings.stream_host, settings.stream_port, "STREAM")


def console_address(settings: Settings) -> Address:
    """Return the address where staff connect."""
    return Address(settings.console_host, settings.console_port, "CONSOLE")


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a server on `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_authority(host: str) -> bool:
    """Return whether a request's Host is a name or address with an optional port."""
    if not _AUTHORITY.fullmatch(host):
        return False
    try:
        urlsplit(f"//{host}").port  # noqa: B018, it is checked when it is read
    except ValueError:  # beyond 65535, or brackets around what is no IPv6 address
        return False
    return True


def require_staff_token(settings: Settings) -> None:
    """Require a staff token when the console is reachable by network; raises SettingsError."""
    if not is_loopback(settings.console_host) and settings.console_token is None:
        raise SettingsError(
            f"the console on {settings.console_host} would show customers' data to the network: "
            "set VOICEBOT_CONSOLE_TOKEN, or VOICEBOT_CONSOLE_HOST=127.0.0.1"
        )


def without_password(url: str) -> str:
    """Return the URL without its password and query, for messages."""
    scheme, parts, rest = url.partition("://") if "://" in url else ("", "", url)
    credentials, at, where = rest.rpartition("@")  # the last one: a password may contain some
    if "?" in credentials:  # a password with a question mark
        return f"{scheme}{parts}…"
    user, colon, _ = credentials.partition(":")
    hidden = ":…" if colon else ""
    return f"{scheme}{parts}{user}{hidden}{at}{where.partition('?')[0]}"


def reserve(address: Address) -> socket.socket:
    """Bind an address without listening; raises StartFailed when it is in use.

    The socket shares its port (SO_REUSEPORT) with the stream workers; with port 0 it chooses a free
    one for all of them. As it never listens, it gets no connections.
    """
    try:
        chosen = replace(address, port=address.port or free_port(address.host))
        _bound(chosen).close()  # without SO_REUSEPORT, which finds conflicts
        return _bound(chosen, shared=True)
    except OSError as error:
        raise StartFailed(_clash(address, error)) from error


def free_port(host: str = "127.0.0.1") -> int:
    """Return a free port outside the range for outgoing connections; raises OSError."""
    for port in random.sample(_OWN_PORTS, _TRIES):
        with suppress(OSError):
            _bound(Address(host, port)).close()
            return port
    raise OSError(errno.EADDRINUSE, "no free port")


def _bound(address: Address, *, shared: bool = False) -> socket.socket:
    family, kind, protocol, _, socket_address = socket.getaddrinfo(
        address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    held = socket.socket(family, kind, protocol)
    try:
        # Ignore closed connections in TIME_WAIT.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(socket_address)
    except OSError:
        held.close()
        raise
    return held


def _clash(address: Address, error: OSError) -> str:
    """Return why the address cannot be bound, and what to change."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {address.port} on {address.host} is taken by another program: "
            f"stop that one, or set VOICEBOT_{address.name}_PORT to a free port"
        )
    if error.errno == errno.EACCES:
        return (
            f"port {address.port} may not be used by this user: "
            f"set VOICEBOT_{address.name}_PORT above 1023"
        )
    return (
        f"cannot listen on {address.host}:{address.port} ({error.strerror}): "
        f"check VOICEBOT_{address.name}_HOST and VOICEBOT_{address.name}_PORT"
    )
