"""A simulator of OpenAI's API, over HTTP and WebSocket, for tests, benchmarks and demos.

It implements the parts of the API that voicebot uses, as documented by OpenAI. It recognises the
simulated caller's recordings, has realistic latencies, and produces faults on request. It shares no
code with the client that it is used to test.

What is public

    Simulator, create_app, serving   one simulator, its ASGI application, a server for it
    Service, Fault, FaultKind        the parts of the API, and what goes wrong there
    Latency, published               how long answers take
    Clips, load_clips, CLIPS         the recordings that it knows; the manifest of the phone's
    Samples, babble                  16-bit samples; the simulator's voice
    TURNS, loose_part                turns that its model knows; what strict mode refuses
"""

from voicebot.simulators.openai.app import create_app
from voicebot.simulators.openai.chat import TURNS, loose_part
from voicebot.simulators.openai.clips import Clips, Samples, load_clips
from voicebot.simulators.openai.command import CLIPS, serving
from voicebot.simulators.openai.simulator import (
    Fault,
    FaultKind,
    Latency,
    Service,
    Simulator,
    babble,
    published,
)

__all__ = [
    "CLIPS", "TURNS", "Clips", "Fault", "FaultKind", "Latency", "Samples", "Service",
    "Simulator", "babble", "create_app", "load_clips", "loose_part", "published",
    "serving",
]  # fmt: skip
