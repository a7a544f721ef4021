"""`voicebot journal`: list writes on this machine's disk that wait for Redis, and replay them.

Shows calls and numbers of writes, but no customers' data.
"""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from voicebot.business import load_business
from voicebot.errors import StoreUnavailable
from voicebot.log import configure
from voicebot.settings import Settings, load_settings
from voicebot.store import (
    JournalOwner,
    JournalSummary,
    Store,
    connect,
    embedded_valkey,
    journal_summaries,
)

_UNITS_S = {"d": 86_400, "h": 3600, "min": 60}
_WHOSE = {
    JournalOwner.RUNNING: "a running process; it brings this itself when Redis answers",
    JournalOwner.ENDED: (
        "its process has ended; `voicebot journal replay` brings it, or the next server"
    ),
    JournalOwner.DAMAGED: (
        "damaged on its disk and cannot be replayed; keep it: `sqlite3 FILE .recover` may show "
        "what is left"
    ),
}
_FOR_A_PERSON = (JournalOwner.NOBODY, JournalOwner.DAMAGED)


class Action(StrEnum):
    """An action besides listing."""

    REPLAY = "replay"


def journal(
    action: Annotated[
        Action | None,
        typer.Argument(help="replay: write to Redis what no running process owns."),
    ] = None,
) -> None:
    """List writes on this machine's disk that wait for Redis; `journal replay` writes them.

    \b
    voicebot journal          the waiting writes, by call
    voicebot journal replay   write them, when Redis is back and no server runs

    Exit 1 when `replay` leaves writes that Redis refuses or that are damaged.
    """
    settings = load_settings()
    configure(settings.log_level)
    if action is Action.REPLAY:
        brought = asyncio.run(_replay(settings))
        typer.echo(f"{_writes(brought)} brought to Redis")
    left = journal_summaries(settings.data_dir)
    for line in lines(left, datetime.now(UTC)):
        typer.echo(line)
    if action is Action.REPLAY and any(file.owner in _FOR_A_PERSON for file in left):
        raise typer.Exit(1)


def lines(files: list[JournalSummary], now: datetime) -> list[str]:
    """Return the list, one paragraph per file."""
    if not files:
        return ["nothing waits: everything that was saved on this machine is in Redis"]
    shown: list[str] = []
    for file in files:
        refused = f"Redis refuses this ({file.why}); mend what stands at the call's keys, then "
        shown.append(f"{file.name}: {_WHOSE.get(file.owner) or refused + 'replay'}")
        for call_sid, made in sorted(file.waiting.items(), key=lambda entry: min(entry[1])):
            age = _age((now - min(made)).total_seconds())
            shown.append(f"  {call_sid:<36} {_writes(len(made)):>12}  {age}")
    return shown


async def _replay(settings: Settings) -> int:
    try:
        async with embedded_valkey(settings) as url:
            store = Store(connect(url), settings, load_business(settings.business))
            async with aclosing(store):
                return await store.replay(by_hand=True)
    except StoreUnavailable as error:
        waiting = _writes(sum(file.writes for file in journal_summaries(settings.data_dir)))
        raise StoreUnavailable(
            f"{error}. Nothing is lost: {waiting} stay in {settings.data_dir}"
        ) from error


def _writes(number: int) -> str:
    return f"{number} write" if number == 1 else f"{number} writes"


def _age(seconds: float) -> str:
    for name, unit_s in _UNITS_S.items():
        if seconds >= unit_s:
            return f"since {seconds / unit_s:.0f} {name}"
    return f"since {max(seconds, 0):.0f} s"
