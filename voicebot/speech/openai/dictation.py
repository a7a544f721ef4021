"""The protocol of one call's transcription: which audio to send, whose text came back. No I/O.

    turn     ▁███████▁▁▁▁██████▁▁▁▁▁▁▁            fed while it is spoken
    items     [  1   ]   [ 2   ]                  a pause closes one; its text is wanted
    sent      aaaaaaa C  aaaaaa C                 append …, commit

Audio is kept until its text is there: after a lost connection, everything that was not transcribed
is sent again.
"""

import asyncio
import base64
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import orjson
from pydantic import BaseModel

from voicebot import g711
from voicebot.openai import Failure, failure_of_code
from voicebot.speech.protocols import Hint

PCM_RATE_HZ: Final = 24_000
BATCH_BYTES: Final = 60 * g711.RATE_HZ // 1000
"""Sent together while a turn goes on: a third as many messages as frames."""
LONGEST_BYTES: Final = g711.RATE_HZ
"""One second per message when audio is sent again."""
SHORTEST_BYTES: Final = g711.RATE_HZ // 10
"""The server refuses commits of less than 100 ms."""

NOTHING_SAID: Final = "input_audio_buffer_commit_empty"
EXPIRED: Final = "session_expired"
_TRANSCRIPTION: Final = "conversation.item.input_audio_transcription"
_WITH_KEYWORDS: Final = ("gpt-transcribe", "gpt-live-transcribe")
_FORBIDDEN: Final = str.maketrans(dict.fromkeys("<>\r\n", " "))


class Format(StrEnum):
    """The audio format of a session: mu-law at 8 kHz or 16-bit PCM at 24 kHz."""

    PCMU = "audio/pcmu"
    PCM = "audio/pcm"


class EventType(StrEnum):
    """The server events that are used."""

    UPDATED = "session.updated"
    COMMITTED = "input_audio_buffer.committed"
    COMPLETED = f"{_TRANSCRIPTION}.completed"
    FAILED = f"{_TRANSCRIPTION}.failed"
    ERROR = "error"


class EventError(BaseModel):
    """An error in a server event; `event_id` is that of the refused client event."""

    code: str | None = None
    event_id: str | None = None


class EventSession(BaseModel):
    """A session in a server event; `expires_at` is in Unix seconds."""

    expires_at: float | None = None


class Event(BaseModel):
    """The used members of a server event, whose `type` may also be none of EventType."""

    type: str
    item_id: str = ""
    transcript: str = ""
    error: EventError = EventError()
    session: EventSession = EventSession()


def session_update(event_id: str, model: str, wanted: Format, hint: Hint) -> str:
    """Configure a session: no server-side VAD or noise reduction, keywords where supported."""
    audio: dict[str, object] = {"type": wanted.value}
    if wanted is Format.PCM:
        audio["rate"] = PCM_RATE_HZ
    given = {
        "format": audio,
        "noise_reduction": None,
        "transcription": transcription(model, hint),
        "turn_detection": None,
    }
    session = {"type": "transcription", "audio": {"input": given}}
    return _packed(type="session.update", event_id=event_id, session=session)


def transcription(model: str, hint: Hint) -> dict[str, object]:
    """Return the recogniser's settings in the form that `model` takes."""
    if not takes_keywords(model):
        return {"model": model, "language": hint.language}
    given: dict[str, object] = {"model": model, "languages": [hint.language]}
    if keywords := clean_keywords(hint.vocabulary):
        given["keywords"] = keywords
    return given


def takes_keywords(model: str) -> bool:
    """Return whether this model takes `keywords` and `languages`."""
    return model in _WITH_KEYWORDS


def clean_keywords(vocabulary: Sequence[str]) -> list[str]:
    """Return the keywords without the characters that the API refuses."""
    return [word.translate(_FORBIDDEN).strip() for word in vocabulary if word.strip("<> \r\n")]


@dataclass(frozen=True, slots=True)
class Append:
    """Send audio."""

    mulaw: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """Make an item of the audio in the server's buffer."""

    event_id: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Drop the audio in the server's buffer."""


ClientEvent = Append | Commit | Clear


def encode(event: ClientEvent, in_format: Callable[[bytes], bytes]) -> str:
    """Return the JSON of a client event; `in_format` makes the session's format of mu-law."""
    match event:
        case Append(mulaw):
            audio = base64.b64encode(in_format(mulaw)).decode()
            return _packed(type="input_audio_buffer.append", audio=audio)
        case Commit(event_id):
            return _packed(type="input_audio_buffer.commit", event_id=event_id)
        case Clear():
            return _packed(type="input_audio_buffer.clear")


def _packed(**members: object) -> str:
    return orjson.dumps(members).decode()


@dataclass(eq=False, slots=True)
class Item:
    """A stretch of a turn that is transcribed as one.

    text     None until it is known
    failure  why there will be no text
    """

    audio: bytearray = field(default_factory=bytearray)
    wanted: bool = False
    text: str | None = None
    failure: Failure | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    sent: int = 0
    commit_id: str = ""

    def settle(self, text: str | Failure) -> None:
        """Set the text, or the reason why there will be none."""
        if isinstance(text, Failure):
            self.failure = text
        else:
            self.text = text
        self.settled.set()


class Dictation:
    """All stretches of one call whose text is still open."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._wanted: deque[Item] = deque()
        self._open: Item | None = None
        self._buffered: Item | None = None
        self._committing: deque[Item] = deque()
        self._known: dict[str, Item] = {}

    @property
    def is_idle(self) -> bool:
        """True when the connection can end now without losing audio."""
        return not self._wanted and (self._open is None or not self._open.audio)

    # -- the turn's side -----------------------------------------------------------------

    def begin(self) -> Item:
        """Begin a stretch and return it; an unwanted one that was growing is dropped."""
        self._open = Item()
        return self._open

    def want(self, item: Item) -> None:
        """Close this stretch and ask for its text."""
        item.wanted = True
        self._wanted.append(item)
        if item is self._open:
            self._open = None

    def abandon(self, item: Item) -> None:
        """Drop a stretch whose text is no longer needed."""
        self._settle(item, Failure.LATE)

    def give_up(self, failure: Failure) -> None:
        """Fail all wanted stretches."""
        for item in self._wanted:
            item.settle(failure)
        self._wanted.clear()
        self.reconnected()

    # -- the connection's side -----------------------------------------------------------

    def reconnected(self) -> None:
        """Start over on a new connection: all open stretches are sent again."""
        self._buffered = None
        self._committing.clear()
        self._known.clear()
        for item in (*self._wanted, *((self._open,) if self._open else ())):
            item.sent = 0
            item.commit_id = ""

    def to_send(self) -> list[ClientEvent]:
        """Return the client events to send now, in order. Small pieces wait for more audio."""
        events: list[ClientEvent] = []
        for item in self._wanted:
            if not item.commit_id:
                events += self._audio_events(item)
                item.commit_id = f"commit_{next(self._numbers)}"
                events.append(Commit(item.commit_id))
                self._committing.append(item)
                self._buffered = None
        if self._open is not None and len(self._open.audio) - self._open.sent >= BATCH_BYTES:
            events += self._audio_events(self._open)
        return events

    def _audio_events(self, item: Item) -> list[ClientEvent]:
        events: list[ClientEvent] = []
        if self._buffered is not None and self._buffered is not item:
            events.append(Clear())
            self._buffered.sent = 0
        self._buffered = item
        while item.sent < len(item.audio):
            piece = bytes(item.audio[item.sent : item.sent + LONGEST_BYTES])
            item.sent += len(piece)
            events.append(Append(piece))
        return events

    def on_event(self, event: Event) -> bool:
        """Handle a server event; return False when it says that the session has expired."""
        code = event.error.code or ""
        match event.type:
            case EventType.COMMITTED if self._committing:
                self._known[event.item_id] = self._committing.popleft()
            case EventType.COMPLETED:
                self._settle(self._known.pop(event.item_id, None), event.transcript.strip())
            case EventType.FAILED:
                self._settle(self._known.pop(event.item_id, None), failure_of_code(code))
            case EventType.ERROR if code == EXPIRED:
                return False
            case EventType.ERROR:
                self._on_refused_commit(event.error.event_id, code)
        return True

    def _on_refused_commit(self, commit_id: str | None, code: str) -> None:
        item = next((item for item in self._committing if item.commit_id == commit_id), None)
        if item is not None:
            self._committing.remove(item)
            self._settle(item, "" if code == NOTHING_SAID else failure_of_code(code))

    def _settle(self, item: Item | None, text: str | Failure) -> None:
        if item is not None and item in self._wanted:
            self._wanted.remove(item)
            item.settle(text)
