"""One call or a day's calls as CSV or JSON. Pure.

A spreadsheet takes a cell that begins with =, +, - or @ for a formula, also in full width and
behind blanks, quotes or signs that nobody sees. Where another separator than the comma is usual
(a semicolon in much of Europe) a cell also begins in the middle of ours. What a caller said must
not be run, so an apostrophe stands before each such place; only a telephone number keeps its plus.
https://owasp.org/www-community/attacks/CSV_Injection
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
_SIGNS = "=＝﹦⁼₌+＋﹢⁺₊\\-－﹣⁻₋−@＠﹫%％﹪"
"""What a formula begins with; %, | and ; did in older programs."""
_SEPARATORS = ";；﹔|｜\t\r\n"
_NOTHING = r"\W\u115f\u1160\u3164\uffa0"
"""What is neither letter nor digit; the four are letters (Hangul fillers) that nobody sees."""
_FORMULA = re.compile(
    rf"^(?=[{_NOTHING}]*[{_SIGNS}{_SEPARATORS}])|(?<=[{_SEPARATORS}])(?=[{_NOTHING}]*[{_SIGNS}])"
)


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
    return value if _NUMBER.fullmatch(value) else _FORMULA.sub("'", value)
