"""`voicebot show` and `voicebot watch` on a real Valkey."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis
from rich.text import Text

from voicebot.business import load_business
from voicebot.call import CallSid, Change, Message, Speaker, Step
from voicebot.commands.show import Event, event_line, following
from voicebot.settings import Settings
from voicebot.store import EventReader, Store, connect, open_store

SID = CallSid("CA1")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HELLO = Change(messages=(Message(Speaker.BOT, "Hello", NOW),))
NAMED = Change(answers={Step.NAME: "Sam Smith"}, step=Step.PHONE)


@pytest.fixture
async def store(redis_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    settings = Settings(_env_file=None, redis_url=redis_url, data_dir=tmp_path / "writer")
    async with open_store(settings, load_business(None)) as store:
        yield store


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(redis_url) as client:
        yield client


@pytest.mark.valkey
async def test_one_call_is_followed_from_its_beginning_and_on(store: Store, client: Redis) -> None:
    ledger = await store.open_call(SID, caller=None)
    await ledger.commit(HELLO)
    async with following(client, SID) as events:
        assert (await _next(events, "message"))["step"] == "name"
        await ledger.commit(NAMED)
        assert (await _next(events, "field"))["value"] == "Sam Smith"
    await ledger.close()


@pytest.mark.valkey
@pytest.mark.slow
async def test_a_call_that_is_not_there_is_told_and_waited_for(
    redis_url: str, tmp_path: Path
) -> None:
    watching = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voicebot", "watch", "CAnobody"),
        env=os.environ
        | {"VOICEBOT_REDIS_URL": redis_url, "VOICEBOT_DATA_DIR": str(tmp_path / "w")},
        stdout=asyncio.subprocess.PIPE,
    )
    assert watching.stdout is not None
    async with asyncio.timeout(60):
        told = [(await watching.stdout.readline()).decode() for _ in range(2)]
    assert watching.returncode is None
    watching.terminate()
    await watching.wait()
    assert "there is no call CAnobody" in told[1]


@pytest.mark.valkey
async def test_every_call_is_followed_from_now_without_what_was_before(
    store: Store, client: Redis
) -> None:
    early = await store.open_call(CallSid("CA0"), caller=None)
    await early.commit(HELLO)
    async with following(client, None) as events:
        late = await store.open_call(SID, caller=None)
        await late.commit(NAMED)
        async with asyncio.timeout(60):
            call_sid, _ = await anext(events)
    assert call_sid == SID
    await early.close()
    await late.close()


@pytest.mark.valkey
async def test_what_is_committed_in_the_millisecond_of_the_start_is_shown(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_id = f"{(now_ms := 1_800_000_000_000)}-0"

    async def at_that_millisecond(_reader: EventReader) -> int:
        return now_ms

    monkeypatch.setattr(EventReader, "now_ms", at_that_millisecond)
    async with following(client, None) as events:
        await client.xadd("call:{CA1}:events", {"type": "status", "at": ""}, id=first_id)
        await client.publish("voicebot:calls", "CA1")
        assert (await _next(events, "status")).get("at") == ""


@pytest.mark.valkey
async def test_a_call_whose_events_are_broken_ends_no_watch(store: Store, client: Redis) -> None:
    await client.rpush("call:{CAbroken}:events", "no stream")
    ledger = await store.open_call(SID, caller=None)
    async with following(client, None) as events:
        await client.publish("voicebot:calls", "CAbroken")
        await ledger.commit(NAMED)
        assert (await _next(events, "field"))["value"] == "Sam Smith"
    await ledger.close()


async def _next(events: AsyncIterator[tuple[CallSid, Event]], kind: str) -> Event:
    async with asyncio.timeout(60):
        async for _, event in events:
            if event["type"] == kind:
                return event
    raise AssertionError("the events ended")


def line(**event: str) -> str:
    found = event_line(SID, {"at": "2026-03-02T09:00:00.000Z", **event})
    assert isinstance(found, Text)
    return found.plain


def message(speaker: str, text: str) -> str:
    return json.dumps({"speaker": speaker, "message": text, "startedAt": ""})


def test_what_is_said_is_told_with_who_said_it() -> None:
    assert line(type="message", message=message("AI", "Hello")).endswith("bot        Hello")
    assert line(type="message", message=message("customer", "Hi")).endswith("caller     Hi")


def test_a_sentence_that_was_cut_off_is_told_as_heard() -> None:
    assert "only: Hel" in line(type="revised", message=message("AI", "Hel"))


def test_what_is_saved_is_told_and_a_service_by_its_name() -> None:
    service = json.dumps({"id": "p", "name": "Plumbing", "price": "", "description": ""})
    assert line(type="field", field="name", value="Sam").endswith("name = Sam")
    assert line(type="field", field="service", value=service).endswith("service = Plumbing")


def test_a_wish_for_a_person_is_told() -> None:
    assert line(type="person", value="active").endswith("person     asked for")


def test_what_staff_must_know_is_told() -> None:
    notes = '[{"text": "gate code 4711", "at": "x"}, {"text": "ring first", "at": "y"}]'
    assert line(type="notes", field="notes", value=notes).endswith("gate code 4711; ring first")
    assert line(type="wish", field="wish", value="cancel").endswith("cancel")
    assert line(type="needs", field="needs", value="follow_up").endswith("follow_up")
    assert event_line(SID, {"type": "needs", "field": "needs", "value": ""}) is None


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "{not json"])
def test_a_callers_words_are_never_read_as_markup_or_json(text: str) -> None:
    assert text in line(type="message", message=message("customer", text))
    assert text in line(type="field", field="name", value=text)


@pytest.mark.parametrize("event", [{}, {"type": "new kind"}, {"type": "message", "message": "?"}])
def test_entries_of_an_unknown_kind_are_left_out(event: dict[str, str]) -> None:
    assert event_line(SID, event) is None
