"""The least that a server of the provider's stream can do: `python bare_server.py PORT`.

A `websockets` handler that parses each frame, decodes its audio, and drops it.
"""

from __future__ import annotations

import asyncio
import sys
from binascii import a2b_base64

import orjson
import uvloop
from websockets.asyncio.server import ServerConnection, serve


async def media(socket: ServerConnection) -> None:
    """Hold one call to its end."""
    async for frame in socket:
        message = orjson.loads(frame)
        if message["event"] == "media":
            a2b_base64(message["media"]["payload"])


async def main() -> None:
    """Serve until killed."""
    async with serve(media, "127.0.0.1", int(sys.argv[1]), compression=None):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
