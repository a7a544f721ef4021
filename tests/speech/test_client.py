"""The doors' clients: many jobs on one line, deadlines, cancellation, a line that comes back."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from voicebot.errors import SpeechUnavailable
from voicebot.speech import Hint
from voicebot.speech.client import RemoteSynthesizer, RemoteTranscriber

from .test_inference_server import WAIT_S, Model, desk, sample, socket

__all__ = ["socket"]


async def test_many_calls_share_one_line_and_each_gets_its_own_answer(socket: Path) -> None:
    model = Model()
    model.gate.set()
    async with desk(model.work, socket, workers=2, waiting=50):
        stt = RemoteTranscriber(socket)
        heard = await asyncio.gather(*(stt.transcribe(b"%d" % n, Hint()) for n in range(20)))
        assert [h.text for h in heard] == [str(n) for n in range(20)]
        await stt.aclose()


async def test_a_sentence_comes_piece_by_piece(socket: Path) -> None:
    model = Model()
    model.gate.set()
    async with desk(model.work, socket, workers=1):
        tts = RemoteSynthesizer(socket)
        assert [piece async for piece in tts.speak("abc")] == [b"a", b"b", b"c"]
        await tts.aclose()


async def test_cancelling_drops_the_job_at_the_stt_process(socket: Path) -> None:
    model = Model()
    async with desk(model.work, socket, workers=1):
        stt = RemoteTranscriber(socket)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(stt.transcribe(b"first", Hint()))
            await model.has_begun()
            speculative = group.create_task(stt.transcribe(b"speculative", Hint()))
            last = group.create_task(stt.transcribe(b"last", Hint()))
            await waiting(2)
            speculative.cancel()
            with suppress(asyncio.CancelledError):
                await speculative
            await waiting(1)
            model.gate.set()
        assert [first.result().text, last.result().text] == ["first", "last"]
        await stt.aclose()
    assert b"speculative" not in model.decoded


async def test_leaving_a_sentence_early_cancels_the_job(socket: Path) -> None:
    model = Model()
    async with desk(model.work, socket, workers=1):
        tts = RemoteSynthesizer(socket)
        model.gate.set()
        async with aclosing(tts.speak("a" * 400)) as pieces:
            assert await anext(pieces) == b"a"
        assert [piece async for piece in tts.speak("b")] == [b"b"]
        await tts.aclose()
    assert len(model.decoded) < 401


async def test_a_full_inference_server_is_unavailable(socket: Path) -> None:
    model = Model()
    async with desk(model.work, socket, workers=1, waiting=0):
        stt = RemoteTranscriber(socket)
        with pytest.raises(SpeechUnavailable, match="are queued already"):
            await stt.transcribe(b"one", Hint())
        await stt.aclose()


async def test_a_model_that_hangs_is_given_up_and_its_line_goes_on(socket: Path) -> None:
    model = Model()
    async with desk(model.work, socket, workers=2):
        stt = RemoteTranscriber(socket, deadline_s=0.05)
        with pytest.raises(SpeechUnavailable, match="within"):
            await stt.transcribe(b"slow", Hint())
        model.gate.set()
        patient = RemoteTranscriber(socket)
        assert (await patient.transcribe(b"quick", Hint())).text == "quick"
        await stt.aclose()
        await patient.aclose()


async def test_a_missing_process_is_reported_at_once() -> None:
    stt = RemoteTranscriber(Path("stt.sock"))
    with pytest.raises(SpeechUnavailable, match="voicebot serve"):
        await stt.transcribe(b"hello", Hint())
    await stt.aclose()


async def test_a_lost_line_fails_its_jobs_and_is_made_anew(socket: Path) -> None:
    model = Model()
    stt = RemoteTranscriber(socket)
    async with asyncio.TaskGroup() as group, desk(model.work, socket, workers=1):
        first = group.create_task(failure(stt, b"first"))
        await model.has_begun()
        waiting = group.create_task(failure(stt, b"waiting"))
        await asyncio.sleep(0)
    assert "ended" in first.result()
    assert "ended" in waiting.result()
    model.gate.set()
    async with desk(model.work, socket, workers=1):
        assert (await stt.transcribe(b"again", Hint())).text == "again"
        await stt.aclose()


async def waiting(jobs: int) -> None:
    """Until the server knows of so many jobs that wait."""
    async with asyncio.timeout(WAIT_S):
        while sample("jobs_waiting") != jobs:  # noqa: ASYNC110 - of its own
            await asyncio.sleep(0)


async def failure(stt: RemoteTranscriber, utterance: bytes) -> str:
    with pytest.raises(SpeechUnavailable) as caught:
        await stt.transcribe(utterance, Hint())
    return str(caught.value)
