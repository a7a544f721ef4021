"""Conversations over HTTP are told like calls on the phone: their trace, their log lines."""

from __future__ import annotations

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from redis.asyncio import Redis
from structlog.contextvars import get_contextvars

from tests.console.conftest import console
from tests.console.test_app import SID, WORDS, begin, say
from tests.telemetry.test_spans import Seen
from voicebot.call import CallSid, Step
from voicebot.settings import Settings
from voicebot.telemetry import CallTrace, Untraced
from voicebot.telemetry.spans import Spans, ids_of


async def test_a_conversation_is_one_trace_and_each_answer_a_turn(
    redis: Redis, settings: Settings
) -> None:
    seen = Seen()
    async with console(settings, Spans(SimpleSpanProcessor(seen))) as http:
        await begin(http)
        for text in WORDS:
            await say(http, text)
    spans = seen.get_finished_spans()
    assert {span.context.trace_id for span in spans} == {ids_of(CallSid(SID))[0]}
    assert seen.told("turn", "step") == [
        "name", "phone", "phone", "address", "email", "email", "service", "time", "time",
    ]  # fmt: skip
    assert seen.told("turn", "outcome")[-1] == "ended"
    assert seen.told("call", "outcome") == ["goes_on"] * len(WORDS) + ["booked"]
    assert seen.told("call", "resumed") == [False] + [True] * len(WORDS)
    turns = {turn.context.span_id for turn in seen.named("turn")}
    commits = [c.parent.span_id for c in seen.named("commit") if c.parent]
    assert set(commits) == turns, "each was saved before it was answered"
    told = " ".join(str(value) for span in spans for value in (span.attributes or {}).values())
    for secret in ("Robin", "0412", "George", "example.com"):
        assert secret not in told


class Listening(Untraced):
    """Notes which call a log line would be of, deep within a request."""

    def __init__(self) -> None:
        self.bound: list[object] = []

    def begin_call(self, call_sid: CallSid, step: Step, *, resumed: bool) -> CallTrace:
        self.bound.append(get_contextvars().get("call_sid"))
        return self


async def test_what_is_logged_meanwhile_carries_the_calls_id(
    redis: Redis, settings: Settings
) -> None:
    listening = Listening()
    async with console(settings, listening) as http:
        await begin(http, "CA-one")
        await begin(http, "CA-two")
        await say(http, WORDS[0], "CA-one")
    assert listening.bound == ["CA-one", "CA-two", "CA-one"]
