"""What may happen in a call, what is to be done about it, and where a call stands between the two.

Plain values for `machine.step`. Times named `_s` are seconds of one monotonic clock, times named
`_ms` are milliseconds of the caller's audio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Final

from voicebot.call import Phase, Step
from voicebot.collect.events import (
    YES_NO_KEYS,
    Expectation,
    Hearing,
    Reading,
    Silent,
    TimeUp,
)
from voicebot.collect.understanding import Asked
from voicebot.errors import VoicebotError
from voicebot.speech import Hint
from voicebot.stream.playback import Playback
from voicebot.stream.turns import Turn

END_KEY: Final = "#"
KEY_WAIT_S: Final = 4.0
"""After so long without a key the number is taken as whole."""
YES_NO_WAIT_S: Final = 2.0
"""The same for a key that is a yes or a no all by itself."""
MOST_KEYS: Final = 32
"""No number has so many; what a stuck key adds is dropped."""


@dataclass(frozen=True, slots=True)
class Now:
    """The moment of an event: on the monotonic clock, and as the record has it (UTC)."""

    s: float
    utc: datetime


@dataclass(frozen=True, slots=True)
class FillerPhrases:
    """What is said while an answer is late, the last phrase again and again.

    after_s  seconds after the caller's last word
    """

    sentences: tuple[str, ...]
    after_s: float


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
class TurnDecided:
    """For observers: the caller's turn was over at that moment."""

    at_s: float


@dataclass(frozen=True, slots=True)
class TurnDropped:
    """For observers: the turn wants no answer."""


@dataclass(frozen=True, slots=True)
class SttAwaited:
    """For observers: the answer waited so long for the transcript."""

    seconds: float


@dataclass(frozen=True, slots=True)
class TurnAnswered:
    """For observers: the first frame of the answer was sent at that moment."""

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
    | TurnDecided
    | TurnDropped
    | SttAwaited
    | TurnAnswered
)


# -- state -----------------------------------------------------------------------------------

Question = tuple[Step, bool]
"""What is asked: a step, and whether a yes is waited for."""


@dataclass(frozen=True, slots=True)
class Keys:
    """One answer in keys.

    began_at  the moment of the first (UTC)
    asked     the question at the last; None while the bot was putting a new one

    0411222333#          a number, whole at once
    0411222333 ── 4 s    a number, whole after a pause
    1 ── 2 s             a yes to a read-back; what follows sooner makes a number of it
    """

    digits: str
    began_at: datetime
    asked: Question | None

    def and_then(self, key: str, asked: Question | None) -> Keys:
        """Return the keys with one more."""
        return replace(self, digits=(self.digits + key)[:MOST_KEYS], asked=asked)

    def wait_s(self, *, confirming: bool) -> float:
        """Return how long to wait for another key before these are all, in seconds."""
        return YES_NO_WAIT_S if confirming and self.digits in YES_NO_KEYS else KEY_WAIT_S

    def answer(self, question: Question) -> bool:
        """Return whether they answer it: a lone key is no yes to what was not asked yet."""
        return len(self.digits) > 1 or self.asked in (None, question)


@dataclass(frozen=True, slots=True)
class Transcription:
    """A turn's audio, from `start_ms` to `end_ms`, on its way to being text.

    text     None until it is known
    seconds  that its model needed
    plain    the first text, while the same audio is transcribed again with digits as words
    """

    number: int
    start_ms: float
    end_ms: float
    text: str | None = None
    seconds: float = 0.0
    failed: bool = False
    plain: str | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """A finished turn. `decided_s`: the moment at which it was known to be over."""

    transcription: Transcription
    started_at: datetime
    decided_s: float


Arrival = Spoken | Keys | Silent | TimeUp


class Waits(Enum):
    """What the conversation is at.

    ELSEWHERE ──QuestionAsked──► CALLER ──a finished turn──► TEXT ──words──► ELSEWHERE
                                   ▲ ▲                        │ │
                                   │ └──────── nothing ───────┘ └─a brief noise─► RESUMPTION
                                   └───────────────────ResumeEnded──────────────────┘
    """

    ELSEWHERE = "elsewhere"
    CALLER = "caller"
    TEXT = "text"
    RESUMPTION = "resumption"


NOTHING_ASKED: Final = Expectation(
    Step.NAME, False, lambda text: Reading(Asked(Step.NAME, datetime.min))
)


@dataclass(frozen=True, slots=True)
class CallSettings:
    """What does not change during a call.

    window_ms  the length of a window of the voice detector
    decisive   the detector knows: the first silent window ends the turn
    """

    window_ms: float
    decisive: bool = False
    language: str = "en"
    fillers: FillerPhrases | None = None


@dataclass(frozen=True, slots=True)
class CallState:
    """Where a call stands.

    asked         the open question; None while the bot begins to put another one
    arrivals      what the caller did, not yet handed to the conversation, oldest first
    judged        the finished turn whose text decides what it is, since `judged_s`
    followed_ms   where the turn that speech to text follows begins
    transcription of the present pause, which may turn out to be all
    turn_end_ms   no later turn reaches back further
    heard_prefix  what was heard of the words that the caller interrupted; None if none were
    passed_over   a noise was taken for none: who says something again means it
    filler        how many filler phrases were said while the caller waits; None while not
    gone, over    the caller is gone; why the next question is not answered
    """

    settings: CallSettings
    turn: Turn = field(default_factory=Turn)
    playback: Playback = field(default_factory=Playback)
    expectation: Expectation = NOTHING_ASKED
    asked: Question | None = None
    waits: Waits = Waits.ELSEWHERE
    arrivals: tuple[Arrival, ...] = ()
    judged: Spoken | None = None
    judged_s: float = 0.0
    followed_ms: float | None = None
    transcription: Transcription | None = None
    transcriptions: int = 0
    turn_end_ms: float = 0.0
    keys: Keys | None = None
    heard_prefix: str | None = None
    passed_over: bool = False
    filler: int | None = None
    finishing: bool = False
    gone: bool = False
    over: VoicebotError | None = None
    phase: Phase | None = None


Effects = Sequence[Effect]
