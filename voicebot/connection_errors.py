"""Describe connection errors in plain words instead of the names of Python classes."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Final
from urllib.request import ProxyHandler, build_opener

_BY_KIND: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "it does not speak TLS there, or not ours"),
    (ConnectionRefusedError, "nothing listens there: connection refused"),
    (socket.gaierror, "its name is unknown: no such host"),
    (ConnectionError, "it broke the connection off"),
    (TimeoutError, "no answer in time"),
    (UnicodeError, "its address cannot be understood"),
)
_BY_NUMBER: Final = {
    errno.EHOSTUNREACH: "there is no way to it",
    errno.ENETUNREACH: "there is no way to it",
    errno.ENOENT: "there is no such socket",
    errno.EACCES: "this user may not use it",
}
_BY_NAME: Final = {
    "AuthenticationError": "it refuses the password, or wants one",
    "AuthorizationError": "it does not let this user",
    "NoPermissionError": "it does not let this user",
    "BusyLoadingError": "it is still reading its data back",
    "MasterNotFoundError": "no Sentinel answers that knows this master",
    "InvalidResponse": "what answers there is not Redis",
    "SMTPAuthenticationError": "it refuses user or password",
    "BadStatusLine": "what answers there does not speak HTTP",
    "RemoteProtocolError": "what answers there does not speak HTTP, or breaks off",
    "ConnectTimeout": "no answer in time",
    "ReadTimeout": "no answer in time",
    "InvalidURL": "its address cannot be understood",
    "UnsupportedProtocol": "its address cannot be understood",
}
"""By class name, so that the libraries need not be imported."""


def why(error: BaseException) -> str:
    """Return the reason for a network error, even when several libraries have wrapped it.

    An unknown error is described by its class name, which holds no customer's data.
    """
    causes = list(_causes(error))
    for cause in causes:
        if name := _BY_NAME.get(type(cause).__name__):
            return name
    for cause in reversed(causes):  # the innermost is the most precise
        for kind, words in _BY_KIND:
            if isinstance(cause, kind):
                return words
        if isinstance(cause, OSError) and cause.errno in _BY_NUMBER:
            return _BY_NUMBER[cause.errno]
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and its causes, including urllib's `reason`."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        reason = getattr(found, "reason", None)
        found = (
            reason if isinstance(reason, BaseException) else found.__cause__ or found.__context__
        )


open_directly = build_opener(ProxyHandler({})).open
"""`urlopen` without proxies."""
