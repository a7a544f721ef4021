"""Who names a person: put through, rung back, or only spoken of; and what is to be moved."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicebot.business import load_business
from voicebot.call import Step
from voicebot.collect.understanding import Flexible, Provide, Situation, Want, WantPerson, read

NOW = datetime(2026, 11, 30, 12)
DEMO = load_business(None)


def wishes(text: str, language: str = "en", step: Step = Step.PHONE) -> set[str]:
    """What is wished for, as names of [want], and "person"."""
    acts = read(text, Situation(step, NOW, language=language, services=DEMO.services)).acts
    people = {"person" for act in acts if isinstance(act, WantPerson)}
    return people | {act.what for act in acts if isinstance(act, Want)} - {"annoyed", "booking"}


@pytest.mark.parametrize(
    "said",
    [
        "The manager please",
        "manager!",
        "can I speak to your supervisor",
        "I don't want you, I want a person",
        "put me on to your boss",
        "I want to speak to the manager now",
        "put me through right away",
        "I've been waiting since nine, get me the manager",
        "agent!",
        "I want to deal with a human being",
        "no robots, a human",
        "put the manager on",
        "is there a real person I can talk to",
        "who's in charge, I want the boss",
    ],
)
def test_who_wants_a_person_now_is_put_through(said: str) -> None:
    assert wishes(said) == {"person"}


@pytest.mark.parametrize(
    "said",
    [
        "only after four, and I want the manager to ring me",
        "The manager please, between two and four",
        "Not now, after four. I'm at work. Just the manager, after four",
        "I can't take a call now! Just write it down. Manager, after four",
        "I don't want putting through, I said call me back tomorrow morning",
        "a person, but later",
        "I'd like to speak to the manager tomorrow",
        "ring me, don't put me through",
        "please make sure they ring after four",
        "No address, just ring me about the lock",
        "manager to call, any time after lunch",
        "Nobody's answering. Call me back this afternoon instead",
        "have the boss phone me this afternoon",
        "get your manager to contact me",
    ],
)
def test_who_names_another_time_or_speaks_of_ringing_is_rung(said: str) -> None:
    assert wishes(said) == {"call_back"}


@pytest.mark.parametrize(
    "said",
    [
        "I'm ringing for my boss",
        "My boss wants an electrician",
        "The boss is Mr Colm Delahunty, put it in his name",
        "I'm the manager of the cafe, our sink's blocked",
        "The property manager told me to ring",
        "Stop. I don't want a person, I'm booking for my manager",
        "Please don't put me through. I just want a booking for Mr Delahunty",
        "my landlord's agent will let you in",
        "calling for the boss, he has a leak",
        "he called me yesterday",
        "call me Bob",
        "don't ring me before nine",
    ],
)
def test_a_person_of_the_callers_own_is_neither(said: str) -> None:
    assert not wishes(said, step=Step.NAME)


@pytest.mark.parametrize("said", ["No, I don't need a call", "nobody needs to ring me"])
def test_a_call_that_is_not_wanted_is_none(said: str) -> None:
    assert wishes(said) == {"no_call"}


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("I want to move the booking I have", None),
        ("Move my plumber from one to eleven on Thursday", "2026-12-03T11:00"),
        ("I have a booking on Thursday at one, please change it to eleven", "T11:00"),
        ("could you make my booking earlier that day", None),
        ("I've got the cleaner on Friday, can you make it Saturday", "2026-12-05"),
        ("can we bring Thursday's visit forward", None),
        ("swap my Tuesday booking for a Wednesday", "2026-12-02"),
        ("is it possible to have my cleaner come earlier than we said", None),
        ("My electrician's coming Wednesday, can he come Thursday instead", "2026-12-03"),
        ("could you move my Thursday booking to Friday at nine", "2026-12-04T09:00"),
        ("the booking I make yesterday, I want change the hour", None),
        ("I'd like to change the time of my booking", None),
    ],
)
@pytest.mark.parametrize("step", [Step.NAME, Step.PHONE])
def test_a_verb_and_what_is_booked_move_it_to_the_new_time_alone(
    said: str, time: str | None, step: Step
) -> None:
    acts = read(said, Situation(step, NOW, services=DEMO.services)).acts
    assert "reschedule" in wishes(said, step=step)
    times = [act.value for act in acts if isinstance(act, Provide) and act.step is Step.TIME]
    assert times == ([time] if time else [])
    assert not any(isinstance(act, Flexible) for act in acts)


@pytest.mark.parametrize(
    "said",
    [
        "I want to move a power point",
        "move the washing machine",
        "bring the plants in and move them to the back",
        "can you move my gas meter",
        "change my address",
        "can I have a booking for Thursday",
        "Mow the lawn. When are you free?",
        "when are you able to come",
    ],
)
def test_work_and_questions_are_no_booking_that_is_there(said: str) -> None:
    assert not wishes(said, step=Step.SERVICE) & {"reschedule", "existing"}


@pytest.mark.parametrize("said", ["No booking! A new one.", "I haven't got a booking yet"])
def test_who_has_no_booking_wants_a_new_one(said: str) -> None:
    assert wishes(said, step=Step.SERVICE) == {"new"}


@pytest.mark.parametrize(
    ("said", "wished"),
    [
        ("The boss of my husband? No, your boss, please", {"person"}),
        ("could the boss give us a bell this evening", {"call_back"}),
        ("I'd like a call from your supervisor on Monday", {"call_back"}),
        ("connect me to the manager this minute", {"person"}),
        (
            "The plumber came on Tuesday and broke my sink. I want the manager",
            {"person", "complaint"},
        ),
        ("can my appointment be brought forward a day", {"reschedule"}),
        ("the cleaner's due Friday but I need her Monday", {"reschedule"}),
        ("I booked one o'clock, can we say three", {"reschedule"}),
        ("can you check my booking's still there", {"existing"}),
        ("my cleaner left, I need a new one", set()),
        ("can you move the bed and clean behind it", set()),
    ],
)
def test_other_words_for_the_same(said: str, wished: set[str]) -> None:
    assert wishes(said) == wished


@pytest.mark.parametrize(
    "said",
    [
        "because the agent insists",
        "I have to check with the agent first",
        "agent says the oven must be clean",
        "I said agent, not address!",
        "the supervisor on site is Dave",
        "keys are with the agent",
        "give the key back to the manager",
        "I promised the agent I'd get it cleaned",
        "the landlord and the agent both keep nagging",
        "No no, not a person, I meant the real estate agent",
    ],
)
def test_who_is_only_spoken_of_is_not_asked_for(said: str) -> None:
    assert wishes(said, step=Step.ADDRESS) == set()


@pytest.mark.parametrize(
    ("language", "said", "wished"),
    [
        ("zh-CN", "中介经理一直催", set()),
        ("zh-CN", "我得跟领导商量一下", set()),
        ("zh-CN", "找你们经理", {"person"}),
        ("en", "someone else will be home", set()),
        ("en", "does the plumber do it or does someone else come?", set()),
        ("en", "put me on to somebody else", {"person"}),
        ("zh-CN", "我要跟经理说话", {"person"}),
        ("zh-CN", "我是替我们经理打的电话", set()),
        ("zh-CN", "老板让我打的，他家漏水", set()),
        ("zh-CN", "找经理，但是现在不方便接", {"call_back"}),
        ("zh-CN", "叫你们经理明天下午打给我", {"call_back"}),
        ("zh-CN", "不要转接，让人回电话就行", {"call_back"}),
        ("zh-CN", "我约了周四，能提前一点吗", {"reschedule"}),
        ("zh-CN", "把我周四一点的师傅改到十一点", {"reschedule"}),
        ("zh-CN", "我没有预约，我要新约一个", {"new", "no_booking"}),
        ("zh-CN", "换个水龙头", set()),
        ("es", "quiero hablar con el encargado", {"person"}),
        ("es", "llamo de parte de mi jefe", set()),
        ("es", "el jefe es don Luis, póngalo a su nombre", set()),
        ("es", "el encargado, a partir de las cuatro", {"call_back"}),
        ("es", "que el jefe me llame entre las dos y las cuatro", {"call_back"}),
        ("es", "no me pase con nadie, que me llamen", {"call_back"}),
        ("es", "pase mi cita del jueves al viernes", {"reschedule"}),
        ("es", "el fontanero del jueves, ¿puede venir el viernes?", {"reschedule"}),
        ("es", "quiero mover un enchufe", set()),
    ],
)
def test_the_same_in_chinese_and_spanish(language: str, said: str, wished: set[str]) -> None:
    assert wishes(said, language) == wished
