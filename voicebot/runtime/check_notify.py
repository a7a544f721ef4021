"""Checks of mail, webhooks and the collector of traces. Nothing is sent to them."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies

from voicebot.error_texts import why
from voicebot.errors import SettingsError
from voicebot.notify.endpoints import Endpoint, endpoints
from voicebot.runtime.ports import without_password
from voicebot.runtime.start_checks import CHECK_TIMEOUT_S, Finding, Level, refused, require_mail
from voicebot.settings import Settings

_MAIL_TIMEOUT_S = 5.0  # a server may delay the refusal of a password
_PORTS = {"https": 443, "http": 80}


async def check_mail(settings: Settings) -> Finding:
    """Check that the mail server accepts our login and that there is a sender address."""
    if settings.smtp_url is None:
        if settings.mail_from:
            text = "off: VOICEBOT_MAIL_FROM is set, VOICEBOT_SMTP_URL is not"
            return Finding("mail", Level.NOTE, text, "set VOICEBOT_SMTP_URL, or remove it")
        return Finding("mail", Level.OK, "off: VOICEBOT_SMTP_URL is not set")
    if problem := refused("mail", require_mail, settings):
        return problem
    from aiosmtplib import SMTPException

    from voicebot.notify.mail import smtp_server

    server = smtp_server(settings.smtp_url.get_secret_value())
    at = f"{server.host}:{server.port}"
    try:
        await server.verify(_MAIL_TIMEOUT_S)
    except (SMTPException, OSError, ValueError) as error:
        mend = "correct VOICEBOT_SMTP_URL, or start it; confirmations wait and are tried again"
        return Finding("mail", Level.NOTE, f"{at} does not take mail ({why(error)})", mend)
    return Finding("mail", Level.OK, f"{at} accepts our login")


async def check_webhooks(settings: Settings) -> list[Finding]:
    """Check the settings of webhooks, and that each receiver accepts connections."""
    try:
        found = endpoints(settings)
    except SettingsError as error:
        return [Finding("webhooks", Level.PROBLEM, str(error))]
    if not found:
        if settings.webhook_secret:
            text = "off: VOICEBOT_WEBHOOK_SECRET is set, VOICEBOT_WEBHOOK_URL is not"
            return [Finding("webhooks", Level.NOTE, text, "set the address, or remove the secret")]
        return [Finding("webhooks", Level.OK, "off: VOICEBOT_WEBHOOK_URL is not set")]
    return [await _check_receiver(endpoint) for endpoint in found]


def check_traces(settings: Settings) -> Finding:
    """Check that the collector takes traces, where one is set. Calls go on without it."""
    url = settings.traces_url
    if url is None:
        return Finding("traces", Level.OK, "off: OTEL_EXPORTER_OTLP_ENDPOINT is not set")
    from voicebot.telemetry import MEND, collector_answers, is_installed

    shown = without_password(url)
    if not is_installed():
        text = f"{shown} is set, and the packages that send them are missing"
        return Finding("traces", Level.NOTE, text, MEND)
    if url.startswith(("http://", "https://")) and collector_answers(url):
        return Finding("traces", Level.OK, f"on, {shown} takes them")
    mend = (
        "start it, or correct OTEL_EXPORTER_OTLP_ENDPOINT: like http://127.0.0.1:4318 "
        "(HTTP, usually port 4318, not gRPC's 4317)"
    )
    return Finding("traces", Level.NOTE, f"on, but {shown} does not take them", mend)


async def _check_receiver(endpoint: Endpoint) -> Finding:
    mend = "`voicebot webhooks --test` tells whether it takes a signed event"
    url = urlsplit(endpoint.url)
    if not endpoint.is_local and getproxies().get(url.scheme):
        text = f"signed, to {endpoint.label}, through the environment's proxy"
        return Finding("webhooks", Level.OK, text, mend)
    secure = ssl.create_default_context() if url.scheme == "https" else None
    port = url.port or _PORTS[url.scheme]
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            _, writer = await asyncio.open_connection(url.hostname, port, ssl=secure)
        writer.close()
    except OSError as error:  # TimeoutError and SSLError are OSErrors
        text = f"{endpoint.label} cannot be reached ({why(error)})"
        mend = "correct VOICEBOT_WEBHOOK_URL, or start it; events wait for a day"
        return Finding("webhooks", Level.NOTE, text, mend)
    return Finding("webhooks", Level.OK, f"signed, to {endpoint.label}", mend)
