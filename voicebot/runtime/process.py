"""The life of a voicebot process: event loop, ready line, stop signals, exit codes.

    started ── main(lifetime) ── ready() ──────── stopping ──── main returns ── exit 0
                    │                                 │
                    │ VoicebotError: one line, exit 1 │ a second signal: main is cancelled,
                    │ anything else: logged, exit 1   │ exit 128 + the signal's number;
                    │                                 │ a second SIGHUP is ignored

Wrong settings or a missing model exit with IMPOSSIBLE, because a restart would not help.

`stopping` is set by SIGTERM, SIGINT and SIGHUP, and at the end of stdin where stdin is a pipe: the
supervisor holds the other end and never writes, so the end means that it is gone.
"""

import asyncio
import gc
import os
import signal
import stat
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn

import uvloop

from voicebot.errors import ModelMissing, SettingsError, VoicebotError
from voicebot.log import configure, get_logger, log_crash
from voicebot.settings import load_settings

READY = "ready"
"""The first word of the line on stdout by which a child reports that it serves."""

IMPOSSIBLE = os.EX_CONFIG
"""Exit code 78: a configuration error in sysexits.h."""

GC_THRESHOLDS = (10_000, 20, 50)
"""Of the garbage collector's generations. A frame's objects are freed without it; at the usual 700
it would look for cycles among those of the last few frames, many times a second."""

GC_EVERY_S = 30.0
"""A call that is over is a few hundred objects in cycles, too few for the thresholds above, and all
its audio: without a pass over them now and then a worker grew by 10 MiB a minute at 50 calls."""

_NOT_RETRIED = (SettingsError, ModelMissing)
_STDIN = 0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SIGNAL_EXIT = 128  # plus the signal's number, as in shells


class Lifetime:
    """Given to `main`, to report that it is ready and to learn when to stop."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.killed_by: int | None = None

    def ready(self, text: str = "") -> None:
        """Report on stdout that this process serves.

        Also exempts all objects loaded so far from garbage collection: a full pass over them would
        block the event loop for 40 to 70 ms, longer than the deadline of a commit.
        """
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        asyncio.get_running_loop().call_later(GC_EVERY_S, _collect_garbage)
        try:
            print(f"{READY} {text}".rstrip(), flush=True)
        except BrokenPipeError:  # the supervisor is gone
            self.stopping.set()


def _collect_garbage() -> None:
    """Free what is over: a few milliseconds, since all that was loaded is exempt."""
    gc.collect()
    asyncio.get_running_loop().call_later(GC_EVERY_S, _collect_garbage)


async def within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event; return whether it came within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def run(main: Callable[[Lifetime], Awaitable[None]], *, detached: bool = False) -> None:
    """Run the `main` of a process; exits the process on errors.

    detached  there is no supervisor: the end of stdin is ignored
    """
    sys.excepthook = log_crash
    lifetime = Lifetime()
    watch_stdin = _is_pipe(_STDIN) and not detached
    try:
        configure(load_settings().log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_live(main, lifetime, watch_stdin=watch_stdin))
    except asyncio.CancelledError:
        if lifetime.killed_by is None:
            raise
        sys.exit(_SIGNAL_EXIT + lifetime.killed_by)
    except VoicebotError as error:
        _give_up([error])
    except BaseExceptionGroup as group:
        ours, others = group.split(VoicebotError)
        if others is not None or ours is None:
            raise
        _give_up(_leaves(ours))


async def _live(
    main: Callable[[Lifetime], Awaitable[None]], lifetime: Lifetime, *, watch_stdin: bool
) -> None:
    """Await `main`, with signals and the end of stdin as its ends."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    loop.set_exception_handler(_log_stray)

    def handle(number: int) -> None:
        if not lifetime.stopping.is_set():
            lifetime.stopping.set()
            return
        if number == signal.SIGHUP:  # make, shell and kernel each send one
            return
        lifetime.killed_by = number
        task.cancel()

    def read() -> None:
        if not os.read(_STDIN, 4096):
            loop.remove_reader(_STDIN)
            lifetime.stopping.set()

    for number in _SIGNALS:
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue  # under nohup
        loop.add_signal_handler(number, handle, number)
    if watch_stdin:
        loop.add_reader(_STDIN, read)
    try:
        await main(lifetime)
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        if watch_stdin:
            loop.remove_reader(_STDIN)


def _is_pipe(fd: int) -> bool:
    """Return whether this is a pipe, or the socket pair that asyncio uses for a child's stdin."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:  # closed: uvloop would abort at the end over a file that is given its number
        os.open(os.devnull, os.O_RDONLY)
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _log_stray(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log an unhandled error; the default handler would print messages with customers' data."""
    get_logger("voicebot.runtime.process").error(
        "stray_failure", about=context.get("message"), exc_info=context.get("exception")
    )


def _leaves(group: BaseExceptionGroup[VoicebotError]) -> list[VoicebotError]:
    found: list[VoicebotError] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _give_up(errors: list[VoicebotError]) -> NoReturn:
    for message in dict.fromkeys(map(str, errors)):
        print(message, file=sys.stderr)
    sys.exit(IMPOSSIBLE if any(isinstance(error, _NOT_RETRIED) for error in errors) else 1)
