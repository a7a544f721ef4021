"""Who had customers' data shown: the newest hundred times, none longer than a call is kept."""

from datetime import timedelta

from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.store.layout import REVEALS
from voicebot.store.staff_writes import REVEALS_KEPT

from .calls import SID, Clock
from .conftest import StoreMaker

DAY = timedelta(days=1)


async def test_the_newest_come_first_and_the_oldest_make_room(
    make_store: StoreMaker, clock: Clock
) -> None:
    staff = make_store(clock=clock).staff
    for n in range(REVEALS_KEPT + 5):
        clock.at += timedelta(seconds=1)
        await staff.revealed(CallSid(f"CA{n}"), "Kim")
    told = await staff.reveals()
    assert [one.callSid for one in told] == [f"CA{n}" for n in range(REVEALS_KEPT + 4, 4, -1)]
    assert (told[0].by, told[0].at) == ("Kim", "2026-03-02T09:01:45.000Z")


async def test_none_is_told_or_stored_longer_than_a_call_is_kept(
    make_store: StoreMaker, clock: Clock, client: Redis
) -> None:
    staff = make_store(clock=clock, retention_days=2).staff
    await staff.revealed(SID, "Kim")
    clock.at += DAY
    await staff.revealed(SID, "Ana \ud800")
    assert 0 < await client.ttl(REVEALS) <= 2 * DAY.total_seconds()
    clock.at += DAY
    assert [one.by for one in await staff.reveals()] == ["Ana ?"]
    await staff.revealed(SID, "Li")
    assert await client.zcard(REVEALS) == 2
