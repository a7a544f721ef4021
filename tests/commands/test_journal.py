"""`voicebot journal`: waiting writes are counted, not shown, and replayed on request."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from typer.testing import CliRunner, Result

from tests.ports import free_port
from tests.runtime.given import found
from voicebot.business import load_business
from voicebot.call import CallSid, Change, Message, Saved, Speaker, Step
from voicebot.cli import program
from voicebot.commands.journal import lines
from voicebot.errors import StoreUnavailable
from voicebot.runtime.findings import Finding, Level
from voicebot.settings import Settings, load_settings
from voicebot.store import (
    JournalOwner,
    JournalSummary,
    call_keys,
    journal_backlog,
    journal_summaries,
    open_store,
)

SID = CallSid("CAwaits")
OTHER = CallSid("CAother")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = "Sam Smith"
NAMED = Change(answers={Step.NAME: SECRET}, messages=(Message(Speaker.CALLER, SECRET, NOW),))


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The command's data directory; its Redis is nowhere, until a test starts one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICEBOT_DATA_DIR", str(tmp_path / "data"))
    at(f"redis://127.0.0.1:{free_port()}", monkeypatch)
    yield tmp_path / "data"
    load_settings.cache_clear()


def at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_REDIS_URL", url)
    load_settings.cache_clear()


def command(*words: str) -> Result:
    result = CliRunner().invoke(program("journal"), ["journal", *words])
    assert SECRET not in result.output
    return result


def doctor(data_dir: Path) -> Finding:
    return asyncio.run(found("journal", data_dir.parent))


async def leave_behind(*sids: CallSid) -> None:
    """A process that took calls while Redis was away, and has ended."""
    async with open_store(load_settings(), load_business(None)) as store:
        for sid in sids:
            ledger = await store.open_call(sid, caller=None)
            assert await ledger.commit(NAMED) is Saved.JOURNAL
            assert await ledger.commit(NAMED) is Saved.JOURNAL


def test_an_empty_journal_says_that_nothing_waits(data_dir: Path) -> None:
    result = command()
    assert result.exit_code == 0
    assert "nothing waits" in result.stdout
    assert doctor(data_dir).level is Level.OK
    assert not data_dir.exists()


def test_what_waits_is_listed_by_call_with_its_number_and_age(data_dir: Path) -> None:
    asyncio.run(leave_behind(SID, OTHER))
    (file,) = journal_summaries(data_dir)
    assert file.owner is JournalOwner.ENDED
    assert {sid: len(made) for sid, made in file.waiting.items()} == {SID: 2, OTHER: 2}
    result = command()
    assert result.exit_code == 0
    for word in (SID, OTHER, "2 writes", "since 0 s", "voicebot journal replay"):
        assert word in result.stdout


def test_ages_are_in_the_unit_that_a_person_would_use() -> None:
    ages = {5: "since 5 s", 90: "since 2 min", 7200: "since 2 h", 200_000: "since 2 d"}
    for seconds, words in ages.items():
        waiting = {SID: [NOW - timedelta(seconds=seconds)]}
        told = lines([JournalSummary("a", JournalOwner.RUNNING, waiting)], NOW)
        assert told[1].endswith(words)
        assert "1 write " in told[1]


@pytest.mark.parametrize("left", [b"", b"no database"])
def test_a_damaged_file_is_named_and_nobody_is_told_that_nothing_waits(
    data_dir: Path, left: bytes
) -> None:
    asyncio.run(leave_behind(SID))
    (journal,) = (data_dir / "journal").glob("*.db")
    journal.write_bytes(left)
    assert f"{journal.stem}: damaged" in command().stdout
    assert doctor(data_dir).level is Level.NOTE


async def test_a_running_processs_file_is_named_as_such(data_dir: Path) -> None:
    async with open_store(load_settings(), load_business(None)) as store:
        ledger = await store.open_call(SID, caller=None)
        await ledger.commit(NAMED)
        (file,) = journal_summaries(data_dir)
        assert file.owner is JournalOwner.RUNNING
        assert "itself" in lines([file], NOW)[0]


def test_replay_without_redis_says_what_to_do_and_that_nothing_is_lost(data_dir: Path) -> None:
    asyncio.run(leave_behind(SID))
    result = command("replay")
    assert isinstance(result.exception, StoreUnavailable)
    for words in ("VOICEBOT_REDIS_URL", "Nothing is lost", "2 writes"):
        assert words in str(result.exception)
    assert journal_backlog(data_dir).entries == 2


@pytest.mark.valkey
def test_replay_brings_what_an_ended_process_left(
    data_dir: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(leave_behind(SID, OTHER))
    at(redis_url, monkeypatch)
    result = command("replay")
    assert result.exit_code == 0
    assert "4 writes brought" in result.stdout
    assert "nothing waits" in result.stdout
    assert asyncio.run(_name_in_redis(redis_url, SID)) == SECRET
    assert doctor(data_dir).level is Level.OK


@pytest.mark.valkey
def test_replay_shows_what_redis_refuses_and_brings_it_when_it_is_mended(
    data_dir: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(leave_behind(SID, OTHER))
    at(redis_url, monkeypatch)
    with Redis.from_url(redis_url) as client:
        client.set(call_keys(SID).history, "no list")
    result = command("replay")
    assert result.exit_code == 1
    assert "2 writes brought" in result.stdout
    assert "WRONGTYPE" in result.stdout
    assert doctor(data_dir).level is Level.NOTE
    assert "refuses 2" in doctor(data_dir).text
    assert "WRONGTYPE" in command().stdout
    with Redis.from_url(redis_url) as client:
        client.delete(call_keys(SID).history)
    assert command("replay").exit_code == 0
    assert asyncio.run(_name_in_redis(redis_url, SID)) == SECRET


def test_the_doctor_tells_depth_and_age(data_dir: Path) -> None:
    asyncio.run(leave_behind(SID))
    finding = doctor(data_dir)
    assert finding.level is Level.NOTE
    assert "2 writes wait" in finding.text
    assert "voicebot journal" in finding.mend


async def _name_in_redis(url: str, sid: CallSid) -> str | None:
    there = Settings(_env_file=None, redis_url=url)
    async with open_store(there, load_business(None)) as store:
        skeleton = await store.get_call_skeleton(sid)
    return skeleton.user.userInfo.name if skeleton else None
