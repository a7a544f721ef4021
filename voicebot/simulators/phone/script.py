"""The caller's script: lines by step, read from TOML.

    name  = ["My name is John Smith."]                 a text: spoken by the local voice
    phone = ["phone.wav", "keys:0412345678#"]          a recording; then, asked again, keys
    time  = [{ line = "Tomorrow at ten.", interrupt_after_ms = 700 }]
    confirm = ["Yes."]                                 when a value is read back
    no = ["No."]                                       when it was read back wrong
    correct = { phone = "+61412345678" }               what the record should hold

A text in groups, "oh four one two | three four five", waits for a sign of the bot between them.
Two special lines: "silence" says nothing until the bot speaks again, "hangup" ends the call.
Each time a step is asked, the caller says its next line; the last one repeats.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from voicebot.call import FIELDS, Step
from voicebot.error_texts import sentences
from voicebot.errors import PhoneError

CONFIRM: Final = "confirm"
NO: Final = "no"
_KEYS: Final = "keys:"
_BETWEEN_GROUPS: Final = " | "
_READ_BACK: Final = (Step.PHONE, Step.EMAIL, Step.TIME)


@dataclass(frozen=True, slots=True)
class Cue:
    """A question of the bot: for a step's value, or for a yes to its read-back."""

    step: Step
    confirming: bool = False


IN_ORDER: Final = tuple(
    Cue(step, confirming)
    for step in FIELDS
    for confirming in (False, True)
    if not confirming or step in _READ_BACK
)
"""The questions of a conversation in which every answer is understood at once."""


class Kind(StrEnum):
    """A line: a text for the local voice, a WAV file, keys to press, or one of two words.

    SILENCE waits until the bot speaks again.
    """

    TEXT = "text"
    RECORDING = "recording"
    KEYS = "keys"
    SILENCE = "silence"
    HANG_UP = "hangup"


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One line of the script.

    text                the words, the path of the WAV file, or the digits
    interrupt_after_ms  say it so far into the bot's sentence, not after it
    groups              what follows, each after a sign of the bot, or a long pause without one
    """

    kind: Kind
    text: str = ""
    interrupt_after_ms: int | None = None
    groups: tuple[ScriptLine, ...] = ()


SILENCE: Final = ScriptLine(Kind.SILENCE)


@dataclass(frozen=True)
class Script:
    """Lines by step name, `confirm` and `no`, and the values that the record should hold."""

    lines: Mapping[str, tuple[ScriptLine, ...]] = field(default_factory=dict)
    correct: Mapping[Step, str] = field(default_factory=dict)
    opening: tuple[ScriptLine, ...] = ()
    """Lines for the first questions, in order, whatever is asked."""

    def __iter__(self) -> Iterator[ScriptLine]:
        for lines in (self.opening, *self.lines.values()):
            for line in lines:
                yield line
                yield from line.groups


class Prompter:
    """Chooses the next line of a script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._said: Counter[str] = Counter()
        self._next: Cue | None = IN_ORDER[0]
        self._opening = iter(script.opening)

    def line(self, cue: Cue | None, recorded: Mapping[Step, str]) -> ScriptLine:
        """Return the next line for `cue`, or for the usual next question when it is None."""
        cue = cue or self._next
        self._next = following(cue) if cue else None
        if (line := next(self._opening, None)) is not None:
            return line
        key = self._key(cue, recorded) if cue else ""
        lines = self._script.lines.get(key, ()) or (SILENCE,)
        self._said[key] += 1
        return lines[min(self._said[key], len(lines)) - 1]

    def _key(self, cue: Cue, recorded: Mapping[Step, str]) -> str:
        if not cue.confirming:
            return cue.step.value
        correct, held = self._script.correct.get(cue.step), recorded.get(cue.step)
        wrong = correct is not None and held is not None and _plain(correct) != _plain(held)
        return NO if wrong else CONFIRM


def following(cue: Cue) -> Cue | None:
    """Return the next question when all is understood; None after the last."""
    asked = (
        place
        for place, known in enumerate(IN_ORDER)
        if known.step is cue.step and (cue.confirming or not known.confirming)
    )
    after = max(asked, default=len(IN_ORDER)) + 1
    return IN_ORDER[after] if after < len(IN_ORDER) else None


def _plain(value: str) -> str:
    return " ".join(value.casefold().split())


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    line: str
    interrupt_after_ms: int | None = None


def _entry(value: object) -> object:
    return {"line": value} if isinstance(value, str) else value


_Entries = list[Annotated[_Entry, BeforeValidator(_entry)]]


class _File(BaseModel):
    """The form of the TOML file."""

    model_config = ConfigDict(extra="forbid")
    name: _Entries = []
    phone: _Entries = []
    address: _Entries = []
    email: _Entries = []
    service: _Entries = []
    time: _Entries = []
    confirm: _Entries = []
    no: _Entries = []
    correct: dict[Step, str] = {}


def load_script(path: Path) -> Script:
    """Read a script; raises PhoneError that names the wrong place."""
    try:
        file = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise PhoneError(f"cannot read the script {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise PhoneError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        raise PhoneError(f"the script {path}: {sentences(error.errors())}") from error
    entries: dict[str, _Entries] = {key: getattr(file, key) for key in (*FIELDS, CONFIRM, NO)}
    lines = {
        str(key): tuple(parse_line(e.line, path.parent, e.interrupt_after_ms) for e in of_key)
        for key, of_key in entries.items()
    }
    return Script(lines, file.correct)


def parse_line(text: str, folder: Path, interrupt_after_ms: int | None = None) -> ScriptLine:
    """Parse a line; recordings are relative to `folder`."""
    if text in (Kind.SILENCE, Kind.HANG_UP):
        return ScriptLine(Kind(text), "", interrupt_after_ms)
    if text.startswith(_KEYS):
        return ScriptLine(Kind.KEYS, text.removeprefix(_KEYS), interrupt_after_ms)
    if text.lower().endswith(".wav"):
        return ScriptLine(Kind.RECORDING, str(folder / text), interrupt_after_ms)
    first, *groups = (group.strip() for group in text.split(_BETWEEN_GROUPS))
    later = tuple(ScriptLine(Kind.TEXT, group) for group in groups)
    return ScriptLine(Kind.TEXT, first, interrupt_after_ms, later)
