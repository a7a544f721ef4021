"""A call from the browser: Chromium's fake microphone plays a synthetic caller, real ears hear.

The wave file cannot wait for the bot, so a simulated phone calls first and tells when it said
what; the file says the same at the same moments, each a little later than the one before.
"""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr
from playwright.sync_api import Playwright, expect

from tests.page.conftest import FLAGS, House
from tests.serving import environment, free_port, serving
from voicebot import g711
from voicebot.phone.recordings import shipped, shipped_clip

pytestmark = [pytest.mark.page, pytest.mark.audio, pytest.mark.slow]

MICROPHONE_HZ = 48_000
OPENING_S = 2.0
"""The microphone runs before the line is open."""
LATER_EACH_S = 1.5
A_CALL_MS = 180_000


@pytest.fixture(scope="module")
def spoken_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Servers with real ears and a real voice."""
    folder = tmp_path_factory.mktemp("browser-call")
    env = environment(folder / "data", free_port())
    env |= {"VOICEBOT_TRANSCRIBER": "local", "VOICEBOT_SYNTHESIZER": "local"}
    with serving(env, Path(folder)) as server:
        server.wait_until_ready()
        yield House(server, env)


def test_a_call_from_the_browser_books_a_slot(
    playwright: Playwright, chromium: str, spoken_house: House, tmp_path: Path
) -> None:
    with spoken_house.call("CA-reference", "--real") as phone:
        out, _ = phone.communicate(timeout=A_CALL_MS / 1000)
        assert phone.returncode == 0, "the simulated phone itself did not book"
    microphone = tmp_path / "caller.wav"
    record(microphone, [json.loads(line) for line in out.splitlines()])
    browser = playwright.chromium.launch(
        executable_path=chromium,
        args=[
            *FLAGS,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
        ],
    )
    try:
        page = browser.new_page(locale="en-AU")
        page.goto(spoken_house.console)
        page.get_by_role("button", name="Call from this browser").click()
        page.get_by_role("button", name="Call", exact=True).click()
        expect(page.locator(".phone[data-state=talking]")).to_be_visible(timeout=20_000)
        expect(page.locator(".steps .full").first).to_be_visible(timeout=60_000)
        expect(page.locator("article .state-booked")).to_be_visible(timeout=A_CALL_MS)
        expect(page.locator(".steps .full")).to_have_count(6)
        expect(page.locator(".phone[data-state=over]")).to_be_visible(timeout=30_000)
    finally:
        browser.close()


def record(file: Path, timetable: list[dict[str, float | str]]) -> None:
    """What the caller said, at its moments, as the microphone's wave file."""
    clips = {shipped_clip(name).text: shipped_clip(name).audio for name in shipped()}
    placed = [
        (OPENING_S + float(said["at_s"]) + n * LATER_EACH_S, g711.decode(clips[str(said["said"])]))
        for n, said in enumerate(timetable)
    ]
    end_s, last = placed[-1]
    samples = np.zeros(int((end_s + 20) * g711.RATE_HZ) + len(last), dtype=np.float32)
    for at_s, voice in placed:
        first = int(at_s * g711.RATE_HZ)
        samples[first : first + len(voice)] = voice / 32768
    sound = soxr.resample(samples, g711.RATE_HZ, MICROPHONE_HZ)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(MICROPHONE_HZ)
        out.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
