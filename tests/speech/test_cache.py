"""Fixed sentences are made once, a caller's data is never kept, and another voice takes over."""

import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from voicebot.errors import SpeechUnavailable
from voicebot.speech import Synthesizer
from voicebot.speech.cache import CachedSynthesizer, FallbackSynthesizer

HELLO, SORRY, PRIVATE = "Hello.", "I cannot say that just now.", "Thank you, Jane."
FIXED = {HELLO, SORRY}


@dataclass
class Voice:
    """Says its name twice; breaks off after so many pieces, if told to, so many times."""

    name: str = "voice"
    breaks_after: int | None = None
    times: int = 1000
    said: list[str] = field(default_factory=list)
    closed: int = 0

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        self.said.append(sentence)
        try:
            for number in range(2):
                if number == self.breaks_after and self.times:
                    self.times -= 1
                    raise SpeechUnavailable("broken")
                yield f"{self.name}{number} ".encode()
        finally:
            self.closed += 1

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


def cached(folder: Path, voice: Voice) -> CachedSynthesizer:
    return CachedSynthesizer(voice, folder / voice.name, FIXED)


def voices(folder: Path, *voices: Voice) -> FallbackSynthesizer:
    return FallbackSynthesizer([cached(folder, voice) for voice in voices])


async def said(tts: Synthesizer, sentence: str) -> str:
    return b"".join([piece async for piece in tts.speak(sentence)]).decode()


async def test_a_fixed_sentence_is_made_once_also_over_a_restart(tmp_path: Path) -> None:
    voice = Voice()
    tts = cached(tmp_path, voice)
    assert await said(tts, HELLO) == await said(tts, HELLO) == "voice0 voice1 "
    assert voice.said == [HELLO]
    away = cached(tmp_path, Voice(breaks_after=0))
    assert await said(away, HELLO) == "voice0 voice1 "
    with pytest.raises(SpeechUnavailable):
        await said(away, PRIVATE)


async def test_what_varies_is_kept_nowhere(tmp_path: Path) -> None:
    voice = Voice()
    tts = cached(tmp_path, voice)
    await said(tts, PRIVATE)
    await said(tts, PRIVATE)
    assert voice.said == [PRIVATE, PRIVATE]
    assert not os.listdir(tmp_path)


async def test_a_sentence_on_disk_does_not_tell_its_words(tmp_path: Path) -> None:
    await said(cached(tmp_path, Voice()), HELLO)
    (kept,) = os.listdir(tmp_path / "voice")
    assert kept.endswith(".ulaw")
    assert "ello" not in kept


async def test_a_sentence_cut_off_is_not_cached_and_closes_the_voice(tmp_path: Path) -> None:
    voice = Voice()
    tts = cached(tmp_path, voice)
    pieces = tts.speak(HELLO)
    assert await anext(pieces) == b"voice0 "
    await pieces.aclose()
    assert voice.closed == 1
    assert await said(tts, HELLO) == "voice0 voice1 "


async def test_a_disk_that_cannot_be_written_does_not_silence_the_call(tmp_path: Path) -> None:
    (tmp_path / "voice").write_text("a file where the directory should be")
    assert await said(cached(tmp_path, Voice()), HELLO) == "voice0 voice1 "


async def test_the_second_voice_says_a_whole_sentence_when_the_first_cannot(tmp_path: Path) -> None:
    cloud, local = Voice("cloud"), Voice("local")
    both = voices(tmp_path, cloud, local)
    assert await said(both, PRIVATE) == "cloud0 cloud1 "
    assert local.said == []
    cloud.breaks_after = 1
    assert await said(both, PRIVATE) == "cloud0 local0 local1 "


async def test_fixed_sentences_stay_in_the_first_voice_when_it_is_away(tmp_path: Path) -> None:
    cloud = Voice("cloud")
    both = voices(tmp_path, cloud, Voice("local"))
    await both.warm()
    cloud.breaks_after = 0
    assert await said(both, HELLO) == "cloud0 cloud1 "


async def test_what_the_second_said_is_not_kept_as_the_firsts(tmp_path: Path) -> None:
    cloud = Voice("cloud", breaks_after=0)
    both = voices(tmp_path, cloud, Voice("local"))
    assert await said(both, HELLO) == "local0 local1 "
    cloud.breaks_after = None
    assert await said(both, HELLO) == "cloud0 cloud1 "


async def test_a_voice_without_fallback_is_tried_twice(tmp_path: Path) -> None:
    cloud = Voice("cloud", breaks_after=1, times=1)
    assert await said(voices(tmp_path, cloud), PRIVATE) == "cloud0 cloud0 cloud1 "


async def test_a_failure_of_all_voices_raises_and_fixed_sentences_are_still_spoken(
    tmp_path: Path,
) -> None:
    cloud = Voice("cloud")
    alone = voices(tmp_path, cloud)
    await alone.warm()
    cloud.breaks_after = 0
    with pytest.raises(SpeechUnavailable, match="no text to speech"):
        await said(alone, PRIVATE)
    assert await said(alone, SORRY) == "cloud0 cloud1 "


async def test_one_voice_that_cannot_be_warmed_does_not_keep_the_other_cold(tmp_path: Path) -> None:
    local = Voice("local")
    both = voices(tmp_path, Voice("cloud", breaks_after=0), local)
    for _ in range(2):
        with pytest.raises(SpeechUnavailable):
            await both.warm()
    assert sorted(local.said) == sorted(FIXED)
