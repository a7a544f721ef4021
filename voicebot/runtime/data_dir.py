"""The data directory: made private, and owned by one `serve` at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from voicebot.errors import AlreadyRunning, SettingsError

_LOCK = "serve.lock"
_OWNER_ONLY = 0o700
LEAST_FREE_BYTES = 1024 * 1024
"""With less, one part or another does not come up, and each says something else."""


def prepare_data_dir(data_dir: Path) -> Path:
    """Make the directory where customers' data lies; returns its absolute path.

    Only its owner may read it. Raises SettingsError.
    """
    try:
        data_dir.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        return data_dir.resolve()
    except OSError as error:
        raise SettingsError(_unusable(data_dir, error)) from error


@contextmanager
def own_data_dir(data_dir: Path) -> Iterator[None]:
    """Own the directory until the end; raises AlreadyRunning when another `serve` does, and
    SettingsError when nothing can be written there or its disk is full.

    The lock goes with the process, however it dies.
    """
    try:
        lock = (prepare_data_dir(data_dir) / _LOCK).open("a+")
    except OSError as error:
        raise SettingsError(_unusable(data_dir, error)) from error
    with lock:
        _take(lock, data_dir)
        yield


def _take(lock: TextIO, data_dir: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip()
        who = f"another voicebot serve (process {holder})" if holder else "another voicebot serve"
        raise AlreadyRunning(
            f"{who} uses {data_dir}: stop it, or give this one a VOICEBOT_DATA_DIR, "
            "VOICEBOT_STREAM_PORT, VOICEBOT_CONSOLE_PORT and VOICEBOT_REDIS_PORT of its own"
        ) from None
    try:
        lock.truncate(0)
        os.write(lock.fileno(), f"{os.getpid()}\n".encode())  # what is buffered fails twice
        if shutil.disk_usage(data_dir).free < LEAST_FREE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise SettingsError(_unusable(data_dir, error)) from error


def _unusable(data_dir: Path, error: OSError) -> str:
    return (
        f"cannot write in the data directory {data_dir} ({error.strerror}): make room or change "
        "its permissions, or set VOICEBOT_DATA_DIR to another one"
    )


def is_owned(data_dir: Path) -> bool:
    """Return whether a `serve` uses this directory now."""
    try:
        with (data_dir / _LOCK).open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
