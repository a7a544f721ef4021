"""The file endpoint, which hears whole utterances."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI

from tests.simulators.openai.conftest import recorded
from tests.speech.openai.conftest import (
    ENOUGH_S,
    HURRIED_S,
    PATIENT_S,
    WRONG_ANSWERS,
    answering,
    order,
    settings,
)
from voicebot import g711
from voicebot.openai import Failure, Meter, Unanswered, start_meter
from voicebot.openai.client import account
from voicebot.simulators.openai import FaultKind, Service, Simulator
from voicebot.speech import Hint
from voicebot.speech.openai.stt import to_wav, transcribe_file

NAME = recorded("john_name.wav")
AUDIO = g711.encode(NAME.samples)


@pytest.fixture
async def client(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with account(settings(url)).open_client() as opened:
        yield opened


async def heard(
    client: AsyncOpenAI, model: str = "gpt-transcribe", deadline_s: float = PATIENT_S
) -> str:
    hint = Hint(vocabulary=("Plumbing", "<Gas>"))
    return await transcribe_file(client, model, AUDIO, hint, deadline_s)


@pytest.mark.parametrize("model", ["gpt-transcribe", "whisper-1"])
async def test_an_utterance_is_heard(client: AsyncOpenAI, model: str) -> None:
    assert await heard(client, model) == NAME.text


async def test_a_blip_is_long_enough_for_the_server(client: AsyncOpenAI) -> None:
    assert await transcribe_file(client, "whisper-1", AUDIO[:80], Hint(), PATIENT_S) == ""


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        (FaultKind.UNAUTHORIZED, Failure.UNAUTHORIZED),
        (FaultKind.RATE_LIMITED, Failure.RATE_LIMITED),
        (FaultKind.NO_QUOTA, Failure.NO_QUOTA),
        (FaultKind.SERVER_ERROR, Failure.SERVER_ERROR),
        (FaultKind.NOT_FOUND, Failure.WRONG_REQUEST),
        (FaultKind.CUT_JSON, Failure.MALFORMED),
        (FaultKind.SLOW, Failure.LATE),
        (FaultKind.STALL, Failure.LATE),
    ],
)
async def test_a_failure_is_told_in_time_and_not_tried_again(
    client: AsyncOpenAI, simulator: Simulator, kind: FaultKind, failure: Failure
) -> None:
    order(simulator, Service.FILES, kind)
    async with asyncio.timeout(ENOUGH_S):
        with pytest.raises(Unanswered) as unheard:
            await heard(client, deadline_s=HURRIED_S if failure is Failure.LATE else PATIENT_S)
    assert unheard.value.failure is failure
    assert await heard(client) == NAME.text


@pytest.mark.parametrize(("content_type", "body"), WRONG_ANSWERS)
async def test_a_200_without_a_transcript_is_malformed(content_type: str, body: str) -> None:
    async with answering(content_type, body) as client:
        with pytest.raises(Unanswered, match="malformed"):
            await heard(client)


async def test_sent_audio_is_charged_even_when_its_text_is_dropped(
    client: AsyncOpenAI, simulator: Simulator
) -> None:
    order(simulator, Service.FILES, FaultKind.STALL)
    bill = Meter()
    start_meter(bill)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(HURRIED_S):
            await heard(client)
    assert bill.usage.heard_s == len(AUDIO) / g711.RATE_HZ


def test_a_file_is_plain_pcm_at_the_telephones_rate() -> None:
    with wave.open(io.BytesIO(to_wav(AUDIO))) as recording:
        assert recording.getparams()[:3] == (1, 2, g711.RATE_HZ)
        assert recording.readframes(len(AUDIO)) == g711.decode(AUDIO).astype("<i2").tobytes()
