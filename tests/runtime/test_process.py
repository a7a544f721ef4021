"""The life of a process: each test runs one, and ends it in another way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest

from voicebot.runtime.process import IMPOSSIBLE

PATIENCE_S = 60
PREAMBLE = """
import asyncio, sys
from voicebot.errors import ModelMissing, StoreUnavailable
from voicebot.runtime.process import run
"""
SERVES = """
async def main(lifetime):
    lifetime.ready("on 8080")
    await lifetime.stopping.wait()
    print("bye", file=sys.stderr)
run(main)
"""
CLINGS = """
async def main(lifetime):
    lifetime.ready()
    await lifetime.stopping.wait()
    print("draining", flush=True)
    await asyncio.Event().wait()
run(main)
"""


@contextmanager
def process(
    code: str, tmp_path: Path, stdin: int = DEVNULL, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code],
        stdin=stdin,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **environment},
    )
    with child:
        try:
            yield child
        finally:
            child.kill()


def line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline()


def ended(child: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what stood on stderr."""
    assert child.stderr is not None
    code = child.wait(PATIENCE_S)
    return code, child.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_main_end_by_itself_and_exits_clean(
    number: signal.Signals, tmp_path: Path
) -> None:
    with process(SERVES, tmp_path) as child:
        assert line(child) == "ready on 8080\n"
        child.send_signal(number)
        assert ended(child) == (0, "bye\n")


def test_the_end_of_the_terminal_is_ignored_where_nohup_says_so(tmp_path: Path) -> None:
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    with process(ignoring + SERVES, tmp_path) as child:
        assert line(child) == "ready on 8080\n"
        child.send_signal(signal.SIGHUP)
        child.send_signal(signal.SIGTERM)
        assert ended(child) == (0, "bye\n")


def test_a_second_signal_cancels_main(tmp_path: Path) -> None:
    with process(CLINGS, tmp_path) as child:
        assert line(child) == "ready\n"
        child.terminate()
        assert line(child) == "draining\n"
        child.terminate()
        assert ended(child) == (128 + signal.SIGTERM, "")


def test_the_end_of_the_terminal_is_no_second_signal_however_often_it_is_told(
    tmp_path: Path,
) -> None:
    drains = """
async def main(lifetime):
    lifetime.ready()
    await lifetime.stopping.wait()
    print("draining", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
run(main, detached=True)
"""
    with process(drains, tmp_path, stdin=PIPE) as child:
        assert line(child) == "ready\n"
        child.send_signal(signal.SIGHUP)
        assert line(child) == "draining\n"
        child.send_signal(signal.SIGHUP)
        assert child.stdin is not None
        child.stdin.close()
        assert ended(child) == (0, "")


def test_the_end_of_the_supervisors_pipe_stops_a_child(tmp_path: Path) -> None:
    with process(SERVES, tmp_path, stdin=PIPE) as child:
        assert line(child) == "ready on 8080\n"
        assert child.stdin is not None
        child.stdin.close()
        assert ended(child) == (0, "bye\n")


def test_a_process_without_a_supervisor_outlives_its_stdin(tmp_path: Path) -> None:
    detached = """
async def main(lifetime):
    await asyncio.to_thread(sys.stdin.read)   # returns at the end of stdin
    await asyncio.sleep(0)
    lifetime.ready(str(lifetime.stopping.is_set()))
    await lifetime.stopping.wait()
run(main, detached=True)
"""
    with process(detached, tmp_path, stdin=PIPE) as child:
        assert child.stdin is not None
        child.stdin.close()
        assert line(child) == "ready False\n"
        child.terminate()
        assert ended(child) == (0, "")


def test_a_process_whose_stdin_is_closed_ends_clean(tmp_path: Path) -> None:
    with process("import os; os.close(0)\n" + SERVES, tmp_path) as child:
        assert line(child) == "ready on 8080\n"
        child.terminate()
        assert ended(child) == (0, "bye\n")


def test_what_was_loaded_before_ready_is_never_collected_again(tmp_path: Path) -> None:
    code = """
async def main(lifetime):
    import gc
    lifetime.ready()
    print(gc.get_freeze_count() > 10_000)
run(main)
"""
    with process(code, tmp_path) as child:
        assert line(child) == "ready\n"
        assert line(child) == "True\n"


def test_what_is_over_is_freed_though_it_is_little(tmp_path: Path) -> None:
    code = """
async def main(lifetime):
    import asyncio, weakref
    from voicebot.runtime import process
    process.GC_EVERY_S = 0
    lifetime.ready()
    class Call: pass
    call, gone = Call(), asyncio.Event()
    call.itself = call
    weakref.finalize(call, gone.set)
    del call
    await gone.wait()
    print("gone")
run(main)
"""
    with process(code, tmp_path) as child:
        assert line(child) == "ready\n"
        assert line(child) == "gone\n"


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ("raise StoreUnavailable('no Redis: start it')", 1, "no Redis: start it\n"),
        ("raise ModelMissing('no stt: install it')", IMPOSSIBLE, "no stt: install it\n"),
        (
            "raise ExceptionGroup('', [ModelMissing('no stt'), "
            "ExceptionGroup('', [StoreUnavailable('no Redis')])])",
            IMPOSSIBLE,  # one of them cannot be mended by another start
            "no stt\nno Redis\n",
        ),
    ],
)
def test_our_own_errors_are_a_line_each_without_a_traceback(
    body: str, code: int, told: str, tmp_path: Path
) -> None:
    with process(f"async def main(lifetime):\n    {body}\nrun(main)", tmp_path) as child:
        assert ended(child) == (code, told)


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    with process(SERVES, tmp_path, VOICEBOT_STREAM_PORT="many") as child:
        code, told = ended(child)
    assert code == IMPOSSIBLE
    assert "VOICEBOT_STREAM_PORT" in told
    assert told.count("\n") == 1


def test_a_crash_is_logged_without_what_the_customer_said(tmp_path: Path) -> None:
    code = """
async def main(lifetime):
    raise ValueError("Samantha, 0412 345 678")
run(main)
"""
    with process(code, tmp_path) as child:
        code_, told = ended(child)
    assert code_ == 1
    assert "ValueError" in told
    assert "Samantha" not in told


def test_an_unawaited_task_is_logged_without_its_message(tmp_path: Path) -> None:
    code = """
import gc
async def fail():
    raise ValueError("Samantha")
async def main(lifetime):
    task = asyncio.get_running_loop().create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
run(main)
"""
    with process(code, tmp_path) as child:
        code_, told = ended(child)
    assert code_ == 0
    assert "stray_failure" in told
    assert "ValueError" in told
    assert "Samantha" not in told
