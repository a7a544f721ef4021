"""Waiting times are as long, and as uneven, as they are said to be."""

from __future__ import annotations

import random

import numpy as np
import pytest

from voicebot.simulators.openai.simulator import PUBLISHED, Latencies, Latency, Service


@pytest.mark.parametrize("service", list(Service))
def test_half_and_nineteen_in_twenty_are_below_what_is_published(service: Service) -> None:
    latencies = Latencies(seed=1)
    drawn = [latencies.draw(service) for _ in range(4000)]
    assert np.percentile(drawn, 50) == pytest.approx(PUBLISHED[service].p50, rel=0.08)
    assert np.percentile(drawn, 95) == pytest.approx(PUBLISHED[service].p95, rel=0.08)


def test_hearing_has_the_tail_that_was_measured() -> None:
    """Pipecat's table: 1.66 s from the end of speech to the final text at the 99th percentile."""
    latencies = Latencies(seed=1)
    drawn = [latencies.draw(Service.HEARING) for _ in range(20_000)]
    assert np.percentile(drawn, 99) == pytest.approx(1.66, rel=0.05)


def test_without_spread_or_scale_there_is_no_chance() -> None:
    assert Latency(p50=0.2, p95=0.2).draw(random.Random()) == 0.2
    assert Latencies(0).draw(Service.SPEECH) == 0
