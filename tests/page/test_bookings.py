"""The calendar: appointments day by day, moved and called off by staff."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import House, picture
from tests.page.test_access import violations
from voicebot.business import load_business

pytestmark = [pytest.mark.page, pytest.mark.slow]

WORDS = ("I'm Robin Carter", "0412 345 678", "yes", "27 George Street, Parramatta",
         "robin@example.com", "yes", "plumbing")  # fmt: skip


def post(house: House, path: str, body: Mapping[str, object]) -> dict[str, object]:
    data = json.dumps(body).encode()
    request = Request(house.console + path, data, {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        return dict(json.load(answer))


def book(house: House, sid: str, when: str) -> None:
    """Book as a caller does, in a typed conversation."""
    post(house, "/calls", {"callSid": sid, "from": "+61255504321"})
    for text in (*WORDS, when, "yes"):
        said = {"callSid": sid, "customerMessage": {"message": text}}
        answer = post(house, "/ai/conversation", said)
    assert answer["status"] == "booked"


def house_log_says(house: House, event: str) -> list[tuple[object, object]]:
    return [(line["call_sid"], line["by"]) for line in house.server.events(event)]


def test_the_bookings_of_a_week_are_listed_moved_and_called_off(page: Page, house: House) -> None:
    book(house, "http-late", "tomorrow at two in the afternoon")
    book(house, "http-early", "tomorrow at ten in the morning")
    page.add_init_script("localStorage.setItem('me', 'Kim')")
    page.goto(house.console)
    page.get_by_role("link", name="Bookings").click()
    expect(page).to_have_url(re.compile("/bookings$"))
    days = page.locator(".diary > section")
    expect(days).to_have_count(7)
    tomorrow = days.nth(1)
    expect(tomorrow.locator("[data-visit^=http-]")).to_have_count(2)
    times = tomorrow.locator("[data-visit^=http-] > time")
    expect(times).to_have_text(["10:00", "14:00"])
    expect(tomorrow.locator("[data-visit=http-early] a")).to_have_text("PlumbingR••• C•••")
    picture(page, "bookings")
    assert violations(page) == []

    late = page.locator("[data-visit=http-late]")
    late.get_by_role("button", name="Move").click()
    zone = load_business(None).zone
    after = (datetime.now(zone) + timedelta(days=2)).strftime("%Y-%m-%d")
    late.get_by_label(re.compile("Day and time")).fill(f"{after}T03:00")
    late.get_by_role("button", name="Move it there").click()
    expect(late.get_by_role("alert")).to_have_text("We are closed then.")
    late.get_by_label(re.compile("Day and time")).fill(f"{after}T11:30")
    picture(page, "bookings-move")
    assert violations(page) == []
    late.get_by_role("button", name="Move it there").click()
    expect(days.nth(2).locator("[data-visit=http-late] > time")).to_have_text("11:30")

    early = page.locator("[data-visit=http-early]")
    early.get_by_role("button", name="Call off").click()
    expect(early.get_by_role("button", name="Leave it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(early.get_by_role("button", name="Call off")).to_be_focused()
    page.keyboard.press("Enter")
    expect(early.get_by_role("button", name="Leave it")).to_be_focused()
    early.get_by_role("button", name="Call it off").click()
    expect(early).to_have_count(0)
    assert house_log_says(house, "staff_rebooked") == [("http-late", "Kim"), ("http-early", "Kim")]

    page.locator("[data-visit=http-late] a").click()
    expect(page.locator("article .state-booked")).to_be_visible()
    expect(page.locator(".others li", has_text="Called off")).to_have_count(1)
    picture(page, "others")
    assert violations(page) == []
    page.go_back()
    expect(days).to_have_count(7)
