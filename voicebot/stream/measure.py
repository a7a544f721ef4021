"""What a call cost: told to metrics and to its trace as it happens; and, where a file is named,
rows kept in memory, written as JSON lines, off the loop, when it is over.

One row a line: `{"kind", "at", "call", ...}` with times in milliseconds.

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

from voicebot.call import Appointments, CallSid, Change, Ledger, Saved, Status
from voicebot.errors import Fenced
from voicebot.log import get_logger
from voicebot.openai.usage import meter
from voicebot.stream import metrics
from voicebot.stream.metrics import Outcome, Stage, outcome_of
from voicebot.tracing import UNTRACED, Answer, CallTrace

PROBE_INTERVAL_S: Final = 0.1
PROBES_A_FLUSH: Final = 50
_log = get_logger("voicebot.stream.measure")


class Kind(StrEnum):
    """What a row tells."""

    TURN = "turn"
    COMMIT = "commit"
    LOOP_LAG = "loop_lag"


class Measure:
    """A page of rows, of one call or of one worker. Without a file it keeps none.

    trace     where the call's turns are told as well
    outcome   how the call would have ended if it ended now
    """

    def __init__(self, file: Path | None, call: str = "", trace: CallTrace = UNTRACED) -> None:
        self._file = file
        self._call = call
        self.trace = trace
        self.outcome = Outcome.DROPPED
        self._rows: list[dict[str, object]] = []

    def note(self, kind: Kind, **figures: float) -> None:
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


def stopwatch() -> float:
    """Seconds of a fine clock; a loop's own may tick in whole milliseconds."""
    return time.perf_counter()


class TurnTimer:
    """From the decision that the caller has finished to the bot's first frame.

    Moments (`at`) are of `stopwatch`. The meter of the call tells how long the conversation
    waited for a model that understands.
    """

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._trace = measure.trace
        self._bill = meter()
        self._decided_at: float | None = None
        self._stt_s = 0.0
        self._tts_s = 0.0
        self._model_before_s = 0.0

    def decided(self, at: float) -> None:
        """The caller's turn was over at that moment."""
        self._decided_at = at
        self._stt_s = self._tts_s = 0.0
        self._model_before_s = self._bill.waited_s
        self._trace.turn_began(at)

    def dropped(self) -> None:
        """It was nothing that wants an answer."""
        self._trace.no_turn()
        self._decided_at = None

    def listened(self, seconds: float) -> None:
        """Waited so long for the recogniser."""
        self._stt_s += seconds
        self._trace.waited(Stage.STT, seconds)

    def prepared(self, seconds: float) -> None:
        """Waited so long for the first audio of the answer."""
        self._tts_s += seconds
        self._trace.waited(Stage.TTS, seconds)

    def answered(self, at: float) -> None:
        """The first frame of the answer was sent."""
        if self._decided_at is None:
            return
        total_s = at - self._decided_at
        model_s = self._bill.waited_s - self._model_before_s
        self._decided_at = None
        server_s = max(0.0, total_s - self._stt_s - model_s - self._tts_s)
        answer = Answer(total_s, self._stt_s, model_s, self._tts_s, server_s)
        metrics.answered(answer)
        self._trace.answered(answer)
        self._measure.note(
            Kind.TURN,
            server_ms=server_s * 1000,
            total_ms=total_s * 1000,
            stt_ms=self._stt_s * 1000,
            model_ms=model_s * 1000,
            tts_ms=self._tts_s * 1000,
        )


class TimedPen:
    """A ledger whose commits are timed, and which remembers the status that it wrote last.

    It satisfies `voicebot.call.Ledger`.
    """

    def __init__(self, ledger: Ledger, measure: Measure) -> None:
        self._ledger = ledger
        self._measure = measure
        self.state = ledger.state
        self.status = ledger.state.status
        if not self.is_open:
            measure.outcome = outcome_of(self.status)

    async def commit(self, change: Change) -> Saved:
        """See Ledger.commit."""
        began = stopwatch()
        try:
            saved = await self._ledger.commit(change)
        except Fenced:
            self._measure.outcome = Outcome.TAKEN_OVER
            raise
        seconds = stopwatch() - began
        self._measure.note(Kind.COMMIT, ms=seconds * 1000)
        self._measure.trace.committed(change, saved, seconds)
        if change.status is not None:
            self.status = change.status
            self._measure.outcome = outcome_of(change.status)
        return saved

    @property
    def appointments(self) -> Appointments:
        """See Ledger.appointments."""
        return self._ledger.appointments

    async def continue_earlier(self, earlier: CallSid) -> None:
        """See Ledger.continue_earlier."""
        await self._ledger.continue_earlier(earlier)

    @property
    def is_open(self) -> bool:
        """Has the conversation not come to its end?"""
        return self.status in (Status.ACTIVE, Status.ABANDONED)


async def probe_loop(measure: Measure) -> None:
    """Tell the loop's lag until cancelled; what is kept of it is written every few seconds."""
    while True:
        for _ in range(PROBES_A_FLUSH):
            due = stopwatch() + PROBE_INTERVAL_S
            await asyncio.sleep(PROBE_INTERVAL_S)
            lag_s = max(0.0, stopwatch() - due)
            metrics.loop_lag_seconds.observe(lag_s)
            measure.note(Kind.LOOP_LAG, ms=lag_s * 1000)
        await measure.flush()


def _append(file: Path, lines: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab", buffering=0) as target:
        target.write(lines)
