"""Audio on its way to staff: published to those who asked lately, and kept nowhere."""

from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.store import WISH_S, EventReader, LineAudio

from .calls import SID

PATIENCE_S = 5.0
OTHER = CallSid("CA-other")


async def test_a_wish_reaches_the_worker_at_once_and_is_gone_by_itself(client: Redis) -> None:
    line = LineAudio(client)
    async with EventReader(client).command_notices() as notices:
        await line.ask(SID)
        assert await anext(aiter(notices)) == (SID,)
    assert await line.wanted([OTHER, SID]) == [SID]
    (wish,) = [key async for key in client.scan_iter("listen:*")]
    assert 0 < await client.ttl(wish) <= WISH_S


async def test_what_is_published_comes_to_those_who_listen_to_that_call(client: Redis) -> None:
    line = LineAudio(client)
    await line.publish(SID, b"nobody listens yet")
    async with line.heard(SID) as next_piece:
        await line.publish(OTHER, b"another call")
        await line.publish(SID, bytes(range(256)))
        await line.publish(SID, b"")
        assert await next_piece(PATIENCE_S) == bytes(range(256))
        assert await next_piece(PATIENCE_S) == b""
        assert await next_piece(0.01) is None
    assert [key async for key in client.scan_iter("*audio*")] == []
