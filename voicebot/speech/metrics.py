"""What operators see of the speech processes of a machine: their queues and their models."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)

jobs_waiting = Gauge(
    "voicebot_speech_jobs_waiting",
    "Utterances (stt) or sentences (tts) that wait for a model just now",
    ["engine"],
    multiprocess_mode="livesum",
)
wait_seconds = Histogram(
    "voicebot_speech_wait_seconds",
    "How long one waited in the queue before a model took it; those cancelled meanwhile are none",
    ["engine"],
    buckets=_BUCKETS_S,
)
work_seconds = Histogram(
    "voicebot_speech_work_seconds",
    "How long one took once the model had it",
    ["engine"],
    buckets=_BUCKETS_S,
)
failures = Counter(
    "voicebot_speech_failures",
    "Those that gave nothing; busy: the queue was full, broken: the model failed",
    ["engine", "reason"],
)
