"""The provider's protocol: text frames to events, and back. Pure.

`Dialect` is what the session knows; `Twilio` is Twilio Media Streams, bidirectional
(twilio.com/docs/voice/media-streams/websocket-messages):

- every outbound message has exactly the keys below, else it is dropped without a word;
- `start` has no phone numbers, they come as `customParameters`, which clones leave out;
- a frame is 20 ms as observed, not as promised: any payload length is accepted.
"""

from __future__ import annotations

from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from voicebot.call import CallSid, parse_call_sid
from voicebot.errors import InvalidCallSid, ProtocolViolation
from voicebot.g711 import RATE_HZ


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


CODEC = "audio/x-mulaw"
KEYS = frozenset("0123456789*#ABCD")
UNSUPPORTED_DATA = 1003
POLICY_VIOLATION = 1008
_MAX_PARAMETER = 500  # name and value: the provider's own limit
_MAX_EVENT_NAME = 32  # of a stranger's word that may end in our log

Json = dict[str, object]


class Twilio:
    """The dialect; SignalWire's differences (missing keys) are read as well."""

    def read(self, frame: str | bytes) -> Event:
        """One frame, one event; raises ProtocolViolation for a start that cannot be served."""
        if isinstance(frame, bytes):
            return Malformed("a binary frame")
        try:
            message: object = orjson.loads(frame)
        except orjson.JSONDecodeError:
            return Malformed("not JSON")
        if not isinstance(message, dict):
            return Malformed("not an object")
        event = message.get("event")
        if not isinstance(event, str):
            return Malformed("no event")
        reader = _READERS.get(event)
        return reader(message) if reader else Unknown(event[:_MAX_EVENT_NAME])

    def audio(self, stream_sid: str, mulaw: bytes) -> str:
        """A media message; any length, Twilio plays in order and in real time."""
        payload = b64encode(mulaw).decode("ascii")
        return _text({"event": "media", "streamSid": stream_sid, "media": {"payload": payload}})

    def mark(self, stream_sid: str, name: str) -> str:
        """A mark message; it labels the media sent before it."""
        return _text({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}})

    def clear(self, stream_sid: str) -> str:
        """A clear message; all pending marks come back at once."""
        return _text({"event": "clear", "streamSid": stream_sid})


def _text(message: Json) -> str:
    # A str, because bytes would go out as a binary frame, which Twilio refuses (31950).
    return orjson.dumps(message).decode()


def _read_connected(message: Json) -> Event:
    return Connected()


def _read_start(message: Json) -> Event:
    start = message.get("start")
    if not isinstance(start, dict):
        raise ProtocolViolation("start without its object", code=POLICY_VIOLATION)
    _check_codec(start.get("mediaFormat"))
    stream_sid = message.get("streamSid") or start.get("streamSid")
    call_sid = start.get("callSid")
    if not isinstance(stream_sid, str) or not isinstance(call_sid, str):
        raise ProtocolViolation("start without callSid or streamSid", code=POLICY_VIOLATION)
    try:
        parsed = parse_call_sid(call_sid)
    except InvalidCallSid as error:
        raise ProtocolViolation(str(error), code=POLICY_VIOLATION) from error
    return Start(parsed, stream_sid, _parameters(start.get("customParameters")))


def _check_codec(media_format: object) -> None:
    """A missing format means the default; another codec is never silently assumed."""
    if media_format is None:
        return
    expected = {"encoding": CODEC, "sampleRate": RATE_HZ, "channels": 1}
    given = media_format if isinstance(media_format, dict) else {"encoding": media_format}
    if any(given.get(key, value) != value for key, value in expected.items()):
        raise ProtocolViolation("only mu-law, 8 kHz, mono is spoken here", code=UNSUPPORTED_DATA)


def _parameters(given: object) -> dict[str, str]:
    if not isinstance(given, dict):
        return {}
    parameters = {str(key): value for key, value in given.items() if isinstance(value, str)}
    if any(len(name) + len(value) >= _MAX_PARAMETER for name, value in parameters.items()):
        raise ProtocolViolation("a parameter is too long", code=POLICY_VIOLATION)
    return parameters


def _read_media(message: Json) -> Event:
    media = message.get("media")
    if not isinstance(media, dict):
        return Malformed("media without its object")
    if media.get("track", "inbound") != "inbound":
        return Unknown("media of another track")
    payload = media.get("payload")
    if not isinstance(payload, str):
        return Malformed("media without payload")
    try:
        return Audio(a2b_base64(payload, strict_mode=True))
    except (Base64Error, ValueError):  # ValueError: letters outside ASCII
        return Malformed("payload is not base64")


def _read_digit(message: Json) -> Event:
    dtmf = message.get("dtmf")
    key = dtmf.get("digit") if isinstance(dtmf, dict) else None
    return Digit(key) if isinstance(key, str) and key in KEYS else Malformed("dtmf without a key")


def _read_mark(message: Json) -> Event:
    mark = message.get("mark")
    name = mark.get("name") if isinstance(mark, dict) else None
    return Mark(name) if isinstance(name, str) else Malformed("mark without a name")


def _read_stop(message: Json) -> Event:
    return Stop()


_READERS: dict[str, Callable[[Json], Event]] = {
    "connected": _read_connected,
    "start": _read_start,
    "media": _read_media,
    "dtmf": _read_digit,
    "mark": _read_mark,
    "stop": _read_stop,
}
