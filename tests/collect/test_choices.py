"""Which of the offered times a caller takes, in whatever words, and what they make of it.

Rows as in `test_wishes`: Monday the 30th of November 2026, at noon; every hour is free. Before each
the bot has offered three times, or read one back.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.collect.test_wishes import Calendar, asked_when, fault, proposed
from voicebot.collect.dialogue import Mode

TUESDAY = ("2026-12-01T07:00", "2026-12-01T08:00", "2026-12-01T09:00")
FRIDAY = ("2026-12-04T07:00", "2026-12-04T10:00", "2026-12-04T13:00")
THREE_DAYS = ("2026-12-02T07:00", "2026-12-03T07:00", "2026-12-04T07:00")
MID_DECEMBER = ("2026-12-14T07:00", "2026-12-15T07:00", "2026-12-16T07:00")
TWO_FRIDAYS = ("2026-12-04T16:00", "2026-12-04T17:00", "2026-12-11T19:00")

TAKEN = [
    # taken back, and another named
    (TUESDAY, "The eight o'clock. No, hang on, the first one", "tue 7"),
    (TUESDAY, "Nine. Oh wait, no, eight", "tue 8"),
    (TUESDAY, "the last one, sorry, I mean the middle one", "tue 8"),
    (TUESDAY, "I'll take nine. Actually no, the first", "tue 7"),
    (TUESDAY, "The first one. Hang on. No, nine", "tue 9"),
    (TUESDAY, "first. no, second. no, third", "tue 9"),
    (TUESDAY, "none of them. Oh all right, the nine", "tue 9"),
    (TUESDAY, "Not the first one. The second", "tue 8"),
    (TUESDAY, "I want eight, not nine", "tue 8"),
    (TUESDAY, "Seven's too early. Eight then", "tue 8"),
    (TUESDAY, "Eight's taken, is it? Then nine", "tue 9"),
    # as the bot said it
    (TUESDAY, "Seven, the first you offered", "tue 7"),
    (TUESDAY, "You said eight, I'll have the eight", "tue 8"),
    (TUESDAY, "No, seven o'clock. Tomorrow at seven, you offered it", "tue 7"),
    (TUESDAY, "What about the first one you said?", "tue 7"),
    # asked for again
    (TUESDAY, "Is seven gone?", "tue 7"),
    (TUESDAY, "What happened to seven in the morning?", "tue 7"),
    (TUESDAY, "Have you still got the eight o'clock?", "tue 8"),
    (TUESDAY, "Is the first one still going?", "tue 7"),
    (TUESDAY, "none of those | No. Tomorrow at seven, you offered it", "tue 7"),
    # beside something else
    (TUESDAY, "Seven please, but it's number 62, not 26", "tue 7"),
    (TWO_FRIDAYS, "The middle. Is Friday the one this week?", "fri 17"),
    (THREE_DAYS, "The earliest on Thursday", "thu 7"),
    (THREE_DAYS, "The last one, and I've no e-mail", "fri 7"),
    (TWO_FRIDAYS, "Seven. Is Friday a public holiday?", "fri2 19"),
    # and none
    (TUESDAY, "No, none of those", "any 7-21, !tue 7, !tue 8, !tue 9"),
    (TUESDAY, "Seven. No, none of them", "any 7-21, !tue 7, !tue 8, !tue 9"),
    (TUESDAY, "eight. no", "any 7-21, !tue 8"),
]
CHANGED = [
    # so much later or earlier
    (FRIDAY, "Ten, but half an hour later", "fri 10:30"),
    (FRIDAY, "Ten, but half an hour later. Half past ten", "fri 10:30"),
    (FRIDAY, "the second one, but thirty minutes earlier", "fri 9:30"),
    (FRIDAY, "the last, but two hours later", "fri 15"),
    # the last of a day, and what is to come after this visit
    (THREE_DAYS, "what's the latest you've got on Thursday?", "thu 15-21"),
    (THREE_DAYS, "Thursday. What is the last slot on Thursday?", "thu 15-21"),
    # another hour is proposed by a question
    (THREE_DAYS, "Thursday's good but seven's a bit rude, could it be nine or so", "thu 9"),
    (THREE_DAYS, "Thursday sounds good, is nine possible", "thu 9"),
    (THREE_DAYS, "Friday, but could you make it half past ten?", "fri 10:30"),
    (FRIDAY, "The one o'clock, but an hour earlier", "fri 12"),
    (FRIDAY, "seven, but later that day", "fri 8-21"),
    (FRIDAY, "One, or a bit later, half past one", "fri 13:30"),
    # its day, at another hour
    (MID_DECEMBER, "The second, but not that early, nine", "d15 9"),
    (MID_DECEMBER, "the first day, but at ten", "d14 10"),
    (MID_DECEMBER, "The last, but eleven", "d16 11"),
    (MID_DECEMBER, "Second one, just later, about ten", "d15 10"),
    (THREE_DAYS, "Thursday one, just not seven, nine", "thu 9"),
    # its day, at other hours
    (THREE_DAYS, "Wednesday, but in the afternoon", "wed 12-18"),
    (THREE_DAYS, "The Wednesday one but after two", "wed 14-21"),
    (THREE_DAYS, "the middle one, but evening", "thu 17-21"),
    (THREE_DAYS, "the first day, just not so early", "wed 11-21"),
    (MID_DECEMBER, "The last one, only in the afternoon", "d16 12-18"),
    (MID_DECEMBER, "the third, not before ten", "d16 10-21"),
    # a day of another week than those
    (FRIDAY, "Friday week at ten", "d11 10"),
]


def choosing(offered: tuple[str, ...]) -> Calendar:
    """A call in which these times have been offered."""
    scene = asked_when("en", "Plumbing")
    scene.dialogue = replace(scene.dialogue, mode=Mode.CHOOSING, offered=offered, put=1)
    return scene


@pytest.mark.parametrize(("offered", "says", "expected"), TAKEN + CHANGED)
def test_what_is_made_of_an_offer_is_what_was_meant(
    offered: tuple[str, ...], says: str, expected: str
) -> None:
    scene = choosing(offered)
    before, answer = scene.dialogue, ""
    for turn in says.split(" | "):
        before = scene.dialogue
        answer = scene.hears(turn)
    assert proposed(scene.dialogue), answer
    assert fault(scene.dialogue, before, expected) == "", answer


@pytest.mark.parametrize(
    "says", ["No, hang on", "The third. No. Hang on", "nine, no, make it half"]
)
def test_who_is_still_thinking_loses_no_offer(says: str) -> None:
    scene = choosing(TUESDAY)
    scene.hears(says)
    assert (scene.dialogue.mode, scene.dialogue.offered) == (Mode.CHOOSING, TUESDAY)


def test_a_mere_hm_at_offered_times_gets_them_again_and_no_question_for_a_yes() -> None:
    scene = choosing(TUESDAY)
    for says in ("hmm", "oh well", "uh"):
        assert scene.dialogue.wording.line("confirm.again", 0) not in (heard := scene.hears(says))
        assert all(hour in heard for hour in ("7", "8")), heard
    scene.hears("hmm")
    assert scene.dialogue.mode is Mode.CLOSING


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("Oh, today? Wednesday rather, same time", "wed 7"),
        ("Wednesday rather, same time", "wed 7"),
        ("the same hour but Friday", "fri 7"),
        ("no, an hour later", "tue 8"),
    ],
)
def test_what_is_said_of_a_time_read_back_holds_of_it(says: str, expected: str) -> None:
    scene = asked_when("en", "Plumbing")
    held = replace(scene.dialogue, mode=Mode.CONFIRMING, pending=TUESDAY[0], put=1)
    scene.dialogue = held
    answer = scene.hears(says)
    assert fault(scene.dialogue, held, expected) == "", answer
