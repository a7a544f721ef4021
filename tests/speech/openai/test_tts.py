"""The tts at the simulator: streamed, cancelled, and silent in time when something is wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from prometheus_client import REGISTRY

from tests.speech.openai.conftest import (
    ENOUGH_S,
    HURRIED_S,
    PATIENT_S,
    WRONG_ANSWERS,
    answering,
    patient_tts,
    settings,
)
from voicebot import g711
from voicebot.errors import SpeechUnavailable
from voicebot.openai import Meter, start_meter
from voicebot.simulators.openai import Fault, FaultKind, Service, Simulator, babble
from voicebot.speech.openai import tts as tts_module
from voicebot.speech.openai.tts import OpenAISynthesizer

SENTENCE = "What is the best phone number to reach you on?"


@pytest.fixture
async def tts(url: str) -> AsyncIterator[OpenAISynthesizer]:
    async with aclosing(patient_tts(settings(url))) as opened:
        yield opened


async def said(tts: OpenAISynthesizer, sentence: str = SENTENCE) -> bytes:
    return b"".join([piece async for piece in tts.speak(sentence)])


def failures(kind: str) -> float:
    labels = {"service": "speaking", "kind": kind}
    return REGISTRY.get_sample_value("voicebot_openai_failures_total", labels) or 0.0


async def test_a_sentence_becomes_telephone_audio_in_whole_frames(tts: OpenAISynthesizer) -> None:
    audio = await said(tts)
    assert len(audio) % g711.FRAME_BYTES == 0
    assert len(audio) / g711.RATE_HZ == pytest.approx(len(babble(SENTENCE)) / 24_000, abs=0.021)
    assert g711.decode(audio).std() > 1000


async def test_the_first_audio_comes_before_the_sentence_is_whole(
    tts: OpenAISynthesizer, simulator: Simulator
) -> None:
    simulator.faults.order(Fault(service=Service.SPEECH, kind=FaultKind.STALL))
    async with aclosing(tts.speak(SENTENCE)) as pieces:
        assert await anext(pieces)


async def test_closing_the_pieces_ends_the_request(
    tts: OpenAISynthesizer, simulator: Simulator
) -> None:
    simulator.faults.order(Fault(service=Service.SPEECH, kind=FaultKind.STALL))
    async with asyncio.timeout(ENOUGH_S):  # who waited for its end would wait for ever
        async with aclosing(tts.speak(SENTENCE)) as pieces:
            await anext(pieces)
        assert await said(tts)


async def test_a_call_pays_for_what_was_spoken(tts: OpenAISynthesizer) -> None:
    bill = Meter()
    start_meter(bill)
    audio = await said(tts)
    assert bill.usage.spoken_characters == len(SENTENCE)
    assert bill.usage.spoken_s == pytest.approx(len(audio) / g711.RATE_HZ, abs=0.02)
    assert bill.usage.cost_usd > 0


async def test_a_call_that_is_spent_asks_for_nothing(
    tts: OpenAISynthesizer, simulator: Simulator
) -> None:
    start_meter(Meter(most_usd=0.0))
    with pytest.raises(SpeechUnavailable, match="MAX_COST"):
        await said(tts)
    assert simulator.served[Service.SPEECH] == 0


FAULTS = {
    "the key is refused": (
        Fault(service=Service.SPEECH, kind=FaultKind.UNAUTHORIZED),
        "unauthorized",
    ),
    "too many requests": (
        Fault(service=Service.SPEECH, kind=FaultKind.RATE_LIMITED, seconds=60),
        "rate_limited",
    ),
    "the account is empty": (Fault(service=Service.SPEECH, kind=FaultKind.NO_QUOTA), "no_quota"),
    "no such service": (Fault(service=Service.SPEECH, kind=FaultKind.NOT_FOUND), "wrong_request"),
    "broken twice": (
        Fault(service=Service.SPEECH, kind=FaultKind.SERVER_ERROR, times=2),
        "server_error",
    ),
    "the first byte is late": (
        Fault(service=Service.SPEECH, kind=FaultKind.SLOW, seconds=30),
        "late",
    ),
    "it stalls in its middle": (Fault(service=Service.SPEECH, kind=FaultKind.STALL), "stalled"),
    "closed in its middle": (Fault(service=Service.SPEECH, kind=FaultKind.CLOSED), "connection"),
}
HURRIED = {"late": {"first_s": HURRIED_S}, "stalled": {"next_s": HURRIED_S}}


@pytest.mark.parametrize("name", FAULTS)
async def test_whatever_goes_wrong_is_told_in_time_and_counted(
    name: str, url: str, simulator: Simulator
) -> None:
    fault, kind = FAULTS[name]
    simulator.faults.order(fault)
    before = failures(kind)
    async with aclosing(patient_tts(settings(url), **HURRIED.get(kind, {}))) as tts:
        async with asyncio.timeout(ENOUGH_S):
            with pytest.raises(SpeechUnavailable):
                await said(tts)
    assert failures(kind) == before + 1


async def test_one_server_error_is_tried_again_at_once(
    tts: OpenAISynthesizer, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tts_module, "QUICK_S", PATIENT_S)
    simulator.faults.order(Fault(service=Service.SPEECH, kind=FaultKind.SERVER_ERROR))
    assert await said(tts)


async def test_after_a_refused_key_nobody_is_asked(
    tts: OpenAISynthesizer, simulator: Simulator
) -> None:
    simulator.faults.order(Fault(service=Service.SPEECH, kind=FaultKind.UNAUTHORIZED))
    for _ in range(3):
        with pytest.raises(SpeechUnavailable):
            await said(tts)
    assert simulator.served[Service.SPEECH] == 0


async def test_a_server_that_is_not_there_is_noticed_at_once() -> None:
    async with aclosing(patient_tts(settings("http://127.0.0.1:9/v1"))) as tts:
        with pytest.raises(SpeechUnavailable, match="connection"):
            await said(tts)


@pytest.mark.parametrize(("content_type", "body"), WRONG_ANSWERS)
async def test_a_200_that_is_no_audio_is_not_played_to_the_caller(
    content_type: str, body: str
) -> None:
    async with answering(content_type, body) as client:
        tts = OpenAISynthesizer(client, settings("http://other/v1"))
        before = failures("malformed")
        with pytest.raises(SpeechUnavailable):
            await said(tts)
    assert failures("malformed") == before + 1
