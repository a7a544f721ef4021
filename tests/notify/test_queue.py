"""The queue of calls."""

from voicebot.call import CallSid
from voicebot.notify.dispatcher import CallQueue

ONE, TWO = CallSid("CA1"), CallSid("CA2")


async def test_a_call_waits_once_and_is_with_one_worker_however_often_it_is_put() -> None:
    queue = CallQueue()
    for call_sid in (ONE, TWO, ONE):
        queue.put(call_sid)
    async with queue.take() as first:
        queue.put(ONE)
        async with queue.take() as second:
            assert (first, second) == (ONE, TWO)
    async with queue.take() as again:
        assert again == ONE, "what happens while it is with a worker is looked at afterwards"
