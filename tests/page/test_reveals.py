"""The list of who had which call's data shown."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import House, picture
from tests.page.test_access import violations
from tests.page.test_bookings import post
from tests.page.test_page import reveal

pytestmark = [pytest.mark.page, pytest.mark.slow]


def test_staff_see_who_had_which_call_shown_and_open_it(page: Page, house: House) -> None:
    sid = "http-revealed"
    post(house, "/calls", {"callSid": sid})
    page.goto(f"{house.console}/c/{sid}")
    expect(page.get_by_role("button", name="Show customer data")).to_be_visible()
    page.get_by_role("button", name="Show customer data").click()
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.press("Escape")  # who does not say who they are sees nothing
    expect(page.get_by_role("button", name="Show customer data")).to_be_focused()
    reveal(page)
    page.get_by_role("button", name="Menu").click()
    picture(page, "reveals-menu")
    page.get_by_role("link", name="Who saw customer data").click()
    expect(page).to_have_url(re.compile("/reveals$"))
    rows = page.locator(".reveals tbody tr", has_text=sid)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Kim")
    expect(rows.locator("time")).to_have_text(re.compile(r"\d\d:\d\d GMT\+1[01]|AE[SD]T"))
    picture(page, "reveals")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "reveals-narrow")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    rows.get_by_role("link", name=sid).click()
    expect(page).to_have_url(re.compile(f"/c/{sid}$"))
    expect(page.locator("article.call")).to_be_visible()
