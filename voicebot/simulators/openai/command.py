"""`voicebot openai-sim`: run the simulator's HTTP server."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import create_server
from typing import Annotated, Final

import typer
import uvicorn
from starlette.applications import Starlette

from voicebot.errors import StartFailed
from voicebot.runtime.http_server import HttpServer
from voicebot.runtime.process import Lifetime, run
from voicebot.simulators.openai.app import create_app
from voicebot.simulators.openai.clips import load_clips
from voicebot.simulators.openai.simulator import Simulator, published

PORT: Final = 8090
NICENESS: Final = 5
"""Yields the processor to the server under test, because the real service is elsewhere."""
CLIPS: Final = Path(__file__).parents[1] / "phone" / "clips" / "manifest.json"
"""Found by path, not imported: the two simulators share files, but no code."""


def openai_sim(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="0: any free one.", envvar="VOICEBOT_OPENAI_SIM_PORT")
    ] = PORT,
    clips: Annotated[
        Path,
        typer.Option(
            help='Known recordings: a JSON list of {"file", "text"}, WAV files beside it.'
        ),
    ] = CLIPS,
    latency: Annotated[
        float, typer.Option(min=0, help="Factor of the published latencies; 0: answer at once.")
    ] = 1.0,
    key: Annotated[str | None, typer.Option(help="The only accepted key; any without it.")] = None,
) -> None:
    """Stand in for OpenAI on this machine, for tests, benchmarks and demos without a key.

    \b
    Serves what voicebot uses of the API: Realtime transcription, files, speech, chat, models.
    Recognises only the recordings of `voicebot call`. Has realistic latencies. Produces faults on
    request:
      curl -d '{"service":"hearing","kind":"closed"}' localhost:8090/sim/misbehave

    \b
    voicebot openai-sim
    OPENAI_API_KEY=any OPENAI_BASE_URL=http://127.0.0.1:8090/v1 voicebot serve
    """
    simulator = Simulator(load_clips(clips), published(latency), key=key)

    async def main(lifetime: Lifetime) -> None:
        os.nice(NICENESS)
        async with serving(create_app(simulator), host, port) as url:
            lifetime.ready(url)
            await lifetime.stopping.wait()

    run(main)


_MOST_BYTES = 16 << 20
"""An append event may hold 15 MiB."""


@asynccontextmanager
async def serving(app: Starlette, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Run a simulator and give its base URL; port 0 takes a free one. Raises StartFailed."""
    try:
        listener = create_server((host, port))
    except OSError as error:
        raise StartFailed(
            f"cannot listen on {host}:{port} ({error.strerror}): "
            "check --host and --port, or VOICEBOT_OPENAI_SIM_PORT"
        ) from error
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="websockets-sansio",
        ws_max_size=_MOST_BYTES, ws_per_message_deflate=False, lifespan="off",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    accepting = asyncio.Event()
    server = HttpServer(config, accepting.set)
    with listener:
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listener]))
            await accepting.wait()
            try:
                yield f"http://{host}:{listener.getsockname()[1]}/v1"
            finally:
                server.should_exit = True
