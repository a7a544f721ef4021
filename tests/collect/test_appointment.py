"""The appointment: held before it is read back, booked at the yes, and never otherwise."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.collect.conversation import (
    NOW,
    VALUES,
    YES,
    answer,
    at,
    ended,
    fresh,
    heard,
    intent,
    run,
    said,
    saved,
    wishes,
)
from voicebot.business import WEEKDAYS, Business, load_business
from voicebot.call import Place, Status, Step
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import (
    Ending,
    Placed,
    Unsaid,
)
from voicebot.collect.moves import next_move
from voicebot.collect.understanding import Intent, Understanding


def test_the_time_is_not_saved_before_its_yes() -> None:
    effects = run(at(Step.TIME), answer(Step.TIME))[1]
    assert saved(effects).answers == {}
    assert "Wednesday the 4th of March at 9:30 am" in said(effects)


def test_going_on_never_books() -> None:
    dialogue, _ = run(at(Step.TIME), answer(Step.TIME))
    dialogue, effects = run(dialogue, intent(Intent.CORRECTION, name="Robin Carter"))
    assert saved(effects).booked is None
    assert (dialogue.step, dialogue.mode) == (Step.TIME, Mode.CONFIRMING)


def test_a_time_given_early_is_held_and_offered_at_step_six() -> None:
    early = Understanding(
        Intent.ANSWER, "Robin Carter", {Step.NAME: "Robin Carter", Step.TIME: VALUES[Step.TIME]}
    )
    dialogue, effects = run(fresh(), heard(early))
    assert Step.TIME not in saved(effects).answers
    dialogue, effects = run(
        dialogue,
        *(answer(Step.PHONE), YES, answer(Step.ADDRESS), answer(Step.EMAIL), YES),
        answer(Step.SERVICE),
    )
    assert (dialogue.step, dialogue.mode) == (Step.TIME, Mode.CONFIRMING)
    assert "9:30 am" in said(effects)


def test_an_early_day_without_a_clock_time_asks_only_for_the_clock_time() -> None:
    start = at(Step.SERVICE, given_time="2026-03-04")
    dialogue, effects = run(start, answer(Step.SERVICE))
    assert dialogue.partial == "2026-03-04"
    assert said(effects).endswith("Wednesday the 4th of March, got it. At what time?")


def test_a_refused_time_ends_incomplete() -> None:
    start = at(Step.TIME)
    effects = run(start, intent(Intent.REFUSAL))[1]
    assert saved(effects).status is Status.INCOMPLETE
    assert ended(effects) is Ending.HANGUP


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2026-03-01T10:00", "already passed"),
        ("2028-03-01T10:00", "further ahead"),
        ("2026-03-04T23:00", "closed at that time. On that day we are open from 7 am to 9 pm"),
    ],
)
def test_a_time_that_cannot_be_booked_is_refused_with_its_reason(value: str, reason: str) -> None:
    start = at(Step.TIME)
    dialogue, effects = run(start, answer(Step.TIME, value))
    assert reason in said(effects)
    assert (dialogue.mode, dialogue.pending) == (Mode.ASKING, None)


def test_a_time_that_passed_while_it_was_read_back_is_not_booked() -> None:
    start = at(Step.TIME, mode=Mode.CONFIRMING, pending="2026-03-02T11:59")
    effects = run(start, YES)[1]
    assert saved(effects).booked is None


FREE = tuple(
    datetime(2026, 3, 4, hour, 0, tzinfo=ZoneInfo("Australia/Sydney")) for hour in (8, 11, 12)
)


def test_a_time_is_held_before_it_is_read_back_and_booked_at_the_yes() -> None:
    dialogue, effects = next_move(at(Step.TIME), answer(Step.TIME), NOW)
    (hold,) = wishes(effects)
    assert not hold.agreed
    assert not said(effects)
    dialogue, _ = next_move(dialogue, Placed(hold, Place.YOURS), NOW)
    effects = next_move(dialogue, YES, NOW)[1]
    (book,) = wishes(effects)
    assert book.agreed
    assert saved(effects).booked is None


def test_a_taken_time_is_not_read_back_and_free_ones_are_offered() -> None:
    dialogue, effects = run(at(Step.TIME), answer(Step.TIME), place=Place.TAKEN, free=FREE)
    assert said(effects).startswith("I am sorry, that time is taken.")
    assert "11 am or Wednesday the 4th of March at 12 pm" in said(effects)
    assert (dialogue.mode, dialogue.pending, dialogue.attempts) == (Mode.ASKING, None, 0)


def test_a_time_that_was_lost_before_the_yes_is_not_booked() -> None:
    dialogue, _ = run(at(Step.TIME), answer(Step.TIME))
    dialogue, effects = run(dialogue, YES, place=Place.TAKEN)
    assert ended(effects) is None
    assert saved(effects).booked is None
    assert not saved(effects).confirmed


def test_without_a_calendar_the_time_is_noted_and_nothing_is_booked() -> None:
    asked = at(Step.TIME, answers={Step.PHONE: VALUES[Step.PHONE]})
    dialogue, effects = run(asked, answer(Step.TIME), place=Place.UNKNOWN)
    assert "Shall I book that?" in said(effects)
    dialogue, effects = run(dialogue, YES, place=Place.UNKNOWN)
    assert saved(effects).status is Status.INCOMPLETE
    assert saved(effects).booked is None
    assert dialogue.pending == VALUES[Step.TIME]
    assert "we will call you to confirm the time" in said(effects)


def test_a_time_that_could_not_be_read_back_is_not_booked() -> None:
    asked = at(Step.TIME, answers={Step.PHONE: VALUES[Step.PHONE]})
    dialogue, effects = run(asked, answer(Step.TIME), Unsaid())
    change = saved(effects)
    assert (change.status, change.booked) == (Status.INCOMPLETE, None)
    assert "call you to confirm the time" in said(effects)
    assert dialogue.pending == VALUES[Step.TIME]  # staff see what was wanted


def weekly(language: str = "en", slot_minutes: int = 60) -> Business:
    """Open on weekdays but over noon; closed on Saturday and Sunday."""
    spans = ({"opens": "08:00", "closes": "12:00"}, {"opens": "13:00", "closes": "18:00"})
    told = load_business(None).model_dump(by_alias=True)
    told |= {"hours": dict.fromkeys(WEEKDAYS[:5], spans), "language": language}
    told |= {"booking": {"slot_minutes": slot_minutes}}
    return Business.model_validate(told)


@pytest.mark.parametrize(
    ("when", "line"),
    [
        ("2026-03-04T12:30", "We are closed at that time."),
        ("2026-03-04T17:30", "That is too close to our closing time."),
        ("2026-03-04T11:30", "That is too close to our closing time."),
    ],
)
def test_who_wants_to_come_out_of_hours_hears_all_the_hours_of_that_day(
    when: str, line: str
) -> None:
    business = weekly()
    effects = run(at(Step.TIME, business=business), answer(Step.TIME, when))[1]
    hours = "On that day we are open from 8 am to 12 pm and from 1 pm to 6 pm."
    assert said(effects).startswith(f"{line} {hours}")


def test_who_wants_to_come_on_a_closed_day_hears_that_alone() -> None:
    effects = run(at(Step.TIME, business=weekly()), answer(Step.TIME, "2026-03-07T10:00"))[1]
    assert said(effects).startswith("On that day we are closed.")


WHO, WHAT = {Step.NAME: "Robin Carter"}, {Step.SERVICE: "Plumbing"}
HOW = {Step.PHONE: VALUES[Step.PHONE]}
WHEN = "Wednesday the 4th of March at 9:30 am"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (WHO | WHAT, f"for plumbing on {WHEN}. Thank you for calling, Robin Carter. Goodbye!"),
        (WHAT, f"for plumbing on {WHEN}. Thank you for calling. Goodbye!"),
        (WHO, f"on {WHEN}. Thank you for calling, Robin Carter. Goodbye!"),
        ({}, f"on {WHEN}. Thank you for calling. Goodbye!"),
    ],
)
def test_the_farewell_names_whatever_is_known(known: dict[Step, str], words: str) -> None:
    effects = run(at(Step.TIME, answers=known), answer(Step.TIME), YES)[1]
    assert said(effects) == f"Wonderful, you are booked {words}"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (WHO | WHAT, "已为您预约3月4号星期三上午9点30分的Plumbing。感谢来电，Robin Carter，再见！"),
        (WHAT, "已为您预约3月4号星期三上午9点30分的Plumbing。感谢来电，再见！"),
        (WHO, "已为您预约3月4号星期三上午9点30分。感谢来电，Robin Carter，再见！"),
        ({}, "已为您预约3月4号星期三上午9点30分。感谢来电，再见！"),
    ],
)
def test_the_farewell_in_chinese_names_whatever_is_known(
    known: dict[Step, str], words: str
) -> None:
    asked = at(Step.TIME, answers=known, business=weekly("zh-CN"))
    assert words in said(run(asked, answer(Step.TIME), YES)[1]).replace("plumbing", "Plumbing")


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"answers": WHO | HOW}, "We will call you back to find a time."),
        ({"answers": WHO, "caller": "+61412345678"}, "We will call you back to find a time."),
        ({"answers": WHO, "caller": "anonymous"}, "Please call us again to find a time."),
        ({"answers": WHO}, "Please call us again to find a time."),
        ({}, "I am sorry, I cannot book anything without your details."),
    ],
)
def test_nobody_is_promised_a_call_who_cannot_be_called(known: dict[str, Any], words: str) -> None:
    effects = run(at(Step.TIME, **known), intent(Intent.REFUSAL))[1]
    assert words in said(effects)


def test_a_time_that_nobody_can_confirm_by_phone_is_left_to_the_caller() -> None:
    effects = run(at(Step.TIME), answer(Step.TIME), YES, place=Place.UNKNOWN)[1]
    assert "Please call us again" in said(effects)
