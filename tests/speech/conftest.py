"""A tts that speaks, audio that it made, a recogniser that hears.

The local models run here for real. Where the extra `local` is not installed these tests are
skipped, and say so; where it is installed and does not work, they fail.
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import unix_connect

from voicebot.speech.wire import Kind, Reply, Speak, pack, unpack

SENTENCE = "I need a plumber, please. The kitchen tap is leaking."

_MODULES = ("ctranslate2", "tokenizers", "soxr", "piper")
_ABSENT = [name for name in _MODULES if importlib.util.find_spec(name) is None]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the project: its `.env` is not ours, and from here a socket's path is short."""
    monkeypatch.chdir(tmp_path)


def need_local() -> None:
    """Skip, loudly, where the local models cannot be there."""
    if _ABSENT:
        pytest.skip(f"NOT TESTED: the extra `local` is absent ({', '.join(_ABSENT)})")


@contextmanager
def speech_process(name: str, data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """`python -m voicebot.speech.<name>`, ready; its stdin's end stops it."""
    environment = {**os.environ, "VOICEBOT_DATA_DIR": str(data_dir)}
    process = subprocess.Popen(
        [sys.executable, "-m", f"voicebot.speech.{name}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=data_dir,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("ready")
        yield process
    finally:
        process.communicate(timeout=60)


@pytest.fixture(scope="session")
def tts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a running tts."""
    need_local()
    data_dir = tmp_path_factory.mktemp("m")
    with speech_process("tts", data_dir) as process:
        yield data_dir / "tts.sock"
    assert process.returncode == 0
    assert not (data_dir / "tts.sock").exists()


def say(tts: Path, text: str, pitch: float = 1.0) -> bytes:
    """Mu-law of a sentence, asked for as a stranger would: by the wire protocol alone."""
    with unix_connect(str(tts), "ws://localhost/", compression=None) as line:
        line.send(pack(Speak(text=text, pitch=pitch)))
        audio = b""
        while True:
            reply, piece = unpack(Reply, line.recv(timeout=60))
            if reply.do is Kind.SPOKEN:
                return audio
            assert reply.do is Kind.SOUND
            audio += piece


@pytest.fixture(scope="session")
def spoken(tts: Path) -> bytes:
    """SENTENCE in the bot's voice."""
    return say(tts, SENTENCE)
