"""Everyday English words that are hardly ever a person's name.

A bare "palm" or "cancel" is no answer to "what's your name?"; an unknown word may well be one.
Words that are also names (Mark, Will, Rose, Grant) are left out of `words.json` on purpose.
"""

from __future__ import annotations

from importlib.resources import files

import orjson

_WORDS: dict[str, list[str]] = orjson.loads(files(__package__).joinpath("words.json").read_bytes())

FUNCTION_WORDS = frozenset(" ".join(_WORDS["function"]).split())
"""Words that no name contains."""
COMMON_WORDS = frozenset(" ".join(_WORDS["everyday"]).split()) | FUNCTION_WORDS
"""Words that are no name when nothing but a weak phrase ("it's", "I'm") announces one."""
