"""The metrics of calls; a log line names the call and nothing else."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

import orjson
import pytest
from prometheus_client import REGISTRY
from websockets.exceptions import InvalidStatus

from tests.stream.calls import call
from tests.stream.door import ANSWERS, answer, door, leave
from tests.stream.doubles import MS, spoken
from tests.stream.provider import CALL_SID, carried
from voicebot.call import CallSid, Step
from voicebot.stream import metrics
from voicebot.stream.metrics import Outcome, Refusal
from voicebot.telemetry import CallTrace, Untraced

pytestmark = pytest.mark.virtual_time(grace_s=0.001)

STAGES = ("stt", "model", "tts", "server")


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"voicebot_{name}", labels) or 0.0


@contextmanager
def rises(name: str, by: float, **labels: str) -> Iterator[None]:
    """By so much within the block."""
    before = sample(name, **labels)
    yield
    assert sample(name, **labels) - before == pytest.approx(by), name


async def test_a_booked_call_is_counted_with_its_answers_and_their_stages() -> None:
    before = sample("answer_seconds_sum")
    stages = sum(sample("answer_stage_seconds_sum", stage=stage) for stage in STAGES)
    with (
        rises("calls_ended_total", 1, outcome="booked"),
        rises("answer_seconds_count", len(ANSWERS)),
        rises("late_voice_frames_total", 0),
    ):
        frames = sample("voice_frames_total")
        async with door() as here, here.caller() as provider:
            await provider.until_heard()
            assert sample("open_calls") == 1
            for code in range(1, len(ANSWERS) + 1):
                await provider.until(lambda: not provider.is_playing)
                await provider.speak(spoken(code))
                await provider.until_heard()
            await provider.until(lambda: provider.close_code is not None)
    assert sample("open_calls") == 0
    assert sample("voice_frames_total") - frames == pytest.approx(provider.played / 160, abs=1)
    after = sum(sample("answer_stage_seconds_sum", stage=stage) for stage in STAGES)
    assert after - stages == pytest.approx(sample("answer_seconds_sum") - before)


async def test_where_a_caller_gives_up_is_counted_by_the_open_question() -> None:
    async with door() as here:
        with rises("calls_left_total", 1, step="phone"), rises("calls_left_total", 0, step="name"):
            async with here.caller() as provider:
                await provider.until_heard()
                await provider.until(lambda: not provider.is_playing)
                await provider.speak(spoken(1))  # the name
                await provider.until_heard()
            await asyncio.sleep(1)


async def test_a_lost_line_a_hang_up_and_a_takeover_are_told_apart() -> None:
    async with door() as here:
        with rises("calls_ended_total", 1, outcome="dropped"):
            async with here.caller() as provider:
                await provider.until_heard()
                provider.socket.transport.abort()
            await asyncio.sleep(1)
        with (
            rises("calls_ended_total", 1, outcome="taken_over"),
            rises("calls_ended_total", 1, outcome="abandoned"),
        ):
            async with here.caller() as older:
                await older.until_heard()
                async with here.caller() as newer:
                    await leave(newer)


async def test_who_is_turned_away_is_counted_by_why() -> None:
    async with door(max_calls=1) as here, here.caller() as provider:
        await provider.until_heard()
        with rises("calls_refused_total", 1, reason="put_off"):
            await here.twiml("/twiml?CallSid=CA2")
        with rises("calls_refused_total", 1, reason="apologised"):
            await here.twiml("/twiml?CallSid=CA2&try=5")
        with rises("calls_refused_total", 1, reason="no_room"), pytest.raises(InvalidStatus):
            async with here.socket():
                pass


async def test_a_stream_that_is_none_is_counted() -> None:
    async with door() as here:
        with rises("calls_refused_total", 1, reason="protocol"):
            async with here.socket() as socket, carried(socket) as provider:
                await provider.send("{}")
                await provider.until(lambda: provider.close_code is not None)


class Stammerer:
    """Says a second, thinks for one and a half, says another second."""

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        yield b"\x2a" * (1000 * MS)
        await asyncio.sleep(1.5)
        yield b"\x2a" * (1000 * MS)

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


async def test_a_voice_that_breaks_off_is_counted_as_late_frames_and_heard_silence() -> None:
    with (
        rises("voice_frames_total", 100),
        rises("late_voice_frames_total", 10),  # the one message of 200 ms that came late
        rises("voice_gap_seconds_total", 0.5),
    ):
        async with call("Hello.", synthesizer=Stammerer()) as made:
            await made.provider.until_heard()


class Faulty(Untraced):
    """Tracing that has a fault."""

    def begin_call(self, call_sid: CallSid, step: Step, *, resumed: bool) -> CallTrace:
        raise ZeroDivisionError


async def test_a_call_that_a_fault_of_ours_ends_is_counted_as_broken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with door(tracing=Faulty()) as here:
        with rises("calls_broken_total", 1):
            async with here.caller() as provider:
                await provider.until(lambda: provider.close_code is not None)
    lines = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [x["call_sid"] for x in lines if x["event"] == "call_broken"] == [CALL_SID]


def test_every_outcome_and_every_refusal_is_told_from_zero() -> None:
    assert set(metrics.calls_ended) == set(Outcome)
    assert set(metrics.calls_refused) == set(Refusal)


async def test_each_line_of_a_calls_log_is_json_with_its_id_and_nothing_of_the_customer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with door() as here, here.caller(**{"from": "+61255500100"}) as provider:
        await provider.send('{"event": "weather"}')
        for code in range(1, len(ANSWERS) + 1):
            await answer(provider, code)
        await provider.until(lambda: provider.close_code is not None)
    text = capsys.readouterr().err
    lines = [orjson.loads(line) for line in text.splitlines()]
    assert {"call_begins", "odd_frame", "call_ends"} <= {line["event"] for line in lines}
    assert {line["call_sid"] for line in lines} == {CALL_SID}
    for private in ("john", "smith", "0412 ", "412345678", "george", "example.com", "55500100"):
        assert private not in text.lower()
