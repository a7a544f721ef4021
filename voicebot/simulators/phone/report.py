"""The printed report of a simulated call: conversation, latencies, record."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, TextIO

from pydantic import BaseModel

from voicebot.call import FIELDS, Step
from voicebot.simulators.phone.console import Look

_LEFT = 8


class Report:
    """Prints a call as it happens. With `quiet`, only the record is printed to stdout."""

    def __init__(self, *, quiet: bool, out: TextIO | None = None) -> None:
        self.latencies_ms: list[float] = []
        self._noticed: set[str] = set()
        self._out = None if quiet else (out or sys.stdout)

    def began(self, call_sid: str) -> None:
        """Print the callSid."""
        self._print("call", call_sid)

    def bot_said(self, text: str) -> None:
        """Print a message of the bot, from the record."""
        self._print("bot", text)

    def caller_said(self, text: str) -> None:
        """Print a line of the caller."""
        self._print("caller", text)

    def answered(self, latency_ms: float) -> None:
        """From the caller's last voiced sample to the bot's first frame."""
        self.latencies_ms.append(latency_ms)
        self._print("", f"[answered after {latency_ms:.0f} ms]")

    def noticed(self, text: str) -> None:
        """Print a remark to stderr, once each."""
        if text in self._noticed:
            return
        self._noticed.add(text)
        print(f"{'--':>{_LEFT}}  {text}", file=sys.stderr, flush=True)

    def finish(self, outcome: str, look: Look | None) -> None:
        """Print the outcome, the stored record and the median latency; quiet: the whole record."""
        if self._out is None:
            whole = look.record if look else None
            print(json.dumps(whole, ensure_ascii=False, indent=2), flush=True)
            return
        self._print("", f"[{outcome}]")
        for line in summary(look.record) if look else ["there is no record to show"]:
            self._print("", line)
        if self.latencies_ms:
            middle = statistics.median(self.latencies_ms)
            count = len(self.latencies_ms)
            turns = "turn" if count == 1 else "turns"
            self._print("", f"median latency {middle:.0f} ms over {count} {turns}")

    def _print(self, who: str, text: str) -> None:
        if self._out is not None:
            print(f"{who:>{_LEFT}}  {text}", file=self._out, flush=True)


_LABEL: Final = 10
_VALUE: Final = 40


class _Named(BaseModel):
    name: str = ""


class _User(BaseModel):
    userInfo: dict[str, str | None] = {}
    service: _Named | None = None
    serviceBookedTime: str | None = None


class _Record(BaseModel):
    """The shown part of `GET /calls/{callSid}`; a new record lacks most of it."""

    callSid: str = ""
    company: _Named = _Named()
    services: list[object] = []
    user: _User = _User()
    history: list[object] = []
    servicebooked: bool = False
    confirmEmailsent: bool = False
    createdAt: str = ""
    status: str = ""
    step: str = ""

    def value(self, step: Step) -> str | None:
        """Return the stored value of a step."""
        match step:
            case Step.SERVICE:
                return self.user.service.name if self.user.service else None
            case Step.TIME:
                return self.user.serviceBookedTime
        return self.user.userInfo.get(step.value)


def summary(record: Mapping[str, object]) -> list[str]:
    """Return the record as lines, one per field."""
    return list(_lines(_Record.model_validate(record)))


def _lines(record: _Record) -> Iterator[str]:
    yield f"stored in call:{{{record.callSid}}}"
    yield _line("begun", _clock(record.createdAt))
    yield _line("company", f"{record.company.name}, {len(record.services)} services")
    for step in FIELDS:
        saved = _clock(record.user.userInfo.get(f"{step.value}_timestamp"))
        yield _line(step.value, record.value(step), f"saved {saved}" if saved else "")
    yield _line("booked", _yes_or_no(record.servicebooked))
    yield _line("mail", "confirmed" if record.confirmEmailsent else "no confirmation sent")
    yield _line("status", f"{record.status}, step {record.step}")
    yield _line("history", f"{len(record.history)} messages")
    yield f"all of it: voicebot show {record.callSid}"


def _line(label: str, value: str | None, remark: str = "") -> str:
    return f"  {label:<{_LABEL}}{value or '–':<{_VALUE}}{remark}".rstrip()


def _yes_or_no(flag: bool) -> str:
    return "yes" if flag else "no"


def _clock(at: str | None) -> str:
    """Return a UTC time of the record as local time."""
    try:
        return datetime.fromisoformat(at or "").astimezone().strftime("%H:%M:%S")
    except ValueError:
        return ""
