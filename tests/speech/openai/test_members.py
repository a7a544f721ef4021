"""A vendor's JSON may be anything."""

from __future__ import annotations

import pytest

from voicebot.speech.openai.messages import inner, number, packed, read_object, text


@pytest.mark.parametrize("message", ["", "[1]", "{", "null", b"\xff\xfe"])
def test_what_is_no_object_is_nothing(message: str | bytes) -> None:
    assert read_object(message) is None


def test_members_come_in_their_type_or_empty() -> None:
    given = read_object(packed(a={"b": "c"}, n=7, s="1", wrong=[1]))
    assert given is not None
    assert (text(inner(given, "a"), "b"), number(given, "n")) == ("c", 7.0)
    for empty in (text(given, "n"), text(given, "absent")):
        assert empty == ""
    assert inner(given, "wrong") == {}
    assert number(given, "s") == 0.0


def test_what_is_counted_is_never_less_than_nothing() -> None:
    assert number({"seconds": -3}, "seconds") == 0.0
