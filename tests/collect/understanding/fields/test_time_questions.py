"""Questions with a day or an hour in them: some propose a time, most ask for something else."""

from __future__ import annotations

import pytest

from tests.collect.understanding.fields.test_time import heard


@pytest.mark.parametrize(
    "utterance",
    [
        "when are you open on Saturday",
        "what will the weather be like on Sunday",
        "what day is it today",
        "are you open at 3 on Saturday",
        "do you work on Saturdays?",
        "are you there on Sundays",
        "will it be cold on Friday night",
        "am I down for Friday at two",
        "do I have anything on Friday at two",
        "what's my week like on Friday the 12th",
        "who comes to the fair tomorrow at ten am",
        "what can you tell me about the fair on Friday",
        "what will the date be in nine days",
        "tell me the date tomorrow",
        "could you share the date today",
    ],
)
def test_what_only_asks_is_no_time(utterance: str) -> None:
    assert heard(utterance) is None


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("is there anything on Friday at two pm?", "2027-03-05T14:00"),
        ("do you have Friday at two pm?", "2027-03-05T14:00"),
        ("will Friday at two pm work?", "2027-03-05T14:00"),
        ("what about Friday at two pm?", "2027-03-05T14:00"),
        ("is Friday at two pm okay?", "2027-03-05T14:00"),
        ("can you tell me if the 5th at two pm is free?", "2027-03-05T14:00"),
        ("not this Friday, the Friday after", "2027-03-12"),
    ],
)
def test_a_question_may_propose_a_time(utterance: str, value: str) -> None:
    assert heard(utterance) == value
