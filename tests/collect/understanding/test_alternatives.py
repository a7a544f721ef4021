from datetime import datetime

import pytest

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Correct, Provide, Situation, read

NOW = datetime(2026, 11, 23, 9)
Attempt = tuple[str, ...]


def heard(
    *attempts: Attempt,
    step: Step = Step.NAME,
    asked: Asked = Asked.ANSWER,
    record: dict[Step, str] | None = None,
) -> str | None:
    """Return the value of the last attempt, which knows those before it."""
    *earlier, last = attempts
    situation = Situation(
        step, NOW, asked=asked, record=record or {}, nbest=last, earlier=tuple(earlier)
    )
    acts = read(last[0], situation).acts
    values = [a.value for a in acts if isinstance(a, Provide | Correct) and a.step is step]
    return values[0] if values else None


def test_a_known_name_that_other_transcripts_agree_on_wins() -> None:
    assert heard(("Otto brant", "Otto Brandon", "Otto brand", "Otto Brandon")) == "Otto Brandon"


def test_each_part_may_come_from_another_transcript() -> None:
    assert heard(("Ottto Wilson", "Peter Wilsohn", "Peter Wilzon")) == "Peter Wilson"


def test_what_only_guesses_take_for_an_answer_counts_where_it_is_known() -> None:
    assert heard(("Max salvage", "Max Savage")) == "Max Savage"
    assert heard(("plumbing please", "Plumbin Quease")) is None
    assert heard(("I want to talk about my bank account", "Noah Smith")) is None


@pytest.mark.parametrize("said", ["no", "yes", "what's that", "hang on", "cancel it please", ""])
def test_a_guess_at_other_words_is_no_value(said: str) -> None:
    assert heard((said, "Noah Smith")) is None


def test_what_was_spelled_decides_between_attempts() -> None:
    spoken = ("Linda Pearson", "Lynda Pearson")
    assert heard(spoken) == "Linda Pearson"
    assert heard(spoken, ("L Y N D A",)) == "Lynda Pearson"
    assert heard(spoken, ("l yn d a pe ar s on",)) == "Lynda Pearson"


def test_letters_that_a_telephone_mixes_up_do_not_change_the_name() -> None:
    assert heard(("Peter Smith",), ("P E T E R F M I T H",)) == "Peter Smith"


def test_a_name_that_was_refused_is_not_proposed_again() -> None:
    record = {Step.NAME: "Tara Long"}
    before = ("Tara Long", "Zara Long", "Sara Long")
    name = heard(before, ("no, it's Tara", "no, it's Zara"), asked=Asked.CONFIRM, record=record)
    assert name != "Tara Long"
    again = heard(before, before, before, record={Step.NAME: "Zara Long"})
    assert again == "Sara Long", "Tara Long was refused before Zara Long"


def test_a_new_name_stands_against_an_earlier_one() -> None:
    assert heard(("Peter Smith",), ("it's Grace Okafor",)) == "Grace Okafor"


def test_another_field_is_not_weighed() -> None:
    said = "my name is Otto Brandt"
    acts = read(said, Situation(Step.PHONE, NOW, nbest=(said, "my name is Peter Smith"))).acts
    assert [act.value for act in acts if isinstance(act, Provide)] == ["Otto Brandt"]


def test_a_spelled_address_outweighs_the_spoken_one() -> None:
    spoken = ("root okafor at gmail dot com", "ruth okafor at gmail dot com")
    spelled = ("r u t h dot o k a f o r at gmail dot com", "r u t s dot o k at gmail dot com")
    assert heard(spoken, spelled, step=Step.EMAIL) == "ruth.okafor@gmail.com"
    assert heard(spelled, spoken, step=Step.EMAIL) == "ruth.okafor@gmail.com"


def test_the_callers_name_tells_which_address_was_meant() -> None:
    said = ("root okafor at gmail dot com", "ruth okafor at gmail dot com")
    record = {Step.NAME: "Ruth Okafor"}
    assert heard(said, step=Step.EMAIL, record=record) == "ruthokafor@gmail.com"


def test_many_long_transcripts_are_weighed_in_bounded_work() -> None:
    noise = tuple(f"{'a b c ' * 600}{n}" for n in range(40))
    assert heard(noise, noise, noise, noise, noise) != ""
