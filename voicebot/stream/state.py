"""The state of a call for `machine.step`. Plain values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final, NamedTuple

from voicebot.call import Phase, StaffCommand, Step
from voicebot.collect.events import Expectation, Hint, Silent, TimeUp
from voicebot.collect.understanding import Asked, Situation
from voicebot.errors import VoicebotError
from voicebot.stream.events import Effect, Now, Transcribed
from voicebot.stream.playback import Playback
from voicebot.stream.turn_taking import Turn


@dataclass(frozen=True, slots=True)
class FillerPhrases:
    """Phrases for a late answer, the last one again and again."""

    sentences: tuple[str, ...]
    after_s: float  # after the caller's last word


Question = tuple[Step, Asked]
"""The open question: a step, and what kind of answer is waited for."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn of the caller, from `start_ms` to `end_ms`, whose text is asked for by `number`.

    Keys pressed just before or after the words belong to the same answer.
    """

    number: int
    start_ms: float
    end_ms: float
    transcript: Transcribed | None = None  # until it is known
    plain: tuple[str, ...] = ()  # the first texts, while digits are transcribed again as words
    started_at: datetime = datetime.min  # when it began (UTC), once it is over
    decided_s: float = 0.0  # when it was known to be over
    over_ms: float = 0.0  # the same in the caller's audio
    before: str = ""
    after: str = ""
    asked: Question | None = None  # at the last of the keys

    def told(self, event: Transcribed) -> Spoken:
        """Return it with its transcript, if this is its own."""
        return replace(self, transcript=event) if event.number == self.number else self

    @property
    def keys(self) -> str:
        """All keys that belong to it."""
        return self.before + self.after

    def with_keys(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Return these transcripts of its words with the keys where they were pressed."""
        return tuple(" ".join(filter(None, (self.before, t, self.after))) for t in texts)


@dataclass(frozen=True, slots=True)
class Keys:
    """One answer in keys."""

    digits: str
    began_at: datetime  # the moment of the first (UTC)
    asked: Question | None  # at the last; None while the bot was putting a new one
    words: Spoken | None = None  # said just before them, to the same question

    def told(self, event: Transcribed) -> Keys:
        """Return them with the transcript of their words, if this is it."""
        return replace(self, words=self.words.told(event)) if self.words else self


Arrival = Spoken | Keys | Silent | TimeUp


class Waits(Enum):
    """The activity of the conversation.

    ELSEWHERE ──question──► CALLER ──a finished turn──► TEXT ──words──► ELSEWHERE
                             ▲ ▲                        │ │
                             │ └──────── nothing ───────┘ └─a brief noise─► RESUMPTION
                             └───────────────────RESUME_ENDED───────────────────┘
    """

    ELSEWHERE = "elsewhere"
    CALLER = "caller"
    TEXT = "text"
    RESUMPTION = "resumption"


NOTHING_ASKED: Final = Expectation(
    Step.NAME, Asked.ANSWER, lambda texts: Hint(Situation(Step.NAME, datetime.min))
)


class CallState(NamedTuple):
    """The state of a call. A named tuple: it is copied for each window of the caller's audio."""

    window_ms: float  # the length of a window of the voice detector
    decisive: bool = False  # the detector knows: the first silent window ends the turn
    language: str = "en"
    fillers: FillerPhrases | None = None
    backchannels: tuple[str, ...] = ()  # sentences that show a caller who waits: go on
    turn: Turn = Turn()
    playback: Playback = Playback()
    expectation: Expectation = NOTHING_ASKED
    asked: Question | None = None  # the open question; None while the bot begins to put another
    waits: Waits = Waits.ELSEWHERE
    arrivals: tuple[Arrival, ...] = ()  # not yet handed to the conversation, oldest first
    pausing: Spoken | None = None  # the turn so far, in a pause: it may turn out to be all
    judged: Spoken | None = None  # the finished turn whose text decides what it is
    judged_s: float = 0.0  # since when
    followed_ms: float | None = None  # where the turn that speech to text follows begins
    transcriptions: int = 0
    turn_end_ms: float = 0.0  # no later turn reaches back further
    keys: Keys | None = None
    signs: int = 0  # so many times the caller was shown that the bot listens
    signed: int = 0  # number of the last transcription after which that was
    heard_prefix: str | None = None  # of the words that the caller interrupted; None if none were
    passed_over: bool = False  # a noise was taken for none: who says something again means it
    commands: tuple[StaffCommand, ...] = ()  # of staff, not settled, oldest first
    obeying: bool = False  # the conversation has the first of them
    filler: int | None = None  # how many phrases were said while the caller waits; None while not
    finishing: bool = False  # these are the last words
    gone: bool = False  # the caller
    over: VoicebotError | None = None  # why the next question is not answered
    phase: Phase | None = None

    def with_turn(self, turn: Turn) -> CallState:
        """Return it with another turn: for each window, in half the time of `_replace`."""
        return CallState._make((*self[:_TURN], turn, *self[_TURN + 1 :]))


_TURN: Final = CallState._fields.index("turn")


class Moment:
    """One event on its way to the next state: where the call stands, and what is to be done."""

    def __init__(self, state: CallState, now: Now) -> None:
        self.state = state
        self.now = now
        self.effects: list[Effect] = []

    def become(self, **changes: Any) -> None:
        """Change the state."""
        self.state = self.state._replace(**changes)

    def do(self, *effects: Effect) -> None:
        """Have something done, after what was before it."""
        self.effects += effects
