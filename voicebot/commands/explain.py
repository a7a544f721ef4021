"""Explain each turn for `voicebot chat --explain`: the reading of the words, and the move."""

from collections.abc import Callable, Iterator
from dataclasses import fields

import orjson

from voicebot.call import CallSid, CallState, Change, Saved, Service
from voicebot.collect.understand import Meanwhile, Understand, nothing
from voicebot.collect.understanding import Act, Reading, Situation
from voicebot.ledger import Appointments, Ledger

Tell = Callable[[str], None]
"""Prints one line."""

_UNTOLD = ("span", "value", "partial")
"""Of an act: where it stands in the text, and what is told by itself."""


class ExplainedUnderstand:
    """An Understand that tells how each utterance was read."""

    def __init__(self, then: Understand, tell: Tell) -> None:
        self._then, self._tell = then, tell

    async def __call__(
        self, text: str, situation: Situation, done: Reading, meanwhile: Meanwhile = nothing, /
    ) -> Reading:
        """Return what the words do, and tell it."""
        reading = await self._then(text, situation, done, meanwhile)
        self._tell(f"  asked: {situation.step}, {situation.asked}")
        for line in reading_lines(text, reading):
            self._tell(f"  read:  {line}")
        return reading


class ExplainedLedger:
    """A Ledger that tells what each commit writes."""

    def __init__(self, ledger: Ledger, tell: Tell) -> None:
        self._ledger, self._tell = ledger, tell

    @property
    def state(self) -> CallState:
        """The record as it was found."""
        return self._ledger.state

    @property
    def appointments(self) -> Appointments:
        """The business's calendar."""
        return self._ledger.appointments

    async def commit(self, change: Change) -> Saved:
        """Write `change`, and tell what is in it; raises Fenced."""
        saved = await self._ledger.commit(change)
        for line in change_lines(change):
            self._tell(f"  move:  {line}")
        return saved

    async def continue_earlier(self, earlier: CallSid) -> None:
        """Go on with an earlier call."""
        await self._ledger.continue_earlier(earlier)
        self._tell(f"  move:  goes on with {earlier}")


def reading_lines(text: str, reading: Reading) -> Iterator[str]:
    """Yield a line for each act, in the order spoken, and one for the words left unread."""
    for act in reading.acts:
        yield act_line(text, act)
    if reading.rest:
        yield "unread " + ", ".join(f'"{text[a:b]}"' for a, b in reading.rest)
    elif not reading.acts:
        yield "nothing"


def act_line(text: str, act: Act) -> str:
    """Return an act in a line: its name, its value, what else is known, its words."""
    told = [type(act).__name__]
    for name in ("value", "partial"):
        if value := getattr(act, name, None):
            told.append(f"{value!r}" if name == "value" else f"{name} {value!r}")
    for field in fields(act):
        value = getattr(act, field.name)
        if field.name not in _UNTOLD and value not in (None, False, 0, ""):
            told.append(f"{field.name}={value}")
    return f'{" ".join(told)}  in "{text[slice(*act.span)]}"'


def change_lines(change: Change) -> Iterator[str]:
    """Yield what a commit writes beside the messages, and what is waited for after it."""
    for step, answer in change.answers.items():
        yield f"{step} = {answer.name if isinstance(answer, Service) else answer}"
    for name in ("confirmed", "unconfirmed"):
        if steps := getattr(change, name):
            yield f"{name}: {', '.join(sorted(steps))}"
    for note in change.notes:
        yield f"note: {note.text}"
    for name in ("needs", "wish", "status", "booked"):
        value = getattr(change, name)
        if value is not None:
            yield f"{name}: {value or 'nothing'}"
    if change.dialogue:
        held = orjson.loads(change.dialogue)
        yield f"now {held['mode']} {change.step or ''}".rstrip()
