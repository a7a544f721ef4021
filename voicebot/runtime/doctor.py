"""The command: every check in turn, a line each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain
from typing import Annotated

import typer

from voicebot.errors import SettingsError
from voicebot.log import configure
from voicebot.runtime.check_engines import check_openai, check_speech, check_vendor
from voicebot.runtime.check_notify import check_mail, check_traces, check_webhooks
from voicebot.runtime.check_ports import check_port, check_provider, check_staff
from voicebot.runtime.check_store import check_business, check_data_dir, check_journal, check_redis
from voicebot.runtime.finding import Finding, State
from voicebot.runtime.ports import console_door, stream_door
from voicebot.runtime.start_checks import misspelt
from voicebot.settings import Settings, load_settings, variable

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
    """Check settings, business, data directory, Redis, models, ports, keys and who is told.

    \b
    voicebot doctor
    VOICEBOT_REDIS_URL=redis://db.example:6379 voicebot doctor
    voicebot doctor --openai
    voicebot doctor --settings        what can be set

    A `problem` would stop calls, a `note` would not; behind the arrow stands the mend. Nothing is
    changed or sent. Exit 1 when there is a problem.
    """
    if settings:
        typer.echo(settings_table())
        return
    found: list[Finding] = []
    for finding in chain(_examine(), _ask_openai() if openai else ()):
        found.append(finding)
        typer.echo(finding.line)
    if any(finding.state is State.PROBLEM for finding in found):
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
        yield Finding("settings", State.PROBLEM, str(error), _CORRECT)
        return
    yield Finding("settings", State.OK, _described(settings))
    yield from (Finding("settings", State.NOTE, said, _CORRECT) for said in misspelt())
    yield check_business(settings)
    yield check_data_dir(settings.data_dir)
    yield from asyncio.run(check_redis(settings))
    yield check_journal(settings.data_dir)
    yield from check_speech(settings)
    yield check_openai(settings)
    yield check_port("phone port", stream_door(settings))
    yield from check_provider(settings)
    yield check_port("staff port", console_door(settings))
    yield check_staff(settings)
    yield asyncio.run(check_mail(settings))
    yield from asyncio.run(check_webhooks(settings))
    yield check_traces(settings)


def _ask_openai() -> Iterator[Finding]:
    try:
        yield from asyncio.run(check_vendor(load_settings()))
    except SettingsError as error:
        yield Finding("OpenAI", State.PROBLEM, str(error), _CORRECT)


def _described(settings: Settings) -> str:
    engines = ", ".join(
        f"{name} {settings.engine(getattr(settings, name))}"
        for name in ("transcriber", "synthesizer", "understanding")
    )
    return f"{engines}; saving {settings.save_mode}"
