"""Digits out of number words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.collect.understanding.spoken_forms import two_digits, with_repeats
from voicebot.collect.understanding import utterance
from voicebot.collect.understanding.numbers import Group

ONE = Group(("1",), 0, 1)


def digits_of(text: str) -> str:
    """Return the digits of a text that is nothing but digits."""
    said, at, digits = utterance(text, "en"), 0, ""
    while at < len(said):
        group = said.numbers.group(at)
        assert group is not None, said.low(at)
        digits += group.digits
        at = group.end
    return digits


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("oh four one two", "0412"),
        ("double five triple oh", "55000"),
        ("double-o", "00"),
        ("treble nine", "999"),
        ("forty five", "45"),
        ("forty-five", "45"),
        ("nineteen eighty four", "1984"),
        ("thirteen hundred", "1300"),
        ("two thousand and one", "2001"),
        ("two thousand", "2000"),
        ("nine hundred and twelve", "912"),
        ("04 12", "0412"),
        ("double 7", "77"),
        ("niner", "9"),
    ],
)
def test_digits_are_read_as_they_are_said(said: str, digits: str) -> None:
    assert digits_of(said) == digits


def test_a_comma_keeps_tens_and_units_apart() -> None:
    group = utterance("twenty, one", "en").numbers.group(0)
    assert group is not None
    assert group.readings == ("20",)


def test_a_homophone_is_a_digit_only_before_another() -> None:
    assert utterance("for two", "en").numbers.homophone(0, ONE) is not None
    assert utterance("for me", "en").numbers.homophone(0, ONE) is None


@given(st.integers(0, 99))
def test_every_number_below_a_hundred_reads_back(value: int) -> None:
    assert digits_of(two_digits(f"{value:02}")) == f"{value:02}"


@given(st.text("0123456789", min_size=1, max_size=12))
def test_repeats_read_back(digits: str) -> None:
    assert digits_of(with_repeats(digits)) == digits
