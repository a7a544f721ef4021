"""Fallback between engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.stream.doubles import CodedTranscriber, FailingStt, spoken
from voicebot.errors import SpeechUnavailable
from voicebot.openai import metrics
from voicebot.openai.breaker import openai_breaker
from voicebot.openai.failures import Failure, Service, Unanswered
from voicebot.openai.usage import Meter, start_meter
from voicebot.speech import Hint, SttStream, SttTurn, Transcriber, Transcript
from voicebot.speech.cache import CachedSynthesizer
from voicebot.speech.fallback import FallbackSpeechToText, FallbackSynthesizer

HELLO, SORRY = "Hello.", "I cannot say that just now."
FIXED = {HELLO, SORRY}


@dataclass
class Voice:
    """Says its own name; breaks off after so many pieces, if told to."""

    name: str
    breaks_after: int | None = None
    times: int = 1000
    asked: list[str] = field(default_factory=list)

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        self.asked.append(sentence)
        for number in range(2):
            if number == self.breaks_after and self.times:
                self.times -= 1
                raise SpeechUnavailable("broken")
            yield f"{self.name}{number} ".encode()

    async def aclose(self) -> None:
        """Nothing to close."""


def tts(tmp_path: Path, *voices: Voice) -> FallbackSynthesizer:
    kept = [CachedSynthesizer(voice, tmp_path / voice.name, FIXED) for voice in voices]
    return FallbackSynthesizer(kept)


async def said(tts: FallbackSynthesizer, sentence: str) -> str:
    return b"".join([piece async for piece in tts.speak(sentence)]).decode()


async def test_the_first_voice_speaks_while_it_can(tmp_path: Path) -> None:
    local = Voice("local")
    assert await said(tts(tmp_path, Voice("cloud"), local), "It is four.") == "cloud0 cloud1 "
    assert local.asked == []


async def test_the_second_says_the_whole_sentence(tmp_path: Path) -> None:
    both = tts(tmp_path, Voice("cloud", breaks_after=1), Voice("local"))
    assert await said(both, "It is four.") == "cloud0 local0 local1 "


async def test_fixed_sentences_stay_in_the_first_voice_when_it_is_away(tmp_path: Path) -> None:
    cloud = Voice("cloud")
    both = tts(tmp_path, cloud, Voice("local"))
    await both.warm()
    cloud.breaks_after = 0
    assert await said(both, HELLO) == "cloud0 cloud1 "


async def test_what_the_second_said_is_not_kept_as_the_firsts(tmp_path: Path) -> None:
    cloud = Voice("cloud", breaks_after=0)
    both = tts(tmp_path, cloud, Voice("local"))
    assert await said(both, HELLO) == "local0 local1 "
    cloud.breaks_after = None
    assert await said(both, HELLO) == "cloud0 cloud1 "


async def test_a_voice_without_fallback_is_tried_twice(tmp_path: Path) -> None:
    cloud = Voice("cloud", breaks_after=1, times=1)
    assert await said(tts(tmp_path, cloud), "It is four.") == "cloud0 cloud0 cloud1 "


async def test_a_failure_of_all_voices_raises_and_fixed_sentences_are_still_spoken(
    tmp_path: Path,
) -> None:
    cloud = Voice("cloud")
    alone = tts(tmp_path, cloud)
    await alone.warm()
    cloud.breaks_after = 0
    with pytest.raises(SpeechUnavailable, match="no text to speech"):
        await said(alone, "It is four.")
    assert await said(alone, SORRY) == "cloud0 cloud1 "


async def test_one_voice_that_cannot_be_warmed_does_not_keep_the_other_cold(
    tmp_path: Path,
) -> None:
    local = Voice("local")
    with pytest.raises(SpeechUnavailable):
        await tts(tmp_path, Voice("cloud", breaks_after=0), local).warm()
    assert sorted(local.asked) == sorted(FIXED)


@dataclass
class Live:
    """SpeechToText of a call that hear, or do not; they remember what they were fed."""

    hears: bool = True
    failure: Failure = Failure.LATE
    fails_after_s: float = 0.0
    fed: bytes = b""
    asked: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SttStream]:
        yield self

    def listen(self, hint: Hint) -> SttTurn:
        return self

    def feed(self, mulaw: bytes) -> None:
        self.fed += mulaw

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        self.asked += 1
        if not self.hears:
            await asyncio.sleep(self.fails_after_s)
            raise Unanswered("not heard", self.failure)
        return Transcript("live")

    async def aclose(self) -> None:
        """Nothing to close."""


LOCAL = CodedTranscriber({1: "local"}, delay_s=0.0)


async def turn(ear: SttStream) -> str:
    listening = ear.listen(Hint())
    listening.feed(spoken(1))
    return (await listening.transcribe(spoken(1), Hint())).text


async def heard(live: Live, secondary: Transcriber | None, turns: int) -> list[str]:
    stt = FallbackSpeechToText(live, secondary, openai_breaker(Service.HEARING))
    async with stt.open() as ear:
        return [await turn(ear) for _ in range(turns)]


async def test_a_turn_is_heard_live_while_it_is_spoken() -> None:
    live = Live()
    assert await heard(live, LOCAL, 1) == ["live"]
    assert live.fed == spoken(1)


async def test_a_failed_turn_goes_to_the_local_engine() -> None:
    assert await heard(Live(hears=False), LOCAL, 1) == ["local"]


async def test_time_spent_on_a_failed_engine_counts() -> None:
    live = Live(hears=False, fails_after_s=0.02)
    stt = FallbackSpeechToText(live, LOCAL, openai_breaker(Service.HEARING))
    async with stt.open() as ear:
        transcript = await ear.listen(Hint()).transcribe(spoken(1), Hint())
    assert transcript.seconds >= live.fails_after_s


async def test_a_failing_engine_is_neither_fed_nor_asked_any_more() -> None:
    live = Live(hears=False)
    assert await heard(live, LOCAL, 4) == ["local"] * 4
    assert live.asked == 2
    assert live.fed == spoken(1) * 2


async def test_a_call_that_is_spent_is_heard_by_this_machine() -> None:
    start_meter(Meter(most_usd=0.0))
    live = Live()
    assert await heard(live, LOCAL, 1) == ["local"]
    assert live.fed == b""


async def test_the_breaker_is_told_why_a_turn_was_not_heard() -> None:
    live = Live(hears=False, failure=Failure.UNAUTHORIZED)
    before = metric(Failure.UNAUTHORIZED)
    assert await heard(live, LOCAL, 2) == ["local"] * 2
    assert live.asked == 1  # who is refused is not asked again soon
    assert metric(Failure.UNAUTHORIZED) == before + 1


def metric(failure: Failure) -> float:
    return float(metrics.failures.labels(Service.HEARING, failure)._value.get())


@pytest.mark.parametrize("secondary", [None, FailingStt()])
async def test_a_failure_of_all_engines_raises(secondary: Transcriber | None) -> None:
    with pytest.raises(SpeechUnavailable):
        await heard(Live(hears=False), secondary, 1)


async def test_an_engine_without_fallback_is_asked_after_any_failure() -> None:
    live = Live(hears=False)
    stt = FallbackSpeechToText(live, None, openai_breaker(Service.HEARING))
    async with stt.open() as ear:
        for _ in range(4):
            with pytest.raises(SpeechUnavailable):
                await turn(ear)
        live.hears = True
        assert await turn(ear) == "live"
