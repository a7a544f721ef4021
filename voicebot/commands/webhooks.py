"""`voicebot webhooks`: list failed deliveries, retry them, send a test event.

Shows no customers' data.
"""

import asyncio
import time
from typing import Annotated, Final
from uuid import uuid4

import typer

from voicebot.errors import SettingsError
from voicebot.log import configure
from voicebot.notify import (
    FailedDeliveries,
    Verdict,
    WebhookClient,
    WebhookFailure,
    endpoints,
    trial_body,
)
from voicebot.settings import Settings, load_settings
from voicebot.store import connect, iso_utc, redis_url, utc_now

ALL: Final = "all"
_PAGE: Final = 200


def webhooks(
    retry: Annotated[
        str, typer.Option("--retry", metavar="ID|all", help="Retry failed deliveries.")
    ] = "",
    test: Annotated[
        bool, typer.Option("--test", help="Send a signed test event to every address now.")
    ] = False,
) -> None:
    """List deliveries that failed for a day; retry them; send a test event.

    \b
    voicebot webhooks                 failed deliveries, with their ids
    voicebot webhooks --test          send a signed event to every receiver
    voicebot webhooks --retry all     once the receiver works again

    Exit 1 when a test event was not taken, or no delivery has the id.
    """
    settings = load_settings()
    configure(settings.log_level)
    if not endpoints(settings):
        raise SettingsError("no webhook is set: VOICEBOT_WEBHOOK_URL")
    done = asyncio.run(_test(settings) if test else _retry(settings, retry))
    if not done:
        raise typer.Exit(1)


async def _test(settings: Settings) -> bool:
    """Send a test event to every endpoint; return whether all took it."""
    taken = True
    for endpoint in endpoints(settings):
        message_id = f"msg_test_{uuid4().hex}"
        body = trial_body(message_id, iso_utc(utc_now()))
        client = WebhookClient(endpoint, settings.webhook_deadline_s, time.time)
        try:
            attempt = await client.send(message_id, body)
        finally:
            await client.aclose()
        typer.echo(f"{attempt.verdict:<8} {endpoint.label}  {attempt.why}")
        taken = taken and attempt.verdict is Verdict.TAKEN
    return taken


async def _retry(settings: Settings, wanted: str) -> bool:
    """Request another attempt at `wanted`, if any, and list what remains."""
    async with connect(redis_url(settings)) as client:
        failures = FailedDeliveries(client, settings)
        names = [f.id for f in await _listed(failures)] if wanted == ALL else [wanted]
        now_ms = int(time.time() * 1000)
        asked = sum([await failures.retry(name, now_ms) for name in names if name])
        if wanted:
            typer.echo(f"{asked} will be tried again by the server that runs")
        left = await _listed(failures)
        for failure in left:
            typer.echo(_line(failure))
        typer.echo(f"{len(left)} given up; {await failures.late_calls()} calls have late ones")
    return bool(asked) or wanted in ("", ALL)


async def _listed(failures: FailedDeliveries) -> list[WebhookFailure]:
    found = page = await failures.page(_PAGE)
    while len(page) == _PAGE:
        page = await failures.page(_PAGE, found[-1].place)
        found = found + page
    return found


def _line(failure: WebhookFailure) -> str:
    what = f"{failure.id}  {failure.failedAt}  {failure.type:<16} {failure.callSid}"
    return f"{what}  {failure.attempts} attempts, {failure.why}  {failure.endpoint}"
