"""What is said on a Realtime transcription socket: our messages built, the server's read.

The server's events are told apart by their `type` alone; types that are unknown, and members
that are missing, make an event that nobody reacts to. No text of a message is ever logged.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from voicebot.errors import SpeechError
from voicebot.openai.members import inner, number, packed, read_object, text
from voicebot.speech import Hint

PCM_RATE_HZ: Final = 24_000
_WITH_KEYWORDS: Final = ("gpt-transcribe", "gpt-live-transcribe")
_FORBIDDEN: Final = str.maketrans(dict.fromkeys("<>\r\n", " "))
_TRANSCRIPTION: Final = "conversation.item.input_audio_transcription"


class NotAnEvent(SpeechError):
    """What came is no JSON object."""


class Format(StrEnum):
    """How audio travels: as the telephone gives it, or 16-bit PCM at 24 kHz."""

    PCMU = "audio/pcmu"
    PCM = "audio/pcm"


class Kind(StrEnum):
    """The events that matter here; everything else is OTHER."""

    CREATED = "session.created"
    UPDATED = "session.updated"
    COMMITTED = "input_audio_buffer.committed"
    DELTA = f"{_TRANSCRIPTION}.delta"
    COMPLETED = f"{_TRANSCRIPTION}.completed"
    FAILED = f"{_TRANSCRIPTION}.failed"
    ERROR = "error"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the server, flattened to what is used of it.

    text     of a delta or a completed transcript
    cause    of an error: the event_id of the message that was wrong
    expires  of a session: Unix time
    """

    kind: Kind
    item_id: str = ""
    text: str = ""
    code: str = ""
    cause: str = ""
    expires: float = 0.0


def read_event(message: str | bytes) -> Event:
    """Raises NotAnEvent."""
    given = read_object(message)
    if given is None:
        raise NotAnEvent("OpenAI sent no whole JSON object")
    kind = given.get("type")
    error = inner(given, "error")
    return Event(
        kind=next((known for known in Kind if known == kind), Kind.OTHER),
        item_id=text(given, "item_id"),
        text=text(given, "delta") or text(given, "transcript"),
        code=text(error, "code"),
        cause=text(error, "event_id"),
        expires=number(inner(given, "session"), "expires_at"),
    )


def session_update(event_id: str, model: str, wanted: Format, hint: Hint) -> str:
    """Configures a session: no voice activity detection of theirs, keywords where they count."""
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
    return packed(type="session.update", event_id=event_id, session=session)


def transcription(model: str, hint: Hint) -> dict[str, object]:
    """The settings of the recogniser; one form of the language, as each model takes it."""
    if not takes_keywords(model):
        return {"model": model, "language": hint.language}
    given: dict[str, object] = {"model": model, "languages": [hint.language]}
    if keywords := clean_keywords(hint.vocabulary):
        given["keywords"] = keywords
    return given


def append(audio: bytes) -> str:
    """More audio, in the session's format."""
    return packed(type="input_audio_buffer.append", audio=base64.b64encode(audio).decode())


def commit(event_id: str) -> str:
    """What is in the buffer becomes an item."""
    return packed(type="input_audio_buffer.commit", event_id=event_id)


def clear() -> str:
    """What is in the buffer is not wanted."""
    return packed(type="input_audio_buffer.clear")


def takes_keywords(model: str) -> bool:
    """Does this model know `keywords` and `languages`?"""
    return model in _WITH_KEYWORDS


def clean_keywords(vocabulary: Sequence[str]) -> list[str]:
    """Without the signs that are refused."""
    return [word.translate(_FORBIDDEN).strip() for word in vocabulary if word.strip("<> \r\n")]
