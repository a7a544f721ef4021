"""`python -m tests.page.caller WS CONSOLE SID [STEP]`: the default caller.

Its clips are cut to bare speech, as the null recogniser knows them; with `--real` as recorded.
With STEP it hangs up there; with `--interrupt MS` it says its name so far into the greeting; with
`--as sarah` another person calls.
"""

import argparse
import asyncio
import sys
import zlib
from dataclasses import replace
from pathlib import Path

from voicebot.call import Step
from voicebot.simulators.phone import (
    CALLED,
    Caller,
    Clock,
    Console,
    Dialled,
    Kind,
    Outcome,
    Provider,
    Script,
    ScriptLine,
    default_script,
    spoken,
)

PEOPLE: dict[str, dict[str, str]] = {
    "john": {},
    "sarah": {
        "name": "name02",
        "phone": "phone02",
        "service": "serv03",
        "time": "time05",
    },
}
"""The clips that are other than the default caller's."""


class Unmoved:
    """An observer that looks on."""

    def said(self, who: str, text: str) -> None:
        """Do nothing."""

    def answered(self, latency_ms: float) -> None:
        """Do nothing."""

    def noticed(self, text: str) -> None:
        print(text, file=sys.stderr)


def script_of(person: str, interrupt_ms: int | None) -> Script:
    script = default_script()
    folder = Path(script.lines["name"][0].text).parent
    lines = dict(script.lines)
    for key, clip in PEOPLE[person].items():
        lines[key] = (ScriptLine(Kind.RECORDING, str(folder / f"{clip}.wav")),)
    if interrupt_ms is not None:
        lines["name"] = (replace(lines["name"][0], interrupt_after_ms=interrupt_ms),)
    return Script(lines, script.correct if person == "john" else {})


def number_of(sid: str) -> str:
    """Each call's own: a caller who was cut off is known by it when they call again."""
    return f"+61491570{zlib.crc32(sid.encode()) % 1000:03d}"


async def place(asked: argparse.Namespace) -> Outcome:
    script = script_of(asked.person, asked.interrupt)
    clips = await spoken(script, Path())
    if not asked.real:
        clips = {line: clip.cut() for line, clip in clips.items()}
    seen = Unmoved()
    caller = Caller(
        script, clips, seen, console=Console(asked.console, asked.sid), hangup_after=asked.step
    )
    await caller.skip_history()
    dialled = Dialled(asked.url, asked.sid, number_of(asked.sid), CALLED)
    return await Provider(dialled, Clock(), seen.noticed).carry(caller.talk)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("url", "console", "sid"):
        parser.add_argument(name)
    parser.add_argument("step", nargs="?", type=Step)
    parser.add_argument("--interrupt", type=int, metavar="MS")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--as", dest="person", choices=PEOPLE, default="john")
    return parser.parse_args()


if __name__ == "__main__":
    outcome = asyncio.run(place(arguments()))
    sys.exit({Outcome.HUNG_UP: 0, Outcome.CALLER_LEFT: 3}.get(outcome, 1))
