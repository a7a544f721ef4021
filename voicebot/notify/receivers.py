"""Receivers: the mail server and the webhook endpoints of the settings, one request to an endpoint.

Signatures follow Standard Webhooks:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parseaddr
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import httpx2

from voicebot import __version__
from voicebot.business import Business
from voicebot.error_texts import why
from voicebot.errors import SettingsError
from voicebot.runtime.ports import is_loopback
from voicebot.settings import Settings

if TYPE_CHECKING:
    import aiosmtplib

_MAIL_PORTS: Final = {"smtp": 587, "smtps": 465}
_MAIL_TIMEOUT_S: Final = 20.0
_PREFIX: Final = "whsec_"
_FEWEST_BYTES, _MOST_BYTES = 24, 64
"""The length of a key, from the specification."""
_ID_LETTERS: Final = 12
_MAKE_ONE: Final = 'make one: echo "whsec_$(openssl rand -base64 32)"'
_HEADERS: Final = {"content-type": "application/json", "user-agent": f"voicebot/{__version__}"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One receiver. Its address must not be shown or logged, because it often holds a secret."""

    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)

    @property
    def id(self) -> str:
        """The endpoint's name in Redis, derived from its address."""
        return sha256(self.url.encode()).hexdigest()[:_ID_LETTERS]

    @property
    def label(self) -> str:
        """The host and a short hash of the address, to be shown and logged."""
        return f"{urlsplit(self.url).netloc}#{self.id[:4]}"

    @property
    def is_local(self) -> bool:
        """True when the receiver is on this machine; it is then reached without a proxy."""
        return is_loopback(urlsplit(self.url).hostname or "")

    def signed(self, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
        """Return the headers that sign a request sent at `at_s` (Unix time).

        There is one signature per key, so that keys can be rotated.
        """
        content = f"{message_id}.{at_s}.".encode() + body
        digests = (hmac.digest(key, content, "sha256") for key in self.keys)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": " ".join(f"v1,{b64encode(d).decode()}" for d in digests),
        }


class Verdict(StrEnum):
    """A receiver's answer to one request; GONE: it asks for no further attempts."""

    TAKEN = "taken"
    REFUSED = "refused"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Attempt:
    """The result of one request. `why` holds no text of the receiver."""

    verdict: Verdict
    why: str
    retry_after_s: float = 0.0


class WebhookClient:
    """Sends requests to one endpoint; close it when done.

    A request takes at most `deadline_s`. Only the status counts; a redirect is a refusal.
    """

    def __init__(self, endpoint: Endpoint, deadline_s: float, clock: Callable[[], float]) -> None:
        self._endpoint = endpoint
        self._deadline_s = deadline_s
        self._clock = clock
        self._client = httpx2.AsyncClient(
            headers=_HEADERS,
            timeout=deadline_s,
            follow_redirects=False,
            trust_env=not endpoint.is_local,
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def send(self, message_id: str, body: bytes) -> Attempt:
        """Make one request; failures of the receiver or the network are returned, not raised."""
        headers = self._endpoint.signed(message_id, int(self._clock()), body)
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._post(headers, body)
        except TimeoutError:
            return Attempt(Verdict.REFUSED, f"no answer within {self._deadline_s:g} s")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return Attempt(Verdict.REFUSED, why(error))

    async def _post(self, headers: dict[str, str], body: bytes) -> Attempt:
        """Post the body.

        The response's body is not read, because it is not used and may be endless.
        """
        url = self._endpoint.url
        async with self._client.stream("POST", url, content=body, headers=headers) as response:
            status = f"HTTP {response.status_code}"
            if response.is_success:
                return Attempt(Verdict.TAKEN, status)
            if response.status_code == httpx2.codes.GONE:
                return Attempt(Verdict.GONE, status)
            retry_after = response.headers.get("retry-after", "")
            is_seconds = retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 10
            return Attempt(Verdict.REFUSED, status, float(retry_after) if is_seconds else 0.0)


def endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    """Return the endpoints of VOICEBOT_WEBHOOK_URL; raises SettingsError."""
    if settings.webhook_url is None:
        return ()
    if settings.webhook_secret is None:
        raise SettingsError(f"VOICEBOT_WEBHOOK_SECRET is not set; {_MAKE_ONE}")
    keys = tuple(_key(text) for text in _parts(settings.webhook_secret.get_secret_value()))
    urls = dict.fromkeys(_parts(settings.webhook_url.get_secret_value()))
    return tuple(Endpoint(_checked(u, settings.webhook_allow_http), keys) for u in urls)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _key(text: str) -> bytes:
    try:
        key = b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError:  # invalid base64
        key = b""
    if not _FEWEST_BYTES <= len(key) <= _MOST_BYTES:
        raise SettingsError(
            f"VOICEBOT_WEBHOOK_SECRET must be base64 of {_FEWEST_BYTES} to {_MOST_BYTES} bytes "
            f"behind {_PREFIX}, several with commas between; {_MAKE_ONE}"
        )
    return key


def _checked(text: str, allow_http: bool) -> str:
    """Return a valid address; raises SettingsError, which never quotes it."""
    try:
        url = urlsplit(text)
        host = url.hostname or ""
        host.encode("idna")  # raises for an invalid name
        usable = url.port != 0 and text.isascii() and text.isprintable() and " " not in text
    except ValueError:  # an invalid port, name or IPv6 address
        usable = False
    if not usable or url.scheme not in ("https", "http") or not host:
        raise SettingsError("VOICEBOT_WEBHOOK_URL takes https:// addresses, separated by commas")
    if "@" in url.netloc:
        raise SettingsError(
            "VOICEBOT_WEBHOOK_URL: no user or password in the address, requests are signed"
        )
    if url.scheme == "http" and not (allow_http or is_loopback(host)):
        raise SettingsError(
            f"VOICEBOT_WEBHOOK_URL: http://{host} would send customers' data in the "
            "clear; use https, or set VOICEBOT_WEBHOOK_ALLOW_HTTP=true for a trusted network"
        )
    return text


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """An SMTP server and our login. Without TLS from the start STARTTLS is used where offered."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None

    def client(self, timeout_s: float = _MAIL_TIMEOUT_S) -> aiosmtplib.SMTP:
        """Return a client that connects and logs in when it is entered.

        It raises aiosmtplib.SMTPException and OSError.
        """
        import aiosmtplib  # here, as whoever reads settings needs none

        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.tls,
            username=self.user,
            password=self.password,
            timeout=timeout_s,
        )


def smtp_server(url: str) -> SmtpServer:
    """Parse VOICEBOT_SMTP_URL; raises SettingsError, which never quotes it."""
    try:
        parts = urlsplit(url)
        port, named = parts.port, (parts.hostname or "").encode("idna")
    except ValueError:  # an invalid port, name or IPv6 address
        parts, port, named = urlsplit(""), None, b""
    if parts.scheme not in _MAIL_PORTS or not parts.hostname or not named or port == 0:
        raise SettingsError(
            "VOICEBOT_SMTP_URL must be like smtp://user:password@host:587 or smtps://…:465; "
            "escape special characters in user and password, like %40 for @ and %2F for /"
        )
    return SmtpServer(
        parts.hostname,
        port or _MAIL_PORTS[parts.scheme],
        parts.scheme == "smtps",
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


def sender_address(settings: Settings, business: Business) -> str:
    """Return the address that confirmations come from; raises SettingsError."""
    found = settings.mail_from or business.company.email
    if not found:
        raise SettingsError(
            "confirmations have no sender: set VOICEBOT_MAIL_FROM, or the company's email in "
            "business.toml"
        )
    if "@" not in parseaddr(found)[1]:
        raise SettingsError(
            f"{found!r} is no e-mail address: correct VOICEBOT_MAIL_FROM or the company's email"
        )
    return found
