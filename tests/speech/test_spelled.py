"""Spelled words are found in a recogniser's text; numbers and sentences are not taken for them."""

import pytest

from voicebot.speech.spelled import distinct, letters_from, likely, with_eights


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("B-L-A-C-K-W-O-O-D", "B-L-A-C-K-W-O-O-D"),
        ("K A T E.", "K A T E."),
        ("STVN.", "STVN."),
        ("B.R.E. and NAN.", "B.R.E. and NAN."),
        ("OAK-D-A-L-E-DRI-V.", "OAK-D-A-L-E-DRI-V."),
        ("K-8-RLA.", "K-8-RLA."),
        ("Br-E-N-T-W-O-O-G.", "Br-E-N-T-W-O-O-G."),
        ("It's in Br-E-N-T.", "Br-E-N-T."),
        ("IVAR S1.", "IVAR S1."),
        ("A and Y.", "A and Y."),
        ("and EW, B-U-R-Y", "and EW, B-U-R-Y"),
        ("My last name is Causty. K-O-W-A-L-S-K-I.", "K-O-W-A-L-S-K-I."),
        ("My surname is Nuyen, and G-U-Y-E-N.", "and G-U-Y-E-N."),
        ("My name is S M I T H", "S M I T H"),
        ("No, S-M-Y-T-H.", "S-M-Y-T-H."),
    ],
)
def test_the_letters_at_the_end_are_found(text: str, letters: str) -> None:
    begin = letters_from(text)
    assert begin is not None
    assert text[begin:] == letters


@pytest.mark.parametrize(
    "text",
    [
        "",
        "My name is John Smith.",
        "I am a plumber",
        "Yes, I do.",
        "0412 345 678",
        "Oh four one two",
        "It's 27 George.",
        "L4 1 2, 3 4 5",
        "A-4-1-2-3-4-5-6",
        "K-A-T-E, the number four at Yahoo.com.",
        "K-A-T-E-4.",
        "J O H N 1 9 9",
        "jay.smith at gmail.com",
        "Friday 14th March at 2pm.",
        "约翰",
    ],
)
def test_sentences_and_numbers_are_not_spelled(text: str) -> None:
    assert letters_from(text) is None


def test_texts_of_the_same_words_are_one() -> None:
    assert distinct(["Yes, I do.", "yes I do", "Yes, I knew."]) == ["Yes, I do.", "Yes, I knew."]


def test_letters_far_behind_the_best_are_not_kept() -> None:
    rows = ["P-A-U-L", "P A U L", "B-A-U-L", "P-A-W-L"]
    kept = likely(rows, [-0.1, -0.2, -0.3, -0.9], least=-0.6, margin=0.5)
    assert kept == ["P-A-U-L", "B-A-U-L"]


def test_letters_that_were_guessed_out_of_a_sentence_are_none() -> None:
    assert likely(["I-I-I-I"], [-0.9], least=-0.6, margin=0.5) == []
    assert likely(["NO."], [-0.3], least=-0.6, margin=0.5) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2-6-8-441-A.", "2-6-8-441-8."),
        ("A 4 1 2 2 6", "8 4 1 2 2 6"),
        ("Area code 4 1 2 A 2 2", "Area code 4 1 2 8 2 2"),
    ],
)
def test_a_lone_a_among_digits_is_an_eight(text: str, number: str) -> None:
    assert with_eights(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "Unit 4-A",
        "27A George Street 2150",
        "A plumber at 10 30 45",
        "Unit 3 A, 27 George Street 2150",
    ],
)
def test_an_a_of_an_address_or_a_sentence_stays(text: str) -> None:
    assert with_eights(text) == text
