"""The live page during a call."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.conftest import A_CALL_S, House
from voicebot.business import load_business
from voicebot.call import CallSid, Change, Needs, Note, Status, Wish
from voicebot.settings import Settings
from voicebot.store import open_store

Earlier = Callable[[str], str]
pytestmark = [pytest.mark.page, pytest.mark.slow]

ANSWERS = {
    "name": "John Smith",
    "phone": "+61412345678",
    "address": "Unit 4, 112 Chapel Street, Windsor",
    "email": "j.smith@gmail.com",
    "service": "Cleaning",
}
A_CALL_MS = A_CALL_S * 1000


def expect_values(page: Page, *steps: str) -> None:
    for step in steps:
        saved = page.locator(f".steps [data-step={step}].full .value")
        expect(saved).to_have_text(ANSWERS[step])


def reveal(page: Page) -> None:
    page.get_by_role("button", name="Show customer data").click()
    page.get_by_label("Your name").fill("Kim")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Hide")).to_be_visible()


def open_call(page: Page, house: House, sid: str) -> None:
    page.goto(house.console)
    expect(page.get_by_text("Live", exact=True).first).to_be_visible()
    page.locator(f"[data-sid='{sid}']").click()
    expect(page).to_have_url(re.compile(f"/c/{sid}$"))


def test_a_call_fills_the_page_field_by_field_through_a_reload_and_two_crashes(
    page: Page, house: House
) -> None:
    sid = "CA-page-fills"
    with house.ringing(sid) as phone:
        open_call(page, house, sid)
        reveal(page)
        expect_values(page, "name", "phone")
        said = page.locator(".transcript li p").first.inner_text()
        page.reload()
        expect_values(page, "name", "phone")
        expect(page.locator(".transcript li p").first).to_have_text(said)
        os.kill(house.server.pid_of("stream 1"), signal.SIGKILL)
        expect(page.locator("article .state-resumed")).to_be_visible(timeout=A_CALL_MS)
        expect_values(page, "address", "email")
        os.kill(house.server.pid_of("console"), signal.SIGKILL)
        expect(page.locator(".link-lost")).to_be_visible()
        expect(page.locator(".link-connected")).to_be_visible()
        expect_values(page, "name", "phone")  # Redis knows the session and what it revealed
        expect(page.locator("article .state-booked")).to_be_visible(timeout=A_CALL_MS)
        assert phone.wait(A_CALL_S) == 0
    expect(page.locator(".steps .full")).to_have_count(6)
    expect_values(page, *ANSWERS)
    assert page.locator(".speed rect").count() >= 6


def test_customers_data_is_dots_until_somebody_asks_and_that_is_logged(
    page: Page, house: House, earlier: Earlier
) -> None:
    sid = earlier("CA-page-masked")
    open_call(page, house, sid)
    expect(page.locator(".steps .full")).to_have_count(3)
    for word in ("Smith", "0412 345", "345 678", "412345678", "Chapel"):
        assert word not in page.content()
    assert house.server.events("customer_data_revealed") == [] or not _revealed(house, sid)
    reveal(page)
    expect_values(page, "name")
    assert _revealed(house, sid) == 1
    assert "Smith" not in house.server.log_file.read_text()


def test_what_a_caller_cut_off_is_seen_with_what_was_not_heard(
    page: Page, house: House, earlier: Earlier
) -> None:
    sid = earlier("CA-page-cut")
    open_call(page, house, sid)
    greeting = page.locator(".transcript .bot p").first
    expect(greeting.locator(".cutmark")).to_have_text("cut off by the caller")
    expect(greeting.locator("s")).to_contain_text("name")
    expect(greeting).to_have_text(re.compile("^Hello"))
    heard = greeting.evaluate("p => p.firstChild.textContent")
    assert heard
    assert "name" not in heard


def test_a_hand_over_is_seen_by_colleagues_at_once(
    page: Page, house: House, earlier: Earlier
) -> None:
    sid = earlier("CA-page-taken")
    open_call(page, house, sid)
    expect(page.locator("article .banner")).to_be_visible()
    colleague = page.context.browser.new_page()  # type: ignore[union-attr]
    colleague.goto(f"{house.console}/c/{sid}")
    page.get_by_role("button", name="I'm taking this").click()
    page.get_by_label("Your name").fill("Kim")
    page.get_by_role("button", name="Save").click()
    expect(colleague.get_by_text("Kim has this").first).to_be_visible()
    expect(page.locator("article .banner")).to_have_count(0)
    page.get_by_role("button", name="Let it go").click()
    expect(colleague.get_by_role("button", name="I'm taking this")).to_be_visible()
    colleague.close()


def test_what_a_caller_left_for_staff_is_seen_in_dots_until_somebody_asks(
    page: Page, house: House, tmp_path: Path
) -> None:
    sid = "CA-page-notes"
    note = Note("Gate code 4711", datetime(2026, 3, 2, 9, tzinfo=UTC))
    left = Change(notes=(note,), wish=Wish.COMPLAINT, needs=Needs.PERSON, status=Status.INCOMPLETE)
    with ThreadPoolExecutor(1) as beside_playwrights_loop:
        beside_playwrights_loop.submit(asyncio.run, write(house, sid, left, tmp_path)).result()
    open_call(page, house, sid)
    expect(page.locator("article .banner.person")).to_be_visible()
    for_staff = page.locator("article .notes")
    expect(for_staff.locator(".wish")).to_have_text("Complains")
    expect(for_staff.locator("li")).to_have_text(re.compile("•••• •••• ••••$"))
    assert "4711" not in page.content()
    reveal(page)
    expect(for_staff.locator("li")).to_have_text(re.compile("Gate code 4711$"))
    assert "4711" not in house.server.log_file.read_text()


async def write(house: House, sid: str, change: Change, data_dir: Path) -> None:
    """Commit a change of a call's record, as a session of it."""
    url = (Path(house.env["VOICEBOT_DATA_DIR"]) / "redis-url").read_text().strip()
    settings = Settings(_env_file=None, redis_url=url, data_dir=data_dir)
    async with open_store(settings, load_business(None)) as store:
        ledger = await store.open_call(CallSid(sid), caller=None)
        await ledger.commit(change)
        await ledger.close()


def test_the_keyboard_search_and_chinese(page: Page, house: House, earlier: Earlier) -> None:
    sid = earlier("CA-page-search")
    page.goto(house.console)
    page.get_by_role("searchbox").fill("page-search")
    expect(page.locator(".list li")).to_have_count(1)
    page.locator(f"[data-sid='{sid}']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("article.call")).to_be_visible()
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="对话")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


PUSHED = """
window.kept = [];
const parse = JSON.parse;
JSON.parse = (text) => {
  const found = parse(text);
  if (found && found.callSid) kept.push(new WeakRef(found));
  return found;
};
window.EventSource = class extends EventTarget {
  constructor() { super(); window.pushed = this; }
  close() {}
};
"""
CHANGES = 200
CALLS_SHOWN = 30
ROWS_KEPT = 300


def test_a_page_keeps_each_call_as_it_stands_and_no_earlier_state_of_it(
    page: Page, house: House
) -> None:
    open_pushed(page, house)
    for change in range(CHANGES):  # another call changes each time: most rows stay as they are
        calls = range(CALLS_SHOWN) if change == 0 else [change % CALLS_SHOWN]
        push(page, [a_row(number, change) for number in calls])
        shown = page.locator(f"[data-sid='CA-row-{change % CALLS_SHOWN}'] strong")
        expect(shown).to_contain_text(f"Change {change}")
    page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
    assert page.evaluate("kept.length") == CALLS_SHOWN + CHANGES - 1
    assert page.evaluate("kept.filter(ref => ref.deref()).length") <= CALLS_SHOWN + 2


def test_a_page_keeps_a_bounded_number_of_calls_and_all_that_need_somebody(
    page: Page, house: House
) -> None:
    open_pushed(page, house)
    push(page, [a_row(0, 0) | {"callSid": "CA-waits", "needs": "follow_up"}])
    for first in range(1, 1 + 2 * ROWS_KEPT, 100):
        push(page, [a_row(number, number) for number in range(first, first + 100)])
        newest = page.locator(f"[data-sid='CA-row-{first + 99}']")
        expect(newest).to_be_visible()
    expect(page.locator(".list li")).to_have_count(ROWS_KEPT)
    expect(page.locator(".list [data-sid='CA-waits']")).to_have_count(1)
    expect(page.locator("[data-queued='CA-waits']")).to_be_visible()


def open_pushed(page: Page, house: House) -> None:
    """Open the page with a stream whose events the test pushes."""
    page.add_init_script(PUSHED)
    page.goto(house.console)
    page.evaluate(
        "async () => { while (!window.pushed) await new Promise(requestAnimationFrame); }"
    )


def push(page: Page, rows: list[dict[str, object]]) -> None:
    page.evaluate(
        "rows => rows.forEach(data => pushed.dispatchEvent(new MessageEvent('call', {data})))",
        [json.dumps(row) for row in rows],
    )


def a_row(number: int, change: int) -> dict[str, object]:
    """A call as the page's stream tells it."""
    steps: list[dict[str, object]] = [{"step": step, "value": None} for step in (*ANSWERS, "time")]
    steps[0]["value"] = f"Change {change}"
    at = f"2026-03-02T{9 + number // 60:02}:{number % 60:02}:00.000Z"
    return {
        "callSid": f"CA-row-{number}", "status": "incomplete", "step": "phone", "phase": None,
        "live": False, "interrupted": False, "resumed": 0, "needs": None, "caller": None,
        "createdAt": at, "updatedAt": at, "takenBy": None, "continuedAs": None, "unsure": [],
        "steps": steps, "lastTurnMs": None, "sight": "masked",
    }  # fmt: skip


def _revealed(house: House, sid: str) -> int:
    told = house.server.events("customer_data_revealed")
    return sum(event["call_sid"] == sid for event in told)


def test_a_search_goes_on_by_itself_and_never_says_nothing_of_what_it_has_not_looked_at(
    page: Page, house: House, earlier: Earlier
) -> None:
    sid = earlier("CA-page-search")
    pages = iter([False, False, True])

    def answer(route: Route) -> None:
        complete = next(pages)
        body: dict[str, object] = {
            "calls": [],
            "next": None if complete else "on",
            "complete": complete,
        }
        route.fulfill(json=body)

    page.goto(house.console)
    expect(page.locator(f"[data-sid='{sid}']")).to_be_visible()
    page.route("**/live/calls?q=nobody*", answer)
    page.get_by_role("searchbox").fill("nobody")
    expect(page.locator(".list .empty")).to_have_text("Nothing found")
    assert next(pages, None) is None
    page.unroute("**/live/calls?q=nobody*")
    page.get_by_role("searchbox").fill("page-search")
    expect(page.locator(".list li")).to_have_count(1)
