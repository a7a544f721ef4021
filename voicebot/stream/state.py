"""Where a call stands: the state of `machine.step`. Plain values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final, NamedTuple

from voicebot.call import Phase, Step
from voicebot.collect.events import Expectation, Reading, Silent, TimeUp
from voicebot.collect.understanding import Asked
from voicebot.errors import VoicebotError
from voicebot.stream.events import Effect, Now, Transcribed
from voicebot.stream.playback import Playback
from voicebot.stream.turns import Turn


@dataclass(frozen=True, slots=True)
class FillerPhrases:
    """What is said while an answer is late, the last phrase again and again.

    after_s  seconds after the caller's last word
    """

    sentences: tuple[str, ...]
    after_s: float


Question = tuple[Step, bool]
"""What is asked: a step, and whether a yes is waited for."""


@dataclass(frozen=True, slots=True)
class Keys:
    """One answer in keys.

    began_at  the moment of the first (UTC)
    asked     the question at the last; None while the bot was putting a new one
    """

    digits: str
    began_at: datetime
    asked: Question | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn of the caller, from `start_ms` to `end_ms`, whose text is asked for by `number`.

    transcript  None until it is known
    plain       the first text, while the same audio is transcribed again with digits as words
    started_at  the moment at which it began (UTC), once it is over
    decided_s   the moment at which it was known to be over
    """

    number: int
    start_ms: float
    end_ms: float
    transcript: Transcribed | None = None
    plain: str | None = None
    started_at: datetime = datetime.min
    decided_s: float = 0.0

    def told(self, event: Transcribed) -> Spoken:
        """Return it with its transcript, if this is its own."""
        return replace(self, transcript=event) if event.number == self.number else self


Arrival = Spoken | Keys | Silent | TimeUp


class Waits(Enum):
    """What the conversation is at.

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


class CallState(NamedTuple):
    """Where a call stands. A named tuple: it is copied for each window of the caller's audio.

    asked         the open question; None while the bot begins to put another one
    arrivals      what the caller did, not yet handed to the conversation, oldest first
    pausing       the turn so far, transcribed in its present pause, which may turn out to be all
    judged        the finished turn whose text decides what it is, since `judged_s`
    followed_ms   where the turn that speech to text follows begins
    transcriptions how many were asked for
    turn_end_ms   no later turn reaches back further
    heard_prefix  what was heard of the words that the caller interrupted; None if none were
    passed_over   a noise was taken for none: who says something again means it
    filler        how many filler phrases were said while the caller waits; None while not
    gone, over    the caller is gone; why the next question is not answered
    """

    settings: CallSettings
    turn: Turn = Turn()
    playback: Playback = Playback()
    expectation: Expectation = NOTHING_ASKED
    asked: Question | None = None
    waits: Waits = Waits.ELSEWHERE
    arrivals: tuple[Arrival, ...] = ()
    pausing: Spoken | None = None
    judged: Spoken | None = None
    judged_s: float = 0.0
    followed_ms: float | None = None
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
