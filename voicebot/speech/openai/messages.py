"""Build the client events and read the server events of a Realtime transcription socket.

Server events are told apart by their `type`. Unknown types are read as OTHER, missing members as
empty. No text of a message is logged.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

import orjson

from voicebot.errors import SpeechError
from voicebot.speech import Hint

PCM_RATE_HZ: Final = 24_000
_WITH_KEYWORDS: Final = ("gpt-transcribe", "gpt-live-transcribe")
_FORBIDDEN: Final = str.maketrans(dict.fromkeys("<>\r\n", " "))
_TRANSCRIPTION: Final = "conversation.item.input_audio_transcription"


class NotAnEvent(SpeechError):
    """A message that is no JSON object."""


class Format(StrEnum):
    """The audio format of a session: mu-law at 8 kHz or 16-bit PCM at 24 kHz."""

    PCMU = "audio/pcmu"
    PCM = "audio/pcm"


class EventType(StrEnum):
    """The server events that are used; all others are OTHER."""

    CREATED = "session.created"
    UPDATED = "session.updated"
    COMMITTED = "input_audio_buffer.committed"
    COMPLETED = f"{_TRANSCRIPTION}.completed"
    FAILED = f"{_TRANSCRIPTION}.failed"
    ERROR = "error"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Event:
    """The used members of one server event.

    text     of a completed transcript
    cause    of an error: the event_id of the refused client event
    expires  of a session: Unix time in seconds
    """

    kind: EventType
    item_id: str = ""
    text: str = ""
    code: str = ""
    cause: str = ""
    expires: float = 0.0


def read_event(message: str | bytes) -> Event:
    """Read a server event; raises NotAnEvent."""
    given = read_object(message)
    if given is None:
        raise NotAnEvent("OpenAI sent no whole JSON object")
    kind = given.get("type")
    error = inner(given, "error")
    return Event(
        kind=next((known for known in EventType if known == kind), EventType.OTHER),
        item_id=text(given, "item_id"),
        text=text(given, "transcript"),
        code=text(error, "code"),
        cause=text(error, "event_id"),
        expires=number(inner(given, "session"), "expires_at"),
    )


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
    return packed(type="session.update", event_id=event_id, session=session)


def transcription(model: str, hint: Hint) -> dict[str, object]:
    """Return the recogniser's settings in the form that `model` takes."""
    if not takes_keywords(model):
        return {"model": model, "language": hint.language}
    given: dict[str, object] = {"model": model, "languages": [hint.language]}
    if keywords := clean_keywords(hint.vocabulary):
        given["keywords"] = keywords
    return given


def append(audio: bytes) -> str:
    """Append audio in the session's format."""
    return packed(type="input_audio_buffer.append", audio=base64.b64encode(audio).decode())


def commit(event_id: str) -> str:
    """Make an item of the buffer."""
    return packed(type="input_audio_buffer.commit", event_id=event_id)


def clear() -> str:
    """Empty the buffer."""
    return packed(type="input_audio_buffer.clear")


def takes_keywords(model: str) -> bool:
    """Return whether this model takes `keywords` and `languages`."""
    return model in _WITH_KEYWORDS


def clean_keywords(vocabulary: Sequence[str]) -> list[str]:
    """Return the keywords without the characters that the API refuses."""
    return [word.translate(_FORBIDDEN).strip() for word in vocabulary if word.strip("<> \r\n")]


Json = dict[str, object]


def packed(**members: object) -> str:
    """Return a JSON object of these members."""
    return orjson.dumps(members).decode()


def read_object(message: str | bytes) -> Json | None:
    """Return the JSON object in `message`, or None when it is none."""
    try:
        given = orjson.loads(message)
    except orjson.JSONDecodeError:
        return None
    return cast(Json, given) if isinstance(given, dict) else None


def inner(holder: Json, key: str) -> Json:
    """Return an object member, or an empty one."""
    value = holder.get(key)
    return cast(Json, value) if isinstance(value, dict) else {}


def text(holder: Json, key: str) -> str:
    """Return a text member, or an empty one."""
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def number(holder: Json, key: str) -> float:
    """Return a number member, at least 0, or 0."""
    value = holder.get(key)
    return max(0.0, float(value)) if isinstance(value, int | float) else 0.0
