"""The judge itself: each broken promise is seen, and a whole record is not accused."""

import json
from dataclasses import replace

import pytest

from tests.chaos.invariants import Evidence, Harm, Stored, judge
from tests.chaos.trace import Answer, Rebooking, SessionTrace, Told

PHONE = "+61255550100"
MOMENT = "2026-03-02T09:00:0{}.500Z"


def message(speaker: str, text: str, second: int) -> str:
    said = {"speaker": speaker, "message": text, "startedAt": f"2026-03-02T09:00:0{second}.000Z"}
    return json.dumps(said, separators=(",", ":"))


ASKED = message("AI", "What is your phone number?", 1)
ANSWERED = message("customer", "0255 550 100", 2)
THANKED = message("AI", "Thank you. What is your name?", 3)


def told(number: int, answer: Answer = Answer.REDIS, **what: object) -> Told:
    nothing: dict[str, object] = {
        "answers": {},
        "messages": [],
        "revised": [],
        "owned": {},
    }
    commit = Told(number, "2026-03-02T09:00:00.000Z", **(nothing | what))  # type: ignore[arg-type]
    commit.answer, commit.until, commit.told_at = answer, "2026-03-02T09:00:09.000Z", float(number)
    return commit


def session(*commits: Told, opened_at: float = 0.0, **what: object) -> SessionTrace:
    trace = SessionTrace(f"s{opened_at}", "A1", opened_at, [])
    trace.commits = list(commits)
    for name, value in what.items():
        setattr(trace, name, value)
    return trace


def spoken_with(answer: Answer = Answer.REDIS) -> SessionTrace:
    """A session that asked, was answered, and said thank you."""
    return session(
        told(1, answer, messages=[ASKED]),
        told(2, answer, messages=[ANSWERED], answers={"phone": PHONE}, owned={"step": "name"}),
        told(3, answer, messages=[THANKED]),
    )


WHOLE = Stored(
    {
        "user.userInfo.phone": PHONE,
        "user.userInfo.phone_timestamp": MOMENT.format(2),
        "step": "name",
        "servicebooked": "false",
    },
    [ASKED, ANSWERED, THANKED],
)


def harms(evidence: Evidence) -> set[Harm]:
    return {violation.harm for violation in judge(evidence)}


def of(stored: Stored, *sessions: SessionTrace, **more: object) -> Evidence:
    return Evidence("CA1", sessions or (spoken_with(),), stored, **more)  # type: ignore[arg-type]


def test_a_whole_record_breaks_no_promise() -> None:
    assert judge(of(WHOLE, heard=["What is your phone number?", "Thank you."])) == []


@pytest.mark.parametrize(
    ("history", "harm"),
    [
        ([ASKED, ANSWERED], Harm.MESSAGE_LOST),
        ([ASKED, ANSWERED, ANSWERED, THANKED], Harm.MESSAGE_TWICE),
        ([ASKED, ANSWERED, THANKED, message("AI", "Hm?", 4)], Harm.MESSAGE_INVENTED),
    ],
)
def test_history_must_hold_every_message_once_and_no_other(history: list[str], harm: Harm) -> None:
    assert harms(of(Stored(WHOLE.fields, history))) == {harm}


@pytest.mark.parametrize(
    ("changes", "harm"),
    [
        ({"user.userInfo.phone": None, "user.userInfo.phone_timestamp": None}, Harm.FIELD_LOST),
        ({"user.userInfo.phone_timestamp": None}, Harm.FIELD_TORN),
        ({"user.userInfo.phone_timestamp": "2026-03-02T09:01:00.000Z"}, Harm.FIELD_TORN),
        ({"servicebooked": "true"}, Harm.FIELD_TORN),
        ({"step": "phone"}, Harm.OVERWRITTEN),
    ],
)
def test_fields_of_a_step_stand_together(changes: dict[str, str | None], harm: Harm) -> None:
    fields = {k: v for k, v in (WHOLE.fields | changes).items() if v is not None}
    assert harms(of(Stored(fields, WHOLE.history))) == {harm}


def test_history_in_another_order_than_it_was_said_is_seen() -> None:
    late = json.dumps(json.loads(ASKED) | {"startedAt": "2026-03-02T09:00:07.000Z"})
    first = session(told(1, messages=[late]), told(2, messages=[ANSWERED]))
    assert harms(of(Stored({}, [late, ANSWERED]), first)) == {Harm.OUT_OF_ORDER}


def test_what_was_under_way_when_the_process_died_may_be_there_or_not() -> None:
    dying = session(told(1, messages=[ASKED]), told(2, Answer.NONE, messages=[ANSWERED]))
    assert judge(of(Stored({}, [ASKED]), dying)) == []
    assert judge(of(Stored({}, [ASKED, ANSWERED]), dying)) == []


def test_what_rested_in_memory_alone_is_lost_only_with_its_process() -> None:
    remembered = session(told(1, Answer.MEMORY, messages=[ASKED]))
    assert harms(of(Stored({}, []), remembered)) == {Harm.MESSAGE_LOST}
    remembered.process_died = True
    assert judge(of(Stored({}, []), remembered)) == []


def test_an_older_owner_must_not_overwrite_what_the_newer_one_saved() -> None:
    newer = session(
        told(1, answers={"phone": "+61255550199"}, owned={"step": "name"}), opened_at=5.0
    )
    assert harms(of(WHOLE, spoken_with(), newer)) == {Harm.OVERWRITTEN}


def test_clocks_that_are_wrong_while_redis_is_away_may_mistake_who_is_newer() -> None:
    newer = session(
        told(1, answers={"phone": "+61255550199"}, owned={"step": "name"}), opened_at=5.0
    )
    assert judge(of(WHOLE, spoken_with(), newer, in_step=False)) == []
    nothing = Stored({"servicebooked": "false"}, WHOLE.history)
    assert harms(of(nothing, spoken_with(), newer, in_step=False)) == {Harm.FIELD_LOST}


def test_what_a_lossy_restart_took_from_an_ended_session_is_outside_the_promise() -> None:
    ended = replace(spoken_with(), ended_at=3.5)
    lost = Stored({"servicebooked": "false"}, [])
    assert judge(of(lost, ended, forgotten=(0.5, 4.0))) == []
    assert Harm.MESSAGE_LOST in harms(of(lost, ended))
    assert Harm.MESSAGE_LOST in harms(of(lost, spoken_with(), forgotten=(0.5, 4.0)))


def test_a_session_that_does_not_know_what_was_answered_is_seen_where_redis_was_there() -> None:
    newer = session(opened_at=5.0)
    assert harms(of(WHOLE, spoken_with(), newer, sighted=True)) == {Harm.RESUMED_BLIND}
    assert judge(of(WHOLE, spoken_with(), newer)) == []
    assert judge(of(WHOLE, spoken_with(), newer, sighted=True, held_up=[4.0])) == []
    assert harms(of(WHOLE, spoken_with(), newer, sighted=True, held_up=[2.0]))
    newer.known = ["phone"]
    assert judge(of(WHOLE, spoken_with(), newer, sighted=True)) == []


def test_a_sentence_that_was_heard_before_it_was_saved_is_seen() -> None:
    asking = session(told(1, messages=[ASKED]), told(2, Answer.NONE, messages=[THANKED]))
    heard = of(Stored({}, [ASKED]), asking, heard=["Thank you."])
    assert harms(heard) == {Harm.SAID_UNSAVED}


# -- for staff -----------------------------------------------------------------------------

GATE, DOG = ('{"text":"gate"}', '{"text":"dog"}')
PASSED = '{"text":"Robin Carter: the bell is broken"}'


def noted_with(answer: Answer = Answer.REDIS) -> SessionTrace:
    return session(
        told(1, answer, notes=[GATE], staff={"needs": "person"}),
        told(2, answer, notes=[DOG], staff={"wish": "other"}),
    )


FOR_STAFF = {"needs": "person", "wish": "other", "notes": f"[{GATE},{DOG}]"}


@pytest.mark.parametrize(
    ("changes", "harm"),
    [
        ({}, None),
        ({"notes": f"[{GATE}]"}, Harm.NOTE_LOST),
        ({"notes": None}, Harm.NOTE_LOST),
        ({"notes": f"[{GATE},{DOG},{DOG}]"}, Harm.NOTE_TWICE),
        ({"notes": f"[{DOG},{GATE}]"}, Harm.NOTE_TWICE),
        ({"notes": f"[{GATE},{PASSED},{DOG}]"}, None),
        ({"notes": f"[{GATE},{PASSED},{DOG},{PASSED}]"}, Harm.NOTE_TWICE),
        ({"needs": "follow_up"}, Harm.OVERWRITTEN),
        ({"wish": None}, Harm.FIELD_LOST),
    ],
)
def test_what_is_for_staff_stands_there_once_in_order(
    changes: dict[str, str | None], harm: Harm | None
) -> None:
    fields = {k: v for k, v in (FOR_STAFF | changes).items() if v is not None}
    evidence = of(Stored(fields, []), noted_with(), passed=["the bell is broken"])
    assert harms(evidence) == ({harm} if harm else set())


def test_a_note_that_was_under_way_when_the_process_died_may_be_there_or_not() -> None:
    assert judge(of(Stored({}, []), noted_with(Answer.NONE))) == []
    assert judge(of(Stored(FOR_STAFF, []), noted_with(Answer.NONE))) == []


# -- appointments --------------------------------------------------------------------------

WAS, NEW = "2026-03-10T15:00:00+11:00", "2026-03-11T15:30:00+11:00"
PLACE_WAS, PLACE_NEW = "2026-03-10 900", "2026-03-11 930"
CALLED_OFF = {"status": "cancelled", "servicebooked": "false"}
MOVED = ("moved", NEW)
UNBOOKED = ("booked", "false")


def booked_and(*asked: Rebooking, **more: object) -> SessionTrace:
    """A session that booked, and what later calls did with it."""
    booking = told(1, answers={"time": WAS}, owned={"status": "booked"})
    return session(booking, rebookings=list(asked), **more)  # type: ignore[arg-type]


def appointment(
    time: str, *places: str, events: tuple[tuple[str, str], ...] = (), off: bool = False
) -> Stored:
    stamp = {"user.userInfo.time_timestamp": MOMENT.format(5), "user.serviceBookedTime": time}
    return Stored(
        {"status": "booked", "servicebooked": "true"} | stamp | (CALLED_OFF if off else {}),
        [],
        events,
        places,
    )


def test_an_appointment_may_stand_as_every_step_was_told() -> None:
    moved, called_off = Rebooking(NEW, True, 2.0), Rebooking("", True, 3.0)
    assert judge(of(appointment(WAS, PLACE_WAS), booked_and())) == []
    there = appointment(NEW, PLACE_NEW, events=(MOVED,))
    assert judge(of(there, booked_and(moved))) == []
    gone = appointment(NEW, events=(MOVED, UNBOOKED), off=True)
    assert judge(of(gone, booked_and(moved, called_off))) == []


@pytest.mark.parametrize("done", [False, None])
def test_a_move_that_was_not_acknowledged_may_be_done_or_not(done: bool | None) -> None:
    asked = Rebooking(NEW, done, 2.0)
    for stored in (appointment(WAS, PLACE_WAS), appointment(NEW, PLACE_NEW, events=(MOVED,))):
        assert judge(of(stored, booked_and(asked))) == []
    assert harms(of(appointment("2026-03-12T15:00:00+11:00", "2026-03-12 900"), booked_and(asked)))


@pytest.mark.parametrize(
    ("stored", "harm"),
    [
        (appointment(WAS, PLACE_WAS, events=(MOVED,)), Harm.OVERWRITTEN),
        (appointment(NEW, PLACE_NEW, events=(MOVED, MOVED)), Harm.REBOOKED_WRONG),
        (appointment(NEW, events=(MOVED,)), Harm.PLACE_WRONG),
        (appointment(NEW, PLACE_WAS, events=(MOVED,)), Harm.PLACE_WRONG),
        (appointment(NEW, PLACE_WAS, PLACE_NEW, events=(MOVED,)), Harm.PLACE_WRONG),
    ],
)
def test_an_appointment_that_was_moved_is_there_alone_and_moved_once(
    stored: Stored, harm: Harm
) -> None:
    assert harms(of(stored, booked_and(Rebooking(NEW, True, 2.0)))) == {harm}


@pytest.mark.parametrize(
    ("stored", "harm"),
    [
        (appointment(WAS, PLACE_WAS), Harm.REBOOKED_WRONG),
        (appointment(WAS, PLACE_WAS, events=(UNBOOKED,), off=True), Harm.PLACE_WRONG),
        (appointment(WAS, off=True), Harm.REBOOKED_WRONG),
        (appointment(WAS, events=(UNBOOKED, UNBOOKED), off=True), Harm.REBOOKED_WRONG),
    ],
)
def test_an_appointment_that_was_called_off_is_gone_once_and_leaves_no_place(
    stored: Stored, harm: Harm
) -> None:
    assert harms(of(stored, booked_and(Rebooking("", True, 2.0)))) == {harm}


def test_what_a_blind_session_booked_again_may_be_called_off_again() -> None:
    twice = appointment(WAS, events=(UNBOOKED, UNBOOKED), off=True)
    off = Rebooking("", True, 2.0)
    sessions = booked_and(off), booked_and(off, opened_at=3.0)
    assert Harm.REBOOKED_WRONG not in harms(of(twice, *sessions, sighted=False))
    assert Harm.REBOOKED_WRONG in harms(of(twice, *sessions, sighted=True))
    assert Harm.REBOOKED_WRONG in harms(of(twice, booked_and(off), sighted=False))


def test_an_appointment_that_nobody_called_off_stands() -> None:
    gone = appointment(WAS, events=(UNBOOKED,), off=True)
    assert Harm.REBOOKED_WRONG in harms(of(gone, booked_and()))
    moved = appointment(NEW, events=(MOVED, UNBOOKED), off=True)
    assert Harm.REBOOKED_WRONG in harms(of(moved, booked_and(Rebooking(NEW, True, 2.0))))


def test_an_appointment_that_is_not_found_is_seen_where_redis_was_there() -> None:
    lost = booked_and(unfound=1)
    assert harms(of(appointment(WAS, PLACE_WAS), lost, findable=True)) == {Harm.NOT_FOUND}
    assert judge(of(appointment(WAS, PLACE_WAS), lost)) == []


def test_what_a_lossy_restart_took_of_a_move_is_outside_the_promise() -> None:
    asked = booked_and(Rebooking(NEW, True, 2.0), ended_at=5.0)
    assert judge(of(appointment(WAS), asked, forgotten=(1.5, 4.0))) == []
