"""A caller as its file writes it. What a key means stands in docs/callers.md."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from voicebot.business import Business, load_business
from voicebot.call import Step

FOLDER = Path(__file__).parent


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(_Table):
    """Something that a caller says, and what must come of it."""

    say: str = ""
    silent: bool = False
    """Nothing is said; only on a phone in this process."""
    answer: str = ""
    """A pattern that one of the next `within` replies must match."""
    within: int = 2
    offered: bool = False
    """The next reply must offer times."""
    picks: int = 0
    """The offered time that is taken: 1 is the first, -1 the last."""
    takes: Step | None = None
    """The step that must be answered by this line: its question is not put again."""
    changes: Step | None = None
    """From here on `truth` holds for the step, no longer `at_first`."""
    ends: bool = False
    """The caller's last words."""
    wrong: str = ""
    """That the caller has cause to say this is a failure; what it is."""


class Window(_Table):
    """Any time between two moments that suits; `clock` narrows the hours of a day."""

    first: str = Field(alias="from")
    last: str = Field(alias="to")
    clock: tuple[str, str] = ("00:00", "23:59")


Value = str | list[str] | Window


class Before(_Table):
    """An appointment that another call has booked."""

    name: str
    phone: str
    address: str = "1 Station Street"
    service: str
    time: str


class Expect(_Table):
    """The right end of the call, beside the six answers."""

    booked: bool | Literal["either"] = True
    needs: Literal["person", "follow_up", "none"] | None = None
    wish: str = ""
    notes: tuple[str, ...] = ()
    before: str | Window = ""
    """The earlier appointment: `cancelled`, `stands`, or the moment it is moved to."""


class Persona(_Table):
    """One caller."""

    id: str
    kind: str
    also: tuple[str, ...] = ()
    number: str | None = Field(None, alias="from")
    times: dict[str, str] = {}
    taken: tuple[str, ...] = ()
    before: Before | None = None
    told: tuple[Step, ...] = ()
    truth: dict[Step, Value]
    at_first: dict[Step, Value] = {}
    expect: Expect = Expect()
    says: dict[str, tuple[Line, ...]] = {}

    @field_validator("says", mode="before")
    @classmethod
    def _lines(cls, says: dict[str, object]) -> dict[str, list[object]]:
        return {
            cue: [{"say": one} if isinstance(one, str) else one for one in _several(lines)]
            for cue, lines in says.items()
        }

    @property
    def is_silent(self) -> bool:
        """True when it says nothing at some moment, which HTTP cannot tell."""
        return any(line.silent for lines in self.says.values() for line in lines)

    @property
    def is_flexible(self) -> bool:
        """True when times must be offered to this caller."""
        return any(line.offered for lines in self.says.values() for line in lines)


def _several(lines: object) -> Sequence[object]:
    return lines if isinstance(lines, list) else [lines]


class Cast(_Table):
    """The callers of one business."""

    business: str
    caller: tuple[Persona, ...]

    def of(self, only: Collection[str]) -> list[Persona]:
        """Return the callers with these ids; all without any."""
        return [persona for persona in self.caller if not only or persona.id in only]

    def load_business(self) -> Business:
        """Return the business that they ring."""
        return load_business(business_file(self.business))


def business_file(name: str) -> Path:
    """Return the file of a business of this folder, or the name of a shipped example."""
    own = FOLDER / "business" / f"{name}.toml"
    return own if own.exists() else Path(name)


def load_casts(folder: Path = FOLDER) -> tuple[Cast, ...]:
    """Return all callers, by their files' names."""
    files = sorted(folder.glob("*.toml"))
    return tuple(Cast.model_validate(tomllib.loads(file.read_text("utf-8"))) for file in files)
