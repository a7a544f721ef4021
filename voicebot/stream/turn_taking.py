"""Turn-taking as a pure function: when a caller's turn ends, and when the caller barges in.

    voice      ▁▁▁▁███████▁▁▁███████████▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
    floor      QUIET │     SPEAKING │PAUSING          │ QUIET
                  MAYBE   PAUSING SPEAKING            │
    events          Started  │ │    Paused   (text)   Finished         Silence
                        Paused Resumed  │             │                  │
                                        ├ final ┤     │                  │
                                        ├── whole ─┤  │                  │
                                        ├───── long ──┤                  │
                                                      ├── silence limit ─┤

- A pause begins speculative transcription of the turn so far; a resumption drops it.
- Finished comes at a limit that depends on the text so far: soon after an answer that nothing
  follows ("yes", a number with all its digits), later after one that may go on (a first name),
  at the long limit after a piece: a phone number has pauses of a second inside it.
- Who pauses for long inside an answer is given more time, in that answer and the next ones.
- While the bot is heard, a turn begins only after more speech (an echo, an "mm"), and it
  begins with BargedIn.

All times are milliseconds of the caller's audio: a network stall that delivers three seconds
of frames at once must not look like a caller who speaks very fast.
"""

from dataclasses import dataclass, replace
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
PAUSE_MS: Final = 30.0
"""One quiet window: the sooner transcription begins, the sooner the bot can answer. Of recordings
of people 5 % more pauses are transcribed than with two windows."""
RESUME_MS: Final = 60.0
"""Two windows of voice end a pause; one alone may be a click, and a decode is dear."""
SILENCE_MS: Final = 6000.0
"""Time that a silent caller is waited for, after the bot's last word was heard."""
GO_ON_MS: Final = 3000.0
"""After a sign that the bot listens. Who waits for it between two groups of figures goes on within
a second; the rest is for who looks the next figures up."""
MAX_TURN_MS: Final = 30_000.0
"""No answer is longer; hold music is."""


class Said(Enum):
    """How much of an answer the text so far is."""

    PIECE = "piece"  # of none, or of one that needs more
    WHOLE = "whole"  # a valid one, which may go on
    FINAL = "final"  # a valid one, and hardly anything can follow


@dataclass(frozen=True, slots=True)
class Patience:
    """The silence that ends a turn."""

    final_ms: float
    whole_ms: float
    long_ms: float
    gap_ms: float = PAUSE_MS  # makes a pause, at which transcription begins

    def limit_ms(self, said: Said, own_pause_ms: float = 0.0) -> float:
        """Return the limit for what was said by a caller who pauses for `own_pause_ms` inside an
        answer. It follows these pauses up to a bound, and never below the usual limit."""
        if said is Said.FINAL:
            return self.final_ms
        usual_ms = self.whole_ms if said is Said.WHOLE else self.long_ms
        own_ms = OWN_PAUSE_FACTOR * own_pause_ms
        return min(max(usual_ms, own_ms), MOST_PATIENCE_FACTOR * usual_ms)


OWN_PAUSE_FACTOR: Final = 1.3
"""The next pause of a caller is rarely longer than the last ones by more than that."""
OWN_PAUSE_STAYS: Final = 0.7
"""Of the measure of a caller's pauses, at each shorter one and at each turn's end."""
MOST_PATIENCE_FACTOR: Final = 1.6
"""Of the usual limit: a phone number is waited for 2.4 s at most."""

NONE: Final = Patience(0, 0, 0, 0)
"""For a detector that knows: the first silent window ends the turn."""
CONFIRMING: Final = Patience(150, 150, 700)
BY_STEP: Final = {
    Step.NAME: Patience(250, 500, 800),
    Step.PHONE: Patience(150, 700, 1500),
    Step.ADDRESS: Patience(150, 400, 1400),
    Step.EMAIL: Patience(150, 600, 1500),
    Step.SERVICE: Patience(250, 400, 800),
    Step.TIME: Patience(200, 400, 1000),
    Step.DONE: Patience(250, 400, 800),
}
"""Pieces of numbers and addresses outlast pauses of 1.2 s, which callers make between groups."""


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
    said: Said = Said.PIECE  # the text so far
    own_pause_ms: float = 0.0  # how long this caller pauses inside an answer


def on_window(
    turn: Turn, probability: float, window_ms: float, *, bot_heard: bool
) -> tuple[Turn, Events]:
    """Take one more window of the caller's audio, with its speech probability."""
    voiced = probability >= (STAY_PROBABILITY if turn.voiced else START_PROBABILITY)
    now_ms = turn.now_ms + window_ms
    limits, floor, _, _, start_ms, spoken_ms, pause_ms, quiet_ms, said, own_pause_ms = turn
    # Most windows are such as these two: changed in one copy, in half the time of `_replace`.
    if floor is Floor.QUIET and not voiced:
        quiet_ms = 0.0 if bot_heard else quiet_ms + window_ms
        if quiet_ms < SILENCE_MS:
            return Turn(
                limits, floor, False, now_ms, start_ms, spoken_ms, pause_ms, quiet_ms, said,
                own_pause_ms,
            ), ()  # fmt: skip
    if floor is Floor.SPEAKING and voiced and now_ms - start_ms < MAX_TURN_MS:
        return Turn(
            limits, floor, True, now_ms, start_ms, spoken_ms + window_ms, 0.0, quiet_ms, said,
            own_pause_ms,
        ), ()  # fmt: skip
    turn = turn._replace(voiced=voiced, now_ms=now_ms)
    match floor:
        case Floor.QUIET:
            return _quiet(turn, window_ms, bot_heard)
        case Floor.MAYBE:
            return _maybe(turn, window_ms, bot_heard)
        case Floor.SPEAKING:
            return _speaking(turn, window_ms)
        case Floor.PAUSING:
            return _pausing(turn, window_ms)


def on_text(turn: Turn, said: Said) -> tuple[Turn, Events]:
    """Take how much of an answer the speculative text of the present pause is."""
    if turn.floor is not Floor.PAUSING:
        return turn, ()
    return _finish_if_over(turn._replace(said=said))


def on_question(turn: Turn, patience: Patience) -> Turn:
    """Something (else) is asked now: other limits apply, and the wait begins anew."""
    return turn._replace(patience=patience, quiet_ms=0.0, said=Said.PIECE)


def on_sign(turn: Turn) -> Turn:
    """Note that the bot shows that it listens, in a pause: the caller is given time to go on."""
    longer = max(turn.patience.long_ms, turn.pause_ms + GO_ON_MS)
    return turn._replace(patience=replace(turn.patience, long_ms=longer))


def on_bot_starts(turn: Turn) -> Turn:
    """Note that the bot begins to speak: only what interrupts it is a turn from here on.

    A caller who is speaking right now must go on for as long as a barge-in takes.
    """
    if turn.floor is Floor.SPEAKING:
        return turn._replace(floor=Floor.MAYBE, spoken_ms=0.0, pause_ms=0.0)
    return hush(turn)


def hush(turn: Turn) -> Turn:
    """Forget the turn under way, after a key: its tone is not speech, nor silence."""
    return turn._replace(
        floor=Floor.QUIET, spoken_ms=0.0, pause_ms=0.0, quiet_ms=0.0, said=Said.PIECE
    )


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
    begun = turn._replace(floor=Floor.SPEAKING, quiet_ms=0.0, said=Said.PIECE)
    interrupts = (TurnEvent.BARGED_IN,) if bot_heard else ()
    return begun, (*interrupts, TurnEvent.STARTED)


def _speaking(turn: Turn, window_ms: float) -> tuple[Turn, Events]:
    if turn.now_ms - turn.start_ms >= MAX_TURN_MS:
        return _finish(turn)
    turn = turn._replace(pause_ms=turn.pause_ms + window_ms)
    if turn.pause_ms < turn.patience.gap_ms:
        return turn, ()
    turn = turn._replace(floor=Floor.PAUSING, spoken_ms=0.0, said=Said.PIECE)
    turn, finished = _finish_if_over(turn)
    return turn, (TurnEvent.PAUSED, *finished)


def _pausing(turn: Turn, window_ms: float) -> tuple[Turn, Events]:
    turn = turn._replace(pause_ms=turn.pause_ms + window_ms)
    if not turn.voiced:
        return _finish_if_over(turn._replace(spoken_ms=0.0))
    turn = turn._replace(spoken_ms=turn.spoken_ms + window_ms)
    if turn.spoken_ms < RESUME_MS:
        return turn, ()
    own_pause_ms = _following(turn.own_pause_ms, turn.pause_ms - turn.spoken_ms)
    turn = turn._replace(
        floor=Floor.SPEAKING, pause_ms=0.0, said=Said.PIECE, own_pause_ms=own_pause_ms
    )
    return turn, (TurnEvent.RESUMED,)


def _finish_if_over(turn: Turn) -> tuple[Turn, Events]:
    limit_ms = turn.patience.limit_ms(turn.said, turn.own_pause_ms)
    if turn.pause_ms < limit_ms or turn.spoken_ms:
        return turn, ()
    return _finish(turn)


def _finish(turn: Turn) -> tuple[Turn, Events]:
    calmer_ms = _following(turn.own_pause_ms, 0.0)
    return hush(turn._replace(own_pause_ms=calmer_ms)), (TurnEvent.FINISHED,)


def _following(own_pause_ms: float, pause_ms: float) -> float:
    """Return how long the caller pauses: a longer pause counts at once, shorter ones by and by."""
    return max(pause_ms, OWN_PAUSE_STAYS * own_pause_ms + (1 - OWN_PAUSE_STAYS) * pause_ms)


def _wait(turn: Turn, window_ms: float, bot_heard: bool) -> tuple[Turn, Events]:
    if bot_heard:
        return turn._replace(quiet_ms=0.0), ()
    turn = turn._replace(quiet_ms=turn.quiet_ms + window_ms)
    if turn.quiet_ms < SILENCE_MS:
        return turn, ()
    return turn._replace(quiet_ms=0.0), (TurnEvent.SILENCE,)
