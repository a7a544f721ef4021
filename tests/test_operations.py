"""The metrics of a whole stack that runs."""

import asyncio
import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from subprocess import run
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from websockets.asyncio.client import connect

from tests.ports import free_port
from tests.serving import Serving, environment, eventually, serving, url_in
from tests.stream.provider import carried

pytestmark = [pytest.mark.slow, pytest.mark.valkey]

DEPLOY = Path(__file__).parents[1] / "deploy"
OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"
SCRAPE_S = 10.0
"""Prometheus waits so long by default."""

Samples = dict[str, list[tuple[dict[str, str], float]]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Everything that can run: two workers, real speech, console, webhooks, traces."""
    path = tmp_path_factory.mktemp("operations")
    nowhere = f"http://127.0.0.1:{free_port()}"
    env = environment(
        path / "data",
        free_port(),
        VOICEBOT_COMMIT_DEADLINE_MS="40",  # as in service
        VOICEBOT_TRANSCRIBER="local",
        VOICEBOT_SYNTHESIZER="local",
        VOICEBOT_MEANING="true",
        VOICEBOT_WEBHOOK_URL=nowhere,
        VOICEBOT_WEBHOOK_ALLOW_HTTP="true",
        VOICEBOT_WEBHOOK_SECRET="whsec_" + "QUFB" * 8,
        OTEL_EXPORTER_OTLP_ENDPOINT=nowhere,
    )
    with serving(env, path, "--workers", "2") as running:
        running.wait_until_ready()
        # its gauges are set by whichever process delivers, when it first looks around
        assert eventually(lambda: "voicebot_webhook_late_calls" in scrape(running))
        yield running


def scrape(stack: Serving) -> Samples:
    found = re.search(r"staff +(http://[^ ,]+)", stack.said)
    assert found
    with urlopen(f"{found[1]}/metrics", timeout=SCRAPE_S) as reply:
        text = reply.read().decode()
    samples: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append((sample.labels, sample.value))
    return samples


def expressions() -> str:
    """Everything that deploy/ asks Prometheus."""
    dashboard = json.loads((DEPLOY / "grafana" / "voicebot.json").read_text())
    asked = [t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", ())]
    return "\n".join([*asked, (DEPLOY / "prometheus" / "alerts.yml").read_text()])


def test_whatever_deploy_asks_for_is_told_by_name_and_by_label(stack: Serving) -> None:
    told = scrape(stack)
    asked = re.findall(r"\b(voicebot_[a-z_]+)(?:\{([a-z_]+)=\"(\w+)\"\})?", expressions())
    assert len(asked) > 40
    for name, label, value in asked:
        assert name in told or f"{name}_bucket" in told, name  # an annotation names the whole
        assert not label or any(labels.get(label) == value for labels, _ in told[name]), name


def test_whatever_is_grouped_by_is_a_label_that_is_told(stack: Serving) -> None:
    told = scrape(stack)
    given_by_prometheus = {"instance", "job"}
    for by, name in re.findall(r"by \(([a-z_, ]+)\) \([^()]*?\(?(voicebot_[a-z_]+)", expressions()):
        labels = {label for found, _ in told[name] for label in found} | given_by_prometheus
        assert set(by.split(", ")) <= labels, f"{name} by {by}"


def test_every_metric_that_the_handbook_names_is_told(stack: Serving) -> None:
    told = scrape(stack)
    named = set(re.findall(r"`(voicebot_[a-z_]+)", OPERATIONS.read_text()))
    assert len(named) > 20
    bases = {re.sub(r"_(bucket|count|sum)$", "", name) for name in told}
    assert named - bases - set(told) == set()


def test_no_label_has_many_values(stack: Serving) -> None:
    for name, samples in scrape(stack).items():
        if name.startswith("voicebot_"):
            assert len(samples) < 100, f"{name} has {len(samples)} series"
            assert all("pid" not in labels for labels, _ in samples), name


async def test_while_redis_hangs_the_figures_come_and_say_so(stack: Serving) -> None:
    """The moment for which they are made."""
    url = url_in(stack.data_dir)
    with Redis.from_url(url) as redis:
        pid = int(redis.info("server")["process_id"])
    assert value(scrape(stack), "voicebot_journal_entries") == 0
    os.kill(pid, signal.SIGSTOP)
    try:
        door = f"{stack.phone_url.replace('http', 'ws')}/media"
        async with connect(door, compression=None) as socket, carried(socket) as provider:
            await provider.begin()
            await provider.until(lambda: provider.played > 0)
            told = await asyncio.to_thread(scrape, stack)  # who waited for Redis would be cut off
            assert value(told, "voicebot_journal_entries") > 0
            assert value(told, "voicebot_journal_age_seconds") > 0
            assert value(told, "voicebot_redis_breaker_open") == 1
            assert value(told, "voicebot_open_calls") == 1
            assert value(told, "voicebot_commit_failures_total") > 0
    finally:
        os.kill(pid, signal.SIGCONT)
    for name in ("voicebot_journal_entries", "voicebot_redis_breaker_open"):
        assert await asyncio.to_thread(eventually, partial(is_told, stack, name, 0)), name


async def test_a_killed_workers_calls_are_not_told_of_any_more(stack: Serving) -> None:
    places = value(scrape(stack), "voicebot_call_places")
    over = partial(is_told, stack, "voicebot_open_calls", 0)  # the call of the test before this
    assert await asyncio.to_thread(eventually, over)
    door = f"{stack.phone_url.replace('http', 'ws')}/media"
    async with connect(door, compression=None) as socket, carried(socket) as provider:
        await provider.begin()
        await provider.until(lambda: provider.played > 0)
        assert value(scrape(stack), "voicebot_open_calls") == 1
        for part in ("stream 1", "stream 2"):
            os.kill(stack.pid_of(part), signal.SIGKILL)
        await provider.until(lambda: provider.close_code is not None)
    assert await asyncio.to_thread(eventually, lambda: open_calls(stack) == 0)  # they are buried
    back = partial(is_told, stack, "voicebot_call_places", places)
    assert await asyncio.to_thread(eventually, back)


def open_calls(stack: Serving) -> float:
    """Return the sum over all workers that run; 0 without any, which have no such series."""
    return sum(calls for _, calls in scrape(stack).get("voicebot_open_calls", ()))


def is_told(stack: Serving, name: str, wanted: float) -> bool:
    """Return whether the metric's sum is `wanted`; without a worker some have no series."""
    samples = scrape(stack)
    return name in samples and value(samples, name) == wanted


def value(samples: Samples, name: str) -> float:
    return sum(value for _, value in samples[name])


def test_the_rules_are_yaml_with_a_sentence_of_what_to_do_for_each_alert() -> None:
    """The form of the rules; that they are right PromQL is for promtool to say."""
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
    assert len(group["rules"]) > 20
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in ("page", "ticket"), rule
        assert all(isinstance(rule["annotations"][key], str) for key in ("summary", "do")), rule


def test_every_alert_has_its_runbook_and_no_runbook_is_of_none() -> None:
    alerts = re.findall(r"alert: (\w+)", (DEPLOY / "prometheus" / "alerts.yml").read_text())
    runbooks = OPERATIONS.read_text().partition("## Runbooks")[2]
    told = re.findall(r"^\| `(Voicebot\w+)` \| .+ \| .+ \|$", runbooks, re.MULTILINE)
    assert told == alerts


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("order", [["check", "alerts.yml"], ["test", "alerts_test.yml"]])
def test_prometheus_takes_the_rules_and_they_fire_when_they_should(order: list[str]) -> None:
    verb, file = order
    done = run(["promtool", verb, "rules", file], cwd=DEPLOY / "prometheus", check=False)
    assert done.returncode == 0
