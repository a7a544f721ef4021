"""`voicebot doctor`: all checks in turn, one line each, and the checks of the engines."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from itertools import chain
from typing import Annotated

import typer

from voicebot.business import load_business
from voicebot.errors import INSTALL_LOCAL, SettingsError
from voicebot.log import configure
from voicebot.runtime.check_notify import check_mail, check_traces, check_webhooks
from voicebot.runtime.check_ports import check_port, check_provider, check_staff
from voicebot.runtime.check_store import check_business, check_data_dir, check_journal, check_redis
from voicebot.runtime.ports import console_address, stream_address
from voicebot.runtime.start_checks import (
    Finding,
    Level,
    refused,
    require_openai,
    unknown_settings,
    uses_openai,
)
from voicebot.settings import Engine, Settings, load_settings, variable
from voicebot.speech.models import SpeechProcess, has_fallback, is_needed, missing_models

_CORRECT = "correct the environment or .env"


def doctor(
    openai: Annotated[
        bool,
        typer.Option(
            "--openai", help="Also ask every OpenAI service in use once; costs under a cent."
        ),
    ] = False,
    settings: Annotated[
        bool,
        typer.Option("--settings", help="Print every setting as a table, nothing else."),
    ] = False,
) -> None:
    """Check settings, business, data directory, Redis, models, ports, keys, mail and webhooks.

    \b
    voicebot doctor
    VOICEBOT_REDIS_URL=redis://db.example:6379 voicebot doctor
    voicebot doctor --openai
    voicebot doctor --settings        all settings

    A `problem` stops calls, a `note` does not; the arrow shows how to fix it. Nothing is changed or
    sent. Exit 1 when there is a problem.
    """
    if settings:
        typer.echo(settings_table())
        return
    found: list[Finding] = []
    for finding in chain(_examine(), _ask_openai() if openai else ()):
        found.append(finding)
        typer.echo(finding.line)
    if any(finding.state is Level.PROBLEM for finding in found):
        raise typer.Exit(1)


def settings_table() -> str:
    """Return every setting with its default and description, as a Markdown table."""
    rows = ["| name | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "–" if field.default in (None, ()) else f"`{field.default}`"
        rows.append(
            f"| `{variable(name)}` | {default} | {' '.join(str(field.description).split())} |"
        )
    return "\n".join(rows)


def _examine() -> Iterator[Finding]:
    try:
        settings = load_settings()
        configure(settings.log_level)
    except SettingsError as error:
        yield Finding("settings", Level.PROBLEM, str(error), _CORRECT)
        return
    yield Finding("settings", Level.OK, _described(settings))
    yield from (Finding("settings", Level.NOTE, said, _CORRECT) for said in unknown_settings())
    yield check_business(settings)
    yield check_data_dir(settings.data_dir)
    yield from asyncio.run(check_redis(settings))
    yield check_journal(settings.data_dir)
    yield from check_speech(settings)
    yield check_openai(settings)
    yield check_port("phone port", stream_address(settings))
    yield from check_provider(settings)
    yield check_port("staff port", console_address(settings))
    yield check_staff(settings)
    yield asyncio.run(check_mail(settings))
    yield from asyncio.run(check_webhooks(settings))
    yield check_traces(settings)


def _ask_openai() -> Iterator[Finding]:
    try:
        yield from asyncio.run(check_vendor(load_settings()))
    except SettingsError as error:
        yield Finding("OpenAI", Level.PROBLEM, str(error), _CORRECT)


def _described(settings: Settings) -> str:
    engines = ", ".join(
        f"{name} {settings.engine(getattr(settings, name))}"
        for name in ("transcriber", "synthesizer", "understanding")
    )
    return f"{engines}; saving {settings.save_mode}"


def check_speech(settings: Settings) -> Iterator[Finding]:
    """Check that the models of the chosen engines are installed, with the pinned bytes."""
    hears, speaks = (settings.engine(e) for e in (settings.transcriber, settings.synthesizer))
    if missing := missing_models(settings):
        yield from (Finding("speech", Level.PROBLEM, sentence) for sentence in missing)
        return
    what = f"hearing {hears}, speaking {speaks}"
    if Engine.NULL in (hears, speaks):
        mend = "set VOICEBOT_TRANSCRIBER and VOICEBOT_SYNTHESIZER to auto, local or openai"
        yield Finding("speech", Level.NOTE, f"{what}: null is for benchmarks", mend)
    else:
        yield Finding("speech", Level.OK, f"{what}; all models are there")
    cores = os.cpu_count() or 1
    if settings.speech_threads > cores and is_needed(settings, SpeechProcess.STT):
        text = f"{settings.speech_threads} utterances at once on {cores} cores: each takes longer"
        yield Finding("speech", Level.NOTE, text, "lower VOICEBOT_SPEECH_THREADS")


def check_openai(settings: Settings) -> Finding:
    """Check the OpenAI account, and whether local engines can take over."""
    if problem := refused("OpenAI", require_openai, settings):
        return problem
    if not uses_openai(settings):
        off = "not used: everything stays on this machine"
        return Finding("OpenAI", Level.OK, off)
    chosen = {SpeechProcess.STT: settings.transcriber, SpeechProcess.TTS: settings.synthesizer}
    alone = [
        process.value
        for process, engine in chosen.items()
        if settings.engine(engine) is Engine.OPENAI and not has_fallback(settings, process)
    ]
    if alone and settings.openai_fallback:
        text = f"in use; when it fails, this machine has no {' and no '.join(alone)} to take over"
        return Finding("OpenAI", Level.NOTE, text, INSTALL_LOCAL)
    return Finding("OpenAI", Level.OK, "in use; `voicebot doctor --openai` asks every service")


async def check_vendor(settings: Settings) -> list[Finding]:
    """Ask OpenAI's services; calls go on without them, so failures are notes.

    Raises SettingsError.
    """
    from voicebot.runtime.check_openai import (
        check_openai,  # its library takes most of a second to import
    )

    business = load_business(settings.business)
    return [
        Finding(c.subject, Level.NOTE if c.mend else Level.OK, c.text, c.mend)
        async for c in check_openai(settings, business)
    ]
