"""Checks of the two ports, the provider's and the staff's: free, protected, reachable."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit
from urllib.request import urlopen

from voicebot.error_texts import open_directly, why
from voicebot.errors import StartFailed
from voicebot.runtime.findings import CHECK_TIMEOUT_S, Check, Finding, note, ok, problem
from voicebot.runtime.ports import (
    Address,
    console_address,
    is_loopback,
    require_staff_token,
    reserve,
    stream_address,
)
from voicebot.settings import Settings

_TOKEN_LETTERS = 32
_FEW_LETTERS = 16
_LOCAL = " (`make run-local` is `voicebot serve --local`: that takes calls of this machine only)"


async def check_port(
    address_of: Callable[[Settings], Address], settings: Settings
) -> AsyncIterator[Finding]:
    """Check that a port of ours is free or held by a running voicebot."""
    address = address_of(settings)
    try:
        reserve(address).close()
        yield ok(f"{address.host}:{address.port} is free")
    except StartFailed as error:
        if await asyncio.to_thread(_is_ours, address):
            yield ok(f"voicebot runs at {address.reachable_host}:{address.port}")
        else:
            yield problem(str(error))


async def check_provider(settings: Settings) -> AsyncIterator[Finding]:
    """Check that only the provider can place calls."""
    token = settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else ""
    if token.startswith("AC") and len(token) == _TOKEN_LETTERS + 2:
        mend = "set VOICEBOT_TWILIO_AUTH_TOKEN to the token that stands beside it"
        yield problem("that is the account's SID, no token", mend)
    elif token and settings.public_url:
        yield ok("calls must be signed by the provider")
    elif token:
        mend = "set VOICEBOT_PUBLIC_URL to the address that the provider calls"
        yield note("signatures cover the public address", mend)
    elif settings.public_url:
        text = "no auth token: anyone who finds the public address may place calls"
        yield note(text, "set VOICEBOT_TWILIO_AUTH_TOKEN")
    elif is_loopback(settings.stream_host):
        yield ok("no auth token: calls from this machine only")
    else:
        text = f"no auth token, and `voicebot serve` takes calls on {settings.stream_host}"
        mend = "set VOICEBOT_TWILIO_AUTH_TOKEN, or VOICEBOT_STREAM_HOST=127.0.0.1"
        yield note(text, mend + ("" if "stream_host" in settings.model_fields_set else _LOCAL))


async def check_public_url(settings: Settings) -> AsyncIterator[Finding]:
    """Check that the public address, where one is set, leads here."""
    url = settings.public_url
    if url is None:
        return
    if is_loopback(host := urlsplit(url).hostname or ""):
        mend = "set VOICEBOT_PUBLIC_URL to the address of your tunnel or proxy"
        yield note(f"{url}: no provider reaches {host}", mend)
    elif reason := await asyncio.to_thread(_unreachable, url):
        mend = "start server and tunnel, or correct VOICEBOT_PUBLIC_URL; then ask again"
        yield note(f"{url} does not lead here ({reason})", mend)
    elif not url.startswith("https"):
        mend = "use https: what callers say would travel in the clear"
        yield note(f"{url} answers, without TLS", mend)
    else:
        yield ok(f"{url} answers; webhook {url}/twiml, method POST or GET")


async def check_staff(settings: Settings) -> AsyncIterator[Finding]:
    """Check that the tokens that protect customers' data cannot be guessed."""
    if not settings.console_tokens:
        yield ok(f"no token: {settings.console_host} is this machine only")
    elif (shortest := min(map(len, settings.console_tokens))) < _FEW_LETTERS:
        text = f"a token of {shortest} letters can be guessed"
        yield note(text, "make one: openssl rand -hex 16")
    else:
        yield ok("a token is required")


def _is_ours(address: Address) -> bool:
    url = f"http://{address.reachable_host}:{address.port}/healthz"
    try:
        with open_directly(url, timeout=CHECK_TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException, ValueError):
        return False


def _unreachable(url: str) -> str:
    """Return why no server of ours answers at `url`, or nothing when one does."""
    try:
        with urlopen(f"{url}/healthz", timeout=CHECK_TIMEOUT_S):
            return ""
    except (OSError, HTTPException, UnicodeError) as error:  # HTTPError, URLError are OSErrors
        return f"HTTP {code}" if (code := getattr(error, "code", 0)) else why(error)


PORT_CHECKS: Final = {
    "phone port": Check(partial(check_port, stream_address)),
    "provider": Check(check_provider),
    "public URL": Check(check_public_url),
    "staff port": Check(partial(check_port, console_address)),
    "staff": Check(check_staff, require_staff_token),
}
