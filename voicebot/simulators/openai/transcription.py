"""A Realtime transcription session, without I/O: client messages in, reactions out.

    session.update               -> session.updated, or error
    input_audio_buffer.append    -> nothing
    input_audio_buffer.clear     -> input_audio_buffer.cleared
    input_audio_buffer.commit    -> input_audio_buffer.committed, conversation.item.added;
                                    later deltas and completed (or failed), each with its item_id

Words come only after the commit, one delta each; a real `gpt-live-transcribe` sends some before.
Server-side voice activity detection is not simulated.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicebot.simulators.openai.audio import Format
from voicebot.simulators.openai.messages import (
    Cut,
    Event,
    Hangup,
    Ids,
    Later,
    Reaction,
    Step,
    error,
    event,
)
from voicebot.simulators.openai.simulator import Fault, FaultKind

MODELS: Final = (
    "gpt-live-transcribe",
    "gpt-transcribe",
    "gpt-realtime-whisper",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "whisper-1",
)
_WITH_KEYWORDS: Final = MODELS[:2]
_WITHOUT_VAD: Final = ("gpt-live-transcribe", "gpt-realtime-whisper")
_SHORTEST_MS: Final = 100.0
_SESSION_S: Final = 3600
_UPDATES: Final = {"transcription", "format", "noise_reduction", "turn_detection"}
_BASE: Final = "session.audio.input"

Recognise = Callable[[NDArray[np.int16], int], str]
"""Takes samples and their rate, returns the words."""


@dataclass(frozen=True, slots=True)
class World:
    """The environment of a session: recogniser, latencies, faults, the clock.

    note  called with the settings of each transcribed item
    """

    recognise: Recognise
    latency_s: Callable[[], float]
    fault: Callable[[tuple[FaultKind, ...]], Fault | None]
    now: Callable[[], float]
    note: Callable[[Mapping[str, object]], None]
    takes_pcmu: bool = True


class _Refused(Exception):
    def __init__(self, message: str, code: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


class TranscriptionSession:
    """The session of one socket with `intent=transcription`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ids = Ids()
        self._id = self._ids.new("sess")
        self._expires_at = int(world.now()) + _SESSION_S
        self._input: dict[str, object] = {
            "format": Format.PCM.described(),
            "noise_reduction": None,
            "transcription": None,
            "turn_detection": None,
        }
        self._format = Format.PCM
        self._buffer = bytearray()
        self._last_item: str | None = None
        self._held_back: list[tuple[float, Step]] = []

    def opened(self) -> Event:
        """Return the first event."""
        return event(self._ids, "session.created", session=self._described())

    def receive(self, message: Mapping[str, object]) -> Reaction:
        """Return the reaction to one client message."""
        try:
            match message.get("type"):
                case "session.update":
                    return Reaction([self._update(_mapping(message, "session", "session"))])
                case "input_audio_buffer.append":
                    self._append(message.get("audio"))
                    return Reaction()
                case "input_audio_buffer.clear":
                    self._buffer.clear()
                    return Reaction([event(self._ids, "input_audio_buffer.cleared")])
                case "input_audio_buffer.commit":
                    return self._commit()
                case other:
                    raise _Refused(f"Invalid value: '{other}'.", "invalid_value", "type")
        except _Refused as refused:
            return Reaction([self._refuse(refused, message)])

    def _refuse(self, refused: _Refused, message: Mapping[str, object]) -> Event:
        """Return an `error` event that names its cause."""
        cause = message.get("event_id")
        return error(self._ids, str(refused), code=refused.code, param=refused.param, cause=cause)

    # -- the session's settings ----------------------------------------------------------

    def _described(self) -> dict[str, object]:
        return {
            "type": "transcription",
            "object": "realtime.transcription_session",
            "id": self._id,
            "expires_at": self._expires_at,
            "audio": {"input": self._input},
        }

    def _update(self, session: Mapping[str, object]) -> Event:
        if session.get("type") != "transcription":
            raise _Refused(
                "Passing a realtime session update event to a transcription session is not "
                "allowed.",
                "invalid_value",
                "session.type",
            )
        audio = _mapping(session, "audio", "session.audio") if "audio" in session else {}
        wanted = _mapping(audio, "input", _BASE) if "input" in audio else {}
        if unknown := set(wanted) - _UPDATES:
            raise _unknown(f"{_BASE}.{min(unknown)}")
        merged = {**self._input, **wanted}
        _check_transcription(merged["transcription"])
        _check_turn_detection(merged["turn_detection"], merged["transcription"])
        self._format = self._checked_format(merged["format"])
        self._input = merged
        return event(self._ids, "session.updated", session=self._described())

    def _checked_format(self, wanted: object) -> Format:
        param = f"{_BASE}.format"
        if not isinstance(wanted, Mapping):
            raise _Refused("Invalid type: expected an object.", "invalid_type", param)
        kind, rate = wanted.get("type"), wanted.get("rate")
        if kind == Format.PCMU and self._world.takes_pcmu and rate is None:
            return Format.PCMU
        if kind == Format.PCM and rate == Format.PCM.rate_hz:
            return Format.PCM
        raise _Refused(f"Invalid value: '{kind}' at rate {rate}.", "invalid_value", f"{param}.type")

    # -- audio ---------------------------------------------------------------------------

    def _append(self, audio: object) -> None:
        try:
            self._buffer += base64.b64decode(
                audio if isinstance(audio, str) else "?", validate=True
            )
        except binascii.Error:
            raise _Refused(
                "Invalid 'audio'. Expected base64-encoded audio bytes.", "invalid_value", "audio"
            ) from None

    def _commit(self) -> Reaction:
        if fault := self._world.fault((FaultKind.CLOSED, FaultKind.EXPIRED)):
            return self._end(fault.kind)
        milliseconds = len(self._buffer) * 1000 / self._format.bytes_a_second
        if milliseconds < _SHORTEST_MS:
            raise _Refused(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms "
                f"of audio, but buffer only has {milliseconds:.2f}ms of audio.",
                "input_audio_buffer_commit_empty",
            )
        self._world.note(self._input)
        audio, self._buffer = bytes(self._buffer), bytearray()
        item, previous = self._ids.new("item"), self._last_item
        self._last_item = item
        content = [{"type": "input_audio", "transcript": None}]
        now: list[Step] = [
            event(self._ids, "input_audio_buffer.committed", item_id=item,
                  previous_item_id=previous),
            event(self._ids, "conversation.item.added", previous_item_id=previous,
                  item={"id": item, "object": "realtime.item", "type": "message",
                        "status": "completed", "role": "user", "content": content}),
        ]  # fmt: skip
        return self._transcribed(now, item, audio)

    def _end(self, kind: FaultKind) -> Reaction:
        if kind is FaultKind.CLOSED:
            return Reaction([Hangup(1011, "internal error")])
        expired = error(
            self._ids, "Your session hit the maximum duration of 60 minutes.",
            code="session_expired",
        )  # fmt: skip
        return Reaction([expired, Hangup(1001, "session expired")])

    def _transcribed(self, now: list[Step], item: str, audio: bytes) -> Reaction:
        fault = self._world.fault(
            (
                FaultKind.STALL,
                FaultKind.SLOW,
                FaultKind.UNKNOWN_EVENT,
                FaultKind.OUT_OF_ORDER,
                FaultKind.FAILED_ITEM,
                FaultKind.CUT_JSON,
            )
        )
        kind = fault.kind if fault else None
        if kind is FaultKind.UNKNOWN_EVENT:
            now.insert(0, event(self._ids, "input_audio_buffer.weather_report", sunny=True))
        wait_s = self._world.latency_s() + (
            fault.seconds if fault and kind is FaultKind.SLOW else 0.0
        )
        steps = self._steps(item, audio, wait_s, failed=kind is FaultKind.FAILED_ITEM)
        if kind is FaultKind.CUT_JSON:
            steps = [(wait_s, Cut('{"type":"conversation.item.input_audio_transcription.co'))]
        if kind is FaultKind.STALL:
            steps = steps[:-1]
        if kind is FaultKind.OUT_OF_ORDER:
            self._held_back = steps
            return Reaction(now)
        steps, self._held_back = [*steps, *self._held_back], []
        return Reaction(now, [Later(tuple(steps))])

    def _steps(
        self, item: str, audio: bytes, wait_s: float, *, failed: bool
    ) -> list[tuple[float, Step]]:
        """Return the delayed events: half of the wait before the first word, the rest between
        words."""
        kind = "conversation.item.input_audio_transcription"
        about = {"item_id": item, "content_index": 0}
        if failed:
            reason = {"type": "server_error", "code": "transcription_failed",
                      "message": "Input transcription failed.", "param": None}  # fmt: skip
            return [(wait_s, event(self._ids, f"{kind}.failed", **about, error=reason))]
        text = self._world.recognise(self._format.samples(audio), self._format.rate_hz)
        words = text.split()
        pace_s = wait_s / 2 / (len(words) + 1)
        steps: list[tuple[float, Step]] = []
        for number, word in enumerate(words):
            delta = word if number == 0 else f" {word}"
            pause_s = wait_s / 2 if number == 0 else pace_s
            steps.append((pause_s, event(self._ids, f"{kind}.delta", **about, delta=delta)))
        usage = {
            "type": "duration", "seconds": round(len(audio) / self._format.bytes_a_second, 3)
        }  # fmt: skip
        last_s = wait_s - sum(pause_s for pause_s, _ in steps)
        done = event(self._ids, f"{kind}.completed", **about, transcript=text, usage=usage)
        return [*steps, (max(0.0, last_s), done)]


def _mapping(message: Mapping[str, object], key: str, param: str) -> Mapping[str, object]:
    value = message.get(key)
    if not isinstance(value, Mapping):
        raise _Refused(f"Missing required parameter: '{param}'.", "missing_required_parameter")
    return value


def _check_transcription(wanted: object) -> None:
    if wanted is None:
        return
    param = f"{_BASE}.transcription"
    if not isinstance(wanted, Mapping) or wanted.get("model") not in MODELS:
        raise _Refused("Invalid value for the model.", "invalid_value", f"{param}.model")
    special = {"keywords", "languages"} & set(wanted)
    if special and wanted["model"] not in _WITH_KEYWORDS:
        raise _Refused(
            "This model does not take it.", "unsupported_parameter", f"{param}.{min(special)}"
        )
    if "language" in wanted and "languages" in wanted:
        raise _Refused("Send language or languages.", "invalid_value", f"{param}.languages")
    if unknown := set(wanted) - {
        "model", "language", "languages", "keywords", "prompt", "delay"
    }:  # fmt: skip
        raise _unknown(f"{param}.{min(unknown)}")
    keywords = wanted.get("keywords", [])
    if not isinstance(keywords, list) or any(set("<>\r\n") & set(str(k)) for k in keywords):
        raise _Refused("Invalid keywords.", "invalid_value", f"{param}.keywords")


def _check_turn_detection(wanted: object, transcription: object) -> None:
    if wanted is None:
        return
    model = transcription.get("model") if isinstance(transcription, Mapping) else None
    if model in _WITHOUT_VAD:
        message = f"Turn detection is not supported for '{model}'; it must be null."
    else:
        message = "This simulator has no voice activity detection; set it to null."
    raise _Refused(message, "invalid_value", f"{_BASE}.turn_detection")


def _unknown(param: str) -> _Refused:
    return _Refused(f"Unknown parameter: '{param}'.", "unknown_parameter", param)
