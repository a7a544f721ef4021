"""The final check of a value from any source: speech, a model, keys, an integrator, a stored
record.

No I/O.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from voicebot.business import Business
from voicebot.call import Answer, Step

_MAX_CHARS = 200
"""Longer texts are neither names nor addresses."""

_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Hangul fillers: letters by their Unicode category, but invisible."""

_PLACEHOLDERS = frozenset(
    {"null", "none", "undefined", "unknown", "unspecified", "anonymous", "missing", "empty"}
    | {"tbd", "tba", "tbc", "blank", "withheld", "caller", "customer", "noanswer", "unknowncaller"}
    | {"noname", "nonamegiven", "noaddress", "noaddressgiven", "nonumber", "notrecorded"}
    | {"notavailable", "notapplicable", "notgiven", "notprovided", "notknown", "notspecified"}
    | {"notset", "unknownname", "unknownaddress", "tobeconfirmed"}
    | {"未知", "未提供", "未填写", "无", "没有", "暂无", "不详", "空"}
)
"""Placeholders for a missing answer, without separators."""
_PLACEHOLDERS_OR_NAMES = frozenset({"na", "nan", "nil"})
"""Placeholders too, but `Na`, `Nan` and `Nil` are also names."""
_WORD = re.compile(r"[^\W_]+")

_EPOCH_MS = re.compile(r"\d{13}", re.ASCII)
_EPOCH_S = re.compile(r"\d{10}(\.\d+)?", re.ASCII)
_EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=2)
_LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
"""Beyond these, a conversion to another time zone may overflow."""


def validate(step: Step, value: str, business: Business) -> Answer | None:
    """Return the value in the record's normal form, or None when it is not acceptable."""
    text = _visible(value)
    match step:
        case Step.NAME | Step.ADDRESS:
            return _text(text, step)
        case Step.PHONE:
            return _phone(text, business.region)
        case Step.EMAIL:
            return _email(text)
        case Step.SERVICE:
            offer = business.offer(text)
            return offer.service if offer else None
        case Step.TIME:
            return _time(text, business.zone)
        case Step.DONE:
            return None


class Refusal(StrEnum):
    """The reason why a time cannot be booked."""

    PAST = "past"
    TOO_FAR = "too_far"
    CLOSED = "closed"


def refuse_time(
    at: datetime, business: Business, now: datetime, service: str | None = None
) -> Refusal | None:
    """Return why no visit may begin at this moment, or None when one may."""
    if at <= now:
        return Refusal.PAST
    if at > now + timedelta(days=business.booking.days_ahead):
        return Refusal.TOO_FAR
    return None if business.is_open(at, service) else Refusal.CLOSED


def read_moment(value: object, zone: tzinfo = UTC) -> datetime | None:
    """Return `value` as an aware datetime, or None.

    Takes ISO 8601 (a date is its midnight), epoch seconds or milliseconds, and a datetime. Values
    without an offset are in `zone`.
    """
    try:
        moment = value if isinstance(value, datetime) else _parse_moment(str(value).strip())
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return aware if _EARLIEST < aware < _LATEST else None


def is_blank(text: str) -> bool:
    """Return whether the text has no visible character."""
    return not _visible(text)


def _parse_moment(text: str) -> datetime:
    if _EPOCH_MS.fullmatch(text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    if _EPOCH_S.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    return datetime.fromisoformat(text.upper())


def _visible(value: str) -> str:
    """Return the text without format characters and fillers, with single spaces."""
    shown = (c for c in value if unicodedata.category(c) != "Cf" and c not in _BLANK_LETTERS)
    return " ".join("".join(shown).split())


def _text(text: str, step: Step) -> str | None:
    fits = 0 < len(text) <= _MAX_CHARS and any(c.isalpha() for c in text) and text.isprintable()
    return text if fits and not _is_placeholder(text, step) else None


def _is_placeholder(text: str, step: Step) -> bool:
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    if step is Step.NAME and text.isalpha() and text.istitle():
        return "".join(words) in _PLACEHOLDERS
    known = _PLACEHOLDERS | _PLACEHOLDERS_OR_NAMES
    return "".join(words) in known or all(word in known for word in words)


def _phone(value: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(value: str) -> str | None:
    try:
        checked = validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


def _time(value: str, zone: ZoneInfo) -> datetime | None:
    """Return the moment of a full date and time, or None.

    Local times that daylight saving skips move forward by the gap; of repeated ones the first is
    meant.
    """
    if len(value) < len("YYYY-MM-DDTHH:MM"):
        return None
    moment = read_moment(value, zone)
    if moment is None or moment.tzinfo is not zone:
        return moment
    return moment.astimezone(UTC).astimezone(zone)
