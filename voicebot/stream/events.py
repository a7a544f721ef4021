"""What may happen in a call, and what is to be done about it: plain values for `machine.step`.

Times named `_s` are seconds of one monotonic clock, times named `_ms` are milliseconds of the
caller's audio.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from voicebot.call import Phase
from voicebot.collect.events import Expectation, Hearing
from voicebot.errors import VoicebotError
from voicebot.speech import Hint
from voicebot.telemetry import TurnBegan, TurnDropped, Waited


@dataclass(frozen=True, slots=True)
class Now:
    """The moment of an event: on the monotonic clock, and as the record has it (UTC)."""

    s: float
    utc: datetime


class Timer(Enum):
    """The timers of a call; starting one again replaces it."""

    KEYS = "keys"
    FILLER = "filler"
    PLAYED = "played"


# -- events ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """One more window of the caller's audio, with its speech probability (0 to 1)."""

    probability: float


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key of the caller's phone: a digit, `*` or `#`."""

    key: str


@dataclass(frozen=True, slots=True)
class MarkReturned:
    """The provider returned one of our marks."""

    name: str


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """The conversation waits for an answer to this."""

    expectation: Expectation


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A transcription ended, after `seconds` in its model; `failed` when there was no service."""

    number: int
    text: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True, slots=True)
class SayBegan:
    """The bot is about to say something else."""


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The message is committed: its first frame follows."""


@dataclass(frozen=True, slots=True)
class SentenceBegan:
    """The audio from here on belongs to this sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class AudioReady:
    """A piece of the open sentence's audio, mu-law, at most 200 ms."""

    mulaw: bytes


@dataclass(frozen=True, slots=True)
class SentenceEnded:
    """The open sentence has all its audio."""


@dataclass(frozen=True, slots=True)
class SayEnded:
    """The utterance has all its sentences."""


@dataclass(frozen=True, slots=True)
class ResumeEnded:
    """What a brief noise interrupted has all its sentences again."""


@dataclass(frozen=True, slots=True)
class FarewellBegan:
    """The conversation is over but for its last words, which are played to their end."""


@dataclass(frozen=True, slots=True)
class AnswerSent:
    """The first frame of an utterance was sent to the provider."""


@dataclass(frozen=True, slots=True)
class FillerReady:
    """The audio of a filler phrase; empty when it could not be synthesised."""

    mulaw: bytes


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that was started, and not stopped, has run out."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class CallTooLong:
    """The call has reached its longest permitted length."""


@dataclass(frozen=True, slots=True)
class CallerGone:
    """Nothing more will come: what was said until now is heard, then `why` is raised."""

    why: VoicebotError


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing more is wanted: what is under way is dropped, and `why` is raised."""

    why: VoicebotError


CallEvent = (
    Window
    | KeyPressed
    | MarkReturned
    | QuestionAsked
    | Transcribed
    | SayBegan
    | SpeechBegan
    | SentenceBegan
    | AudioReady
    | SentenceEnded
    | SayEnded
    | ResumeEnded
    | FarewellBegan
    | AnswerSent
    | FillerReady
    | TimerFired
    | CallTooLong
    | CallerGone
    | Closed
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
    """Ask for the text of the followed turn up to `end_ms`; the answer is Transcribed."""

    number: int
    end_ms: float
    hint: Hint


@dataclass(frozen=True, slots=True)
class TranscribeAgain:
    """Ask for the same turn's text with another hint."""

    number: int
    hint: Hint


@dataclass(frozen=True, slots=True)
class DropTranscription:
    """Its text is not wanted (any more)."""

    number: int


@dataclass(frozen=True, slots=True)
class Play:
    """Send audio. `late_s`: silence that the caller heard before it, within the utterance.

    first   the utterance begins with it: answer with AnswerSent when it was sent
    filler  it is no part of an utterance
    """

    mulaw: bytes
    late_s: float = 0.0
    first: bool = False
    filler: bool = False


@dataclass(frozen=True, slots=True)
class SendMark:
    """Send a mark behind the audio before it."""

    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Throw away all audio that was not played yet, here and at the provider."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Say the interrupted utterance from sentence number `first` (from 0) on; then ResumeEnded.

    known  the audio of the first of them
    """

    first: int
    known: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SayFiller:
    """Synthesise a filler phrase; the answer is FillerReady."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Deliver:
    """The conversation's question has this answer."""

    hearing: Hearing


@dataclass(frozen=True, slots=True)
class Raise:
    """The conversation's question has no answer: the call is over."""

    why: VoicebotError


@dataclass(frozen=True, slots=True)
class Played:
    """The farewell was played to its end."""


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Answer with TimerFired after `seconds`."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget a timer."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell live watchers what the bot is doing."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """The first frame of an utterance was sent at that moment: it answers the turn, if any."""

    at_s: float


Effect = (
    Follow
    | Feed
    | Transcribe
    | TranscribeAgain
    | DropTranscription
    | Play
    | SendMark
    | Clear
    | Resume
    | SayFiller
    | Deliver
    | Raise
    | Played
    | StartTimer
    | StopTimer
    | Announce
    | TurnBegan
    | TurnDropped
    | Waited
    | FirstFrame
)
