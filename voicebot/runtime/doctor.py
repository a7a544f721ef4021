"""The checks of an installation, and their two readers: `voicebot doctor` and `voicebot serve`."""

import asyncio
from collections.abc import Iterator, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from voicebot.business import load_business
from voicebot.errors import SettingsError, VoicebotError
from voicebot.log import configure
from voicebot.runtime.check_ports import PORT_CHECKS
from voicebot.runtime.check_services import SERVICE_CHECKS
from voicebot.runtime.check_settings import CORRECT, SETTINGS_CHECKS
from voicebot.runtime.findings import CANNOT_START, Check, Finding, Level, problem
from voicebot.runtime.parts import ALL_PARTS, Part, require_meeting_place
from voicebot.runtime.read_business import read_aloud
from voicebot.settings import Settings, load_settings, variable

CHECKS: Final[dict[str, Check]] = SETTINGS_CHECKS | SERVICE_CHECKS | PORT_CHECKS
"""By subject, in the order in which they are shown."""
_OF_SPEECH: Final = ("speech",)
"""Subjects that matter only where callers are heard."""


def refusals(settings: Settings, parts: Set[Part] = ALL_PARTS) -> Iterator[VoicebotError]:
    """Yield an error for each requirement that these settings do not meet, if `parts` run here."""
    try:
        require_meeting_place(settings, parts)
    except SettingsError as error:
        yield error
    for subject, check in CHECKS.items():
        if subject in _OF_SPEECH and not parts & {Part.STREAM, Part.SPEECH}:
            continue
        try:
            check.require(settings)
        except CANNOT_START as error:
            yield error


def doctor(
    openai: Annotated[
        bool,
        typer.Option(
            "--openai", help="Also ask every OpenAI service in use once; costs under a cent."
        ),
    ] = False,
    business: Annotated[
        Path | None,
        typer.Option(
            "--business",
            metavar="FILE",
            help="Read this business file aloud: what is asked, when it is open, what is free.",
        ),
    ] = None,
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
    voicebot doctor --business business.toml    read aloud, and nothing else is checked
    voicebot doctor --settings        all settings

    A `problem` stops calls, a `note` does not; the arrow shows how to fix it. Nothing is changed or
    sent. Exit 1 when there is a problem.
    """
    if settings:
        typer.echo(settings_table())
    elif business is not None:
        asyncio.run(_read_aloud(business))
    elif not asyncio.run(_examine(openai)):
        raise typer.Exit(1)


async def _read_aloud(file: Path) -> None:
    """Print what a business file says; raises SettingsError."""
    settings = load_settings()
    async for line in read_aloud(load_business(file), settings, datetime.now(UTC)):
        typer.echo(line)


async def _examine(openai: bool) -> bool:
    """Print all findings; return whether none is a problem."""
    try:
        settings = load_settings()
        configure(settings.log_level)
    except SettingsError as error:
        for line in str(error).splitlines():
            typer.echo(problem(line, CORRECT).line("settings"))
        return False
    checks = [*CHECKS.items()]
    if openai:  # its library takes most of a second to import
        from voicebot.runtime.check_openai import check_openai_services

        checks.append(("OpenAI", Check(check_openai_services)))
    told: set[Finding] = set()  # a business file that cannot be read stops several checks
    for subject, check in checks:
        async for finding in check.findings(settings):
            if finding not in told:
                typer.echo(finding.line(subject))
            told.add(finding)
    return all(finding.level is not Level.PROBLEM for finding in told)


def settings_table() -> str:
    """Return every setting with its default and description, as a Markdown table."""
    rows = ["| name | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        given = str(field.default).lower() if isinstance(field.default, bool) else field.default
        default = "–" if given in (None, ()) else f"`{given}`"
        rows.append(
            f"| `{variable(name)}` | {default} | {' '.join(str(field.description).split())} |"
        )
    return "\n".join(rows)
