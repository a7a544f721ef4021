"""Addresses of one server, a cluster, and a master under Sentinels."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.business import Business
from voicebot.call import FIELDS, CallSid, Saved, Status
from voicebot.errors import SettingsError
from voicebot.settings import Settings
from voicebot.store import open_store
from voicebot.store.client import Address, connect, parse_address

from .calls import answered
from .cluster import cluster, sentinel

pytestmark = pytest.mark.valkey


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "redis+cluster://one:7000,two:7001",
            Address((("one", 7000), ("two", 7001)), None, None, False, ""),
        ),
        (
            "rediss+cluster://me:p%40ss@[::1]:7000",
            Address((("::1", 7000),), "me", "p@ss", True, ""),
        ),
        (
            "redis+sentinel://:secret@one:26379,two:26379/records",
            Address((("one", 26379), ("two", 26379)), None, "secret", False, "records"),
        ),
    ],
)
def test_addresses_are_read_as_they_are_written(url: str, address: Address) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    "url", ["redis+sentinel://one:26379", "redis+cluster://one", "redis+cluster://", "http://one"]
)
def test_an_address_that_cannot_be_understood_is_told(url: str) -> None:
    with pytest.raises(SettingsError, match="VOICEBOT_REDIS_URL"):
        connect(url)


async def whole_calls(settings: Settings, business: Business, url: str) -> None:
    """Calls of many slots, from the first word to the booking, read back."""
    chosen = settings.model_copy(update={"redis_url": url, "mirror_json": True})
    calls = [CallSid(f"CA{n:03}") for n in range(12)]
    async with open_store(chosen, business) as store:
        for sid in calls:
            ledger = await store.open_call(sid, caller="+61255550100")
            for second, step in enumerate(FIELDS):
                assert await ledger.commit(answered(step, 2 * second)) is Saved.REDIS
            await ledger.close()
            assert await store.update_booking_status(sid, True, email_sent=True)
        await store._chores.finish()
        for sid in calls:
            skeleton = await store.get_call_skeleton(sid)
            assert skeleton is not None
            assert len(skeleton.history) == 2 * len(FIELDS)
            assert (await store.status(sid), skeleton.confirmEmailsent) == (Status.BOOKED, True)
        assert sorted(await store.recent_calls()) == calls


@pytest.mark.slow
async def test_a_cluster_keeps_calls_of_all_its_slots(
    settings: Settings, business: Business, tmp_path: Path
) -> None:
    async with cluster(tmp_path) as nodes:
        await whole_calls(settings, business, nodes.url)


async def test_a_master_is_found_through_its_sentinel(
    settings: Settings, business: Business, tmp_path: Path
) -> None:
    async with sentinel(tmp_path) as url:
        await whole_calls(settings, business, url)
