"""`voicebot chat`: the same conversation as on the phone, typed or piped."""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import uuid4

import typer

from voicebot.business import load_business
from voicebot.call import CallSid, Change, Status, parse_call_sid
from voicebot.collect.collector import converse
from voicebot.collect.events import Expectation, Utterance
from voicebot.collect.meaning import by_meaning
from voicebot.collect.resuming import begin
from voicebot.collect.understanding.model import open_understanding
from voicebot.commands.explain import ExplainedLedger, ExplainedUnderstand
from voicebot.errors import CallEnded
from voicebot.ledger import Ledger
from voicebot.settings import load_settings
from voicebot.speech import open_meaning
from voicebot.store import embedded_valkey, open_store, utc_now


def chat(
    call_sid: Annotated[
        str | None, typer.Option("--call-sid", help="Continue this call; without it a new one.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell how each turn was read, and the move.")
    ] = False,
) -> None:
    """Talk to the bot by typing; answers are saved as on the phone.

    Lines may also come from a pipe, one utterance a line. The end of the input hangs up.

    \b
    voicebot chat
    voicebot chat --call-sid chat-7d1f          go on where you were
    printf 'Ann Lee\\n0412 345 678\\n' | voicebot chat
    voicebot chat --explain                     see what is understood, saved and waited for
    """
    sid = parse_call_sid(call_sid or f"chat-{uuid4().hex[:12]}")
    try:
        asyncio.run(_chat(sid, explain=explain))
    except KeyboardInterrupt:
        _remark(f"\nhung up; go on with: voicebot chat --call-sid {sid}")


async def _chat(call_sid: CallSid, *, explain: bool) -> None:
    settings = load_settings()
    business = load_business(settings.business)
    _remark(f"call {call_sid}")
    async with (
        embedded_valkey(settings) as url,
        open_store(settings.model_copy(update={"redis_url": url}), business) as store,
        open_understanding(settings) as mind,
        by_meaning(open_meaning(settings), business, mind) as understand,
    ):
        ledger = await store.open_call(call_sid, caller=None)
        writer: Ledger = ExplainedLedger(ledger, _remark) if explain else ledger
        understanding = ExplainedUnderstand(understand, _remark) if explain else understand
        try:
            await converse(
                begin(business, ledger.state),
                hear=partial(_typed, _read_lines()),
                say=_print_said,
                ledger=writer,
                understand=understanding,
                clock=utc_now,
            )
        except CallEnded:
            await ledger.commit(Change(status=Status.ABANDONED))
            _remark(f"hung up; go on with: voicebot chat --call-sid {call_sid}")
        finally:
            await ledger.close()


async def _typed(lines: asyncio.Queue[str | None], _: Expectation) -> Utterance:
    """Take the next line that is not empty; show it when it comes from a pipe."""
    while (line := await lines.get()) is not None:
        if text := " ".join(line.split()):
            if not sys.stdin.isatty():
                typer.echo(f"You: {text}")
            return Utterance(text, utc_now())
    raise CallEnded("end of input")


def _read_lines() -> asyncio.Queue[str | None]:
    """Return a queue of standard input's lines, then None.

    A daemon thread reads: terminals, pipes and files cannot all be awaited, and a pending read must
    not keep the process alive after the conversation.
    """
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return lines


async def _print_said(text: str, before_first_frame: Callable[[datetime], Awaitable[None]]) -> None:
    await before_first_frame(utc_now())
    typer.echo(f"Bot: {text}")


def _remark(text: str) -> None:
    """Print what is not part of the conversation to stderr."""
    typer.echo(text, err=True)
