import pytest

from voicebot.collect.understanding.questions import clause_around, is_question, is_request


@pytest.mark.parametrize(
    "said", ["how much is it", "and what are your prices", "is it far", "you close when?"]
)
def test_questions_are_known_by_their_words_or_mark(said: str) -> None:
    assert is_question(said)


@pytest.mark.parametrize("said", ["is", "I wonder", "tomorrow is fine", "my name is Otto"])
def test_statements_are_no_questions(said: str) -> None:
    assert not is_question(said)


@pytest.mark.parametrize(
    "said", ["can I come in at three", "could you book me in", "so, may we have a visit then?"]
)
def test_requests_are_wishes_in_the_form_of_questions(said: str) -> None:
    assert is_request(said)


@pytest.mark.parametrize(
    "said", ["can you tell me your hours", "are you open then", "what can I get", "can I"]
)
def test_other_questions_are_no_requests(said: str) -> None:
    assert not is_request(said)


@pytest.mark.parametrize(
    ("said", "value", "clause"),
    [
        ("Is it far? Tuesday at two. Thanks", "two", " Tuesday at two."),
        ("Tuesday at two, do you have parking?", "two", "Tuesday at two"),
        ("It's urgent, are you open Tuesday at two?", "two", " are you open Tuesday at two?"),
        ("Tuesday, please, at two", "two", "Tuesday, please, at two"),
    ],
)
def test_a_value_stands_in_its_own_clause(said: str, value: str, clause: str) -> None:
    at = said.index(value)
    assert clause_around(said, (at, at + len(value))) == clause
