"""`voicebot show` prints a stored call as JSON; `voicebot watch` follows calls live."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Annotated

import typer
from redis.asyncio import Redis
from rich.console import Console
from rich.text import Text

from voicebot.business import load_business
from voicebot.call import CallSid, Speaker, parse_call_sid
from voicebot.errors import StoreUnavailable
from voicebot.settings import load_settings
from voicebot.store import (
    AWAY,
    BEGINNING,
    EventReader,
    call_keys,
    connect,
    embedded_valkey,
    open_store,
)

Event = Mapping[str, str]
"""One entry of a call's event stream."""


def show(call_sid: Annotated[str, typer.Argument(help="The call's callSid.")]) -> None:
    """Print a call's stored record as JSON.

    \b
    voicebot show CA1
    voicebot show CA1 | jq .user.userInfo
    """
    record = asyncio.run(_read(parse_call_sid(call_sid)))
    if record is None:
        typer.echo(f"voicebot: there is no record of a call {call_sid}", err=True)
        raise typer.Exit(1)
    typer.echo(json.dumps(record, ensure_ascii=False, indent=2))


def watch(
    call_sid: Annotated[
        str | None,
        typer.Argument(help="One call, from its beginning; without it all calls, from now."),
    ] = None,
) -> None:
    """Follow calls live: what is said, what is saved. Ctrl-C ends it.

    \b
    voicebot watch            every call, from now on
    voicebot watch CA1        one call, from its beginning
    """
    only = parse_call_sid(call_sid) if call_sid else None
    try:
        asyncio.run(_watch(only, Console(highlight=False, soft_wrap=True)))
    except KeyboardInterrupt:  # the way to end it
        return


async def _read(call_sid: CallSid) -> dict[str, object] | None:
    settings = load_settings()
    async with embedded_valkey(settings) as url:
        resolved = settings.model_copy(update={"redis_url": url})
        async with open_store(resolved, load_business(settings.business)) as store:
            skeleton = await store.get_call_skeleton(call_sid)
    if skeleton is None:
        return None
    more = skeleton.model_dump(mode="json", include={"step", "status", "wish", "notes"})
    return {**skeleton.nested(), **more, "needs": skeleton.due.value}


async def _watch(only: CallSid | None, console: Console) -> None:
    try:
        async with (
            embedded_valkey(load_settings()) as url,
            connect(url) as client,
            following(client, only) as events,
        ):
            console.print(f"watching {only or 'every call'}; Ctrl-C ends", style="dim")
            if only is not None and not await client.exists(call_keys(only).call):
                console.print(f"there is no call {only}; if it comes, it is shown", style="yellow")
            async for call_sid, event in events:
                if line := event_line(call_sid, event):
                    console.print(line)
    except AWAY as error:
        raise StoreUnavailable("Redis does not answer; see `voicebot doctor`") from error


@asynccontextmanager
async def following(
    client: Redis, only: CallSid | None
) -> AsyncIterator[AsyncIterator[tuple[CallSid, Event]]]:
    """Give the committed events of one call from its beginning, or of all calls from now on.

    The iteration never ends; it raises client.AWAY when Redis goes away.
    """
    reader = EventReader(client)
    async with reader.notices() as notices:
        # The last id of the millisecond before: what is written in this very one is shown.
        yield _events(reader, notices, only, f"{await reader.now_ms() - 1}-{2**64 - 1}")


async def _events(
    reader: EventReader,
    notices: AsyncIterator[tuple[CallSid, ...]],
    only: CallSid | None,
    now: str,
) -> AsyncIterator[tuple[CallSid, Event]]:
    seen: dict[CallSid, str] = {} if only is None else {only: BEGINNING}
    due: tuple[CallSid, ...] = () if only is None else (only,)
    while True:
        for call_sid in due:
            for event in await reader.of_call(call_sid, seen.setdefault(call_sid, now)):
                seen[call_sid] = event.id
                yield call_sid, event.fields
        due = tuple(c for c in await anext(notices) if only in (None, c))


def event_line(call_sid: CallSid, event: Event) -> Text | None:
    """Return an event as a line, or None when it is not shown."""
    described = _described(event)
    if described is None:
        return None
    what, text, style = described
    try:
        clock = datetime.fromisoformat(event.get("at", "")).astimezone().strftime("%H:%M:%S")
    except ValueError:
        clock = " " * 8
    return Text.assemble((clock, "dim"), f"  {call_sid}  ", (f"{what:<10} {text}", style))


def _described(event: Event) -> tuple[str, str, str] | None:
    """Return what happened, to what, and the style; None for an event that is not shown."""
    field, value = event.get("field", ""), event.get("value", "")
    match event.get("type"):
        case "message" | "revised" as kind:
            try:
                message = json.loads(event["message"])
                speaker, text = message["speaker"], message["message"]
            except (KeyError, ValueError):  # an entry of another program
                return None
            if kind == "revised":
                return "heard", f"only: {text}", "yellow"
            return ("bot", text, "cyan") if speaker == Speaker.BOT else ("caller", text, "white")
        case "field":
            with suppress(KeyError, ValueError, TypeError):  # a service is stored as JSON
                value = str(json.loads(value)["name"])
            return "saved", f"{field} = {value}", "bold green"
        case "confirmed" | "unconfirmed" as kind:
            return kind, field, "green"
        case "person":
            return "person", "asked for", "bold red"
        case "wish" | "needs" as kind if value:
            return kind, value, "bold red" if kind == "needs" else "bold yellow"
        case "notes":
            with suppress(KeyError, ValueError, TypeError):
                value = "; ".join(str(note["text"]) for note in json.loads(value))
            return "note", value, "bold yellow"
        case "moved":
            return "moved", f"to {value}", "bold green"
        case "booked":
            return "booked", value, "bold green"
        case "step" | "status" as kind:
            return kind, value, "magenta"
        case "phase":
            return "…", value, "dim"
    return None
