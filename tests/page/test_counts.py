"""The figures of the last days, and the bell for a caller who begins to wait."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import House, picture
from tests.page.test_access import violations
from tests.page.test_bookings import post

pytestmark = [pytest.mark.page, pytest.mark.slow]

NOTES = """
window.OscillatorNode = class extends window.OscillatorNode {
  constructor(audio, wanted) {
    super(audio, wanted);
    const told = document.documentElement.dataset;
    told.rung = `${told.rung || ''}${wanted.frequency} `;
  }
};
"""
"""Marks the page with the pitch of every note that it plays."""

ONCE = "880 660 "


def ask_for_a_person(house: House, sid: str) -> None:
    post(house, "/calls", {"callSid": sid})
    said = {"callSid": sid, "customerMessage": {"message": "Put me through to a person please"}}
    assert post(house, "/ai/conversation", said)["status"] == "transfer"


def test_calls_are_counted_by_day_and_by_where_they_ended(page: Page, house: House) -> None:
    ask_for_a_person(house, "http-counted")
    page.goto(house.console)
    page.get_by_role("link", name="Counts").click()
    expect(page).to_have_url(re.compile("/counts$"))
    rows = page.locator(".counts tbody").first.locator("tr")
    expect(rows).to_have_count(7)
    today = rows.first.locator("td")
    calls, booked, _, put_through = (int(today.nth(n).inner_text().rstrip(" %")) for n in range(4))
    assert calls >= booked + put_through
    assert put_through >= 1
    expect(page.get_by_role("row", name=re.compile("^Name "))).to_be_visible()
    picture(page, "counts")
    assert violations(page) == []
    page.get_by_role("button", name="31 days").click()
    expect(rows).to_have_count(31)
    page.reload()
    expect(rows).to_have_count(7)


def test_the_bell_rings_once_for_each_caller_who_begins_to_wait(page: Page, house: House) -> None:
    ask_for_a_person(house, "http-waits-already")
    page.add_init_script(NOTES)
    page.goto(house.console)
    expect(page.locator("[data-queued=http-waits-already]")).to_be_visible()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Bell when somebody waits").click()
    rung = page.locator("html")
    expect(rung).to_have_attribute("data-rung", ONCE)  # so it sounds
    ask_for_a_person(house, "http-waits-now")
    expect(page.locator("[data-queued=http-waits-now]")).to_be_visible()
    expect(rung).to_have_attribute("data-rung", ONCE * 2)
    page.locator("[data-queued=http-waits-now]").get_by_role("link").click()
    page.get_by_role("button", name="Menu").click()
    bell = page.get_by_role("button", name="Bell when somebody waits")
    expect(bell).to_have_attribute("aria-pressed", "true")
    bell.click()
    ask_for_a_person(house, "http-unheard")
    page.goto(house.console)
    expect(page.locator("[data-queued=http-unheard]")).to_be_visible()
    expect(rung).not_to_have_attribute("data-rung", re.compile("."))
