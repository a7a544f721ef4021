"""The simulated phones, in their own process: `python -m voicebot.bench.load ORDER RESULT`.

Keeps a number of calls up at once until the time is over, and writes the measured latencies. The
calls start spread over the first seconds.

Real callers' frames do not arrive at the same moments. So each line sends at its own phase within
the 20 ms of a frame, and the phases are spread evenly.

    line 1   |···········|···········|      each bar is a sent frame; all calls of
    line 2    |···········|···········|     a line begin at its phase
"""

import asyncio
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from voicebot.bench.run import Order, Tally
from voicebot.errors import PhoneError
from voicebot.runtime.process import Lifetime, run
from voicebot.simulators.phone import (
    CALLED,
    FRAME_S,
    Caller,
    Clip,
    Clock,
    Console,
    Dialled,
    Outcome,
    Provider,
    Script,
    ScriptLine,
    default_script,
    new_call_sid,
    new_caller,
    spoken,
)

_SPREAD_S: Final = 0.1
"""Between the first frames of two callers."""
_LONGEST_SPREAD_S: Final = 5.0
_RETRY_S: Final = 0.5
_LAST_WORDS_S: Final = 10.0


class Phones:
    """All phones of one order."""

    def __init__(self, order: Order, script: Script, clips: Mapping[ScriptLine, Clip]) -> None:
        self.tally = Tally()
        self._order = order
        self._script = script
        self._clips = clips
        self._clock = Clock()
        self._carrying: set[Provider] = set()

    async def call(self) -> None:
        """Keep every line busy for its time, then hang up.

        Lines end one after the other, as they began, to avoid an unrealistic burst of commits.
        """
        spread_s = min(_SPREAD_S, _LONGEST_SPREAD_S / self._order.calls)
        async with asyncio.TaskGroup() as group:
            for place in range(self._order.calls):
                phase_s = FRAME_S * place / self._order.calls
                group.create_task(self._keep_calling(place * spread_s, phase_s))

    def hang_up(self) -> None:
        """End every running call."""
        for provider in self._carrying:
            provider.hang_up()

    async def _keep_calling(self, begin_s: float, phase_s: float) -> None:
        await self._clock.until(begin_s)
        until = begin_s + self._order.seconds
        while self._clock.now() < until:
            await self._clock.until(next_of_phase(self._clock.now(), phase_s))
            if not await self._one_call(until):
                await asyncio.sleep(_RETRY_S)

    async def _one_call(self, until: float) -> bool:
        """Place one call, which hangs up at `until`; return whether it went well."""
        sid = new_call_sid()
        console = Console(self._order.console, sid) if self._order.console else None
        caller = Caller(self._script, self._clips, self.tally, console=console)
        dialled = Dialled(self._order.url, sid, new_caller(), CALLED)
        provider = Provider(dialled, self._clock, self.tally.noticed)
        left_s = max(0.0, until - self._clock.now())
        time_up = asyncio.get_running_loop().call_later(left_s, provider.hang_up)
        self.tally.placed += 1
        self._carrying.add(provider)
        try:
            if self._order.direct:  # the server ends a call as it likes, without a word of why
                await provider.stream(caller.talk)
                return bool(provider.lines)
            outcome = await provider.carry(caller.talk)
        except PhoneError as error:
            self.tally.errors.append(str(error))
            return False
        finally:
            time_up.cancel()
            self._carrying.discard(provider)
            self._count_frames(provider)
        if outcome is Outcome.HUNG_UP:
            self.tally.finished.append(sid)
        elif outcome is not Outcome.CALLER_LEFT or self._clock.now() < until:
            self.tally.errors.append(f"a call ended as {outcome.value}")
            return False
        return True

    def _count_frames(self, provider: Provider) -> None:
        self.tally.errors += provider.complaints
        for line in provider.lines:
            self.tally.frames += line.playout.frames
            self.tally.late_frames += line.playout.late_frames
            self.tally.messages += line.playout.messages
            self.tally.gaps_ms += [round(gap_s * 1000, 3) for gap_s in line.playout.gaps_s]
            if line.first_word_s is not None:
                self.tally.first_word_ms.append(round(line.first_word_s * 1000, 3))
            self.tally.phone_lag_ms.append(round(line.lag_s * 1000, 3))


def next_of_phase(now_s: float, phase_s: float) -> float:
    """Return the next moment that is `phase_s` after a multiple of the frame length."""
    return math.ceil((now_s - phase_s) / FRAME_S) * FRAME_S + phase_s


async def main(lifetime: Lifetime) -> None:
    """Run the order and write the tally, also when stopped early."""
    order = Order.model_validate_json(sys.argv[1])
    script = default_script()
    clips = await spoken(script, Path())
    if order.clean:
        clips = {line: clip.cut() for line, clip in clips.items()}
    phones = Phones(order, script, clips)
    lifetime.ready()
    async with asyncio.TaskGroup() as group:
        calling = group.create_task(phones.call())
        stopping = group.create_task(lifetime.stopping.wait())
        await asyncio.wait((calling, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        phones.hang_up()
        await asyncio.wait((calling,), timeout=_LAST_WORDS_S)
        calling.cancel()
    await asyncio.to_thread(Path(sys.argv[2]).write_text, phones.tally.model_dump_json(), "utf-8")


if __name__ == "__main__":
    run(main)
