"""The provider's door over real TCP: a whole booking, resuming, takeover, drain."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tests.stream.door import ANSWERS, answer, door, leave, now
from tests.stream.provider import CALL_SID
from voicebot.call import CallSid, Change, Needs, Status
from voicebot.store import CallSession, Store
from voicebot.stream.server import Admission

pytestmark = pytest.mark.virtual_time(grace_s=0.001)


async def test_the_door_tells_that_it_lives_and_is_ready() -> None:
    async with door() as here:
        assert await here.get("/healthz") == (200, "text/plain; charset=utf-8", "ok\n")
        assert (await here.get("/readyz"))[0] == 200
        assert (await here.get("/nothing"))[0] == 404
        assert (await here.get("/"))[0] == 404


async def test_a_whole_booking_is_in_the_record_and_the_call_is_hung_up() -> None:
    async with door() as here:
        twiml = await here.twiml(f"/twiml?CallSid={CALL_SID}&From=%2B61255500100")
        assert [verb.tag for verb in twiml] == ["Connect", "Redirect"]
        async with here.caller(**{"from": "+61255500100"}) as provider:
            for code in range(1, len(ANSWERS) + 1):
                await answer(provider, code)
            await provider.until(lambda: provider.close_code is not None)
        assert provider.close_code == 1000
        record = await here.record()
        info = record["user"]["userInfo"]
        assert (info["name"], info["phone"]) == ("John Smith", "+61412345678")
        assert (info["email"], record["servicebooked"]) == ("john@example.com", True)
        assert [m["message"] for m in record["history"] if m["speaker"] == "customer"] == list(
            ANSWERS
        )
        stamps = [m["startedAt"] for m in record["history"]]
        assert stamps == sorted(stamps)
        (verb,) = await here.twiml()
        assert verb.tag == "Hangup"


async def test_how_a_transfer_ended_is_in_the_record() -> None:
    async with door() as here:
        for sid, outcome, needs in (("CA-out", "no-answer", "person"), ("CA-in", "completed", "")):
            ledger = await here.store.open_call(CallSid(sid), caller=None)
            await ledger.commit(Change(status=Status.TRANSFER, needs=Needs.PERSON))
            await ledger.close()
            await here.twiml(f"/twiml?CallSid={sid}&DialCallStatus={outcome}")
            await here.store.best_effort.finish()
            record = await here.store.get_call_skeleton(sid)
            assert record is not None
            assert record.needs == needs
            told = (await here.store.events.of_call(CallSid(sid)))[-1].fields
            assert (told["type"], told["value"]) == ("dialled", outcome)


async def test_a_caller_who_hung_up_goes_on_where_they_were() -> None:
    async with door() as here:
        async with here.caller() as provider:
            await answer(provider, 1)
            await leave(provider)
        assert await here.store.status(CallSid(CALL_SID)) is Status.ABANDONED
        assert (await here.twiml())[0].tag == "Connect"
        async with here.caller() as provider:
            await answer(provider, 2)
            await leave(provider)
        info = (await here.record())["user"]["userInfo"]
        assert (info["name"], info["phone"]) == ("John Smith", "+61412345678")


async def test_a_call_goes_on_from_an_old_record_whatever_moments_it_tells() -> None:
    started = ("2026-03-01T20:00:05.123456", "2026-03-01", "9999-12-31T23:59:59.999Z", None)
    history = [{"speaker": "AI", "message": "Hello", "startedAt": at} for at in started]
    async with door() as here:
        old = {"user": {"userInfo": {"name": "null"}}, "history": history}
        await here.redis.set(f"call:{CALL_SID}", orjson.dumps(old))
        async with here.caller() as provider:
            await answer(provider, 1)
            await leave(provider)
        record = await here.record()
        assert record["user"]["userInfo"]["name"] == "John Smith"
        assert [m["message"] for m in record["history"][:4]] == ["Hello"] * 4
        assert {m["startedAt"][:4] for m in record["history"][4:]} == {str(now().year)}


async def test_a_second_stream_takes_the_call_over() -> None:
    async with door() as here, here.caller() as first:
        await answer(first, 1)
        await first.until_heard()
        async with here.caller() as second:
            await first.until(lambda: first.close_code is not None, 2.0)
            assert first.close_code == 1000
            await answer(second, 2)
            await leave(second)
        info = (await here.record())["user"]["userInfo"]
        assert (info["name"], info["phone"]) == ("John Smith", "+61412345678")


async def test_a_stream_that_was_opened_late_does_not_end_the_newer_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claimed, go_on = asyncio.Event(), asyncio.Event()
    open_call = Store.open_call

    async def late_at_first(store: Store, call_sid: CallSid, *, caller: str | None) -> CallSession:
        ledger = await open_call(store, call_sid, caller=caller)
        if not claimed.is_set():
            claimed.set()
            await go_on.wait()
        return ledger

    monkeypatch.setattr(Store, "open_call", late_at_first)
    async with door() as here, here.caller() as first:
        await claimed.wait()
        async with here.caller() as second:
            await second.until_heard()
            go_on.set()
            await first.until(lambda: first.close_code is not None)
            await answer(second, 1)
            await leave(second, 2)
    assert first.played == 0


async def test_draining_refuses_new_calls_and_lets_running_ones_finish() -> None:
    async with door(drain_s=600.0) as here, here.caller() as provider:
        await answer(provider, 1)
        here.stopping.set()
        await asyncio.sleep(0.1)
        assert (await here.get("/readyz"))[0] == 503
        assert (await here.get("/healthz"))[0] == 200
        assert (await here.twiml())[0].tag == "Pause"
        with pytest.raises(InvalidStatus):
            async with here.socket():
                pass
        for code in range(2, len(ANSWERS) + 1):
            await answer(provider, code)
        await asyncio.wait_for(here.stopped.wait(), 30)
        assert provider.close_code == 1000
        assert (await here.record())["servicebooked"] is True


async def test_a_call_that_does_not_finish_in_time_is_handed_over() -> None:
    async with door(drain_s=5.0) as here, here.caller() as provider:
        await answer(provider, 1)
        await provider.until_heard()
        here.stopping.set()
        await asyncio.wait_for(here.stopped.wait(), 10)
        await provider.until(lambda: provider.close_code is not None)
        assert provider.close_code == 1001
        assert await here.store.status(CallSid(CALL_SID)) is Status.ACTIVE
        assert (await here.record())["user"]["userInfo"]["name"] == "John Smith"


async def test_cancelling_the_server_ends_its_calls_at_once() -> None:
    async with door(drain_s=600.0) as here, here.caller() as provider:
        await provider.until_heard()
        here.stopping.set()
        await asyncio.sleep(0.1)
        (serving,) = [t for t in asyncio.all_tasks() if "StreamServer.run" in repr(t)]
        serving.cancel()
        await asyncio.wait_for(here.stopped.wait(), 5)
        await provider.until(lambda: provider.close_code is not None)
        assert provider.close_code == 1001


async def test_turns_and_commits_are_measured_when_a_file_is_named() -> None:
    with TemporaryDirectory() as directory:
        file = Path(directory) / "new" / "measure.jsonl"
        async with door(measure_file=file) as here, here.caller() as provider:
            await answer(provider, 1)
            await leave(provider)
        rows = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    turns = [row for row in rows if row["kind"] == "turn"]
    assert len(turns) == 1
    assert turns[0]["call"] == CALL_SID
    assert 0 <= turns[0]["server_ms"] <= turns[0]["total_ms"]
    assert sum(row["kind"] == "commit" for row in rows) >= 3


def test_a_place_is_given_back_however_its_call_ended() -> None:
    admission = Admission(1)
    for _ in range(3):
        try:
            with admission.place():
                assert not admission.has_room
                raise ConnectionError
        except ConnectionError:
            pass
        assert admission.has_room


async def test_who_is_in_when_it_closes_may_stay_and_is_waited_for() -> None:
    admission = Admission(2)
    with admission.place():
        leaving = asyncio.ensure_future(admission.close(60.0))
        await asyncio.sleep(0)
        assert not admission.has_room
        assert not leaving.done()
    await leaving
    assert not admission.has_room
