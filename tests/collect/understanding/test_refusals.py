"""Answers that are refused, or said not to exist, rude or polite; and what only looks like it."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Decline, Provide, Reading, Situation, read

MONDAY = datetime(2026, 11, 23, 9)


def heard(step: Step, text: str, asked: Asked = Asked.ANSWER) -> Reading:
    held = {Step.EMAIL: "des@tutty.com"} if asked is Asked.CONFIRM else {}
    return read(text, Situation(step, MONDAY, asked, region="AU", record=held))


def declines(reading: Reading) -> set[str]:
    return {act.why for act in reading.acts if isinstance(act, Decline)} - {"does not know"}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step.EMAIL, "None of your bloody business"),
        (Step.EMAIL, "I haven't got a bloody email and you're not getting one"),
        (Step.EMAIL, "I don't want any e-mail"),
        (Step.EMAIL, "Email no have"),
        (Step.EMAIL, "e-mail I not have"),
        (Step.EMAIL, "My grandson does all that. No love"),
        (Step.EMAIL, "My daughter handles all of that for me"),
        (Step.EMAIL, "I haven't got anything like that"),
        (Step.EMAIL, "We don't do that sort of thing at our age"),
        (Step.EMAIL, "I've no use for one"),
        (Step.EMAIL, "oh I got rid of that years ago"),
        (Step.EMAIL, "I don't use any of that computer stuff"),
        (Step.EMAIL, "What do you need that for? You're not having it"),
        (Step.EMAIL, "I never give my email to strangers"),
        (Step.EMAIL, "No e-mail on the boat"),
        (Step.EMAIL, "my wife handles the emails"),
        (Step.EMAIL, "I'd rather keep that to myself"),
        (Step.PHONE, "You're not having my number"),
        (Step.PHONE, "I haven't got a phone"),
        (Step.PHONE, "no mobile I'm afraid"),
        (Step.NAME, "I'm not telling you my name"),
        (Step.NAME, "Mind your own business"),
        (Step.ADDRESS, "You're not getting my address"),
        (Step.ADDRESS, "I don't want to say where I live"),
    ],
)
def test_no_answer_is_known_by_its_parts(step: Step, said: str) -> None:
    assert declines(heard(step, said)), said


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step.EMAIL, "I don't want to wait too long"),
        (Step.EMAIL, "I haven't got much time"),
        (Step.ADDRESS, "I haven't got a number, it's just Rose Cottage, Mill Lane, Bowral"),
        (Step.PHONE, "I haven't got another number"),
        (Step.NAME, "I haven't got a middle name"),
        (Step.PHONE, "I haven't got it on me"),
        (Step.PHONE, "can't you just use the phone?"),
        (Step.SERVICE, "I haven't got any power"),
        (Step.TIME, "I don't want that one"),
        (Step.NAME, "Before I say anything, are you insured?"),
        (Step.NAME, "is this recorded? I want to know before I say anything"),
        (Step.PHONE, "before I give you that, what do you charge for a tap?"),
    ],
)
def test_a_no_to_something_else_refuses_nothing(step: Step, said: str) -> None:
    assert not declines(heard(step, said)), said


@pytest.mark.parametrize(
    "said", ["I don't have a dot in it", "no, I didn't say that", "that isn't it"]
)
def test_an_objection_to_a_read_back_is_no_refusal(said: str) -> None:
    assert not declines(heard(Step.EMAIL, said, Asked.CONFIRM))


@pytest.mark.parametrize("said", ["No, leave it out", "I'll give up", "forget it, no email"])
def test_what_was_read_back_may_be_left_out(said: str) -> None:
    assert declines(heard(Step.EMAIL, said, Asked.CONFIRM))


def test_of_a_value_and_a_refusal_the_last_word_counts() -> None:
    left_out = heard(Step.EMAIL, "des at tutty dot com. No, leave it out").acts
    assert not any(isinstance(act, Provide) for act in left_out)
    given = heard(Step.PHONE, "I don't use my mobile much, 02 9123 4567")
    assert any(isinstance(act, Provide) and act.value for act in given.acts)
    assert not declines(given)


def test_a_name_behind_an_angry_question_is_the_answer() -> None:
    acts = heard(Step.NAME, "What's it to you? Clarrie Boggs. Get on with it").acts
    assert [act.value for act in acts if isinstance(act, Provide)] == ["Clarrie Boggs"]


@pytest.mark.parametrize(
    ("step", "said", "refused"),
    [
        (
            Step.NAME,
            "Ivo Petrak. But I don't give out my phone number, just so you know.",
            Step.PHONE,
        ),
        (Step.NAME, "My name is Ivo Petrak but I won't give you my phone number.", Step.PHONE),
        (Step.NAME, "Ivo Petrak, and you're not getting my number.", Step.PHONE),
        (Step.NAME, "Ivo Petrak. My phone number stays private.", Step.PHONE),
        (Step.NAME, "Ivo Petrak. I'd rather not give my address.", Step.ADDRESS),
        (Step.PHONE, "You can have my email instead.", Step.PHONE),
        (Step.PHONE, "Just email me instead.", Step.PHONE),
        (Step.PHONE, "No. No number. Just leave it, put down the email.", Step.PHONE),
    ],
)
def test_a_refusal_belongs_to_the_field_it_names(step: Step, said: str, refused: Step) -> None:
    acts = heard(step, said).acts
    assert refused in {act.step for act in acts if isinstance(act, Decline)}
    assert all(act.step in (refused, None) for act in acts if isinstance(act, Decline))
    named = [act.value for act in acts if isinstance(act, Provide) and act.step is Step.NAME]
    assert named == (["Ivo Petrak"] if step is Step.NAME else [])


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", "Soy Nerea Goñi, pero el teléfono no lo doy."),
        ("es", "Me llamo Nerea Goñi y no quiero dar mi número."),
        ("zh-CN", "我叫周玉梅，电话我不想留。"),
        ("zh-CN", "周玉梅，电话就不留了吧"),
    ],
)
def test_so_it_does_in_other_languages(language: str, said: str) -> None:
    acts = read(said, Situation(Step.NAME, MONDAY, language=language)).acts
    assert [act.step for act in acts if isinstance(act, Decline)] == [Step.PHONE]
    assert any(isinstance(act, Provide) and act.step is Step.NAME for act in acts)


def test_a_phone_that_nobody_answers_is_not_refused() -> None:
    assert not declines(heard(Step.NAME, "He's deaf, so he can't answer the phone."))


def test_a_landline_of_who_has_no_mobile_is_kept() -> None:
    acts = heard(Step.PHONE, "It's 02 9631 7720, I don't have a mobile.").acts
    assert [act.value for act in acts if isinstance(act, Provide)] == ["+61296317720"]
