"""`voicebot mail --test ADDRESS`: a confirmation to an address of one's own, to see it arrive."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from aiosmtplib import SMTPException

from voicebot.business import load_business
from voicebot.error_texts import why
from voicebot.errors import SettingsError
from voicebot.log import configure
from voicebot.notify import sender_address, smtp_server
from voicebot.notify.letter import trial_letter
from voicebot.settings import Settings, load_settings


def mail(
    test: Annotated[
        str, typer.Option("--test", metavar="ADDRESS", help="Where to send the confirmation.")
    ],
) -> None:
    """Send a confirmation of a booking that nobody made, to see that mail arrives.

    \b
    voicebot mail --test me@example.com

    Exit 1 when the mail server did not take it.
    """
    settings = load_settings()
    configure(settings.log_level)
    asyncio.run(_send(settings, test))


async def _send(settings: Settings, to: str) -> None:
    if settings.smtp_url is None:
        raise SettingsError("no mail server is set: VOICEBOT_SMTP_URL")
    business = load_business(settings.business)
    server = smtp_server(settings.smtp_url.get_secret_value())
    message = trial_letter(to, business, sender_address(settings, business), datetime.now(UTC))
    at = f"{server.host}:{server.port}"
    try:
        async with server.client() as client:
            await client.send_message(message)
    except (SMTPException, OSError) as error:
        typer.echo(f"refused  {at}  {why(error)}")
        raise typer.Exit(1) from error
    typer.echo(f"taken    {at}  from {message['From']}")
