"""The controls, and what all services share: key, faults, latency."""

from __future__ import annotations

import random
import time

import httpx
import numpy as np
import pytest

from voicebot.simulators.openai.simulator import (
    PUBLISHED,
    Latency,
    Service,
    Simulator,
    published,
)


def sim(http: httpx.AsyncClient, path: str) -> str:
    return str(http.base_url).replace("/v1/", f"/sim/{path}")


async def test_misbehaviour_is_ordered_counted_and_called_off(http: httpx.AsyncClient) -> None:
    order = {"service": "models", "kind": "server_error", "status": 503, "times": 2}
    await http.post(sim(http, "misbehave"), json=order)
    answers = [(await http.get("models")).status_code for _ in range(3)]
    assert answers == [503, 503, 200]
    await http.post(sim(http, "misbehave"), json=order)
    await http.delete(sim(http, "misbehave"))
    assert (await http.get("models")).status_code == 200


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"service": "models", "kind": "earthquake"},
        {"service": "fax", "kind": "slow"},
        {"service": "models", "kind": "slow", "times": 0},
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(
    http: httpx.AsyncClient, order: dict[str, object]
) -> None:
    assert (await http.post(sim(http, "misbehave"), json=order)).status_code == 400


async def test_latency_is_set_while_it_runs(http: httpx.AsyncClient) -> None:
    await http.post(sim(http, "latency"), json={"service": "models", "p50": 0.2, "p95": 0.2})
    began = time.perf_counter()
    await http.get("models")
    assert time.perf_counter() - began >= 0.2


async def test_what_was_served_is_counted_without_what_was_refused(
    http: httpx.AsyncClient, simulator: Simulator
) -> None:
    await http.get("models")
    refused = await http.get("models", headers={"authorization": "Bearer wrong"})
    assert refused.status_code == 401
    assert simulator.served[Service.MODELS] == 1


async def test_a_loose_schema_is_refused_as_strict_mode_does(http: httpx.AsyncClient) -> None:
    def asked(schema: dict[str, object]) -> dict[str, object]:
        form = {"type": "json_schema", "name": "X", "strict": True, "schema": schema}
        return {"model": "gpt-6-luna", "input": "hello", "text": {"format": form}}

    name: dict[str, object] = {"properties": {"name": {"type": "string"}}, "type": "object"}
    for schema in (name, {**name, "additionalProperties": False}):
        assert (await http.post("responses", json=asked(schema))).status_code == 400
    strict = {**name, "additionalProperties": False, "required": ["name"]}
    assert (await http.post("responses", json=asked(strict))).status_code == 200


async def test_prepared_answers_come_first_and_once(http: httpx.AsyncClient) -> None:
    await http.post(sim(http, "answers"), json=["one", "two"])
    asked = {"model": "gpt-6-luna", "input": "hello"}
    texts = [
        (await http.post("responses", json=asked)).json()["output"][0]["content"][0]["text"]
        for _ in range(3)
    ]
    assert texts == ["one", "two", "null"]


@pytest.mark.parametrize("service", list(Service))
def test_half_and_nineteen_in_twenty_are_below_what_is_published(service: Service) -> None:
    chance = random.Random(1)
    drawn = [PUBLISHED[service].draw(chance) for _ in range(4000)]
    assert np.percentile(drawn, 50) == pytest.approx(PUBLISHED[service].p50, rel=0.08)
    assert np.percentile(drawn, 95) == pytest.approx(PUBLISHED[service].p95, rel=0.08)


def test_hearing_has_the_tail_that_was_measured() -> None:
    """Pipecat's table: 1.66 s from the end of speech to the final text at the 99th percentile."""
    chance = random.Random(1)
    drawn = [PUBLISHED[Service.HEARING].draw(chance) for _ in range(20_000)]
    assert np.percentile(drawn, 99) == pytest.approx(1.66, rel=0.05)


def test_without_spread_or_scale_there_is_no_chance() -> None:
    assert Latency(p50=0.2, p95=0.2).draw() == 0.2
    assert published(0)[Service.SPEECH].draw() == 0
