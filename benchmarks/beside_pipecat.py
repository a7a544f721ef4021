"""Put our stream worker beside Pipecat: the processor time of a call, voice detection on in both.

    python -m benchmarks.beside_pipecat --calls 10 --seconds 20 --json bench-out/pipecat.json

The first run installs Pipecat into an environment of its own. Both servers get the same paced
callers, who talk a third of the time, in alternating rounds of one run; `ratio` is Pipecat's cost
by ours, `ratio_at_50` the same by ours with 50 calls. Ours carries the whole conversation and its
record meanwhile, but recognises and synthesises nothing; Pipecat detects voice and does no more.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))  # also where this file is run as it lies here
from benchmarks.beside.paced import QUIET_LINE_DBFS, STEADY_NOISE_DBFS
from benchmarks.beside.rounds import MANY, Contender, alternate, keep, ours, ratio
from voicebot.bench.figures import descendants
from voicebot.bench.servers import foreign_environment
from voicebot.log import configure
from voicebot.runtime.ports import free_port
from voicebot.runtime.started import started

PIPECAT: Final = "1.14.0"
NEEDS: Final = (f"pipecat-ai[silero,websocket]=={PIPECAT}", "fastapi", "uvicorn[standard]")
ENVIRONMENT: Final = Path(__file__).parents[1] / "bench-out" / f"pipecat-{PIPECAT}"
SERVER: Final = Path(__file__).parent / "beside" / "pipecat_server.py"


def installed(environment: Path) -> Path:
    """Return the Python that has Pipecat, after installing it if need be."""
    environment = environment.absolute()
    python, done = environment / "bin" / "python", environment / ".installed"
    if not done.exists():
        print(f"installing Pipecat {PIPECAT} into {environment}, some 500 MB …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "-qq", *NEEDS], check=True)
        done.touch()
    return python


@asynccontextmanager
async def pipecat(python: Path, folder: Path, calls: int) -> AsyncIterator[Contender]:
    port = free_port()
    command = (python, SERVER, str(port))
    async with started(command, b"ready", foreign_environment(), folder) as process:
        everyone = (process.pid, *descendants(process.pid))
        yield Contender(f"ws://127.0.0.1:{port}/media", calls, everyone)


async def main(asked: argparse.Namespace) -> None:
    configure("warning")
    python = None if asked.only_ours else installed(asked.environment)
    noise_dbfs = STEADY_NOISE_DBFS if asked.noise else QUIET_LINE_DBFS
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vb-beside-")))
        mine = await stack.enter_async_context(ours(folder, asked.calls))
        contenders = {"ours": mine}
        if python is not None:
            theirs = await stack.enter_async_context(pipecat(python, folder, asked.calls))
            contenders["pipecat"] = theirs
        contenders["ours_at_50"] = mine.with_calls(MANY)
        costs = await alternate(
            contenders, asked.seconds / 2, noise_dbfs, lambda text: print(text, flush=True)
        )
    figures: dict[str, object] = {"noise_dbfs": noise_dbfs}
    if python is not None:
        figures["ratio"] = ratio(costs, "pipecat", "ours")
        figures["ratio_at_50"] = ratio(costs, "pipecat", "ours_at_50")
        figures["versions"] = {"pipecat-ai": PIPECAT, "python": sys.version.split()[0]}
    keep(asked.json, costs, figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=10, help="calls at once, at both")
    parser.add_argument("--seconds", type=float, default=20, help="measured of each, in two rounds")
    parser.add_argument("--noise", action="store_true", help="a steady noise 20 dB under the voice")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures and a picture")
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT, metavar="FOLDER")
    parser.add_argument("--only-ours", action="store_true", help="without Pipecat")
    asyncio.run(main(parser.parse_args()))
