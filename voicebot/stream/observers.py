"""What a call tells its observers: facts, of which nothing comes back.

    session ─ turn decided, stt awaited, … ─┐                    ┌─► metrics
    machine ─ turn answered, turn dropped ──┼─► CallTelemetry ──┼─► the call's trace
    ledger ── committed ────────────────────┘                    └─► rows in a file, where named

One row a line, as JSON: `{"kind", "at", "call", ...}` with times in milliseconds. Rows are kept in
memory, and written off the loop when the call is over.

    turn      server_ms  decision that the caller has finished -> first bot frame sent,
                         less stt_ms, model_ms and tts_ms; total_ms = all of it
    commit    ms         one commit of the ledger, as the conversation waited for it
    loop_lag  ms         how late the event loop woke a timer, ten times a second, by worker
"""

from __future__ import annotations

import asyncio
import time
from enum import StrEnum
from pathlib import Path
from typing import Final

import orjson

from voicebot.call import Change, Saved, Status
from voicebot.log import get_logger
from voicebot.openai.usage import meter
from voicebot.stream import metrics
from voicebot.stream.metrics import Outcome, Stage, outcome_of
from voicebot.telemetry import UNTRACED, Answer, CallTrace

PROBE_INTERVAL_S: Final = 0.1
PROBES_A_FLUSH: Final = 50
_OPEN: Final = (Status.ACTIVE, Status.ABANDONED)
_log = get_logger("voicebot.stream.observers")


class RowKind(StrEnum):
    """What a row tells."""

    TURN = "turn"
    COMMIT = "commit"
    LOOP_LAG = "loop_lag"


class Rows:
    """Rows of one call or of one worker; without a file none are kept."""

    def __init__(self, file: Path | None, call: str = "") -> None:
        self._file = file
        self._call = call
        self._rows: list[dict[str, object]] = []

    def note(self, kind: RowKind, **figures: float) -> None:
        """Keep one row."""
        if self._file is not None:
            rounded = {key: round(value, 3) for key, value in figures.items()}
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


class CallTelemetry:
    """The observers of one call. Moments (`at_s`) are of `time.perf_counter`.

    status   as the record has it now
    outcome  how the call would have ended if it ended now
    """

    def __init__(
        self, rows: Rows, trace: CallTrace = UNTRACED, status: Status = Status.ACTIVE
    ) -> None:
        self._rows = rows
        self._trace = trace
        self._meter = meter()
        self.status = status
        self.outcome = Outcome.DROPPED if status in _OPEN else outcome_of(status)
        self._decided_s: float | None = None
        self._stt_s = 0.0
        self._tts_s = 0.0
        self._model_before_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the conversation has not come to its end."""
        return self.status in _OPEN

    def turn_decided(self, at_s: float) -> None:
        """The caller's turn was over at that moment."""
        self._decided_s = at_s
        self._stt_s = self._tts_s = 0.0
        self._model_before_s = self._meter.waited_s
        self._trace.turn_began(at_s)

    def turn_dropped(self) -> None:
        """It was nothing that wants an answer."""
        self._trace.no_turn()
        self._decided_s = None

    def stt_awaited(self, seconds: float) -> None:
        """The answer waited so long for the transcript."""
        self._stt_s += seconds
        self._trace.waited(Stage.STT, seconds)

    def tts_awaited(self, seconds: float) -> None:
        """The answer waited so long for synthesised audio."""
        self._tts_s += seconds
        self._trace.waited(Stage.TTS, seconds)

    def turn_answered(self, at_s: float) -> None:
        """The first frame of an utterance was sent at that moment."""
        if self._decided_s is None:
            return
        total_s, self._decided_s = at_s - self._decided_s, None
        model_s = self._meter.waited_s - self._model_before_s
        server_s = max(0.0, total_s - self._stt_s - model_s - self._tts_s)
        answer = Answer(total_s, self._stt_s, model_s, self._tts_s, server_s)
        metrics.answered(answer)
        self._trace.answered(answer)
        self._rows.note(
            RowKind.TURN,
            server_ms=server_s * 1000,
            total_ms=total_s * 1000,
            stt_ms=self._stt_s * 1000,
            model_ms=model_s * 1000,
            tts_ms=self._tts_s * 1000,
        )

    def committed(self, change: Change, saved: Saved, seconds: float) -> None:
        """The record was changed. It satisfies `voicebot.call.CommitObserver`."""
        self._rows.note(RowKind.COMMIT, ms=seconds * 1000)
        self._trace.committed(change, saved, seconds)
        if change.status is not None:
            self.status = change.status
            self.outcome = outcome_of(change.status)

    def taken_over(self) -> None:
        """A newer session carries the call."""
        self.outcome = Outcome.TAKEN_OVER

    async def end(self) -> None:
        """The session is over: count it, end its trace, write its rows."""
        metrics.calls_ended[self.outcome].inc()
        self._trace.end(self.outcome)
        await self._rows.flush()


async def probe_loop(rows: Rows) -> None:
    """Tell the loop's lag until cancelled; what is kept of it is written every few seconds."""
    while True:
        for _ in range(PROBES_A_FLUSH):
            due_s = time.perf_counter() + PROBE_INTERVAL_S
            await asyncio.sleep(PROBE_INTERVAL_S)
            lag_s = max(0.0, time.perf_counter() - due_s)
            metrics.loop_lag_seconds.observe(lag_s)
            rows.note(RowKind.LOOP_LAG, ms=lag_s * 1000)
        await rows.flush()


def _append(file: Path, lines: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab", buffering=0) as target:
        target.write(lines)
