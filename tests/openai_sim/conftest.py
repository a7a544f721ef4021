"""A simulator on loopback that answers at once, and its recordings as a client would send them."""

from __future__ import annotations

import json
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from voicebot.openai_sim.clips import Clips, load_clips
from voicebot.openai_sim.command import CLIPS
from voicebot.openai_sim.latency import Latencies
from voicebot.openai_sim.serving import serving
from voicebot.openai_sim.simulator import Simulator

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


@pytest.fixture
def simulator(clips: Clips) -> Simulator:
    return Simulator(clips, Latencies(0), key=KEY)


@pytest.fixture
async def url(simulator: Simulator) -> AsyncIterator[str]:
    """Its base URL."""
    async with serving(simulator) as base:
        yield base


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        yield client
