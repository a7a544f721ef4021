"""How keys become one answer: pure, without a clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from voicebot.call import Step
from voicebot.stream.keys import KEY_WAIT_S, MOST_KEYS, YES_NO_WAIT_S, Keys, Question

AT = datetime(2026, 3, 2, tzinfo=UTC)
READ_BACK: Question = (Step.PHONE, True)
NEXT: Question = (Step.EMAIL, True)


def keyed(digits: str, asked: Question | None = READ_BACK) -> Keys:
    keys = Keys("", AT, None)
    for digit in digits:
        keys = keys.and_then(digit, asked)
    return keys


@pytest.mark.parametrize(
    ("digits", "confirming", "wait_s"),
    [
        ("1", True, YES_NO_WAIT_S),
        ("2", True, YES_NO_WAIT_S),
        ("0", True, KEY_WAIT_S),
        ("13", True, KEY_WAIT_S),
        ("1", False, KEY_WAIT_S),
        ("0411", False, KEY_WAIT_S),
    ],
)
def test_only_a_lone_yes_or_no_is_whole_sooner(
    digits: str, confirming: bool, wait_s: float
) -> None:
    assert keyed(digits).wait_s(confirming=confirming) == wait_s


def test_a_lone_key_answers_what_was_asked_when_it_was_pressed() -> None:
    assert keyed("1").answer(READ_BACK)
    assert not keyed("1").answer(NEXT)
    assert keyed("1", None).answer(NEXT)


def test_a_number_counts_whatever_is_asked_by_now() -> None:
    assert keyed("0411222333").answer(NEXT)


def test_a_stuck_key_does_not_make_a_longer_number() -> None:
    assert keyed("5" * 300).digits == "5" * MOST_KEYS
