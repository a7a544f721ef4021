"""Describe pydantic's validation errors in sentences for the author of a file or setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

_NUMBER: Final = "must be a number"
_WHOLE: Final = "must be a whole number"
_LIST: Final = "must be a list"
_TABLE: Final = "must be a table"
_TIME: Final = 'must be a time like "09:30"'
_CHOICE: Final = "must be {expected}"

_SENTENCES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "string_type": "must be a text in quotes",
    "enum": _CHOICE,
    "literal_error": _CHOICE,
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be {le} or less",
    "multiple_of": "must be a multiple of {multiple_of}",
    "too_short": "must have {min_length} or more",
    "time_parsing": _TIME,
    "time_type": _TIME,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "value_error": "{error}",
}
"""Sentences by pydantic's error type; placeholders are keys of its context."""

_LIMITS: Final = {
    "ge": "of {:g} or more",
    "gt": "above {:g}",
    "le": "up to {:g}",
    "lt": "below {:g}",
    "multiple_of": "divisible by {:g}",
}
_UNQUOTED: Final = frozenset({"missing", "extra_forbidden", "value_error", "too_short"})
_LONGEST_QUOTE: Final = 40


def sentence(details: ErrorDetails) -> str:
    """Return what the value must be and what it is, without its location."""
    kind = details["type"]
    known = _SENTENCES.get(kind)
    if known is None:  # a custom error, or an unexpected type
        return details["msg"]
    text = known.format_map(details.get("ctx", {}))
    return text if kind in _UNQUOTED else text + but_is(details["input"])


def but_is(given: object) -> str:
    """Return `, not …` for a value that is short enough to be shown."""
    shown = repr(given) if isinstance(given, str | int | float) else ""
    return f", not {shown}" if 0 < len(shown) <= _LONGEST_QUOTE else ""


def place(details: ErrorDetails) -> str:
    """Return the location in a file, counted from one: `services, number 2, name`."""
    parts = (f"number {p + 1}" if isinstance(p, int) else str(p) for p in details["loc"])
    return ", ".join(parts)


def sentences(errors: list[ErrorDetails]) -> str:
    """Return all errors of a file as one sentence."""
    return "; ".join(f"{place(details)} {sentence(details)}".strip() for details in errors)


def numbers(field: FieldInfo) -> str:
    """Return which numbers a field takes, with all limits; empty for other types."""
    if field.annotation not in (int, float):
        return ""
    kind = "a whole number" if field.annotation is int else "a number"
    limits = {name: bound for item in field.metadata for name, bound in asdict(item).items()}
    if {"ge", "le"} <= limits.keys():
        kind += f" from {limits.pop('ge'):g} to {limits.pop('le'):g}"
    text = (_LIMITS[name].format(bound) for name, bound in limits.items())
    return " ".join((kind, " and ".join(text))).rstrip()
