"""The file endpoint as stt for whole utterances."""

from __future__ import annotations

import asyncio
import io
import wave

import pytest

from tests.simulators.openai.conftest import recorded
from tests.speech.openai.conftest import ENOUGH_S, HURRIED_S, PATIENT_S, order, settings
from tests.speech.openai.strangers import STRANGE, strange
from voicebot import g711
from voicebot.errors import SpeechUnavailable
from voicebot.openai.account import account
from voicebot.openai.usage import Meter, start_meter
from voicebot.simulators.openai.simulator import FaultKind, Latency, Service, Simulator
from voicebot.speech import Hint
from voicebot.speech.openai.stt import FileTranscriber, to_wav

NAME = recorded("john_name.wav")
AUDIO = g711.encode(NAME.samples)


@pytest.mark.parametrize("model", ["gpt-transcribe", "whisper-1"])
async def test_an_utterance_is_heard(url: str, simulator: Simulator, model: str) -> None:
    simulator.latencies.set(Service.FILES, Latency(p50=0.05, p95=0.05))
    async with account(settings(url)).open_client() as client:
        stt = FileTranscriber(client, model, deadline_s=PATIENT_S)
        heard = await stt.transcribe(AUDIO, Hint(vocabulary=("Plumbing", "<Gas>")))
    assert heard.text == NAME.text
    assert heard.seconds >= 0.05


async def test_a_blip_is_long_enough_for_the_server(url: str) -> None:
    async with account(settings(url)).open_client() as client:
        heard = await FileTranscriber(client, "whisper-1", deadline_s=PATIENT_S).transcribe(
            AUDIO[:80], Hint()
        )
    assert heard.text == ""


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.UNAUTHORIZED,
        FaultKind.RATE_LIMITED,
        FaultKind.NO_QUOTA,
        FaultKind.SERVER_ERROR,
        FaultKind.NOT_FOUND,
        FaultKind.CUT_JSON,
    ],
)
async def test_a_failure_is_told_at_once_and_not_tried_again(
    url: str, simulator: Simulator, kind: FaultKind
) -> None:
    order(simulator, Service.FILES, kind)
    async with account(settings(url)).open_client() as client:
        stt = FileTranscriber(client, "gpt-transcribe", deadline_s=PATIENT_S)
        with pytest.raises(SpeechUnavailable):
            await stt.transcribe(AUDIO, Hint())
        assert (await stt.transcribe(AUDIO, Hint())).text == NAME.text


@pytest.mark.parametrize(("content_type", "body"), STRANGE)
async def test_a_200_without_a_transcript_is_unavailable(content_type: str, body: str) -> None:
    async with strange(content_type, body) as client:
        with pytest.raises(SpeechUnavailable, match="malformed"):
            await FileTranscriber(client, "whisper-1", deadline_s=PATIENT_S).transcribe(
                AUDIO, Hint()
            )


async def test_sent_audio_is_charged_even_when_its_text_is_dropped(
    url: str, simulator: Simulator
) -> None:
    order(simulator, Service.FILES, FaultKind.STALL)
    bill = Meter()
    start_meter(bill)
    async with account(settings(url)).open_client() as client:
        stt = FileTranscriber(client, "whisper-1", deadline_s=PATIENT_S)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(HURRIED_S):
                await stt.transcribe(AUDIO, Hint())
    assert bill.usage.heard_s == len(AUDIO) / g711.RATE_HZ


@pytest.mark.parametrize("kind", [FaultKind.SLOW, FaultKind.STALL])
async def test_no_job_waits_longer_than_the_deadline(
    url: str, simulator: Simulator, kind: FaultKind
) -> None:
    order(simulator, Service.FILES, kind)
    async with account(settings(url)).open_client() as client:
        stt = FileTranscriber(client, "gpt-transcribe", deadline_s=HURRIED_S)
        async with asyncio.timeout(ENOUGH_S):
            with pytest.raises(SpeechUnavailable, match="late"):
                await stt.transcribe(AUDIO, Hint())


def test_a_file_is_plain_pcm_at_the_telephones_rate() -> None:
    with wave.open(io.BytesIO(to_wav(AUDIO))) as recording:
        assert recording.getparams()[:3] == (1, 2, g711.RATE_HZ)
        assert recording.readframes(len(AUDIO)) == g711.decode(AUDIO).astype("<i2").tobytes()
