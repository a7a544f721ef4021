"""`voicebot openai-sim`: a stand-in for OpenAI on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from voicebot.simulators.openai.app import create_app
from voicebot.simulators.openai.clips import load_clips
from voicebot.simulators.openai.latency import Latencies
from voicebot.simulators.openai.serving import serving
from voicebot.simulators.openai.simulator import Simulator
from voicebot.simulators.openai.voice import Babble, Mouth
from voicebot.worker import Lifetime, run

PORT: Final = 8090
NICENESS: Final = 5
"""The real one is another machine: here it does not take the processor from what calls it."""
CLIPS: Final = Path(__file__).parents[1] / "phone" / "clips" / "manifest.json"
"""Found by its place, not imported: simulator and phone share files, no code."""


def openai_sim(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="0: any free one.", envvar="VOICEBOT_OPENAI_SIM_PORT")
    ] = PORT,
    clips: Annotated[
        Path,
        typer.Option(
            help='What it can recognise: a JSON list of {"file", "text"}, WAV files beside it.'
        ),
    ] = CLIPS,
    latency: Annotated[
        float, typer.Option(min=0, help="Times the published latencies; 0: answer at once.")
    ] = 1.0,
    key: Annotated[str | None, typer.Option(help="The only key let in; any without it.")] = None,
    refuse_pcmu: Annotated[
        bool, typer.Option("--refuse-pcmu", help="Hearing takes PCM at 24 kHz only.")
    ] = False,
    mouth: Annotated[
        Path | None, typer.Option(help="Speak by the local mouth: its socket.", metavar="SOCKET")
    ] = None,
) -> None:
    """Stand in for OpenAI on this machine, for tests, benchmarks and demos without a key.

    \b
    Serves what voicebot uses of the API: Realtime transcription and speech, files, speech,
    responses, models. Hears the recordings of `voicebot call`, and nothing else. Takes as long
    as the real services are known to take. Misbehaves on order:
      curl -d '{"service":"hearing","kind":"closed"}' localhost:8090/sim/misbehave

    \b
    voicebot openai-sim
    OPENAI_API_KEY=any OPENAI_BASE_URL=http://127.0.0.1:8090/v1 voicebot serve
    """
    simulator = Simulator(
        load_clips(clips),
        Latencies(latency),
        voice=Babble() if mouth is None else Mouth(mouth),
        key=key,
        takes_pcmu=not refuse_pcmu,
    )

    async def main(lifetime: Lifetime) -> None:
        os.nice(NICENESS)
        async with serving(create_app(simulator), host, port) as url:
            lifetime.ready(url)
            await lifetime.stopping.wait()

    run(main)
