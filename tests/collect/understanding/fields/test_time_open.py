"""Times that a caller leaves open, picks from those offered, or only tells of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from tests.collect.understanding.fields.test_time import (
    TUESDAY,
    found_in,
    heard,
    left_open,
    reading,
)
from voicebot.call import Step
from voicebot.collect.understanding import Asked, Choose, Flexible, Note, Provide, Window

WEDNESDAY, THURSDAY, FRIDAY = (date(2027, 3, day) for day in (3, 4, 5))
AHEAD = tuple(TUESDAY.date() + timedelta(days=n) for n in range(1, 15))
NEXT_WEEK = [date(2027, 3, day) for day in range(8, 15)]
OFFERED = ("2027-03-04T10:30", "2027-03-04T14:00", "2027-03-05T09:00")


@pytest.mark.parametrize(
    ("utterance", "window"),
    [
        ("not before Thursday", Window(first=THURSDAY)),
        ("no later than Friday", Window(last=FRIDAY)),
        ("before Friday", Window(last=THURSDAY)),
        ("after Thursday", Window(first=FRIDAY)),
        ("Wednesday or Thursday", Window((WEDNESDAY, THURSDAY))),
        ("after four", Window(after=time(16))),
        ("three or later", Window(after=time(15))),
        ("any time before noon", Window(before=time(12))),
        ("tomorrow before ten", Window((WEDNESDAY,), before=time(10))),
        ("before 10 am tomorrow", Window((WEDNESDAY,), before=time(10))),
        ("some time before 3 on Friday", Window((FRIDAY,), before=time(15))),
        ("tomorrow after four", Window((WEDNESDAY,), after=time(16))),
        ("any time after five on Thursday", Window((THURSDAY,), after=time(17))),
        ("any time between two and four", Window(after=time(14), before=time(16))),
        (
            "Thursday or Friday at ten",
            Window((THURSDAY, FRIDAY), after=time(10), before=time(10)),
        ),
        ("mornings are best", Window(before=time(12))),
        ("any day from Wednesday to Friday", Window(first=WEDNESDAY, last=FRIDAY)),
        ("any time before lunch", Window(before=time(12))),
        ("any time from ten to twelve", Window(after=time(10), before=time(12))),
        ("I can't do before Thursday", Window(first=THURSDAY)),
        ("some time next week", Window(first=date(2027, 3, 8), last=date(2027, 3, 14))),
        ("this weekend", Window((date(2027, 3, 6), date(2027, 3, 7)))),
        ("late in the day", Window(after=time(15))),
        ("early next week", Window(first=date(2027, 3, 8), last=date(2027, 3, 10))),
        ("end of the week", Window(first=THURSDAY, last=date(2027, 3, 7))),
        ("mid December", Window(first=date(2027, 12, 8), last=date(2027, 12, 17))),
        ("sometime in the new year", Window(first=date(2028, 1, 1), last=date(2028, 1, 31))),
        ("within the next three days", Window(first=TUESDAY.date(), last=FRIDAY)),
        ("Wednesday and Friday are good", Window((WEDNESDAY, FRIDAY))),
        ("Wednesday if you can, otherwise Friday", Window((WEDNESDAY, FRIDAY))),
        ("today or tomorrow", Window((TUESDAY.date(), WEDNESDAY))),
        ("any time on Friday", Window((FRIDAY,))),
        ("have you got anything on Friday", Window((FRIDAY,))),
        ("first thing Friday", Window((FRIDAY,), before=time(11))),
        ("not too early", Window(after=time(11))),
        ("as late as possible", Window(after=time(15))),
        ("no earlier than ten", Window(after=time(10))),
        ("do you have anything earlier", Window(soonest=True)),
        ("as soon as you can", Window(soonest=True)),
        ("whenever suits you", Window()),
    ],
)
def test_what_is_left_open_is_a_window(utterance: str, window: Window) -> None:
    assert left_open(utterance) == window
    assert heard(utterance) is None


@pytest.mark.parametrize(
    ("utterance", "days", "hours"),
    [
        ("any day but Monday", [d for d in AHEAD if d.weekday()], range(24)),
        ("any weekday except Friday", [d for d in AHEAD if d.weekday() < 4], range(24)),
        ("not in the morning", AHEAD, range(12, 24)),
        ("not mornings, I volunteer at the shop till one", AHEAD, range(13, 24)),
        ("not evenings, I'm on a call till two", AHEAD, range(14, 17)),
        ("not on the weekend", [d for d in AHEAD if d.weekday() < 5], range(24)),
        ("not Monday", [d for d in AHEAD if d.weekday()], range(24)),
        ("I can't do Monday", [d for d in AHEAD if d.weekday()], range(24)),
        ("next week but not Monday", NEXT_WEEK[1:], range(24)),
        ("some day next week, in the morning, but not Monday", NEXT_WEEK[1:], range(12)),
        ("any time next week except the weekend", NEXT_WEEK[:5], range(24)),
        ("only evenings, and not Fridays", [d for d in AHEAD if d.weekday() != 4], range(17, 24)),
        ("not this week", [d for d in AHEAD if d >= date(2027, 3, 8)], range(24)),
        ("any day except the weekend", [d for d in AHEAD if d.weekday() < 5], range(24)),
    ],
)
def test_what_is_left_out_is_in_no_window(
    utterance: str, days: Sequence[date], hours: Sequence[int]
) -> None:
    window = left_open(utterance)
    assert window is not None
    assert [d for d in AHEAD if window.has_day(d)] == [*days]
    noon = datetime.combine(days[0], time(12))
    allowed = [h for h in range(24) if window.allows(noon.replace(hour=h), 60)]
    assert allowed == [*hours]


@pytest.mark.parametrize(
    ("utterance", "first", "other"),
    [
        (
            "Wednesday morning or Friday afternoon",
            Window((WEDNESDAY,), before=time(12)),
            Window((FRIDAY,), after=time(12), before=time(18)),
        ),
        (
            "Tuesday at three or four",
            Window((date(2027, 3, 9),), after=time(15), before=time(15)),
            Window((date(2027, 3, 9),), after=time(16), before=time(16)),
        ),
        (
            "half past nine or ten",
            Window(after=time(9, 30), before=time(9, 30)),
            Window(after=time(10), before=time(10)),
        ),
    ],
)
def test_two_that_suit_have_each_their_own_window(
    utterance: str, first: Window, other: Window
) -> None:
    assert left_open(utterance) == replace(first, also=(other,))


@pytest.mark.parametrize(
    ("utterance", "moment"),
    [
        ("the Friday one", OFFERED[2]),
        ("the afternoon one", OFFERED[1]),
        ("half past ten", OFFERED[0]),
        ("Thursday at two", OFFERED[1]),
        ("the 5th", OFFERED[2]),
        ("I'll take the Friday", OFFERED[2]),
        ("the one at two", OFFERED[1]),
        ("I'd rather the afternoon", OFFERED[1]),
        ("the Thursday one", None),
        ("the Saturday one", None),
    ],
)
def test_of_those_offered_the_one_that_fits_is_chosen(utterance: str, moment: str | None) -> None:
    acts = reading(utterance, asked=Asked.CHOICE, offered=OFFERED).acts
    assert [act.moment for act in acts if isinstance(act, Choose)] == ([moment] if moment else [])


@pytest.mark.parametrize("utterance", ["not the first one", "the first two are no good", "neither"])
def test_of_those_that_are_refused_none_is_chosen(utterance: str) -> None:
    acts = reading(utterance, asked=Asked.CHOICE, offered=OFFERED).acts
    assert not any(isinstance(act, Choose) for act in acts)


@pytest.mark.parametrize("utterance", ["either", "any of those", "whatever's easiest"])
def test_who_takes_any_of_those_offered_leaves_it_open(utterance: str) -> None:
    acts = reading(utterance, asked=Asked.CHOICE, offered=OFFERED).acts
    assert [type(act) for act in acts] == [Flexible]


@pytest.mark.parametrize(
    "utterance",
    [
        "We're off to Bali on Monday",
        "my train leaves at six",
        "I have chemo on Thursdays",
        "I get off work at six on Fridays",
        "I was there at nine this morning",
        "the kids finish school at three",
        "I help at the school until three",
    ],
)
def test_a_fact_is_no_wish_but_a_note(utterance: str) -> None:
    assert heard(utterance) is None
    assert any(isinstance(act, Note) for act in reading(utterance).acts)


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("I knock off at five so half five tomorrow", "2027-03-03T17:30"),
        ("my train leaves at six, could you do four on Friday", "2027-03-05T16:00"),
        ("I'm away till Thursday so Friday at ten", "2027-03-05T10:00"),
        ("I was hoping for Friday at nine", "2027-03-05T09:00"),
        ("Thursday I can't, Friday at two I can", "2027-03-05T14:00"),
        ("I'm flying out on Saturday so Friday at ten", "2027-03-05T10:00"),
        ("two weeks Tuesday at three", "2027-03-23T15:00"),
        ("she said Friday at nine would suit", "2027-03-05T09:00"),
    ],
)
def test_a_wish_beside_a_fact_counts(utterance: str, value: str) -> None:
    assert heard(utterance) == value


@pytest.mark.parametrize(
    ("utterance", "ambiguous"),
    [
        ("Friday at eight", True),
        ("Friday at three", True),
        ("Friday at 8 am", False),
        ("Friday at sixteen thirty", False),
        ("Friday evening at eight", False),
        ("Friday at noon", False),
    ],
)
def test_an_hour_that_may_be_either_is_marked(utterance: str, ambiguous: bool) -> None:
    said = found_in(utterance)
    assert said is not None
    assert said.ambiguous is ambiguous


@pytest.mark.parametrize(
    ("utterance", "window"),
    [
        ("can we make it a bit later", Window((FRIDAY,), after=time(15, 1))),
        ("a little earlier please", Window((FRIDAY,), before=time(14, 59))),
        ("that's too late", Window(before=time(14, 59))),
        ("can we push it to next week", Window(first=date(2027, 3, 8), last=date(2027, 3, 14))),
    ],
)
def test_later_and_earlier_look_back_at_the_time_read_back(utterance: str, window: Window) -> None:
    record = {Step.TIME: "2027-03-05T15:00"}
    assert left_open(utterance, asked=Asked.CONFIRM, record=record) == window


def test_later_than_all_that_were_offered_is_another_day() -> None:
    asked = {"asked": Asked.CHOICE, "offered": OFFERED}
    assert left_open("do you have anything later", **asked) == Window(first=date(2027, 3, 6))


@pytest.mark.parametrize(
    ("question", "window"),
    [
        ("what times have you got on Friday", Window((FRIDAY,))),
        ("what have you got on Friday?", Window((FRIDAY,))),
        ("when can you come on Friday?", Window((FRIDAY,))),
        ("what's free on Friday afternoon?", Window((FRIDAY,), after=time(12), before=time(18))),
        ("what have you got after four?", Window(after=time(16))),
    ],
)
def test_who_asks_what_is_free_then_leaves_that_open(question: str, window: Window) -> None:
    assert left_open(question) == window


def test_a_value_that_only_bounds_and_its_window_are_not_both_given() -> None:
    acts = reading("tomorrow after four").acts
    assert [type(act) for act in acts if isinstance(act, Flexible | Provide)] == [Flexible]
