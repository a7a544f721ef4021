"""`voicebot forget` erases what is meant, asks first, and prints nothing of what it erased."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.ports import free_port
from voicebot.business import load_business
from voicebot.call import CallSid, Change, Step
from voicebot.cli import program
from voicebot.errors import StoreUnavailable
from voicebot.settings import load_settings
from voicebot.store import open_store

SID, OTHER = CallSid("CA1"), CallSid("61255550100")
NUMBER, NAME = "+61255550199", "Sam Smith"

pytestmark = pytest.mark.valkey


@pytest.fixture(autouse=True)
def stored(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two calls in a Valkey, one of them with a name that is a number too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICEBOT_DATA_DIR", str(tmp_path / "data"))
    at(redis_url, monkeypatch)
    for sid in (SID, OTHER):
        asyncio.run(write(sid))
    yield
    load_settings.cache_clear()


def at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_REDIS_URL", url)
    load_settings.cache_clear()


async def write(sid: CallSid) -> None:
    async with open_store(load_settings(), load_business(None)) as store:
        ledger = await store.open_call(sid, caller=NUMBER)
        await ledger.commit(Change(answers={Step.NAME: NAME}))
        await ledger.close()


async def is_stored(sid: CallSid) -> bool:
    async with open_store(load_settings(), load_business(None)) as store:
        return await store.get_call_skeleton(sid) is not None


def forget(*words: str, answer: str | None = None) -> Result:
    result = CliRunner().invoke(program("forget"), ["forget", *words], input=answer)
    assert NAME not in result.output
    assert NUMBER not in result.output
    return result


def test_a_call_is_erased_and_no_other() -> None:
    result = forget(SID, "--yes")
    assert result.exit_code == 0
    assert "1 call erased" in result.output
    assert "the append-only file was rewritten" in result.output
    assert not asyncio.run(is_stored(SID))
    assert asyncio.run(is_stored(OTHER))


@pytest.mark.parametrize("number", ["+61 2 5555 0199", "02 5555 0199", NUMBER])
def test_all_calls_of_a_number_are_erased(number: str) -> None:
    result = CliRunner().invoke(program("forget"), ["forget", number, "--yes"])
    assert "2 calls erased" in result.output
    assert not asyncio.run(is_stored(SID))
    assert not asyncio.run(is_stored(OTHER))


def test_what_is_a_calls_name_is_taken_for_that() -> None:
    assert "1 call erased" in forget(OTHER, "--yes").output
    assert asyncio.run(is_stored(SID))


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_nothing_is_erased_without_a_yes(answer: str) -> None:
    result = forget(SID, answer=answer)
    assert result.exit_code == 1
    assert answer or "--yes" in str(result.exception)
    assert "Erase 1 call for good?" in result.output
    assert asyncio.run(is_stored(SID))


def test_a_yes_is_enough() -> None:
    assert forget(SID, answer="y\n").exit_code == 0
    assert not asyncio.run(is_stored(SID))


@pytest.mark.parametrize("unknown", ["CAunknown", "not a call", "+61255550111"])
def test_what_is_not_stored_is_told(unknown: str) -> None:
    result = forget(unknown, "--yes")
    assert result.exit_code == 1
    assert "stored" in result.output


def test_without_redis_nothing_is_said_to_be_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    at(f"redis://127.0.0.1:{free_port()}", monkeypatch)
    assert isinstance(forget(SID, "--yes").exception, StoreUnavailable)
