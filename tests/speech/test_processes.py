"""The speech processes: they say when they are ready, can be killed, and come back."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from voicebot import g711
from voicebot.errors import SpeechUnavailable
from voicebot.settings import Engine, Settings
from voicebot.speech import Hint
from voicebot.speech.client import RemoteSynthesizer, RemoteTranscriber
from voicebot.speech.factory import open_synthesizer
from voicebot.speech.wire import stt_socket, tts_socket

from .conftest import need_local, speech_process

pytestmark = pytest.mark.slow


async def speak(tts: RemoteSynthesizer) -> bytes:
    return b"".join([piece async for piece in tts.speak("One moment, please.")])


async def test_a_killed_tts_process_is_noticed_and_its_successor_is_used(tmp_path: Path) -> None:
    need_local()
    tts = RemoteSynthesizer(tts_socket(tmp_path))
    with speech_process("tts", tmp_path) as first:
        assert len(await speak(tts)) > g711.RATE_HZ // 2
        first.send_signal(signal.SIGKILL)
        first.wait()
        with pytest.raises(SpeechUnavailable):
            await speak(tts)
    with speech_process("tts", tmp_path) as second:
        assert len(await speak(tts)) > g711.RATE_HZ // 2
    assert second.returncode == 0


async def test_stt_transcribes_what_tts_speaks(tts: Path, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, transcriber=Engine.LOCAL, synthesizer=Engine.LOCAL, speech_threads=1
    )
    (tmp_path / "tts.sock").symlink_to(tts)
    bot, stt = open_synthesizer(settings), RemoteTranscriber(stt_socket(tmp_path))
    with speech_process("stt", tmp_path) as process:
        said = b"".join([piece async for piece in bot.speak("What is your address?")])
        assert (await stt.transcribe(said, Hint())).text == "What is your address?"
    assert process.returncode == 0
    assert not (tmp_path / "stt.sock").exists()


def test_a_missing_model_ends_the_process_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    need_local()
    monkeypatch.setenv("VOICEBOT_WHISPER_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(AssertionError), speech_process("stt", tmp_path):  # it is never ready
        pass
    told = capfd.readouterr().err
    assert "VOICEBOT_WHISPER_DIR must name" in told
    assert "Traceback" not in told


def test_the_runtime_reports_to_nobody(tmp_path: Path) -> None:
    need_local()
    program = (
        "from voicebot.speech.models import voice_files; from voicebot.speech.tts import Piper; "
        "Piper(voice_files(None))"
    )
    own = ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    environment = {k: v for k, v in os.environ.items() if k not in own}
    subprocess.run(
        [sys.executable, "-c", program], env=environment | {"HOME": str(tmp_path)}, check=True
    )
    assert not list(tmp_path.rglob("*onnxruntime*"))
