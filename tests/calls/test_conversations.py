"""The scripted conversations, on text, through the very collector that calls use."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakeredis import FakeAsyncRedis

from voicebot.business import load_business
from voicebot.call import CallSid, Status, Step
from voicebot.collect.collector import Conversation
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import Ending, Event, Silent, Started, Utterance
from voicebot.collect.resuming import begin
from voicebot.collect.understand import understand_by_rules
from voicebot.settings import Settings
from voicebot.simulators.phone import Cue, Kind, Prompter, load_script
from voicebot.store import Store
from voicebot.store.slots import Slots

FOLDER = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = sorted((FOLDER / "conversations").glob("*.toml"))
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""A Monday, noon in Sydney."""
TAKEN = datetime(2026, 3, 3, 14, 0, tzinfo=ZoneInfo("Australia/Sydney"))
MOST_TURNS = 40
SID = CallSid("CA-script")
ONE_VAN = load_business(FOLDER / "one_van.toml")


@dataclass
class Transcript:
    """Return the dialogue, for the message of a failure."""

    lines: list[str] = field(default_factory=list)

    async def say(self, text: str, before_first_frame) -> None:  # type: ignore[no-untyped-def]
        await before_first_frame(NOW)
        self.lines.append(f"bot     {text}")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A calendar in which one time is taken."""
    client = FakeAsyncRedis(decode_responses=True)
    settings = Settings(_env_file=None, data_dir=tmp_path)
    store = Store(client, settings, ONE_VAN, clock=lambda: NOW)
    await Slots(client, ONE_VAN, CallSid("CA-other"), lambda: NOW).book(TAKEN)
    yield store
    await store.aclose()


_BOOKED_FOR = {"day_then_hour": "2026-03-06T10:00:00+11:00"}
"""Where it is not the next morning at ten. A day alone among the free times named is that time."""


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
async def test_the_caller_books_and_the_record_is_what_the_caller_meant(
    path: Path, store: Store
) -> None:
    script = load_script(path)
    prompter, transcript = Prompter(script), Transcript()
    ledger = await store.open_call(SID, caller=None)
    talk = Conversation(
        begin(ONE_VAN, ledger.state), say=transcript.say, ledger=ledger, clock=lambda: NOW
    )
    ending = await talk.take_turn(Started())
    while ending is None and len(transcript.lines) < MOST_TURNS:
        ending = await talk.take_turn(await _answer(talk, prompter, transcript))
    await ledger.close()
    record = await store.get_call_skeleton(SID)
    said = "\n".join(transcript.lines)
    assert ending is Ending.HANGUP, said
    assert record is not None
    assert record.status is Status.BOOKED, said
    info = record.user.userInfo
    held = {step: getattr(info, step) for step in ("name", "phone", "address", "email")}
    held["service"] = record.user.service.name if record.user.service else None
    assert {s: v for s, v in held.items() if v} == dict(script.correct), said
    booked = _BOOKED_FOR.get(path.stem, "2026-03-03T10:00:00+11:00")
    assert record.user.serviceBookedTime == booked, said


def test_there_are_at_least_twenty() -> None:
    assert len(SCRIPTS) >= 20


async def _answer(talk: Conversation, prompter: Prompter, transcript: Transcript) -> Event:
    held = talk.dialogue
    recorded = {Step(s): v for s, v in held.answers.items()}
    line = prompter.line(Cue(held.step, held.mode is Mode.CONFIRMING), recorded)
    match line.kind:
        case Kind.TEXT:
            utterance = Utterance(line.text, NOW)
        case Kind.KEYS:
            utterance = Utterance(line.text.rstrip("#"), NOW, keyed=True)
        case Kind.SILENCE:
            return Silent()
        case other:
            raise AssertionError(f"a text conversation cannot say {other}")
    transcript.lines.append(f"caller  {utterance.text}")
    return await talk.heard(utterance, understand_by_rules)
