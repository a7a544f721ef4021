"""The bot's words are cut where a speaker would breathe, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.sentences import first_clause, split_sentences


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Hello. What is your name?", ["Hello.", "What is your name?"]),
        ("Thanks!  And your number?", ["Thanks!", "And your number?"]),
        ("Is it 3:30 p.m. on Monday?", ["Is it 3:30 p.m. on Monday?"]),
        ("At 3:30 p.m. Monday, then.", ["At 3:30 p.m. Monday, then."]),
        ("It is at 3:30 p.m. Is that right?", ["It is at 3:30 p.m.", "Is that right?"]),
        ("Thank you, Dr. Lee. And your phone?", ["Thank you, Dr. Lee.", "And your phone?"]),
        ("Mail j.smith@mail.co.uk. Right?", ["Mail j.smith@mail.co.uk.", "Right?"]),
        ("John F. Kennedy. Right?", ["John F. Kennedy.", "Right?"]),
        ("That is K A T E. Right?", ["That is K A T E.", "Right?"]),
        ("It costs 1.5 times more.", ["It costs 1.5 times more."]),
        ("Hmm... let me see.", ["Hmm... let me see."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("No. I mean yes.", ["No.", "I mean yes."]),
        ("您好。请问您贵姓？谢谢！", ["您好。", "请问您贵姓？", "谢谢！"]),
        ("... well", ["... well"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_cuts_between_sentences_only(text: str, pieces: list[str]) -> None:
    assert split_sentences(text) == pieces


@given(st.text(alphabet=st.sampled_from("aB 1.!?…。？\"')\n\t@:m")))
def test_nothing_is_lost_nor_invented(text: str) -> None:
    pieces = split_sentences(text)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(piece == piece.strip() != "" for piece in pieces)


@given(st.text())
def test_cutting_a_piece_again_changes_nothing(text: str) -> None:
    pieces = split_sentences(text)
    assert [again for piece in pieces for again in split_sentences(piece)] == pieces


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("What is your name, please?", ["What is your name, please?"]),
        (
            "Your number is zero four one two, three four five, six seven eight.",
            ["Your number is zero four one two,", "three four five, six seven eight."],
        ),
        (
            "Well, I have your address as twenty seven George Street, Parramatta.",
            ["Well, I have your address as twenty seven George Street, Parramatta."],
        ),
        (
            "I would like to know the best time for somebody to come, Jane.",
            ["I would like to know the best time for somebody to come, Jane."],
        ),
        ("x" * 80, ["x" * 80]),
        (
            "That's 0 4 1 2, 3 4 5, 6 7 8, is that right?",
            ["That's 0 4 1 2,", "3 4 5, 6 7 8, is that right?"],
        ),
        (
            "Unit 4, 112 Chapel Street, Windsor, got it.",
            ["Unit 4, 112 Chapel Street,", "Windsor, got it."],
        ),
        (
            "My last name is Carter, C, A, R, T, E, R.",
            ["My last name is Carter, C, A, R, T, E, R."],
        ),
        ("Could you say that again, please?", ["Could you say that again, please?"]),
    ],
)
def test_a_long_sentence_is_begun_before_its_end_is_made(sentence: str, parts: list[str]) -> None:
    assert first_clause(sentence) == parts


@given(st.text(alphabet=st.sampled_from("ab ,;:.")))
def test_a_clause_cut_loses_nothing(text: str) -> None:
    assert "".join("".join(first_clause(text)).split()) == "".join(text.split())


@given(st.text(alphabet=st.sampled_from("abcdef ,;:."), min_size=24))
def test_a_first_clause_sounds_until_the_rest_is_made(text: str) -> None:
    head, *rest = first_clause(text)
    speech_ms_a_letter, synthesis_ms_a_letter, spare = 80, 5, 4
    for part in rest:
        assert len(head) * speech_ms_a_letter >= len(part) * synthesis_ms_a_letter * spare - 1
