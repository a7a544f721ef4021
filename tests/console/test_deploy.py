"""What deploy/ asks Prometheus for is what the program tells."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

DEPLOY = Path(__file__).parents[2] / "deploy"
METRICS = (
    "voicebot.console.operations",
    "voicebot.store.metrics",
    "voicebot.openai.metrics",
    "voicebot.speech.inference_server",
    "voicebot.stream.metrics",
    "voicebot.telemetry.spans",
    "voicebot.notify.delivery",
)


@pytest.mark.parametrize("file", ["grafana/voicebot.json", "prometheus/alerts.yml"])
def test_every_metric_that_is_asked_for_exists(file: str) -> None:
    for module in METRICS:
        importlib.import_module(module)
    known = {metric.name for metric in REGISTRY.collect()}
    asked = set(re.findall(r"\bvoicebot_[a-z_]+", (DEPLOY / file).read_text()))
    bare = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in asked}
    assert bare - known == set()
