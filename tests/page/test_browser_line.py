"""A browser as a telephone where calls are signed: the line itself, with nobody speaking."""

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.conftest import House, fresh_page, ring, running_house

pytestmark = [pytest.mark.page, pytest.mark.slow]

A_RESTART_MS = 30_000


@pytest.fixture(scope="module")
def full_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Servers that carry one call."""
    with running_house(tmp_path_factory.mktemp("full"), {"VOICEBOT_MAX_CALLS": "1"}) as house:
        yield house


def test_a_call_goes_on_by_itself_when_the_stream_server_is_killed(
    calling_page: Page, guarded_house: House
) -> None:
    page = calling_page
    page.goto(guarded_house.console)
    page.get_by_label("Access token").fill("sesame")
    page.get_by_role("button", name="Sign in").click()
    ring(page)
    expect(page.locator(".phone[data-state=talking]")).to_be_visible()
    expect(page.locator(".transcript .bot").first).to_be_visible()
    address = page.url
    os.kill(guarded_house.server.pid_of("stream 1"), signal.SIGKILL)
    expect(page.locator(".phone[data-state=again]")).to_be_visible()
    expect(page.locator(".phone [role=status]")).to_have_text("The line broke. Connecting again …")
    expect(page.locator(".phone[data-state=talking]")).to_be_visible(timeout=A_RESTART_MS)
    expect(page.locator("article .state-resumed")).to_be_visible()
    assert page.url == address, "it is the same call"
    page.get_by_role("button", name="Hang up").click()
    expect(page.locator(".phone[data-state=over]")).to_be_visible()
    expect(page.locator(".phone [role=status]")).to_have_text("Call ended: caller hung up")
    assert guarded_house.server.events("upgrade_not_signed") == []


def test_a_stranger_without_signature_gets_neither_webhook_nor_stream(
    page: Page, guarded_house: House
) -> None:
    """The same browser, but not by way of the console."""
    page.goto(guarded_house.console)
    door = guarded_house.server.phone_url
    address = door.replace("http", "ws")
    opened = page.evaluate(
        """async (url) => new Promise((done) => {
            const socket = new WebSocket(url);
            socket.onopen = () => done(true);
            socket.onclose = () => done(false);
        })""",
        f"{address}/media/web-1/1.2.3",
    )
    assert opened is False
    assert page.request.get(f"{door}/twiml?CallSid=web-1").status == 403


def test_who_finds_no_room_waits_and_is_connected_when_there_is_some(
    calling_page: Page, calling_browser: Browser, full_house: House
) -> None:
    first = calling_page
    first.goto(full_house.console)
    ring(first)
    expect(first.locator(".phone[data-state=talking]")).to_be_visible()
    with fresh_page(calling_browser) as second:
        second.goto(full_house.console)
        ring(second)
        expect(second.locator(".phone[data-state=queued]")).to_be_visible()
        status = second.locator(".phone [role=status]")
        expect(status).to_have_text("All lines are busy. Waiting …")
        first.get_by_role("button", name="Hang up").click()
        expect(second.locator(".phone[data-state=talking]")).to_be_visible()
        expect(second.locator(".transcript .bot").first).to_be_visible()


def test_who_finds_no_room_at_all_reads_the_apology(
    calling_page: Page, calling_browser: Browser, full_house: House
) -> None:
    first = calling_page
    first.goto(full_house.console)
    ring(first)
    expect(first.locator(".phone[data-state=talking]")).to_be_visible()
    with fresh_page(calling_browser) as second:
        second.goto(full_house.console)
        ring(second)
        expect(second.locator(".phone[data-state=over]")).to_be_visible(timeout=A_RESTART_MS)
        expect(second.locator(".phone [role=status]")).to_contain_text("busy")
