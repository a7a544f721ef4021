"""`python -m tests.page.caller WS CONSOLE SID [STEP]`: the default caller, for doubled ears.

Its clips are cut to bare speech, as the null recogniser knows them. With STEP it hangs up there;
with `--real` its clips are as recorded, and stdout tells in JSON lines when it said what.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from voicebot.call import Step
from voicebot.phone.caller import Caller
from voicebot.phone.clock import Clock
from voicebot.phone.console import Console
from voicebot.phone.provider import Dialled, Outcome, Provider
from voicebot.phone.recordings import default_script, spoken


class Timetable:
    """An observer that tells when the caller began to say what."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def bot_said(self, text: str) -> None:
        """Not of interest here."""

    def caller_said(self, text: str) -> None:
        print(json.dumps({"at_s": time.monotonic() - self._began, "said": text}), flush=True)

    def answered(self, latency_ms: float) -> None:
        """Not of interest here."""

    def noticed(self, text: str) -> None:
        print(text, file=sys.stderr)


async def place(url: str, console: str, sid: str, step: Step | None, *, real: bool) -> Outcome:
    script = default_script()
    clips = await spoken(script, Path())
    if not real:
        clips = {line: clip.cut() for line, clip in clips.items()}
    seen = Timetable()
    caller = Caller(script, clips, seen, console=Console(console, sid), hangup_after=step)
    await caller.skip_history()
    dialled = Dialled(url, sid, "+61255501234", "+61255501000")
    return await Provider(dialled, Clock(), seen.noticed).carry(caller.talk)


if __name__ == "__main__":
    url, console, sid, *rest = sys.argv[1:]
    real = "--real" in rest
    steps = [Step(word) for word in rest if word != "--real"]
    outcome = asyncio.run(place(url, console, sid, steps[0] if steps else None, real=real))
    sys.exit({Outcome.HUNG_UP: 0, Outcome.CALLER_LEFT: 3}.get(outcome, 1))
