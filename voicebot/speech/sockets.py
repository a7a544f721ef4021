"""Where ears and mouth listen."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from voicebot.errors import SettingsError

_LONGEST_BYTES: Final = 100
"""A Unix socket's path holds 104 bytes on macOS, 108 on Linux, its end mark included."""


def ears_socket(data_dir: Path) -> Path:
    """Where `python -m voicebot.speech.ears` listens; raises SettingsError."""
    return _fitting(data_dir / "ears.sock")


def mouth_socket(data_dir: Path) -> Path:
    """Where `python -m voicebot.speech.mouth` listens; raises SettingsError."""
    return _fitting(data_dir / "mouth.sock")


@contextmanager
def listening_socket(path: Path) -> Iterator[socket.socket]:
    """A Unix socket at `path`, for this user only, in place of one left by a dead process.

    That nobody else serves this data directory is the supervisor's care: it holds the lock.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        mark = path.stat().st_ino
        try:
            yield listener
        finally:
            if path.exists() and path.stat().st_ino == mark:  # not a successor's
                path.unlink()


def _fitting(path: Path) -> Path:
    """The path itself or, where that is too long for a socket, the way to it from here."""
    if len(os.fsencode(path)) <= _LONGEST_BYTES:
        return path
    relative = Path(os.path.relpath(path))
    if len(os.fsencode(relative)) <= _LONGEST_BYTES:
        return relative
    raise SettingsError(
        f"the path {path} is too long for a socket; set VOICEBOT_DATA_DIR to a shorter one"
    )
