"""The places of one worker."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from voicebot.stream.admission import Admission


def test_an_address_gets_half_of_the_places_until_its_calls_are_known() -> None:
    admission = Admission(4)
    with ExitStack() as stack:
        first = stack.enter_context(admission.place("a"))
        stack.enter_context(admission.place("a"))
        assert not admission.admits("a")
        assert admission.admits("b")
        first.call_is_known()
        assert admission.admits("a")
        assert admission.taken == 2


def test_the_only_place_is_for_anybody() -> None:
    assert Admission(1).admits("a")


def test_a_place_is_given_back_whole_however_it_ended() -> None:
    admission = Admission(2)
    for known in (True, False, True, False):
        try:
            with admission.place("a") as place:
                if known:
                    place.call_is_known()
                raise ConnectionError
        except ConnectionError:
            pass
        assert admission.taken == 0
        assert admission.admits("a")


async def test_who_is_in_when_it_closes_may_stay_and_is_waited_for() -> None:
    admission = Admission(2)
    with admission.place("a"):
        admission.close()
        assert not admission.has_room
        leaving = asyncio.ensure_future(admission.empty())
        await asyncio.sleep(0)
        assert not leaving.done()
    await leaving
    assert not admission.has_room
