"""Measure how long one socket without a call delays a stream worker: /healthz under each flood.

    python benchmarks/floods.py [SECONDS] [NAME …]

One process floods a real stream worker over one socket, and opens it again when it is dropped;
this one asks /healthz the whole time. The worker listens on loopback, where any `start` is served,
so the floods after `start` are those of a provider gone mad; the others need no token anywhere.
Exits with 1 when an answer took longer than STALL_LIMIT_MS.
"""

from __future__ import annotations

import multiprocessing
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import orjson
from websockets.frames import Frame, Opcode

from voicebot.bench.servers import foreign_environment
from voicebot.runtime.ports import free_port

STALL_LIMIT_MS: Final = 200.0
CHUNK_BYTES: Final = 256 * 1024
QUIET: Final = "nobody floods"
_PATIENCE_S: Final = 30.0

UPGRADE: Final = (
    b"GET /media HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
GET: Final = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def text(**message: object) -> bytes:
    return frame(Opcode.TEXT, orjson.dumps(message))


FORMAT: Final = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
START: Final = text(
    event="start", streamSid="MZ1", start={"callSid": "CAflood", "mediaFormat": FORMAT}
)
SILENCE: Final = {"payload": "/w=="}

FLOODS: Final[Mapping[str, tuple[bytes, bytes]]] = {
    QUIET: (b"", b""),
    "empty pings": (UPGRADE, frame(Opcode.PING, b"")),
    "full pings": (UPGRADE, frame(Opcode.PING, b"x" * 125)),
    "pongs": (UPGRADE, frame(Opcode.PONG, b"")),
    "empty frames before start": (UPGRADE, frame(Opcode.TEXT, b"")),
    "large frames before start": (UPGRADE, frame(Opcode.TEXT, b"[" * 65_000)),
    "fragments before start": (
        UPGRADE + frame(Opcode.TEXT, b"", fin=False),
        frame(Opcode.CONT, b"x", fin=False),
    ),
    "a header without end": (b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
    "a line without end": (b"GET /", b"a"),
    "a body without end": (
        b"POST /twiml HTTP/1.1\r\nHost: h\r\nContent-Length: 16000\r\n\r\n",
        b"a",
    ),
    "requests in a row": (b"", GET),
    "pings after start": (UPGRADE + START, frame(Opcode.PING, b"")),
    "empty frames after start": (UPGRADE + START, frame(Opcode.TEXT, b"")),
    "media after start": (UPGRADE + START, text(event="media", media=SILENCE)),
    "large media after start": (
        UPGRADE + START,
        text(event="media", media={"payload": "/////w==" * 8_000}),
    ),
    "keys after start": (UPGRADE + START, text(event="dtmf", dtmf={"digit": "1"})),
    "marks after start": (UPGRADE + START, text(event="mark", mark={"name": "x"})),
}


def flood(port: int, begin: bytes, unit: bytes) -> None:
    """Send for as long as this process lives; a dropped socket is opened again."""
    chunk = unit * max(1, CHUNK_BYTES // len(unit))
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as sender:
            head, end, frames = begin.partition(UPGRADE)
            sender.sendall(head + end)
            if end:
                sender.recv(4096)
            sender.sendall(frames)
            while True:
                sender.sendall(chunk)


@contextmanager
def flooding(port: int, begin: bytes, unit: bytes) -> Iterator[None]:
    if not unit:
        yield
        return
    flooder = multiprocessing.get_context("fork").Process(target=flood, args=(port, begin, unit))
    flooder.start()
    try:
        yield
    finally:
        flooder.kill()
        flooder.join()


@contextmanager
def worker() -> Iterator[int]:
    """A stream worker without models and without Redis; its port."""
    with tempfile.TemporaryDirectory() as directory:
        manifest = Path(directory) / "clips.json"
        manifest.write_text("[]")
        port = free_port()
        environment = foreign_environment() | {
            "VOICEBOT_STREAM_HOST": "127.0.0.1",
            "VOICEBOT_STREAM_PORT": str(port),
            "VOICEBOT_DATA_DIR": directory,
            "VOICEBOT_REDIS_URL": f"redis://127.0.0.1:{free_port()}",
            "VOICEBOT_TRANSCRIBER": "null",
            "VOICEBOT_SYNTHESIZER": "null",
            "VOICEBOT_NULL_MANIFEST": str(manifest),
            "VOICEBOT_DRAIN_S": "0",
            "VOICEBOT_LOG_LEVEL": "error",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "voicebot.stream"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment,
        )  # fmt: skip
        with process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"ready"), "the worker did not start"
            try:
                yield port
            finally:
                process.send_signal(signal.SIGKILL)


def answer_ms(port: int) -> float:
    """Return the time of one /healthz request with its connection, in seconds."""
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as asker:
        asker.sendall(GET)
        assert asker.recv(65536).startswith(b"HTTP/1.1 200 ")
    return (time.perf_counter() - began) * 1000


def answers_ms(port: int, seconds: float) -> list[float]:
    until = time.perf_counter() + seconds
    taken: list[float] = []
    while not taken or time.perf_counter() < until:
        taken.append(answer_ms(port))
        time.sleep(0.005)
    return sorted(taken)


def main(seconds: float, chosen: Callable[[str], bool]) -> bool:
    """Print a line for each flood; return whether every stall is within the limit."""
    worst_of_all = 0.0
    print(f"{'ms until /healthz answers':<28} {'median':>8} {'longest':>8} {'asked':>7}")
    with worker() as port:
        for name, (begin, unit) in FLOODS.items():
            if not chosen(name):
                continue
            with flooding(port, begin, unit):
                taken = answers_ms(port, seconds)
            worst_of_all = max(worst_of_all, taken[-1])
            print(f"{name:<28} {taken[len(taken) // 2]:8.1f} {taken[-1]:8.1f} {len(taken):7}")
    print(f"longest of all: {worst_of_all:.1f} ms; the limit is {STALL_LIMIT_MS:.0f} ms")
    return worst_of_all <= STALL_LIMIT_MS


if __name__ == "__main__":
    names = sys.argv[2:]
    within = main(
        float(sys.argv[1]) if len(sys.argv) > 1 else 3.0, lambda name: not names or name in names
    )
    sys.exit(0 if within else 1)
