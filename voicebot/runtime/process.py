"""How a voicebot process lives: one loop, one way to say ready, one way to be stopped.

    started ── main(lifetime) ── ready() ──────── stopping ──── main returns ── exit 0
                    │                                 │
                    │ VoicebotError: one line, exit 1 │ a second signal: main is cancelled,
                    │ anything else: logged, exit 1   │ exit 128 + the signal's number;
                    │                                 │ not by SIGHUP, which comes in numbers

Where settings are wrong or a model is missing the exit is IMPOSSIBLE: another try is in vain.

`stopping` is set by SIGTERM, SIGINT and SIGHUP, and at the end of stdin where stdin is a pipe: the
supervisor holds its other end and never writes, so the end means that the supervisor is gone.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import stat
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import uvloop

from voicebot.errors import ModelMissing, SettingsError, VoicebotError
from voicebot.log import configure, get_logger, log_crash
from voicebot.settings import load_settings

READY = "ready"
"""First word of the line on stdout by which a child tells that it serves."""

IMPOSSIBLE = os.EX_CONFIG
"""Exit code 78, which sysexits.h gives to a wrong configuration."""

_IN_VAIN = (SettingsError, ModelMissing)
_STDIN = 0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SIGNAL_EXIT = 128  # what a shell adds to the number of the signal that ended a process


class Lifetime:
    """Handed to `main`: how it says that it is ready, and how it learns that it shall stop."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.killed_by: int | None = None

    def ready(self, text: str = "") -> None:
        """Tell the supervisor, in one line on stdout, that this process serves.

        What was loaded until now stays until the end, so the garbage collector need not look at
        it again: a full pass over it holds the loop for 40 to 70 ms, longer than a commit waits.
        """
        gc.freeze()
        try:
            print(f"{READY} {text}".rstrip(), flush=True)
        except BrokenPipeError:  # nobody reads any more: the supervisor is gone
            self.stopping.set()


def run(main: Callable[[Lifetime], Awaitable[None]]) -> None:
    """Run a child process's `main` to its end; exits the process when that end is not clean."""
    _run(main, heed_stdin=_is_pipe(_STDIN))


def run_detached(main: Callable[[Lifetime], Awaitable[None]]) -> None:
    """The same for a process without a supervisor: it goes on when its stdin ends."""
    _run(main, heed_stdin=False)


def _run(main: Callable[[Lifetime], Awaitable[None]], *, heed_stdin: bool) -> None:
    sys.excepthook = log_crash
    lifetime = Lifetime()
    try:
        configure(load_settings().log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_live(main, lifetime, heed_stdin))
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
    main: Callable[[Lifetime], Awaitable[None]], lifetime: Lifetime, heed_stdin: bool
) -> None:
    asyncio.get_running_loop().set_exception_handler(_log_stray)
    with _heeding_signals(lifetime), _heeding_stdin(lifetime, heed_stdin):
        await main(lifetime)


@contextmanager
def _heeding_signals(lifetime: Lifetime) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None

    def heed(number: int) -> None:
        if not lifetime.stopping.is_set():
            lifetime.stopping.set()
            return
        if number == signal.SIGHUP:  # make, the shell and the kernel each tell of one closing
            return
        lifetime.killed_by = number
        task.cancel()

    heeded = [number for number in _SIGNALS if not _is_under_nohup(number)]
    for number in heeded:
        loop.add_signal_handler(number, heed, number)
    try:
        yield
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)


def _is_under_nohup(number: int) -> bool:
    """The end of a terminal stops us as Ctrl-C does, unless whoever started us wants otherwise."""
    return number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN


@contextmanager
def _heeding_stdin(lifetime: Lifetime, wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    loop = asyncio.get_running_loop()

    def heed() -> None:
        if not os.read(_STDIN, 4096):
            loop.remove_reader(_STDIN)
            lifetime.stopping.set()

    loop.add_reader(_STDIN, heed)
    try:
        yield
    finally:
        loop.remove_reader(_STDIN)


def _is_pipe(fd: int) -> bool:
    """A pipe, or the socket pair that asyncio makes for a child's stdin."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:  # closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _log_stray(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """The default handler prints a task with its exception's message, customer data and all."""
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
    sys.exit(IMPOSSIBLE if any(isinstance(error, _IN_VAIN) for error in errors) else 1)
