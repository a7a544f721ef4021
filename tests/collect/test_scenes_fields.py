"""Scenes of names, numbers, addresses and e-mails, and of what callers say beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.collect.conversation import VALUES
from tests.collect.scene import Scene, at, last_read_back
from voicebot.business import load_business
from voicebot.call import CallState, Step
from voicebot.collect.dialogue import Mode
from voicebot.collect.resuming import begin
from voicebot.collect.times import exact


def test_the_number_that_calls_is_read_back_by_its_end() -> None:
    scene = at(Step.PHONE, caller="+61412345678")
    assert "6 7 8" in scene.hears("the number I'm calling from")
    scene.hears("yes")
    assert scene.change.confirmed == {Step.PHONE}


@pytest.mark.parametrize(
    "words",
    [
        "I don't have an email",
        "I don't do email",
        "no email",
        "Nothing in the way of an e-mail.",
        "No thanks, I get enough spam.",
        "Post only, please.",
        "I hate e-mail.",
    ],
)
def test_who_has_no_e_mail_is_asked_once(words: str) -> None:
    scene = at(Step.EMAIL)
    scene.hears(words)
    assert scene.dialogue.step is Step.SERVICE
    assert scene.notes == ["No e-mail address"]


def test_a_number_without_its_area_code_is_noted_where_the_caller_knows_none() -> None:
    scene = at(Step.PHONE)
    scene.hears("nine six two two, four one double eight")
    scene.hears("I dunno, what's the area code here?")
    assert scene.dialogue.step is Step.ADDRESS
    assert "96224188" in scene.notes


def test_what_is_told_of_an_address_that_is_refused_is_written_down() -> None:
    scene = at(Step.ADDRESS)
    scene.hears("It's in Newtown, I'll tell the cleaner when he rings.")
    assert Step.ADDRESS in scene.dialogue.settled
    assert any("Newtown" in note for note in scene.notes)


def test_a_word_spelled_at_the_read_back_of_an_e_mail_is_of_the_e_mail() -> None:
    scene = at(Step.EMAIL)
    scene.hears("mlopez at outlook dot com")
    name = scene.dialogue.answers[Step.NAME]
    scene.hears("No, it's Mary, Mary Lopes.")
    assert scene.dialogue.answers[Step.NAME] == name
    scene.hears("mlopez at outlook dot com")
    scene.hears("It's Lopes, L O P E S.")
    assert scene.dialogue.answers[Step.EMAIL] == "mlopes@outlook.com"
    assert scene.dialogue.answers[Step.NAME] == name


def test_the_figures_of_an_e_mail_that_are_told_again_mend_no_address() -> None:
    scene = at(Step.ADDRESS)
    scene.hears("It's in the blue house at 14 Elm Street, Ryde")
    scene.hears("kim twelve at example dot net. Kim is K I M, then the number twelve.")
    assert scene.dialogue.answers[Step.EMAIL] == "kim12@example.net"
    assert scene.dialogue.answers[Step.ADDRESS] == "14 Elm Street, Ryde"


def test_a_mended_field_is_said_aloud_and_the_question_put_again() -> None:
    scene = last_read_back()
    words = scene.hears("yes but the name is Anita Patel")
    assert "Anita Patel" in words
    assert scene.change.answers == {Step.NAME: "Anita Patel"}
    assert scene.dialogue.mode is Mode.CONFIRMING


def test_words_of_an_address_change_no_other_field() -> None:
    scene = at(Step.ADDRESS)
    scene.hears("Newtown! I said Newtown. 16B Gladstone Road, Newtown.")
    assert scene.dialogue.answers[Step.NAME] == VALUES[Step.NAME]
    scene = at(Step.ADDRESS)
    scene.hears("8 Orchard Road, Beecroft, the house with the camellias")
    assert Step.SERVICE not in scene.dialogue.answers


def test_a_no_beside_another_field_declines_no_e_mail() -> None:
    scene = at(Step.EMAIL)
    scene.hears(f"No, it's {VALUES[Step.ADDRESS]}")
    assert Step.EMAIL not in scene.dialogue.settled


def test_a_number_that_is_said_and_is_the_one_that_calls_needs_no_yes() -> None:
    scene = at(Step.PHONE, caller="+61412345678")
    scene.hears("0412 345 678")
    assert scene.dialogue.step is Step.ADDRESS
    assert Step.PHONE in scene.change.confirmed
    scene = at(Step.PHONE, caller="+61412345678")
    scene.hears("0412 345 679")
    assert scene.dialogue.mode is Mode.CONFIRMING


def test_a_name_behind_an_objection_that_names_it_is_the_new_one() -> None:
    scene = at(Step.EMAIL)
    scene.hears("I gave you the wrong name, it's Marjorie Quist")
    assert scene.dialogue.answers[Step.NAME] == "Marjorie Quist"
    assert scene.dialogue.step is Step.EMAIL


@pytest.mark.parametrize(
    "words", ["never mind the email", "Never mind the email. Can someone ring me today?"]
)
def test_who_wants_no_e_mail_asked_is_not_sent_away(words: str) -> None:
    scene = at(Step.EMAIL)
    scene.hears(words)
    assert scene.ending is None
    assert Step.EMAIL in scene.dialogue.settled


def test_a_door_bell_beside_a_yes_is_no_part_of_the_address() -> None:
    scene = at(Step.ADDRESS, mode=Mode.CONFIRMING)
    scene.dialogue = replace(
        scene.dialogue,
        answers={**scene.dialogue.answers, Step.ADDRESS: VALUES[Step.ADDRESS]},
        early=frozenset({Step.ADDRESS}),
    )
    scene.hears("Yes but ring the side bell, the front one's broken")
    assert scene.dialogue.answers[Step.ADDRESS] == VALUES[Step.ADDRESS]


def test_an_address_is_kept_without_the_talk_and_the_talk_is_written_down() -> None:
    scene = at(Step.ADDRESS)
    words = "5 Rowe Street, the flats, Eastwood, there's no lift"
    scene.hears(words)
    assert scene.dialogue.answers[Step.ADDRESS] == "5 Rowe Street, Eastwood"
    assert scene.notes == [words]
    scene = at(Step.ADDRESS)
    scene.hears("Number 5 Rowe Street. No, silly me, we're at number nine")
    assert scene.dialogue.answers[Step.ADDRESS] == "9 Rowe Street"


def test_a_suburb_that_is_wondered_about_and_named_asks_nothing() -> None:
    scene = at(Step.ADDRESS)
    scene.hears("Lot 14 Rowe Street")
    scene.hears("Is it Rose Hill? or Green Bay, they can't decide. Rose Hill")
    assert scene.dialogue.answers[Step.ADDRESS] == "Lot 14 Rowe Street, Rose Hill"
    assert not scene.dialogue.promised


def test_a_house_number_is_put_right_while_the_e_mail_is_asked_for() -> None:
    scene = at(Step.ADDRESS)
    scene.hears("90 Rowe Street, Eastwood")
    assert "19 Rowe Street, Eastwood" in scene.hears("no no, nineteen, one nine")
    assert scene.dialogue.step is Step.EMAIL


def test_somebody_elses_name_beside_a_number_is_not_the_callers() -> None:
    scene = at(Step.PHONE)
    scene.hears("The tenant's name is Victor Stone, 0491 570 156")
    assert scene.dialogue.answers[Step.NAME] == VALUES[Step.NAME]
    assert scene.dialogue.answers[Step.PHONE] == "+61491570156"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("yes but the address is number 14, not 12", "14 Rose Avenue"),
        ("yes, but the house number is 14 not 12", "14 Rose Avenue"),
    ],
)
def test_a_part_of_a_field_that_is_named_is_mended_at_the_last_read_back(
    words: str, value: str
) -> None:
    scene = last_read_back()
    scene.dialogue = replace(
        scene.dialogue, answers={**scene.dialogue.answers, Step.ADDRESS: "12 Rose Avenue, Newtown"}
    )
    assert value in scene.hears(words)
    assert scene.change.answers == {Step.ADDRESS: f"{value}, Newtown"}
    assert scene.dialogue.mode is Mode.CONFIRMING


def test_a_time_beside_an_address_with_figures_is_kept() -> None:
    scene = at(Step.NAME)
    scene.hears("a cleaner for Friday at one o'clock, Mei Foster, 3/18 Rose Street, Newtown")
    assert scene.dialogue.window
    assert exact(scene.dialogue.window) == "2026-03-06T13:00"


def test_who_would_rather_be_texted_is_asked_for_no_e_mail() -> None:
    scene = at(Step.EMAIL)
    scene.hears("can you just text me instead?")
    assert scene.dialogue.step is Step.SERVICE


def test_the_number_of_who_opens_the_door_is_noted_and_is_not_the_callers() -> None:
    scene = at(Step.SERVICE)
    words = "And Bill the caretaker lets you in, his number's 0412 556 331"
    scene.hears(words)
    assert scene.notes == [words]
    assert scene.dialogue.answers[Step.PHONE] == VALUES[Step.PHONE]


def test_a_house_number_is_mended_at_the_read_back_of_the_e_mail() -> None:
    scene = at(Step.EMAIL)
    scene.hears("bart at quigley dot com")
    number = VALUES[Step.ADDRESS].split()[0]
    assert "303" in scene.hears(f"Yes. Oh, it's number 303, not {number}")
    assert scene.dialogue.answers[Step.ADDRESS] == VALUES[Step.ADDRESS].replace(number, "303", 1)


@pytest.mark.parametrize("words", ["I'll give up. Leave it out", "No, no e-mail at all"])
def test_an_e_mail_taken_back_at_its_read_back_is_kept_no_more(words: str) -> None:
    scene = at(Step.EMAIL)
    scene.hears("x dot y at tutty dot com")
    scene.hears(words)
    assert Step.EMAIL not in scene.dialogue.answers
    assert scene.change.answers == {Step.EMAIL: ""}
    assert scene.dialogue.step is Step.SERVICE
    assert scene.notes == ["No e-mail address"]


def test_an_e_mail_taken_back_later_leaves_the_booking_as_it_is() -> None:
    scene = last_read_back()
    words = scene.hears("wait, leave my e-mail out of it")
    assert scene.change.answers == {Step.EMAIL: ""}
    assert scene.dialogue.mode is Mode.CONFIRMING
    assert scene.dialogue.step is Step.TIME
    assert "2 pm" in words


def test_a_shop_at_a_corner_stays_when_the_corner_is_said_once_more() -> None:
    scene = at(Step.PHONE)
    scene.hears("0412 345 679")
    scene.hears("It's Shop 3B, corner of Pitt Lane and Station Road, Burwood, behind the bakery")
    scene.hears("Burwood. Corner of Pitt Lane and Station Road, Burwood")
    value = "Shop 3B, Corner of Pitt Lane and Station Road, Burwood"
    assert scene.dialogue.answers[Step.ADDRESS] == value
    assert "bakery" in " ".join(scene.notes)


def test_an_address_beside_an_answer_is_read_back_once() -> None:
    scene = at(Step.SERVICE)
    words = scene.hears("Cleaner, hotel room, no, my flat. Wait. It's 7 Argyle Place, Glebe")
    assert words.count("7 Argyle Place, Glebe") == 1
    assert scene.dialogue.mode is Mode.CONFIRMING


@pytest.mark.parametrize(
    ("said", "agrees"),
    [
        ("Yes. And I want to make a complaint.", True),
        ("Yes, but it's 0412 345 679.", False),
        ("Yes. No, hang on, that's wrong.", False),
    ],
)
def test_a_wish_beside_the_yes_to_a_number_leaves_the_yes(said: str, agrees: bool) -> None:
    scene = at(Step.PHONE, caller="+61412345678")
    scene.hears("I want to make a complaint. Use the number I'm calling from")
    scene.hears(said)
    assert (Step.PHONE in scene.change.confirmed) is agrees


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("我姓王", "王小明"), "王小明"),
        (("免贵姓欧阳", "静怡"), "欧阳静怡"),
        (("我姓王，水管漏了", "叫我王先生就行"), "王"),
        (("我姓王，王小明",), "王小明"),
    ],
)
def test_a_chinese_family_name_alone_is_asked_for_whole_once_and_never_said_bare(
    words: tuple[str, ...], name: str
) -> None:
    scene = Scene(begin(load_business(Path("zh-home")), CallState()))
    said = [scene.hears(each) for each in words]
    assert scene.dialogue.answers[Step.NAME] == name
    assert all("王，" not in each and "王。" not in each for each in said)
    assert ("全名" in said[0]) is (len(words) > 1)
    assert "全名" not in said[-1] or len(words) == 1
