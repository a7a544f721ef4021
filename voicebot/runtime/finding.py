"""What the doctor answers with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from voicebot.errors import ModelMissing, SettingsError
from voicebot.settings import Settings

PATIENCE_S = 2.0
"""For anybody who is asked whether they are there."""


class State(StrEnum):
    """How a thing was found. Only a PROBLEM would stop a call."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` says what to do about it."""

    subject: str
    state: State
    text: str
    mend: str = ""

    @property
    def line(self) -> str:
        """For the terminal; the mend below."""
        line = f"{self.state:<8} {self.subject:<11} {self.text}"
        return f"{line}\n{'':<20} -> {self.mend}" if self.mend else line


def refused(
    subject: str, require: Callable[[Settings], object], settings: Settings
) -> Finding | None:
    """The problem for which `serve` would not start, whose text says the mend; None without."""
    try:
        require(settings)
    except (SettingsError, ModelMissing) as error:
        return Finding(subject, State.PROBLEM, str(error))
    return None
