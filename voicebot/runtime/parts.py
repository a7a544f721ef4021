"""The parts of an installation, which `voicebot serve --only` spreads over processes and machines.

stream   answers the provider; calls speech on its own machine, and Redis
speech   local speech to text, text to speech, meaning; sockets in the data directory
console  the live page and the HTTP API; reads and writes Redis
notify   mail and webhooks; reads and writes Redis
"""

import os
from collections.abc import Set
from enum import StrEnum
from typing import Final

from voicebot.errors import SettingsError
from voicebot.settings import Settings


class Part(StrEnum):
    """A group of child processes that runs together."""

    STREAM = "stream"
    CONSOLE = "console"
    SPEECH = "speech"
    NOTIFY = "notify"


ALL_PARTS: Final = frozenset(Part)
PARTS_VARIABLE: Final = "VOICEBOT_SERVE_PARTS"
"""Tells the child processes which parts their supervisor runs, separated by commas."""


def part_of(child: str) -> Part:
    """Return the part to which a child process belongs, by its name or its lock's: `stream-1`."""
    name = child.replace("-", " ").partition(" ")[0]
    return Part(name) if name in ALL_PARTS else Part.SPEECH


def served_parts() -> frozenset[Part]:
    """Return the parts that this process's supervisor runs; outside of one, none."""
    named = os.environ.get(PARTS_VARIABLE, "").split(",")
    return frozenset(part for part in Part if part in named)


def require_meeting_place(settings: Settings, parts: Set[Part]) -> None:
    """Require an address of Redis where parts run apart; raises SettingsError."""
    apart = parts != ALL_PARTS and parts != {Part.SPEECH}
    if apart and settings.redis_url is None:
        raise SettingsError(
            f"--only {' --only '.join(sorted(parts))} meets the other parts in Redis: set "
            "VOICEBOT_REDIS_URL to the one that all of them use"
        )
