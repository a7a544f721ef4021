"""The notify process: `python -m voicebot.notify` sends mail and delivers webhooks.

A child process of `voicebot serve`. Each half runs when its settings are set.
"""

import asyncio
from contextlib import AsyncExitStack

from voicebot.business import load_business
from voicebot.notify.dispatcher import Dispatcher
from voicebot.notify.mail import MailSender
from voicebot.notify.receivers import endpoints
from voicebot.runtime.process import Lifetime, run
from voicebot.settings import load_settings
from voicebot.store import open_client, open_store, redis_url


async def main(lifetime: Lifetime) -> None:
    """Run until stopped; raises SettingsError."""
    settings = load_settings()
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        if receivers := endpoints(settings):
            # not `async with client`: that would end the process while a cluster is away
            client = await stack.enter_async_context(open_client(redis_url(settings)))
            for endpoint in receivers:
                group.create_task(Dispatcher(client, endpoint, settings).run(lifetime.stopping))
        if settings.smtp_url is not None:
            business = load_business(settings.business)
            store = await stack.enter_async_context(open_store(settings, business))
            group.create_task(MailSender(store, business, settings).run(lifetime.stopping))
        lifetime.ready()


if __name__ == "__main__":
    run(main)
