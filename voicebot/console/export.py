"""One call or a day's calls as CSV or JSON. Pure.

A spreadsheet takes a cell that begins with =, +, - or @ for a formula. What a caller said must
not be run, so such a cell gets an apostrophe before it; only a telephone number keeps its plus.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping

from voicebot.call import FIELDS
from voicebot.console.views import answers
from voicebot.store import CallSkeleton

COLUMNS = (
    "callSid",
    "createdAt",
    "updatedAt",
    "status",
    "caller",
    *(column for step in FIELDS for column in (step.value, f"{step.value}_savedAt")),
    "servicebooked",
    "messages",
)
_NUMBER = re.compile(r"\+\d+", re.ASCII)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(calls: Iterable[CallSkeleton]) -> str:
    """One line a call under a line of names; with the byte order mark that Excel wants."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for call in calls:
        writer.writerow({name: _cell(value) for name, value in _row(call).items()})
    return "\ufeff" + out.getvalue()


def as_json(call: CallSkeleton) -> dict[str, object]:
    """The nested form, with step and status."""
    more = {"step": call.step.value, "status": _status(call), "caller": call.caller}
    return {**call.nested(), **more, "updatedAt": call.updatedAt}


def _row(call: CallSkeleton) -> Mapping[str, str]:
    row = {
        "callSid": call.callSid,
        "createdAt": call.createdAt,
        "updatedAt": call.updatedAt,
        "status": _status(call),
        "caller": call.caller or "",
        "servicebooked": str(call.servicebooked).lower(),
        "messages": str(len(call.history)),
    }
    for step, (value, saved_at) in answers(call).items():
        row |= {step.value: value or "", f"{step.value}_savedAt": saved_at or ""}
    return row


def _status(call: CallSkeleton) -> str:
    return "broken" if call.broken else call.status.value


def _cell(value: str) -> str:
    dangerous = value.startswith(_FORMULA) and not _NUMBER.fullmatch(value)
    return f"'{value}" if dangerous else value
