"""The controls, and what all services share: key, faults, latency."""

import random
import time

import httpx
import numpy as np
import pytest

from voicebot.simulators.openai.simulator import PUBLISHED, Service


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
    answer = await http.post(sim(http, "misbehave"), json=order)
    assert (answer.status_code, "pydantic" in answer.text) == (400, False)


async def test_latency_is_set_while_it_runs(http: httpx.AsyncClient) -> None:
    await http.post(sim(http, "latency"), json={"service": "models", "p50": 0.2, "p95": 0.2})
    began = time.perf_counter()
    await http.get("models")
    assert time.perf_counter() - began >= 0.2


def chat(schema: object = None, text: str = "hello", strict: bool = True) -> dict[str, object]:
    asked: dict[str, object] = {"model": "m", "messages": [{"role": "user", "content": text}]}
    form = {"name": "X", "strict": strict, "schema": schema}
    with_form = {"response_format": {"type": "json_schema", "json_schema": form}}
    return asked | (with_form if schema else {})


async def answered(http: httpx.AsyncClient, asked: dict[str, object]) -> str:
    reply = await http.post("chat/completions", json=asked)
    text: str = reply.json()["choices"][0]["message"]["content"]
    return text


NAME: dict[str, object] = {"properties": {"name": {"type": "string"}}, "type": "object"}
STRICT = {**NAME, "additionalProperties": False, "required": ["name"]}


@pytest.mark.parametrize(
    "schema", [NAME, {**NAME, "additionalProperties": False}, {"oneOf": [STRICT]}]
)
async def test_a_loose_schema_is_refused_as_strict_mode_does(
    schema: dict[str, object], http: httpx.AsyncClient
) -> None:
    assert (await http.post("chat/completions", json=chat(schema))).status_code == 400
    assert (await http.post("chat/completions", json=chat(STRICT))).status_code == 200


async def test_prepared_answers_come_first_and_once(http: httpx.AsyncClient) -> None:
    await http.post(sim(http, "answers"), json=["one", "two"])
    assert [await answered(http, chat()) for _ in range(3)] == ["one", "two", "null"]


@pytest.mark.parametrize("service", list(Service))
def test_half_and_nineteen_in_twenty_are_below_what_is_published(service: Service) -> None:
    chance = random.Random(1)
    drawn = [PUBLISHED[service].draw(chance) for _ in range(4000)]
    assert np.percentile(drawn, 50) == pytest.approx(PUBLISHED[service].p50, rel=0.08)
    assert np.percentile(drawn, 95) == pytest.approx(PUBLISHED[service].p95, rel=0.08)
