"""Sign requests and check signatures as X-Twilio-Signature does. No I/O.

SignalWire signs the forms of its compatible API in the same way, with the project's signing key,
under a header of its own, and does not sign the upgrade of a WebSocket.

The stream server checks signatures. The console, which shares the auth token, signs its requests
to the webhook on behalf of a browser.

Twilio signs the configured URL and a POST's form with HMAC-SHA1 and the account's auth token.
Source: twilio.com/docs/usage/security. The signed URL may differ in the port, and for a WebSocket
in the trailing slash, so all forms are tried.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit, urlunsplit

HEADER: Final = "X-Twilio-Signature"
SIGNALWIRE_HEADER: Final = "X-SignalWire-Signature"
_PORTS: Final = {"https": 443, "wss": 443, "http": 80, "ws": 80}


def sign(secret: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """Return the signature of a request for `url`; `form` holds a POST's decoded pairs."""
    text = url + "".join(key + value for key, value in sorted(set(form)))
    return b64encode(hmac.new(secret.encode(), text.encode(), "sha1").digest()).decode("ascii")


def is_signed(
    secret: str, urls: Iterable[str], header: str | None, form: Sequence[tuple[str, str]] = ()
) -> bool:
    """Return whether the header signs one of these URLs and the form, in constant time."""
    given = (header or "").encode("utf-8", "replace")
    matches = False
    for url in urls:  # always all of them, for a constant time
        matches |= hmac.compare_digest(sign(secret, url, form).encode(), given)
    return matches


def signed_forms(url: str, *, upgrade: bool = False) -> list[str]:
    """Return the forms in which a URL may be signed: with and without its port.

    upgrade  of a WebSocket: also with and without a trailing slash
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = parts.port or _PORTS.get(parts.scheme, 443)
    bare = parts.path.rstrip("/")
    return [
        urlunsplit(parts._replace(netloc=netloc, path=path))
        for netloc in dict.fromkeys((parts.netloc, host, f"{host}:{port}"))
        for path in ((bare, bare + "/") if upgrade else (parts.path,))
    ]
