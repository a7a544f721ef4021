"""The latency of turns and commits, measured by observers: they get facts and return nothing.

    machine ─ turn began, dropped, waited ─┐                   ┌─► metrics
    session ─ first frame ─────────────────┼─► CallTelemetry ──┼─► the call's trace
    ledger ── committed ───────────────────┘                   └─► rows in a file, where named

One row a line, as JSON: `{"kind", "at", "call", ...}` with times in milliseconds. Rows are kept in
memory, and written off the loop when the call is over.

    turn      server_ms  decision that the caller has finished -> first bot frame sent,
                         less stt_ms, model_ms and tts_ms; total_ms = all of it;
                         commit_ms = the commits in server_ms; before the decision, from the pause:
                         silent_ms, and of the recogniser queued_ms and worked_ms
    commit    ms         one commit of the ledger, as the conversation waited for it
    loop_lag  ms         how late the event loop woke a timer, four times a second, by worker
"""

import asyncio
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

import orjson

from voicebot import telemetry as facts
from voicebot.call import Change, Saved, Status, Step
from voicebot.log import get_logger
from voicebot.openai import meter
from voicebot.stream import metrics
from voicebot.stream.metrics import Outcome, outcome_of
from voicebot.telemetry import CallTrace, Fact, Stage, untraced

PROBE_INTERVAL_S: Final = 0.25
PROBES_A_FLUSH: Final = 20
_log = get_logger("voicebot.stream.latency")


class Rows:
    """Rows of one call or of one worker; without a file none are kept."""

    def __init__(self, file: Path | None, call: str = "") -> None:
        self._file = file
        self._call = call
        self._rows: list[dict[str, object]] = []

    def note(self, kind: str, **figures: float) -> None:
        """Keep one row."""
        if self._file is not None:
            rounded = {name: round(value, 3) for name, value in figures.items()}
            self._rows.append({"kind": kind, "at": time.time(), "call": self._call, **rounded})

    async def flush(self) -> None:
        """Append the rows to the file, all in one write, so that workers can share it."""
        if self._file is None or not self._rows:
            return
        rows, self._rows = self._rows, []
        lines = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        try:
            await asyncio.to_thread(_append, self._file, lines)
        except OSError as error:
            _log.warning("measure_not_written", error=error)


def _append(file: Path, lines: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab", buffering=0) as target:
        target.write(lines)


class CallTelemetry:
    """The observers of one call. Moments (`at_s`) are of `time.perf_counter`.

    status   as the record has it now
    step     the open question, likewise
    outcome  how the call would have ended if it ended now
    """

    def __init__(
        self,
        rows: Rows,
        trace: CallTrace = untraced,
        status: Status = Status.ACTIVE,
        step: Step = Step.NAME,
    ) -> None:
        self._rows = rows
        self._trace = trace
        self._meter = meter()
        self.status = status
        self.step = step
        self.outcome = Outcome.DROPPED if self.is_open else outcome_of(status)
        self._decided_s: float | None = None
        self._waited: defaultdict[Stage, float] = defaultdict(float)
        self._model_before_s = 0.0
        self._commits_s = 0.0
        self._heard = facts.Heard(0.0, 0.0, 0.0)

    @property
    def is_open(self) -> bool:
        """True until the conversation has come to its end."""
        return self.status in (Status.ACTIVE, Status.ABANDONED)

    def tell(self, fact: Fact) -> None:
        """Take the next fact."""
        match fact:
            case facts.TurnBegan(at_s):
                self._decided_s = at_s
                self._waited.clear()
                self._commits_s = 0.0
                self._heard = facts.Heard(0.0, 0.0, 0.0)
                self._model_before_s = self._meter.waited_s
            case facts.TurnDropped():
                self._decided_s = None
            case facts.Waited(stage, seconds):
                self._waited[stage] += seconds
            case facts.Heard():
                self._heard = fact
            case facts.Committed(change, _, seconds):
                self._rows.note("commit", ms=seconds * 1000)
                self._commits_s += seconds
                self.step = change.step or self.step
                if change.status is not None:
                    self.status = change.status
                    self.outcome = outcome_of(change.status)
            case facts.Answered():
                metrics.answered(fact)
                commit_ms = min(self._commits_s * 1000, fact.in_ms()["server_ms"])
                heard = self._heard
                self._rows.note(
                    "turn",
                    **fact.in_ms(),
                    commit_ms=commit_ms,
                    silent_ms=heard.silent_s * 1000,
                    queued_ms=heard.queued_s * 1000,
                    worked_ms=heard.worked_s * 1000,
                )
        self._trace(fact)

    def committed(self, change: Change, saved: Saved, seconds: float) -> None:
        """Take a commit. It is a `voicebot.call.CommitObserver`."""
        self.tell(facts.Committed(change, saved, seconds))

    def first_frame(self, at_s: float) -> None:
        """Note the first frame of an utterance: it answers the turn, if any."""
        if self._decided_s is not None:
            model_s = self._meter.waited_s - self._model_before_s
            waited = {**self._waited, Stage.MODEL: model_s}
            self.tell(facts.Answered(at_s - self._decided_s, waited))
            self._decided_s = None

    async def end(self) -> None:
        """Count the session, which is over, end its trace, and write its rows."""
        metrics.calls_ended[self.outcome].inc()
        if self.outcome in metrics.LEFT:
            metrics.calls_left[self.step].inc()
        self.tell(facts.Ended(self.outcome))
        await self._rows.flush()


async def probe_loop(rows: Rows) -> None:
    """Tell the loop's lag until cancelled; what is kept of it is written every few seconds."""
    while True:
        for _ in range(PROBES_A_FLUSH):
            due_s = time.perf_counter() + PROBE_INTERVAL_S
            await asyncio.sleep(PROBE_INTERVAL_S)
            lag_s = max(0.0, time.perf_counter() - due_s)
            metrics.loop_lag_seconds.observe(lag_s)
            rows.note("loop_lag", ms=lag_s * 1000)
        await rows.flush()
