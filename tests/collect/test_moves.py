"""The bot's next move after anything that a caller does."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collect.conversation import (
    NO,
    NONSENSE,
    NOW,
    PLAIN_CALL,
    SPAN,
    VALUES,
    YES,
    answer,
    answer_of,
    at,
    does,
    ended,
    fresh,
    partial,
    run,
    said,
    saved,
    says,
    tells,
)
from voicebot.business import load_business
from voicebot.call import FIELDS, CallState, Message, Needs, Speaker, Status, Step, Window
from voicebot.collect.answers import MAX_ATTEMPTS
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import (
    End,
    Ending,
    Event,
    Heard,
    Inquire,
    Placed,
    Reserve,
    Save,
    Say,
    Silent,
    Started,
    TimeUp,
    Unheard,
    Unsaid,
)
from voicebot.collect.heard import HOLD_SILENCES
from voicebot.collect.moves import MAX_SILENCES, next_move
from voicebot.collect.resuming import begin
from voicebot.collect.understanding import (
    Act,
    Affirm,
    Ask,
    Choose,
    Correct,
    Decline,
    Deny,
    Flexible,
    Greet,
    Leave,
    Missing,
    Note,
    Reading,
    Repeat,
    SlowDown,
    Thank,
    Wait,
    Want,
    WantPerson,
    Withdraw,
)
from voicebot.ledger import Place


def test_a_plain_call_asks_six_things_and_books() -> None:
    dialogue, effects = run(fresh(), *PLAIN_CALL)
    change = saved(effects)
    assert change.answers == {
        Step.TIME: datetime(2026, 3, 4, 9, 30, tzinfo=ZoneInfo("Australia/Sydney"))
    }
    assert (change.booked, change.status, change.step) == (True, Status.BOOKED, Step.DONE)
    assert ended(effects) is Ending.HANGUP
    assert dialogue.answers == VALUES
    assert dialogue.confirmed == {Step.PHONE, Step.EMAIL, Step.TIME}


def test_words_after_the_booking_are_kept_and_change_nothing_else() -> None:
    dialogue, _ = run(fresh(), *PLAIN_CALL)
    effects = run(dialogue, answer(Step.NAME, "Somebody Else"))[1]
    assert saved(effects).messages
    assert not saved(effects).answers
    assert ended(effects) is Ending.HANGUP


def test_a_call_whose_appointment_was_called_off_is_not_booked_by_a_hello() -> None:
    called_off = begin(
        load_business(None),
        CallState(
            answers={Step.NAME: VALUES[Step.NAME]},
            step=Step.DONE,
            status=Status.CANCELLED,
            resumed=True,
        ),
    )
    change = saved(run(called_off, Started())[1])
    assert (change.status, change.booked, change.answers) == (Status.CANCELLED, None, {})


@pytest.mark.parametrize("remark", [Repeat(SPAN), Wait(SPAN), Greet(SPAN), Thank(SPAN)])
def test_a_remark_costs_no_attempt(remark: Act) -> None:
    dialogue, effects = run(at(Step.PHONE), does(remark))
    assert dialogue.attempts == 0
    assert dialogue.step is Step.PHONE
    assert saved(effects).messages


def test_a_question_is_answered_from_the_business_file_and_the_open_one_put_again() -> None:
    effects = run(at(Step.EMAIL), does(Ask("price", "how much is plumbing", SPAN)))[1]
    assert "Plumbing" in said(effects)
    assert "120 dollars" in said(effects)
    assert said(effects).endswith("What's your e-mail address?")


def test_a_wish_for_a_person_hands_the_call_over() -> None:
    effects = run(fresh(), does(WantPerson(SPAN)))[1]
    assert saved(effects).status is Status.TRANSFER
    assert saved(effects).needs is Needs.PERSON
    assert ended(effects) is Ending.TRANSFER


def test_a_wish_for_a_person_is_recorded_also_where_there_is_none() -> None:
    business = load_business(None).model_copy(update={"transfer_to": None})
    effects = run(begin(business, CallState()), does(WantPerson(SPAN)))[1]
    assert saved(effects).needs is Needs.PERSON
    assert ended(effects) is None


def test_silence_asks_again_rephrases_and_says_goodbye() -> None:
    dialogue, effects = run(fresh(), Silent())
    assert "still there" in said(effects)
    dialogue, effects = run(dialogue, Silent())
    assert ended(effects) is None
    effects = run(dialogue, Silent())[1]
    assert (ended(effects), saved(effects).status) == (Ending.HANGUP, Status.INCOMPLETE)


def test_a_caller_who_asked_for_a_moment_is_waited_for() -> None:
    dialogue, effects = run(at(Step.EMAIL), does(Wait(SPAN)), *[Silent()] * HOLD_SILENCES)
    assert (said(effects), dialogue.silences) == ("", 0)
    assert says(run(dialogue, Silent())[1], "silence.first")
    assert run(dialogue, does(Wait(SPAN)), NONSENSE)[0].patience == 0


def test_words_after_silence_start_the_count_anew() -> None:
    assert run(fresh(), Silent(), Silent(), NONSENSE)[0].silences == 0


def test_a_call_that_lasts_too_long_is_ended_politely() -> None:
    effects = run(fresh(), TimeUp())[1]
    assert ended(effects) is Ending.HANGUP
    assert saved(effects).status is Status.INCOMPLETE


@pytest.mark.parametrize("events", [(TimeUp(),), (Silent(),) * MAX_SILENCES])
def test_only_who_told_something_hears_that_it_is_saved(events: tuple[Event, ...]) -> None:
    assert "saved" not in said(run(fresh(), *events)[1])
    assert "What you told me is saved" in said(run(fresh(), answer(Step.NAME), *events)[1])


def test_words_that_cut_the_bot_off_carry_what_was_heard_of_it() -> None:
    whole = Message(Speaker.BOT, "What's your name, please?", NOW)
    part = Message(Speaker.BOT, "What's", NOW, partial=True)
    event = Heard(
        Message(Speaker.CALLER, "words", NOW),
        Reading(),
        (whole, part),
    )
    assert saved(run(fresh(), event)[1]).revised == (whole, part)


def test_a_resumed_call_says_sorry_and_goes_on_at_its_step() -> None:
    state = CallState(
        answers={Step.NAME: "Robin Carter", Step.PHONE: "+61412345678"},
        confirmed=frozenset({Step.PHONE}),
        step=Step.ADDRESS,
        resumed=True,
    )
    effects = run(begin(load_business(None), state), Started())[1]
    assert said(effects).startswith("Sorry, we were cut off.")
    assert said(effects).endswith("What's the address for the job?")


def test_a_call_resumed_during_a_read_back_reads_back_again() -> None:
    before, _ = run(at(Step.PHONE), answer(Step.PHONE))
    state = CallState(
        answers={Step.PHONE: "+61412345678"},
        step=Step.PHONE,
        dialogue=before.to_json(),
        resumed=True,
    )
    dialogue, effects = run(begin(load_business(None), state), Started())
    assert dialogue.mode is Mode.CONFIRMING
    assert "0412 345 678" in said(effects)


def test_a_rejected_value_is_not_read_back_again_on_resume() -> None:
    before, _ = run(at(Step.PHONE), answer(Step.PHONE), NO)
    state = CallState(
        answers={Step.PHONE: "+61412345678"},
        step=Step.PHONE,
        dialogue=before.to_json(),
        resumed=True,
    )
    dialogue = begin(load_business(None), state)
    assert (dialogue.step, dialogue.mode, dialogue.attempts) == (Step.PHONE, Mode.ASKING, 1)


def test_who_speaks_on_after_a_goodbye_without_booking_is_in_an_open_call_again() -> None:
    left = CallState(status=Status.INCOMPLETE, step=Step.DONE, resumed=True)
    dialogue, effects = run(begin(load_business(None), left), answer(Step.NAME))
    assert saved(effects).status is Status.ACTIVE
    _, effects = run(dialogue, answer(Step.PHONE))
    assert saved(effects).status is None


@pytest.mark.parametrize("garbage", ["", "[]", "{", '{"settled": 3}', '{"doubted": ["x"]}'])
def test_an_unreadable_state_starts_the_step_anew(garbage: str) -> None:
    dialogue = begin(load_business(None), CallState(step=Step.PHONE, dialogue=garbage))
    assert dialogue.next_open() == (Step.NAME, Mode.ASKING)


_ACTS = [
    *(kind(SPAN) for kind in (Affirm, Deny, Wait, Repeat, SlowDown, WantPerson, Greet, Thank)),
    *(Leave(SPAN), Flexible(Window(), SPAN), Choose(SPAN, position=1), Choose(SPAN, position=-1)),
    *(Ask(topic, "words", SPAN) for topic in ("", "price", "free", "robot", "area", "offered")),
    *(Decline(why, SPAN) for why in ("refuses", "has none", "does not know", "unsure")),
    Decline("has none", SPAN, Step.EMAIL),
    *(Want(what, SPAN) for what in ("cancel", "reschedule", "existing", "complaint", "later")),
    *(Want(what, SPAN) for what in ("emergency", "call_back", "nothing", "annoyed", "booking")),
    *(Note("words", SPAN), Withdraw(Step.PHONE, SPAN), Withdraw(None, SPAN)),
    *(Correct(None, None, SPAN), Correct(Step.NAME, None, SPAN), Correct(Step.TIME, None, SPAN)),
]

_MOMENTS = [datetime(2026, 3, day, 9, 0, tzinfo=UTC) for day in (4, 5, 6)]
_PIECES = {Missing.DAY: ("T09:00",), Missing.CLOCK: ("2026-03-04", "2026-03-05 12")}
"""The pieces of a time, as readings write them."""
_EVENTS = st.one_of(
    st.sampled_from([Silent(), TimeUp(), Started()]),
    st.builds(
        lambda act, step, known: tells(act, **({step.value: VALUES[step]} if known else {})),
        st.sampled_from(_ACTS),
        st.sampled_from(FIELDS),
        st.booleans(),
    ),
    st.sampled_from(FIELDS).map(answer),
    st.sampled_from([(m, piece) for m in Missing for piece in _PIECES.get(m, ("04", "a@"))]).map(
        lambda p: partial(*p)
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_EVENTS, max_size=40), st.data())
def test_every_conversation_ends_or_asks_and_never_books_without_a_yes(
    events: list[object], places: st.DataObject
) -> None:
    dialogue = fresh()
    todo = deque(events)
    while todo:
        event = todo.popleft()
        before = dialogue
        dialogue, effects = next_move(dialogue, event, NOW)  # type: ignore[arg-type]
        for asked in (e for e in effects if isinstance(e, Inquire)):
            if isinstance(asked.request, Reserve) and asked.request.agreed:
                assert (before.mode, before.step) == (Mode.CONFIRMING, Step.TIME)
            free = places.draw(st.lists(st.sampled_from(_MOMENTS), unique=True, max_size=3))
            place = places.draw(st.sampled_from(list(Place)))
            todo.appendleft(answer_of(asked, place, tuple(sorted(free))))
        booked = any(isinstance(e, Save) and e.change.booked for e in effects)
        if booked:
            assert isinstance(event, Placed)
            assert isinstance(event.request, Reserve)
            assert event.request.agreed
        if any(isinstance(e, End) for e in effects):
            return
        speaks = any(isinstance(e, (Say, Inquire)) for e in effects)
        assert speaks or before.patience, "the bot must never fall silent"


@settings(max_examples=100, deadline=None)
@given(st.lists(_EVENTS, max_size=12))
def test_the_state_survives_its_journey_through_the_record(events: list[object]) -> None:
    dialogue = fresh()
    for event in events:
        dialogue, effects = run(dialogue, event)  # type: ignore[arg-type]
        if any(isinstance(e, End) for e in effects):
            return
    if Step.SERVICE in dialogue.answers or dialogue.silences:
        return
    state = CallState(
        answers=dict(dialogue.answers),
        confirmed=dialogue.confirmed,
        step=dialogue.step,
        dialogue=dialogue.to_json(),
    )
    again = begin(load_business(None), state)
    for name in ("step", "mode", "settled", "doubted", "pending", "partial", "attempts"):
        assert getattr(again, name) == getattr(dialogue, name), name


def test_when_nobody_can_listen_the_keypad_is_offered_and_the_question_put_again() -> None:
    dialogue, effects = run(at(Step.PHONE), Unheard())
    said = " ".join(e.text for e in effects if isinstance(e, Say))
    assert "can't hear you" in said
    assert "keypad" in said
    assert (dialogue.step, dialogue.attempts) == (Step.PHONE, 1)


def test_a_yes_can_be_keyed_when_nobody_can_listen() -> None:
    confirming = run(at(Step.PHONE), answer(Step.PHONE))[0]
    effects = run(confirming, Unheard())[1]
    assert "Press 1 for yes" in " ".join(e.text for e in effects if isinstance(e, Say))


def test_a_call_that_nobody_can_hear_comes_to_its_end() -> None:
    dialogue = run(fresh(), *[Unheard()] * (MAX_ATTEMPTS * len(FIELDS)))[0]
    assert dialogue.mode is Mode.ENDED


def test_a_question_that_could_not_be_said_is_put_in_fixed_words() -> None:
    dialogue, effects = run(at(Step.PHONE), partial(Missing.DIGITS, "0412"), Unsaid())
    assert said(effects) == "What's the best number to reach you on?"
    assert dialogue.partial is None


def test_a_booking_whose_farewell_could_not_be_said_is_told_in_fixed_words() -> None:
    booked = run(at(Step.TIME), answer(Step.TIME), YES)[0]
    dialogue, effects = run(booked, Unsaid())
    assert "all done" in said(effects)
    assert dialogue == booked


def test_a_yes_to_anything_else_without_a_word_more_is_asked_about_twice() -> None:
    dialogue, effects = run(fresh(mode=Mode.CLOSING), YES, YES)
    assert says(effects, "closing.question")
    dialogue, effects = run(dialogue, YES)
    assert ended(effects)
