"""What a call uses of paid services is counted from its first moment, and noted at its end."""

from __future__ import annotations

from contextlib import suppress

from voicebot.call import Appointments, CallSid, CallState, Change, Saved
from voicebot.errors import Fenced
from voicebot.openai_api.usage import Meter, load_prices, read_usage, start_meter
from voicebot.settings import Settings
from voicebot.stream.server import OpenCall
from voicebot.stream.session import OpenLedger


class MeteredLedger:
    """A ledger whose last commit tells what the call has used. It satisfies OpenLedger."""

    def __init__(self, ledger: OpenLedger, bill: Meter) -> None:
        self._ledger = ledger
        self._bill = bill

    @property
    def state(self) -> CallState:
        """See Ledger.state."""
        return self._ledger.state

    @property
    def appointments(self) -> Appointments:
        """See Ledger.appointments."""
        return self._ledger.appointments

    async def commit(self, change: Change) -> Saved:
        """See Ledger.commit."""
        return await self._ledger.commit(change)

    async def continue_earlier(self) -> None:
        """See Ledger.continue_earlier."""
        await self._ledger.continue_earlier()

    async def close(self) -> None:
        """The usage first, if there was any; a newer session counts for itself."""
        if self._bill.touched:
            with suppress(Fenced):
                await self._ledger.commit(Change(usage=self._bill.usage.to_json()))
        await self._ledger.close()


def metered(open_call: OpenCall, settings: Settings) -> OpenCall:
    """The same, with a meter for the task that opens the call; raises SettingsError now."""
    prices = load_prices(settings.openai_prices)

    async def open_metered(call_sid: CallSid, *, caller: str | None) -> OpenLedger:
        ledger = await open_call(call_sid, caller=caller)
        used = read_usage(ledger.state.usage)
        bill = Meter(prices, settings.openai_max_cost, used)
        start_meter(bill)
        return MeteredLedger(ledger, bill)

    return open_metered
