"""A call's timings as rows, its use of paid services in its record."""

from pathlib import Path

import orjson
import pytest

from tests.stream.calls import Notebook, call
from voicebot.call import CallState, Change, Saved, Status
from voicebot.collect.collector import Hear, SayAloud
from voicebot.ledger import Ledger
from voicebot.openai import Usage, meter, open_bill
from voicebot.settings import Settings
from voicebot.stream.latency import CallTelemetry, Rows
from voicebot.stream.metrics import Outcome
from voicebot.telemetry import Heard, Stage, TurnBegan, TurnDropped, Waited

pytestmark = pytest.mark.virtual_time


def rows_in(file: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


async def test_an_answers_wait_is_told_by_what_it_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "rows"
    telemetry = CallTelemetry(Rows(file, "CA1"))
    telemetry.tell(TurnBegan(10.0))
    telemetry.tell(Waited(Stage.STT, 0.2))
    telemetry.tell(Heard(0.5, 0.1, 0.6))
    telemetry.tell(Waited(Stage.TTS, 0.3))
    telemetry.first_frame(11.0)
    telemetry.first_frame(12.0)  # another utterance of the same answer
    await telemetry.end()
    (row,) = rows_in(file)
    assert (row["kind"], row["call"], row["total_ms"]) == ("turn", "CA1", 1000)
    assert (row["stt_ms"], row["tts_ms"], row["server_ms"]) == (200, 300, 500)
    assert (row["silent_ms"], row["queued_ms"], row["worked_ms"]) == (500, 100, 600)


async def test_a_turn_that_wants_no_answer_has_no_row(tmp_path: Path) -> None:
    file = tmp_path / "rows"
    telemetry = CallTelemetry(Rows(file))
    telemetry.tell(TurnBegan(10.0))
    telemetry.tell(TurnDropped())
    telemetry.first_frame(11.0)
    telemetry.committed(Change(), Saved.REDIS, 0.004)
    await telemetry.end()
    (row,) = rows_in(file)
    assert (row["kind"], row["ms"]) == ("commit", 4)


@pytest.mark.parametrize(
    ("found", "written", "outcome"),
    [
        (Status.ACTIVE, None, Outcome.DROPPED),
        (Status.ABANDONED, None, Outcome.DROPPED),
        (Status.BOOKED, None, Outcome.BOOKED),
        (Status.ACTIVE, Status.ABANDONED, Outcome.ABANDONED),
        (Status.ACTIVE, Status.TRANSFER, Outcome.TRANSFER),
    ],
)
def test_the_outcome_is_that_of_the_status_written_last(
    found: Status, written: Status | None, outcome: Outcome
) -> None:
    telemetry = CallTelemetry(Rows(None), status=found)
    telemetry.committed(Change(status=written), Saved.REDIS, 0.0)
    assert telemetry.outcome is outcome


async def usage_after(notebook: Notebook, heard_s: float, **settings: object) -> Usage | None:
    """Return the usage in the record of a call that heard so much for money."""

    async def converse(ledger: Ledger, hear: Hear, say: SayAloud) -> None:
        made = Settings(_env_file=None, **settings)  # type: ignore[arg-type]
        open_bill(made, ledger.state)
        if heard_s:
            assert not meter().is_spent
            meter().heard("gpt-live-transcribe", heard_s)
            assert meter().is_spent is bool(settings)

    async with call(converse=converse, notebook=notebook) as c:
        await c.ended.wait()
    assert notebook.closed.is_set()
    noted = [change.usage for change in notebook.changes if change.usage]
    return Usage(**orjson.loads(noted[-1])) if noted else None


async def test_the_last_commit_tells_what_was_used() -> None:
    used = await usage_after(Notebook(), 30)
    assert used is not None
    assert used.heard_s == 30
    assert used.cost_usd > 0


async def test_a_call_that_used_nothing_has_no_usage() -> None:
    assert await usage_after(Notebook(), 0) is None


async def test_a_call_that_goes_on_counts_on_and_keeps_its_cap() -> None:
    earlier = Usage(heard_s=60, cost_usd=0.4)
    notebook = Notebook(CallState(usage=earlier.to_json()))
    used = await usage_after(notebook, 60, openai_max_cost=0.41)
    assert used is not None
    assert used.heard_s == 120


async def test_a_newer_session_counts_for_itself() -> None:
    assert await usage_after(Notebook(fenced=True), 30) is None
