"""What callers say of days and hours beside times that were offered, and before any is asked for.

The rows are those of `test_wishes`, on the same Monday the 30th of November.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.collect.test_wishes import asked_when, fault
from voicebot.call import Step
from voicebot.collect.dialogue import Mode

NEXT_WEEK = ("2026-12-07T08:00", "2026-12-08T08:00", "2026-12-09T08:00")
THURSDAY = ("2026-12-03T07:00", "2026-12-03T13:00", "2026-12-03T18:00")
PLACES = {
    "en": "12 Elm Street, Penrith",
    "es": "Calle Mayor 12, Madrid",
    "zh-CN": "上海市浦东新区世纪大道100号",
}


@pytest.mark.parametrize(
    ("language", "offered", "says", "expected"),
    [
        ("en", NEXT_WEEK, "Tuesday. But later than that, nine.", "tue2 9"),
        ("en", NEXT_WEEK, "Actually what about Thursday, is three free Thursday?", "thu2 15"),
        ("en", NEXT_WEEK, "Friday instead, at ten", "fri2 10"),
        ("en", NEXT_WEEK, "Friday, same time?", "fri2 8"),
        ("zh-CN", NEXT_WEEK, "周四有没有？下午三点", "thu2 15"),
        ("zh-CN", NEXT_WEEK, "周五行不行，同样时间", "fri2 8"),
        ("es", NEXT_WEEK, "¿Y el viernes a la misma hora?", "fri2 8"),
        ("en", THURSDAY, "seven's good, actually make it half seven", "thu 7:30"),
        ("en", THURSDAY, "Half past seven?", "thu 7:30"),
        ("en", THURSDAY, "seven in the evening", "thu 19"),
        ("en", THURSDAY, "What about two o'clock? One I still eat.", "thu 14"),
        ("en", THURSDAY, "Six? One I still eat.", "thu 18"),
        ("en", THURSDAY, "Thursday's good, but could it be nine?", "thu 9"),
        ("en", (*THURSDAY[:2], "2026-12-03T19:00"), "half past seven", "thu 7:30, thu 19:30"),
        ("zh-CN", THURSDAY, "七点半行吗", "thu 7:30"),
        ("es", THURSDAY, "Bueno, mejor a las siete y media", "thu 7:30"),
        ("en", NEXT_WEEK, "At eleven is possible? Wednesday", "wed2 11"),
        ("en", NEXT_WEEK, "Tuesday at eight's a bit keen. Nine?", "tue2 9"),
        ("en", NEXT_WEEK, "Anything later on the Tuesday?", "tue2 9-21"),
        ("en", NEXT_WEEK, "The last one. But can it be nine rather than eight?", "wed2 9"),
        ("en", NEXT_WEEK, "Friday, the earliest one", "fri2 7-10"),
        ("en", THURSDAY, "I can't do any of those, I work till five", "any 17-21"),
    ],
)
def test_a_day_or_an_hour_is_one_of_those_near_the_offered(
    language: str, offered: tuple[str, ...], says: str, expected: str
) -> None:
    scene = asked_when(language, "Plumbing")
    scene.dialogue = replace(scene.dialogue, offered=offered, mode=Mode.CHOOSING, put=1)
    before = scene.dialogue
    answer = scene.hears(says)
    assert fault(scene.dialogue, before, expected) == "", answer


@pytest.mark.parametrize(
    ("offered", "says", "expected"),
    [
        (
            (),
            "Could it be Monday or Tuesday next week, between ten and two?",
            "mon 10-14:01, tue2 10",
        ),
        ((), "And mornings only please, she naps after lunch", "any 7-12"),
        ((), "Ten on Friday would be good", "fri 10"),
        ((), "Have you anything Saturday morning?", "sat 7-12"),
        ((), "Three on Thursday, right?", "thu 15"),
        ((), "Thursday, but more like eleven", "thu 11"),
        ((), "So, after three any arvo?", "any 15-18"),
        ((), "Mornings are out. Any afternoon this week except Friday.", "week 12-18, !fri"),
        ((), "So can someone come today, before the freezer thaws?", "mon0 12-21"),
        (THURSDAY, "One o'clock works for me.", "thu 13"),
        ((), "My number is four one two. Three's good.", "any 7-21"),
        ((), "It's been dripping since Thursday morning", "any 7-21"),
        ((), "After four, any day", "any 16-21"),
        ((), "We close at five, so after that", "any 17-21"),
        ((), "I can not before Friday, I am travelling", "any 7-21, !tue, !wed, !thu"),
        ((), "I'm not waiting till Friday, it has to be tomorrow", "tue 7-21"),
        ((), "Any arvo but Thursday, that's beer o'clock", "any 12-18, !thu"),
        ((), "Noon's no good, three-ish?", "any 15"),
        ((), "Tell him between one and three, nothing else works", "any 13-15:01"),
        ((), "Can he come Friday? Or Thursday, whichever's first", "thu 7-21, ?fri 7-21"),
        ((), "What have you got after half past three?", "any 15:30-21"),
        ((), "Thursday at eleven. No, make it Friday", "fri 11"),
        ((), "She has chemo Mondays and Tuesdays, so any other day", "any 7-21, !tue*, !mon*"),
        (THURSDAY, "The last one you said", "thu 18"),
        (THURSDAY, "One's no good. Six suits", "thu 18"),
        (THURSDAY, "I'd take the second of those", "thu 13"),
        (THURSDAY, "None of those, I need a Saturday", "sat 7-21"),
        ((), "You did next door's on Saturday", "any 7-21, !sat"),
        ((), "Your man came last Thursday at two", "any 7-21, !thu 14"),
        ((), "The last bloke came at six in the morning", "any 7-21"),
    ],
)
def test_a_time_told_before_its_turn_comes_up_by_itself(
    offered: tuple[str, ...], says: str, expected: str
) -> None:
    scene = asked_when("en", "Plumbing")
    known: dict[Step, str] = {**scene.dialogue.answers}
    del known[Step.ADDRESS]
    scene.dialogue = replace(
        scene.dialogue, answers=known, step=Step.ADDRESS, offered=offered, window=None
    )
    before = scene.dialogue
    scene.hears(says)
    answer = scene.hears(PLACES["en"])
    if not scene.dialogue.pending and not scene.dialogue.offered:
        answer = scene.hears("what have you got?")
    assert fault(scene.dialogue, before, expected) == "", answer


@pytest.mark.parametrize(
    ("language", "says", "expected"),
    [
        ("en", "What days have you got? Not Wednesday, I've bowls on a Wednesday.", "!wed"),
        ("en", "It's a no for Monday, by the way", "!mon"),
        ("en", "Not Friday, I'm always flat out on a Friday", "!fri"),
        ("en", "No good on Thursday, Thursday's shopping day", "!thu"),
        ("en", "We never have people in on a Sunday", "!sun"),
        ("en", "I'm away this week", "!tue, !wed, !thu, !fri, !sat, !sun"),
        ("en", "Yes. What've you got end of the week?", "!mon, !tue, !wed"),
        ("en", "Any time next week?", "!tue, !wed, !thu, !fri, !sat, !sun"),
        ("zh-CN", "周三不行啊，周三我要打麻将", "!wed"),
        ("zh-CN", "星期天就不用来了", "!sun"),
        ("es", "El martes ni hablar, que tengo yoga", "!tue"),
    ],
)
def test_a_day_that_is_refused_in_passing_is_left_out_of_what_is_offered_later(
    language: str, says: str, expected: str
) -> None:
    scene = asked_when(language, "Plumbing")
    known: dict[Step, str] = {**scene.dialogue.answers}
    del known[Step.ADDRESS]
    scene.dialogue = replace(scene.dialogue, answers=known, step=Step.ADDRESS)
    before = scene.dialogue
    scene.hears(says)
    answer = scene.hears(PLACES[language])
    assert fault(scene.dialogue, before, f"any 7-21, {expected}") == "", answer
