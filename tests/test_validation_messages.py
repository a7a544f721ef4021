"""Sentences about values that were refused."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ByteSize, Field, ValidationError

from voicebot.validation_messages import but_is, numbers, sentences


class _Row(BaseModel):
    seats: int = Field(default=2, ge=1, lt=9)
    share: float = Field(default=1, gt=0)
    label: str = ""


class _Table(BaseModel):
    rows: list[_Row]
    size: ByteSize = ByteSize(0)


def told(given: object) -> str:
    with pytest.raises(ValidationError) as error:
        _Table.model_validate(given)
    return sentences(error.value.errors())


def test_places_are_counted_from_one() -> None:
    assert told({"rows": [{}, {"seats": 0}]}) == "rows, number 2, seats must be 1 or more, not 0"


def test_a_kind_without_a_sentence_of_ours_keeps_the_librarys() -> None:
    assert told({"rows": [], "size": "x"}).startswith("size could not parse")


def test_what_is_long_or_no_plain_value_is_not_quoted() -> None:
    assert but_is("x" * 80) == ""
    assert but_is(["x"]) == ""


def test_all_limits_of_a_number_are_told() -> None:
    assert numbers(_Row.model_fields["seats"]) == "a whole number of 1 or more and below 9"
    assert numbers(_Row.model_fields["share"]) == "a number above 0"
    assert numbers(_Row.model_fields["label"]) == ""
