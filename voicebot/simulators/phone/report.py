"""The printed report of a simulated call: conversation, latencies, record."""

import json
import statistics
import sys
from collections.abc import Iterator
from datetime import datetime

from voicebot.call import FIELDS
from voicebot.simulators.phone.console import Record


class Report:
    """Prints a call as it happens. With `quiet`, only the record is printed to stdout."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._latencies_ms: list[float] = []
        self._noticed: set[str] = set()

    def began(self, call_sid: str) -> None:
        """Print the callSid."""
        self.said("call", call_sid)

    def said(self, who: str, text: str) -> None:
        """Print a message of the bot, from the record, a line of the caller, or a fact."""
        if not self._quiet:
            print(f"{who:>8}  {text}", flush=True)

    def answered(self, latency_ms: float) -> None:
        """Print the latency from the caller's last voiced sample to the bot's first frame."""
        self._latencies_ms.append(latency_ms)
        self.said("", f"[answered after {latency_ms:.0f} ms]")

    def noticed(self, text: str) -> None:
        """Print a remark to stderr, once each."""
        if text not in self._noticed:
            self._noticed.add(text)
            print(f"{'--':>8}  {text}", file=sys.stderr, flush=True)

    def finish(self, outcome: str, record: Record | None) -> None:
        """Print the outcome, the stored record and the median latency; quiet: the whole record."""
        if self._quiet:
            whole = record.whole if record else None
            print(json.dumps(whole, ensure_ascii=False, indent=2), flush=True)
            return
        self.said("", f"[{outcome}]")
        for line in summary(record) if record else ["there is no record to show"]:
            self.said("", line)
        if self._latencies_ms:
            middle, count = statistics.median(self._latencies_ms), len(self._latencies_ms)
            turns = "turn" if count == 1 else "turns"
            self.said("", f"median latency {middle:.0f} ms over {count} {turns}")


def summary(record: Record) -> Iterator[str]:
    """Yield the record as lines, one per field."""
    yield f"stored in call:{{{record.callSid}}}"
    yield _line("begun", _clock(record.createdAt))
    yield _line("company", f"{record.company.name}, services: {len(record.services)}")
    for step in FIELDS:
        saved = _clock(record.user.userInfo.get(f"{step}_timestamp"))
        yield _line(step, record.values.get(step), f"saved {saved}" if saved else "")
    yield _line("booked", "yes" if record.servicebooked else "no")
    yield _line("mail", "confirmed" if record.confirmEmailsent else "no confirmation sent")
    yield _line("status", f"{record.status}, step {record.step or ''}")
    yield _line("history", f"{len(record.history)} messages")
    yield f"all of it: voicebot show {record.callSid}"


def _line(label: str, value: str | None, remark: str = "") -> str:
    return f"  {label:<10}{value or '–':<40}{remark}".rstrip()


def _clock(at: str | None) -> str:
    """Return a UTC time of the record as local time."""
    try:
        return datetime.fromisoformat(at or "").astimezone().strftime("%H:%M:%S")
    except ValueError:
        return ""
