"""The vocabulary of assent: what it holds, and that nothing but all of it is a yes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.collect import understanding
from voicebot.collect.understanding.consent import agrees

TABLES = tomllib.loads(files(understanding).joinpath("consent.toml").read_text("utf-8"))


def phrases(language: str, kind: str) -> Iterator[str]:
    """Every phrase of a table, its choices made in every way."""
    for pattern in TABLES[language].get(kind, ()):
        pieces = re.split(r"\(([^()]*)\)", pattern)
        for made in product(*(p.split("|") if n % 2 else [p] for n, p in enumerate(pieces))):
            yield " ".join("".join(made).split())


@pytest.mark.parametrize(("language", "a_yes"), [("en", "yes"), ("zh", "好")])
def test_every_phrase_that_agrees_does_so_alone_and_courtesy_only_beside_one(
    language: str, a_yes: str
) -> None:
    for phrase in phrases(language, "agree"):
        assert agrees(phrase, language), phrase
    agreeing = set(phrases(language, "agree"))
    for phrase in set(phrases(language, "beside")) - agreeing:
        assert agrees(f"{a_yes} {phrase}", language), phrase
        assert not agrees(phrase, language), phrase
    for phrase in phrases(language, "never"):
        assert not agrees(phrase, language), phrase


@pytest.mark.parametrize(("language", "a_yes"), [("en", "yes"), ("zh", "好")])
def test_who_ends_with_a_word_that_leads_on_is_not_done_yet(language: str, a_yes: str) -> None:
    may_be_last = set(phrases(language, "agree")) | set(phrases(language, "beside"))
    for phrase in set(phrases(language, "before")) - may_be_last:
        assert not agrees(f"{a_yes} {phrase}", language), phrase


@given(st.text(max_size=60))
def test_one_word_more_and_it_is_no_yes(text: str) -> None:
    assert not agrees(f"yes {text} zebra", "en")
    assert not agrees(f"好{text}斑马", "zh-CN")


@pytest.mark.parametrize("words", ["yes ", "that's right ", "是的"])
def test_an_endless_yes_is_none(words: str) -> None:
    assert not agrees(words * 5_000, "en")
    assert not agrees(words * 5_000, "zh-CN")
