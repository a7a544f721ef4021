"""The audio of a script's lines: shipped clips, and the local voice for texts.

The local voice is the server's tts process, with a higher pitch. Its protocol is implemented again
here, because the phone shares no code with the server:

    to it    {"do":"speak","id":1,"text":"…","pitch":1.18}\\n
    from it  {"do":"sound","id":1,…}\\n + mu-law, any number of them, then {"do":"spoken","id":1}
             or {"do":"failed","id":1,"reason":"…","message":"…"}
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import orjson
from pydantic import BaseModel, TypeAdapter
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from voicebot.errors import PhoneError
from voicebot.simulators.phone.clip import Clip, load_clip
from voicebot.simulators.phone.script import (
    Recording,
    Saying,
    Script,
    ScriptLine,
    Text,
    load_script,
)

DEFAULT_SCRIPT: Final = "caller.toml"
_MANIFEST: Final = "manifest.json"


class Shipped(BaseModel):
    """One clip of the manifest: its words, the value in them, the voice, the licence."""

    file: str
    text: str
    value: str
    voice: str
    licence: str


def shipped() -> Mapping[str, Shipped]:
    """Return the manifest of the shipped clips, by file name."""
    text = _folder().joinpath(_MANIFEST).read_text("utf-8")
    return {clip.file: clip for clip in TypeAdapter(list[Shipped]).validate_json(text)}


def default_script() -> Script:
    """Return the default script of `voicebot call`."""
    return load_script(_folder() / DEFAULT_SCRIPT)


def shipped_clip(file: str) -> Clip:
    """Return a shipped clip."""
    return load_clip(_folder() / file, shipped()[file].text)


async def spoken(script: Script, data_dir: Path) -> dict[Saying, Clip]:
    """Return the audio of all spoken lines; raises PhoneError.

    The local voice is used only for lines that are texts.
    """
    sayings = [line.saying for line in _lines(script)]
    words = _words()
    clips: dict[Saying, Clip] = {
        saying: load_clip(saying.path, words.get(saying.path))
        for saying in sayings
        if isinstance(saying, Recording)
    }
    if texts := [saying for saying in sayings if isinstance(saying, Text)]:
        async with local_voice(data_dir) as voice:
            for saying in dict.fromkeys(texts):
                clips[saying] = await voice.speak(saying.text)
    return clips


def _lines(script: Script) -> Iterable[ScriptLine]:
    yield from script.opening
    for lines in script.lines.values():
        yield from lines


def _words() -> dict[Path, str]:
    return {_folder() / file: clip.text for file, clip in shipped().items()}


def _folder() -> Path:
    # The package is always installed as files.
    with as_file(files("voicebot.simulators.phone.clips")) as folder:
        return folder


PITCH: Final = 1.18
"""18 % higher than the bot's voice, at the same tempo."""

_SENTENCE_S: Final = 30.0
_START_S: Final = 60.0
_MOST_BYTES: Final = 1 << 20


class LocalVoice:
    """Speaks a text as a clip. Open one with `local_voice`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._job = 0

    async def speak(self, text: str) -> Clip:
        """Return the text as a clip; raises PhoneError."""
        self._job += 1
        order = {"do": "speak", "id": self._job, "text": text, "pitch": PITCH}
        try:
            async with asyncio.timeout(_SENTENCE_S):
                await self._socket.send(orjson.dumps(order) + b"\n")
                return Clip(text, await self._pieces())
        except (ConnectionClosed, TimeoutError) as error:
            raise PhoneError(f"the local voice did not say a line: {error}") from error

    async def _pieces(self) -> bytes:
        audio = bytearray()
        while True:
            message = await self._socket.recv(decode=False)
            line, _, sound = message.partition(b"\n")
            reply = orjson.loads(line)
            match reply.get("do"):
                case "sound":
                    audio += sound
                case "spoken":
                    return bytes(audio)
                case _:
                    raise PhoneError(f"the local voice failed: {reply.get('message')}")


@asynccontextmanager
async def local_voice(data_dir: Path) -> AsyncIterator[LocalVoice]:
    """Open the voice of the running server, or start one for as long as it is needed."""
    try:
        socket = await _open(data_dir)
    except (OSError, InvalidHandshake):
        async with _own_tts() as own_dir, await _open(own_dir) as socket:
            yield LocalVoice(socket)
        return
    async with socket:
        yield LocalVoice(socket)


async def _open(data_dir: Path) -> ClientConnection:
    return await unix_connect(
        _socket(data_dir),
        uri="ws://localhost/",
        compression=None,
        max_size=_MOST_BYTES,
        open_timeout=5,
    )


def _socket(data_dir: Path) -> str:
    """Return a relative path, because the path of a socket is limited to about 100 bytes."""
    return os.path.relpath(data_dir / "tts.sock")


@asynccontextmanager
async def _own_tts() -> AsyncIterator[Path]:
    with TemporaryDirectory(prefix="voicebot-phone-") as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "voicebot.speech.tts",
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True,
            env={**os.environ, "VOICEBOT_DATA_DIR": folder},
        )  # fmt: skip
        try:
            await _ready(process)
            yield Path(folder)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _ready(process: Process) -> None:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_S):
            while line := await process.stdout.readline():
                if line.startswith(b"ready"):
                    return
    except TimeoutError:
        pass
    raise PhoneError("the local voice did not start; voicebot doctor says what is missing")
