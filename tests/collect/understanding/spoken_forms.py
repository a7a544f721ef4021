"""Render numbers and addresses to words as people say them, for property tests."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
TENS = (*("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),)
REPEATS = {2: "double", 3: "triple"}
PAUSES = (", ", " uh ", " - ", " um, ", ". ", ", and then ")


def digit_by_digit(digits: str, zero: str = "oh") -> str:
    """ "0412": oh four one two."""
    return " ".join(zero if digit == "0" else UNITS[int(digit)] for digit in digits)


def with_repeats(digits: str, zero: str = "oh") -> str:
    """ "0444": oh triple four."""
    said: list[str] = []
    at = 0
    while at < len(digits):
        run = len(digits[at:]) - len(digits[at:].lstrip(digits[at]))
        run = min(run, 3)
        word = zero if digits[at] == "0" else UNITS[int(digits[at])]
        said.append(f"{REPEATS[run]} {word}" if run in REPEATS else word)
        at += run
    return " ".join(said)


def two_digits(digits: str, zero: str = "oh") -> str:
    """ "45": forty five; "05": oh five."""
    value = int(digits)
    if digits[0] == "0":
        return digit_by_digit(digits, zero)
    if value < 20:
        return TEENS[value - 10]
    return TENS[value // 10] + (f" {UNITS[value % 10]}" if value % 10 else "")


def in_pairs(digits: str, zero: str = "oh") -> str:
    """ "044512": oh four, forty five, twelve."""
    return ", ".join(two_digits(digits[at : at + 2], zero) for at in range(0, len(digits), 2))


def written(digits: str, zero: str = "") -> str:
    """Return the words as a recogniser writes them."""
    return digits


def in_groups(groups: Sequence[str], pause: str, style: object, zero: str) -> str:
    """The groups one after the other, each in the given style."""
    assert callable(style)
    return pause.join(str(style(group, zero)) for group in groups)


styles = st.sampled_from([digit_by_digit, with_repeats, written])
pauses = st.sampled_from(PAUSES)
zeros = st.sampled_from(["oh", "zero", "o", "nought"])
leads = st.sampled_from(
    ["", "it's ", "yeah it's ", "my number is ", "um, sure, ", "you can reach me on ", "so that's "]
)
tails = st.sampled_from(["", ".", " thanks", " please", ", that's my mobile"])
