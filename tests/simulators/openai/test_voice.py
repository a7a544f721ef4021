"""The simulator's voice: a babble, or the local voice by its wire protocol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest
from websockets.asyncio.server import ServerConnection, unix_serve

from voicebot import g711
from voicebot.simulators.openai.audio import PCM_RATE_HZ, Babble, LocalVoice, SpeechSource

TEXT = "What is the best phone number to reach you on?"


async def said(voice: SpeechSource, text: str = TEXT) -> np.ndarray:
    return np.concatenate([piece async for piece in voice.speak(text)])


async def test_a_babble_is_as_long_as_the_text_and_never_silent() -> None:
    short, long = await said(Babble(), "Yes."), await said(Babble())
    assert 1 < len(long) / PCM_RATE_HZ < 5
    assert len(short) < len(long) / 5
    seconds = long[: len(long) // PCM_RATE_HZ * PCM_RATE_HZ].reshape(-1, PCM_RATE_HZ)
    assert (np.abs(seconds).max(axis=1) > 3000).all()


async def test_the_local_voice_is_used_by_its_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(1600) / g711.RATE_HZ)).astype(np.int16)
    orders = []

    async def tts(client: ServerConnection) -> None:
        orders.append(orjson.loads((await client.recv(decode=False)).partition(b"\n")[0]))
        for at in (0, 800):
            sound = b'{"do":"sound","id":1}\n' + g711.encode(tone[at : at + 800])
            await client.send(sound)
        await client.send(b'{"do":"spoken","id":1}\n')

    async with unix_serve(tts, "tts.sock"):
        samples = await said(LocalVoice(tmp_path / "tts.sock"))
    assert orders == [{"do": "speak", "id": 1, "text": TEXT, "pitch": 1.0}]
    assert len(samples) == 3 * len(tone)
    assert np.abs(samples[::3].astype(int) - tone).max() < 400  # what mu-law loses


async def test_without_a_local_voice_it_babbles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    samples = await said(LocalVoice(tmp_path / "tts.sock"))
    assert np.array_equal(samples, await said(Babble()))
