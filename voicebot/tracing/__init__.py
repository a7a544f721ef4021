"""One trace a call, one span a turn, for an OpenTelemetry collector; off unless one is named.

    call ────────────────────────────────────► callSid, how many turns, how it ended
      turn ──────────────┐   turn ─────┐       open step, what came of it, latencies:
        stt  ───┐        │     …       │       from the decision that the caller has finished
        model   └──┐     │             │       to the first audio of the answer
        commit     └┐  ┌┐│
        tts         └──┘││

A trace's number is worked out from the callSid, so a call that another process resumes goes on in
the same trace, with a link to where it began; nothing has to be stored for that. A span holds what
a log line may hold: steps, times and outcomes, and nothing that anybody said.

The SDK comes with the extra `traces` and is imported only when it is wanted. It exports from a
thread of its own, with a bounded queue: a collector that is away costs spans, never a call.
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
    """What the caller waited for, in seconds; all but `total_s` are parts of it."""

    total_s: float
    stt_s: float
    model_s: float
    tts_s: float
    server_s: float


class CallTrace(Protocol):
    """One session's part of its call's trace. What is told has ended just now."""

    def turn_began(self, at: float) -> None:
        """The caller has finished, at that moment of `time.perf_counter`."""
        ...

    def no_turn(self) -> None:
        """It was nothing that wants an answer."""
        ...

    def waited(self, stage: str, seconds: float) -> None:
        """The answer waited for one of its stages."""
        ...

    def committed(self, change: Change, saved: Saved, seconds: float) -> None:
        """The record was changed; which values it now has is not kept."""
        ...

    def answered(self, answer: Answer) -> None:
        """The bot's first audio was sent."""
        ...

    def end(self, outcome: str) -> None:
        """The session is over."""
        ...


class Tracing(Protocol):
    """Of one process."""

    def begin_call(self, call_sid: CallSid, step: Step, *, resumed: bool) -> CallTrace:
        """A session begins, at that step."""
        ...

    async def close(self) -> None:
        """Send what waits, as far as the collector takes it within two seconds."""
        ...


class Untraced:
    """Nobody wants to know. It satisfies CallTrace and Tracing."""

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
    """What the settings want; where its packages are missing, a warning and nothing."""
    if settings.traces_url is None:
        return UNTRACED
    if not is_installed():
        _log.warning("traces_off", why="their packages are not installed", advice=MEND)
        return UNTRACED
    from voicebot.tracing.spans import open_spans  # a quarter of a second, only when wanted

    return open_spans(settings.traces_url)


def is_installed() -> bool:
    """Are the packages of the extra `traces` there?"""
    try:
        return all(find_spec(package) is not None for package in _PACKAGES)
    except ModuleNotFoundError:  # not even the package above
        return False


def collector_answers(url: str) -> bool:
    """Does the collector there take traces? Sends it none; needs the extra, takes a second or two.

    The exporter reads the rest of its settings (headers, certificates) from OTEL_… itself.
    """
    from voicebot.tracing.spans import probe

    return probe(url)
