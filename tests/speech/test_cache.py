"""Fixed sentences are made once; a caller's data is never kept."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from voicebot.errors import SpeechUnavailable
from voicebot.speech.cache import CachedSynthesizer

QUESTION = "What is your name?"
PRIVATE = "Thank you, Jane."


class LocalVoice:
    """Says a sentence as its own letters, in two pieces, and counts."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.closed = 0
        self.away = False

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        if self.away:
            raise SpeechUnavailable("away")
        self.said.append(sentence)
        try:
            yield sentence.encode()[:4]
            yield sentence.encode()[4:]
        finally:
            self.closed += 1

    async def aclose(self) -> None:
        self.away = True


async def said(tts: CachedSynthesizer, sentence: str) -> bytes:
    return b"".join([piece async for piece in tts.speak(sentence)])


async def test_a_fixed_sentence_is_made_once(tmp_path: Path) -> None:
    behind = LocalVoice()
    tts = CachedSynthesizer(behind, tmp_path, [QUESTION])
    assert await said(tts, QUESTION) == await said(tts, QUESTION) == QUESTION.encode()
    assert behind.said == [QUESTION]


async def test_the_cache_survives_the_process_and_the_synthesizer(tmp_path: Path) -> None:
    await said(CachedSynthesizer(LocalVoice(), tmp_path, [QUESTION]), QUESTION)
    behind = LocalVoice()
    behind.away = True
    later = CachedSynthesizer(behind, tmp_path, [QUESTION])
    assert await said(later, QUESTION) == QUESTION.encode()
    with pytest.raises(SpeechUnavailable):
        await said(later, PRIVATE)


async def test_what_varies_is_kept_nowhere(tmp_path: Path) -> None:
    behind = LocalVoice()
    tts = CachedSynthesizer(behind, tmp_path / "cache", [QUESTION])
    await said(tts, PRIVATE)
    await said(tts, PRIVATE)
    assert behind.said == [PRIVATE, PRIVATE]
    assert not os.listdir(tmp_path)


async def test_a_sentence_on_disk_does_not_tell_its_words(tmp_path: Path) -> None:
    await said(CachedSynthesizer(LocalVoice(), tmp_path, [QUESTION]), QUESTION)
    (kept,) = os.listdir(tmp_path)
    assert kept.endswith(".ulaw")
    assert "name" not in kept


async def test_a_sentence_cut_off_is_not_cached_and_closes_the_synthesizer(tmp_path: Path) -> None:
    behind = LocalVoice()
    tts = CachedSynthesizer(behind, tmp_path, [QUESTION])
    pieces = tts.speak(QUESTION)
    assert await anext(pieces) == b"What"
    await pieces.aclose()
    assert behind.closed == 1
    assert await said(tts, QUESTION) == QUESTION.encode()


async def test_warming_reports_each_sentence(tmp_path: Path) -> None:
    behind = LocalVoice()
    tts = CachedSynthesizer(behind, tmp_path, ["A.", "B.", "C."])
    seen: list[tuple[int, int]] = []
    await tts.warm(lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    await tts.warm()
    assert len(behind.said) == 3


async def test_a_disk_that_cannot_be_written_does_not_silence_the_call(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the directory should be")
    tts = CachedSynthesizer(LocalVoice(), tmp_path / "cache", [QUESTION])
    assert await said(tts, QUESTION) == QUESTION.encode()
