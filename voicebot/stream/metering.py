"""What a call uses of paid services is counted from its first moment, and noted at its end."""

from __future__ import annotations

from voicebot.call import Appointments, CallSid, CallState, Change, Saved
from voicebot.openai.usage import Meter, load_prices, note_bill, open_bill
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

    async def continue_earlier(self, earlier: CallSid) -> None:
        """See Ledger.continue_earlier."""
        await self._ledger.continue_earlier(earlier)

    async def close(self) -> None:
        """The usage first."""
        await note_bill(self._bill, self._ledger)
        await self._ledger.close()


def metered(open_call: OpenCall, settings: Settings) -> OpenCall:
    """The same, with a meter for the task that opens the call; raises SettingsError now."""
    load_prices(settings.openai_prices)

    async def open_metered(call_sid: CallSid, *, caller: str | None) -> OpenLedger:
        ledger = await open_call(call_sid, caller=caller)
        return MeteredLedger(ledger, open_bill(settings, ledger.state))

    return open_metered
