"""Acts that the table tells, and the law of consent."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.call import Step
from voicebot.collect.understanding import (
    Act,
    Affirm,
    Ask,
    Asked,
    Choose,
    Correct,
    Decline,
    Deny,
    Flexible,
    Greet,
    Leave,
    Repeat,
    Situation,
    SlowDown,
    Thank,
    Wait,
    Want,
    WantPerson,
    consents,
    read,
)

NOW = datetime(2026, 11, 23, 9)
READ_BACK = Situation(
    Step.PHONE, NOW, Asked.CONFIRM, record={Step.PHONE: "+61491570156", Step.EMAIL: "a@b.example"}
)


def agrees(text: str) -> bool:
    return consents(read(text, READ_BACK), READ_BACK)


@pytest.mark.parametrize(
    "said",
    [
        "yes",
        "Yeah, that's right, thanks mate.",
        "no worries",
        "no, that's right",
        "um, that sounds good to me",
        "why not?",
        "yes please, book it in",
        "yes, 0491 570 156, that's correct",
        "0491 570 156",
    ],
)
def test_a_turn_that_only_agrees_is_consent(said: str) -> None:
    assert agrees(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "yes, and",
        "yes if you can",
        "yes?",
        "that's right?",
        "yes, cancel it",
        "yes, but you put Dear in my address",
        "yes, how much is it",
        "yes, hang on",
        "yes, 0491 570 157",
        "yes, but my email is wrong",
        "right right right",
        "yes no",
        "thanks",
        "I guess so",
    ],
)
def test_a_yes_with_anything_beside_it_is_none(said: str) -> None:
    assert not agrees(said)


@pytest.mark.parametrize(
    "said",
    [
        *("correct", "perfect thanks", "sounds good", "go ahead and book it", "no problem"),
        *("no, no, that's perfect", "nah yeah", "that's not wrong", "right", "ok", "uh huh"),
        *("fantastic", "that sounds terrific", "sure, why not", "not a problem", "no mistake"),
        *("go on then", "continue", "yes, pick up where we left off", "good morning, yes"),
        *("you got it", "nothing wrong with that", "all good", "please do", "works for me"),
    ],
)
def test_there_are_many_ways_to_agree(said: str) -> None:
    assert agrees(said)


@pytest.mark.parametrize(
    "said",
    [
        *("no", "Nope.", "that's wrong", "no that isn't right", "that is incorrect", "not quite"),
        *("I don't think so", "yes but the number is wrong", "no it isn't", "wait, no"),
        *("I meant no", "definitely not", "can you change that", "not that one", "don't go on"),
        *("no, don't book it", "please do not", "let's not continue", "that isn't fantastic"),
        *("that's not it", "not right now", "you've made a mistake", "no way", "almost"),
    ],
)
def test_a_no_is_heard(said: str) -> None:
    acts = read(said, READ_BACK).acts
    assert any(isinstance(act, Deny | Correct) for act in acts), acts


@pytest.mark.parametrize(
    ("said", "act"),
    [
        ("I'd rather not say", Decline),
        ("I don't have an email", Decline),
        ("can we skip this one", Decline),
        ("no idea, sorry", Decline),
        ("I'm not sure", Decline),
        ("whenever suits you", Flexible),
        ("what do you need that for", Ask),
        ("do you do gutters?", Ask),
        ("are you a robot", Ask),
        ("what if I need to cancel?", Ask),
        ("may I have your postcode?", Ask),
        ("sorry, can you repeat that?", Repeat),
        ("you're breaking up", Repeat),
        ("could you talk more slowly", SlowDown),
        ("let me grab my diary", Wait),
        ("I don't know, put me through to someone else", WantPerson),
        ("can I speak to a real person", WantPerson),
        ("never mind", Want),
        ("I've changed my mind", Want),
        ("this is taking forever", Want),
        ("hello there", Greet),
        ("bye then", Leave),
        ("thank you", Thank),
    ],
)
def test_what_a_caller_does_is_told_apart(said: str, act: type[Act]) -> None:
    acts = read(said, Situation(Step.NAME, NOW)).acts
    assert any(isinstance(each, act) for each in acts), acts


@pytest.mark.parametrize("said", ["um", "", "the kettle is on", "half of it", "it won't stop"])
def test_what_is_none_of_it_is_no_act(said: str) -> None:
    assert not read(said, Situation(Step.NAME, NOW)).acts


@given(st.text(st.characters(exclude_categories=["N"]), max_size=60))
def test_one_word_more_and_it_is_no_yes(text: str) -> None:
    """Without figures: an address beside a yes ("1 A Av, Zebra") answers another question."""
    assert not agrees(f"yes {text} zebra")


@pytest.mark.parametrize("words", ["yes ", "that's right "])
def test_an_endless_yes_is_none(words: str) -> None:
    assert not agrees(words * 5_000)


def test_a_question_is_asked_with_its_topic_and_its_words() -> None:
    first, second = read("yes, how much is it?", READ_BACK).acts
    assert isinstance(first, Affirm)
    assert second == Ask("price", "how much is it?", (5, 20))


def test_a_wrong_field_is_named() -> None:
    (act,) = read("no, my e-mail is wrong", READ_BACK).acts[-1:]
    assert isinstance(act, Correct)
    assert (act.step, act.value) == (Step.EMAIL, None)


def test_one_of_the_offered_is_chosen_only_where_something_was_offered() -> None:
    offered = Situation(Step.TIME, NOW, Asked.CHOICE, offered=("2026-11-24T09:00",) * 2)
    (act,) = read("the second one please", offered).acts
    assert isinstance(act, Choose)
    assert act.position == 2
    assert not read("the second one please", READ_BACK).acts
    asked = read("what was the second one again", offered).acts
    assert not any(isinstance(act, Choose) for act in asked)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("ooh the later one on friday", "2026-11-27T14:15"),
        ("the first one on Friday please", "2026-11-27T09:00"),
        ("I'll take the second Friday slot", "2026-11-27T14:15"),
    ],
)
def test_a_position_counts_among_the_offered_of_the_day_that_is_named(
    said: str, moment: str
) -> None:
    offered = ("2026-11-26T08:00", "2026-11-27T09:00", "2026-11-27T14:15", "2026-11-30T10:30")
    situation = Situation(Step.TIME, NOW, Asked.CHOICE, offered=offered)
    chosen = [act.moment for act in read(said, situation).acts if isinstance(act, Choose)]
    assert chosen == [moment]


@pytest.mark.parametrize(
    "said",
    [
        "isn't it on your screen",
        "what's your name",
        "why",
        "what if I'm late",
        "who sees my details",
    ],
)
def test_a_question_is_one_though_it_holds_a_not_or_your(said: str) -> None:
    assert [type(act) for act in read(said, Situation(Step.EMAIL, NOW)).acts] == [Ask]


@pytest.mark.parametrize("said", ["yes but not the time", "right but my email's wrong"])
def test_a_yes_beside_a_field_that_is_wrong_names_the_field(said: str) -> None:
    assert [type(act) for act in read(said, READ_BACK).acts] == [Affirm, Correct]


def test_an_objection_keeps_the_yes_from_being_one() -> None:
    reading = read("yes but cancel it", READ_BACK)
    assert [type(act) for act in reading.acts] == [Affirm, Want]
    assert reading.rest


@given(st.text(max_size=200))
def test_nothing_that_is_said_raises(text: str) -> None:
    for start, end in read(text, READ_BACK).rest:
        assert 0 <= start < end <= len(text)
