"""Turn-taking as a pure function: when a caller's turn ends, and when the caller barges in.

    voice      ▁▁▁▁███████▁▁▁███████████▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
    floor      QUIET │     SPEAKING │PAUSING          │ QUIET
                  MAYBE   PAUSING SPEAKING            │
    events          Started  │ │    Paused   (text)   Finished         Silence
                        Paused Resumed  │             │                  │
                                        ├─ short ─┤   │                  │
                                        ├───── long ──┤                  │
                                                      ├── silence limit ─┤

- A pause begins speculative transcription of the turn so far; a resumption drops it.
- Finished comes at the short limit if the text so far is already a whole, valid answer, else
  at the long limit. Both depend on what was asked: "yes" is over after 200 ms, a phone number
  has pauses of a second inside it.
- While the bot is heard, a turn begins only after more speech (an echo, an "mm"), and it
  begins with BargedIn.

All times are milliseconds of the caller's audio: a network stall that delivers three seconds
of frames at once must not look like a caller who speaks very fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from voicebot.call import Step

START_PROBABILITY: Final = 0.5
STAY_PROBABILITY: Final = 0.35
"""Hysteresis: what began as voice stays voice down to here, else words fall apart."""

MIN_SPEECH_MS: Final = 90.0
"""Three windows of 32 ms: a click is shorter, the shortest "yep" is longer."""
BARGE_IN_MS: Final = 250.0
"""While the bot speaks, its echo and a mere "mm" are shorter than this."""
FALSE_ALARM_MS: Final = 90.0
"""So much quiet after so little voice, and it was a click."""
PAUSE_MS: Final = 60.0
"""Two quiet windows: the sooner transcription begins, the sooner the bot can answer."""
RESUME_MS: Final = 60.0
"""Two windows of voice end a pause; one alone may be a click, and a decode is dear."""
SILENCE_MS: Final = 6000.0
"""Time that a silent caller is waited for, after the bot's last word was heard."""
MAX_TURN_MS: Final = 30_000.0
"""No answer is longer; hold music is."""


@dataclass(frozen=True, slots=True)
class Patience:
    """The silence that ends a turn."""

    short_ms: float  # with a complete answer
    long_ms: float  # without
    gap_ms: float = PAUSE_MS  # makes a pause, at which transcription begins


NONE: Final = Patience(0, 0, 0)
"""For a detector that knows: the first silent window ends the turn."""
CONFIRMING: Final = Patience(200, 700)
BY_STEP: Final = {
    Step.NAME: Patience(300, 800),
    Step.PHONE: Patience(400, 1500),
    Step.ADDRESS: Patience(400, 1000),
    Step.EMAIL: Patience(400, 1500),
    Step.SERVICE: Patience(300, 800),
    Step.TIME: Patience(400, 1000),
    Step.DONE: Patience(300, 800),
}


def patience(step: Step, confirming: bool) -> Patience:
    """Return the time to wait for more words, by the question."""
    return CONFIRMING if confirming else BY_STEP[step]


class Floor(Enum):
    """Speech or silence on the caller's side."""

    QUIET = "quiet"
    MAYBE = "maybe"
    SPEAKING = "speaking"
    PAUSING = "pausing"


class TurnEvent(Enum):
    """A finding of turn-taking. The audio of the turn lies from `start_ms` to `now_ms`."""

    BARGED_IN = "barged in"  # the caller speaks over the bot
    STARTED = "started"
    PAUSED = "paused"  # what was said is worth transcribing: it may be all
    RESUMED = "resumed"  # it was not all
    FINISHED = "finished"
    SILENCE = "silence"  # nobody has spoken for as long as one waits


Events = tuple[TurnEvent, ...]


class Turn(NamedTuple):
    """The state of turn-taking. A named tuple: it is copied for each window."""

    patience: Patience = CONFIRMING
    floor: Floor = Floor.QUIET
    voiced: bool = False  # the last window
    now_ms: float = 0.0  # audio time so far
    start_ms: float = 0.0  # when the present (or possible) turn began
    spoken_ms: float = 0.0  # voice in it; in PAUSING, voice since the pause began
    pause_ms: float = 0.0  # since its last accepted voice
    quiet_ms: float = 0.0  # waited for a turn to begin, while the bot was not heard
    whole: bool = False  # the text so far is a complete answer


def on_window(
    turn: Turn, probability: float, window_ms: float, *, bot_heard: bool
) -> tuple[Turn, Events]:
    """Take one more window of the caller's audio, with its speech probability."""
    voiced = probability >= (STAY_PROBABILITY if turn.voiced else START_PROBABILITY)
    now_ms = turn.now_ms + window_ms
    if turn.floor is Floor.QUIET and not voiced:
        quiet_ms = 0.0 if bot_heard else turn.quiet_ms + window_ms
        if quiet_ms < SILENCE_MS:  # most windows of a call: changed in one copy
            return turn._replace(voiced=False, now_ms=now_ms, quiet_ms=quiet_ms), ()
    turn = turn._replace(voiced=voiced, now_ms=now_ms)
    match turn.floor:
        case Floor.QUIET:
            return _quiet(turn, window_ms, bot_heard)
        case Floor.MAYBE:
            return _maybe(turn, window_ms, bot_heard)
        case Floor.SPEAKING:
            return _speaking(turn, window_ms)
        case Floor.PAUSING:
            return _pausing(turn, window_ms)


def on_text(turn: Turn, *, complete: bool) -> tuple[Turn, Events]:
    """Take the speculative text of the present pause, and whether it is a whole, valid answer."""
    if turn.floor is not Floor.PAUSING:
        return turn, ()
    return _finish_if_over(turn._replace(whole=complete))


def on_question(turn: Turn, patience: Patience) -> Turn:
    """Something (else) is asked now: other limits apply, and the wait begins anew."""
    return turn._replace(patience=patience, quiet_ms=0.0, whole=False)


def on_bot_starts(turn: Turn) -> Turn:
    """Note that the bot begins to speak: only what interrupts it is a turn from here on.

    A caller who is speaking right now must go on for as long as a barge-in takes.
    """
    if turn.floor is Floor.SPEAKING:
        return turn._replace(floor=Floor.MAYBE, spoken_ms=0.0, pause_ms=0.0)
    return hush(turn)


def hush(turn: Turn) -> Turn:
    """Forget the turn under way, after a key: its tone is not speech, nor silence."""
    return turn._replace(floor=Floor.QUIET, spoken_ms=0.0, pause_ms=0.0, quiet_ms=0.0, whole=False)


def on_end(turn: Turn) -> tuple[Turn, Events]:
    """End the turn under way, as the call is over."""
    if turn.floor in (Floor.SPEAKING, Floor.PAUSING):
        return _finish(turn)
    return turn, ()


def _quiet(turn: Turn, window_ms: float, bot_heard: bool) -> tuple[Turn, Events]:
    if turn.voiced:
        began = turn._replace(
            floor=Floor.MAYBE, start_ms=turn.now_ms - window_ms, spoken_ms=0.0, pause_ms=0.0
        )
        return _maybe(began, window_ms, bot_heard)
    return _wait(turn, window_ms, bot_heard)


def _maybe(turn: Turn, window_ms: float, bot_heard: bool) -> tuple[Turn, Events]:
    if not turn.voiced:
        turn = turn._replace(pause_ms=turn.pause_ms + window_ms)
        if turn.pause_ms >= FALSE_ALARM_MS:
            turn = turn._replace(floor=Floor.QUIET)
        return _wait(turn, window_ms, bot_heard)
    turn = turn._replace(spoken_ms=turn.spoken_ms + window_ms, pause_ms=0.0)
    if turn.spoken_ms < (BARGE_IN_MS if bot_heard else MIN_SPEECH_MS):
        return turn, ()
    begun = turn._replace(floor=Floor.SPEAKING, quiet_ms=0.0, whole=False)
    interrupts = (TurnEvent.BARGED_IN,) if bot_heard else ()
    return begun, (*interrupts, TurnEvent.STARTED)


def _speaking(turn: Turn, window_ms: float) -> tuple[Turn, Events]:
    if turn.now_ms - turn.start_ms >= MAX_TURN_MS:
        return _finish(turn)
    if turn.voiced:
        return turn._replace(spoken_ms=turn.spoken_ms + window_ms, pause_ms=0.0), ()
    turn = turn._replace(pause_ms=turn.pause_ms + window_ms)
    if turn.pause_ms < turn.patience.gap_ms:
        return turn, ()
    turn = turn._replace(floor=Floor.PAUSING, spoken_ms=0.0, whole=False)
    turn, finished = _finish_if_over(turn)
    return turn, (TurnEvent.PAUSED, *finished)


def _pausing(turn: Turn, window_ms: float) -> tuple[Turn, Events]:
    turn = turn._replace(pause_ms=turn.pause_ms + window_ms)
    if not turn.voiced:
        return _finish_if_over(turn._replace(spoken_ms=0.0))
    turn = turn._replace(spoken_ms=turn.spoken_ms + window_ms)
    if turn.spoken_ms < RESUME_MS:
        return turn, ()
    return turn._replace(floor=Floor.SPEAKING, pause_ms=0.0, whole=False), (TurnEvent.RESUMED,)


def _finish_if_over(turn: Turn) -> tuple[Turn, Events]:
    limit = turn.patience.short_ms if turn.whole else turn.patience.long_ms
    if turn.pause_ms < limit or turn.spoken_ms:
        return turn, ()
    return _finish(turn)


def _finish(turn: Turn) -> tuple[Turn, Events]:
    return hush(turn), (TurnEvent.FINISHED,)


def _wait(turn: Turn, window_ms: float, bot_heard: bool) -> tuple[Turn, Events]:
    if bot_heard:
        return turn._replace(quiet_ms=0.0), ()
    turn = turn._replace(quiet_ms=turn.quiet_ms + window_ms)
    if turn.quiet_ms < SILENCE_MS:
        return turn, ()
    return turn._replace(quiet_ms=0.0), (TurnEvent.SILENCE,)
