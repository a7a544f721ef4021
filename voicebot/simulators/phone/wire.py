"""Twilio Media Streams on the provider's side: build its messages, check the server's strictly.

The provider drops a message with an unknown, missing or extra key and warns once (31951; 31950
when it is no JSON text). Here each is a Complaint, so that tests see it. Numbers are strings in
this protocol, except inside `mediaFormat`.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

ACCOUNT_SID: Final = "AC" + "0" * 32
"""An account id that no real customer has."""


class Complaint(ValueError):
    """A message that the provider would drop, and the reason."""


@dataclass(frozen=True, slots=True)
class Media:
    """Audio to play: mu-law, 8 kHz."""

    audio: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """A label that is echoed when playback reaches it."""

    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Drop the play-out queue."""


ServerMessage = Media | Mark | Clear
"""A message of the server."""

_BODIES: Final = {"media": "payload", "mark": "name", "clear": ""}
"""The events, and the only key in the body of each; `clear` has no body."""


def parse_message(message: str | bytes, stream_sid: str) -> ServerMessage:
    """Parse and check one message of the server; raises Complaint."""
    if isinstance(message, bytes):
        raise Complaint("31950: a binary frame; messages are text")
    try:
        order = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise Complaint(f"31950: not JSON: {error}") from error
    if not isinstance(order, dict):
        raise Complaint("31950: not a JSON object")
    event = order.get("event")
    if not isinstance(event, str) or event not in _BODIES:
        raise Complaint(f"31951: unknown event {event!r}")
    key = _BODIES[event]
    expected = {"event", "streamSid", event} if key else {"event", "streamSid"}
    if order.keys() != expected:
        raise Complaint(f"31951: {event} must have exactly the keys {sorted(expected)}")
    if order["streamSid"] != stream_sid:
        raise Complaint(f"31951: {event} for another streamSid")
    return _with_body(event, key, order[event]) if key else Clear()


def _with_body(event: str, key: str, body: object) -> Media | Mark:
    if not isinstance(body, dict) or body.keys() != {key}:
        raise Complaint(f"31951: the body must have exactly the key {key!r}")
    value = body[key]
    if not isinstance(value, str) or not value:
        raise Complaint(f"31951: {key} must be a text that is not empty")
    if event == "mark":
        return Mark(value)
    try:
        return Media(base64.b64decode(value, validate=True))
    except binascii.Error as error:
        raise Complaint(f"31951: the payload is not standard base64: {error}") from error


class Messages:
    """Builds the messages of one stream, with a common `sequenceNumber`."""

    def __init__(self, call_sid: str, stream_sid: str, parameters: Mapping[str, str]) -> None:
        self.call_sid = call_sid
        self.stream_sid = stream_sid
        self._parameters = dict(parameters)
        self._sequence = 0
        self._chunk = 0

    def connected(self) -> str:
        """Return `connected`, which has no ids and no number."""
        return '{"event":"connected","protocol":"Call","version":"1.0.0"}'

    def start(self) -> str:
        """Return `start`, with the parameters of the TwiML."""
        start = {
            "accountSid": ACCOUNT_SID,
            "streamSid": self.stream_sid,
            "callSid": self.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": self._parameters,
        }
        return self._numbered("start", {"start": start})

    def media(self, payload: str, timestamp_ms: int) -> str:
        """Return `media` with a base64 `payload`; formatted by hand, for 50 a second and call."""
        self._sequence += 1
        self._chunk += 1
        return (
            f'{{"event":"media","sequenceNumber":"{self._sequence}",'
            f'"media":{{"track":"inbound","chunk":"{self._chunk}",'
            f'"timestamp":"{timestamp_ms}","payload":"{payload}"}},'
            f'"streamSid":"{self.stream_sid}"}}'
        )

    def dtmf(self, digit: str) -> str:
        """Return `dtmf` for a key press; its track is named differently from that of media."""
        return self._numbered("dtmf", {"dtmf": {"track": "inbound_track", "digit": digit}})

    def mark(self, name: str) -> str:
        """Return the echo of the server's mark."""
        return self._numbered("mark", {"mark": {"name": name}})

    def stop(self) -> str:
        """Return `stop`: the caller hung up."""
        stop = {"accountSid": ACCOUNT_SID, "callSid": self.call_sid}
        return self._numbered("stop", {"stop": stop})

    def _numbered(self, event: str, body: Mapping[str, object]) -> str:
        self._sequence += 1
        message = {"event": event, "sequenceNumber": str(self._sequence), **body}
        return orjson.dumps({**message, "streamSid": self.stream_sid}).decode()
