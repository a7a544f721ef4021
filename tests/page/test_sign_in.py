"""A console with a token: the page asks for it once, and can change things afterwards."""

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import House

pytestmark = [pytest.mark.page, pytest.mark.slow]


def test_the_page_opens_with_the_token_and_its_session_may_change_things(
    page: Page, guarded_house: House
) -> None:
    page.goto(guarded_house.console)
    page.get_by_label("Access token").fill("open")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("This token is not known.")
    page.get_by_label("Access token").fill("spare")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".link-connected")).to_be_visible()
    with page.expect_response("**/live/trial") as asked:
        page.evaluate(
            "import('/static/feed.js').then((feed) => feed.ask('POST', '/live/trial', {}))"
        )
    assert asked.value.status == 200
    page.reload()
    expect(page.locator(".link-connected")).to_be_visible()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Access token")).to_be_visible()
