"""Spans with the OpenTelemetry SDK; the only module that imports it."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256
from threading import Thread
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from prometheus_client import Counter

from voicebot import __version__
from voicebot import telemetry as facts
from voicebot.call import CallSid, Change, Saved, Step
from voicebot.log import get_logger
from voicebot.telemetry import Answered, Fact, Stage

CLOSE_S: Final = 2.0
PROBE_S: Final = 2.0
_NS: Final = 1_000_000_000

exports_failed = Counter(
    "voicebot_trace_exports_failed",
    "Batches of spans that the collector did not take",
)
_log = get_logger("voicebot.telemetry")


class TurnOutcome(StrEnum):
    """The outcome of a turn."""

    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    ENDED = "ended"
    NOTHING = "nothing"
    UNANSWERED = "unanswered"


def outcome_of(change: Change) -> TurnOutcome:
    """Return the outcome that a commit means; its values are not used."""
    if change.status is not None:
        return TurnOutcome.ENDED
    if change.answers:
        return TurnOutcome.ANSWERED
    if change.confirmed:
        return TurnOutcome.CONFIRMED
    return TurnOutcome.REJECTED if change.unconfirmed else TurnOutcome.NOTHING


def open_spans(url: str) -> Spans:
    """Return a tracing that exports to `url` in batches, from the SDK's thread."""
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # _LoggingExporter logs instead
    return Spans(BatchSpanProcessor(_LoggingExporter(OTLPSpanExporter(url))))


def probe(url: str) -> bool:
    """Return whether the collector at `url` accepts an export without spans."""
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    exporter = OTLPSpanExporter(url, timeout=PROBE_S)
    try:
        return exporter.export(()) is SpanExportResult.SUCCESS
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]


class Spans:
    """Traces calls. It satisfies Tracing."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._ids = _CallIds()
        resource = Resource.create({"service.name": "voicebot", "service.version": __version__})
        self._provider = TracerProvider(
            resource=resource, id_generator=self._ids, shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("voicebot", __version__)

    def begin_call(self, call_sid: CallSid, step: Step, *, resumed: bool) -> CallSpans:
        """See Tracing.begin_call."""
        trace_id, first_span_id = ids_of(call_sid)
        sampled = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        first = trace.SpanContext(trace_id, first_span_id, True, sampled)
        self._ids.next_trace = trace_id
        self._ids.next_span = None if resumed else first_span_id
        root = self._tracer.start_span(
            "call",
            Context(),
            trace.SpanKind.SERVER,
            {"voicebot.call_sid": call_sid, "voicebot.resumed": resumed},
            [trace.Link(first)] if resumed else [],
            (clock := _Clock()).began_ns,
        )
        return CallSpans(self._tracer, root, step, clock)

    async def close(self) -> None:
        """See Tracing.close."""
        # A daemon thread, so that a collector that hangs does not delay the interpreter's exit.
        closing = Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, CLOSE_S)


class CallSpans:
    """Traces one session. It is a CallTrace.

    A turn's spans are created after its end from noted times, so that they do not delay the answer.
    All times are of one clock; measurements from elsewhere are used as durations only.
    """

    def __init__(self, tracer: trace.Tracer, root: trace.Span, step: Step, clock: _Clock) -> None:
        self._tracer = tracer
        self._root = root
        self._clock = clock
        self._context = trace.set_span_in_context(root, Context())
        self._step = self._asked = step
        self._began_ns: int | None = None
        self._outcome = TurnOutcome.NOTHING
        self._saved = Saved.REDIS
        self._stages: list[tuple[str, int, float]] = []
        self._turns = 0

    def __call__(self, fact: Fact) -> None:
        """Take the next fact of the session."""
        match fact:
            case facts.TurnBegan(at_s):
                self._began_ns = self._clock.ns(at_s)
                self._asked = self._step
                self._outcome, self._saved = TurnOutcome.NOTHING, Saved.REDIS
                self._stages.clear()
            case facts.TurnDropped():
                self._began_ns = None
            case facts.Waited(stage, seconds):
                self._note(stage, seconds)
            case facts.Committed(change, saved, seconds):
                self._step = change.step or self._step
                self._note("commit", seconds)
                if (came := outcome_of(change)) is not TurnOutcome.NOTHING:
                    self._outcome = came
                if saved is not Saved.REDIS:
                    self._saved = saved
            case Answered():
                self._draw_answered(fact)
            case facts.Ended(outcome):
                if self._began_ns is not None:
                    self._outcome = TurnOutcome.UNANSWERED
                    self._draw_turn(self._began_ns, {})
                self._root.set_attribute("voicebot.outcome", outcome)
                self._root.set_attribute("voicebot.turns", self._turns)
                self._root.end(self._clock.ns(time.perf_counter()))

    def _note(self, stage: str, seconds: float) -> None:
        """Note a stage that has just ended."""
        if self._began_ns is not None:
            self._stages.append((stage, self._clock.ns(time.perf_counter()), seconds))

    def _draw_answered(self, answer: Answered) -> None:
        if self._began_ns is None:
            return
        if model_s := answer.stages[Stage.MODEL]:  # it began when the text was ready
            stt_ends = [end_ns for stage, end_ns, _ in self._stages if stage == Stage.STT]
            end_ns = max([self._began_ns, *stt_ends]) + int(model_s * _NS)
            self._stages.append((Stage.MODEL, end_ns, model_s))
        self._draw_turn(self._began_ns, answer.in_ms())

    def _draw_turn(self, began_ns: int, latencies: dict[str, float]) -> None:
        ended_ns = self._clock.ns(time.perf_counter())
        self._began_ns = None
        self._turns += 1
        span = self._tracer.start_span(
            "turn",
            self._context,
            attributes={
                "voicebot.turn": self._turns,
                "voicebot.step": self._asked,
                "voicebot.outcome": self._outcome,
                "voicebot.saved": self._saved,
                **{f"voicebot.{name}": ms for name, ms in latencies.items()},
            },
            start_time=began_ns,
        )
        within = trace.set_span_in_context(span, Context())
        for stage, end_ns, seconds in self._stages:
            start_ns = max(began_ns, end_ns - int(seconds * _NS))
            self._tracer.start_span(stage, within, start_time=start_ns).end(min(end_ns, ended_ns))
        span.end(ended_ns)


def ids_of(call_sid: CallSid) -> tuple[int, int]:
    """Return the ids of a call's trace and of its first span, the same in every process."""
    digest = sha256(call_sid.encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


class _Clock:
    """The wall clock at a call's beginning, continued by a monotonic clock."""

    def __init__(self) -> None:
        self.began_ns = time.time_ns()
        self._zero = time.perf_counter()

    def ns(self, at: float) -> int:
        return self.began_ns + int((at - self._zero) * _NS)


class _CallIds(IdGenerator):
    """Random ids, except for the given ones of the next call. For the event loop's thread."""

    def __init__(self) -> None:
        self.next_trace: int | None = None
        self.next_span: int | None = None

    def generate_trace_id(self) -> int:
        given, self.next_trace = self.next_trace, None
        return given or random.getrandbits(128) or 1

    def generate_span_id(self) -> int:
        given, self.next_span = self.next_span, None
        return given or random.getrandbits(64) or 1

    def is_trace_id_random(self) -> bool:
        return True  # bits of a hash are as good


class _LoggingExporter(SpanExporter):
    """Logs once when the collector does not answer, and once when it does again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        failed = result is not SpanExportResult.SUCCESS
        if failed:
            exports_failed.inc()
        if failed and not self._away:
            advice = "calls go on; `voicebot doctor` asks the collector"
            _log.warning("traces_not_taken", spans=len(spans), advice=advice)
        if self._away and not failed:
            _log.info("traces_taken_again")
        self._away = failed
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()
