"""`python -m voicebot.console`: the console's process, a child of `voicebot serve`."""

from __future__ import annotations

import os

from voicebot.business import load_business
from voicebot.console.app import create_app
from voicebot.console.middleware import console_server
from voicebot.runtime.ports import require_staff_token
from voicebot.runtime.process import Lifetime, run
from voicebot.settings import load_settings

NICENESS = 5
"""On a machine with too much to do the calls come first: a page may lag, speech may not."""


async def main(lifetime: Lifetime) -> None:
    """Serve until told to stop; raises SettingsError for a network address without a token."""
    os.nice(NICENESS)
    settings = load_settings()
    require_staff_token(settings)
    app = create_app(settings, load_business(settings.business))
    address = f"http://{settings.console_host}:{settings.console_port}"
    server = console_server(
        app, settings.console_host, settings.console_port, lambda: lifetime.ready(address)
    )
    await server.serve_until(lifetime.stopping)


if __name__ == "__main__":
    run(main)
