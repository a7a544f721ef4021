"""All callers by text, in this process: an embedded Valkey, a clock of their own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from voicebot.runtime.ports import free_port
from voicebot.settings import Settings
from voicebot.store import connect, embedded_valkey

from .persona import load_casts
from .phones import OwnPhone
from .play import Result, play

BEGINS = datetime(2026, 11, 24, 10, 0)
"""A Tuesday, at ten where the business is; its holidays are ahead."""


async def play_here(only: Collection[str] = ()) -> list[Result]:
    """Play callers one after the other, each on an empty server; all, or those of these ids."""
    results = []
    with TemporaryDirectory(prefix="voicebot-callers-") as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder), redis_port=free_port())
        async with embedded_valkey(settings) as url:
            for cast in load_casts():
                business = cast.load_business()
                begins = BEGINS.replace(tzinfo=business.zone)
                for persona in cast.caller:
                    if only and persona.id not in only:
                        continue
                    client = connect(url)
                    await client.flushall()
                    phone = OwnPhone(client, business, Path(folder), begins)
                    results.append(await play(persona, business, phone, f"CA-{persona.id}"))
                    await phone.aclose()
    return results
