"""A simulator on loopback that answers at once, and its recordings as a client would send them."""

import asyncio
import itertools
import json
import queue
import threading
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.routing import Mount

from voicebot.simulators.openai.app import create_app
from voicebot.simulators.openai.clips import Clips, load_clips
from voicebot.simulators.openai.command import CLIPS, serving
from voicebot.simulators.openai.simulator import Simulator, published

KEY = "sk-sim"

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Recorded:
    """One recording of the phone: its words and its samples at 8 kHz."""

    file: str
    text: str
    samples: Samples


def _recorded() -> tuple[Recorded, ...]:
    found = []
    for entry in json.loads(CLIPS.read_text()):
        with wave.open(str(CLIPS.parent / entry["file"])) as recording:
            assert recording.getframerate() == 8000
            samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
        found.append(Recorded(entry["file"], entry["text"], samples.astype(np.int16)))
    return tuple(found)


RECORDED = _recorded()


def recorded(file: str) -> Recorded:
    return next(clip for clip in RECORDED if clip.file == file)


@pytest.fixture(scope="session")
def clips() -> Clips:
    return load_clips(CLIPS)


_numbers = itertools.count(1)


@dataclass(frozen=True)
class Served:
    """A server for all tests, in a thread with a loop of its own."""

    doors: Starlette
    address: str

    @contextmanager
    def open(self, simulator: Simulator) -> Iterator[str]:
        """The base URL of this simulator alone: a request that an earlier test gave up, and
        that comes only now, finds nobody.
        """
        way = f"/{next(_numbers)}"
        self.doors.router.routes = [Mount(way, create_app(simulator))]
        yield self.address.replace("/v1", f"{way}/v1")
        self.doors.router.routes = []


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    doors = Starlette()
    loop, urls = asyncio.new_event_loop(), queue.SimpleQueue[str]()
    stopping = asyncio.Event()

    async def serve() -> None:
        async with serving(doors) as url:
            urls.put(url)
            await stopping.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    yield Served(doors, urls.get(timeout=30))
    loop.call_soon_threadsafe(stopping.set)
    thread.join(30)
    loop.close()


@pytest.fixture
def simulator(clips: Clips) -> Simulator:
    """A fresh one."""
    return Simulator(clips, published(0), key=KEY)


@pytest.fixture
def url(served: Served, simulator: Simulator) -> Iterator[str]:
    """Its base URL."""
    with served.open(simulator) as url:
        yield url


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        yield client
