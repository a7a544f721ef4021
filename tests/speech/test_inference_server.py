"""The inference server and its clients: concurrent jobs, dropped, refused, isolated, in time."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from voicebot.errors import SpeechUnavailable
from voicebot.runtime.process import Lifetime
from voicebot.speech import Hint
from voicebot.speech.client import RemoteSynthesizer, RemoteTranscriber
from voicebot.speech.inference_server import InferenceServer, Replies
from voicebot.speech.models import SpeechProcess
from voicebot.speech.wire import Hear, Kind, Reply, Speak, pack, unpack

WAIT_S = 60
SOCKET = Path("speech.sock")
"""In a folder of the test's own."""


class Model:
    """Echoes an utterance as its text or a text as its sound; waits until the gate is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = threading.Semaphore(0)
        self.done: list[bytes] = []
        self.finished: list[bytes] = []

    def hear(self, job: Hear, audio: bytes) -> Replies:
        self._work(audio)
        yield None
        if audio == b"bad":
            raise RuntimeError("out of memory")
        self.finished.append(audio)
        yield Reply(do=Kind.HEARD, text=audio.decode()), b""

    def speak(self, job: Speak, audio: bytes) -> Replies:
        for letter in job.text:
            self._work(letter.encode())
            yield Reply(do=Kind.SOUND), letter.encode()
        yield Reply(do=Kind.SPOKEN), b""

    def _work(self, on: bytes) -> None:
        self.begun.release()
        assert self.gate.wait(WAIT_S)
        self.done.append(on)

    async def has_begun(self) -> None:
        """Wait until the model works on one more job."""
        assert await asyncio.to_thread(self.begun.acquire, timeout=WAIT_S)


@pytest.fixture
def model() -> Model:
    return Model()


@asynccontextmanager
async def serving(
    server: InferenceServer[Hear] | InferenceServer[Speak],
) -> AsyncGenerator[None, None]:
    lifetime = Lifetime()
    listening = asyncio.Event()
    lifetime.ready = lambda text="": listening.set()  # type: ignore[method-assign]
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(SOCKET, lifetime))
        try:
            async with asyncio.timeout(WAIT_S):
                await listening.wait()
            yield
        finally:
            lifetime.stopping.set()


def hearing(model: Model, **size: int) -> AbstractAsyncContextManager[None]:
    size = {"workers": 1, **size}
    server = InferenceServer(
        SpeechProcess.STT, Hear, model.hear, head_start_ms=lambda job: job.silent_ms, **size
    )
    return serving(server)


def speaking(model: Model) -> AbstractAsyncContextManager[None]:
    return serving(InferenceServer(SpeechProcess.TTS, Speak, model.speak, workers=1))


def connect() -> AbstractAsyncContextManager[ClientConnection]:
    return unix_connect(str(SOCKET), "ws://localhost/", compression=None)


async def heard(utterance: bytes, silent_ms: float = 0.0) -> str:
    hint = Hint(silent_ms=silent_ms)
    return (await RemoteTranscriber(SOCKET).transcribe(utterance, hint)).text


async def refusal(utterance: bytes, deadline_s: float = WAIT_S) -> str:
    with pytest.raises(SpeechUnavailable) as caught:
        await RemoteTranscriber(SOCKET, deadline_s).transcribe(utterance, Hint())
    return str(caught.value)


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"voicebot_speech_{name}", {"engine": "stt", **labels}) or 0.0


async def waiting(jobs: int) -> None:
    """Until the server knows of so many jobs that wait."""
    async with asyncio.timeout(WAIT_S):
        while sample("jobs_waiting") != jobs:  # noqa: ASYNC110 - of its own
            await asyncio.sleep(0)


async def test_two_jobs_are_decoded_at_once_and_each_gets_its_own_answer(model: Model) -> None:
    async with hearing(model, workers=2), asyncio.TaskGroup() as group:
        jobs = [group.create_task(heard(b"%d" % n)) for n in range(20)]
        await model.has_begun()
        await model.has_begun()  # neither waits for the other
        model.gate.set()
    assert [job.result() for job in jobs] == [str(n) for n in range(20)]


async def test_jobs_are_served_in_the_order_in_which_they_came(model: Model) -> None:
    async with hearing(model), asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(heard(b"%d" % number))
            await (waiting(number) if number else model.has_begun())
        model.gate.set()
    assert model.done == [b"0", b"1", b"2", b"3", b"4"]


async def test_who_has_been_silent_longest_is_next(model: Model) -> None:
    hour_ms = 3_600_000.0
    async with hearing(model), asyncio.TaskGroup() as group:
        group.create_task(heard(b"running"))
        await model.has_begun()
        for number, silent_ms in enumerate((1 * hour_ms, 0.0, 2 * hour_ms)):
            group.create_task(heard(b"%d" % number, silent_ms))
            await waiting(number + 1)
        model.gate.set()
    assert model.done == [b"running", b"2", b"0", b"1"]


async def test_a_job_that_is_dropped_while_it_runs_ends_after_its_step(model: Model) -> None:
    async with hearing(model), asyncio.TaskGroup() as group:
        dropped = group.create_task(heard(b"dropped"))
        await model.has_begun()
        dropped.cancel()
        with suppress(asyncio.CancelledError):
            await dropped
        kept = group.create_task(heard(b"kept"))
        await waiting(1)
        model.gate.set()
        assert await kept == "kept"
    assert model.done == [b"dropped", b"kept"]
    assert model.finished == [b"kept"]


async def test_a_full_queue_refuses_who_has_been_silent_for_the_shortest_time(model: Model) -> None:
    async with hearing(model, waiting=1), asyncio.TaskGroup() as group:
        jobs = [group.create_task(heard(b"decoding"))]
        await model.has_begun()
        young = group.create_task(refusal(b"speculative"))
        await waiting(1)
        jobs.append(group.create_task(heard(b"older", 3_600_000.0)))
        assert "jobs are queued already" in await young
        model.gate.set()
    assert [job.result() for job in jobs] == ["decoding", "older"]


async def test_a_sentence_comes_piece_by_piece(model: Model) -> None:
    model.gate.set()
    async with speaking(model):
        pieces = [piece async for piece in RemoteSynthesizer(SOCKET).speak("abc")]
    assert pieces == [b"a", b"b", b"c"]


async def test_a_cancelled_job_that_waits_is_never_decoded(model: Model) -> None:
    async with hearing(model), asyncio.TaskGroup() as group:
        first = group.create_task(heard(b"first"))
        await model.has_begun()
        speculative = group.create_task(heard(b"speculative"))
        await waiting(1)
        speculative.cancel()
        with suppress(asyncio.CancelledError):
            await speculative
        await waiting(0)
        last = group.create_task(heard(b"last"))
        await waiting(1)
        model.gate.set()
    assert [first.result(), last.result()] == ["first", "last"]
    assert model.done == [b"first", b"last"]


async def test_first_pieces_of_others_go_before_the_rest_of_a_sentence(model: Model) -> None:
    async def said(text: str) -> bytes:
        return b"".join([piece async for piece in RemoteSynthesizer(SOCKET).speak(text)])

    async with speaking(model), asyncio.TaskGroup() as group:
        first = group.create_task(said("abc"))
        await model.has_begun()
        second = group.create_task(said("xy"))
        async with asyncio.timeout(WAIT_S):
            while not REGISTRY.get_sample_value(  # noqa: ASYNC110 - of its own
                "voicebot_speech_jobs_waiting", {"engine": "tts"}
            ):
                await asyncio.sleep(0)
        model.gate.set()
    assert (first.result(), second.result()) == (b"abc", b"xy")
    assert model.done == [b"a", b"x", b"b", b"y", b"c"]


async def test_a_sentence_left_early_stops_at_its_next_piece(model: Model) -> None:
    async with speaking(model):
        tts = RemoteSynthesizer(SOCKET)
        model.gate.set()
        async with aclosing(tts.speak("a" * 400)) as pieces:
            assert await anext(pieces) == b"a"
        assert [piece async for piece in tts.speak("b")] == [b"b"]
    assert len(model.done) < 401


async def test_too_many_jobs_are_refused_at_once(model: Model) -> None:
    async with hearing(model, waiting=1), asyncio.TaskGroup() as group:
        jobs = [group.create_task(heard(b"decoding"))]
        await model.has_begun()
        jobs.append(group.create_task(heard(b"waiting")))
        await waiting(1)
        assert "1 jobs are queued already" in await refusal(b"too many")
        model.gate.set()
    assert [job.result() for job in jobs] == ["decoding", "waiting"]


async def test_a_job_that_breaks_the_model_ends_alone(
    model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    model.gate.set()
    async with hearing(model):
        assert "the model failed: RuntimeError" in await refusal(b"bad")
        assert await heard(b"good") == "good"
    assert "speech_job_failed" in capsys.readouterr().err


async def test_a_model_that_hangs_is_given_up(model: Model) -> None:
    async with hearing(model, workers=2):
        assert "within" in await refusal(b"slow", deadline_s=0.05)
        model.gate.set()
        assert await heard(b"quick") == "quick"


async def test_a_missing_process_is_reported_at_once() -> None:
    assert "voicebot serve" in await refusal(b"hello")


async def test_the_end_of_a_process_fails_its_jobs_and_its_successor_is_used(model: Model) -> None:
    async with asyncio.TaskGroup() as group, hearing(model):
        jobs = [group.create_task(refusal(b"running"))]
        await model.has_begun()
        jobs.append(group.create_task(refusal(b"queued")))
        await waiting(1)
        group.create_task(open_after(jobs, model.gate))
    assert all("ended" in job.result() for job in jobs)
    async with hearing(model):
        assert await heard(b"again") == "again"
    assert b"queued" not in model.done


async def open_after(jobs: list[asyncio.Task[str]], gate: threading.Event) -> None:
    """Let the running decode end, for which the process waits, but no client."""
    await asyncio.wait(jobs)
    gate.set()


@pytest.mark.parametrize("message", ["text", b"nonsense", b'{"do":"speak","text":"x"}\n'])
async def test_an_invalid_message_closes_only_its_connection(
    model: Model, message: str | bytes
) -> None:
    model.gate.set()
    async with hearing(model):
        async with connect() as stranger:
            await stranger.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                await stranger.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1007
        assert await heard(b"good") == "good"


async def test_a_connection_may_carry_one_job_after_another(model: Model) -> None:
    model.gate.set()
    async with hearing(model), connect() as line:
        for utterance in (b"one", b"two"):
            await line.send(pack(Hear(), utterance))
            reply, _ = unpack(Reply, await line.recv())
            assert reply.text == utterance.decode()


async def test_a_client_that_never_reads_does_not_hold_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("voicebot.speech.inference_server._SEND_DEADLINE_S", 0.05)

    def flood(job: Speak, audio: bytes) -> Iterator[tuple[Reply, bytes]]:
        while job.text == "endless":
            yield Reply(do=Kind.SOUND), bytes(1 << 19)
        yield Reply(do=Kind.SOUND), b"sound"

    server = InferenceServer(SpeechProcess.TTS, Speak, flood, workers=1)
    async with serving(server), connect() as stuck:
        await stuck.send(pack(Speak(text="endless")))
        await stuck.recv()
        async with aclosing(RemoteSynthesizer(SOCKET).speak("short")) as pieces:
            assert await anext(pieces) == b"sound"


async def test_metrics_tell_how_long_jobs_waited_and_how_many_were_refused(model: Model) -> None:
    kept = [("wait_seconds_count", {}), ("work_seconds_count", {}),
            ("failures_total", {"reason": "busy"})]  # fmt: skip
    before = [sample(name, **labels) for name, labels in kept]
    async with hearing(model, waiting=2), asyncio.TaskGroup() as group:
        group.create_task(heard(b"one"))
        await model.has_begun()
        for number in (1, 2):
            group.create_task(heard(b"more"))
            await waiting(number)
        await refusal(b"too many")
        model.gate.set()
    assert sample("jobs_waiting") == 0
    after = [sample(name, **labels) for name, labels in kept]
    assert [a - b for a, b in zip(after, before, strict=True)] == [3, 3, 1]
