"""The connections without a call, and the places for calls, of one worker."""

from __future__ import annotations

import asyncio

from voicebot.stream.connection import PendingConnections
from voicebot.stream.server import Admission


class Silent(asyncio.Transport):
    """A connection that says nothing."""

    dropped = False

    def abort(self) -> None:
        self.dropped = True


def test_at_the_limit_the_oldest_connection_of_the_fullest_address_is_dropped() -> None:
    pending, connections = PendingConnections(limit=4), [Silent() for _ in range(6)]
    for connection, address in zip(connections, ("a", "b", "b", "c", "d", "e"), strict=True):
        pending.add(connection, address)
    assert [c.dropped for c in connections] == [True, True, False, False, False, False]


def test_a_connection_whose_call_began_is_not_counted() -> None:
    pending, first, others = PendingConnections(limit=2), Silent(), [Silent() for _ in range(2)]
    pending.add(first, "a")
    pending.remove(first)
    pending.remove(first)
    for other in others:
        pending.add(other, "a")
    assert not any(c.dropped for c in (first, *others))


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
