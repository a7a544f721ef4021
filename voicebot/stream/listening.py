"""Speech input of one call: performs what the machine wants of speech to text.

    caller's track ──► recording ──► the followed turn ──► speech to text ──► Transcribed
           └─────────► voice detector ──► hear ──► windows ──► machine

A turn's audio goes to speech to text while it is spoken; its text is asked for at each pause.
"""

import asyncio
import math
from collections.abc import Callable
from typing import Final

from voicebot.errors import SpeechUnavailable
from voicebot.g711 import RATE_HZ
from voicebot.log import get_logger
from voicebot.speech import Hint, SttStream, SttTurn, is_noisy
from voicebot.stream.caller import oldest_needed_ms
from voicebot.stream.echo import COMPARED_MS, SentAudio
from voicebot.stream.events import DropTranscription, Feed, Follow, Transcribe, Transcribed
from voicebot.stream.machine import CallMachine
from voicebot.stream.relay import Relay
from voicebot.stream.turn_taking import STAY_PROBABILITY, Floor

HEAR_S: Final = 15.0
"""For any engine. Ours have shorter deadlines of their own."""
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


class Listener:
    """Speech input of one session; transcriptions run as tasks of `group`."""

    def __init__(
        self,
        machine: CallMachine,
        stream: SttStream,
        group: asyncio.TaskGroup,
        sent: SentAudio,
        relay: Relay,
        stopwatch: Callable[[], float],
    ) -> None:
        """`stopwatch` tells seconds of the machine's monotonic clock."""
        self._machine = machine
        self._now_s = stopwatch
        self._stream = stream
        self._group = group
        self._sent = sent
        self._relay = relay
        self._audio_began_s = math.inf  # the track's beginning, as its least delayed frame tells
        self._recording = Recording()
        self._turn: SttTurn | None = None
        self._start_ms = self._fed_ms = 0.0
        self._noisy = False  # the line
        self._asked: dict[int, tuple[asyncio.Task[None], SttTurn, bytes]] = {}

    def add(self, mulaw: bytes) -> None:
        """Take the next piece of the caller's track, before the voice detector gets it."""
        self._recording.add(mulaw)
        self._relay.add(mulaw)

    def hear(self, probability: float) -> None:
        """Take the speech probability of the track's next window; the bot's echo is no speech."""
        if probability >= STAY_PROBABILITY and self._is_echo():
            probability = 0.0
        self._machine.hear(probability)
        self._recording.forget_before(oldest_needed_ms(self._machine.state))

    def _is_echo(self) -> bool:
        state, now_s = self._machine.state, self._now_s()
        end_ms = state.turn.now_ms + state.window_ms
        self._audio_began_s = min(self._audio_began_s, now_s - end_ms / 1000)
        at_s = self._audio_began_s + end_ms / 1000
        if state.turn.floor is Floor.SPEAKING or not self._sent.may_echo(at_s):
            return False
        return self._sent.echoes_in(self._recording.between(end_ms - COMPARED_MS, end_ms), at_s)

    def perform(self, effect: Feed | Follow | Transcribe | DropTranscription) -> None:
        """Perform one of the machine's effects."""
        match effect:
            case Feed(until_ms):
                if self._turn is not None and until_ms > self._fed_ms:
                    self._turn.feed(self._recording.between(self._fed_ms, until_ms))
                    self._fed_ms = until_ms
            case Follow(start_ms, hint):
                self._turn = self._stream.listen(hint)
                self._start_ms = self._fed_ms = start_ms
            case Transcribe(number, hint, end_ms) if self._turn is not None and end_ms is not None:
                audio = self._recording.between(self._start_ms, end_ms)
                self._ask(number, self._turn, audio, hint)
            case Transcribe(number, hint):
                _, turn, audio = self._asked[number]
                self._ask(number, turn, audio, hint)
            case DropTranscription(number):
                if (dropped := self._asked.pop(number, None)) is not None:
                    dropped[0].cancel()

    def _ask(self, number: int, turn: SttTurn, audio: bytes, hint: Hint) -> None:
        task = self._group.create_task(self._transcribe(number, turn, audio, hint))
        self._asked[number] = task, turn, audio

    async def _transcribe(self, number: int, turn: SttTurn, audio: bytes, hint: Hint) -> None:
        asked_at = self._now_s()
        try:
            async with asyncio.timeout(HEAR_S):
                found = await turn.transcribe(audio, hint)
        except (SpeechUnavailable, TimeoutError) as error:
            _log.error("not_transcribed", error=error)
            seconds = self._now_s() - asked_at
            self._machine.handle(Transcribed(number, "", seconds, failed=True))
        else:
            text, others, noisy = (
                found.text.strip(),
                found.alternatives,
                is_noisy(audio, before=self._noisy),
            )
            self._noisy = self._noisy if noisy is None else noisy
            self._machine.handle(
                Transcribed(number, text, found.seconds, False, others, noisy, found.queued)
            )
