"""Questions as callers put them find the business's own answers, and others find none."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from voicebot.business import Business, answer_for, form_meant, kinds_of, load_business, serves

QUESTIONS = tomllib.loads(Path(__file__).with_name("questions.toml").read_text("utf-8"))
QUESTION_TABLES = files("voicebot.business")
LEAST_RIGHT = 0.9
MOST_FALSE = 0.02


def example(name: str) -> Business:
    return load_business(Path(name))


def right_answer(business: Business, first_form: str) -> str:
    return next(answer.say for answer in business.answers if answer.ask[0] == first_form)


def answered(name: str) -> list[tuple[str, str]]:
    """Questions that have an answer, each with the right one."""
    forms = QUESTIONS[name]["answered"].items()
    return [(q, right_answer(example(name), form)) for form, asked in forms for q in asked]


def test_nine_of_ten_questions_are_answered_and_hardly_one_wrongly() -> None:
    right = wrong = asked = others = 0
    for name, questions in QUESTIONS.items():
        business = example(name)
        for question, say in answered(name):
            got = answer_for(question, business)
            asked, right, wrong = asked + 1, right + (got == say), wrong + (got not in (say, None))
        for question in questions["unanswered"]:
            others, wrong = others + 1, wrong + (answer_for(question, business) is not None)
    assert asked + others >= 60
    assert right >= LEAST_RIGHT * asked, f"{right} of {asked}"
    assert wrong <= MOST_FALSE * others, f"{wrong} of {others}"


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_form_in_a_file_finds_its_own_answer(name: str) -> None:
    business = example(name)
    for answer in business.answers:
        for form in answer.ask:
            assert answer_for(form, business) == answer.say, form


@pytest.mark.parametrize("text", ["", "?", "…", "the", "吗"])
def test_a_text_without_words_has_no_answer(text: str) -> None:
    assert answer_for(text, example("demo")) is None
    assert answer_for(text, example("zh-home")) is None


@pytest.mark.parametrize("language", ["en", "zh-CN", "es"])
def test_every_phrase_of_a_usual_question_finds_its_own_kind(language: str) -> None:
    table = tomllib.loads(QUESTION_TABLES.joinpath(f"questions.{language}.toml").read_text("utf-8"))
    table.pop("same")
    own = [{"ask": phrases, "say": kind} for kind, phrases in table.items()]
    answers = example("demo").model_copy(update={"language": language, "answers": ()})
    business = Business.model_validate(
        answers.model_dump(by_alias=True, mode="json") | {"answers": own}
    )
    for kind, phrases in table.items():
        for phrase in phrases:
            assert answer_for(phrase, business) == kind, phrase


def test_other_words_for_what_a_business_answers_find_its_answer() -> None:
    demo = example("demo")
    unwritten = [form for answer in demo.answers for form in answer.ask]
    for question in (
        "will you take a Visa card",
        "have they got their tickets",
        "is tap and go fine",
    ):
        assert question not in unwritten
        assert answer_for(question, demo)
    silent = demo.model_copy(update={"answers": ()})
    assert answer_for("is tap and go fine", silent) is None


@pytest.mark.parametrize(
    ("near", "others", "is_meant"), [(0.94, 0.92, True), (0.94, 0.935, False), (0.92, 0.8, False)]
)
def test_a_question_that_the_engine_finds_near_is_taken_where_it_stands_out(
    near: float, others: float, is_meant: bool
) -> None:
    demo = example("demo")
    scores = [near if k.answer == 2 else others for k in kinds_of(demo) for _ in k.phrases]
    assert form_meant("xyz", scores, demo) == (demo.answers[2].ask[0] if is_meant else None)


def test_what_the_business_does_not_say_stands_against_what_it_says() -> None:
    demo = example("demo")
    scores = [0.95 if k.answer is None else 0.9 for k in kinds_of(demo) for _ in k.phrases]
    assert form_meant("xyz", scores, demo) is None


@pytest.mark.parametrize(
    ("text", "is_served"),
    [
        ("do you come to Penrith", True),
        ("do you work in bondi?", True),  # a suburb that is no area of its own
        ("Do you go to Katoomba?", False),
        ("yes if you come to Katoomba", False),
        ("do you travel to the Blue Mountains", False),
        ("what areas do you cover", None),
        ("do you come to my house", None),
        ("do you come out on Saturdays", None),
        ("do you service hot water systems", None),
        ("is it in your area", None),
    ],
)
def test_a_place_is_served_or_not_or_none_is_named(text: str, is_served: bool | None) -> None:
    assert serves(text, example("demo")) is is_served


@pytest.mark.parametrize(
    ("text", "is_served"),
    [
        ("你们来浦东吗", True),
        ("徐汇区可以吗", True),
        ("去不去崇明", False),
        ("你们覆盖哪些区", None),
        ("能来我家吗", None),
        ("晚上能来吗", None),
    ],
)
def test_a_chinese_place_is_found_with_and_without_its_kind(
    text: str, is_served: bool | None
) -> None:
    assert serves(text, example("zh-home")) is is_served


def test_a_business_without_areas_says_nothing_of_places() -> None:
    assert serves("do you come to Leeds", example("dental")) is None
