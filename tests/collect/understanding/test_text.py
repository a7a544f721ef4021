import time

from hypothesis import given
from hypothesis import strategies as st

from voicebot.collect.understanding.text import MOST_TOKENS, Kind, tokens


def lows(text: str) -> list[str]:
    return [token.low for token in tokens(text)]


def test_words_digits_letters_and_signs_are_told_apart() -> None:
    assert lows("It's J.Smith4 at 3:30, café") == (
        ["it's", "j", ".", "smith", "4", "at", "3", ":", "30", ",", "café"]
    )
    assert [token.kind for token in tokens("ab c 12 ! 好")] == (
        [Kind.WORD, Kind.LETTER, Kind.DIGITS, Kind.SIGN, Kind.HAN]
    )


def test_odd_quotes_wide_digits_and_ligatures_are_made_plain_and_keep_their_place() -> None:
    text = "it\u2019s \uff10\uff14\uff19\uff11 o\ufb03ce e\u0301t\u00e9"
    said = tokens(text)
    assert [token.low for token in said] == ["it's", "0491", "office", "\u00e9t\u00e9"]
    assert [text[token.start : token.end] for token in said] == text.split()


def test_every_chinese_character_is_a_token() -> None:
    assert lows("我的电话是138。") == ["我", "的", "电", "话", "是", "138", "."]


@given(st.text(max_size=80))
def test_every_token_stands_where_it_says_in_order(text: str) -> None:
    before = (0, 0)
    for token in tokens(text):
        place = (token.start, token.end)
        assert before <= place
        assert token.start < token.end <= len(text)
        before = place


def test_hostile_text_is_cut_and_cut_fast() -> None:
    begun = time.process_time()
    for sign in ("a'", "e\u0301", "((", "1,", "好", "\u200d"):
        assert len(tokens(sign * 4_000)) <= MOST_TOKENS
    assert time.process_time() - begun < 1
