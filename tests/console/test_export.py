"""A spreadsheet runs nothing of what a caller said."""

import csv
import io
import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from voicebot.console.calls import as_csv
from voicebot.store import CallSkeleton, User, UserInfo

SIGNS = "=+-@%"
DELIMITERS = ",;|\t"
UNSEEN = [
    "",
    " ",
    "\u00a0",
    "\t",
    "\r",
    "\n",
    "\x00",
    "\u200b",
    "\u200e",
    "\ufeff",
    "\u3164",
    '"',
    "' ",
]


def exported(name: str) -> str:
    call = CallSkeleton(callSid="CA1", user=User(userInfo=UserInfo(name=name)))
    return as_csv([call]).removeprefix("\ufeff")


def name_in(text: str) -> str:
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    return row["name"]


def cells(text: str, delimiter: str) -> list[str]:
    """Split a line as a spreadsheet does whose usual separator is `delimiter`."""
    source = io.StringIO(text, newline="")
    if delimiter == ",":
        lines = csv.reader(source)
    else:
        lines = csv.reader(source, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return [cell for line in lines for cell in line]


def is_formula(cell: str) -> bool:
    """Return whether the first visible character of the cell begins a formula."""
    folded = unicodedata.normalize("NFKC", cell)
    unseen = {"Cc", "Cf", "Zs", "Zl", "Zp"}
    seen = [c for c in folded if unicodedata.category(c) not in unseen and c not in '"\u1160']
    return bool(seen) and seen[0] in SIGNS


@pytest.mark.parametrize("before", UNSEEN)
@pytest.mark.parametrize("sign", "=+-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻−%％")
def test_a_sign_is_no_formula_whatever_stands_before_it(before: str, sign: str) -> None:
    told = name_in(exported(f"{before}{sign}1+1"))
    assert told.startswith("'")
    assert not is_formula(told)


@pytest.mark.parametrize("separator", [";", "|", "；", "｜", "\t", "\n", "\r\n", ";;", '";"', "; "])
def test_nor_is_one_behind_a_separator_of_other_countries(separator: str) -> None:
    told = name_in(exported(f"Ann{separator}=1+1"))
    assert "'" in told
    assert "=1+1" in told
    for delimiter in DELIMITERS:
        assert not any(map(is_formula, cells(exported(f"Ann{separator}=1+1"), delimiter)))


@pytest.mark.parametrize("name", [";", "|", ";=1", "|cmd", " ;x", "\t", "\r"])
def test_a_cell_that_begins_with_a_separator_is_text(name: str) -> None:
    assert name_in(exported(name)).startswith("'")


@pytest.mark.parametrize(
    "name",
    ["Ann O'Neil", "Smith-Jones", "王小明", "Unit 4; 12-14 Chapel St", "a|b", "a@b.example", ""],
)
def test_an_ordinary_answer_is_as_it_was_said(name: str) -> None:
    assert name_in(exported(name)) == name


@given(st.text(st.sampled_from("=＝+-@;|；,\"' \t\n\u200bA1")))
def test_no_text_becomes_a_formula(name: str) -> None:
    assume(not re.fullmatch(r"\+[1-9]\d{6,14}", name))  # a telephone number keeps its plus
    for delimiter in DELIMITERS:
        assert not any(map(is_formula, cells(exported(name), delimiter)))
