"""Speech input of one call: performs what the machine wants of speech to text.

    caller's track ──► voice detector ──► windows ──► machine
           └─────────► recording ──► the followed turn ──► speech to text ──► Transcribed

A turn's audio goes to speech to text while it is spoken; its text is asked for at each pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from voicebot.errors import SpeechUnavailable
from voicebot.g711 import RATE_HZ
from voicebot.log import get_logger
from voicebot.speech import Hint, SttStream, SttTurn, VoiceDetector
from voicebot.stream import events as ev

_BYTES_PER_MS: Final = RATE_HZ // 1000
_SLACK_BYTES: Final = 2_000 * _BYTES_PER_MS
"""Forget in steps, not at every frame: moving the bytes is the cost."""
_log = get_logger("voicebot.stream.listening")


class Recording:
    """The last of the caller's track (mu-law), addressed by audio time. Bounded."""

    def __init__(self) -> None:
        self._audio = bytearray()
        self._forgotten = 0

    def add(self, mulaw: bytes) -> None:
        """Append the next piece of the caller's track."""
        self._audio += mulaw

    def forget_before(self, ms: float) -> None:
        """Give up what sounded before `ms`, which may come before what is known."""
        surplus = int(ms * _BYTES_PER_MS) - self._forgotten
        if surplus > _SLACK_BYTES:
            surplus = min(surplus, len(self._audio))
            del self._audio[:surplus]
            self._forgotten += surplus

    def between(self, start_ms: float, end_ms: float) -> bytes:
        """Return what sounded from `start_ms` to `end_ms`, as far as it is still known."""
        start = int(start_ms * _BYTES_PER_MS) - self._forgotten
        end = int(end_ms * _BYTES_PER_MS) - self._forgotten
        return bytes(self._audio[max(0, start) : max(0, end)])


@dataclass(slots=True)
class _Followed:
    """The turn that speech to text follows, fed so far."""

    turn: SttTurn
    start_ms: float
    fed_ms: float


@dataclass(slots=True)
class _Asked:
    """A transcription under way, or done and perhaps to be made again."""

    turn: SttTurn
    audio: bytes
    task: asyncio.Task[None]


class Listener:
    """Speech input of one session; `tell` takes what was transcribed."""

    def __init__(
        self,
        detector: VoiceDetector,
        tell: Callable[[ev.CallEvent], None],
        stopwatch: Callable[[], float],
    ) -> None:
        self.detector = detector
        self._tell = tell
        self._stopwatch = stopwatch
        self._recording = Recording()
        self._stream: SttStream | None = None
        self._group: asyncio.TaskGroup | None = None
        self._followed: _Followed | None = None
        self._asked: dict[int, _Asked] = {}

    def open(self, stream: SttStream, group: asyncio.TaskGroup) -> None:
        """Begin: transcriptions run as tasks of `group`."""
        self._stream, self._group = stream, group

    def add(self, mulaw: bytes) -> list[float]:
        """Take the next piece of the caller's track; return its windows' speech probabilities."""
        self._recording.add(mulaw)
        return self.detector.feed(mulaw)

    def forget_before(self, ms: float) -> None:
        """See Recording.forget_before."""
        self._recording.forget_before(ms)

    def follow(self, start_ms: float, hint: Hint) -> None:
        """Perform Follow."""
        assert self._stream is not None
        self._followed = _Followed(self._stream.listen(hint), start_ms, start_ms)

    def feed(self, until_ms: float) -> None:
        """Perform Feed. A pause is not fed until it turns out to be within the turn."""
        followed = self._followed
        assert followed is not None
        if until_ms > followed.fed_ms:
            followed.turn.feed(self._recording.between(followed.fed_ms, until_ms))
            followed.fed_ms = until_ms

    def transcribe(self, number: int, end_ms: float, hint: Hint) -> None:
        """Perform Transcribe."""
        followed = self._followed
        assert followed is not None
        audio = self._recording.between(followed.start_ms, end_ms)
        self._ask(number, followed.turn, audio, hint)

    def transcribe_again(self, number: int, hint: Hint) -> None:
        """Perform TranscribeAgain."""
        asked = self._asked[number]
        self._ask(number, asked.turn, asked.audio, hint)

    def drop(self, number: int) -> None:
        """Perform DropTranscription."""
        if (asked := self._asked.pop(number, None)) is not None:
            asked.task.cancel()

    def _ask(self, number: int, turn: SttTurn, audio: bytes, hint: Hint) -> None:
        assert self._group is not None
        task = self._group.create_task(self._transcribe(number, turn, audio, hint))
        self._asked[number] = _Asked(turn, audio, task)

    async def _transcribe(self, number: int, turn: SttTurn, audio: bytes, hint: Hint) -> None:
        asked_at = self._stopwatch()
        try:
            transcript = await turn.transcribe(audio, hint)
        except SpeechUnavailable as error:
            _log.error("not_transcribed", error=error)
            seconds = self._stopwatch() - asked_at
            self._tell(ev.Transcribed(number, "", seconds, failed=True))
        else:
            self._tell(ev.Transcribed(number, transcript.text, transcript.seconds))
