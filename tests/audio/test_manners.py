"""Spoken calls of people, and of machines, that talk in a way of their own, on the real stack."""

import asyncio
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.audio.conftest import Call, Exchange
from voicebot.call import FIELDS
from voicebot.g711 import RATE_HZ
from voicebot.simulators.phone import default_script

pytestmark = [pytest.mark.audio, pytest.mark.slow]

GROUPS: Final = ("oh four one two | three four five | six seven eight",)
OTHER_BOT: Final = (
    "Thank you for calling Harbour Dental. How can I help?",
    "Sorry, I did not understand. You can say appointments or billing.",
)
VOICEMAIL: Final = (
    "The person you are calling is not available. Please leave a message after the tone."
)
MACHINE_S: Final = 150
"""Of music, noise or a machine's silence; a call without an answer is over sooner."""

Samples = NDArray[np.float64]


def music() -> Samples:
    """Chords with a melody above them, as hold music is."""
    at = np.arange(RATE_HZ // 2) / RATE_HZ
    fading = np.exp(-2.5 * at)
    bars = []
    melody = np.random.default_rng(7)
    for beat in range(2 * MACHINE_S):
        root = (220.0, 174.6, 261.6, 196.0)[beat // 4 % 4]
        tones = [root, root * 1.26, root * 1.5, root * 2 * 1.0595 ** melody.choice([0, 2, 4, 7, 9])]
        bars.append(sum(np.sin(2 * np.pi * hz * at) for hz in tones) * fading * 2500)
    return np.concatenate(bars)


def noise() -> Samples:
    """A fan or a car, about 30 dB below full scale."""
    white = np.random.default_rng(7).normal(0, 1, MACHINE_S * RATE_HZ)
    pink = np.convolve(white, 0.9 ** np.arange(40), mode="same")
    return np.asarray(pink * 1000 / np.sqrt(np.mean(pink**2)))


def beep() -> Samples:
    """The tone of a voicemail, and then nothing."""
    at = np.arange(RATE_HZ) / RATE_HZ
    return np.concatenate((6000 * np.sin(2 * np.pi * 1000 * at), np.zeros(MACHINE_S * RATE_HZ)))


def saved(folder: Path, name: str, sound: Samples) -> str:
    path = folder / f"{name}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.clip(sound, -32768, 32767).astype("<i2").tobytes())
    return str(path)


def script(folder: Path, name: str, lines: Mapping[str, tuple[str, ...]]) -> str:
    """The default caller, with other lines for some steps."""
    usual = default_script()
    told = {step.value: [line.text for line in usual.lines[step.value]] for step in FIELDS}
    told |= {key: [line.text for line in usual.lines[key]] for key in ("confirm", "no")}
    told["phone"] = [line for line in told["phone"] if line.endswith(".wav")]
    told |= {step: list(texts) for step, texts in lines.items()}
    path = folder / f"{name}.toml"
    path.write_text("".join(f"{key} = {texts!r}\n" for key, texts in told.items()))
    return str(path)


@pytest.fixture(scope="module")
def calls(exchange: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Call]:
    """All of them at once."""
    folder = tmp_path_factory.mktemp("manners")
    everywhere = (*FIELDS, "confirm", "no")

    def always(name: str, *lines: str) -> tuple[str, str]:
        return "--script", script(folder, name, dict.fromkeys(everywhere, lines))

    options = {
        "groups": ("--script", script(folder, "groups", {"phone": GROUPS})),
        "music": ("--audio", saved(folder, "music", music())),
        "noise": ("--audio", saved(folder, "noise", noise())),
        "voicemail": always("voicemail", VOICEMAIL, saved(folder, "beep", beep())),
        "bot": always("bot", *OTHER_BOT),
    }

    async def place_all() -> list[Call]:
        placed = [exchange.call(f"CA-{name}", *given) for name, given in options.items()]
        return await asyncio.gather(*placed)

    return dict(zip(options, asyncio.run(place_all()), strict=True))


def test_who_dictates_in_groups_gets_a_sign_after_each_and_books(calls: Mapping[str, Call]) -> None:
    dictated = calls["groups"]
    assert dictated.code == 0, dictated.printed
    assert dictated.fields["user.userInfo.phone"] == "+61412345678", dictated.printed
    assert dictated.fields["servicebooked"] == "true"
    assert "no sign of the bot" not in dictated.printed
    asked = [m["message"] for m in dictated.history if "so far" in m["message"].casefold()]
    assert asked == [], "the turn stayed the caller's"


@pytest.mark.parametrize("machine", ["music", "noise", "voicemail", "bot"])
def test_what_is_no_caller_is_said_goodbye_to(calls: Mapping[str, Call], machine: str) -> None:
    call = calls[machine]
    assert call.code == 0, call.printed
    assert call.fields["status"] == "incomplete"
    assert call.fields["servicebooked"] == "false"
    assert "user.userInfo.phone" not in call.fields
    assert "Goodbye" in call.history[-1]["message"]
