"""The events and effects of a call: plain values for `machine.step`.

Times named `_s` are seconds of one monotonic clock, times named `_ms` are milliseconds of the
caller's audio.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from voicebot.call import CommandRefusal, Phase, StaffCommand
from voicebot.collect.events import Expectation, Hearing, TimeUp
from voicebot.errors import VoicebotError
from voicebot.speech import Hint
from voicebot.stream.provider_dialect import Digit, Mark
from voicebot.telemetry import Heard, TurnBegan, TurnDropped, Waited


class Now(NamedTuple):
    """The moment of an event: on the monotonic clock, and as the record has it (UTC)."""

    s: float
    utc: datetime


class Timer(Enum):
    """The timers of a call. As an event: it has run out."""

    KEYS = auto()
    FILLER = auto()
    PLAYED = auto()


# -- events ----------------------------------------------------------------------------------


class Signal(Enum):
    """Events of which there is nothing to tell but that they happened."""

    SAY_BEGAN = auto()  # the bot is about to say something else
    SPEECH_BEGAN = auto()  # its message is committed: the first frame follows
    FIRST_FRAME_SENT = auto()  # of an utterance, to the provider
    SENTENCE_ENDED = auto()  # the open sentence has all its audio
    SAY_ENDED = auto()  # the utterance has all its sentences
    RESUME_ENDED = auto()  # what a brief noise interrupted has all its sentences again
    FAREWELL_BEGAN = auto()  # the conversation is over but for its last words, not to be cut short
    CALL_ENDED = auto()  # for good: no other session will go on with it
    CALLER_GONE = auto()  # what was said until now is heard, then the call is over


@dataclass(frozen=True, slots=True)
class Window:
    """One more window of the caller's audio, with its speech probability (0 to 1)."""

    probability: float


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A transcription ended, after `queued` seconds in a queue and `seconds` in its model; `failed`
    when there was no service."""

    number: int
    text: str
    seconds: float
    failed: bool = False
    alternatives: tuple[str, ...] = ()
    noisy: bool | None = None  # the line, as far as this tells
    queued: float = 0.0

    @property
    def texts(self) -> tuple[str, ...]:
        """All transcripts, the likeliest first."""
        return (self.text, *self.alternatives)


@dataclass(frozen=True, slots=True)
class SentenceBegan:
    """The audio from here on belongs to this sentence of the bot."""

    text: str


@dataclass(frozen=True, slots=True)
class AudioReady:
    """A piece of the open sentence's audio, mu-law, at most 200 ms."""

    mulaw: bytes


@dataclass(frozen=True, slots=True)
class FillerReady:
    """The audio of a filler phrase, mu-law; empty when it could not be synthesised."""

    mulaw: bytes


@dataclass(frozen=True, slots=True)
class BackchannelReady:
    """The audio of a sign that the bot listens, mu-law; empty when it could not be synthesised."""

    mulaw: bytes


@dataclass(frozen=True, slots=True)
class Over:
    """The end of listening: the turn under way is dropped.

    As an effect: the conversation's question has no answer, and `why` is raised.
    """

    why: VoicebotError


CallEvent = (
    Window
    | Digit
    | Mark
    | Expectation  # the conversation waits for an answer to this
    | TimeUp
    | StaffCommand
    | Transcribed
    | SentenceBegan
    | AudioReady
    | FillerReady
    | BackchannelReady
    | Signal
    | Timer
    | Over
)


# -- effects ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Follow:
    """Begin a turn at speech to text, with the audio from `start_ms` on."""

    start_ms: float
    hint: Hint


@dataclass(frozen=True, slots=True)
class Feed:
    """The followed turn goes on until `until_ms`: give speech to text that audio."""

    until_ms: float


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Ask for the text of the followed turn; the answer is Transcribed."""

    number: int
    hint: Hint
    end_ms: float | None = None  # None: of the same audio again, with another hint


@dataclass(frozen=True, slots=True)
class DropTranscription:
    """Its text is not wanted (any more)."""

    number: int


@dataclass(frozen=True, slots=True)
class Play:
    """Send audio."""

    mulaw: bytes
    late_s: float = 0.0  # silence that the caller heard before it, within the utterance
    first: bool = False  # the utterance begins with it: answer with FIRST_FRAME_SENT
    filler: bool = False  # it is no part of an utterance


class Command(Enum):
    """Effects without a value."""

    CLEAR = auto()  # throw away all audio that was not played yet, here and at the provider
    END_FAREWELL = auto()  # it was played to its end


@dataclass(frozen=True, slots=True)
class SayFiller:
    """Synthesise a filler phrase; the answer is FillerReady."""

    sentence: str


@dataclass(frozen=True, slots=True)
class SayBackchannel:
    """Synthesise a sign that the bot listens, softly; the answer is BackchannelReady."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Say the interrupted utterance from sentence number `first` (from 0) on; then RESUME_ENDED."""

    first: int
    known: tuple[bytes, ...]  # the audio of the first of them


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Answer with the timer after `seconds`, however it was set before; None stops it."""

    timer: Timer
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Settled:
    """The conversation has obeyed a command of staff, or refused it."""

    command: StaffCommand
    refused: CommandRefusal | None = None


Effect = (
    Feed
    | Follow
    | Transcribe
    | DropTranscription
    | Play
    | Mark  # is sent behind the audio before it
    | Command
    | SayFiller
    | SayBackchannel
    | Resume
    | Hearing  # answers the conversation's question
    | Over
    | Settled
    | SetTimer
    | Phase  # tells live watchers what the bot is doing
    | TurnBegan
    | TurnDropped
    | Waited
    | Heard
)
