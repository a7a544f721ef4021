"""Whole calls through the very collector that phone and chat use: how many fields end up right.

    python benchmarks/whole_calls.py CASES_DIR [--show ID]

CASES_DIR holds calls as JSON Lines (`turns`, `services`, `reference_time`, `region`) and
`score.py`, which alone decides what is right; nothing of it is read into the project. The next
turn is said whenever the bot has spoken, whatever it asked; a turn is repeated once when its step
is asked again. The clock stands at the call's own time and the business is always open. The exit
status is 1 when fewer fields than HELD_SHARE are right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from voicebot.business import WEEKDAYS, Booking, Business, Company, Hours, Offer
from voicebot.call import CallSid, CallState, Change, Place, Saved, Step
from voicebot.collect.collector import Conversation, SayAloud, understand_by_rules
from voicebot.collect.dialogue import begin
from voicebot.collect.events import Ending, Started, Utterance

HELD_SHARE = 0.95
_ZONE = "UTC"
_SCORER = "score.py"


@dataclass
class Notes:
    """A ledger in memory, with a calendar in which everything is free."""

    state: CallState = field(default_factory=CallState)
    values: dict[Step, str] = field(default_factory=dict)

    @property
    def appointments(self) -> Notes:
        """The calendar."""
        return self

    async def hold(self, start: datetime) -> Place:
        """Always free."""
        return Place.YOURS

    book = hold

    async def free_near(self, wanted: datetime) -> tuple[datetime, ...]:
        """Never asked."""
        return ()

    async def commit(self, change: Change) -> Saved:
        """Nothing to keep: the dialogue's own state is looked at."""
        return Saved.MEMORY

    async def continue_earlier(self, earlier: CallSid) -> None:
        """There is no earlier call."""


def main(arguments: Sequence[str]) -> int:
    """Run every call, score, print; 2 when there are none."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", type=Path, metavar="CASES_DIR")
    parser.add_argument("--show", metavar="ID", help="print this call's conversation")
    options = parser.parse_args(arguments)
    calls = [call for path in sorted(options.cases.glob("*.jsonl")) for call in _calls(path)]
    if not calls:
        print(f"no whole calls in {options.cases}", file=sys.stderr)
        return 2
    results = [asyncio.run(_run(call, show=call["id"] == options.show)) for call in calls]
    right, of = _score(options.cases, calls, results)
    print(f"{right} of {of} fields right in {len(calls)} calls: {right / of:.1%}")
    return 0 if right / of >= HELD_SHARE else 1


def _calls(path: Path) -> list[Mapping[str, Any]]:
    lines = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
    return [line for line in lines if "turns" in line]


async def _run(call: Mapping[str, Any], *, show: bool) -> dict[str, object]:
    """One call from its first question to its last turn, or to the bot's goodbye."""
    now = datetime.fromisoformat(call["reference_time"]).replace(tzinfo=ZoneInfo(_ZONE))
    business, said = _business(call), list[str]()
    notes = Notes()
    talk = Conversation(
        begin(business, notes.state), say=_say(said), ledger=notes, clock=lambda: now
    )
    ending = await talk.take_turn(Started())
    for turn in call["turns"]:
        for _ in range(2):
            if ending is not None:
                break
            asked = talk.dialogue
            ending = await _say_turn(talk, turn["utterance"], now, said)
            if not _asked_again(asked.step, talk, turn):
                break
    if show:
        print("\n".join(said))
    return {"id": call["id"], "fields": _fields(talk, ending)}


async def _say_turn(talk: Conversation, text: str, now: datetime, said: list[str]) -> Ending | None:
    said.append(f"caller  {text}")
    return await talk.take_turn(await talk.heard(Utterance(text, now), understand_by_rules))


def _asked_again(step: Step, talk: Conversation, turn: Mapping[str, Any]) -> bool:
    """Was the turn's own step asked, and is it asked once more because it was not understood?"""
    held = talk.dialogue
    return turn["step"] == step == held.step and held.attempts > 0 and held.value(step) is None


def _fields(talk: Conversation, ending: Ending | None) -> dict[str, str]:
    held = talk.dialogue
    values = {step.value: value for step, value in held.answers.items()}
    time = held.answers.get(Step.TIME) or held.pending or held.given_time
    return values | ({"time": time} if time else {})


def _say(said: list[str]) -> SayAloud:
    async def say(text: str, before_first_frame: Callable[[datetime], Awaitable[None]]) -> None:
        await before_first_frame(datetime.now(ZoneInfo(_ZONE)))
        said.append(f"bot     {text}")

    return say


def _business(call: Mapping[str, Any]) -> Business:
    offers = tuple(Offer(id=name, name=name) for name in call["services"])
    always = (Hours.model_validate({"opens": "00:00", "closes": "24:00"}),)
    return Business(
        company=Company(id="b", name="the business"),
        region=call["region"],
        timezone=_ZONE,
        language="zh-CN" if call.get("lang") == "zh" else "en",
        services=offers or (Offer(id="visit", name="visit"),),
        hours=dict.fromkeys(WEEKDAYS, always),
        booking=Booking(slot_minutes=5, capacity=1000, days_ahead=3650),
    )


def _score(
    folder: Path, calls: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, object]]
) -> tuple[int, int]:
    """Fields right and fields in all, as the folder's own scorer counts them."""
    with tempfile.TemporaryDirectory() as directory:
        gold, predicted = Path(directory) / "gold.jsonl", Path(directory) / "predicted.jsonl"
        gold.write_text("\n".join(json.dumps(call) for call in calls), "utf-8")
        predicted.write_text("\n".join(json.dumps(result) for result in results), "utf-8")
        command = [sys.executable, str(folder / _SCORER), "--json", str(predicted), str(gold)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    table = json.loads(answer)["dialogues"]
    print(f"{table['all_fields_right']} of {table['of']} calls wholly right")
    for step, count in table["per_field"].items():
        print(f"  {step:<8} {count['right']:>3} of {count['of']}")
    counts = table["per_field"].values()
    return sum(c["right"] for c in counts), sum(c["of"] for c in counts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
