"""The connections that wait, and the places for calls, of one worker."""

from __future__ import annotations

import asyncio

from voicebot.stream.admission import Admission, WaitingRoom


class Waiting(asyncio.Transport):
    """A connection that says nothing."""

    dropped = False

    def abort(self) -> None:
        self.dropped = True


def test_in_a_full_waiting_room_the_oldest_of_the_fullest_address_gives_way() -> None:
    room, connections = WaitingRoom(most=4), [Waiting() for _ in range(6)]
    for connection, address in zip(connections, ("a", "b", "b", "c", "d", "e"), strict=True):
        room.enter(connection, address)
    assert [c.dropped for c in connections] == [True, True, False, False, False, False]


def test_who_has_left_the_waiting_room_takes_no_room_there() -> None:
    room, first, others = WaitingRoom(most=2), Waiting(), [Waiting() for _ in range(2)]
    room.enter(first, "a")
    room.leave(first)
    room.leave(first)
    for other in others:
        room.enter(other, "a")
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
        admission.close()
        assert not admission.has_room
        leaving = asyncio.ensure_future(admission.empty())
        await asyncio.sleep(0)
        assert not leaving.done()
    await leaving
    assert not admission.has_room
