"""Scenes of questions, services, wishes and talk: what is answered, noted and stored."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.collect.conversation import VALUES
from tests.collect.scene import DEMO, OTHER, Scene, at, last_read_back
from voicebot.business import Business, BusinessAnswer, load_business
from voicebot.call import FIELDS, Answer, CallState, Needs, Service, Status, Step, Wish
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.events import Ending
from voicebot.collect.resuming import begin
from voicebot.ledger import Booking

_HERE = Path(__file__).parent
_SEVILLA = _HERE.parent.parent / "benchmarks/callers/business/sevilla.toml"
_TOLD: dict[str, tuple[Business, dict[Step, str]]] = {
    "en": (DEMO, VALUES),
    "zh": (
        load_business(_HERE.parent.parent / "voicebot/business/examples/zh-home.toml"),
        {
            Step.NAME: "周丽华",
            Step.PHONE: "+8613812345678",
            Step.ADDRESS: "徐汇区漕溪北路88号",
            Step.EMAIL: "test@example.com",
            Step.SERVICE: "水管维修",
        },
    ),
    "es": (
        load_business(_SEVILLA),
        {
            Step.NAME: "Amparo Villaseñor",
            Step.PHONE: "+34955000111",
            Step.ADDRESS: "Calle Feria 40, Sevilla",
            Step.EMAIL: "test@example.com",
            Step.SERVICE: "Fontanería",
        },
    ),
}


@dataclass(frozen=True)
class Talk:
    """A row of talk.toml; its head tells the keys."""

    language: str
    at: str
    hears: list[str]
    own: str = ""
    says: str = ""
    never: str = ""
    holds: dict[str, str] | None = None
    early: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    no_note: str = ""
    needs: str | None = None
    ends: str = "no"
    purpose: str = ""

    def __str__(self) -> str:
        return f"{self.at}: {self.hears[0]}"

    def begun(self) -> Scene:
        """Return the call as it is before the first of its turns."""
        business, told = _TOLD[self.language]
        held = begin(business, CallState(caller=told[Step.PHONE] if self.own else None))
        if self.at == "closing":
            return Scene(replace(held, mode=Mode.CLOSING, step=Step.PHONE, put=1))
        step = Step(self.at.removesuffix("?"))
        known = {s: told[s] for s in FIELDS[: FIELDS.index(step)]}
        confirmed = frozenset({Step.PHONE, Step.EMAIL} & set(known))
        held = replace(held, answers=known, confirmed=confirmed, step=step, put=1)
        if self.at == "time?":
            held = replace(held, mode=Mode.CONFIRMING, pending="2026-03-04T14:00")
        scene = Scene(held)
        if self.own:
            at = datetime(2026, 3, 4, 14, 0, tzinfo=business.zone)
            offer = business.services[0]
            answers: dict[Step, Answer] = {
                Step.NAME: self.own,
                Step.SERVICE: Service(offer.id, offer.name),
                Step.TIME: at,
            }
            scene.bookings = (Booking(OTHER, CallState(answers=answers, booked=True)),)
        return scene


def _talks() -> list[Talk]:
    rows: dict[str, list[dict[str, Any]]] = tomllib.loads((_HERE / "talk.toml").read_text("utf-8"))
    return [Talk(language, **row) for language, each in rows.items() for row in each]


def faults(talk: Talk) -> list[str]:
    """Play a talk; return what is not as it should be."""
    scene, notes, said = talk.begun(), [], []
    needs: Needs | None = None
    for words in talk.hears:
        said.append(scene.hears(words))
        notes += [note for note in scene.notes if note not in notes]
        needs = scene.change.needs if scene.change.needs is not None else needs
        if scene.ending:
            break
    held = scene.dialogue
    found = []
    if talk.says and not re.search(talk.says, said[-1], re.IGNORECASE):
        found.append("not said")
    if talk.never and re.search(talk.never, " ".join(said)):
        found.append("said what it must not")
    for step, value in (talk.holds or {}).items():
        if held.answers.get(Step(step), "") != value:
            found.append(f"holds {held.answers.get(Step(step))!r}")
    found += [
        f"no note {each}" for each in talk.notes if not any(re.search(each, n) for n in notes)
    ]
    found += [f"{each} is not read back" for each in talk.early if Step(each) not in held.early]
    if talk.no_note and any(re.search(talk.no_note, n) for n in notes):
        found.append("a note too many")
    if talk.needs is not None and (needs or "") != talk.needs:
        found.append(f"needs {needs}")
    booked = scene.change.booked
    ending = "booked" if booked else str(scene.ending or "no")
    if ending != talk.ends:
        found.append(f"ends {ending}")
    if talk.purpose and held.purpose != talk.purpose:
        found.append(f"purpose {held.purpose}")
    if found:
        values = {s.value: v for s, v in held.answers.items()}
        found += [f"said {said}", f"notes {notes}", f"answers {values}"]
    return found


@pytest.mark.parametrize("talk", _talks(), ids=str)
def test_talk_beside_an_answer_is_dealt_with(talk: Talk) -> None:
    assert not faults(talk)


def test_how_often_is_noted_also_where_it_is_asked_for() -> None:
    scene = at(Step.SERVICE)
    scene.hears("could somebody mow my lawn every month?")
    assert scene.dialogue.answers[Step.SERVICE] == "Gardening"
    assert any("every month" in note for note in scene.notes)


def test_a_booking_that_is_called_off_where_it_is_told_of_is_called_off() -> None:
    scene = at(Step.NAME)
    scene.hears("we booked a cleaner for Saturday but we have to call it off")
    assert scene.change.wish is Wish.CANCEL


def test_a_complaint_is_written_down_and_a_call_back_promised() -> None:
    scene = at(Step.NAME)
    scene.hears("I want to make a complaint about the plumber")
    assert (scene.change.wish, scene.change.needs) == (Wish.COMPLAINT, Needs.PERSON)
    assert "complaint about the plumber" in scene.notes[0]
    assert scene.ending is None


def test_a_question_is_answered_in_the_same_turn_and_the_question_put_again() -> None:
    own = (BusinessAnswer(ask=("are you insured",), say="Yes, all of us are."),)
    scene = at(Step.EMAIL, DEMO.model_copy(update={"answers": own}))
    words = scene.hears("are you insured?")
    assert words.startswith("Yes, all of us are.")
    assert words.endswith("?")


def test_what_the_bot_cannot_know_is_noted_and_a_call_back_promised() -> None:
    scene = last_read_back()
    scene.hears("Okay. Will it be the same fella as last time?")
    assert "same fella" in scene.notes[0]
    assert scene.change.needs is Needs.FOLLOW_UP
    assert scene.dialogue.mode is Mode.CONFIRMING


def test_the_price_of_the_service_in_question_is_told() -> None:
    assert "80 dollars an hour" in at(Step.NAME).hears("how much do you charge for gardening?")


def test_it_says_that_it_is_no_person() -> None:
    assert "automated assistant" in at(Step.PHONE).hears("are you a robot?")


@pytest.mark.parametrize(
    "words", ["yes, the gate code is 4521", "yes, and ring me before you come"]
)
def test_a_note_beside_a_yes_is_kept_and_the_yes_asked_for_once_more(words: str) -> None:
    scene = last_read_back()
    assert "written" in scene.hears(words)
    assert scene.notes
    assert scene.dialogue.mode is Mode.CONFIRMING
    scene.hears("yes")
    assert scene.change.status is Status.BOOKED


@pytest.mark.parametrize(
    "words",
    [
        "wrong number, sorry",
        "I'll call back later",
        "bye",
        "Right. I'll think about it, thanks very much.",
        "I said I'll think about it. Bye for now.",
        "OK, we need to sleep on it.",
        "I'm just shopping around, thanks",
        "I'll leave it for now",
    ],
)
def test_who_does_not_want_to_go_on_is_let_go(words: str) -> None:
    scene = at(Step.PHONE)
    scene.hears(words)
    assert scene.ending is Ending.HANGUP


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step.PHONE, "I won't give you that"),
        (Step.ADDRESS, "what nonsense"),
        (Step.TIME, "whenever"),
        (Step.TIME, "I don't know"),
    ],
)
def test_no_refusal_and_no_third_misunderstanding_hangs_up(step: Step, words: str) -> None:
    scene = at(step)
    for _ in range(3):
        scene.hears(words)
        assert scene.ending is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Hello, um, before I say anything, is this being recorded?", "record"),
        ("Before I tell you anything, are you insured?", "fully insured"),
        ("First of all, are you a robot?", "automated"),
    ],
)
def test_who_only_asks_first_is_answered_and_asked_for_the_name(words: str, told: str) -> None:
    scene = Scene(begin(DEMO, CallState()))
    spoken = scene.hears(words)
    assert told in spoken
    assert "name" in spoken
    assert scene.dialogue.step is Step.NAME
    assert scene.change.notes == ()


@pytest.mark.parametrize("words", ["Let me think about it", "I'll think", "let me think"])
def test_who_thinks_aloud_is_waited_for(words: str) -> None:
    scene = at(Step.TIME)
    scene.hears(words)
    assert scene.ending is None


@pytest.mark.parametrize(
    "words",
    [
        "我要投诉，上礼拜你们师傅修的空调，才两天又不制冷了！",
        "你们修的空调又坏了，我很不满意",
        "你们师傅修完才三天又漏水了",
    ],
)
def test_a_complaint_in_the_first_breath_is_written_down_in_chinese(words: str) -> None:
    scene = Scene(begin(_TOLD["zh"][0], CallState()))
    scene.hears(words)
    assert scene.dialogue.purpose is Purpose.COMPLAIN
    assert scene.notes == [words]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", "行，预约吧，换个师傅来。"),
        ("zh", "可以，不要上次那个师傅"),
        ("en", "yes, but not the same bloke please"),
        ("en", "Yes, and send a different plumber."),
    ],
)
def test_another_worker_beside_a_yes_is_noted_and_the_time_stays(language: str, words: str) -> None:
    scene = last_read_back(_TOLD[language][0])
    scene.hears(words)
    assert scene.dialogue.pending or scene.dialogue.mode is Mode.ENDED
    assert any(note in words for note in scene.notes)


def test_hello_is_answered_at_once() -> None:
    words = at(Step.ADDRESS).hears("hello?")
    assert "here" in words or "hear you" in words


def test_what_was_told_early_is_read_back_before_anything_is_booked() -> None:
    scene = at(Step.NAME)
    words = scene.hears("It's Imogen Cray, I need a plumber at 12 Rose Avenue, Newtown")
    assert "best number" in words or "Is that" in words or "is that" in words
    assert Step.SERVICE in scene.dialogue.early
    assert Step.ADDRESS in scene.dialogue.early


def test_a_complaint_beside_the_wish_for_a_person_is_written_down() -> None:
    scene = at(Step.NAME)
    scene.hears("I want to speak to your manager, your cleaner broke my vase")
    assert (scene.change.wish, scene.change.needs) == (Wish.COMPLAINT, Needs.PERSON)
    assert any("vase" in note for note in scene.notes)
    assert Step.SERVICE not in scene.dialogue.answers


def test_a_question_that_nobody_can_answer_is_noted_once() -> None:
    scene = at(Step.PHONE)
    scene.hears("who won the football last night?")
    first = scene.notes
    scene.hears("who won the football last night?")
    assert scene.notes == first


def test_a_remark_that_is_dropped_ends_no_call() -> None:
    scene = last_read_back()
    scene.hears("Yes. Oh and I wonder if, no, never mind.")
    assert scene.ending is None


def test_a_wrong_number_leaves_nothing_to_do_for_anybody() -> None:
    scene = Scene(begin(DEMO, CallState()))
    scene.hears("who won the football last night?")
    scene.hears("sorry, wrong number")
    assert scene.change.needs is Needs.NOTHING
    assert scene.ending is Ending.HANGUP


@pytest.mark.parametrize(
    ("words", "answered"),
    [
        ("hang on, I gave you the wrong number, it's 0418 225 970", "That's 0418 225 970"),
        ("oh, I think you've put the wrong number. 0418 225 970", "That's 0418 225 970"),
        ("I gave you the wrong number before, I think", "the best number"),
    ],
)
def test_who_gave_a_wrong_number_has_not_rung_one(words: str, answered: str) -> None:
    scene = at(Step.EMAIL)
    assert answered in scene.hears(words)
    assert scene.ending is None
    assert scene.dialogue.step is Step.PHONE


def test_a_second_service_beside_a_yes_is_a_note() -> None:
    scene = at(Step.TIME, mode=Mode.CONFIRMING, pending="2026-03-04T14:00", put=1)
    scene.hears("yes, and the gardener as well")
    assert scene.dialogue.answers[Step.SERVICE] == VALUES[Step.SERVICE]
    assert scene.notes


def test_who_wants_no_booking_but_asks_after_one_is_not_sent_away() -> None:
    scene = at(Step.PHONE)
    scene.hears("I don't want to book! Can you just look up the Chen booking?")
    assert scene.ending is None
    assert scene.dialogue.purpose is Purpose.ASK_AFTER


@pytest.mark.parametrize("dealt", [(Purpose.CANCEL,), ()])
def test_a_goodbye_to_what_is_called_off_owes_nobody_a_call(dealt: tuple[Purpose, ...]) -> None:
    scene = at(Step.TIME, dealt=dealt)
    scene.hears("okay, so that's cancelled, bye")
    assert scene.ending is Ending.HANGUP
    assert scene.change.needs is None


def test_a_call_back_asked_for_in_a_goodbye_is_written_down() -> None:
    scene = at(Step.EMAIL)
    scene.hears("no, just have someone ring me, bye")
    assert scene.change.needs is Needs.FOLLOW_UP
    assert scene.ending is Ending.HANGUP


@pytest.mark.parametrize(
    ("words", "said", "noted"),
    [
        ("Hang on dear, how do I pay the boy?", "card", ""),
        ("Oh, and tell him to bring his own ladder", "noted|written", "ladder"),
        ("Wait, cancel it please", "call you|ring you", "cancel"),
        ("Actually, can we make it Friday instead?", "call you|ring you", "Friday"),
        ("Thanks, bye", "all done", ""),
    ],
)
def test_what_is_said_over_the_goodbye_of_a_booking_is_dealt_with(
    words: str, said: str, noted: str
) -> None:
    scene = last_read_back()
    scene.hears("yes, book it")
    assert scene.dialogue.mode is Mode.ENDED
    before, answered = len(scene.notes), scene.hears(words)
    assert re.search(said, answered)
    assert "oodbye" in answered or "Bye" in answered
    assert scene.ending is Ending.HANGUP
    assert (noted in scene.notes[-1]) if noted else len(scene.notes) == before


@pytest.mark.parametrize(
    "words", ["Yes, but don't ring before five", "Yes. What for?", "Yes, only after six"]
)
def test_an_hour_beside_a_yes_mends_no_number(words: str) -> None:
    scene = at(Step.PHONE, mode=Mode.CONFIRMING)
    scene.hears(words)
    assert Step.PHONE in scene.dialogue.confirmed
