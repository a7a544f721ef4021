"""Commands of staff on their way: kept until they are settled, settled once, then only told of."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.call import CallSid, CommandKind, CommandRefusal, StaffCommand, Step
from voicebot.errors import TooManyCommands
from voicebot.settings import Settings
from voicebot.store import EventReader, open_client, open_store
from voicebot.store.commands import MOST_WAITING
from voicebot.store.layout import call_keys
from voicebot.store.store import Store

from .calls import SID, START
from .cluster import cluster

SENTENCE = "Sam is ten minutes away."


def say(text: str = SENTENCE) -> StaffCommand:
    return StaffCommand(CommandKind.SAY, "Kim", START, text)


async def told(client: Redis) -> list[dict[str, str]]:
    """The events of commands, without what every event has."""
    events = [dict(event.fields) for event in await EventReader(client).of_call(SID)]
    keys = ("action", "by", "field", "outcome", "reason", "command")
    commands = [event for event in events if event["type"] == "command"]
    return [{key: event[key] for key in keys if key in event} for event in commands]


async def test_a_command_waits_for_its_call_and_is_told_of_without_its_content(
    store: Store, client: Redis
) -> None:
    await store.open_call(SID, caller=None)
    first = await store.commands.put(SID, say())
    second = await store.commands.put(
        SID, StaffCommand(CommandKind.CORRECT, "Lee", START, "a@example.com", Step.EMAIL)
    )
    assert first
    assert second
    waiting = (await store.commands.waiting([SID, CallSid("CA-none")]))[SID]
    assert [(c.id, c.kind, c.by, c.text, c.step) for c in waiting] == [
        (first.id, CommandKind.SAY, "Kim", SENTENCE, None),
        (second.id, CommandKind.CORRECT, "Lee", "a@example.com", Step.EMAIL),
    ]
    asked = {"outcome": "asked", "reason": ""}
    assert await told(client) == [
        {"action": "say", "by": "Kim", "command": first.id, **asked},
        {"action": "correct", "by": "Lee", "field": "email", "command": second.id, **asked},
    ]
    assert await client.ttl(call_keys(SID).commands) > 0


async def test_it_is_settled_once_and_its_content_is_gone(store: Store, client: Redis) -> None:
    await store.open_call(SID, caller=None)
    given = await store.commands.put(SID, say())
    assert given
    assert await store.commands.settle(SID, given, CommandRefusal.CALL_HAS_ENDED)
    assert not await store.commands.settle(SID, given)
    assert await store.commands.waiting([SID]) == {}
    assert [(e["outcome"], e["reason"]) for e in await told(client)] == [
        *(("asked", ""), ("refused", "call_has_ended"))
    ]
    for key in await client.keys("*"):
        assert SENTENCE.encode() not in (await client.dump(key) or b"")


async def test_an_unknown_call_has_no_commands(store: Store, client: Redis) -> None:
    assert await store.commands.put(SID, say()) is None
    assert await client.keys(f"{call_keys(SID).call}*") == []


async def test_commands_do_not_pile_up(store: Store) -> None:
    await store.open_call(SID, caller=None)
    for _ in range(MOST_WAITING):
        await store.commands.put(SID, say())
    with pytest.raises(TooManyCommands):
        await store.commands.put(SID, say())


@pytest.mark.valkey
@pytest.mark.slow
async def test_on_a_cluster_a_worker_is_told_at_once(business: Business) -> None:
    with TemporaryDirectory() as folder:
        async with cluster(Path(folder)) as nodes:
            settings = Settings(_env_file=None, redis_url=nodes.url, data_dir=Path(folder) / "data")
            async with (
                open_store(settings, business) as console,
                open_store(settings, business) as worker,
                open_client(nodes.url) as client,
                asyncio.timeout(60),
            ):
                sids = [CallSid(f"CA-cluster-{n}") for n in range(6)]
                for sid in sids:
                    await worker.open_call(sid, caller=None)
                async with EventReader(client).command_notices() as notices:
                    for sid in sids:
                        await console.commands.put(sid, say())
                    noticed: set[CallSid] = set()
                    async for some in notices:
                        noticed |= {*some}
                        if noticed == {*sids}:
                            break
                found = await worker.commands.waiting(sids)
                assert {sid: [c.text for c in got] for sid, got in found.items()} == {
                    sid: [SENTENCE] for sid in sids
                }
