"""Who else is told of calls: mail, webhooks, a collector of traces. Nothing is sent to them."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies

from voicebot.connection_errors import why
from voicebot.errors import SettingsError
from voicebot.notify.endpoints import Endpoint, endpoints
from voicebot.runtime.finding import PATIENCE_S, Finding, State, refused
from voicebot.runtime.ports import without_password
from voicebot.runtime.start_checks import require_mail
from voicebot.settings import Settings

_MAIL_PATIENCE_S = 5.0  # a server may take its time to refuse a password
_PORTS = {"https": 443, "http": 80}


async def check_mail(settings: Settings) -> Finding:
    """Is there a mail server that lets us in, and a sender? No letter is written."""
    if settings.smtp_url is None:
        if settings.mail_from:
            text = "off: VOICEBOT_MAIL_FROM is set, VOICEBOT_SMTP_URL is not"
            return Finding("mail", State.NOTE, text, "set VOICEBOT_SMTP_URL, or remove it")
        return Finding("mail", State.OK, "off: VOICEBOT_SMTP_URL is not set")
    if problem := refused("mail", require_mail, settings):
        return problem
    from aiosmtplib import SMTPException

    from voicebot.notify.mail import smtp_server

    server = smtp_server(settings.smtp_url.get_secret_value())
    at = f"{server.host}:{server.port}"
    try:
        await server.verify(_MAIL_PATIENCE_S)
    except (SMTPException, OSError, ValueError) as error:
        mend = "correct VOICEBOT_SMTP_URL, or start it; confirmations wait and are tried again"
        return Finding("mail", State.NOTE, f"{at} does not take letters ({why(error)})", mend)
    return Finding("mail", State.OK, f"{at} lets us in")


async def check_webhooks(settings: Settings) -> list[Finding]:
    """Can what receivers are to be told be sent, and signed; does anybody listen there?"""
    try:
        found = endpoints(settings)
    except SettingsError as error:
        return [Finding("webhooks", State.PROBLEM, str(error))]
    if not found:
        if settings.webhook_secret:
            text = "off: VOICEBOT_WEBHOOK_SECRET is set, VOICEBOT_WEBHOOK_URL is not"
            return [Finding("webhooks", State.NOTE, text, "set the address, or remove the secret")]
        return [Finding("webhooks", State.OK, "off: VOICEBOT_WEBHOOK_URL is not set")]
    return [await _check_receiver(endpoint) for endpoint in found]


def check_traces(settings: Settings) -> Finding:
    """Are calls traced, and does the collector take the traces? Calls go on without it."""
    url = settings.traces_url
    if url is None:
        return Finding("traces", State.OK, "off: OTEL_EXPORTER_OTLP_ENDPOINT is not set")
    from voicebot.tracing import MEND, collector_answers, is_installed

    shown = without_password(url)
    if not is_installed():
        text = f"{shown} is set, and the packages that send them are missing"
        return Finding("traces", State.NOTE, text, MEND)
    if url.startswith(("http://", "https://")) and collector_answers(url):
        return Finding("traces", State.OK, f"on, {shown} takes them")
    mend = (
        "start it, or correct OTEL_EXPORTER_OTLP_ENDPOINT: like http://127.0.0.1:4318 "
        "(HTTP, usually port 4318, not gRPC's 4317)"
    )
    return Finding("traces", State.NOTE, f"on, but {shown} does not take them", mend)


async def _check_receiver(endpoint: Endpoint) -> Finding:
    mend = "`voicebot webhooks --test` tells whether it takes a signed event"
    url = urlsplit(endpoint.url)
    if not endpoint.is_local and getproxies().get(url.scheme):
        text = f"signed, to {endpoint.label}, through the environment's proxy"
        return Finding("webhooks", State.OK, text, mend)
    secure = ssl.create_default_context() if url.scheme == "https" else None
    port = url.port or _PORTS[url.scheme]
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(url.hostname, port, ssl=secure)
        writer.close()
    except OSError as error:  # TimeoutError and SSLError are OSErrors
        text = f"{endpoint.label} cannot be reached ({why(error)})"
        mend = "correct VOICEBOT_WEBHOOK_URL, or start it; events wait for a day"
        return Finding("webhooks", State.NOTE, text, mend)
    return Finding("webhooks", State.OK, f"signed, to {endpoint.label}", mend)
