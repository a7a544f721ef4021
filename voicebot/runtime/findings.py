"""A check of the installation, and its findings."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from voicebot.errors import ModelMissing, SettingsError
from voicebot.settings import Settings

CHECK_TIMEOUT_S = 2.0
"""Time limit of a connection test."""

CANNOT_START = (SettingsError, ModelMissing)
"""Raised by a requirement that is not met; the text says how to fix it."""


class Level(StrEnum):
    """The level of a finding. Only a PROBLEM would stop calls."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check; `mend` says how to fix it."""

    level: Level
    text: str
    mend: str = ""

    def line(self, subject: str) -> str:
        """Return the line for the terminal, with the fix below."""
        line = f"{self.level:<8} {subject:<11} {self.text}"
        return f"{line}\n{'':<20} -> {self.mend}" if self.mend else line


ok = partial(Finding, Level.OK)
note = partial(Finding, Level.NOTE)
problem = partial(Finding, Level.PROBLEM)


def _nothing(settings: Settings) -> None:
    """Require nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """One subject of `voicebot doctor`.

    find     yields findings; it may connect to a server, but changes and sends nothing
    require  raises one of CANNOT_START where `voicebot serve` is not to start a child, which would
             only die again and again; it connects to nothing and writes nothing
    """

    find: Callable[[Settings], AsyncIterator[Finding]]
    require: Callable[[Settings], object] = _nothing

    async def findings(self, settings: Settings) -> AsyncIterator[Finding]:
        """Yield the problem for which `serve` would not start, or else all that is found."""
        try:
            self.require(settings)
            async for finding in self.find(settings):
                yield finding
        except CANNOT_START as error:
            yield problem(str(error))
