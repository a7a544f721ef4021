"""A Pipecat server for the provider's stream: voice detection, and nothing after it.

`python pipecat_server.py PORT`, in an environment of its own. Each connection gets the pipeline
that Pipecat's telephone examples begin with: transport in, Silero at 8 kHz, transport out.
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

RATE_HZ = 8000

logger.remove()  # its log would be a cost of its own
app = FastAPI()


@app.websocket("/media")
async def media(socket: WebSocket) -> None:
    """Hold one call to its end."""
    await socket.accept()
    await socket.receive_json()  # connected
    start = (await socket.receive_json())["start"]
    serializer = TwilioFrameSerializer(
        start["streamSid"],
        start["callSid"],
        params=TwilioFrameSerializer.InputParams(auto_hang_up=False),
    )
    transport = FastAPIWebsocketTransport(
        socket,
        FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, serializer=serializer
        ),
    )
    detector = VADProcessor(vad_analyzer=SileroVADAnalyzer(sample_rate=RATE_HZ))
    worker = PipelineWorker(
        Pipeline([transport.input(), detector, transport.output()]),
        params=PipelineParams(audio_in_sample_rate=RATE_HZ, audio_out_sample_rate=RATE_HZ),
        cancel_on_idle_timeout=False,
    )

    async def hung_up(_transport: object, _client: object) -> None:
        await worker.cancel()

    transport.add_event_handler("on_client_disconnected", hung_up)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


class Server(uvicorn.Server):
    """Tells on stdout when it serves."""

    async def startup(self, sockets: object = None) -> None:
        """Called by uvicorn."""
        await super().startup()
        print("ready", flush=True)


if __name__ == "__main__":
    port = int(sys.argv[1])
    Server(uvicorn.Config(app, "127.0.0.1", port, loop="uvloop", log_level="error")).run()
