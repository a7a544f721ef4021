"""`python -m voicebot.notify`: delivers webhooks; a child process of `voicebot serve`."""

from __future__ import annotations

import asyncio

from voicebot.notify.dispatcher import Dispatcher
from voicebot.notify.endpoints import endpoints
from voicebot.settings import load_settings
from voicebot.store.client import connect
from voicebot.store.embedded import redis_url
from voicebot.worker import Lifetime, run


async def main(lifetime: Lifetime) -> None:
    """Deliver to every endpoint until told to stop."""
    settings = load_settings()
    async with connect(redis_url(settings)) as client, asyncio.TaskGroup() as group:
        for endpoint in endpoints(settings):
            group.create_task(Dispatcher(client, endpoint, settings).run(lifetime.stopping))
        lifetime.ready()


if __name__ == "__main__":
    run(main)
