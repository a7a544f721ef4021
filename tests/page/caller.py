"""`python -m tests.page.caller WS CONSOLE SID [STEP]`: the default caller, for doubled ears.

Its clips are cut to bare speech, as the null recogniser knows them. With STEP it hangs up there.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from voicebot.call import Step
from voicebot.phone.caller import Caller
from voicebot.phone.clock import Clock
from voicebot.phone.console import Console
from voicebot.phone.provider import Dialled, Outcome, Provider
from voicebot.phone.recordings import default_script, spoken
from voicebot.phone.report import Report


async def place(url: str, console: str, sid: str, hangup_after: Step | None) -> Outcome:
    script = default_script()
    clips = {line: clip.cut() for line, clip in (await spoken(script, Path())).items()}
    report = Report(quiet=False)
    office = Console(console, sid)
    caller = Caller(script, clips, report, console=office, hangup_after=hangup_after)
    await caller.skip_history()
    dialled = Dialled(url, sid, "+61255501234", "+61255501000")
    return await Provider(dialled, Clock(), report.noticed).carry(caller.talk)


if __name__ == "__main__":
    url, console, sid, *step = sys.argv[1:]
    outcome = asyncio.run(place(url, console, sid, Step(step[0]) if step else None))
    sys.exit({Outcome.HUNG_UP: 0, Outcome.CALLER_LEFT: 3}.get(outcome, 1))
