"""Callers against the conversation: written ones by text and over HTTP, scripted ones by voice.

    python -m benchmarks.conversations [--text] [--http] [--voice] [--only NAME] [--show failed]

Without a choice all three run. By text all callers of `callers/` are played in this process, over
HTTP those of the demo business, by voice the scripts of `conversations/`. A table is printed for
each. The exit status is 1 when fewer are right than is held.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from voicebot.log import configure

from .callers.run import HELD_RIGHT, play_here, play_over_http
from .callers.table import conversation, table
from .callers.voice import place_all

CALL_LIMIT_S = 300


def main(arguments: Sequence[str]) -> int:
    """Play the chosen parts, print their tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--text", action="store_true", help="callers by text, in this process")
    parser.add_argument("--http", action="store_true", help="the demo's callers, over HTTP")
    parser.add_argument("--voice", action="store_true", help="scripted callers by voice")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="no others")
    parser.add_argument("--show", choices=("table", "failed", "all"), default="table")
    parser.add_argument("--at-once", type=int, default=3, help="calls by voice at the same time")
    parser.add_argument("--limit", type=float, default=CALL_LIMIT_S, help="seconds for one of them")
    parser.add_argument(
        "--failed", type=Path, metavar="FOLDER", help="keep their talk by voice, and the log"
    )
    configure("warning")
    return 0 if asyncio.run(_run(parser.parse_args(arguments))) else 1


async def _run(options: argparse.Namespace) -> bool:
    every = not (options.text or options.http or options.voice)
    held = True
    for chosen, heading, played in (
        (options.text, "By text, in this process", play_here),
        (options.http, "By text, over HTTP", play_over_http),
    ):
        if chosen or every:
            results = await played(options.only)
            print(f"{heading}\n\n{table(results)}\n")
            for result in results:
                if options.show == "all" or (options.show == "failed" and not result.is_right):
                    print(f"{conversation(result)}\n")
            held &= sum(result.is_right for result in results) >= HELD_RIGHT * len(results)
    if options.voice or every:
        print("By voice\n", flush=True)
        held &= await place_all(
            options.only, at_once=options.at_once, limit_s=options.limit, failed=options.failed
        )
    return held


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
