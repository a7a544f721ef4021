"""Callers who talk a third of the time, whatever the bot says: `python -m benchmarks.beside.paced`.

They speak to any server of the provider's dialect, straight at its stream address, and never stop.
So two servers can be put side by side under the same audio. A caller's track is the shipped clips,
each followed by twice its length without voice, over the noise of a line:

    voice  ████      ██████            ███      …   and again from the beginning
    noise  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒

Each caller begins at another place of the track, and at its own phase within a frame.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import numpy as np
from pydantic import BaseModel

from voicebot import g711
from voicebot.bench.load import next_of_phase
from voicebot.errors import PhoneError
from voicebot.runtime.process import Lifetime, run
from voicebot.runtime.started import started
from voicebot.simulators.phone import (
    CALLED,
    FRAME_S,
    Clip,
    Clock,
    Dialled,
    MediaStream,
    Provider,
    new_call_sid,
    new_caller,
    shipped,
    shipped_clip,
)

QUIET_LINE_DBFS: Final = -62.0
"""The noise of a good telephone line."""
STEADY_NOISE_DBFS: Final = -40.0
"""A fan, a car: 20 dB under the voice."""

_SPREAD_S: Final = 2.0
_SETTLE_S: Final = 3.0
"""After the last call has begun: greetings are sent, and detectors know the noise."""
_AHEAD_S: Final = 1.0
_SEED: Final = 8000


class Order(BaseModel):
    """The task of the callers; `noise_dbfs` is the level of the noise on the line."""

    url: str
    calls: int
    noise_dbfs: float


@asynccontextmanager
async def paced_callers(order: Order) -> AsyncIterator[None]:
    """Keep the calls up, in a process of their own, for the time of the block.

    Raises StartFailed when a stream does not open, PhoneError when one ends before the block.
    """
    command = (sys.executable, "-m", "benchmarks.beside.paced", order.model_dump_json())
    async with started(command) as process:
        yield
        if process.returncode is not None:
            raise PhoneError("the callers ended too soon; their output is above")


def track(noise_dbfs: float) -> bytes:
    """Return a caller's track, mu-law; its length is a whole number of frames."""
    pieces = []
    for file in sorted(shipped()):
        voice = g711.decode(shipped_clip(file).cut().audio).astype(np.float64)
        pieces += [voice, np.zeros(2 * len(voice))]
    clean = np.concatenate(pieces)
    clean = clean[: len(clean) // g711.FRAME_BYTES * g711.FRAME_BYTES]
    random = np.random.default_rng(_SEED)
    level = 32768 * 10 ** (noise_dbfs / 20)
    noisy = np.clip(clean + level * random.standard_normal(len(clean)), -32768, 32767)
    return g711.encode(np.round(noisy).astype(np.int16))


class _Callers:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._clock = Clock()
        self._carrying: list[Provider] = []
        self._track = track(order.noise_dbfs)

    async def call(self, place: int) -> None:
        """Hold one call until it is hung up; raises PhoneError when the server ends it."""
        order = self._order
        begin_s = _SPREAD_S * place / order.calls
        await self._clock.until(next_of_phase(begin_s, FRAME_S * place / order.calls))
        dialled = Dialled(order.url, new_call_sid(), new_caller(), CALLED)
        problems: list[str] = []
        provider = Provider(dialled, self._clock, problems.append)
        self._carrying.append(provider)
        at = len(self._track) * place // order.calls // g711.FRAME_BYTES * g711.FRAME_BYTES
        clip = Clip("", self._track[at:] + self._track[:at])

        async def talk(line: MediaStream) -> None:
            ends_s = self._clock.now()
            while True:
                line.speak(clip)
                ends_s += len(clip.audio) / g711.RATE_HZ
                await self._clock.until(ends_s - _AHEAD_S)

        await provider.stream(talk)
        if not any(line.hung_up for line in provider.lines):
            raise PhoneError("; ".join(problems) or "the server ended a call")

    def hang_up(self) -> None:
        """End all calls."""
        for provider in self._carrying:
            provider.hang_up()


async def main(lifetime: Lifetime) -> None:
    """Hold the calls until stopped; report ready when all of them have settled."""
    order = Order.model_validate_json(sys.argv[1])
    callers = _Callers(order)
    async with asyncio.TaskGroup() as group:
        for place in range(order.calls):
            group.create_task(callers.call(place))
        settling = asyncio.create_task(asyncio.sleep(_SPREAD_S + _SETTLE_S))
        stopping = asyncio.create_task(lifetime.stopping.wait())
        await asyncio.wait((settling, stopping), return_when=asyncio.FIRST_COMPLETED)
        lifetime.ready()
        await stopping
        settling.cancel()
        callers.hang_up()


if __name__ == "__main__":
    run(main)
