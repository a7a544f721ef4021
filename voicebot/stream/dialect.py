"""What a phone provider's stream says and can be told, whatever words it uses for it.

A dialect is pure: text frames in, events out, and back. The session knows only this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from voicebot.call import CallSid


@dataclass(frozen=True, slots=True)
class Connected:
    """The provider's hello; carries nothing that we need."""


@dataclass(frozen=True, slots=True)
class Start:
    """The stream is bound to a call. Numbers and token travel in `parameters`."""

    call_sid: CallSid
    stream_sid: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audio:
    """The caller's track: mu-law, 8 kHz, any length from zero up."""

    mulaw: bytes


@dataclass(frozen=True, slots=True)
class Digit:
    """One key pressed on the caller's phone."""

    key: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One of our marks came back: played, or cleared, or nothing was queued before it."""

    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The call is over, says the provider."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A well-formed event that we have no use for."""

    event: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A frame that cannot be read; harmless when counted and ignored."""

    reason: str


Event = Connected | Start | Audio | Digit | Mark | Stop | Unknown | Malformed


class Dialect(Protocol):
    """One provider's words. Stateless: the stream's id is a parameter."""

    def read(self, frame: str | bytes) -> Event:
        """Raises ProtocolViolation for a frame that makes the call impossible."""
        ...

    def audio(self, stream_sid: str, mulaw: bytes) -> str:
        """A frame that plays `mulaw` after all that was sent before it."""
        ...

    def mark(self, stream_sid: str, name: str) -> str:
        """A frame that comes back when all before it has been played."""
        ...

    def clear(self, stream_sid: str) -> str:
        """A frame that throws away whatever has not been played yet."""
        ...
