"""Jobs at the inference server: concurrent, cancelled, refused, isolated from each other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from voicebot.runtime.process import Lifetime
from voicebot.speech.inference_server import InferenceServer, Work
from voicebot.speech.models import SpeechProcess
from voicebot.speech.wire import (
    Cancel,
    Failed,
    Hear,
    Heard,
    Job,
    Reason,
    Reply,
    Sound,
    Speak,
    Spoken,
    pack,
    unpack_reply,
)

WAIT_S = 60


class Model:
    """Echoes an utterance as its text; holds every job until the gate is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = threading.Semaphore(0)
        self.decoded: list[bytes] = []

    def work(self, job: Job, audio: bytes) -> Iterator[tuple[Reply, bytes]]:
        if isinstance(job, Speak):
            yield from self.speak(job)
            return
        self.begun.release()
        assert self.gate.wait(WAIT_S)
        self.decoded.append(audio)
        if audio == b"bad":
            raise RuntimeError("out of memory")
        yield Heard(id=job.id, text=audio.decode(), seconds=0), b""

    def speak(self, job: Speak) -> Iterator[tuple[Reply, bytes]]:
        for letter in job.text:
            self.begun.release()
            assert self.gate.wait(WAIT_S)
            self.decoded.append(letter.encode())
            yield Sound(id=job.id, seconds=0), letter.encode()
        yield Spoken(id=job.id), b""

    async def has_begun(self) -> None:
        """One more job is inside the model."""
        assert await asyncio.to_thread(self.begun.acquire, timeout=WAIT_S)


@asynccontextmanager
async def desk(work: Work, socket: Path, **size: int) -> AsyncGenerator[None, None]:
    lifetime = Lifetime()
    listening = asyncio.Event()
    lifetime.ready = lambda text="": listening.set()  # type: ignore[method-assign]
    async with asyncio.TaskGroup() as group:
        group.create_task(InferenceServer(SpeechProcess.STT, work, **size).serve(socket, lifetime))
        try:
            async with asyncio.timeout(WAIT_S):
                await listening.wait()
            yield
        finally:
            lifetime.stopping.set()


@pytest.fixture
def socket() -> Path:
    return Path("desk.sock")


def connect(socket: Path) -> AbstractAsyncContextManager[ClientConnection]:
    return unix_connect(str(socket), "ws://localhost/", compression=None)


async def reply(line: ClientConnection) -> tuple[Reply, bytes]:
    async with asyncio.timeout(WAIT_S):
        return unpack_reply(await line.recv())


async def texts(line: ClientConnection, count: int) -> list[str]:
    found = [(await reply(line))[0] for _ in range(count)]
    return [r.text if isinstance(r, Heard) else type(r).__name__ for r in found]


async def test_two_jobs_are_decoded_at_once(socket: Path) -> None:
    model = Model()
    async with desk(model.work, socket, workers=2), connect(socket) as line:
        await line.send(pack(Hear(id=1), b"one"))
        await line.send(pack(Hear(id=2), b"two"))
        await model.has_begun()
        await model.has_begun()  # neither waits for the other
        model.gate.set()
        assert sorted(await texts(line, 2)) == ["one", "two"]


async def test_a_cancelled_job_that_waits_is_never_decoded(socket: Path) -> None:
    model = Model()
    async with desk(model.work, socket, workers=1), connect(socket) as line:
        await line.send(pack(Hear(id=1), b"first"))
        await model.has_begun()
        await line.send(pack(Hear(id=2), b"speculative"))
        await line.send(pack(Cancel(id=2)))
        await line.send(pack(Hear(id=3), b"last"))
        await (await line.ping())  # the server has read all
        model.gate.set()
        assert await texts(line, 2) == ["first", "last"]
    assert model.decoded == [b"first", b"last"]


async def test_a_cancelled_sentence_stops_at_its_next_piece(socket: Path) -> None:
    model = Model()
    async with desk(model.work, socket, workers=1), connect(socket) as line:
        await line.send(pack(Speak(id=1, text="abcdef")))
        await model.has_begun()
        await line.send(pack(Cancel(id=1)))
        await line.send(pack(Hear(id=2), b"next"))
        async with asyncio.timeout(WAIT_S):
            await (await line.ping())  # the desk has read both
        model.gate.set()
        assert await texts(line, 1) == ["next"]
    assert model.decoded == [b"a", b"next"]


async def test_too_many_jobs_are_refused_at_once(socket: Path) -> None:
    model = Model()
    async with desk(model.work, socket, workers=1, waiting=1), connect(socket) as line:
        await line.send(pack(Hear(id=1), b"decoding"))
        await model.has_begun()
        await line.send(pack(Hear(id=2), b"waiting"))
        await line.send(pack(Hear(id=3), b"too many"))
        refused, _ = await reply(line)
        assert isinstance(refused, Failed)
        assert (refused.id, refused.reason) == (3, Reason.BUSY)
        model.gate.set()
        assert await texts(line, 2) == ["decoding", "waiting"]


async def test_one_client_does_not_hold_up_another(socket: Path) -> None:
    model = Model()
    async with (
        desk(model.work, socket, workers=1, waiting=9),
        connect(socket) as busy,
        connect(socket) as quiet,
    ):
        for number in range(4):
            await busy.send(pack(Hear(id=number), b"busy"))
        await model.has_begun()
        await (await busy.ping())
        await quiet.send(pack(Hear(id=0), b"quiet"))
        await (await quiet.ping())
        model.gate.set()
        assert await texts(quiet, 1) == ["quiet"]
        assert await texts(busy, 4) == ["busy"] * 4
    assert model.decoded.index(b"quiet") <= 2


async def test_a_client_who_leaves_takes_its_jobs_along(socket: Path) -> None:
    model = Model()
    async with desk(model.work, socket, workers=1), connect(socket) as line:
        async with connect(socket) as leaving:
            await leaving.send(pack(Hear(id=1), b"decoding"))
            await model.has_begun()
            await leaving.send(pack(Hear(id=2), b"never"))
        await line.send(pack(Hear(id=1), b"mine"))
        model.gate.set()
        assert await texts(line, 1) == ["mine"]
    assert model.decoded == [b"decoding", b"mine"]


async def test_a_job_that_breaks_the_model_ends_alone(
    socket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Model()
    model.gate.set()
    async with desk(model.work, socket, workers=1), connect(socket) as line:
        await line.send(pack(Hear(id=1), b"bad"))
        broken, _ = await reply(line)
        assert isinstance(broken, Failed)
        assert broken.reason is Reason.BROKEN
        await line.send(pack(Hear(id=2), b"good"))
        assert await texts(line, 1) == ["good"]
    assert "speech_job_failed" in capsys.readouterr().err


@pytest.mark.parametrize("message", ["text", b"nonsense", b'{"do":"hear"}\n'])
async def test_an_invalid_message_closes_only_its_connection(
    socket: Path, message: str | bytes
) -> None:
    model = Model()
    model.gate.set()
    async with desk(model.work, socket, workers=1), connect(socket) as line:
        async with connect(socket) as stranger:
            await stranger.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                await reply(stranger)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1007
        await line.send(pack(Hear(id=2), b"good"))
        assert await texts(line, 1) == ["good"]


async def test_a_client_that_never_reads_does_not_hold_the_model(
    socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.speech.inference_server._SEND_DEADLINE_S", 0.05)
    half_mebibyte = bytes(1 << 19)

    def flood(job: Job, audio: bytes) -> Iterator[tuple[Reply, bytes]]:
        if isinstance(job, Hear):
            yield Heard(id=job.id, text="heard", seconds=0), b""
        while isinstance(job, Speak):
            yield Sound(id=job.id, seconds=0), half_mebibyte

    async with desk(flood, socket, workers=1), connect(socket) as stuck, connect(socket) as line:
        await stuck.send(pack(Speak(id=1, text="endless")))
        assert isinstance((await reply(stuck))[0], Sound)
        await line.send(pack(Hear(id=1)))
        assert await texts(line, 1) == ["heard"]


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"voicebot_speech_{name}", {"engine": "stt", **labels}) or 0.0


async def test_a_pager_is_told_who_waits_how_long_and_who_was_refused(tmp_path: Path) -> None:
    model, socket = Model(), tmp_path / "desk.sock"
    before = {
        name: sample(name, **labels)
        for name, labels in (
            ("wait_seconds_count", {}),
            ("work_seconds_count", {}),
            ("failures_total", {"reason": "busy"}),
        )
    }
    async with (
        desk(model.work, socket, workers=1, waiting=2) as _,
        unix_connect(str(socket)) as ear,
    ):
        await ear.send(pack(Hear(id=1), b"one"))
        await model.has_begun()
        for number in (2, 3, 4):
            await ear.send(pack(Hear(id=number), b"more"))
        refused, _ = unpack_reply(await ear.recv())
        assert isinstance(refused, Failed)
        assert sample("jobs_waiting") == 2
        model.gate.set()
        for _ in range(3):
            await ear.recv()
    assert sample("jobs_waiting") == 0
    assert sample("wait_seconds_count") - before["wait_seconds_count"] == 3
    assert sample("work_seconds_count") - before["work_seconds_count"] == 3
    assert sample("failures_total", reason="busy") - before["failures_total"] == 1
