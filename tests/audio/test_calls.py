"""Spoken calls: synthetic voices, real recognition, real synthesis, a real Valkey."""

import asyncio
import json
from statistics import median

import pytest

from tests.audio.conftest import Call, Exchange

pytestmark = [pytest.mark.audio, pytest.mark.slow]

AT_ONCE = 6
"""The calls that two cores carry in real time beside the phones."""
CALLS = 10

ANSWERS = {
    "user.userInfo.name": "John Smith",
    "user.userInfo.phone": "+61412345678",
    "user.userInfo.address": "Unit 4, 112 Chapel Street, Windsor",
    "user.userInfo.email": "j.smith@gmail.com",
}
MOMENTS = [
    f"user.userInfo.{s}_timestamp" for s in ["name", "phone", "address", "email", "service", "time"]
]


@pytest.fixture(scope="module")
def calls(exchange: Exchange) -> list[Call]:
    """Ten whole calls, then one that is cut off after the phone number and made again."""

    async def place_all() -> list[Call]:
        places = asyncio.Semaphore(AT_ONCE)

        async def place(sid: str, *options: str) -> Call:
            async with places:
                return await exchange.call(sid, *options)

        async def cut_off_and_again() -> list[Call]:
            return [
                await place("CA-cut-off", "--hangup-after", "phone"),
                await place("CA-cut-off"),
            ]

        again = asyncio.create_task(cut_off_and_again())
        whole = await asyncio.gather(*(place(f"CA-ten-{n}") for n in range(CALLS)))
        return [*whole, *await again]

    return asyncio.run(place_all())


def test_the_default_caller_books_ten_times_out_of_ten(calls: list[Call]) -> None:
    for call in calls[:CALLS]:
        assert call.code == 0, call.printed
        assert {name: call.fields.get(name) for name in ANSWERS} == ANSWERS, call.printed
        assert json.loads(call.fields["user.service"])["id"] == "cleaning"
        assert call.fields["user.serviceBookedTime"][10:16] == "T09:30"
        assert call.fields["servicebooked"] == "true"
        assert all(call.fields.get(moment) for moment in MOMENTS)
        said = [m["startedAt"] for m in call.history]
        assert said == sorted(said)
    turns = [ms for call in calls for ms in call.latencies_ms]
    print(f"median turn latency {median(turns):.0f} ms over {len(turns)} turns, {AT_ONCE} at once")


def test_a_caller_who_is_cut_off_goes_on_at_the_next_step(calls: list[Call]) -> None:
    first, second = calls[CALLS:]
    assert first.code == 3, first.printed
    assert first.fields["step"] == "address"
    assert first.fields["user.userInfo.phone"] == ANSWERS["user.userInfo.phone"]
    assert "user.userInfo.address" not in first.fields
    assert second.code == 0, second.printed
    assert second.fields["servicebooked"] == "true"
    assert second.history[: len(first.history)] == first.history
    asked_twice = [m for m in second.history[len(first.history) :] if "your name" in m["message"]]
    assert asked_twice == []
