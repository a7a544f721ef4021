"""Measure the cost of the metrics for the audio loop: with and without them, in turn.

    python benchmarks/metrics_cost.py [ROUNDS]

The figures are kept as in production, in files that several processes share. A turn is one decided,
two commits, one wait for stt and tts, one first frame; a message is 200 ms of the bot's voice.
With --traces each turn is also told to an exporter that throws it away.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Final

os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp()  # before prometheus_client is imported

from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from voicebot.call import CallSid, Change, Saved, Step
from voicebot.stream import metrics
from voicebot.stream.latency import CallTelemetry, Rows
from voicebot.stream.playback import MESSAGE_BYTES, Playback
from voicebot.telemetry import Answered, CallTrace, Stage, TurnBegan, Waited, untraced
from voicebot.telemetry.spans import Spans

TURNS: Final = 300
MESSAGES: Final = 3000
AUDIO: Final = b"\x2a" * MESSAGE_BYTES
CHANGE: Final = Change(answers={Step.NAME: "x"}, step=Step.PHONE)


class Nowhere(SpanExporter):
    """Takes everything, keeps nothing."""

    def export(self, spans: object) -> SpanExportResult:
        return SpanExportResult.SUCCESS


def turns(trace: CallTrace) -> None:
    telemetry = CallTelemetry(Rows(None, "CA"), trace)
    for _ in range(TURNS):
        telemetry.tell(TurnBegan(time.perf_counter()))
        telemetry.tell(Waited(Stage.STT, 0.0001))
        telemetry.committed(CHANGE, Saved.REDIS, 0.0001)
        telemetry.tell(Waited(Stage.TTS, 0.0001))
        telemetry.committed(CHANGE, Saved.REDIS, 0.0001)
        telemetry.first_frame(time.perf_counter())


def messages(count: Callable[[bytes, float], None] | None) -> None:
    playback = Playback()
    for number in range(MESSAGES):
        if not number % 50:
            playback = playback.begin().open_sentence("x")
        playback, late_s = playback.queue(AUDIO, number * 0.2)
        if count is not None:
            count(AUDIO, late_s)


def silent(answer: Answered) -> None:
    """In place of metrics.answered."""


def timed_us(work: Callable[[], None], times: int) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) / times * 1e6


def main(rounds: int) -> None:
    tell = metrics.answered
    spans = Spans(BatchSpanProcessor(Nowhere()))
    call = spans.begin_call(CallSid("CA"), Step.NAME, resumed=False)
    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, answered, trace in (
            ("turn, without metrics", silent, untraced),
            ("turn, with metrics", tell, untraced),
            ("turn, with metrics and traces", tell, call),
        ):
            metrics.answered = answered
            taken.setdefault(name, []).append(timed_us(partial(turns, trace), TURNS))
        for name, count in (
            ("message, without metrics", None),
            ("message, with metrics", metrics.queued),
        ):
            taken.setdefault(name, []).append(timed_us(partial(messages, count), MESSAGES))
        probe = timed_us(lambda: _probes(1000), 1000)
        taken.setdefault("one look at the loop's lag", []).append(probe)
    for name, values in taken.items():
        median, worst = statistics.median(values), max(values)
        print(f"{name:<32} {median:8.2f} us median of {rounds} rounds, {worst:.2f} at most")


def _probes(count: int) -> None:
    for _ in range(count):
        metrics.loop_lag_seconds.observe(0.0003)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
