"""The page for keyboard and screen reader, in both languages, light and dark.

axe-core, the checker that browsers' own tools use, finds what can be found by machine (names,
roles, contrast, order of headings); where the focus goes is told here.
"""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.conftest import House

pytestmark = [pytest.mark.page, pytest.mark.slow]

LABELS = {"en": ("Show customer data", "Menu"), "zh": ("显示客户资料", "菜单")}


@pytest.fixture
def ended_call(earlier: Callable[[str], str]) -> str:
    """A call that was cut off and waits for a person."""
    return earlier("CA-page-access")


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html']}" for v in found for node in v["nodes"]]


@pytest.mark.parametrize("language", LABELS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_that_axe_can_find_is_wrong(
    page: Page, house: House, ended_call: str, language: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.add_init_script(f"localStorage.setItem('language', '{language}')")
    page.goto(house.console)
    expect(page.locator(".link-connected")).to_be_visible()
    assert violations(page) == [], "the list"
    page.locator(f"[data-sid='{ended_call}']").click()
    reveal, menu = LABELS[language]
    page.get_by_role("button", name=reveal).click()
    assert violations(page) == [], "who are you"
    page.keyboard.type("Kim")
    page.keyboard.press("Enter")
    expect(page.locator(".steps .full")).to_have_count(2)
    page.get_by_role("button", name=menu).click()
    assert violations(page) == [], "the menu"
    page.locator(".sheet .try").click()
    assert violations(page) == [], "a call and the telephone"


def test_nothing_is_wrong_at_a_phones_width_nor_in_the_apis_description(
    page: Page, house: House, ended_call: str
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(house.console)
    expect(page.locator(".link-connected")).to_be_visible()
    assert violations(page) == [], "the list"
    page.locator(f"[data-sid='{ended_call}']").click()
    expect(page.locator("article.call")).to_be_visible()
    assert violations(page) == [], "a call"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"{house.console}/docs")
    expect(page.locator(".docs section").first).to_be_visible()
    assert violations(page) == [], "the API"


def test_the_keyboard_alone_opens_a_call_takes_it_and_gets_back(
    page: Page, house: House, ended_call: str
) -> None:
    page.goto(house.console)
    row = page.locator(f"[data-sid='{ended_call}']")
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator("article.call")).to_be_visible()
    expect(page.locator("main")).to_be_focused()
    page.locator("button.take").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("button.take")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Kim")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Let it go")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="I'm taking this")).to_be_focused()
    page.locator(".brand").focus()
    page.keyboard.press("Enter")
    expect(row).to_be_focused()


def test_the_telephone_takes_the_focus_and_gives_it_back(page: Page, house: House) -> None:
    page.goto(house.console)
    opener = page.get_by_role("button", name="Menu")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sheet .try")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".sheet .try")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Call", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".phone")).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_slash_searches_and_arrows_walk_the_list(
    page: Page, house: House, ended_call: str, earlier: Callable[[str], str]
) -> None:
    earlier("CA-page-search")
    page.goto(house.console)
    expect(page.locator(f"[data-sid='{ended_call}']")).to_be_visible()
    rows = page.locator(".list [data-sid]")
    search = page.get_by_role("searchbox")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    expect(search).to_have_value("")
    page.keyboard.press("ArrowDown")
    expect(rows.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(rows.last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")


def test_times_are_the_businesss_own_and_say_so(page: Page, house: House, ended_call: str) -> None:
    page.goto(f"{house.console}/c/{ended_call}")
    expect(page.locator(".about")).to_contain_text(re.compile(r"began .* (GMT\+1[01]|AE[SD]T)"))
    expect(page.locator(".about")).not_to_contain_text("UTC")


def test_an_empty_list_says_why_where_the_eye_is(page: Page, house: House) -> None:
    page.goto(house.console)
    expect(page.locator(".link-connected")).to_be_visible()
    page.get_by_role("button", name="Mine").click()
    empty = page.locator(".list .empty")
    expect(empty).to_have_text("You have taken no call")
    box, filters = empty.bounding_box(), page.locator(".filters").bounding_box()
    assert box
    assert filters
    assert box["y"] - (filters["y"] + filters["height"]) < 60
