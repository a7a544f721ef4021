"""One trace a call, one span a turn, and no words of a caller."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import run

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from websockets.asyncio.client import connect

from tests.ports import free_port
from tests.serving import PATIENCE_S, eventually
from tests.stream.door import ANSWERS, Door, answer, door, leave
from tests.stream.provider import CALL_SID, Provider, carried
from tests.stream.test_worker import address, worker
from tests.telemetry.collector import collecting
from voicebot import telemetry
from voicebot.call import CallSid, Change, Saved, Status, Step
from voicebot.settings import Settings
from voicebot.telemetry import (
    UNTRACED,
    Answered,
    Committed,
    Ended,
    Stage,
    TurnBegan,
    TurnDropped,
    Waited,
    collector_answers,
    open_tracing,
)
from voicebot.telemetry.spans import Spans, TurnOutcome, ids_of, open_spans, outcome_of

ROBIN = "+61255500100"
STAGES = {"stt", "model", "commit", "tts"}


class Seen(InMemorySpanExporter):
    """All spans that were made, and ways to look at them."""

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.get_finished_spans() if span.name == name]

    def told(self, name: str, attribute: str) -> list[object]:
        return [(span.attributes or {}).get(f"voicebot.{attribute}") for span in self.named(name)]


@asynccontextmanager
async def traced() -> AsyncIterator[tuple[Door, Seen]]:
    """A door whose calls are traced in memory."""
    seen = Seen()
    async with door(tracing=Spans(SimpleSpanProcessor(seen))) as here:
        yield here, seen


async def finish(provider: Provider, codes: Sequence[int]) -> None:
    for code in codes:
        await answer(provider, code)
    await provider.until(lambda: provider.close_code is not None)


@pytest.mark.virtual_time(grace_s=0.001)
async def test_a_call_is_one_trace_with_a_span_for_each_turn() -> None:
    async with traced() as (here, seen), here.caller(**{"from": ROBIN}) as provider:
        await finish(provider, range(1, len(ANSWERS) + 1))
    (call,) = seen.named("call")
    assert call.attributes is not None
    assert dict(call.attributes) == {
        "voicebot.call_sid": CALL_SID,
        "voicebot.resumed": False,
        "voicebot.outcome": "booked",
        "voicebot.turns": len(ANSWERS),
    }
    assert call.parent is None
    assert {span.context.trace_id for span in seen.get_finished_spans()} == {
        ids_of(CallSid(CALL_SID))[0]
    }
    turns = seen.named("turn")
    assert all(turn.parent == call.context for turn in turns)
    assert seen.told("turn", "turn") == list(range(1, len(ANSWERS) + 1))
    assert seen.told("turn", "step") == [
        "name", "phone", "phone", "address", "email", "email", "service", "time", "time",
    ]  # fmt: skip
    answered, confirmed = "answered", "confirmed"
    assert seen.told("turn", "outcome") == [
        answered, answered, confirmed, answered, answered, confirmed, answered, "nothing", "ended",
    ]  # fmt: skip


@pytest.mark.virtual_time(grace_s=0.001)
async def test_a_turns_stages_lie_within_it() -> None:
    async with traced() as (here, seen), here.caller() as provider:
        await answer(provider, 1)
        await leave(provider)
    (turn,) = seen.named("turn")
    stages = [s for s in seen.get_finished_spans() if s.parent == turn.context]
    assert {"stt", "commit", "tts"} <= {stage.name for stage in stages} <= STAGES
    assert len([s for s in stages if s.name == "commit"]) == 2, "what was heard, what is said"
    began, ended = turn.start_time or 0, turn.end_time or 0
    for stage in stages:
        assert began <= (stage.start_time or 0) <= (stage.end_time or 0) <= ended
    assert turn.attributes is not None
    parts = ("stt_ms", "model_ms", "tts_ms", "server_ms")
    whole = float(str(turn.attributes["voicebot.total_ms"]))
    assert sum(float(str(turn.attributes[f"voicebot.{p}"])) for p in parts) <= whole + 0.01
    assert turn.attributes["voicebot.saved"] == "redis"


@pytest.mark.virtual_time(grace_s=0.001)
async def test_spans_hold_nothing_of_the_customer() -> None:
    async with traced() as (here, seen), here.caller(**{"from": ROBIN}) as provider:
        await finish(provider, range(1, len(ANSWERS) + 1))
    spans = seen.get_finished_spans()
    assert not any(span.events for span in spans)
    told = {(k, str(v)) for span in spans for k, v in (span.attributes or {}).items()}
    texts = {value for key, value in told if not key.endswith("_ms")} | {s.name for s in spans}
    words = {"call", CALL_SID, "False", *STAGES, "turn", "redis", *map(str, range(10))}
    assert texts <= words | set(Step) | set(TurnOutcome) | set(Status)


@pytest.mark.virtual_time(grace_s=0.001)
async def test_a_call_that_comes_back_goes_on_in_its_trace_with_a_link_to_its_beginning() -> None:
    async with traced() as (here, seen):
        async with here.caller() as provider:
            await answer(provider, 1)
            await provider.until_heard()
            provider.socket.transport.abort()
        await asyncio.sleep(1)
        async with here.caller() as provider:
            await answer(provider, 2)
            await leave(provider)
    first, second = seen.named("call")
    assert seen.told("call", "outcome") == ["dropped", "abandoned"]
    assert seen.told("call", "resumed") == [False, True]
    assert first.context.trace_id == second.context.trace_id
    assert first.context.span_id != second.context.span_id
    assert first.links == ()
    (link,) = second.links
    assert (link.context.trace_id, link.context.span_id) == ids_of(CallSid(CALL_SID))
    assert link.context.span_id == first.context.span_id
    assert seen.told("turn", "step") == ["name", "phone"]


def trace() -> tuple[Seen, Spans]:
    seen = Seen()
    return seen, Spans(SimpleSpanProcessor(seen))


def test_two_calls_are_two_traces_wherever_they_are_answered() -> None:
    seen, spans = trace()
    for call_sid in ("CA1", "CA2"):
        spans.begin_call(CallSid(call_sid), Step.NAME, resumed=False)(Ended("booked"))
    first, second = seen.named("call")
    assert first.context.trace_id != second.context.trace_id
    elsewhere, other_process = trace()
    other_process.begin_call(CallSid("CA1"), Step.NAME, resumed=True)(Ended("booked"))
    assert elsewhere.named("call")[0].context.trace_id == first.context.trace_id


def test_a_turn_that_was_never_answered_is_told_as_such() -> None:
    seen, spans = trace()
    call = spans.begin_call(CallSid("CA1"), Step.PHONE, resumed=False)
    call(TurnBegan(time.perf_counter()))
    call(Ended("dropped"))
    assert seen.told("turn", "outcome") == ["unanswered"]
    assert seen.told("turn", "step") == ["phone"]


def test_a_turn_told_late_and_a_clock_set_back_turn_no_span_around(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, spans = trace()
    call = spans.begin_call(CallSid("CA1"), Step.PHONE, resumed=False)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    call(TurnBegan(time.perf_counter()))
    call(Waited(Stage.STT, 3600))
    call(Committed(Change(), Saved.REDIS, 3600))
    call(Waited(Stage.TTS, 3600))
    call(Answered(0.0, {Stage.MODEL: 3600}))
    call(Ended("booked"))
    (whole,), (turn,) = seen.named("call"), seen.named("turn")
    stages = [span for span in seen.get_finished_spans() if span.parent == turn.context]
    assert {stage.name for stage in stages} == STAGES
    for outer, inner in [(whole, turn), *((turn, stage) for stage in stages)]:
        bounds = outer.start_time, inner.start_time, inner.end_time, outer.end_time
        moments = [moment for moment in bounds if moment is not None]
        assert moments == sorted(moments)
        assert len(moments) == len(bounds)


def test_a_noise_is_no_turn() -> None:
    seen, spans = trace()
    call = spans.begin_call(CallSid("CA1"), Step.PHONE, resumed=False)
    call(TurnBegan(time.perf_counter()))
    call(TurnDropped())
    call(Ended("dropped"))
    assert seen.named("turn") == []


def test_a_turn_whose_answer_rests_in_the_journal_says_so() -> None:
    seen, spans = trace()
    call = spans.begin_call(CallSid("CA1"), Step.PHONE, resumed=False)
    call(TurnBegan(time.perf_counter() - 0.5))
    call(Committed(Change(answers={Step.PHONE: "+61412345678"}), Saved.JOURNAL, 0.04))
    call(Committed(Change(), Saved.REDIS, 0.001))
    call(Answered(0.5, {Stage.STT: 0.2, Stage.MODEL: 0.1, Stage.TTS: 0.1}))
    assert seen.told("turn", "saved") == ["journal"]
    assert seen.told("turn", "outcome") == ["answered"]
    assert [s.name for s in seen.get_finished_spans()].count("commit") == 2
    (model,) = seen.named("model")
    assert (model.end_time or 0) - (model.start_time or 0) == 100_000_000


@pytest.mark.parametrize(
    ("change", "came"),
    [
        (Change(answers={Step.NAME: "Robin"}), TurnOutcome.ANSWERED),
        (Change(confirmed=frozenset({Step.PHONE})), TurnOutcome.CONFIRMED),
        (Change(unconfirmed=frozenset({Step.PHONE})), TurnOutcome.REJECTED),
        (Change(status=Status.BOOKED, confirmed=frozenset({Step.TIME})), TurnOutcome.ENDED),
        (Change(), TurnOutcome.NOTHING),
    ],
)
def test_what_came_of_a_turn_is_told_by_what_its_commit_changes(
    change: Change, came: TurnOutcome
) -> None:
    assert outcome_of(change) is came


def settings(**given: str) -> Settings:
    return Settings(_env_file=None).model_copy(update=given)


def test_without_a_collector_nothing_is_traced() -> None:
    assert open_tracing(settings()) is UNTRACED


def test_without_a_collector_the_exporter_is_not_even_imported() -> None:
    # The SDK's package is no sign: the Redis client imports it wherever it is installed.
    look = (
        "import sys, voicebot.stream.__main__ as main;"
        "main.open_tracing(main.Settings(_env_file=None));"
        "sys.exit(any('opentelemetry.exporter' in name for name in sys.modules))"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    assert run([sys.executable, "-c", look], env=kept, check=False).returncode == 0


def test_without_its_packages_calls_go_on_and_a_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(telemetry, "is_installed", lambda: False)
    assert open_tracing(settings(otlp_endpoint="http://127.0.0.1:4318")) is UNTRACED
    assert "voicebot[traces]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, None),
        ({"otlp_endpoint": "http://c:4318"}, "http://c:4318/v1/traces"),
        ({"otlp_endpoint": "http://c:4318/"}, "http://c:4318/v1/traces"),
        ({"otlp_endpoint": "http://c", "otlp_traces_endpoint": "http://t/x"}, "http://t/x"),
    ],
)
def test_the_collectors_address_is_made_as_opentelemetry_says(
    given: dict[str, str], url: str | None
) -> None:
    assert settings(**given).traces_url == url


def failures() -> float:
    return REGISTRY.get_sample_value("voicebot_trace_exports_failed_total") or 0.0


@pytest.mark.slow
async def test_a_collector_that_hangs_holds_up_neither_calls_nor_the_end_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = threading.Event()

    def export(exporter: OTLPSpanExporter, batch: Sequence[ReadableSpan]) -> SpanExportResult:
        assert answers.wait(PATIENCE_S)
        return SpanExportResult.SUCCESS

    monkeypatch.setattr(OTLPSpanExporter, "export", export)
    spans = open_spans("http://127.0.0.1:9/v1/traces")
    for number in range(1000):
        call = spans.begin_call(CallSid(f"CA{number}"), Step.NAME, resumed=False)
        call(TurnBegan(time.perf_counter()))
        call(Answered(0.5, {Stage.STT: 0.2, Stage.MODEL: 0.1, Stage.TTS: 0.1}))
        call(Ended("booked"))
    await spans.close()
    (closing,) = (thread for thread in threading.enumerate() if thread.name == "traces")
    answers.set()  # nobody has waited for it
    closing.join(PATIENCE_S)
    assert not closing.is_alive()


async def test_a_collector_that_refuses_is_told_of_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.telemetry.spans.CLOSE_S", PATIENCE_S)
    before = failures()
    with collecting() as collector:
        collector.sick = True
        spans = open_spans(f"{collector.url}/v1/traces")
        for number in range(600):  # more than one batch
            spans.begin_call(CallSid(f"CA{number}"), Step.NAME, resumed=False)(Ended("booked"))
        await spans.close()
    assert failures() >= before + 2
    assert capsys.readouterr().err.count("traces_not_taken") == 1


def test_only_a_collector_answers_the_probe() -> None:
    with collecting() as collector:
        assert collector_answers(f"{collector.url}/v1/traces")
        assert not collector_answers(f"{collector.url}/elsewhere")
        assert collector.spans == [], "it is asked without sending it anything"
    assert not collector_answers(f"http://127.0.0.1:{free_port()}/v1/traces")


@pytest.mark.slow
async def test_a_worker_sends_its_calls_traces_to_the_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        async with worker(tmp_path) as process:
            at = await address(process)
            async with connect(at, compression=None) as socket, carried(socket) as provider:
                await provider.begin()
                await leave(provider)
            # at its end a worker waits for no collector
            assert await asyncio.to_thread(eventually, lambda: bool(collector.spans))
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0
        (call,) = collector.spans
    told = {a.key: a.value for a in call.attributes}
    assert call.name == "call"
    assert told["voicebot.call_sid"].string_value == CALL_SID
    assert told["voicebot.outcome"].string_value == "abandoned"
    assert int.from_bytes(call.trace_id) == ids_of(CallSid(CALL_SID))[0]
    (resource,) = (r.resource for r in collector.requests[0].resource_spans)
    named = {a.key: a.value.string_value for a in resource.attributes}
    assert named["service.name"] == "voicebot"
