"""The data directory: made private, and owned by one `serve` at a time."""

import errno
import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from voicebot.errors import AlreadyRunning, SettingsError

SHARED_MEMORY = Path("/dev/shm")
LEAST_FREE_BYTES = 1024 * 1024
"""With less, one part or another does not come up, and each says something else."""

_LOCK = "serve.lock"
_OWNER_ONLY = 0o700


def prepare_data_dir(data_dir: Path) -> Path:
    """Make the directory where customers' data lies; returns its absolute path.

    Only its owner may read it. Raises SettingsError.
    """
    with _writing_in(data_dir):
        data_dir.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        return data_dir.resolve()


@contextmanager
def own_data_dir(data_dir: Path, only: Collection[str] = ()) -> Iterator[None]:
    """Own the directory until the end; raises AlreadyRunning when another `serve` does, and
    SettingsError when nothing can be written there or its disk is full.

    only  the parts that are owned; others may be another's, by which parts of one machine share a
          directory. Without it nothing may be another's.

    The locks go with the process, however it dies.
    """
    with ExitStack() as locks:
        for name in (f"serve-{part}.lock" for part in sorted(only)):
            locks.enter_context(_locked(data_dir, name, fcntl.LOCK_EX))
        locks.enter_context(_locked(data_dir, _LOCK, fcntl.LOCK_SH if only else fcntl.LOCK_EX))
        yield


@contextmanager
def _locked(data_dir: Path, name: str, how: int) -> Iterator[None]:
    """Hold a lock file of the directory, shared or exclusively; see own_data_dir."""
    with _writing_in(data_dir):
        lock = (prepare_data_dir(data_dir) / name).open("a+")
    with lock:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            which = f" (process {holder})" if holder else ""
            raise AlreadyRunning(
                f"another voicebot serve{which} uses {data_dir}: stop it, or give this one a "
                "VOICEBOT_DATA_DIR, VOICEBOT_STREAM_PORT, VOICEBOT_CONSOLE_PORT and "
                "VOICEBOT_REDIS_PORT of its own"
            ) from None
        with _writing_in(data_dir):
            lock.truncate(0)
            if how == fcntl.LOCK_EX:  # what is buffered fails twice
                os.write(lock.fileno(), f"{os.getpid()}\n".encode())
            if shutil.disk_usage(data_dir).free < LEAST_FREE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield


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


@contextmanager
def metrics_folder(data_dir: Path, only: Collection[str] = ()) -> Iterator[Path]:
    """Give an empty folder for the metrics of one run, in memory where there is any.

    only  the parts that run, where others run beside them in the same data directory

    Event loops write to the files in it, and must not wait for a disk. It is removed at the end;
    the folder of a run that was killed is removed at the beginning of the next.
    """
    note = data_dir / "-".join(("metrics-folder", *sorted(only)))
    with suppress(OSError):
        shutil.rmtree(note.read_text())
    where = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else data_dir
    with TemporaryDirectory(dir=where, prefix="voicebot-", ignore_cleanup_errors=True) as folder:
        with suppress(OSError):  # a full disk
            note.write_text(folder)
        yield Path(folder)


@contextmanager
def _writing_in(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"cannot write in the data directory {data_dir} ({error.strerror}): make room or "
            "change its permissions, or set VOICEBOT_DATA_DIR to another one"
        ) from error
