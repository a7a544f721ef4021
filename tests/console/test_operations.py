"""Health, metrics, and the events that webhook receivers did not take."""

import importlib
import re
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from redis.asyncio import Redis

from tests.console.conftest import console
from voicebot.notify.delivery_log import DeliveryLog, WebhookFailure
from voicebot.notify.notification import NotificationType
from voicebot.notify.receivers import endpoints
from voicebot.settings import Settings

pytestmark = pytest.mark.valkey

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FAILURE = WebhookFailure(
    id="msg_0",
    endpoint="crm.example#abcd",
    type=NotificationType.FIELD_SAVED,
    callSid="CA1",
    at="2026-03-02T09:00:00.000Z",
    entry="1700-0",
    attempts=11,
    why="HTTP 500",
    failed_ms=1_772_442_000_000,
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Two receivers are set."""
    url = SecretStr("https://crm.example/hook?key=topsecret,https://crm.example/other")
    return settings.model_copy(update={"webhook_url": url, "webhook_secret": SecretStr(SECRET)})


@pytest.fixture
async def failed(redis: Redis, settings: Settings) -> None:
    logs = [DeliveryLog(redis, endpoint, retention_s=86400) for endpoint in endpoints(settings)]
    for n in range(5):
        moment = FAILURE.failed_ms + 1000 * (n // 2)
        await logs[n % 2].give_up(
            FAILURE.model_copy(update={"id": f"msg_{n}", "failed_ms": moment})
        )


@pytest.mark.usefixtures("failed")
async def test_failures_come_newest_first_in_pages(http: httpx.AsyncClient) -> None:
    found: list[dict[str, object]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await http.get("/webhooks/failures", params={"limit": "2", **cursor})).json()
        found += answer["failures"]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    assert [failure["id"] for failure in found] == ["msg_4", "msg_3", "msg_2", "msg_1", "msg_0"]
    assert found[-1] == {
        "id": "msg_0",
        "endpoint": "crm.example#abcd",
        "type": "field.saved",
        "callSid": "CA1",
        "at": "2026-03-02T09:00:00.000Z",
        "attempts": 11,
        "why": "HTTP 500",
        "failedAt": "2026-03-02T09:00:00.000Z",
    }


async def test_without_a_receiver_the_list_is_empty(settings: Settings) -> None:
    off = settings.model_copy(update={"webhook_url": None})
    async with console(off) as http:
        answer = await http.get("/webhooks/failures")
    assert answer.json() == {"failures": [], "lateCalls": 0, "next": None}


@pytest.mark.parametrize("cursor", ["x", "12", "12-msg_1", "-msg_1-host", "1²-msg_1-host"])
async def test_a_strange_cursor_is_a_problem(http: httpx.AsyncClient, cursor: str) -> None:
    answer = await http.get("/webhooks/failures", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_cursor")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_list_wants_the_token(guarded: httpx.AsyncClient) -> None:
    assert (await guarded.get("/webhooks/failures")).status_code == 401
    allowed = await guarded.get("/webhooks/failures", headers={"Authorization": "Bearer sesame"})
    assert allowed.status_code == 200


DEPLOY = Path(__file__).parents[2] / "deploy"
METRICS = (
    "voicebot.console.operations",
    "voicebot.store.metrics",
    "voicebot.openai",
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
