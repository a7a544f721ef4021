"""Metrics of this process's OpenAI requests."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from voicebot.openai.failures import Failure, Service

failures = Counter(
    "voicebot_openai_failures",
    "Failed requests to OpenAI, by service and kind",
    ["service", "kind"],
)
open_breakers = Gauge(
    "voicebot_openai_breaker_open",
    "1 while a service is not asked because it failed",
    ["service"],
    multiprocess_mode="livemax",
)
fallbacks = Counter(
    "voicebot_openai_fallbacks", "Turns that a local engine served instead of OpenAI", ["service"]
)
fillers = Counter(
    "voicebot_openai_fillers", "Fillers that callers heard while OpenAI was waited for"
)
audio_seconds = Counter(
    "voicebot_openai_audio_seconds", "Audio that OpenAI transcribed or spoke", ["service"]
)
characters = Counter("voicebot_openai_characters", "Characters that OpenAI was asked to speak")
tokens = Counter("voicebot_openai_tokens", "Tokens of understanding, by kind", ["kind"])
cost_usd = Counter(
    "voicebot_openai_cost_usd", "Estimated cost in US dollars, by the list in prices.toml",
    ["service"],
)  # fmt: skip

for _service in Service:  # start at 0, so that the first increase is visible
    for _kind in Failure:
        failures.labels(_service, _kind)
    open_breakers.labels(_service)
    fallbacks.labels(_service)
    audio_seconds.labels(_service)
    cost_usd.labels(_service)
