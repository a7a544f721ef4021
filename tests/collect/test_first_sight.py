"""A reasonable answer is taken the first time, in whatever words and with whatever beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.collect.scene import Scene, at
from voicebot.call import Step

SHOWN = "+61491570006"


def asked_for(step: Step) -> Scene:
    scene = at(step)
    scene.dialogue = replace(scene.dialogue, caller=SHOWN)
    return scene


ANSWERS = [
    (Step.NAME, "Jazz. Just Jazz, I don't give my surname out.", "Jazz"),
    (Step.NAME, "Here is speaking Jürgen Großmann.", "Jürgen Großmann"),
    (Step.NAME, "I am called Olena Kovalenko.", "Olena Kovalenko"),
    (Step.NAME, "Please write Svetlana Baranova.", "Svetlana Baranova"),
    (Step.PHONE, "You can ring me on this very device.", SHOWN),
    (Step.PHONE, "You can get me on this, it's always in my pocket.", SHOWN),
    (Step.PHONE, "I'm happy with the one that's come up on your screen.", SHOWN),
    (Step.PHONE, "Well you're talking to me on it, mate.", SHOWN),
    (Step.PHONE, "This'll do.", SHOWN),
    (
        Step.PHONE,
        "Best is my mobile, which is oh four eight one, two double seven, 963",
        "+61481277963",
    ),
    (Step.ADDRESS, "Is in Newtown, Rose Street number 18.", "18 Rose Street, Newtown"),
    (Step.ADDRESS, "It is Windsor, the street is Bay Road, number 8.", "8 Bay Road, Windsor"),
    (Step.ADDRESS, "It's the yellow house, 8 Bay Road, Windsor", "8 Bay Road, Windsor"),
    (Step.ADDRESS, "It's number 2A in Hope Lane, Newtown.", "2A Hope Lane, Newtown"),
    (Step.ADDRESS, "I've just moved, let me think. 8 Bay Road, Windsor.", "8 Bay Road, Windsor"),
    (Step.EMAIL, "igor at mail dot com", "igor@mail.com"),
    (Step.EMAIL, "p dot vance, V for Victor, at icloud dot com", "p.vance@icloud.com"),
    (Step.EMAIL, "No dear, I've only got the kettle.", None),
    (Step.EMAIL, "No, my husband did all that, God rest him.", None),
    (Step.EMAIL, "Not for me, thank you.", None),
]


@pytest.mark.parametrize(("step", "said", "value"), ANSWERS)
def test_an_answer_is_taken_the_first_time(step: Step, said: str, value: str | None) -> None:
    scene = asked_for(step)
    scene.hears(said)
    assert scene.dialogue.answers.get(step) == value
    assert scene.dialogue.next_open()[0] is not step or scene.dialogue.mode.value == "confirming"


@pytest.mark.parametrize("said", ["It's broken.", "I'll get it.", "Which number?", "Is this it?"])
def test_what_only_looks_like_an_answer_is_none(said: str) -> None:
    for step in (Step.NAME, Step.PHONE):
        scene = asked_for(step)
        scene.hears(said)
        assert step not in scene.dialogue.answers


@pytest.mark.parametrize(
    "code", ["Sydney", "Area code? Sydney, dear.", "the Sydney one, oh two.", "oh two, I think?"]
)
def test_an_area_code_is_told_by_its_place_as_well(code: str) -> None:
    scene = at(Step.PHONE)
    scene.hears("nine six, two two, four one, double eight")
    scene.hears(code)
    assert scene.dialogue.answers[Step.PHONE] == "+61296224188"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Hey, I need the lawn done. It's Jazz.", "Jazz Gardening"),
        (
            "Electrician, Gavin Stott, gavin at stott dot com.",
            "Gavin Stott gavin@stott.com Electrical",
        ),
        ("Gavin Stott, cleaning, gavin at stott dot com.", "Gavin Stott gavin@stott.com Cleaning"),
        ("It's Kath Ellis, same number.", f"Kath Ellis {SHOWN}"),
        ("My smoke alarm needs a look, it's beeping, Patrick O'Dea.", "Patrick O'Dea Electrical"),
    ],
)
def test_several_answers_in_one_breath_are_all_taken(said: str, told: str) -> None:
    scene = asked_for(Step.NAME)
    scene.hears(said)
    held = scene.dialogue.answers
    assert " ".join(held[step] for step in Step if step in held) == told


@pytest.mark.parametrize("said", ["Yes. She'd like one.", "Yes. God.", "Yes, 100 at the end."])
def test_a_yes_with_a_word_beside_it_is_a_yes(said: str) -> None:
    scene = at(Step.PHONE)
    scene.hears("0412 999 100")
    scene.hears(said)
    assert Step.PHONE in scene.dialogue.confirmed
