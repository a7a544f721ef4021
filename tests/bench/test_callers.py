"""The written callers, and the machine that plays them."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from benchmarks.callers.caller import Caller
from benchmarks.callers.judge import Call, Kind, judge
from benchmarks.callers.moments import Moment, heard, resolve
from benchmarks.callers.persona import Persona, load_casts
from benchmarks.callers.phones import Seen
from benchmarks.callers.play import Result
from benchmarks.callers.run import HELD_RIGHT, play_here, play_over_http
from benchmarks.callers.table import conversation, table
from benchmarks.callers.wants import Wants, same
from voicebot.business import load_business
from voicebot.call import Step
from voicebot.collect.spoken import spoken_time, spoken_times

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=ZoneInfo("Australia/Sydney"))
"""A Monday."""
DEMO = load_business(None)
TRUTH = {
    "name": "Robin Carter",
    "phone": "+61491570156",
    "address": "27 George Street, Parramatta (near the park)",
    "email": "",
    "service": "plumbing",
    "time": "t",
}
ANSWERS = {
    "name": "Robin Carter",
    "phone": "+61491570156",
    "address": "27 George St, Parramatta",
    "service": "plumbing",
    "time": "2026-03-05T10:00:00+11:00",
}
KINDS = {
    *("all at once", "am or pm", "angry", "asks to repeat", "background", "chatty", "correction"),
    *("closed or past", "complaint", "emergency", "existing booking", "extension", "flat"),
    *("flexible time", "landline", "later correction", "name aside", "no e-mail", "not now"),
    *("not offered", "note", "odd address", "offered slots", "person", "plain", "question"),
    *("recogniser", "recurring", "relative date", "restarted number", "robot", "silence"),
    *("spelled name", "this number", "two jobs", "vague problem", "what is free", "wrong number"),
    *("yes, but", "no suburb", "too far", "neither", "cancel", "reschedule", "asks after"),
}


def persona(**more: object) -> Persona:
    """A caller who wants a plumber on Thursday at ten."""
    plain = {"id": "x", "kind": "plain", "times": {"t": "+3 10:00"}, "truth": TRUTH}
    return Persona.model_validate({**plain, **more})


def seen(words: str = "", **more: object) -> Seen:
    """A call that goes on, with nothing in it yet."""
    plain = Seen(words, "name", "name", "active", False, False, {}, "", "", ())
    return replace(plain, **more)  # type: ignore[arg-type]


def booked(answers: dict[str, str] = ANSWERS) -> Seen:
    """A call that has booked what the caller wants."""
    return seen(asking=None, status="booked", booked=True, over=True, answers=answers)


def kinds(written: Persona, end: Seen, *, bot: str = "", caller_ended: bool = False) -> set[Kind]:
    """Return the kinds of failures that the judge finds in a call that ends so."""
    wants = Wants(written, DEMO, NOW)
    call = Call((("bot", bot),), end, caller_ended)
    return {failure.kind for failure in judge(written, wants, call)}


@pytest.mark.slow
@pytest.mark.valkey
async def test_written_callers_get_what_they_rang_for() -> None:
    results = await play_here()
    wrong = [f"{r.persona.id} ({r.failures[0].kind})" for r in results if not r.is_right]
    assert len(results) - len(wrong) >= HELD_RIGHT * len(results), "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.valkey
async def test_a_call_over_http_goes_as_one_in_the_process() -> None:
    caller = ["home-either-day"]
    (here,), (over_http,) = await play_here(caller), await play_over_http(caller)
    assert here.is_right, conversation(here)
    assert over_http.is_right, conversation(over_http)


def test_there_are_seventy_callers_of_every_kind_in_three_languages() -> None:
    casts = load_casts()
    callers = [caller for cast in casts for caller in cast.caller]
    assert len({caller.id for caller in callers}) == len(callers) >= 70
    assert {cast.load_business().language for cast in casts} == {"en", "es", "zh-CN"}
    assert {cast.load_business().visit for cast in casts} == {"ours", "theirs"}
    assert not KINDS - {kind for c in callers for kind in (c.kind, *c.also)}


def test_a_misspelt_key_of_a_caller_is_an_error() -> None:
    with pytest.raises(ValidationError):
        persona(openning="Hello")


@pytest.mark.parametrize("language", ["en", "es", "zh-CN"])
def test_the_times_that_the_bot_says_are_heard(language: str) -> None:
    moments = ["2026-03-02T14:30", "2026-03-03T12:00", "2026-03-08T09:00", "2026-03-08T20:45"]
    wanted = [datetime.fromisoformat(moment).replace(tzinfo=NOW.tzinfo) for moment in moments]
    assert heard(" / ".join(spoken_times(moments, NOW, language)), NOW, language) == wanted
    for moment, at in zip(moments, wanted, strict=True):
        assert heard(spoken_time(moment, NOW, language), NOW, language) == [at]
        assert heard(Moment(at, language).whole, NOW, language) == [at]


def test_a_moment_is_counted_from_the_day_of_the_call() -> None:
    assert f"{resolve('+3 10:00', NOW, lambda _: False):%a %H:%M}" == "Thu 10:00"
    assert f"{resolve('mon 08:00', NOW, lambda _: False):%d}" == "09"
    assert f"{resolve('+6 open', NOW, lambda day: day.weekday() == 6):%a}" == "Mon"


@pytest.mark.parametrize(
    ("step", "value", "wanted", "right"),
    [
        (Step.NAME, "Dr Zoë O'Neill", "Zoe ONeill", True),
        (Step.NAME, "Zoe", "Zoe ONeill", False),
        (Step.ADDRESS, "Unit 4, 80 Dun Rd, Otley", "4/80 Dun Road, Otley (by the inn)", True),
        (Step.ADDRESS, "80 Dun Road, Otley", "4/80 Dun Road, Otley", False),
        (Step.ADDRESS, "4/80 Dun Road, Otley, Gate", "4/80 Dun Road, Otley", False),
        (Step.PHONE, "+61491570156;ext=4", "+61491570156", True),
    ],
)
def test_a_value_is_right_in_any_usual_writing_and_with_no_word_more(
    step: Step, value: str, wanted: str, right: bool
) -> None:
    assert same(step, value, wanted) is right


def test_a_right_call_has_no_fault() -> None:
    assert kinds(persona(), booked()) == set()


@pytest.mark.parametrize(
    ("expect", "end", "bot", "wrong"),
    [
        ({}, booked({**ANSWERS, "name": "Bob"}), "", Kind.BOOKED_WRONG),
        ({}, seen(over=True, status="incomplete"), "Goodbye", Kind.HUNG_UP_ON),
        ({}, seen(), "", Kind.GAVE_UP),
        ({"booked": False}, booked(), "", Kind.BOOKED_UNWANTED),
        ({"notes": ["dog"]}, booked(), "", Kind.NOTE_LOST),
        ({"wish": "complaint"}, booked(), "", Kind.WISH_LOST),
        ({"needs": "person"}, booked(), "", Kind.WRONG_NEEDS),
        ({}, booked(), "They'll call you back.", Kind.PROMISE_UNWRITTEN),
        ({}, booked(), "On 2026-03-05 at ten", Kind.GARBLED),
        ({"booked": False}, seen(over=True, status="transfer"), "", Kind.PUT_THROUGH),
    ],
)
def test_what_goes_wrong_is_told_by_its_kind(
    expect: dict[str, object], end: Seen, bot: str, wrong: Kind
) -> None:
    assert wrong in kinds(persona(expect=expect), end, bot=bot)


def test_a_caller_says_its_own_lines_then_the_plain_truth() -> None:
    caller = Caller(persona(says={"opening": "Hello", "phone": ["what for?"]}), DEMO, NOW)
    assert caller.next_line(seen("Your name?")).say == "Hello"
    assert caller.next_line(seen("Your number?", step="phone", asking="phone")).say == "what for?"
    again = caller.next_line(seen("To ring you.", step="phone", asking="phone"))
    assert again.say == "0491 570 156"


def test_a_caller_says_yes_only_to_what_is_right() -> None:
    caller = Caller(persona(says={"opening": "Hello"}), DEMO, NOW)
    caller.next_line(seen())
    at: dict[str, Any] = {"step": "time", "asking": "confirm"}
    assert caller.next_line(seen("This Friday, the 6th, at 10 am?", **at)).say.startswith("No")
    assert caller.next_line(seen("This Thursday, the 5th, at 10 am?", **at)).say == "Yes"


def test_an_offer_is_taken_and_only_that_time_is_right_then() -> None:
    window = {**TRUTH, "time": {"from": "+1", "to": "+9"}}
    says = {"opening": "Hello", "offer": [{"say": "the second", "picks": 2}]}
    caller = Caller(persona(truth=window, says=says), DEMO, NOW)
    caller.next_line(seen())
    offer = seen("There's Tuesday at 7 am or Friday at 9 am.", step="time", asking="choice")
    assert caller.next_line(offer).say == "the second"
    assert caller.wants.is_right(Step.TIME, "2026-03-06T09:00:00+11:00")
    assert not caller.wants.is_right(Step.TIME, "2026-03-03T07:00:00+11:00")
    assert not caller.failures


def test_a_question_without_an_answer_in_time_is_a_fault() -> None:
    line = {"say": "How much?", "answer": "120", "within": 1}
    caller = Caller(persona(says={"opening": line}), DEMO, NOW)
    caller.next_line(seen())
    caller.next_line(seen("And your name?"))
    assert [failure.kind for failure in caller.failures] == [Kind.UNANSWERED]


def test_the_table_names_kinds_figures_and_each_fault() -> None:
    call = Call((("bot", "Hello"), ("caller", "Hi")), seen(), caller_ended=False)
    failures = tuple(judge(persona(), Wants(persona(), DEMO, NOW), call))
    result = Result(persona(), "demo", call, failures, was_offered=False)
    printed = table([result])
    assert "right                             0 of 1 (0%)" in printed
    assert f"x                         {Kind.NOT_BOOKED}" in printed
    assert "caller  Hi" in conversation(result)
