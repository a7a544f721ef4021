"""A Valkey of the tests' own, to be killed and started at will."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voicebot.store.embedded import EmbeddedValkey


class ValkeyProcess:
    """The embedded server on a directory of its own."""

    def __init__(self, port: int, data_dir: Path) -> None:
        self.port = port
        self.data_dir = data_dir
        self._valkey = EmbeddedValkey(data_dir, port)

    @property
    def url(self) -> str:
        return self._valkey.url

    def url_at(self, port: int) -> str:
        """Return the address under which it is reached through something at another port."""
        return self.url.replace(f":{self.port}", f":{port}")

    def share_password_with(self, other: ValkeyProcess) -> None:
        """Ask for the password of another server; before the first start."""
        self.data_dir.mkdir(parents=True)
        (self.data_dir / "valkey.conf").write_bytes((other.data_dir / "valkey.conf").read_bytes())

    async def start(self) -> None:
        """Start it, or find it running."""
        await self._valkey.start()

    async def stop(self) -> None:
        """An orderly end."""
        await self._valkey.stop()

    def kill(self) -> None:
        """SIGKILL, and wait until it is dead."""
        pid = self._valkey.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Alive, and silent: it accepts connections and answers nothing."""
        pid = self._valkey.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
