"""Staff help in live calls from the page: each action, what becomes of it, keyboard and colleague.

PICTURES=folder keeps a screenshot of each.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.conftest import (
    A_CALL_S,
    CALLER_LEFT,
    ROOT,
    House,
    fresh_page,
    picture,
    running_house,
)
from tests.page.test_access import violations
from voicebot.bench.servers import null_manifest

pytestmark = [pytest.mark.page, pytest.mark.slow]

HEARS = """() => {
const port = Object.getOwnPropertyDescriptor(AudioWorkletNode.prototype, 'port');
Object.defineProperty(AudioWorkletNode.prototype, 'port', { get() {
  const real = port.get.call(this);
  const post = real.postMessage;
  real.postMessage = function (data, moved) {
    if (data.play?.some((byte) => (~byte & 0x70) >= 0x40)) document.body.dataset.heard = 'a voice';
    return post.call(real, data, moved);
  };
  return real;
} });
}"""
"""Marks the page once it plays samples above a thousand (of 16 bits)."""

SENTENCE = "Sam is ten minutes away."


def open_live(page: Page, house: House, sid: str, asking: str = "phone") -> None:
    """Open the call as a colleague named Kim, once the bot asks for a step."""
    page.add_init_script("localStorage.setItem('me', 'Kim')")
    page.goto(house.console)
    page.locator(f"[data-sid='{sid}']").click()
    expect(page.locator(f".steps [data-step={asking}][aria-current=step]")).to_be_visible()


def outcome_of(page: Page, what: str) -> None:
    """Wait until this was obeyed."""
    expect(page.locator(".orders li", has_text=what)).to_have_class("obeyed")


def test_a_sentence_is_said_and_its_outcome_seen(page: Page, house: House) -> None:
    sid = "CA-help-say"
    with house.ringing(sid, "address") as phone:
        open_live(page, house, sid)
        page.get_by_role("button", name="Show customer data").click()
        page.get_by_role("button", name="Say a sentence").click()
        expect(page.get_by_label("The bot says")).to_be_focused()
        page.keyboard.type(SENTENCE)
        picture(page, "say-form")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Say a sentence")).to_be_focused()
        outcome_of(page, "Sentence")
        expect(page.locator(".orders li")).to_contain_text("Kim")
        expect(page.locator(".transcript .bot p", has_text=SENTENCE)).to_be_visible()
        picture(page, "say-done")
        assert phone.wait(A_CALL_S) == CALLER_LEFT
    expect(page.locator(".help .kinds")).to_have_count(0)
    expect(page.locator(".orders li")).to_be_visible()


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Servers of a business whose staff may listen in."""
    folder = tmp_path_factory.mktemp("listening")
    demo = (ROOT / "voicebot/business/examples/demo.toml").read_text()
    (folder / "business.toml").write_text(f"listening_in = true\n{demo}")
    more = {"VOICEBOT_BUSINESS": str(folder / "business.toml")}
    with running_house(folder, more, null_manifest()) as house:
        yield house


def test_a_call_is_listened_to_until_it_ends(page: Page, open_house: House) -> None:
    sid = "CA-help-listen"
    with open_house.ringing(sid, "service") as phone:
        open_live(page, open_house, sid)
        page.evaluate(HEARS)
        page.get_by_role("button", name="Listen in").click()
        expect(page.get_by_role("button", name="Listen in")).to_have_attribute(
            "aria-pressed", "true"
        )
        expect(page.locator("body")).to_have_attribute("data-heard", "a voice")
        picture(page, "listen")
        assert violations(page) == []
        assert phone.wait(A_CALL_S) == CALLER_LEFT
    expect(page.locator(".help .kinds")).to_have_count(0)
    heard = [(e["call_sid"], e["by"]) for e in open_house.server.events("staff_listens")]
    assert heard == [(sid, "Kim")]


def test_nobody_listens_in_where_the_business_does_not_say_so(page: Page, house: House) -> None:
    sid = "CA-help-alone"
    with house.ringing(sid):
        open_live(page, house, sid)
        expect(page.get_by_role("button", name="Say a sentence")).to_be_visible()
        expect(page.get_by_role("button", name="Listen in")).to_have_count(0)


def test_a_correction_is_saved_as_confirmed_and_not_asked_for(page: Page, house: House) -> None:
    sid = "CA-help-correct"
    with house.ringing(sid, "service") as phone:
        open_live(page, house, sid)
        page.get_by_role("button", name="Show customer data").click()
        page.get_by_role("button", name="Correct an answer").click()
        page.get_by_role("combobox", name="Answer").select_option("email")
        page.get_by_label("New value").fill("robin@example.com")
        picture(page, "correct-form")
        assert violations(page) == []
        page.get_by_role("button", name="Save as confirmed").click()
        outcome_of(page, "Correction: E-mail")
        email = page.locator(".steps [data-step=email]")
        expect(email.locator(".value")).to_have_text("robin@example.com")
        expect(email.locator("em")).to_have_text("confirmed")
        picture(page, "correct-done")
        assert phone.wait(A_CALL_S) == CALLER_LEFT
    expect(email.locator(".value")).to_have_text("robin@example.com")
    expect(page.locator(".transcript")).not_to_contain_text("What's your e-mail")


def test_a_time_that_cannot_be_had_says_why(page: Page, house: House) -> None:
    sid = "CA-help-time"
    with house.ringing(sid, "phone"):
        open_live(page, house, sid, "name")
        page.get_by_role("button", name="Correct an answer").click()
        page.get_by_role("combobox", name="Answer").select_option("time")
        page.get_by_label(re.compile("Day and time .*Sydney")).fill("2020-03-04T09:30")
        page.get_by_role("button", name="Save as confirmed").click()
        refused = page.locator(".orders li.refused")
        expect(refused).to_contain_text("That time has gone.")
        page.get_by_role("button", name="Correct an answer").click()
        page.get_by_role("combobox", name="Answer").select_option("phone")
        page.get_by_label("New value").fill("twelve")
        page.get_by_role("button", name="Save as confirmed").click()
        expect(page.get_by_role("alert")).to_have_text("This is not valid.")
        picture(page, "refused")


def test_two_colleagues_act_at_once_and_see_each_others_orders(
    page: Page, house: House, browser: Browser
) -> None:
    sid = "CA-help-two"
    with fresh_page(browser) as colleague, house.ringing(sid) as phone:
        open_live(page, house, sid)
        colleague.add_init_script("localStorage.setItem('me', 'Lee')")
        colleague.goto(f"{house.console}/c/{sid}")
        page.get_by_role("button", name="End the call").click()
        colleague.get_by_role("button", name="Put through").click()
        picture(page, "end-form")
        picture(colleague, "transfer-form")
        page.get_by_role("button", name="Say goodbye and end").click()
        colleague.get_by_role("button", name="Put through now").click()
        for shown in (page, colleague):
            expect(shown.locator(".orders li")).to_have_count(2)
            expect(shown.locator(".orders .obeyed")).to_have_count(1)
            expect(shown.locator(".orders .refused")).to_contain_text("The call had ended.")
            expect(shown.locator(".help .kinds")).to_have_count(0)
        picture(colleague, "two")
        phone.wait(A_CALL_S)


def test_a_caller_is_put_through(page: Page, house: House) -> None:
    sid = "CA-help-transfer"
    with house.ringing(sid) as phone:
        open_live(page, house, sid)
        page.get_by_role("button", name="Put through").click()
        page.get_by_role("button", name="Put through now").click()
        outcome_of(page, "Put through")
        expect(page.locator("article .state-person")).to_be_visible()
        expect(page.locator("article .banner.person")).to_be_visible()
        picture(page, "transfer-done")
        phone.wait(A_CALL_S)


def test_the_keyboard_alone_gives_an_order_or_none(page: Page, house: House) -> None:
    sid = "CA-help-keys"
    with house.ringing(sid, "address"):
        open_live(page, house, sid)
        say = page.get_by_role("button", name="Say a sentence")
        say.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("The bot says")).to_be_focused()
        page.keyboard.type("Never mind")
        page.keyboard.press("Escape")
        expect(page.locator(".order")).to_have_count(0)
        expect(say).to_be_focused()
        expect(page.locator(".orders li")).to_have_count(0)
        page.keyboard.press("Enter")
        expect(page.get_by_label("The bot says")).to_be_focused()
        page.keyboard.type(SENTENCE)
        page.keyboard.press("Enter")
        outcome_of(page, "Sentence")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_a_phones_width_in_chinese(
    page: Page, house: House, scheme: str
) -> None:
    sid = f"CA-help-axe-{scheme}"
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": 390, "height": 844})
    page.add_init_script("localStorage.setItem('language', 'zh')")
    with house.ringing(sid, "address"):
        open_live(page, house, sid)
        page.get_by_role("button", name="播报一句话").click()
        page.get_by_label("机器人要说").fill("师傅马上到。")
        assert violations(page) == [], "a sentence"
        page.get_by_role("button", name="播报", exact=True).click()
        expect(page.locator(".orders li")).to_be_visible()
        assert violations(page) == [], "an order"
        page.get_by_role("button", name="结束通话").click()
        assert violations(page) == [], "the end"
        picture(page, f"narrow-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
