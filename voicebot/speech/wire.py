"""The protocol of the speech processes: WebSocket messages over a Unix socket.

The sockets are `stt.sock`, `tts.sock` and `meaning.sock` in the data directory; the URL is
`ws://localhost/`. Every message, in both directions, is one *binary* WebSocket message: a header,
which is one line of JSON in UTF-8, then a newline, then the audio, which may be empty. Audio is
mu-law, 8 kHz, mono, without any file header. Members that a header does not need may be absent or
empty.

    b'{"do":"speak","text":"What is your name?","pitch":1.0}\\n'

A connection carries one job at a time, and closing it drops the job.

    to the stt process
        {"do":"hear","language":"en","vocabulary":["Plumbing"],"words_for_digits":false,
         "silent_ms":32.0}                                         + the utterance
    from the stt process
        {"do":"heard","text":"P-A-U-L","alternatives":["B-A-U-L"],"letters":"PAUL",
         "seconds":0.35,"cpu_seconds":0.34,"queued":0.02}          the end of the job

    to the tts process
        {"do":"speak","text":"What is your name?","pitch":1.0}
    from the tts process
        {"do":"sound","seconds":0.09}                              + a piece; any number of them
        {"do":"spoken"}                                            the end of the job

    to the meaning process
        {"do":"compare","text":"my tap drips","phrases":["Plumbing","Cleaning"]}
    from the meaning process
        {"do":"compared","scores":[0.84,0.76],"seconds":0.02}      the end of the job

    from all
        {"do":"failed","reason":"busy","message":"…"}              the end of the job

`silent_ms` is for how long the caller has been silent: the job that waits for the longest silence
is the next one. `pitch` is 1.0 for the bot's own voice; 1.18 is the same voice 18 % higher at the
same tempo.
`seconds` is the time spent inside the model, `queued` (of the first reply) that of waiting for it,
`cpu_seconds` the processor time of the whole process
meanwhile, which is that of the job where it runs alone. `scores` are cosines, one for each phrase
in order; phrases are remembered, and take no time when they come again. The reason `busy` means
that too many jobs wait, `broken` that the model failed; in both cases the job may be sent again. A
message that breaks these rules closes the connection with code 1007.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicebot.errors import SettingsError, SpeechError

MAX_MESSAGE_BYTES: Final = 1 << 20
"""Two minutes of audio. One sentence or utterance is a quarter of that at most."""


class WireError(SpeechError):
    """A message that is not of this protocol."""


class Hear(BaseModel):
    """Transcribe the utterance that follows."""

    model_config = ConfigDict(frozen=True)
    do: Literal["hear"] = "hear"
    language: str = Field("en", max_length=16)
    vocabulary: tuple[str, ...] = Field((), max_length=500)
    words_for_digits: bool = False
    silent_ms: float = Field(0.0, ge=0.0)


class Speak(BaseModel):
    """Synthesise `text`."""

    model_config = ConfigDict(frozen=True)
    do: Literal["speak"] = "speak"
    text: str = Field(max_length=2000)
    pitch: float = Field(1.0, ge=0.5, le=2.0)


MOST_PHRASES: Final = 4000
"""Phrases in one comparison: so many does the meaning process remember."""
LONGEST_PHRASE: Final = 400


class Compare(BaseModel):
    """Say how like each of the phrases `text` is in meaning."""

    model_config = ConfigDict(frozen=True)
    do: Literal["compare"] = "compare"
    text: str = Field(max_length=LONGEST_PHRASE)
    phrases: tuple[Annotated[str, Field(max_length=LONGEST_PHRASE)], ...] = Field(
        max_length=MOST_PHRASES
    )


class Kind(StrEnum):
    """The kind of a reply. All but SOUND end the job."""

    HEARD = "heard"
    COMPARED = "compared"
    SOUND = "sound"
    SPOKEN = "spoken"
    FAILED = "failed"


class Reason(StrEnum):
    """The reason why a job failed."""

    BUSY = "busy"
    BROKEN = "broken"


class Reply(BaseModel):
    """A reply of a speech process; `text`, `alternatives` and `letters` are those of a HEARD
    utterance (see protocols.Transcript), empty without speech."""

    model_config = ConfigDict(frozen=True)
    do: Kind
    text: str = ""
    alternatives: tuple[str, ...] = ()
    letters: str | None = None
    scores: tuple[float, ...] = ()
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    queued: float = 0.0
    reason: Reason | None = None
    message: str = ""


Header = TypeVar("Header", bound=BaseModel)


def pack(header: BaseModel, audio: bytes = b"") -> bytes:
    """Encode one message."""
    return header.model_dump_json().encode() + b"\n" + audio


def unpack(kind: type[Header], message: str | bytes) -> tuple[Header, bytes]:
    """Decode a message of this kind; raises WireError."""
    if isinstance(message, str):
        raise WireError("a speech message must be binary")
    line, _, audio = message.partition(b"\n")
    try:
        return kind.model_validate_json(line), audio
    except ValidationError as error:
        # Not `from error`: the cause quotes the message, which may hold a customer's words.
        raise WireError(f"a speech message has {error.error_count()} wrong fields") from None


_LONGEST_BYTES: Final = 100
"""A Unix socket's path may have 104 bytes on macOS and 108 on Linux, including the final NUL."""


def stt_socket(data_dir: Path) -> Path:
    """Return the socket path of the stt process; raises SettingsError."""
    return _fitting(data_dir / "stt.sock")


def tts_socket(data_dir: Path) -> Path:
    """Return the socket path of the tts process; raises SettingsError."""
    return _fitting(data_dir / "tts.sock")


def meaning_socket(data_dir: Path) -> Path:
    """Return the socket path of the meaning process; raises SettingsError."""
    return _fitting(data_dir / "meaning.sock")


@contextmanager
def listening_socket(path: Path) -> Iterator[socket.socket]:
    """Bind a Unix socket at `path` for this user only, replacing one left by a dead process.

    The supervisor's lock on the data directory makes sure that no live process uses it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        mark = path.stat().st_ino
        try:
            yield listener
        finally:
            if path.exists() and path.stat().st_ino == mark:  # not a successor's
                path.unlink()


def _fitting(path: Path) -> Path:
    """Return the path, or the relative one where the absolute one is too long for a socket."""
    if len(os.fsencode(path)) <= _LONGEST_BYTES:
        return path
    relative = Path(os.path.relpath(path))
    if len(os.fsencode(relative)) <= _LONGEST_BYTES:
        return relative
    raise SettingsError(
        f"the path {path} is too long for a socket; set VOICEBOT_DATA_DIR to a shorter one"
    )
