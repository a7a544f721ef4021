"""Put our stream worker beside the least that it could do: a handler that only parses.

    python -m benchmarks.beside_bare_websockets --calls 10 --seconds 20 --json bench-out/bare.json

Both get the same paced callers in alternating rounds of one run, with so many calls and with 50;
ours detects voice and carries the conversation. `ratio` is our cost by the bare handler's, and
`microseconds_per_frame` of both says how much of a frame is not ours to save.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))  # also where this file is run as it lies here
from benchmarks.beside.paced import QUIET_LINE_DBFS, STEADY_NOISE_DBFS
from benchmarks.beside.rounds import MANY, Contender, alternate, keep, ours, ratio
from voicebot.bench.servers import foreign_environment
from voicebot.log import configure
from voicebot.runtime.ports import free_port
from voicebot.runtime.started import started

SERVER: Final = Path(__file__).parent / "beside" / "bare_server.py"


async def main(asked: argparse.Namespace) -> None:
    configure("warning")
    noise_dbfs = STEADY_NOISE_DBFS if asked.noise else QUIET_LINE_DBFS
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vb-beside-")))
        mine = await stack.enter_async_context(ours(folder, asked.calls))
        port = free_port()
        command = (sys.executable, SERVER, str(port))
        process = await stack.enter_async_context(
            started(command, b"ready", foreign_environment(), folder)
        )
        bare = Contender(f"ws://127.0.0.1:{port}/media", asked.calls, (process.pid,))
        costs = await alternate(
            {
                "ours": mine,
                "bare": bare,
                "ours_at_50": mine.with_calls(MANY),
                "bare_at_50": bare.with_calls(MANY),
            },
            asked.seconds / 2,
            noise_dbfs,
            lambda text: print(text, flush=True),
        )
    figures: dict[str, object] = {
        "ratio": ratio(costs, "ours", "bare"),
        "ratio_at_50": ratio(costs, "ours_at_50", "bare_at_50"),
        "noise_dbfs": noise_dbfs,
    }
    keep(asked.json, costs, figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=10, help="calls at once, at both")
    parser.add_argument("--seconds", type=float, default=20, help="measured of each, in two rounds")
    parser.add_argument("--noise", action="store_true", help="a steady noise 20 dB under the voice")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures and a picture")
    asyncio.run(main(parser.parse_args()))
