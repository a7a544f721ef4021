"""Names that may be the same have an index key in common, and no key shows a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.collect.understanding.same_person import names_agree
from voicebot.names import name_keys

LETTERS = st.text("abcdeéłøß王小明ñ-' ", min_size=1, max_size=12)


@given(LETTERS, LETTERS)
def test_names_that_agree_share_a_key(spoken: str, stored: str) -> None:
    if names_agree(spoken, stored):
        assert name_keys(spoken) & name_keys(stored)


@given(st.text("abcdefgh", min_size=3, max_size=10), st.data())
def test_a_letter_more_less_or_other_shares_a_key(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    for heard in (
        name[:at] + name[at + 1 :],
        f"{name[:at]}x{name[at:]}",
        f"{name[:at]}x{name[at + 1 :]}",
    ):
        assert name_keys(f"Robin {name}") & name_keys(heard)


@pytest.mark.parametrize(
    ("one", "other"), [("Robin Carter", "Robin Wood"), ("Ann Wu", "Ann Hu"), ("王明", "王民")]
)
def test_other_names_share_none(one: str, other: str) -> None:
    assert not name_keys(one) & name_keys(other)


@pytest.mark.parametrize("name", ["", "-", "C", "R. C.", "王"])
def test_an_initial_has_none(name: str) -> None:
    assert not name_keys(name)


def test_a_key_does_not_show_the_name_and_a_long_one_has_few() -> None:
    assert all(int(key, 16) >= 0 for key in name_keys("Robin Carter"))
    assert len(name_keys("x" * 5000)) <= 41
