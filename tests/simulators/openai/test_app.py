"""The strings to pull, and the HTTP services behind them."""

from __future__ import annotations

import time

import httpx
import numpy as np
import pytest

from voicebot.simulators.openai.audio import babble
from voicebot.simulators.openai.simulator import Simulator

TEXT = "May I have your name, please?"
SPEECH = {"model": "gpt-4o-mini-tts", "voice": "coral", "input": TEXT, "response_format": "pcm"}


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


async def test_what_was_served_is_counted(http: httpx.AsyncClient) -> None:
    await http.get("models")
    await http.get("models", headers={"authorization": "Bearer wrong"})
    assert (await http.get(sim(http, "served"))).json()["models"] == 1


async def test_speech_is_streamed_as_raw_pcm_in_odd_pieces(http: httpx.AsyncClient) -> None:
    async with http.stream("POST", "audio/speech", json=SPEECH) as answer:
        pieces = [piece async for piece in answer.aiter_raw()]
    samples = np.frombuffer(b"".join(pieces), "<i2")
    assert np.array_equal(samples, babble(TEXT))
    assert any(len(piece) % 2 for piece in pieces)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "tts-9"},
        {"response_format": "mp3"},
        {"input": "x" * 4097},
        {"speed": 9},
        {"model": "tts-1", "instructions": "Calm."},
    ],
)
async def test_speech_that_cannot_be_made_is_refused(
    http: httpx.AsyncClient, change: dict[str, object]
) -> None:
    assert (await http.post("audio/speech", json={**SPEECH, **change})).status_code == 400


async def test_a_loose_schema_is_refused_as_strict_mode_does(http: httpx.AsyncClient) -> None:
    def asked(schema: dict[str, object]) -> dict[str, object]:
        form = {"type": "json_schema", "name": "X", "strict": True, "schema": schema}
        return {"model": "gpt-6-luna", "input": "hello", "text": {"format": form}}

    name: dict[str, object] = {"properties": {"name": {"type": "string"}}, "type": "object"}
    for schema in (name, {**name, "additionalProperties": False}):
        assert (await http.post("responses", json=asked(schema))).status_code == 400
    strict = {**name, "additionalProperties": False, "required": ["name"]}
    assert (await http.post("responses", json=asked(strict))).status_code == 200


async def test_prepared_answers_come_first_and_once(
    http: httpx.AsyncClient, simulator: Simulator
) -> None:
    await http.post(sim(http, "answers"), json=["one", "two"])
    asked = {"model": "gpt-6-luna", "input": "three"}
    texts = [
        (await http.post("responses", json=asked)).json()["output"][0]["content"][0]["text"]
        for _ in range(3)
    ]
    assert texts == ["one", "two", "three"]
    assert not simulator.answers
