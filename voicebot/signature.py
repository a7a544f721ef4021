"""X-Twilio-Signature: is a request really the provider's? Pure, constant-time.

The stream server checks it; the console, which shares the auth token, signs with it when it asks
the webhook on behalf of a browser.

Twilio signs the URL as it is configured, with HMAC-SHA1 and the account's auth token; a GET's
parameters are in the URL already. Source: twilio.com/docs/usage/security. What is signed may
differ in the port, and for the WebSocket upgrade in a trailing slash, so all forms are tried.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit, urlunsplit

HEADER: Final = "X-Twilio-Signature"
_PORTS: Final = {"https": 443, "wss": 443, "http": 80, "ws": 80}


def sign(secret: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """The signature of a request for `url`; `form` are the decoded pairs of a POST's body."""
    text = url + "".join(key + value for key, value in sorted(set(form)))
    return b64encode(hmac.new(secret.encode(), text.encode(), "sha1").digest()).decode("ascii")


def is_signed(
    secret: str, urls: Iterable[str], header: str | None, form: Sequence[tuple[str, str]] = ()
) -> bool:
    """Does the header sign one of these URLs, and the form of a POST?"""
    given = (header or "").encode("utf-8", "replace")
    matches = False
    for url in urls:  # all of them, whatever matches: the time taken tells nothing
        matches |= hmac.compare_digest(sign(secret, url, form).encode(), given)
    return matches


def webhook_forms(url: str) -> list[str]:
    """The forms in which the URL of a webhook may have been signed: with port or without."""
    parts = urlsplit(url)
    return [urlunsplit(parts._replace(netloc=host)) for host in _hosts(url)]


def upgrade_forms(url: str) -> list[str]:
    """The same for a WebSocket's URL, which may also have gained or lost its last slash."""
    parts = urlsplit(url)
    bare = parts.path.rstrip("/")
    return [
        urlunsplit(parts._replace(netloc=host, path=path))
        for host in _hosts(url)
        for path in (bare, bare + "/")
    ]


def _hosts(url: str) -> list[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = parts.port or _PORTS.get(parts.scheme, 443)
    return list(dict.fromkeys((parts.netloc, host, f"{host}:{port}")))
