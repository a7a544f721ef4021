"""What staff see of a conversation's state, from conversations as they are saved."""

from __future__ import annotations

from tests.collect.conversation import (
    NO,
    NONSENSE,
    PLAIN_CALL,
    answer,
    fresh,
    run,
    tells,
)
from voicebot.call import Step
from voicebot.collect.dialogue import Dialogue
from voicebot.collect.events import Event, Silent, Started
from voicebot.collect.resuming import Standing, standing


def after(*events: Event) -> tuple[Dialogue, Standing]:
    dialogue, _ = run(fresh(), *events)
    stands = standing(dialogue.step, dialogue.to_json(), dialogue.answers, dialogue.confirmed)
    return dialogue, stands


def test_a_question_that_is_put_again_and_again_is_counted() -> None:
    assert after(Started())[1].put == 1
    assert after(Started(), NONSENSE, NONSENSE)[1].put == 3
    assert after(Started(), Silent(), Silent())[1].put == 3
    assert after(Started(), NONSENSE, NONSENSE, answer(Step.NAME))[1].put == 1


def test_an_answer_is_unsure_until_it_has_the_yes_that_it_wants() -> None:
    assert after(*PLAIN_CALL[:3])[1].unsure == (Step.PHONE,)
    assert after(*PLAIN_CALL[:4])[1].unsure == ()
    assert after(*PLAIN_CALL[:3], NO)[1].unsure == (Step.PHONE,)
    early = after(Started(), tells(name="Robin Carter", email="test@example.com"))[1]
    assert early.unsure == (Step.EMAIL,)


def test_what_is_taken_in_passing_wants_no_yes() -> None:
    assert after(Started(), answer(Step.NAME))[1].unsure == ()
    assert after(*PLAIN_CALL)[1] == Standing()


def test_what_another_program_wrote_stands_nowhere() -> None:
    for text in (None, "", "[]", "no json", '{"put": "many", "settled": null}'):
        assert standing(Step.NAME, text, (), ()) == Standing()
