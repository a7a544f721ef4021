"""A caller may hear what is stored under a name only if the family names agree."""

from __future__ import annotations

import pytest

from voicebot.collect.understanding.same_person import names_agree


@pytest.mark.parametrize(
    ("spoken", "stored"),
    [
        ("Robin Carter", "Robin Carter"),
        ("robin carter", "Robin CARTER"),
        ("Carter", "Robin Carter"),
        ("R. Carter", "Robin Carter"),
        ("Robin Carder", "Robin Carter"),
        ("Robin Carte", "Robin Carter"),
        ("Jo Carter", "Robin Carter"),
        ("Mary O'Brien", "Mary Obrien"),
        ("José García", "Jose Garcia"),
        ("Mary Smith Jones", "Mary Smith-Jones"),
        ("Robin Carter Jr", "Robin Carter"),
        ("Ann Wu", "Ann Wu"),
        ("王小明", "王小名"),
    ],
)
def test_an_equal_family_name_or_one_letter_apart_agrees(spoken: str, stored: str) -> None:
    assert names_agree(spoken, stored)


@pytest.mark.parametrize(
    ("spoken", "stored"),
    [
        ("Robin Wood", "Robin Carter"),
        ("Robin Cord", "Robin Carter"),
        ("Robin", "Robin Carter"),
        ("Robin", "Robin"),
        ("Robin C", "Robin Carter"),
        ("R. C.", "R. C."),
        ("C", "Robin Carter"),
        ("Ann Wu", "Ann Hu"),
        ("", ""),
        ("-", "-"),
        ("王", "王"),
        ("王", "王小明"),
        ("李小明", "王小明"),
        ("王明", "王民"),
    ],
)
def test_an_initial_a_given_name_or_another_family_name_does_not(spoken: str, stored: str) -> None:
    assert not names_agree(spoken, stored)
