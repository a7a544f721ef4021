"""The live page in a real Chromium, on servers of its own.

Needs Debian's chromium (`apt-get install chromium`); without one these tests are skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.serving import Serving, environment, free_port, serving
from voicebot.bench.stack import null_manifest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
ROOT = Path(__file__).parents[2]
PATIENCE_MS = 20_000
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-AU")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is."""
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
    context = browser.new_context(locale="en-AU", viewport={"width": 1280, "height": 860})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if _is_ours(said.text) else None)
    yield opened
    context.close()
    assert errors == []


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


Build = Callable[..., House]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Servers whose ears know the shipped caller's clips: short turns, no models."""
    folder = tmp_path_factory.mktemp("page")
    env = environment(folder / "data", free_port())
    (folder / "data" / "clips.json").write_bytes(null_manifest())
    with serving(env, Path(folder)) as server:
        server.wait_until_ready()
        yield House(server, env)
