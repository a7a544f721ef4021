"""The bot's lines, as data: one TOML file a language, overridable by the business."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import cast

from voicebot.business import Business
from voicebot.errors import SettingsError

_IN_TROUBLE = ("trouble.", "greeting")
_WRITTEN = "mail."
_IN_TROUBLE = ("trouble.", "greeting")
"""Lines that are read, not said."""

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+|(?<=[。？！])")


@dataclass(frozen=True, slots=True)
class Wording:
    """The lines of one business in its language, by dotted key; a line may have variants."""

    lines: Mapping[str, tuple[str, ...]]

    def line(self, key: str, form: int = 0, /, **values: str) -> str:
        """Return the line of `key` in its `form` (from 0); past the last the last two take turns.

        So nothing is asked twice running in the same words.
        """
        forms = self.lines[key]
        if form >= len(forms):
            form = len(forms) - 1 - (form - len(forms) + 1) % min(2, len(forms))
        return forms[form].format(**values)

    def in_turn(self, key: str, turn: int, /, **values: str) -> str:
        """Return the line of `key` in the form whose turn it is; all forms take turns."""
        forms = self.lines[key]
        return forms[turn % len(forms)].format(**values)

    def fixed_sentences(self) -> tuple[str, ...]:
        """Return every spoken sentence without a placeholder, to be synthesised beforehand.

        What is said when the synthesizer fails comes first: then it cannot be made any more.
        """
        urgent = sorted(self.lines, key=lambda key: not key.startswith(_IN_TROUBLE))
        spoken = (self.lines[key] for key in urgent if not key.startswith(_WRITTEN))
        texts = (text for variants in spoken for text in variants)
        return tuple(dict.fromkeys(s for text in texts for s in _sentences(text) if "{" not in s))


def last_sentence_at(text: str) -> int:
    """Return the index of the last sentence of a text: the question, as a rule."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text.rstrip())]
    return max((end for end in ends if end < len(text.rstrip())), default=0)


def _sentences(text: str) -> list[str]:
    return [piece for piece in _SENTENCE_END.split(text) if piece]


def load_wording(business: Business) -> Wording:
    """Return the business's lines; raises SettingsError for an override of an unknown line."""
    lines = dict(_language(business.language))
    if strange := set(business.wording) - set(lines):
        raise SettingsError(f"wording has no line {sorted(strange)}; see collect/wording/*.toml")
    lines |= {key: (text,) for key, text in business.wording.items()}
    company = business.company.name.replace("{", "{{").replace("}", "}}")  # it is formatted again
    return Wording(
        {
            key: tuple(text.replace("{company}", company) for text in variants)
            for key, variants in lines.items()
        }
    )


@lru_cache(maxsize=8)
def _language(language: str) -> Mapping[str, tuple[str, ...]]:
    text = files(__package__).joinpath(f"{language}.toml").read_text("utf-8")
    return dict(_flatten(tomllib.loads(text)))


def _flatten(
    table: Mapping[str, object], prefix: str = ""
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            variants = [value] if isinstance(value, str) else cast(list[str], value)
            yield prefix + key, tuple(variants)
