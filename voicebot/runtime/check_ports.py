"""Checks of the two ports, the provider's and the staff's: free, protected, reachable."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPException
from urllib.parse import urlsplit
from urllib.request import urlopen

from voicebot.error_texts import open_directly, why
from voicebot.errors import StartFailed
from voicebot.runtime.ports import Address, is_loopback, require_staff_token, reserve
from voicebot.runtime.start_checks import CHECK_TIMEOUT_S, Finding, Level, refused
from voicebot.settings import Settings

_TOKEN_LETTERS = 32
_FEW_LETTERS = 16
_LOCAL = " (`make run-local` is `voicebot serve --local`: that takes calls of this machine only)"


def check_port(subject: str, door: Address) -> Finding:
    """Check that the port is free or held by a running voicebot."""
    at = f"{door.host}:{door.port}"
    try:
        reserve(door).close()
    except StartFailed as error:
        if _is_ours(door):
            return Finding(subject, Level.OK, f"{at}: voicebot is running")
        return Finding(subject, Level.PROBLEM, str(error))
    return Finding(subject, Level.OK, f"{at} is free")


def check_provider(settings: Settings) -> Iterator[Finding]:
    """Check that only the provider can place calls, and that the public address leads here."""
    yield _check_signature(settings)
    if settings.public_url is not None:
        yield _check_public(settings.public_url)


def check_staff(settings: Settings) -> Finding:
    """Check that customers' data is protected by a token beyond this machine."""
    if problem := refused("staff", require_staff_token, settings):
        return problem
    if not settings.console_tokens:
        return Finding("staff", Level.OK, f"no token: {settings.console_host} is this machine only")
    shortest = min(map(len, settings.console_tokens))
    if shortest < _FEW_LETTERS:
        text = f"a token of {shortest} letters can be guessed"
        return Finding("staff", Level.NOTE, text, "make one: openssl rand -hex 16")
    return Finding("staff", Level.OK, "a token is required")


def _check_signature(settings: Settings) -> Finding:
    token = settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else ""
    if token:
        if token.startswith("AC") and len(token) == _TOKEN_LETTERS + 2:
            mend = "set VOICEBOT_TWILIO_AUTH_TOKEN to the token that stands beside it"
            return Finding("provider", Level.PROBLEM, "that is the account's SID, no token", mend)
        if settings.public_url:
            return Finding("provider", Level.OK, "calls must be signed by the provider")
        mend = "set VOICEBOT_PUBLIC_URL to the address that the provider calls"
        return Finding("provider", Level.NOTE, "signatures cover the public address", mend)
    if settings.public_url:
        text = "no auth token: anyone who finds the public address may place calls"
        return Finding("provider", Level.NOTE, text, "set VOICEBOT_TWILIO_AUTH_TOKEN")
    if is_loopback(settings.stream_host):
        return Finding("provider", Level.OK, "no auth token: calls from this machine only")
    mend = "set VOICEBOT_TWILIO_AUTH_TOKEN, or VOICEBOT_STREAM_HOST=127.0.0.1"
    text = f"no auth token, and `voicebot serve` takes calls on {settings.stream_host}"
    if "stream_host" not in settings.model_fields_set:
        mend += _LOCAL
    return Finding("provider", Level.NOTE, text, mend)


def _check_public(url: str) -> Finding:
    host = urlsplit(url).hostname or ""
    if is_loopback(host):
        mend = "set VOICEBOT_PUBLIC_URL to the address of your tunnel or proxy"
        return Finding("public URL", Level.NOTE, f"{url}: no provider reaches {host}", mend)
    try:
        with urlopen(f"{url}/healthz", timeout=CHECK_TIMEOUT_S):
            pass
    except (OSError, HTTPException, UnicodeError) as error:  # HTTPError, URLError are OSErrors
        mend = "start server and tunnel, or correct VOICEBOT_PUBLIC_URL; then ask again"
        reason = f"HTTP {code}" if (code := getattr(error, "code", 0)) else why(error)
        return Finding("public URL", Level.NOTE, f"{url} does not lead here ({reason})", mend)
    if not url.startswith("https"):
        mend = "use https: what callers say would travel in the clear"
        return Finding("public URL", Level.NOTE, f"{url} answers, without TLS", mend)
    return Finding(
        "public URL", Level.OK, f"{url} answers; webhook {url}/twiml, method POST or GET"
    )


def _is_ours(door: Address) -> bool:
    address = f"http://{door.reachable_host}:{door.port}/healthz"
    try:
        with open_directly(address, timeout=CHECK_TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException, ValueError):
        return False
