"""The clips that ship with the phone, and the turning of a script's lines into audio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from pydantic import BaseModel, TypeAdapter

from voicebot.simulators.phone.clip import Clip, load_clip
from voicebot.simulators.phone.script import Line, Recording, Saying, Script, Text, load_script
from voicebot.simulators.phone.voice import local_voice

DEFAULT_SCRIPT: Final = "caller.toml"
_MANIFEST: Final = "manifest.json"


class Shipped(BaseModel):
    """One clip of the manifest: its words, the value in them, who speaks, under which licence."""

    file: str
    text: str
    value: str
    voice: str
    licence: str


def shipped() -> Mapping[str, Shipped]:
    """The manifest of the clips that ship with the phone, by file name."""
    text = _folder().joinpath(_MANIFEST).read_text("utf-8")
    return {clip.file: clip for clip in TypeAdapter(list[Shipped]).validate_json(text)}


def default_script() -> Script:
    """The conversation that `voicebot call` holds unless it is told another."""
    return load_script(_folder() / DEFAULT_SCRIPT)


def shipped_clip(file: str) -> Clip:
    """One of the clips that ship with the phone."""
    return load_clip(_folder() / file, shipped()[file].text)


async def spoken(script: Script, data_dir: Path) -> dict[Saying, Clip]:
    """Audio for every line that needs some; raises PhoneError.

    The local voice is asked only when a line is a text.
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


def _lines(script: Script) -> Iterable[Line]:
    yield from script.opening
    for lines in script.lines.values():
        yield from lines


def _words() -> dict[Path, str]:
    return {_folder() / file: clip.text for file, clip in shipped().items()}


def _folder() -> Path:
    # The package is always installed as files: recordings are opened by their path.
    with as_file(files("voicebot.simulators.phone.clips")) as folder:
        return folder
