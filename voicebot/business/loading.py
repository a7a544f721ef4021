"""A business read from its file, or one of the examples; what is wrong is told by line."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from rapidfuzz import fuzz, process

from voicebot.business.model import Business
from voicebot.error_texts import sentences
from voicebot.errors import SettingsError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

EXAMPLES: Final = ("demo", "dental", "zh-home")
"""Businesses that ship with the package; `VOICEBOT_BUSINESS` may name one instead of a file."""

_LEAST_SIMILAR: Final = 60.0
"""Of 100: the least similarity of a suggested key: `adress` and `address` have 92."""
_CLOSERS: Final = ("", "]", "}]", '"""', "'''", '"""]', "''']")
"""The signs that may end a value that is cut off at the end of a line."""

Place = tuple[str | int, ...]
"""The way to a value: keys, and indices from 0."""


def load_business(path: Path | None) -> Business:
    """Read a business file or the example of that name, without one the demo.

    Raises SettingsError, which names the lines that are wrong and how to mend them.
    """
    example = example_name(path)
    name = f"the example {example}" if example else str(path)
    try:
        text = example_text(example) if example or path is None else path.read_text("utf-8")
        return Business.model_validate(tomllib.loads(text))
    except OSError as error:
        names = ", ".join(EXAMPLES)
        mend = f"set VOICEBOT_BUSINESS to your business.toml, or to one of the examples: {names}"
        raise SettingsError(f"cannot read {name} ({error.strerror}): {mend}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name} is not UTF-8 text: save it as such") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name} is not TOML: {error}") from error
    except ValidationError as error:
        raise SettingsError(f"{name}: {_told(text, error.errors())}") from error


def example_name(path: Path | None) -> str:
    """Return the name of the example that a setting means, or "" where it means a file."""
    name = "demo" if path is None else str(path)
    return name if name in EXAMPLES else ""


def example_text(name: str) -> str:
    """Return the file of an example."""
    return files(__package__).joinpath("examples", f"{name}.toml").read_text("utf-8")


def schema() -> dict[str, Any]:
    """Return the JSON schema of a `business.toml`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Business.model_json_schema(),
        "title": "business.toml of voicebot",
    }


def _told(text: str, errors: Sequence[ErrorDetails]) -> str:
    """Return what is wrong, in the order of the lines."""
    found = []
    for details in errors:
        places = {other["loc"] for other in errors}
        if details["type"] == "too_short" and details["loc"] in {at[:1] for at in places if at[1:]}:
            continue  # the list has entries, each of them told by itself
        if (*details["loc"], "[key]") in places:
            continue  # the key is told
        place = tuple(part for part in details["loc"] if part != "[key]")
        line = _line(text, place)
        what = sentences([details]) + _mend(details, place)
        found.append((line, f"line {line}: {what}" if line else what))
    return "; ".join(what for _, what in sorted(found))


def _mend(details: ErrorDetails, place: Place) -> str:
    *table, key = place or ("",)
    keys = _keys(tuple(table))
    if table and key in _keys(()) and details["type"] in ("extra_forbidden", "value_error"):
        return f"; {key} stands above the first [table]"
    if details["type"] == "missing":
        given = keys.get(str(key), {}).get("examples")
        return f"; add for example {key} = {_toml(given[0])}" if given else "; add it"
    if details["type"] == "extra_forbidden" and keys:
        best = process.extractOne(str(key), list(keys), scorer=fuzz.ratio)
        is_near = best is not None and best[1] >= _LEAST_SIMILAR
        return f"; did you mean {best[0]}?" if is_near else f"; known are {', '.join(keys)}"
    return ""


def _toml(value: Any) -> str:
    return "[" + ", ".join(map(_toml, value)) + "]" if isinstance(value, list) else f'"{value}"'


def _keys(table: Place) -> dict[str, Any]:
    """Return what the schema knows of the keys of a table, by key."""
    whole = schema()
    node = whole
    for part in table:
        node = _followed(node, whole)
        inner = node.get("items") if isinstance(part, int) else node.get("properties", {}).get(part)
        node = inner or node.get("additionalProperties") or {}
    properties: dict[str, Any] = _followed(node, whole).get("properties", {})
    return properties


def _followed(node: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = whole["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def _line(text: str, place: Place) -> int:
    """Return the line, from 1, on which a value or the table around it begins; 0: none does."""
    lines = text.splitlines()
    while place and not _holds(lines, len(lines), place):
        place = place[:-1]  # what is missing is told where its table begins
    if not place:
        return 0
    low, high = 1, len(lines)
    while low < high:  # once it is there it stays, however much of the file follows
        middle = (low + high) // 2
        low, high = (low, middle) if _holds(lines, middle, place) else (middle + 1, high)
    return low


def _holds(lines: Sequence[str], count: int, place: Place) -> bool:
    """Return whether the first `count` lines hold a value, as far as they are TOML."""
    value: Any = _parsed(lines, count)
    for part in place:
        is_there = (
            isinstance(part, int) and part < len(value)
            if isinstance(value, list)
            else isinstance(value, dict) and part in value
        )
        if not is_there:
            return False
        value = value[part]
    return True


def _parsed(lines: Sequence[str], count: int) -> dict[str, Any]:
    for end in range(count, 0, -1):
        for closer in _CLOSERS if end == count else ("",):
            try:
                return tomllib.loads("\n".join([*lines[:end], ""]) + closer)
            except tomllib.TOMLDecodeError:
                continue
    return {}
