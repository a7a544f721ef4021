"""A caller may hear what is stored only if the family names agree, and what else is to prove it."""

from __future__ import annotations

import pytest

from voicebot.collect.understanding.same_person import addresses_agree, names_agree


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


STORED = "12 Rose Avenue, Newtown NSW 2042"


@pytest.mark.parametrize(
    ("spoken", "stored"),
    [
        (STORED, STORED),
        ("12 rose avenue", STORED),
        ("12 Rose Avenue, Newtown", STORED),
        (STORED, "12 Rose Avenue"),
        ("12 Rose Avenue, Newton", STORED),
        ("Calle Mayor 5, Malaga", "Calle Mayor 5, Málaga 29001"),
        ("建国路88号", "朝阳区建国路88号3单元"),
    ],
)
def test_an_address_agrees_when_the_shorter_has_nothing_else(spoken: str, stored: str) -> None:
    assert addresses_agree(spoken, stored)


@pytest.mark.parametrize(
    ("spoken", "stored"),
    [
        ("14 Rose Avenue", STORED),
        ("2042 Rose Avenue", STORED),
        ("12 Elm Avenue, Newtown", STORED),
        ("12 Rose Street", "12 Nose Street"),
        ("12 Avenue", STORED),
        ("Rose Avenue, Newtown", STORED),
        ("12", STORED),
        ("", ""),
        ("3/12 Rose Avenue", "4/12 Rose Avenue"),
        ("建国路86号", "朝阳区建国路88号"),
        ("建设路88号", "朝阳区建国路88号"),
        ("88号", "朝阳区建国路88号"),
    ],
)
def test_another_number_or_street_does_not(spoken: str, stored: str) -> None:
    assert not addresses_agree(spoken, stored)
