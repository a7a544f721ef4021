"""Values as one says and reads them: a phone number in groups, a weekday with its date.

`written` forms go into the history and to the screen; `pronounce` turns a written sentence into
what a synthesiser should be given (digits one by one, "at" and "dot").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import phonenumbers

from voicebot.business import WEEKDAYS, Business
from voicebot.call import Step

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_PARTS_OF_DAY = {
    "en": {"": ""}
    | dict.fromkeys(("small_hours", "morning", "06"), " in the morning")
    | dict.fromkeys(("noon",), " around noon")
    | dict.fromkeys(("afternoon", "12"), " in the afternoon")
    | dict.fromkeys(("evening", "18"), " in the evening")
    | dict.fromkeys(("night", "21"), " at night"),
    "zh-CN": {"": ""}
    | dict.fromkeys(("small_hours", "00"), "凌晨")
    | dict.fromkeys(("noon", "11"), "中午")
    | dict.fromkeys(("morning", "06"), "上午")
    | dict.fromkeys(("afternoon", "12"), "下午")
    | dict.fromkeys(("evening", "18"), "晚上")
    | dict.fromkeys(("night", "21"), "夜里"),
    "es": {"": ""}
    | dict.fromkeys(("small_hours", "00"), " de madrugada")
    | dict.fromkeys(("morning", "06"), " por la mañana")
    | dict.fromkeys(("noon", "11"), " a mediodía")
    | dict.fromkeys(("afternoon", "12", "after_lunch", "14"), " por la tarde")
    | dict.fromkeys(("evening", "night", "18", "21"), " por la noche"),
}
"""A part of the day, by its name or first hour in understanding's results, as it is said."""
_EMAIL = re.compile(r"[\w.+'-]{1,64}@(?:[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})?")
"""An unfinished one ("j.smith@") is said like a whole one."""
_DIGIT_GROUPS = re.compile(
    r"(?<![\w:.])(?:\+\d{1,3}|\d{2,15})(?:[ -]\d{2,15}){1,7}(?![\w:])"  # 0412 345 678
    r"|(?<![\w:.])[+0]\d{3,15}(?![\w:])"  # 0412345678
)
_DAYS_OF_A_WEEK = 7
_LAST_MINUTE = (23, 59)
"""The end of the day as a closing time, which is said as "midnight"."""
_MARKS = {".": " dot ", "_": " underscore ", "-": " dash ", "+": " plus ", "'": " apostrophe "}


def written(step: Step, value: str, business: Business) -> str:
    """Return a value in normal form as one writes it to a person."""
    if step is Step.PHONE:
        return written_phone(value, business.region)
    if step is Step.TIME:
        return written_time(value, business.language)
    return value


def spelled_back(step: Step, said: str) -> str:
    """Return a name, or an e-mail address, with its letters behind it, for a bad line.

    "John Smith" becomes "John Smith, J O H N, S M I T H"; of an address what stands before the at
    sign is spelled. Other values stay as they are.
    """
    if step not in (Step.NAME, Step.EMAIL) or not said.isascii():
        return said
    words = said.upper().split() if step is Step.NAME else [said.partition("@")[0]]
    return ", ".join([said, *(" ".join(filter(str.isalnum, word)) for word in words)])


def written_phone(value: str, region: str) -> str:
    """Return a number in national format in its own region, else international; with spaces."""
    if not value.startswith("+"):
        return _grouped(value, region)
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return value
    home = phonenumbers.region_code_for_number(number) == region
    style = phonenumbers.PhoneNumberFormat
    text = phonenumbers.format_number(number, style.NATIONAL if home else style.INTERNATIONAL)
    return " ".join(re.sub(r"[^\d+]+", " ", text).split())


def _grouped(digits: str, region: str) -> str:
    """Return the digits of an unfinished number as a keypad would show them."""
    if not digits.isdigit():
        return digits
    keypad, text = phonenumbers.AsYouTypeFormatter(region), ""
    for digit in digits:
        text = keypad.input_digit(digit)
    return text


def written_time(value: str, language: str = "en") -> str:
    """Return `YYYY-MM-DDTHH:MM`, `YYYY-MM-DD` or `THH:MM` with weekday and date, in words.

    Behind a day may stand a part of it, by its name or first hour ("2026-12-01 morning"). What
    is none of these is said as it stands.
    """
    stamp, _, part = value.partition(" ")
    day, _, clock = stamp.partition("T")
    try:
        parts = [_day(day, language) + _PARTS_OF_DAY[language][part]] if day else []
        if clock:
            parts.append(_clock(clock, language))
    except (ValueError, KeyError):
        return value
    return _BEFORE_A_CLOCK[language].join(parts)


def spoken_time(value: str, now: datetime, language: str = "en") -> str:
    """Return a moment, day or clock time (see `written_time`) as one says it at `now` (local).

    In English a day of this week goes without its month, and noon by its name.
    """
    stamp, _, part = value.partition(" ")
    day, _, clock = stamp.partition("T")
    if not day or language != "en":
        return written_time(value, language)
    try:
        said = _near_day(datetime.fromisoformat(day), now)
        said += _PARTS_OF_DAY[language][part]
        return f"{said} at {_clock(clock, language)}" if clock else said.rstrip(",")
    except (ValueError, KeyError):
        return value


def spoken_times(moments: Sequence[str], now: datetime, language: str = "en") -> list[str]:
    """Return several moments (`YYYY-MM-DDTHH:MM`) for one sentence: each day is named once."""
    said, before = [], ""
    for moment in moments:
        day, _, clock = moment.partition("T")
        said.append(_clock(clock, language) if day == before else _short(moment, now, language))
        before = day
    return said


def _short(moment: str, now: datetime, language: str) -> str:
    if language != "en":
        return written_time(moment, language)
    at = datetime.fromisoformat(moment)
    days = (at.date() - now.date()).days
    weekday = WEEKDAYS[at.weekday()].capitalize()
    if days > 1:
        near = weekday if days < _DAYS_OF_A_WEEK else f"{weekday} the {_ordinal(at.day)}"
    else:
        near = ("today", "tomorrow")[max(0, days)]
    return f"{near} at {_clock(moment[11:], language)}"


def _near_day(day: datetime, now: datetime) -> str:
    days = (day.date() - now.date()).days
    weekday, ordinal = WEEKDAYS[day.weekday()].capitalize(), _ordinal(day.day)
    if days in (0, 1):
        return f"{('today', 'tomorrow')[days]}, {weekday} the {ordinal},"
    if 0 < days < _DAYS_OF_A_WEEK:
        return f"this {weekday}, the {ordinal},"
    return f"{weekday} the {ordinal} of {_MONTHS[day.month - 1]}"


_BEFORE_A_CLOCK = {"en": " at ", "zh-CN": "", "es": " a "}
_SPANISH_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_SPANISH_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
    *("septiembre", "octubre", "noviembre", "diciembre"),
)


def _day(day: str, language: str) -> str:
    date = datetime.fromisoformat(day)
    if language == "es":
        month = _SPANISH_MONTHS[date.month - 1]
        return f"el {_SPANISH_DAYS[date.weekday()]} {date.day} de {month}"
    if language == "zh-CN":
        return f"{date.month}月{date.day}号星期{'一二三四五六日'[date.weekday()]}"
    weekday = WEEKDAYS[date.weekday()].capitalize()
    return f"{weekday} the {_ordinal(date.day)} of {_MONTHS[date.month - 1]}"


def spoken_weekday(weekday: int, language: str = "en") -> str:
    """Return the name of a day of the week, 0 for Monday."""
    if language == "es":
        return f"los {_SPANISH_DAYS[weekday]}"
    if language.startswith("zh"):
        return f"星期{'一二三四五六日'[weekday]}"
    return WEEKDAYS[weekday].capitalize()


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _clock(clock: str, language: str) -> str:
    hour, minute = int(clock[:2]), int(clock[3:5])
    if language == "zh-CN":
        spoken = f"{_part_of_day(hour)}{hour if hour <= 12 else hour - 12}点"
        return spoken + (f"{'零' if minute < 10 else ''}{minute}分" if minute else "")
    if language == "es":
        return _spanish_clock(hour, minute)
    if (hour, minute) == _LAST_MINUTE:
        return "midnight"
    if (hour, minute) == (12, 0):
        return "noon"
    half = "am" if hour < 12 else "pm"
    return f"{hour % 12 or 12}:{minute:02d} {half}" if minute else f"{hour % 12 or 12} {half}"


def _spanish_clock(hour: int, minute: int) -> str:
    """Return an hour with its article: "las 9:30 de la mañana", "la 1 de la tarde"."""
    if (hour, minute) == _LAST_MINUTE:
        return "la medianoche"
    short = hour % 12 or 12
    part = "de la mañana" if hour < 12 else "de la tarde" if hour < 20 else "de la noche"
    part = "del mediodía" if hour == 12 else part
    return f"{'la' if short == 1 else 'las'} {short}{f':{minute:02d}' if minute else ''} {part}"


def _part_of_day(hour: int) -> str:
    for part, before in (("凌晨", 6), ("上午", 12), ("中午", 13), ("下午", 18)):
        if hour < before:
            return part
    return "晚上"


def listing(names: Sequence[str], comma: str, joiner: str) -> str:
    """Return `a, b and c`, where the joiner is " and "."""
    return joiner.join([comma.join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def in_a_sentence(name: str) -> str:
    """Return a service's name for the middle of a sentence: "window cleaning", "TV repair"."""
    return " ".join(word if word.isupper() else word.lower() for word in name.split())


def pronounce(sentence: str) -> str:
    """Return a sentence as a synthesiser should read it: digits one by one, e-mails in words."""
    sentence = _EMAIL.sub(lambda found: _say_email(found[0]), sentence)
    return _DIGIT_GROUPS.sub(lambda found: _say_digits(found[0]), sentence)


def _say_email(email: str) -> str:
    local, _, domain = email.partition("@")
    return f"{_say_marks(local)}, at {_say_marks(domain)}".strip()


def _say_marks(text: str) -> str:
    for mark, word in _MARKS.items():
        text = text.replace(mark, word)
    return re.sub(r"\d+", lambda run: " " + " ".join(run[0]) + " ", text).strip()


def _say_digits(text: str) -> str:
    groups = re.split(r"[ -]", text.replace("+", "plus "))
    return ", ".join(" ".join(group) if group.isdigit() else group for group in groups).replace(
        "plus, ", "plus "
    )
