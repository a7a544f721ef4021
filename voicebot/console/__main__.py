"""`python -m voicebot.console`: the console's process, a child of `voicebot serve`."""

import os

from voicebot.business import load_business
from voicebot.console.app import create_app
from voicebot.console.middleware import serve_console
from voicebot.runtime.process import Lifetime, run

NICENESS = 5
"""On a machine with too much to do the calls come first: a page may lag, speech may not."""


async def main(lifetime: Lifetime) -> None:
    """Serve until told to stop; see serve_console."""
    os.nice(NICENESS)
    await serve_console(lifetime, lambda given: create_app(given, load_business(given.business)))


if __name__ == "__main__":
    run(main)
