"""The appointment: held before it is read back, booked at the yes, and never otherwise."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.collect.conversation import (
    NONSENSE,
    NOW,
    REFUSAL,
    VALUES,
    YES,
    answer,
    at,
    ended,
    fresh,
    requests,
    run,
    said,
    saved,
    says,
    tells,
)
from voicebot.business import WEEKDAYS, Business, load_business
from voicebot.call import Status, Step, Window
from voicebot.collect.answers import MAX_ATTEMPTS
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import (
    Placed,
    Reserve,
    Unsaid,
)
from voicebot.collect.moves import next_move
from voicebot.ledger import Place


def test_the_time_is_not_saved_before_its_yes() -> None:
    effects = run(at(Step.TIME), answer(Step.TIME))[1]
    assert saved(effects).answers == {}
    assert "this Wednesday, the 4th, at 9:30 am" in said(effects)


def test_going_on_never_books() -> None:
    dialogue, _ = run(at(Step.TIME), answer(Step.TIME))
    dialogue, effects = run(dialogue, tells(name="Robin Carter"))
    assert saved(effects).booked is None
    assert (dialogue.step, dialogue.mode) == (Step.TIME, Mode.CONFIRMING)


def test_a_time_given_early_is_held_and_offered_at_step_six() -> None:
    dialogue, effects = run(fresh(), tells(name="Robin Carter", time=VALUES[Step.TIME]))
    assert Step.TIME not in saved(effects).answers
    dialogue, effects = run(
        dialogue,
        *(answer(Step.PHONE), YES, answer(Step.ADDRESS), answer(Step.EMAIL), YES),
        answer(Step.SERVICE),
    )
    assert (dialogue.step, dialogue.mode) == (Step.TIME, Mode.CONFIRMING)
    assert "9:30 am" in said(effects)


def test_an_early_day_without_a_clock_time_is_offered_in_free_hours() -> None:
    start = at(Step.SERVICE, window=Window((date(2026, 3, 4),)))
    dialogue, effects = run(start, answer(Step.SERVICE), free=FREE)
    assert dialogue.window == Window((date(2026, 3, 4),))
    assert "Wednesday at 8 am, 11 am or noon" in said(effects)


def test_a_caller_who_names_no_time_is_offered_some() -> None:
    dialogue, effects = run(at(Step.TIME), REFUSAL, free=FREE)
    assert dialogue.mode is Mode.CHOOSING
    assert "Wednesday at 8 am, 11 am or noon" in said(effects)
    assert ended(effects) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2026-03-01T10:00", "time.past"),
        ("2028-03-01T10:00", "time.too_far"),
        ("2026-03-04T23:00", "time.closed"),
    ],
)
def test_a_time_that_cannot_be_booked_is_refused_with_its_reason(value: str, reason: str) -> None:
    start = at(Step.TIME)
    dialogue, effects = run(start, answer(Step.TIME, value))
    values = {"day": "this Wednesday, the 4th", "hours": "from 7 am to 9 pm"}
    assert says(effects, reason, **values)
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
    (hold,) = requests(effects)
    assert isinstance(hold, Reserve)
    assert not hold.agreed
    assert not said(effects)
    dialogue, _ = next_move(dialogue, Placed(hold, Place.YOURS), NOW)
    effects = next_move(dialogue, YES, NOW)[1]
    (book,) = requests(effects)
    assert isinstance(book, Reserve)
    assert book.agreed
    assert saved(effects).booked is None


def test_a_taken_time_is_not_read_back_and_free_ones_are_offered() -> None:
    dialogue, effects = run(at(Step.TIME), answer(Step.TIME), place=Place.TAKEN, free=FREE)
    assert says(effects, "time.taken", time="this Wednesday, the 4th, at 9:30 am")
    assert "Wednesday at 8 am, 11 am or noon" in said(effects)
    assert (dialogue.mode, dialogue.pending, dialogue.attempts) == (Mode.CHOOSING, None, 0)


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
    assert "we'll call you to confirm the time" in said(effects)


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
        ("2026-03-04T12:30", "time.closed"),
        ("2026-03-04T17:30", "time.too_late"),
        ("2026-03-04T11:30", "time.too_late"),
    ],
)
def test_who_wants_to_come_out_of_hours_hears_all_the_hours_of_that_day(
    when: str, line: str
) -> None:
    business = weekly()
    effects = run(at(Step.TIME, business=business), answer(Step.TIME, when))[1]
    day, hours = "this Wednesday, the 4th", "from 8 am to noon and from 1 pm to 6 pm"
    assert says(effects, line, day=day, hours=hours, closes="6 pm")


def test_who_wants_to_come_on_a_closed_day_hears_that_alone() -> None:
    effects = run(at(Step.TIME, business=weekly()), answer(Step.TIME, "2026-03-07T10:00"))[1]
    assert says(effects, "time.shut", day="this Saturday, the 7th")


WHO, WHAT = {Step.NAME: "Robin Carter"}, {Step.SERVICE: "Plumbing"}
HOW = {Step.PHONE: VALUES[Step.PHONE]}
WHEN = "this Wednesday, the 4th, at 9:30 am"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (WHO | WHAT, f"for plumbing {WHEN}. Thank you, Robin Carter. Goodbye!"),
        (WHAT, f"for plumbing {WHEN}. Thanks for calling. Goodbye!"),
        (WHO, f"{WHEN}. Thank you, Robin Carter. Goodbye!"),
        ({}, f"{WHEN}. Thanks for calling. Goodbye!"),
    ],
)
def test_the_farewell_names_whatever_is_known(known: dict[Step, str], words: str) -> None:
    effects = run(at(Step.TIME, answers=known), answer(Step.TIME), YES)[1]
    assert said(effects) == f"You're booked {words}"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (WHO | WHAT, "已为您预约3月4号星期三上午9点30分的Plumbing。谢谢您，Robin Carter，再见！"),
        (WHAT, "已为您预约3月4号星期三上午9点30分的Plumbing。感谢来电，再见！"),
        (WHO, "已为您预约3月4号星期三上午9点30分。谢谢您，Robin Carter，再见！"),
        ({}, "已为您预约3月4号星期三上午9点30分。感谢来电，再见！"),
    ],
)
def test_the_farewell_in_chinese_names_whatever_is_known(
    known: dict[Step, str], words: str
) -> None:
    asked = at(Step.TIME, answers=known, business=weekly("zh-CN"))
    assert words in said(run(asked, answer(Step.TIME), YES)[1]).replace("plumbing", "Plumbing")


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ({"answers": WHO | HOW}, "give_up.time"),
        ({"answers": WHO, "caller": "+61412345678"}, "give_up.time"),
        ({"answers": WHO, "caller": "anonymous"}, "give_up.time_numberless"),
        ({"answers": WHO}, "give_up.time_numberless"),
        ({}, "end.incomplete_untold"),
    ],
)
def test_nobody_is_promised_a_call_who_cannot_be_called(known: dict[str, Any], line: str) -> None:
    effects = run(at(Step.TIME, **known), *[NONSENSE] * MAX_ATTEMPTS)[1]
    assert says(effects, line)


def test_a_time_that_nobody_can_confirm_by_phone_is_left_to_the_caller() -> None:
    effects = run(at(Step.TIME), answer(Step.TIME), YES, place=Place.UNKNOWN)[1]
    assert "Please call us again" in said(effects)
