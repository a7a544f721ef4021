"""`python -m tests.page.pictures`: the screenshots of docs/, from calls as they happen."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.page.conftest import CHROMIUM, FLAGS, ROOT, House
from tests.serving import environment, free_port, serving
from voicebot.bench.stack import null_manifest

DOCS = ROOT / "docs"
WIDE = {"width": 1360, "height": 860}
NARROW = {"width": 390, "height": 844}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as running:
        env = environment(Path(folder) / "data", free_port())
        (Path(folder) / "data" / "clips.json").write_bytes(null_manifest())
        browser = running.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        with serving(env, Path(folder)) as server:
            server.wait_until_ready()
            picture_all(browser, House(server, env))
        browser.close()


def picture_all(browser: Browser, house: House) -> None:
    house.call("CA-e7d3f0921c").wait(120)
    for sid, step in (("CA-58c1a94e07", "phone"), ("CA-91ab34cd7f", "address")):
        house.call(sid, step).wait(120)
    typed(house, "http-3f2a9c", ["My name is Robin Carter", "I want to talk to a person"])
    live = [house.call("CA-4b7e11d2a8"), house.call("CA-c20f6d8e93", "email")]
    page = opened(browser, house, WIDE, "/")
    page.locator("[data-sid='CA-4b7e11d2a8']").click()
    page.get_by_role("button", name="Show customer data").click()
    expect(page.locator(".steps .full")).to_have_count(4, timeout=60_000)
    page.screenshot(path=DOCS / "live.png")
    page.goto(f"{house.console}/")
    page.wait_for_timeout(800)
    page.screenshot(path=DOCS / "needs-a-person.png")
    for phone in live:
        phone.wait(120)
    page.close()
    page = opened(browser, house, WIDE, "/c/CA-4b7e11d2a8")
    page.screenshot(path=DOCS / "booked-masked.png")
    page.close()
    dark = opened(browser, house, WIDE, "/c/CA-e7d3f0921c", scheme="dark", locale="zh-CN")
    dark.get_by_role("button", name="显示客户资料").click()
    dark.wait_for_timeout(600)
    dark.screenshot(path=DOCS / "dark-chinese.png")
    dark.close()
    small = opened(browser, house, NARROW, "/")
    small.screenshot(path=DOCS / "phone-width.png")
    small.goto(f"{house.console}/c/CA-58c1a94e07")
    small.wait_for_timeout(1500)
    small.screenshot(path=DOCS / "phone-width-call.png")


def opened(
    browser: Browser,
    house: House,
    size: dict[str, int],
    path: str,
    *,
    scheme: str = "light",
    locale: str = "en-AU",
) -> Page:
    page = browser.new_page(viewport=size, color_scheme=scheme, locale=locale)  # type: ignore[arg-type]
    page.goto(house.console + path)
    expect(page.locator(".link-connected")).to_be_visible(timeout=20_000)
    page.wait_for_timeout(800)
    return page


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
