"""The reference of a `business.toml`: a table of its keys, made from the model, so that it is true.

`make docs` writes it into docs/business.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from voicebot.business.loading import schema
from voicebot.call import Step

_TITLES: Final = {
    "Company": "`[company]`",
    "Offer": "`[[services]]`",
    "Hours": "`[hours]`, each span of a day",
    "Booking": "`[booking]`",
    "Closure": "`closed`, a span of days",
    "Emergency": "`[[emergencies]]`",
    "BusinessAnswer": "`[[answers]]`",
}
"""The tables of the file, in the order in which they are told, by the name of their model."""


def reference() -> str:
    """Return the reference in Markdown."""
    whole = schema()
    parts = [("Top of the file", whole)]
    parts += [(title, whole["$defs"][name]) for name, title in _TITLES.items()]
    return "\n\n".join("\n".join(_table(title, part, whole)) for title, part in parts) + "\n"


def _table(title: str, part: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    if part is not whole:
        yield " ".join(part["description"].split())
        yield ""
    yield "| key | value | default | what |"
    yield "|---|---|---|---|"
    for key, field in part["properties"].items():
        default = "**required**" if key in part.get("required", ()) else _default(field)
        what = " ".join(str(field.get("description", "")).split())
        yield f"| `{key}` | {_kind(field, whole)} | {default} | {what} |"


def _default(field: Mapping[str, Any]) -> str:
    match field.get("default"):
        case None | [] | {} | "":
            return "–"
        case bool(given):
            return f"`{str(given).lower()}`"
        case [*several]:
            return f"`{', '.join(map(str, several))}`"
        case given:
            return f"`{given}`"


def _kind(field: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """Return what may stand there, in words."""
    match field:
        case {"$ref": str(name)}:
            return _named(name.rpartition("/")[2], whole)
        case {"anyOf": [first, {"type": "null"}]}:
            return _kind(first, whole)
        case {"enum": [*several]}:
            return " or ".join(f"`{one}`" for one in several if one != Step.DONE)  # no question
        case {"type": "array", "items": inner}:
            return f"list of {_kind(inner, whole)}"
        case {"type": "object", "additionalProperties": inner}:
            return f"table, each {_kind(inner, whole)}"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "integer"}:
            return f"whole number{_limits(field)}"
        case {"type": "string", "pattern": pattern}:
            return "date" if "{4}" in pattern else 'time, like `"09:30"`'
        case {"format": "zoneinfo"}:
            return "time zone, like `Europe/London`"
    return "text"


def _named(name: str, whole: Mapping[str, Any]) -> str:
    if name in _TITLES:
        return _TITLES[name].partition(",")[0]
    return _kind(whole["$defs"][name], whole)


def _limits(field: Mapping[str, Any]) -> str:
    least, most = field.get("minimum"), field.get("maximum")
    if least is None:
        return ""
    return f", {least} to {most}" if most is not None else f", {least} or more"
