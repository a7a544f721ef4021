"""The live page in a real Chromium, on servers of its own.

Needs Debian's chromium (`apt-get install chromium`); without one these tests are skipped.
"""

import os
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.ports import free_port
from tests.serving import Serving, environment, serving
from voicebot import g711
from voicebot.bench.servers import null_manifest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
ROOT = Path(__file__).parents[2]
PATIENCE_MS = 30_000
A_CALL_S = 120
"""Many times what one takes where nothing else runs."""
CALLER_LEFT = 3
expect.set_options(timeout=PATIENCE_MS)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-AU")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the browser."""
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM: apt-get install chromium, or set CHROMIUM to a browser's path")
    return CHROMIUM


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright keeps a loop running in this thread: gone before the next async test begins."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    found = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
    yield found
    found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh profile; any error in the page's console fails its test."""
    with fresh_page(browser) as opened:
        yield opened


@contextmanager
def fresh_page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-AU", viewport={"width": 1280, "height": 860})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if _is_ours(said.text) else None)
    yield opened
    context.close()
    assert errors == []


class Microphone:
    """Chromium's fake microphone: it plays this file once, from the moment a page listens."""

    RATE_HZ = 48_000

    def __init__(self, file: Path) -> None:
        self.file = file
        self.plays(np.zeros(g711.RATE_HZ, dtype=np.int16))

    def plays(self, voice: NDArray[np.int16]) -> None:
        """Play this audio (8 kHz) to the next page that listens, then silence."""
        sound = soxr.resample(voice.astype(np.float32) / 32768, g711.RATE_HZ, self.RATE_HZ)
        with wave.open(str(self.file), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(self.RATE_HZ)
            out.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def microphone_flags(microphone: Microphone) -> tuple[str, ...]:
    """Return Chromium's options: a fake microphone, and no question about it."""
    return (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone.file}%noloop",
    )


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Microphone:
    return Microphone(tmp_path_factory.mktemp("microphone") / "caller.wav")


@pytest.fixture(scope="module")
def calling_browser(
    playwright: Playwright, chromium: str, microphone: Microphone
) -> Iterator[Browser]:
    """A browser that may use the fake microphone."""
    flags = [*FLAGS, *microphone_flags(microphone)]
    found = playwright.chromium.launch(executable_path=chromium, args=flags)
    yield found
    found.close()


@pytest.fixture
def calling_page(calling_browser: Browser) -> Iterator[Page]:
    """A fresh profile of that browser."""
    with fresh_page(calling_browser) as opened:
        yield opened


def ring(page: Page) -> None:
    """Call, as a person at the page does."""
    page.get_by_role("button", name="Menu").click()
    page.locator(".sheet .try").click()
    page.get_by_role("button", name="Call", exact=True).click()


def _is_ours(text: str) -> bool:
    """A violation of the page's policy; that the network was away is no error of the page."""
    return "Content Security Policy" in text or "Uncaught" in text


@dataclass(frozen=True)
class House:
    """A running server and its addresses."""

    server: Serving
    env: dict[str, str]

    @property
    def console(self) -> str:
        ended = self.server.process.poll()
        assert ended is None, f"serve ended: {ended}\n{self.server.log_file.read_text()[-5000:]}"
        found = re.search(r"staff +(http://\S+)", self.server.said)
        assert found
        return found[1]

    def call(self, sid: str, *steps: str) -> subprocess.Popen[bytes]:
        """A simulated phone, in a process of its own."""
        url = self.server.phone_url.replace("http", "ws") + "/media"
        return subprocess.Popen(
            [sys.executable, "-m", "tests.page.caller", url, self.console, sid, *steps],
            stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=self.env, cwd=ROOT,
        )  # fmt: skip

    @contextmanager
    def ringing(self, sid: str, *steps: str) -> Iterator[subprocess.Popen[bytes]]:
        """A simulated phone, gone at the end."""
        with self.call(sid, *steps) as phone:
            try:
                yield phone
            finally:
                phone.kill()


def picture(page: Page, name: str) -> None:
    """A screenshot, kept where PICTURES names a folder."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


@contextmanager
def running_house(folder: Path, more: Mapping[str, str], clips: bytes = b"[]") -> Iterator[House]:
    """Servers with these settings, whose null stt knows `clips`; they are ready."""
    env = environment(folder / "data", free_port(), **more)
    (folder / "data" / "clips.json").write_bytes(clips)
    with serving(env, folder) as server:
        server.wait_until_ready()
        yield House(server, env)


EARLIER = {
    "CA-page-access": ("phone",),
    "CA-page-cut": ("name", "--interrupt", "500"),
    "CA-page-masked": ("address",),
    "CA-page-search": ("name",),
    "CA-page-taken": ("name",),
}
"""Calls that end before they book: where the caller hangs up. A doubled sentence lasts 400 ms."""

TOKENS = "sesame, spare"


@pytest.fixture(scope="package")
def guarded_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Servers where only who signs may call and only who has a token may look."""
    secrets = {"VOICEBOT_TWILIO_AUTH_TOKEN": "any-secret", "VOICEBOT_CONSOLE_TOKEN": TOKENS}
    with running_house(tmp_path_factory.mktemp("guarded"), secrets) as house:
        yield house


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Servers whose stt know the shipped caller's clips: short turns, no models."""
    with running_house(tmp_path_factory.mktemp("page"), {}, null_manifest()) as house:
        yield house


@pytest.fixture(scope="package")
def earlier(house: House) -> Iterator[Callable[[str], str]]:
    """Waits for one of the EARLIER calls to have ended; they are held all at once."""
    with ExitStack() as stack:
        phones = {sid: stack.enter_context(house.call(sid, *how)) for sid, how in EARLIER.items()}

        def ended(sid: str) -> str:
            assert phones[sid].wait(A_CALL_S) == CALLER_LEFT
            return sid

        yield ended
        for phone in phones.values():
            phone.kill()
