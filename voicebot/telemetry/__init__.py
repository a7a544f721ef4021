"""Tracing: one trace per call, one span per turn, for an OpenTelemetry collector. Off by default.

    call ────────────────────────────────────► callSid, number of turns, outcome
      turn ──────────────┐   turn ─────┐       step, outcome, latencies: from the decision
        stt  ───┐        │     …       │       that the caller has finished to the first
        model   └──┐     │             │       audio of the answer
        commit     └┐  ┌┐│
        tts         └──┘││

A trace's id is a hash of the callSid, so a call that another process resumes continues the same
trace, with a link to its first span. Spans hold steps, times and outcomes, and no customers' data.

The SDK comes with the extra `traces` and is imported only when needed. It exports from its own
thread with a bounded queue: an unreachable collector loses spans, and calls go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Protocol

from voicebot.call import CallSid, Change, Saved, Step
from voicebot.log import get_logger
from voicebot.settings import Settings

MEND: Final = "install the extra: pip install 'voicebot[traces]'"
_PACKAGES: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """The latency of one turn in seconds; all others are parts of `total_s`."""

    total_s: float
    stt_s: float
    model_s: float
    tts_s: float
    server_s: float


class CallTrace(Protocol):
    """One session's part of its call's trace. Methods are called right after what they report."""

    def turn_began(self, at: float) -> None:
        """Begin a turn at `at` (`time.perf_counter`), when the caller has finished."""
        ...

    def no_turn(self) -> None:
        """Drop the turn, which needs no answer."""
        ...

    def waited(self, stage: str, seconds: float) -> None:
        """Record a stage of the turn that has just ended."""
        ...

    def committed(self, change: Change, saved: Saved, seconds: float) -> None:
        """Record a commit; its values are not kept."""
        ...

    def answered(self, answer: Answer) -> None:
        """End the turn: the bot's first audio was sent."""
        ...

    def end(self, outcome: str) -> None:
        """End the session."""
        ...


class Tracing(Protocol):
    """The tracing of one process."""

    def begin_call(self, call_sid: CallSid, step: Step, *, resumed: bool) -> CallTrace:
        """Begin a session at `step`."""
        ...

    async def close(self) -> None:
        """Export the queued spans, for at most two seconds."""
        ...


class Untraced:
    """Records nothing. It satisfies CallTrace and Tracing."""

    def begin_call(self, call_sid: CallSid, step: Step, *, resumed: bool) -> CallTrace:
        return self

    async def close(self) -> None: ...

    def turn_began(self, at: float) -> None: ...

    def no_turn(self) -> None: ...

    def waited(self, stage: str, seconds: float) -> None: ...

    def committed(self, change: Change, saved: Saved, seconds: float) -> None: ...

    def answered(self, answer: Answer) -> None: ...

    def end(self, outcome: str) -> None: ...


UNTRACED: Final = Untraced()


def open_tracing(settings: Settings) -> Tracing:
    """Return the tracing of these settings; logs a warning when its packages are missing."""
    if settings.traces_url is None:
        return UNTRACED
    if not is_installed():
        _log.warning("traces_off", why="their packages are not installed", advice=MEND)
        return UNTRACED
    from voicebot.telemetry.spans import open_spans  # takes a quarter of a second to import

    return open_spans(settings.traces_url)


def is_installed() -> bool:
    """Return whether the packages of the extra `traces` are installed."""
    try:
        return all(find_spec(package) is not None for package in _PACKAGES)
    except ModuleNotFoundError:  # the parent package is missing
        return False


def collector_answers(url: str) -> bool:
    """Return whether the collector accepts an export without spans; needs the extra.

    Takes a second or two. The exporter reads its other settings from OTEL_… variables.
    """
    from voicebot.telemetry.spans import probe

    return probe(url)
