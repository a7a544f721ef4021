"""The metrics of a stream worker's calls.

Children are looked up once, here: on the call's path only their numbers change.
"""

from enum import StrEnum
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from voicebot.call import Status, Step
from voicebot.g711 import FRAME_MS, milliseconds
from voicebot.telemetry import Answered, Stage

LATE_S: Final = FRAME_MS / 1000
"""A gap of less than a frame is none that a caller could hear."""


class Outcome(StrEnum):
    """The end of a call's stay with a worker: as its record says, or with the record open."""

    BOOKED = Status.BOOKED
    INCOMPLETE = Status.INCOMPLETE
    TRANSFER = Status.TRANSFER
    ABANDONED = Status.ABANDONED
    CANCELLED = Status.CANCELLED
    DROPPED = "dropped"
    TAKEN_OVER = "taken_over"


def outcome_of(status: Status) -> Outcome:
    """Return the outcome that a written status means; an open record: the line was lost."""
    return Outcome.DROPPED if status is Status.ACTIVE else Outcome(status)


class Refusal(StrEnum):
    """The reason of a refusal."""

    PUT_OFF = "put_off"
    APOLOGISED = "apologised"
    NO_ROOM = "no_room"
    NOT_SIGNED = "not_signed"
    PROTOCOL = "protocol"


_ANSWER_BUCKETS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_STAGE_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_LAG_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

open_calls = Gauge(
    "voicebot_open_calls",
    "Calls that the stream workers carry just now; known also while Redis is away",
    multiprocess_mode="livesum",
)
call_places = Gauge(
    "voicebot_call_places",
    "Calls that the stream workers can carry at most (VOICEBOT_MAX_CALLS each)",
    multiprocess_mode="livesum",
)
_calls_ended = Counter(
    "voicebot_calls_ended",
    "Calls that left a worker, by outcome; dropped: the line was lost or a drain handed it over, "
    "and the provider may bring it back; taken_over: a newer stream carries it",
    ["outcome"],
)
calls_ended = {outcome: _calls_ended.labels(outcome) for outcome in Outcome}
_calls_left = Counter(
    "voicebot_calls_left",
    "Calls that left a worker without a booking, a person or a cancellation, by the question that "
    "was open: where callers give up",
    ["step"],
)
calls_left = {step: _calls_left.labels(step) for step in Step}
LEFT: Final = (Outcome.INCOMPLETE, Outcome.ABANDONED, Outcome.DROPPED)
"""The outcomes that are counted by step, too."""
calls_broken = Counter(
    "voicebot_calls_broken", "Calls that a fault of ours ended; the log line is call_broken"
)
_calls_refused = Counter(
    "voicebot_calls_refused",
    "Webhooks and streams that were turned away, by reason; put_off: full or draining, the "
    "provider asks again in two seconds; apologised: it had asked five times, the caller was lost; "
    "no_room: a stream without a place",
    ["reason"],
)
calls_refused = {reason: _calls_refused.labels(reason) for reason in Refusal}
answer_seconds = Histogram(
    "voicebot_answer_seconds",
    "From the decision that the caller has finished to the first audio of the bot's answer",
    buckets=_ANSWER_BUCKETS,
)
_answer_stage_seconds = Histogram(
    "voicebot_answer_stage_seconds",
    "The same by what it waited for: stt (recogniser), model (understanding), tts (synthesis), "
    "server (all the rest, commits included); an answer's four stages add up to it",
    ["stage"],
    buckets=_STAGE_BUCKETS,
)
answer_stage_seconds = {stage: _answer_stage_seconds.labels(stage) for stage in Stage}
loop_lag_seconds = Histogram(
    "voicebot_loop_lag_seconds",
    "How late a stream worker's event loop woke a timer, four times a second; over 0.2 s callers "
    "hear it",
    buckets=_LAG_BUCKETS,
)
frames = Counter("voicebot_voice_frames", "Frames (20 ms) of the bot's voice sent to the provider")
late_frames = Counter(
    "voicebot_late_voice_frames",
    "Frames that came after all before them had been played: callers hear the voice break off",
)
gap_seconds = Counter(
    "voicebot_voice_gap_seconds", "Silence that callers heard in the middle of the bot's speech"
)


def queued(mulaw: bytes, late_s: float) -> None:
    """Count the bot's voice that was queued, and how late it was."""
    count = milliseconds(len(mulaw)) / FRAME_MS
    frames.inc(count)
    if late_s > LATE_S:
        late_frames.inc(count)
        gap_seconds.inc(late_s)


def answered(answer: Answered) -> None:
    """Count an answer, whose first audio was sent."""
    answer_seconds.observe(answer.total_s)
    for stage, seconds in answer.stages.items():
        answer_stage_seconds[stage].observe(seconds)
