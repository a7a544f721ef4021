"""The provider's protocol, Twilio Media Streams, bidirectional: frames to events, and back. Pure.

Source: twilio.com/docs/voice/media-streams/websocket-messages. SignalWire leaves keys out.

- every outbound message has exactly the keys below, else it is dropped without a word;
- `start` has no phone numbers, they come as `customParameters`, which clones leave out;
- a frame is 20 ms as observed, not as promised: any payload length is accepted.
"""

from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from voicebot.call import CallSid, parse_call_sid
from voicebot.errors import InvalidCallSid, ProtocolViolation
from voicebot.g711 import RATE_HZ

CODEC: Final = "audio/x-mulaw"
KEYS: Final = frozenset("0123456789*#ABCD")
UNSUPPORTED_DATA: Final = 1003
POLICY_VIOLATION: Final = 1008
_MAX_PARAMETER: Final = 500
"""Name and value: the provider's own limit."""
_MAX_EVENT_NAME: Final = 32
"""Of a stranger's word that may end in our log."""


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
    """One key pressed on the caller's phone: a digit, `*`, `#` or A to D."""

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
    """A well-formed event that we have no use for, such as the provider's hello."""

    event: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A frame that cannot be read; harmless when counted and ignored."""

    reason: str


Event = Start | Audio | Digit | Mark | Stop | Unknown | Malformed


def read(frame: str | bytes) -> Event:
    """Return the event of one frame; raises ProtocolViolation for a start that cannot be served."""
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
    body = message.get(event)
    if event == "media":  # fifty a second
        return _read_media(body)
    match event, body:
        case "mark", {"name": str(name)}:
            return Mark(name)
        case "dtmf", {"digit": str(key)} if key in KEYS:
            return Digit(key)
        case "mark" | "dtmf", _:
            return Malformed(f"{event} without what it should carry")
        case "start", _:
            return _read_start(body, message.get("streamSid"))
        case "stop", _:
            return Stop()
        case _:
            return Unknown(event[:_MAX_EVENT_NAME])


def audio(stream_sid: str, mulaw: bytes) -> str:
    """Return a frame that plays `mulaw`, of any length, after all that was sent before it."""
    payload = b64encode(mulaw).decode("ascii")
    return _text({"event": "media", "streamSid": stream_sid, "media": {"payload": payload}})


def mark(stream_sid: str, name: str) -> str:
    """Return a frame that comes back when all before it has been played."""
    return _text({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}})


def clear(stream_sid: str) -> str:
    """Return a frame that throws away what was not played yet; its marks come back at once."""
    return _text({"event": "clear", "streamSid": stream_sid})


def _text(message: Mapping[str, object]) -> str:
    # A str, because bytes would go out as a binary frame, which Twilio refuses (31950).
    return orjson.dumps(message).decode()


def _read_media(media: object) -> Event:
    if not isinstance(media, dict) or not isinstance(payload := media.get("payload"), str):
        return Malformed("media without payload")
    if media.get("track", "inbound") != "inbound":
        return Unknown("media of another track")
    try:
        return Audio(a2b_base64(payload, strict_mode=True))
    except (Base64Error, ValueError):  # ValueError: letters outside ASCII
        return Malformed("payload is not base64")


def _read_start(start: object, stream_sid: object) -> Start:
    if not isinstance(start, dict):
        raise ProtocolViolation("start without its object", code=POLICY_VIOLATION)
    given = start.get("mediaFormat")
    if not isinstance(given, dict):  # a missing one means the default, another never does
        given = {} if given is None else {"encoding": given}
    expected = {"encoding": CODEC, "sampleRate": RATE_HZ, "channels": 1}
    if any(given.get(key, value) != value for key, value in expected.items()):
        raise ProtocolViolation("only mu-law, 8 kHz, mono is spoken here", code=UNSUPPORTED_DATA)
    stream_sid, call_sid = stream_sid or start.get("streamSid"), start.get("callSid")
    if not isinstance(stream_sid, str) or not isinstance(call_sid, str):
        raise ProtocolViolation("start without callSid or streamSid", code=POLICY_VIOLATION)
    try:
        parsed = parse_call_sid(call_sid)
    except InvalidCallSid as error:
        raise ProtocolViolation(str(error), code=POLICY_VIOLATION) from error
    return Start(parsed, stream_sid, _parameters(start.get("customParameters")))


def _parameters(given: object) -> dict[str, str]:
    if not isinstance(given, dict):
        return {}
    parameters = {str(key): value for key, value in given.items() if isinstance(value, str)}
    if any(len(name) + len(value) >= _MAX_PARAMETER for name, value in parameters.items()):
        raise ProtocolViolation("a parameter is too long", code=POLICY_VIOLATION)
    return parameters
