"""A call over a bad line, from the caller's audio to what the bot says and takes."""

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

from tests.collect.conversation import fresh
from tests.stream.calls import Call, call, now
from voicebot import g711
from voicebot.call import Step
from voicebot.collect.collector import Hear, SayAloud, converse
from voicebot.collect.understand import understand_by_rules
from voicebot.ledger import Ledger
from voicebot.simulators.phone import shipped_clip
from voicebot.speech import Hint, Transcript
from voicebot.speech.vad import SileroDetectors

pytestmark = pytest.mark.virtual_time

NAME = shipped_clip("john_name.wav").cut().audio
YES = shipped_clip("john_yes.wav").cut().audio


def over_noise(mulaw: bytes, below_db: float) -> bytes:
    """A voice, with quiet before and after it, on a line whose noise is so far below the voice."""
    voice = g711.decode(mulaw).astype(np.float64)
    sound = np.concatenate((np.zeros(4000), voice, np.zeros(12_000)))
    white = np.random.default_rng(5).normal(0, 1, len(sound))
    noise = np.convolve(white, 0.9 ** np.arange(40), mode="same")
    level = np.sqrt(np.mean(voice**2) / np.mean(noise**2)) * 10 ** (-below_db / 20)
    return g711.encode(np.clip(sound + noise * level, -32768, 32767).astype(np.int16))


@dataclass
class Told:
    """Hears what was written down for it, one text after the other."""

    texts: list[str]

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        await asyncio.sleep(0.3)
        return Transcript(self.texts[0], 0.3)

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


async def from_the_start(ledger: Ledger, hear: Hear, say: SayAloud) -> object:
    return await converse(
        fresh(), hear=hear, say=say, ledger=ledger, understand=understand_by_rules, clock=now
    )


async def said_after(c: Call, mulaw: bytes = b"", keys: str = "") -> str:
    """What the bot says to this, once it has been heard."""
    before = len(c.notebook.messages)
    if mulaw:
        await c.provider.speak(mulaw)
    await c.provider.key(keys)
    await c.provider.until(lambda: len(c.notebook.messages) >= before + 2)
    await c.provider.until(lambda: not c.provider.is_playing)
    await asyncio.sleep(0.5)
    return c.notebook.messages[-1].text


@pytest.mark.parametrize(("below_db", "noisy"), [(10, True), (40, False)])
async def test_on_a_bad_line_a_name_is_spelled_back_and_keys_are_offered(
    below_db: float, noisy: bool
) -> None:
    stt = Told(["My name is John Smith."])
    detector = SileroDetectors().open
    async with call(converse=from_the_start, stt=stt, detector=detector) as c:
        await c.provider.until_heard(3)
        answer = await said_after(c, over_noise(NAME, below_db))
        assert ("J O H N, S M I T H" in answer) is noisy
        if noisy:
            stt.texts[0] = "Yes, that's right."
            answer = await said_after(c, over_noise(YES, below_db))
        assert ("The line is noisy" in answer) is noisy
        answer = await said_after(c, keys="0412345678#")
        assert "0412 345 678" in answer
        await c.provider.hang_up()
    saved = {step: value for x in c.notebook.changes for step, value in x.answers.items()}
    assert saved == {Step.NAME: "John Smith", Step.PHONE: "+61412345678"}
