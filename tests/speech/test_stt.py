"""The recogniser transcribes a sentence, nothing in noise, and does not repeat its prompt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from voicebot import g711
from voicebot.speech import Hint
from voicebot.speech.models import whisper_files

from .conftest import SENTENCE, need_local, say

pytestmark = pytest.mark.slow

stt = pytest.importorskip(
    "voicebot.speech.stt",
    reason="NOT TESTED: the extra `local` is absent",
    exc_type=ModuleNotFoundError,
)
if TYPE_CHECKING:
    from voicebot.speech.stt import Mel, Whisper, cut_loops, is_echo
else:
    Mel, Whisper = stt.Mel, stt.Whisper
    cut_loops, is_echo = stt.cut_loops, stt.is_echo


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    need_local()
    return Whisper(whisper_files(None), workers=1)


def letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def pitch_hz(mulaw: bytes) -> float:
    """Median fundamental of the loud 40 ms windows, by autocorrelation between 70 and 300 Hz."""
    windows = g711.decode(mulaw[: len(mulaw) // 320 * 320]).astype(float).reshape(-1, 320)
    loud = windows[np.abs(windows).mean(axis=1) > 1500]
    shifts = range(g711.RATE_HZ // 300, g711.RATE_HZ // 70)
    correlated = [[w[n:] @ w[:-n] / (320 - n) for n in shifts] for w in loud]
    best = [shifts[int(np.argmax(values))] for values in correlated]
    return g711.RATE_HZ / float(np.median(best))


def test_a_sentence_is_recognised(whisper: Whisper, spoken: bytes) -> None:
    heard = whisper.hear(spoken, Hint())
    assert letters(heard.text) == letters(SENTENCE)
    assert heard.seconds > 0


def test_a_vocabulary_adds_no_words_to_the_transcript(whisper: Whisper, spoken: bytes) -> None:
    services = Hint(vocabulary=("Plumbing", "Electrical", "Cleaning", "Gardening"))
    assert letters(whisper.hear(spoken, services).text) == letters(SENTENCE)


@pytest.mark.parametrize("level", [0, 20, 200, 2000])
@pytest.mark.parametrize("vocabulary", [(), ("Plumbing", "Electrical", "Cleaning", "Gardening")])
def test_noise_says_nothing(whisper: Whisper, level: float, vocabulary: tuple[str, ...]) -> None:
    random = np.random.default_rng(2)
    noise = (random.standard_normal(3 * g711.RATE_HZ) * level).astype(np.int16)
    assert whisper.hear(g711.encode(noise), Hint(vocabulary=vocabulary)).text == ""


@pytest.mark.parametrize("utterance", [b"", b"\xff", b"\x10" * 500])
def test_a_click_says_nothing(whisper: Whisper, utterance: bytes) -> None:
    assert whisper.hear(utterance, Hint()).text == ""


def test_numbers_come_as_words_where_asked_for(whisper: Whisper, tts: Path) -> None:
    number = say(tts, "Zero four one two, three four five, six seven eight.")
    as_usual, in_words = whisper.hear(number, Hint()), whisper.hear(
        number, Hint(words_for_digits=True)
    )  # fmt: skip
    assert "0412345678" in letters(as_usual.text)
    assert letters(in_words.text) == "zerofouronetwothreefourfivesixseveneight"


def test_the_same_utterance_is_encoded_once(whisper: Whisper, tts: Path) -> None:
    number = say(tts, "Zero four one two, three four six.")
    encoded, *_ = first = list(whisper.steps(number, Hint()))
    assert encoded is None
    again = list(whisper.steps(number, Hint(words_for_digits=True)))
    assert len(again) == len(first) - 1
    for calls in range(1, 8):
        whisper.hear(number[: -100 * calls], Hint())
    assert len(list(whisper.steps(number, Hint()))) == len(again), "beside seven calls it is kept"
    for calls in range(8, 24):
        whisper.hear(number[: -100 * calls], Hint())
    assert len(list(whisper.steps(number, Hint()))) == len(first), "only the last ones are kept"


def test_a_spelled_word_comes_as_letters(whisper: Whisper) -> None:
    # A recording of `say`: spoken anew the letters differ each time, and one in six has another.
    heard = whisper.hear(Path(__file__).with_name("hartley.ulaw").read_bytes(), Hint())
    assert heard.letters == "HARTLEY"
    assert letters(heard.text) == "hartley"


def test_the_words_before_a_spelling_are_kept(whisper: Whisper, tts: Path) -> None:
    heard = whisper.hear(say(tts, "My last name is Carter, C, A, R, T, E, R."), Hint())
    assert heard.letters == "CARTER"
    assert heard.text.lower().startswith("my last name is")


def test_other_readings_of_a_sentence_differ_in_words_and_none_is_the_text(
    whisper: Whisper, spoken: bytes
) -> None:
    heard = whisper.hear(spoken, Hint())
    told = [letters(text) for text in (heard.text, *heard.alternatives)]
    assert len(told) <= 5
    assert len(set(told)) == len(told)
    assert heard.letters is None


def test_a_voice_of_another_pitch_keeps_its_tempo_and_is_understood(
    whisper: Whisper, tts: Path, spoken: bytes
) -> None:
    high = say(tts, SENTENCE, pitch=1.18)
    assert len(high) == pytest.approx(len(spoken), rel=0.15)
    assert pitch_hz(high) == pytest.approx(1.18 * pitch_hz(spoken), rel=0.12)
    assert letters(whisper.hear(high, Hint()).text) == letters(SENTENCE)


def test_an_utterance_longer_than_the_model_can_take_is_heard_at_its_end(
    whisper: Whisper, spoken: bytes
) -> None:
    long = g711.SILENCE * (30 * g711.RATE_HZ) + spoken
    assert "plumber" in whisper.hear(long, Hint()).text


def test_an_unknown_language_is_an_error_not_a_guess(whisper: Whisper, spoken: bytes) -> None:
    with pytest.raises(ValueError, match="xx"):
        whisper.hear(spoken, Hint(language="xx"))


def test_chinese_is_asked_for_by_its_tag(whisper: Whisper, spoken: bytes) -> None:
    assert whisper.hear(spoken, Hint(language="zh-CN")).text != SENTENCE


SERVICES = "Plumbing, Electrical, Cleaning, Gardening."


@pytest.mark.parametrize(
    ("text", "prompt", "echo"),
    [
        ("Plumbing, electrical, cleaning, gardening.", SERVICES, True),
        ("I want plumbing electrical cleaning gardening", SERVICES, True),
        ("Plumbing and electrical, please.", SERVICES, False),
        ("Yes, no.", "Yes, No.", True),
        ("Yes.", "Yes, No.", False),
        ("", "Yes, No.", False),
    ],
)
def test_a_prompt_read_back_is_noticed(text: str, prompt: str, echo: bool) -> None:
    assert is_echo(text, prompt) is echo


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Yes, that's right. Yes, that's right. Yes, that's right.", "Yes, that's right."),
        ("Well, you know, you know, you know, you know it.", "Well, you know, it."),
        ("That's right. That's right.", "That's right. That's right."),
        ("0 4 0 4 0 4 0 4", "0 4 0 4 0 4 0 4"),
        ("double one double one double one", "double one double one double one"),
        ("oh four, oh four, oh four", "oh four, oh four, oh four"),
        ("A B A B A B", "A B A B A B"),
        ("谢谢你谢谢你谢谢你谢谢你", "谢谢你"),
        ("", ""),
    ],
)
def test_a_phrase_that_the_decoder_repeats_is_kept_once(text: str, kept: str) -> None:
    assert cut_loops(text).rstrip(" ,") == kept.rstrip(" ,")


@given(st.lists(st.sampled_from(["yes", "that's", "right,", "four", "4", "B"]), max_size=30))
def test_cutting_loops_invents_nothing(words: list[str]) -> None:
    kept = cut_loops(" ".join(words)).split()
    remaining = iter(words)
    assert all(word in remaining for word in kept)


RATE_HZ = 16_000


def tone(hz: float, seconds: float = 1.0) -> NDArray[np.float32]:
    time = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    return np.sin(2 * np.pi * hz * time).astype(np.float32)


def test_a_hundred_frames_a_second() -> None:
    assert Mel(80)(tone(500, 1.5)).shape == (80, 150)


def test_a_tone_lights_the_band_of_its_own_pitch() -> None:
    mel = Mel(80)
    bands = [int(mel(tone(hz)).mean(axis=1).argmax()) for hz in (200, 1000, 3000)]
    # The Slaney scale of 80 bands: 200/3 Hz a mel up to 15 mel, then logarithmic.
    step = (15 + np.log(8) / (np.log(6.4) / 27)) / 81
    wanted = [200 * 3 / 200, 15, 15 + np.log(3) / (np.log(6.4) / 27)]
    assert bands == [pytest.approx(mels / step - 1, abs=1) for mels in wanted]


def test_quiet_is_at_most_eighty_decibels_below_the_peak() -> None:
    mel = Mel(80)(np.concatenate((tone(500), np.zeros(RATE_HZ, np.float32))))
    assert mel.max() - mel.min() == pytest.approx(8 / 4, abs=1e-5)
