"""All callers by text: in this process on a clock of their own, or over HTTP against a server."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from voicebot.runtime.ports import free_port
from voicebot.settings import Settings
from voicebot.store import connect, embedded_valkey

from .persona import business_file, load_casts
from .phones import HttpPhone, OwnPhone
from .play import Result, play
from .servers import serving

BEGINS = datetime(2026, 11, 24, 10, 0)
"""A Tuesday, at ten where the business is; its holidays are ahead."""
HELD_RIGHT = 0.92
"""The share of callers that must be right."""
_BY_HTTP = "demo"
"""The business whose callers are played over HTTP: it is open whenever the test runs."""


async def play_here(only: Collection[str] = ()) -> list[Result]:
    """Play callers one after the other, each on an empty server; all, or those of these ids."""
    results = []
    with TemporaryDirectory(prefix="voicebot-callers-") as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder), redis_port=free_port())
        async with embedded_valkey(settings) as url:
            for cast in load_casts():
                business = cast.load_business()
                begins = BEGINS.replace(tzinfo=business.zone)
                for persona in cast.of(only):
                    client = connect(url)
                    await client.flushall()
                    phone = OwnPhone(client, business, Path(folder), begins)
                    results.append(await play(persona, business, phone, f"CA-{persona.id}"))
                    await phone.aclose()
    return results


async def play_over_http(only: Collection[str] = ()) -> list[Result]:
    """Play the callers of the demo business against `voicebot serve --local`, on the wall clock."""
    casts = [cast for cast in load_casts() if cast.business == _BY_HTTP]
    business = casts[0].load_business()
    with TemporaryDirectory(prefix="voicebot-callers-") as folder:
        async with serving(Path(folder), business_file(_BY_HTTP), engines="null") as server:
            phone = HttpPhone(server.console)
            return [
                await play(persona, business, phone, f"CA-{persona.id}")
                for cast in casts
                for persona in cast.of(only)
                if not persona.is_silent
            ]
