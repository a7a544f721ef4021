"""Choose the existing word among spelled ones that sound alike."""

from __future__ import annotations

import pytest

from voicebot.collect.understanding import likeliest


@pytest.mark.parametrize(
    ("texts", "chosen"),
    [
        (("N-A-R-T-I-N", "M-A-R-T-I-N"), 1),
        (("it's N A R T I N", "it's M A R T I N"), 1),
        (("V-E-C-C-H-I", "B-E-C-C-H-I"), 0),
        (("B-R-E-N-T-W-O-O-G", "B-R-E-N-T-W-O-O-D"), 1),
        (("S-E-A-V-I-E-V-D-R-I-V", "S-E-A-V-I-E-W-D-R-I-V-E"), 1),
        (("J-I-M", "T-I-M"), 0),
        (("My name is Okoro, O-K-O-R-A", "My name is Okoro, O-K-O-R-O"), 1),
        (("B-E-N-R-I-T-H", "T-E-N-R-I-T-H", "P-E-N-R-I-T-H"), 2),
        (("N-E-W-P-U-R-Y", "and EW, B-U-R-Y"), 0),
        (("My name is Marten", "My name is Martin"), 0),
        (("O 4 1 2", "A 4 1 2"), 0),
        (("",), 0),
    ],
)
def test_of_spelled_words_one_that_is_known_is_gone_on_with(
    texts: tuple[str, ...], chosen: int
) -> None:
    assert likeliest(texts, "en", ("Penrith",)) == texts[chosen]


@pytest.mark.parametrize(
    ("texts", "chosen"),
    [
        (("12 Main Street, Pen Wreath.", "12 Main Street, Penrith."), 1),
        (("12 Penrith Street, Windsor", "12 Penrith Street, Winter"), 0),
        (("12 Main Street, Surry Hell", "12 Main Street, Sorry", "12 Main Street, Surry hills"), 2),
        (("I do not know", "Penrith"), 0),
        (("12 Main Street, Penrithy", "12 Main Street, Pen Write"), 0),
    ],
)
def test_a_place_that_is_served_is_likelier_than_one_that_sounds_like_it(
    texts: tuple[str, ...], chosen: int
) -> None:
    assert likeliest(texts, "en", ("Penrith", "Windsor", "Surry Hills")) == texts[chosen]


def test_choosing_among_long_transcripts_is_bounded_work() -> None:
    texts = tuple("a b c " * 1400 + end for end in ("d", "e", "f", "g", "h"))
    assert likeliest(texts, "en") == texts[0]
