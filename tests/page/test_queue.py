"""What to do first: the queue of those who wait, whose it is, notes, and what is done."""

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import House, picture
from tests.page.test_access import violations
from voicebot.business import load_business
from voicebot.call import CallSid, Change, Message, Needs, Speaker, Status, Step, Wish
from voicebot.settings import Settings
from voicebot.store import open_store

pytestmark = [pytest.mark.page, pytest.mark.slow]

SERVICE = load_business(None).services[0].service


def words(minutes_ago: int) -> tuple[Message, ...]:
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return (Message(Speaker.CALLER, "Hello", at),)


def waiting_call() -> Change:
    return Change(
        answers={Step.NAME: "Robin Carter", Step.PHONE: "+61412345678"},
        messages=words(20),
        status=Status.INCOMPLETE,
        needs=Needs.PERSON,
        wish=Wish.COMPLAINT,
    )


def promised_call() -> Change:
    return Change(
        answers={Step.NAME: "Ana Silva"},
        messages=words(50),
        status=Status.INCOMPLETE,
        needs=Needs.FOLLOW_UP,
        dialogue=json.dumps({"mode": "ended", "promised": True}),
    )


def unsure_call() -> Change:
    return Change(
        answers={
            Step.NAME: "Li Wei",
            Step.PHONE: "+61412345600",
            Step.SERVICE: SERVICE,
            Step.TIME: (datetime.now(UTC) + timedelta(days=1)).astimezone(
                ZoneInfo("Australia/Sydney")
            ),
        },
        messages=words(90),
        confirmed=frozenset({Step.TIME}),
        status=Status.BOOKED,
        booked=True,
        step=Step.DONE,
        dialogue=json.dumps({"mode": "ended", "settled": ["phone"]}),
    )


def stuck_call() -> Change:
    return Change(step=Step.ADDRESS, dialogue=json.dumps({"mode": "asking", "put": 3}))


@contextmanager
def calls(house: House, folder: Path, **changes: Change) -> Iterator[None]:
    """Calls with these changes, committed by sessions of their own; `stuck` is on the phone."""
    url = (Path(house.env["VOICEBOT_DATA_DIR"]) / "redis-url").read_text().strip()
    settings = Settings(_env_file=None, redis_url=url, data_dir=folder)
    stack, loop = AsyncExitStack(), asyncio.new_event_loop()

    async def write() -> None:
        store = await stack.enter_async_context(open_store(settings, load_business(None)))
        for name, change in changes.items():
            sid = CallSid(f"CA-queue-{name}")
            if name == "stuck":
                await stack.enter_async_context(store.index.hold(sid))
                while not await store.index.is_live(sid):
                    pass  # the request itself gives way
            ledger = await store.open_call(sid, caller=None)
            await ledger.commit(change)
            if name == "waits":
                store.note_dialled(sid, "no-answer", False)

    with ThreadPoolExecutor(1) as beside_playwrights_loop:
        beside_playwrights_loop.submit(loop.run_forever)
        try:
            asyncio.run_coroutine_threadsafe(write(), loop).result()
            yield
        finally:
            asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            beside_playwrights_loop.shutdown()
            loop.close()


def queued(page: Page) -> list[str]:
    mine = page.locator(".queue [data-queued^='CA-queue-']")
    return [name.removeprefix("CA-queue-") for name in mine.evaluate_all(
        "all => all.map(one => one.dataset.queued)"
    )]  # fmt: skip


def test_a_stuck_caller_is_first_then_who_wants_a_person_then_promises_and_doubts(
    page: Page, house: House, tmp_path: Path
) -> None:
    page.add_init_script("localStorage.setItem('me', 'Kim')")
    given = {
        "unsure": unsure_call(),
        "promised": promised_call(),
        "waits": waiting_call(),
        "stuck": stuck_call(),
    }
    with calls(house, tmp_path, **given):
        page.goto(house.console)
        expect(page.locator("[data-queued='CA-queue-stuck']")).to_be_visible()
        assert queued(page) == ["stuck", "waits", "promised", "unsure"]
        stuck = page.locator("[data-queued='CA-queue-stuck']")
        expect(stuck).to_contain_text("Stuck: asked 3 times for the address")
        waits = page.locator("[data-queued='CA-queue-waits']")
        expect(waits).to_contain_text("Put through, and nobody answered")
        expect(waits).to_contain_text("Complains · 20 min ago")
        picture(page, "queue")
        assert violations(page) == []
        waits.get_by_role("button", name="I'm taking this").click()
        expect(waits.get_by_text("You have this")).to_be_visible()
        page.get_by_role("button", name=re.compile("^Mine")).click()
        expect(page.locator(".list li")).to_have_count(1)
        page.locator(".list [data-sid='CA-queue-waits']").click()
        page.get_by_role("button", name="Show customer data").click()
        phone = page.locator(".steps [data-step=phone] a")
        expect(phone).to_have_attribute("href", "tel:+61412345678")
        page.get_by_label("Note for colleagues").fill("Rang back, will pay.")
        page.keyboard.press("Enter")
        expect(page.locator(".notes li")).to_contain_text("Kim: Rang back, will pay.")
        expect(page.get_by_label("Note for colleagues")).to_have_value("")
        page.get_by_role("button", name="Done").click()
        expect(page.locator(".banner.finished")).to_have_text("Kim has dealt with this.")
        picture(page, "done")
        expect(page.locator(".list li")).to_have_count(0)
        page.locator(".brand").click()
        expect(page.locator("[data-queued='CA-queue-waits']")).to_have_count(0)
        page.locator("[data-queued='CA-queue-promised']").get_by_role("button", name="Done").click()
        expect(page.locator("[data-queued='CA-queue-promised']")).to_have_count(0)


def test_an_answer_without_its_yes_is_amber_until_somebody_has_dealt_with_it(
    page: Page, house: House, tmp_path: Path
) -> None:
    page.add_init_script("localStorage.setItem('me', 'Kim')")
    with calls(house, tmp_path, doubt=unsure_call()):
        page.goto(f"{house.console}/c/CA-queue-doubt")
        phone = page.locator(".steps [data-step=phone]")
        expect(phone.locator("em.unsure")).to_have_text("not confirmed")
        expect(page.locator(".banner.unsure")).to_contain_text("Not confirmed: Phone")
        picture(page, "unsure")
        assert violations(page) == []
        page.get_by_role("button", name="Done").click()
        expect(page.locator(".banner.unsure")).to_have_count(0)
        page.get_by_role("button", name="Not done").click()
        expect(page.locator(".banner.follow_up")).to_be_visible()
