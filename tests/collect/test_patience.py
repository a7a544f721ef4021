"""What is not understood is asked for in other ways, then left to staff; nobody is nagged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.collect.scene import BOOKED, DEMO, Scene, at, last_read_back
from voicebot.business import load_business
from voicebot.call import FIELDS, CallState, Needs, Step
from voicebot.collect.dialogue import Dialogue, Mode, Purpose
from voicebot.collect.events import CallOff, Ending
from voicebot.collect.resuming import begin

_ROOT = Path(__file__).parent.parent.parent
BUSINESSES = {
    "en": DEMO,
    "zh": load_business(_ROOT / "voicebot/business/examples/zh-home.toml"),
    "es": load_business(_ROOT / "benchmarks/callers/business/sevilla.toml"),
}
NAMED = {"en": "Ann Bell", "zh": "周丽华", "es": "Amparo Villaseñor"}
NUMBERS = {"en": "+61412345678", "zh": "+8613812345678", "es": "+34955000111"}
BESIDE_THE_POINT = {
    "en": ("it hums all night long", "it is everywhere in the house", "the one with the blue door"),
    "zh": ("那边新修的楼", "就是半夜里嗡嗡嗡的", "说来话长啊这个"),
    "es": ("es la de arriba del todo", "pues mire, por lo general", "lo mío es cosa de hablarlo"),
}
"""Words that answer no question, and that nobody understands."""
OBJECTIONS = {
    "en": ("No, that's not what I rang about, the hall is", "No no, you've got it all muddled"),
    "zh": ("不是这个意思，你搞错了", "我不要你们问这些东西"),
    "es": ("Que no, que lo mío es otro asunto", "No, no, que se está liando usted"),
}
TOLD_OPENLY = {
    "en": "somebody has to sort out the muddle in the hall",
    "zh": "反正那个楼道的烂摊子得有个说法",
    "es": "que alguien me aclare el lío del portal",
}
NOTHING = {"en": "no, nothing else", "zh": "没有了", "es": "no, nada más"}
GOODBYE = {"en": "never mind, bye", "zh": "都不是。没有别的了,再见。", "es": "pues nada, adiós"}


def asked(language: str, step: Step, **state: object) -> Scene:
    """A call that has come to this question; name and number are known if it comes after them."""
    business = BUSINESSES[language]
    known = {Step.NAME: NAMED[language], Step.PHONE: NUMBERS[language]}
    before = {s: known[s] for s in FIELDS[: FIELDS.index(step)] if s in known}
    held = begin(business, CallState())
    held = replace(held, answers=before, confirmed=frozenset({Step.PHONE} & set(before)))
    return Scene(replace(held, step=step, put=1, **state))  # type: ignore[arg-type]


def in_each_language() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("language", BUSINESSES)


def questions(dialogue: Dialogue, step: Step) -> tuple[str, ...]:
    return dialogue.wording.lines[f"ask.{step}"]


@in_each_language()
@pytest.mark.parametrize("step", [Step.PHONE, Step.EMAIL])
def test_a_question_is_put_three_times_each_in_another_way_and_then_left(
    language: str, step: Step
) -> None:
    scene = asked(language, step)
    heard = [scene.hears(words) for words in BESIDE_THE_POINT[language]]
    forms = questions(scene.dialogue, step)
    assert [forms[1] in heard[0], forms[2] in heard[1]] == [True, True]
    assert scene.dialogue.step is not step
    assert step in scene.dialogue.settled
    assert scene.dialogue.needs is Needs.FOLLOW_UP
    assert all(any(words in note for note in scene.notes) for words in BESIDE_THE_POINT[language])


@in_each_language()
def test_a_read_back_that_is_twice_neither_agreed_to_nor_mended_is_kept_and_shown(
    language: str,
) -> None:
    known = {Step.NAME: NAMED[language], Step.PHONE: NUMBERS[language]}
    scene = asked(language, Step.PHONE, mode=Mode.CONFIRMING)
    scene.dialogue = replace(scene.dialogue, answers=known, confirmed=frozenset())
    for words in BESIDE_THE_POINT[language][::2]:
        assert scene.dialogue.step is Step.PHONE
        scene.hears(words)
    held = scene.dialogue
    assert (held.step, held.answers[Step.PHONE]) == (Step.ADDRESS, NUMBERS[language])
    assert Step.PHONE not in held.confirmed


def test_the_last_read_back_is_never_taken_for_agreed() -> None:
    scene = last_read_back()
    for words in BESIDE_THE_POINT["en"]:
        scene.hears(words)
    assert not scene.change.booked
    assert Step.TIME not in scene.dialogue.answers


@pytest.mark.parametrize(
    ("step", "tries"),
    [
        (Step.PHONE, ["oh four nine", "no that was wrong", "start over", "0491 570 110"]),
        (Step.EMAIL, ["r-u-t-h something", "R U T H hm", "ruth at uh", "ruth@example.com"]),
        (Step.ADDRESS, ["um the Elm", "er 12", "hm the Elm", "12 Elm Street, Newtown"]),
    ],
)
def test_who_needs_some_more_tries_at_a_value_is_not_cut_short(
    step: Step, tries: list[str]
) -> None:
    scene = at(step)
    for words in tries:
        assert scene.dialogue.step is step
        scene.hears(words)
    assert step in scene.dialogue.answers


def test_who_asks_and_asks_is_answered_and_not_asked_a_third_time() -> None:
    scene = asked("en", Step.NAME)
    for words in ("how much is a plumber?", "do you come to Penrith?", "how long does it take?"):
        heard = scene.hears(words)
    assert "hour" in heard
    assert not any(form in heard for form in questions(scene.dialogue, Step.NAME))
    assert scene.dialogue.step is Step.NAME
    scene.hears("Ann Bell")
    assert scene.dialogue.answers[Step.NAME] == "Ann Bell"


@in_each_language()
def test_who_minds_being_asked_twice_running_is_asked_openly_and_written_down(
    language: str,
) -> None:
    scene = asked(language, Step.EMAIL)
    heard = [scene.hears(words) for words in OBJECTIONS[language]]
    assert heard[1] in scene.dialogue.wording.lines["reply.openly"]
    scene.hears(TOLD_OPENLY[language])
    assert any(TOLD_OPENLY[language] in note for note in scene.notes)
    assert scene.dialogue.needs is Needs.FOLLOW_UP
    assert Purpose.BE_CALLED in scene.dialogue.dealt  # the number is known, so nothing is asked
    scene.hears(NOTHING[language])
    assert scene.ending is Ending.HANGUP


def test_who_minds_one_question_only_goes_on_with_the_booking() -> None:
    scene = asked("en", Step.ADDRESS)
    scene.hears(OBJECTIONS["en"][0])
    scene.hears("12 Elm Street, Newtown")
    assert (scene.dialogue.step, scene.dialogue.stepped_back) == (Step.EMAIL, False)


def test_a_booking_that_is_wished_for_at_the_open_question_is_gone_on_with() -> None:
    scene = asked("en", Step.ADDRESS)
    for words in OBJECTIONS["en"]:
        scene.hears(words)
    assert "address" in scene.hears("I need a plumber")
    assert scene.dialogue.answers[Step.SERVICE] == "Plumbing"


@in_each_language()
@pytest.mark.parametrize("step", [Step.NAME, Step.PHONE, Step.ADDRESS, Step.SERVICE])
def test_a_goodbye_is_heard_at_every_question(language: str, step: Step) -> None:
    scene = asked(language, step)
    scene.hears(GOODBYE[language])
    assert scene.ending is Ending.HANGUP


@in_each_language()
def test_no_begins_no_booking_of_who_came_for_something_else(language: str) -> None:
    scene = asked(language, Step.PHONE, mode=Mode.CLOSING, dealt=(Purpose.COMPLAIN,))
    scene.dialogue = replace(scene.dialogue, step=Step.PHONE)
    today = {"en": "no, let him ring today", "zh": "没有了，让他今天就打", "es": "no, hoy mismo"}
    scene.hears(today[language])
    assert scene.ending or scene.dialogue.mode is Mode.CLOSING
    if not scene.ending:
        scene.hears(NOTHING[language])
    assert scene.ending is Ending.HANGUP


def test_a_call_is_promised_only_to_who_can_be_rung() -> None:
    unknown = "is the moon in the right place for it?"
    nameless = Scene(begin(DEMO, CallState())).hears(unknown)
    assert "with" in nameless
    assert "will call you back" not in nameless
    assert "call you back" in asked("en", Step.ADDRESS).hears(unknown)


def test_a_goodbye_says_nothing_untrue_of_a_booking_that_stands() -> None:
    scene = asked("en", Step.ADDRESS)
    scene.bookings = (BOOKED,)
    heard = scene.hears("right, bye")
    assert "nothing" not in heard.replace("nothing new", "")


def test_whether_to_call_a_booking_off_is_asked_three_times_and_then_it_stays() -> None:
    scene = asked("en", Step.PHONE)
    scene.bookings = (BOOKED,)
    scene.dialogue = replace(
        scene.dialogue, answers={Step.NAME: "Robin Carter"}, caller="+61412345678"
    )
    scene.hears("I want to cancel my booking")
    for words in BESIDE_THE_POINT["en"]:
        assert scene.dialogue.mode is Mode.CALLING_OFF
        scene.hears(words)
    assert scene.dialogue.mode is Mode.CLOSING
    assert not any(isinstance(request, CallOff) for request in scene.asked)


@pytest.mark.parametrize(
    ("language", "nod"), [("en", "yes, that's it"), ("zh", "对的"), ("es", "sí, eso es")]
)
def test_who_nods_at_what_was_repeated_to_them_is_asked_without_an_apology(
    language: str, nod: str
) -> None:
    scene = asked(language, Step.EMAIL)
    sorry = scene.dialogue.wording.lines["ask.sorry"]
    assert not scene.hears(nod).startswith(sorry)
    assert scene.hears(nod).startswith(sorry), "of one who only nods there is no answer"


@in_each_language()
def test_a_name_that_comes_right_after_its_question_was_left_open_is_read_back(
    language: str,
) -> None:
    scene = asked(language, Step.PHONE, settled=frozenset({Step.NAME}))
    scene.dialogue = replace(scene.dialogue, answers={})
    assert NAMED[language] in scene.hears(NAMED[language])
    assert scene.dialogue.mode is Mode.CONFIRMING
    scene = asked(language, Step.PHONE)
    scene.hears("Dorothy Perkins")
    assert scene.dialogue.answers[Step.NAME] == NAMED[language]  # its question was answered


def test_what_staff_were_told_of_a_booking_is_owed_no_more_when_it_is_moved() -> None:
    scene = asked("en", Step.PHONE, caller="+61412345678")
    scene.dialogue = replace(scene.dialogue, answers={Step.NAME: "Robin Carter"})
    scene.bookings = (BOOKED,)
    for words in ("am I still down for Wednesday?", "please move it to Friday at ten", "yes"):
        scene.hears(words)
    assert scene.dialogue.found
    assert scene.dialogue.found.at == "2026-03-06T10:00"
    assert scene.dialogue.needs is Needs.NOTHING


@in_each_language()
def test_what_was_told_at_the_beginning_and_not_understood_is_written_down(language: str) -> None:
    scene = asked(language, Step.NAME)
    for words in (*BESIDE_THE_POINT[language][::2], NAMED[language]):
        scene.hears(words)
    assert scene.dialogue.answers[Step.NAME] == NAMED[language]
    notes = {note.text for note in scene.change.notes}
    assert notes >= set(BESIDE_THE_POINT[language][::2])


def test_words_of_parting_are_no_place() -> None:
    scene = asked("es", Step.ADDRESS, partial="Calle Feria, Sevilla")
    scene.hears("gracias, adiós")
    assert scene.ending is Ending.HANGUP


@pytest.mark.parametrize(
    ("language", "words", "read_back"),
    [
        (
            "en",
            "Hi, it's Ann Bell, I'd like someone to look at a toilet",
            False,
        ),
        ("en", "Ann Bell. You'll have to speak up, dear.", False),
        ("zh", "周丽华。他还把我家地板划坏了。", False),
        (
            "es",
            "Oiga, soy Amparo Villaseñor. El otro día me dejaron la cocina hecha un asco.",
            False,
        ),
        ("en", "Siobhan, spelled the Irish way", True),
        ("en", "Ann Bell, Bell like the thing that rings", True),
    ],
)
def test_a_name_is_read_back_only_where_the_words_beside_it_may_be_of_it(
    language: str, words: str, read_back: bool
) -> None:
    scene = asked(language, Step.NAME)
    scene.hears(words)
    assert (scene.dialogue.mode is Mode.CONFIRMING) is read_back
