"""Which stretches of a call are to be heard, and what the server knows of them. No I/O.

    turn     ▁███████▁▁▁▁██████▁▁▁▁▁▁▁            fed while it is spoken
    items     [  1   ]   [ 2   ]                  a pause closes one; its text is wanted
    sent      aaaaaaa C  aaaaaa C                 append …, commit

Nothing is forgotten before its text is there: after a broken connection everything that the
old session had not transcribed is simply sent again.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from voicebot import g711
from voicebot.openai.failures import Failure, failure_of_code
from voicebot.speech.openai.messages import Event, Kind

BATCH_BYTES: Final = 60 * g711.RATE_HZ // 1000
"""Sent together while a turn goes on: a third of the messages that frames would make."""
LONGEST_BYTES: Final = g711.RATE_HZ
"""A second a message, when much has to be sent again."""
SHORTEST_BYTES: Final = g711.RATE_HZ // 10
"""Committing less than 100 ms is an error."""

NOTHING_SAID: Final = "input_audio_buffer_commit_empty"
EXPIRED: Final = "session_expired"


@dataclass(eq=False, slots=True)
class Item:
    """A stretch of a turn whose text is wanted as one.

    text     None until it is known
    failure  why it never will be
    partial  its words so far
    """

    audio: bytearray = field(default_factory=bytearray)
    wanted: bool = False
    text: str | None = None
    failure: Failure | None = None
    partial: str = ""
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    sent: int = 0
    commit_id: str = ""

    def settle(self, text: str | Failure) -> None:
        """Its text is known, or why it never will be."""
        if isinstance(text, Failure):
            self.failure = text
        else:
            self.text = text
        self.settled.set()


@dataclass(frozen=True, slots=True)
class Append:
    """Send audio."""

    mulaw: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """Make an item of the audio that was sent."""

    event_id: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Forget the audio that was sent."""


Order = Append | Commit | Clear


class Outcome(Enum):
    """What an event means for the connection."""

    GO_ON = "go on"
    EXPIRED = "expired"


class Dictation:
    """All stretches of one call that are not settled."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._wanted: deque[Item] = deque()
        self._open: Item | None = None
        self._buffered: Item | None = None
        self._committing: deque[Item] = deque()
        self._known: dict[str, Item] = {}

    @property
    def is_idle(self) -> bool:
        """Would nothing be lost if the connection ended now?"""
        return not self._wanted and (self._open is None or not self._open.audio)

    # -- the turn's side -----------------------------------------------------------------

    def begin(self) -> Item:
        """A stretch that grows. One that grew before and is not wanted is forgotten."""
        self._open = Item()
        return self._open

    def want(self, item: Item) -> None:
        """The text of all that was fed to this stretch is wanted; it grows no more."""
        item.wanted = True
        self._wanted.append(item)
        if item is self._open:
            self._open = None

    def abandon(self, item: Item) -> None:
        """Nobody waits for its text any more."""
        self._settle(item, Failure.LATE)

    def give_up(self, failure: Failure) -> None:
        """Nothing that is wanted now will ever be known."""
        for item in self._wanted:
            item.settle(failure)
        self._wanted.clear()
        self.reconnected()

    # -- the connection's side -----------------------------------------------------------

    def reconnected(self) -> None:
        """The server knows nothing: all that is unsettled is to be sent (again)."""
        self._buffered = None
        self._committing.clear()
        self._known.clear()
        for item in (*self._wanted, *((self._open,) if self._open else ())):
            item.sent = 0
            item.commit_id = ""
            item.partial = ""

    def take(self) -> list[Order]:
        """What to send now, in order. Small pieces of an open stretch wait for more."""
        orders: list[Order] = []
        for item in self._wanted:
            if not item.commit_id:
                orders += self._sending(item)
                item.commit_id = f"commit_{next(self._numbers)}"
                orders.append(Commit(item.commit_id))
                self._committing.append(item)
                self._buffered = None
        if self._open is not None and len(self._open.audio) - self._open.sent >= BATCH_BYTES:
            orders += self._sending(self._open)
        return orders

    def _sending(self, item: Item) -> list[Order]:
        orders: list[Order] = []
        if self._buffered is not None and self._buffered is not item:
            orders.append(Clear())
            self._buffered.sent = 0
        self._buffered = item
        while item.sent < len(item.audio):
            piece = bytes(item.audio[item.sent : item.sent + LONGEST_BYTES])
            item.sent += len(piece)
            orders.append(Append(piece))
        return orders

    def on_event(self, event: Event) -> Outcome:
        """The server said something."""
        match event.kind:
            case Kind.COMMITTED if self._committing:
                self._known[event.item_id] = self._committing.popleft()
            case Kind.DELTA:
                self._hear_more(event)
            case Kind.COMPLETED:
                self._settle(self._known.pop(event.item_id, None), event.text.strip())
            case Kind.FAILED:
                self._settle(self._known.pop(event.item_id, None), failure_of_code(event.code))
            case Kind.ERROR if event.code == EXPIRED:
                return Outcome.EXPIRED
            case Kind.ERROR:
                self._refused(event)
        return Outcome.GO_ON

    def _hear_more(self, event: Event) -> None:
        """Words may come before their item is committed: then it is the one that is next."""
        upcoming = self._committing[0] if self._committing else self._open
        if (item := self._known.get(event.item_id, upcoming)) is not None:
            item.partial += event.text

    def _refused(self, event: Event) -> None:
        item = next((item for item in self._committing if item.commit_id == event.cause), None)
        if item is not None:
            self._committing.remove(item)
            nothing_said = event.code == NOTHING_SAID
            self._settle(item, "" if nothing_said else failure_of_code(event.code))

    def _settle(self, item: Item | None, text: str | Failure) -> None:
        if item is not None and item in self._wanted:
            self._wanted.remove(item)
            item.settle(text)
