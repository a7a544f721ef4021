"""What a call has used stands in its record."""

from __future__ import annotations

import orjson

from tests.stream.calls import Notebook
from voicebot.call import CallSid, CallState
from voicebot.openai.usage import Usage, meter
from voicebot.settings import Settings
from voicebot.stream.metering import metered
from voicebot.stream.session import OpenLedger

SID = CallSid("CA1")


async def opened(notebook: Notebook, **settings: object) -> OpenLedger:
    async def open_call(call_sid: CallSid, *, caller: str | None) -> OpenLedger:
        return notebook

    made = Settings(_env_file=None, **settings)  # type: ignore[arg-type]
    return await metered(open_call, made)(SID, caller=None)


async def test_the_last_commit_tells_what_was_used() -> None:
    notebook = Notebook()
    ledger = await opened(notebook)
    meter().heard("gpt-live-transcribe", 30)
    await ledger.close()
    usage = orjson.loads(notebook.changes[-1].usage or "")
    assert usage["heard_s"] == 30
    assert usage["cost_usd"] > 0
    assert notebook.closed.is_set()


async def test_a_call_that_used_nothing_has_no_usage() -> None:
    notebook = Notebook()
    await (await opened(notebook)).close()
    assert notebook.changes == []


async def test_a_call_that_goes_on_counts_on_and_keeps_its_cap() -> None:
    earlier = Usage(heard_s=60, cost_usd=0.4)
    notebook = Notebook(CallState(usage=earlier.to_json()))
    ledger = await opened(notebook, openai_max_cost=0.41)
    assert not meter().is_spent
    meter().heard("gpt-live-transcribe", 60)
    assert meter().is_spent
    await ledger.close()
    assert orjson.loads(notebook.changes[-1].usage or "")["heard_s"] == 120


async def test_a_newer_session_counts_for_itself() -> None:
    notebook = Notebook(fenced=True)
    ledger = await opened(notebook)
    meter().heard("gpt-live-transcribe", 30)
    await ledger.close()
    assert notebook.closed.is_set()
