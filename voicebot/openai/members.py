"""Reading a vendor's JSON, member by member: what is missing or of a wrong type is empty."""

from __future__ import annotations

from typing import cast

import orjson

Json = dict[str, object]


def packed(**members: object) -> str:
    """A message of ours."""
    return orjson.dumps(members).decode()


def read_object(message: str | bytes) -> Json | None:
    """A message of theirs; None when it is no whole JSON object."""
    try:
        given = orjson.loads(message)
    except orjson.JSONDecodeError:
        return None
    return cast(Json, given) if isinstance(given, dict) else None


def inner(holder: Json, key: str) -> Json:
    """A member that is an object."""
    value = holder.get(key)
    return cast(Json, value) if isinstance(value, dict) else {}


def text(holder: Json, key: str) -> str:
    """A member that is text."""
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def number(holder: Json, key: str) -> float:
    """A member that is a number; all that is counted here begins at 0."""
    value = holder.get(key)
    return max(0.0, float(value)) if isinstance(value, int | float) else 0.0
