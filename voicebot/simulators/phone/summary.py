"""A call's stored record as lines for people: what was saved, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from pydantic import BaseModel

from voicebot.call import FIELDS, Step

_LABEL: Final = 10
_VALUE: Final = 40


class _Named(BaseModel):
    name: str = ""


class _User(BaseModel):
    userInfo: dict[str, str | None] = {}
    service: _Named | None = None
    serviceBookedTime: str | None = None


class _Record(BaseModel):
    """`GET /calls/{callSid}`, as far as it is shown; a record that has only begun lacks a lot."""

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
        """What the caller's answer was understood to be."""
        match step:
            case Step.SERVICE:
                return self.user.service.name if self.user.service else None
            case Step.TIME:
                return self.user.serviceBookedTime
        return self.user.userInfo.get(step.value)


def summary(record: Mapping[str, object]) -> list[str]:
    """The record, a line a field, and where the whole of it can be seen."""
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
    """The moment on this machine's clock; the record keeps UTC."""
    try:
        return datetime.fromisoformat(at or "").astimezone().strftime("%H:%M:%S")
    except ValueError:
        return ""
