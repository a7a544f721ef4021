"""A call's bill: opened with what its record says was used, noted there when the session ends."""

from __future__ import annotations

from contextlib import suppress

from voicebot.call import CallState, Change, Ledger
from voicebot.errors import Fenced
from voicebot.openai.usage import Meter, load_prices, read_usage, start_meter
from voicebot.settings import Settings


def open_bill(settings: Settings, state: CallState) -> Meter:
    """This task's meter from now on, under the cap of one call. Raises SettingsError."""
    prices = load_prices(settings.openai_prices)
    bill = Meter(prices, settings.openai_max_cost, read_usage(state.usage))
    start_meter(bill)
    return bill


async def note_bill(bill: Meter, ledger: Ledger) -> None:
    """Into the record, if anything was used; a newer session counts for itself."""
    if bill.touched:
        with suppress(Fenced):
            await ledger.commit(Change(usage=bill.usage.to_json()))
