"""`python -m tests.page.pictures`: the screenshots of docs/, from calls as they happen.

Real stt and a real voice, so that the times to answer are real too; it takes five minutes.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, Playwright, ViewportSize, expect, sync_playwright

from tests.page.conftest import CHROMIUM, FLAGS, ROOT, House, Microphone, microphone_flags, ring
from tests.ports import free_port
from tests.serving import environment, serving

DOCS = ROOT / "docs"
WIDE = ViewportSize(width=1360, height=860)
NARROW = ViewportSize(width=390, height=844)
A_CALL_S = 240
SHOWN, BOOKED, LEFT, OTHER = "CA-4b7e11d2a8", "CA-e7d3f0921c", "CA-58c1a94e07", "CA-c20f6d8e93"


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as running:
        folder = Path(name)
        env = environment(folder / "data", free_port())
        env |= {"VOICEBOT_TRANSCRIBER": "local", "VOICEBOT_SYNTHESIZER": "local"}
        browser = running.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        with serving(env, folder) as server:
            server.wait_until_ready()
            house = House(server, env)
            picture_calls(browser, house)
            picture_ended(browser, house)
            picture_browser_call(running, house, folder)
        browser.close()


def picture_calls(browser: Browser, house: House) -> None:
    """A list with something in it, and a call under way whose caller did not wait for the bot."""
    booked = house.call(BOOKED, "--real", "--as", "sarah")
    house.call(LEFT, "phone", "--real").wait(A_CALL_S)
    typed(house, "http-3f2a9c", ["My name is Robin Carter", "I want to talk to a person"])
    booked.wait(A_CALL_S)
    phones = [
        house.call(SHOWN, "--real", "--interrupt", "2500"),
        house.call(OTHER, "email", "--real", "--as", "sarah"),
    ]
    with opened(browser, house, WIDE, "/") as page:
        page.locator(f"[data-sid='{SHOWN}']").click()
        page.get_by_role("button", name="Show customer data").click()
        page.locator(".steps [data-step=name].full").wait_for(timeout=60_000)
        expect(page.locator(".cutmark")).to_be_visible()
        picture(page, "interrupted.png", of="article")
        expect(page.locator(".steps .full")).to_have_count(4, timeout=120_000)
        picture(page, "live.png")
        for phone in phones:
            phone.wait(A_CALL_S)


def picture_ended(browser: Browser, house: House) -> None:
    with opened(browser, house, WIDE, f"/c/{SHOWN}") as page:
        picture(page, "booked-masked.png")
    with opened(browser, house, WIDE, f"/c/{BOOKED}", scheme="dark", locale="zh-CN") as page:
        page.get_by_role("button", name="显示客户资料").click()
        page.get_by_role("button", name="隐藏").wait_for()
        picture(page, "dark-chinese.png")
    with opened(browser, house, NARROW, "/") as page:
        picture(page, "phone-width.png")
        page.goto(f"{house.console}/c/{LEFT}")
        page.locator(".steps").wait_for()
        picture(page, "phone-width-call.png")


def picture_browser_call(running: Playwright, house: House, folder: Path) -> None:
    """The caller is silent, and is asked for the name."""
    flags = [*FLAGS, *microphone_flags(Microphone(folder / "silence.wav"))]
    browser = running.chromium.launch(executable_path=CHROMIUM, args=flags)
    with opened(browser, house, WIDE, "/") as page:
        ring(page)
        page.locator(".transcript .bot").first.wait_for()
        page.wait_for_timeout(2500)  # the greeting is being spoken
        picture(page, "browser-call.png")
    browser.close()


@contextmanager
def opened(
    browser: Browser,
    house: House,
    size: ViewportSize,
    path: str,
    *,
    scheme: str = "light",
    locale: str = "en-AU",
) -> Iterator[Page]:
    page = browser.new_page(
        viewport=size,
        color_scheme="dark" if scheme == "dark" else "light",
        locale=locale,
        timezone_id="Australia/Sydney",
    )
    page.add_init_script("localStorage.setItem('me', 'Kim')")
    page.goto(house.console + path)
    expect(page.locator(".link-connected")).to_be_visible(timeout=20_000)
    yield page
    page.close()


def picture(page: Page, name: str, *, of: str | None = None) -> None:
    """Without a pointer or a focus ring on anything, and when what moves has come to rest."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(800)
    if of is None:
        page.screenshot(path=DOCS / name)
    else:
        page.locator(of).screenshot(path=DOCS / name)


def typed(house: House, sid: str, texts: list[str]) -> None:
    post(house, "/calls", {"callSid": sid, "from": "+61255504321"})
    for text in texts:
        post(house, "/ai/conversation", {"callSid": sid, "customerMessage": {"message": text}})


def post(house: House, path: str, body: dict[str, object]) -> None:
    data = json.dumps(body).encode()
    request = Request(house.console + path, data, {"Content-Type": "application/json"})
    urlopen(request, timeout=10).close()


if __name__ == "__main__":
    os.umask(0o022)
    main()
