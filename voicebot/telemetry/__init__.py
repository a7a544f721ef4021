"""Tracing: one trace per call, one span per turn, for an OpenTelemetry collector. Off by default.

    call ────────────────────────────────────► callSid, number of turns, outcome
      turn ──────────────┐   turn ─────┐       step, outcome, latencies: from the decision
        stt  ───┐        │     …       │       that the caller has finished to the first
        model   └──┐     │             │       audio of the answer
        commit     └┐  ┌┐│
        tts         └──┘││

A call tells facts, of which nothing comes back; a trace is one of their readers. A trace's id is a
hash of the callSid, so a call that another process resumes continues the same trace, with a link to
its first span. Spans hold steps, times and outcomes, and no customers' data.

The SDK comes with the extra `traces` and is imported only when needed. It exports from its own
thread with a bounded queue: an unreachable collector loses spans, and calls go on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Final, Protocol

from voicebot.call import CallSid, Change, Saved, Step
from voicebot.log import get_logger
from voicebot.settings import Settings

MEND: Final = "install the extra: pip install 'voicebot[traces]'"
_PACKAGES: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_log = get_logger(__name__)


class Stage(StrEnum):
    """The parts of an answer's wait; together they are the whole."""

    STT = "stt"
    MODEL = "model"
    TTS = "tts"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class TurnBegan:
    """The caller had finished at `at_s` (`time.perf_counter`): the wait for an answer begins."""

    at_s: float


@dataclass(frozen=True, slots=True)
class TurnDropped:
    """The turn needs no answer."""


@dataclass(frozen=True, slots=True)
class Waited:
    """The answer waited so long for a stage, which has just ended."""

    stage: Stage
    seconds: float


@dataclass(frozen=True, slots=True)
class Heard:
    """The text of a finished turn is known.

    silent_s  from the pause in which the turn ended, when it was noticed, to the decision
    queued_s  the recogniser was busy with other utterances so long
    worked_s  its model took so long; both begin with the pause, so they lie within `silent_s`, or
              reach beyond it where the decision did not wait for the text
    """

    silent_s: float
    queued_s: float
    worked_s: float


@dataclass(frozen=True, slots=True)
class Committed:
    """The record was changed."""

    change: Change
    saved: Saved
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """The bot's first audio was sent, `total_s` after the turn began.

    waited  seconds of that for each stage outside of the server, as far as there were any
    """

    total_s: float
    waited: Mapping[Stage, float]

    @property
    def stages(self) -> dict[Stage, float]:
        """The seconds of all stages; the server's are what the others leave of `total_s`."""
        outside = {stage: self.waited.get(stage, 0.0) for stage in Stage}
        return outside | {Stage.SERVER: max(0.0, self.total_s - sum(outside.values()))}

    def in_ms(self) -> dict[str, float]:
        """Return the figures by name (`total_ms`, `stt_ms`, …), to a microsecond."""
        figures = [("total", self.total_s), *self.stages.items()]
        return {f"{name}_ms": round(seconds * 1000, 3) for name, seconds in figures}


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over."""

    outcome: str


Fact = TurnBegan | TurnDropped | Waited | Heard | Committed | Answered | Ended
"""The facts of a call, each told when it happens."""

CallTrace = Callable[[Fact], None]
"""Takes the facts of one session into its call's trace."""


class Tracing(Protocol):
    """The tracing of one process."""

    def begin_call(self, call_sid: CallSid, step: Step, *, resumed: bool) -> CallTrace:
        """Begin a session at `step`."""

    async def close(self) -> None:
        """Export the queued spans, for at most two seconds."""


def untraced(fact: Fact) -> None:
    """Record nothing. It is a CallTrace."""


class Untraced:
    """Records nothing. It satisfies Tracing."""

    def begin_call(self, call_sid: CallSid, step: Step, *, resumed: bool) -> CallTrace:
        return untraced

    async def close(self) -> None: ...


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
