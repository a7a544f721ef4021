"""The caller's script: lines by step, read from TOML.

    name  = ["My name is John Smith."]                 a text: spoken by the local voice
    phone = ["phone.wav", "keys:0412345678#"]          a recording; then, asked again, keys
    time  = [{ line = "Tomorrow at ten.", interrupt_after_ms = 700 }]
    confirm = ["Yes."]                                 when a value is read back
    no = ["No."]                                       when it was read back wrong
    correct = { phone = "+61412345678" }               what the record should hold

Two special lines: "silence" says nothing until the bot speaks again, "hangup" ends the call.
Each time a step is asked, the caller says its next line; the last one repeats.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from voicebot.call import FIELDS, Step
from voicebot.error_texts import sentences
from voicebot.errors import PhoneError

CONFIRM: Final = "confirm"
NO: Final = "no"
_KEYS: Final = "keys:"


@dataclass(frozen=True, slots=True)
class Cue:
    """A question of the bot: for a step's value, or for a yes to its read-back."""

    step: Step
    confirming: bool = False


def _in_order() -> tuple[Cue, ...]:
    """Return the questions of a conversation in which every answer is understood at once."""
    read_back = (Step.PHONE, Step.EMAIL, Step.TIME)
    return tuple(
        Cue(step, confirming)
        for step in FIELDS
        for confirming in (False, True)
        if not confirming or step in read_back
    )


IN_ORDER: Final = _in_order()


@dataclass(frozen=True, slots=True)
class Text:
    """A text for the local voice."""

    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A WAV file."""

    path: Path


@dataclass(frozen=True, slots=True)
class Keys:
    """Digits to press."""

    digits: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Silence until the bot speaks again."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Hang up."""


Saying = Text | Recording | Keys | Silence | HangUp


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One line of the script; `interrupt_after_ms` interrupts the bot's sentence."""

    saying: Saying
    interrupt_after_ms: int | None = None


@dataclass(frozen=True)
class Script:
    """Lines by step name, `confirm` and `no`, and the values that the record should hold."""

    lines: Mapping[str, tuple[ScriptLine, ...]] = field(default_factory=dict)
    correct: Mapping[Step, str] = field(default_factory=dict)
    opening: tuple[ScriptLine, ...] = ()
    """Lines for the first questions, in order, whatever is asked."""


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
        if cue is None:
            return ScriptLine(Silence())
        return self._next_of(self._key(cue, recorded))

    def _key(self, cue: Cue, recorded: Mapping[Step, str]) -> str:
        if not cue.confirming:
            return cue.step.value
        correct, held = self._script.correct.get(cue.step), recorded.get(cue.step)
        wrong = correct is not None and held is not None and _plain(correct) != _plain(held)
        return NO if wrong else CONFIRM

    def _next_of(self, key: str) -> ScriptLine:
        lines = self._script.lines.get(key, ())
        if not lines:
            return ScriptLine(Silence())
        self._said[key] += 1
        return lines[min(self._said[key], len(lines)) - 1]


def following(cue: Cue) -> Cue | None:
    """Return the next question when all is understood; None after the last."""
    places = [place for place, known in enumerate(IN_ORDER) if known.step is cue.step]
    last_of_step = cue.confirming or len(places) == 1
    after = places[-1 if last_of_step else 0] + 1 if places else len(IN_ORDER)
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

    def entries(self) -> Mapping[str, _Entries]:
        """Return the lines by their key."""
        keys = (*(step.value for step in FIELDS), CONFIRM, NO)
        return {key: getattr(self, key) for key in keys}


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
    lines = {
        key: tuple(ScriptLine(saying(e.line, path.parent), e.interrupt_after_ms) for e in entries)
        for key, entries in file.entries().items()
    }
    return Script(lines, file.correct)


def saying(text: str, folder: Path) -> Saying:
    """Parse a line; recordings are relative to `folder`."""
    if text == "silence":
        return Silence()
    if text == "hangup":
        return HangUp()
    if text.startswith(_KEYS):
        return Keys(text.removeprefix(_KEYS))
    if text.lower().endswith(".wav"):
        return Recording(folder / text)
    return Text(text)
