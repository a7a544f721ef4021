"""Children kept alive: small real processes that die, cling and speak in various ways."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from voicebot.errors import SettingsError, StartFailed
from voicebot.runtime import child_processes as children
from voicebot.runtime.child_processes import TRIES, Child
from voicebot.runtime.process import IMPOSSIBLE, within

PATIENCE_S = 60
SERVES = """
import sys
print("loading …", flush=True)
print("ready on 8080", flush=True)
sys.stdin.read()
"""
CLINGS = """
import signal
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
print("ready", flush=True)
while True:
    signal.pause()
"""
DIES_ONCE = """
import pathlib, sys
mark = pathlib.Path(sys.path[-1], "died")
if not mark.exists():
    mark.touch()
    sys.exit(7)
print("ready", flush=True)
sys.stdin.read()
"""
NEEDS_ITS_FOLDER = """
import pathlib, sys
assert pathlib.Path(sys.path[-1], "needed").is_dir()
print("ready", flush=True)
sys.stdin.read()
"""
COUNTS_ITS_LIVES = """
import pathlib, sys
lives = pathlib.Path(sys.path[-1], "lives")
with lives.open("a") as file:
    file.write("I")
"""
READY_BUT_THE_SECOND_TIME = f"""
if lives.read_text() == "II":
    sys.exit({IMPOSSIBLE})
print("ready", flush=True)
if lives.read_text() == "I":
    sys.exit(7)
sys.stdin.read()
"""

Make = Callable[..., Child]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_BACKOFF_S", 0.01)
    monkeypatch.setattr(children, "_FORCE_AFTER_S", 0.01)


@pytest.fixture
def child_of(tmp_path: Path) -> Make:
    """A child that runs the given code as a module."""

    def make(code: str, **more: Path) -> Child:
        (tmp_path / "small_part.py").write_text(
            f"import sys; sys.path.append({str(tmp_path)!r})\n{code}"
        )
        return Child("small part", "small_part", {"PYTHONPATH": str(tmp_path)}, **more)

    return make


@asynccontextmanager
async def living(child: Child) -> AsyncIterator[None]:
    """The child's owner: awaits it, and stops it at the end."""
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(child.live())
        await child.ready.wait()
        yield
        await child.stop(within_s=0.01)


async def test_a_child_is_ready_when_it_says_so_and_what_else_it_says_goes_to_stderr(
    child_of: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    async with living(child_of(SERVES)):
        pass
    out, err = capfd.readouterr()
    assert out == ""
    assert "loading …" in err


async def test_a_child_leads_a_session_so_that_ctrl_c_does_not_reach_it(child_of: Make) -> None:
    child = child_of(SERVES)
    async with living(child):
        assert child.pid is not None
        assert os.getsid(child.pid) == child.pid


async def test_a_child_that_is_killed_is_started_again(child_of: Make) -> None:
    child = child_of(SERVES)
    async with living(child):
        before = child.pid
        assert before is not None
        child.ready.clear()
        os.kill(before, signal.SIGKILL)
        await child.ready.wait()
        assert child.pid != before


async def test_the_folder_that_a_child_needs_is_there_in_every_life(
    child_of: Make, tmp_path: Path
) -> None:
    folder = tmp_path / "needed"
    child = child_of(NEEDS_ITS_FOLDER, folder=folder)
    async with living(child):
        folder.rmdir()  # as the system does in shared memory when a user logs out
        child.ready.clear()
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        await child.ready.wait()


async def test_a_child_may_stumble_once_before_it_is_ready(child_of: Make, tmp_path: Path) -> None:
    async with living(child_of(DIES_ONCE)):
        assert (tmp_path / "died").exists()


async def test_a_child_that_never_becomes_ready_is_given_up_with_its_name_and_end(
    child_of: Make,
) -> None:
    with pytest.raises(StartFailed, match=rf"small part ended {TRIES} times.*exit code 7"):
        await child_of("import sys; sys.exit(7)").live()


async def test_a_child_that_says_it_never_can_is_not_tried_again(
    child_of: Make, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="small part cannot work with these settings"):
        await child_of(COUNTS_ITS_LIVES + f"sys.exit({IMPOSSIBLE})").live()
    assert (tmp_path / "lives").read_text() == "I"


async def test_a_child_that_was_ready_once_is_started_again_whatever_it_says(
    child_of: Make, tmp_path: Path
) -> None:
    """Its .env may be half written just now; calls go on meanwhile."""
    async with living(child_of(COUNTS_ITS_LIVES + READY_BUT_THE_SECOND_TIME)):
        async with asyncio.timeout(PATIENCE_S):
            while (tmp_path / "lives").read_text() != "III":  # noqa: ASYNC110 - its doing
                await asyncio.sleep(0.01)


async def test_a_child_that_is_silent_for_too_long_is_given_up(
    child_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "_READY_WITHIN_S", 0.05)
    with pytest.raises(StartFailed, match="SIGKILL"):
        await child_of("import sys; sys.stdin.read()").live()


async def test_a_child_that_ignores_sigterm_is_killed(child_of: Make) -> None:
    child = child_of(CLINGS)
    async with living(child):
        pid = child.pid
        assert pid is not None
    assert child.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_stop_during_the_back_off_ends_at_once(
    child_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    backing_off = asyncio.Event()

    async def tell_and_wait(event: asyncio.Event, seconds: float) -> bool:
        backing_off.set()
        return await within(event, seconds)

    monkeypatch.setattr(children, "within", tell_and_wait)
    monkeypatch.setattr(children, "FIRST_BACKOFF_S", 3600.0)
    child = child_of("import sys; sys.exit(7)")
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        life = group.create_task(child.live())
        await backing_off.wait()
        await child.stop(within_s=1)
    assert life.done()


async def test_cancelling_the_owner_leaves_no_process(child_of: Make) -> None:
    child = child_of(CLINGS)
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        life = group.create_task(child.live())
        await child.ready.wait()
        pid = child.pid
        assert pid is not None
        life.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
