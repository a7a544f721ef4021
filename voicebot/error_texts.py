"""Describe the errors of libraries in plain words: what a value must be, why a server is away."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final
from urllib.request import ProxyHandler, build_opener

if TYPE_CHECKING:  # the phone needs no pydantic
    from pydantic_core import ErrorDetails

_SENTENCES: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "bool_parsing": "Input should be true or false",
    "int_parsing": "Input should be a whole number",
    "int_from_float": "Input should be a whole number",
    "time_parsing": 'Input should be a time like "09:30"',
    "zoneinfo_str": "Input should be a time zone like Europe/London",
    "tuple_type": "Input should be a list",
    "list_type": "Input should be a list",
    "dict_type": "Input should be a table",
    "model_type": "Input should be a table",
    "model_attributes_type": "Input should be an object",
    "json_invalid": "is no JSON",
    "string_type": "Input should be text",
    "string_unicode": "Input should be text of whole characters",
    "string_too_short": "Input should have {min_length} or more characters",
    "string_too_long": "Input should have at most {max_length} characters",
    "string_pattern_mismatch": "Input should be {pattern}",
    "too_short": "Input should have {min_length} or more of them",
    "too_long": "Input should have at most {max_length} of them",
    "bytes_type": "Input should be text",
    "int_type": "Input should be a whole number",
    "float_type": "Input should be a number",
    "float_parsing": "Input should be a number",
    "greater_than": "Input should be more than {gt}",
    "greater_than_equal": "Input should be {ge} or more",
    "less_than": "Input should be less than {lt}",
    "less_than_equal": "Input should be {le} or less",
    "multiple_of": "Input should be a multiple of {multiple_of}",
    "datetime_from_date_parsing": "Input should be a moment like 2026-03-02T09:00:00Z",
    "datetime_parsing": "Input should be a moment like 2026-03-02T09:00:00Z",
    "datetime_type": "Input should be a moment like 2026-03-02T09:00:00Z",
    "date_from_datetime_parsing": "Input should be a date like 2026-03-02",
    "date_parsing": "Input should be a date like 2026-03-02",
    "union_tag_invalid": "Input should have a {discriminator} of {expected_tags}",
    "union_tag_not_found": "Input should have a {discriminator}",
}
"""By pydantic's type of error, where its own sentence is not for the author of a file; in braces:
what its context tells."""
_PATTERNS: Final = {
    r"^[A-Za-z0-9_.-]{1,64}$": "1 to 64 letters, digits or signs of _ . -",
    r"^web-[A-Za-z0-9_-]{1,60}$": "a call of a browser, web-…",
}
"""What a pattern of ours asks for, in words; another one is told as it is."""
_PARSER_DETAILS: Final = re.compile(r", (unable to|got a|invalid|input is too) .*")
_SHOULD: Final = re.compile(r"^(Input|List|Tuple|Dictionary|String) should")
_LONGEST_QUOTE: Final = 40

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

open_directly = build_opener(ProxyHandler({})).open
"""`urlopen` without proxies."""


def sentences(errors: Iterable[ErrorDetails], *, quoted: bool = True) -> str:
    """Return a file's validation errors with their places, which are counted from one.

    Example: `services, number 2, name is missing; region must be …`.
    """
    return "; ".join(
        f"{_place(details['loc'])} {sentence(details, quoted=quoted)}".strip() for details in errors
    )


def sentence(details: ErrorDetails, *, quoted: bool = True) -> str:
    """Return what the value must be and, if `quoted`, what it is, without its place."""
    message = details["msg"]
    if ours := _SENTENCES.get(details["type"]):
        context = {key: _plain(value) for key, value in details.get("ctx", {}).items()}
        pattern = str(context.get("pattern"))
        context["pattern"] = _PATTERNS.get(pattern, pattern)
        message = ours.format_map(context)
    text = _SHOULD.sub("must", _PARSER_DETAILS.sub("", message).removeprefix("Value error, "))
    if not quoted or not message.startswith("Input should"):
        return text
    given = details["input"]
    shown = repr(given) if isinstance(given, str | int | float) else ""
    return f"{text}, not {shown}" if 0 < len(shown) <= _LONGEST_QUOTE else text


def _plain(value: object) -> object:
    """Return a limit as people write it: 1, not 1.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _place(loc: tuple[str | int, ...]) -> str:
    parts = (f"number {part + 1}" if isinstance(part, int) else part for part in loc)
    return ", ".join(part for part in parts if part != "[key]")


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
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        seen.append(found)
        yield found
        reason = getattr(found, "reason", None)
        found = (
            reason if isinstance(reason, BaseException) else found.__cause__ or found.__context__
        )
