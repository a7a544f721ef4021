"""`voicebot forget`: erase what is stored of a call, or of everybody who rang from a number.

Says how much it erased, and nothing of what that was.
"""

import asyncio
from typing import Annotated

import typer

from voicebot.business import Business, load_business
from voicebot.call import CallSid, Step, is_call_sid
from voicebot.errors import StoreUnavailable, VoicebotError
from voicebot.log import configure
from voicebot.settings import Settings, load_settings
from voicebot.store import (
    Erased,
    Forgetting,
    Rewrite,
    embedded_valkey,
    open_client,
    unavailable_when_away,
)
from voicebot.validation import validate

_LOG_FILE = {
    Rewrite.DONE: "the append-only file was rewritten: it has none of it any more",
    Rewrite.RUNNING: "the append-only file is being rewritten: it still has what was erased",
    Rewrite.REFUSED: (
        "Redis does not take BGREWRITEAOF from this user: its append-only file has what was erased "
        "until it is rewritten; ask who runs it"
    ),
    Rewrite.OFF: "Redis keeps no append-only file",
}


def forget(
    what: Annotated[str, typer.Argument(metavar="CALLSID|NUMBER", help="A call, or a number.")],
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking first.")] = False,
) -> None:
    """Erase what is stored of a call, or of all calls from or with a telephone number.

    \b
    voicebot forget CA1
    voicebot forget "+61 2 5555 0199"

    Records, indexes, places in the calendar (a coming appointment is gone), and what waits in the
    journals of this machine; the append-only file is rewritten. Run it on each machine that has
    had Redis away. Back-ups and receivers of webhooks have copies of their own.
    Exit 1 when nothing is stored, when a call is on the phone, and where journals cannot be read.
    """
    settings = load_settings()
    configure(settings.log_level)
    raise typer.Exit(asyncio.run(_forget(settings, what, sure=yes)))


async def _forget(settings: Settings, what: str, *, sure: bool) -> int:
    business = load_business(settings.business)
    async with embedded_valkey(settings) as url, open_client(url) as client:
        forgetting = Forgetting(client, business, settings.data_dir)
        with unavailable_when_away():
            calls, number = await _meant(forgetting, what, business)
        if not calls and number is None:
            typer.echo(f"voicebot: nothing is stored of a call {what}", err=True)
            return 1
        if not calls:
            typer.echo("voicebot: no stored call came from this number or gave it", err=True)
        question = f"Erase {_count(len(calls), 'call')} for good?"
        try:
            if not sure and calls and not typer.confirm(question):
                return 1
        except typer.Abort as error:  # the input has ended
            raise VoicebotError("nothing is erased; where nobody can answer, add --yes") from error
        try:
            with unavailable_when_away():
                erased = await forgetting.erase(calls, number)
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{error}. Not all is erased: run it again") from error
    for line in lines(erased):
        typer.echo(line)
    return 1 if erased.journals.damaged or not calls else 0


async def _meant(
    forgetting: Forgetting, what: str, business: Business
) -> tuple[frozenset[CallSid], str | None]:
    """Return the calls that are meant, and the number if it is one; a callSid comes first."""
    if is_call_sid(what) and (known := await forgetting.known({CallSid(what)})):
        return known, None
    number = validate(Step.PHONE, what, business)
    if not isinstance(number, str):
        return frozenset(), None
    return await forgetting.calls_of(number), number


def lines(erased: Erased) -> list[str]:
    """Return what was erased, in numbers."""
    parts = [
        _count(erased.keys, "key"),
        _count(erased.entries, "entry of an index", "entries of indexes"),
        _count(erased.places, "place in the calendar", "places in the calendar"),
        _count(erased.journals.writes, "waiting write"),
    ]
    shown = [f"{_count(erased.calls, 'call')} erased: {', '.join(parts)}"]
    shown.append(_LOG_FILE[erased.rewrite])
    if damaged := erased.journals.damaged:
        files = _count(damaged, "journal file")
        shown.append(f"{files} cannot be read, and may have something: see `voicebot journal`")
    return shown


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
