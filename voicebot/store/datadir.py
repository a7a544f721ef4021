"""The data directory: made private, and owned by one `serve` at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voicebot.errors import AlreadyRunning

_LOCK = "serve.lock"
_OWNER_ONLY = 0o700


def prepare(data_dir: Path) -> Path:
    """Make the directory where customers' data lies; returns its absolute path."""
    data_dir.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    return data_dir.resolve()


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Own the directory until the end; raises AlreadyRunning when another `serve` does.

    The lock goes with the process, however it dies.
    """
    with (prepare(data_dir) / _LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"another voicebot serve uses {data_dir}; stop it, or set VOICEBOT_DATA_DIR"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def is_owned(data_dir: Path) -> bool:
    """Does a `serve` use this directory at the moment?"""
    try:
        with (data_dir / _LOCK).open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
