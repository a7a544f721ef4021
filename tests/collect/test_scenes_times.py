"""Scenes of finding a time: windows, offers, choices, and what cannot be booked."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from tests.collect.scene import BOOKED, DEMO, OFFERED, at
from voicebot.call import Needs, Step, Window
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.events import Look, Reserve
from voicebot.collect.understanding import window_of


@pytest.mark.parametrize(
    "words",
    ["any day is fine", "whenever suits", "as soon as possible", "what have you got?"],
)
def test_a_flexible_caller_is_offered_real_times(words: str) -> None:
    scene = at(Step.TIME)
    assert "tomorrow at 9 am, Wednesday at 3 pm or Friday at 10 am" in scene.hears(words)
    assert scene.dialogue.mode is Mode.CHOOSING


@pytest.mark.parametrize("words", ["Tuesday or Wednesday", "after four", "not before Thursday"])
def test_a_window_is_looked_into(words: str) -> None:
    scene = at(Step.TIME)
    scene.hears(words)
    (look,) = scene.asked
    assert isinstance(look, Look)
    assert look.window != Window()


@pytest.mark.parametrize(
    ("words", "pending"),
    [
        ("the first one", OFFERED[0]),
        ("the Friday one", OFFERED[2]),
        ("Is nine not a bit early for mowing? What about three?", OFFERED[1]),
        ("the last one please", OFFERED[2]),
        ("Wednesday at three", OFFERED[1]),
    ],
)
def test_one_of_the_offered_times_is_chosen_and_read_back(words: str, pending: str) -> None:
    scene = at(Step.TIME, mode=Mode.CHOOSING, offered=OFFERED)
    assert scene.hears(words).endswith("?")
    assert (scene.dialogue.mode, scene.dialogue.pending) == (Mode.CONFIRMING, pending)


def test_free_times_are_named_with_the_question_where_no_time_was_spoken_of() -> None:
    scene = at(Step.SERVICE, settled=frozenset(Step) - {Step.SERVICE, Step.TIME})
    words = scene.hears("a plumber please")
    assert "When would you like us to come?" in words
    assert "tomorrow at 9 am, Wednesday at 3 pm or Friday at 10 am" in words
    assert "Shall I book" in scene.hears("the second")


@pytest.mark.parametrize("words", ["first thing Monday", "Monday first thing"])
def test_whoever_wants_none_of_the_times_named_says_their_own(words: str) -> None:
    scene = at(Step.TIME, mode=Mode.CHOOSING, offered=OFFERED)
    scene.hears(words)
    assert scene.dialogue.pending is None
    assert scene.dialogue.window
    assert scene.dialogue.window.days == (date(2026, 3, 9),)


def test_neither_brings_the_next_ones() -> None:
    scene = at(Step.TIME, mode=Mode.CHOOSING, offered=OFFERED[:2])
    assert "Friday, the 6th, at 10 am" in scene.hears("neither")
    look, _ = scene.asked
    assert isinstance(look, Look)
    assert len(look.without) == 2


def test_a_time_that_is_shut_says_so_and_brings_the_nearest() -> None:
    scene = at(Step.TIME)
    words = scene.hears("Wednesday at eleven at night")
    assert "from 7 am to 9 pm" in words
    assert "Which suits you?" in words


def test_an_hour_that_may_be_the_mornings_or_the_evenings_is_asked_about() -> None:
    scene = at(Step.TIME)
    assert "8 am or 8 pm" in scene.hears("Wednesday at eight")
    scene.hears("8 pm")
    assert scene.dialogue.pending == "2026-03-04T20:00"


def test_hours_that_only_one_half_of_the_day_allows_are_not_asked_about() -> None:
    scene = at(Step.TIME)
    scene.hears("Wednesday at three")
    assert scene.dialogue.pending == "2026-03-04T15:00"


def test_a_day_without_its_hour_is_kept_and_only_the_hour_asked_for() -> None:
    scene = at(Step.TIME)
    assert "this Wednesday, the 4th" in scene.hears("Wednesday")
    scene.hears("at two in the afternoon")
    assert scene.dialogue.pending == "2026-03-04T14:00"


def test_a_time_that_was_refused_is_not_offered_again() -> None:
    scene = at(Step.TIME, mode=Mode.CHOOSING, offered=OFFERED, put=1)
    said_next = scene.hears("Tomorrow at nine is too early for me, none of those")
    assert scene.dialogue.pending is None
    assert "tomorrow" not in said_next.lower()


def test_who_cannot_say_when_is_offered_times_and_never_hung_up_on() -> None:
    scene = at(Step.TIME)
    for _ in range(2):
        scene.hears("blue seventeen parsnip")
    assert scene.dialogue.mode is Mode.CHOOSING
    for _ in range(3):
        scene.hears("blue seventeen parsnip")
    assert scene.ending is None
    assert scene.dialogue.needs is Needs.FOLLOW_UP
    scene.hears("tomorrow at nine in the morning")
    assert scene.dialogue.pending == "2026-03-03T09:00"


@pytest.mark.parametrize(
    ("words", "mode"),
    [
        ("on Sunday", Mode.CHOOSING),
        ("in two years' time", Mode.ASKING),
        ("on the 4th", Mode.ASKING),
    ],
)
def test_a_day_that_cannot_be_booked_is_not_asked_for_its_hour(words: str, mode: Mode) -> None:
    weekdays = {day: spans for day, spans in DEMO.hours.items() if day != "sunday"}
    scene = at(Step.TIME, DEMO.model_copy(update={"hours": weekdays}))
    said_next = scene.hears(words)
    assert scene.dialogue.mode is mode
    assert ("What time" in said_next or "At what time" in said_next) == (words == "on the 4th")


def test_what_was_said_of_days_and_then_of_hours_holds_together() -> None:
    scene = at(Step.TIME)
    scene.hears("some day next week, but not Monday")
    scene.hears("I can only do mornings")
    window = scene.dialogue.window
    assert window is not None
    assert window.before == time(12)
    assert not window.has_day(date(2026, 3, 9))
    assert window.has_day(date(2026, 3, 10))
    assert not window.has_day(date(2026, 3, 4))


def test_the_same_time_of_an_appointment_that_is_moved_is_its_own() -> None:
    scene = at(Step.PHONE, purpose=Purpose.MOVE)
    scene.bookings = (BOOKED,)
    scene.hears("0412 345 678")
    scene.hears("yes")
    scene.hears("Friday, same time")
    assert scene.dialogue.pending == "2026-03-06T14:00"


@pytest.mark.parametrize(
    ("words", "day", "hour"),
    [
        ("I need a plumber on Thursday, but not in the morning", date(2026, 3, 5), 13),
        ("could a plumber come Wednesday or Friday, after two", date(2026, 3, 6), 15),
        ("plumber please, next Thursday after ten", date(2026, 3, 12), 14),
        ("A blocked drain. Wednesday, or else Friday, both after ten", date(2026, 3, 6), 15),
        ("A plumber for Friday after ten, my toilet won't stop", date(2026, 3, 6), 15),
        ("Can someone do the gutters Thursday after ten?", date(2026, 3, 5), 13),
    ],
)
def test_a_wish_that_comes_before_its_question_is_kept(words: str, day: date, hour: int) -> None:
    scene = at(Step.NAME)
    scene.hears(words)
    window = scene.dialogue.window
    assert window is not None
    noon = datetime.combine(day, time(12))
    assert window.allows(noon.replace(hour=hour), 60)
    assert not window.allows(noon.replace(hour=9), 60)
    assert not window.has_day(date(2026, 3, 3))


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("Yes. Can you mow the lawn on Friday?", "2026-03-06"),
        ("Yes. Could somebody fix my tap on Friday at noon?", "2026-03-06T12:00"),
        ("Yes. Make it the Thursday one", "2026-03-05"),
        ("Yes. Can you mow Thursday, sometime before I do the school run?", "2026-03-05"),
        ("Yes. Can you mow a lawn?", None),
    ],
)
def test_a_time_beside_the_yes_to_another_read_back_is_kept(words: str, given: str | None) -> None:
    scene = at(Step.PHONE, mode=Mode.CONFIRMING)
    said = scene.hears(words)
    assert scene.dialogue.window == (window_of(given) if given else None)
    assert "open" not in said


@pytest.mark.parametrize(
    ("words", "hour"),
    [("The tap drips. I can only do mornings", 9), ("It has to be after two", 15)],
)
def test_hours_alone_that_are_wished_for_before_the_question_are_kept(
    words: str, hour: int
) -> None:
    scene = at(Step.SERVICE)
    scene.hears(words)
    window = scene.dialogue.window
    assert window is not None
    assert [window.has_time(time(each)) for each in (9, 15)] == [hour == 9, hour == 15]


def test_a_day_between_the_work_and_what_is_wrong_with_it_is_kept() -> None:
    scene = at(Step.NAME)
    scene.hears("I need a plumber for tomorrow afternoon, my tap is leaking")
    assert scene.dialogue.window == window_of("2026-03-03 12")


def test_before_that_is_before_the_day_that_was_told() -> None:
    scene = at(Step.SERVICE)
    scene.hears("I fly out Thursday so it has to be before that, a leaking tap")
    window = scene.dialogue.window
    assert window is not None
    assert (window.has_day(date(2026, 3, 4)), window.has_day(date(2026, 3, 5))) == (True, False)


@pytest.mark.parametrize(
    "words",
    [
        "My plumber came after five last time",
        "It only drips at night",
        "She rang on Tuesday and nobody came before noon",
        "the cleaner only comes on Mondays",
        "It's been leaking since Monday",
    ],
)
def test_what_is_only_told_of_days_and_hours_is_no_wish(words: str) -> None:
    scene = at(Step.SERVICE)
    scene.hears(words)
    assert scene.dialogue.window is None


@pytest.mark.parametrize(
    "words",
    [
        "No, the house number is 18, not 8",
        "It's number eighteen, not ten",
        "Yes. Oh, it's number 303, not 300",
    ],
)
def test_the_number_of_a_house_is_no_hour(words: str) -> None:
    scene = at(Step.TIME, mode=Mode.CONFIRMING, pending=OFFERED[0])
    scene.hears(words)
    assert scene.dialogue.pending in (OFFERED[0], None)
    assert not scene.asked


@pytest.mark.parametrize("words", ["不是八百号，是八百八十号，三楼302", "门牌不是八号，是十号"])
def test_the_number_of_a_chinese_house_is_no_day(words: str) -> None:
    scene = at(
        Step.TIME,
        DEMO.model_copy(update={"language": "zh-CN"}),
        mode=Mode.CONFIRMING,
        pending=OFFERED[0],
    )
    scene.hears(words)
    assert scene.dialogue.pending in (OFFERED[0], None)
    assert not scene.asked


def test_a_day_of_the_month_is_the_one_that_was_offered() -> None:
    offered = ("2026-03-09T10:00", "2026-04-06T10:00")
    scene = at(Step.TIME, mode=Mode.CHOOSING, offered=offered)
    scene.hears("No, not tomorrow. Monday the sixth is fine, ten o'clock")
    assert scene.dialogue.pending == offered[1]


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("The Wednesday, but in the afternoon", date(2026, 3, 18)),
        ("Could you do Thursday at two?", date(2026, 3, 12)),
    ],
)
def test_a_weekday_is_the_one_offered_or_comes_after_the_offers(words: str, day: date) -> None:
    scene = at(Step.TIME, mode=Mode.CHOOSING, offered=("2026-03-09T10:00", "2026-03-18T10:00"))
    scene.hears(words)
    (request,) = scene.asked
    assert isinstance(request, Look | Reserve)
    days = request.window.days if isinstance(request, Look) else (request.start.date(),)
    assert days == (day,)
