"""The queue of calls."""

from __future__ import annotations

from voicebot.call import CallSid
from voicebot.notify.dispatcher import CallQueue

ONE, TWO = CallSid("CA1"), CallSid("CA2")


async def test_a_call_waits_once_however_often_it_is_put() -> None:
    queue = CallQueue()
    for call_sid in (ONE, TWO, ONE):
        queue.put(call_sid)
    taken = [await queue.get(), await queue.get()]
    assert taken == [ONE, TWO]
    for call_sid in taken:
        queue.done(call_sid)
    assert not queue


async def test_what_happens_while_a_call_is_in_hand_is_looked_at_afterwards() -> None:
    queue = CallQueue()
    queue.put(ONE)
    assert await queue.get() == ONE
    queue.put(ONE)
    queue.put(TWO)
    assert await queue.get() == TWO, "nobody else gets it meanwhile"
    queue.done(ONE)
    assert await queue.get() == ONE
