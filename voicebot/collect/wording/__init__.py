"""The bot's lines, as data: one TOML file a language, overridable by the business."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import cast

from rapidfuzz import fuzz, process

from voicebot.business import Business
from voicebot.errors import SettingsError

_IN_TROUBLE = ("trouble.", "greeting")
_WRITTEN = "mail."
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
    """Return the business's lines; raises SettingsError for an override that cannot be said."""
    lines = dict(_language(business.language))
    if wrong := [
        told for key, text in business.wording.items() if (told := _wrong(key, text, lines))
    ]:
        raise SettingsError("; ".join(f"wording, {told}" for told in wrong))
    lines |= {key: (text,) for key, text in business.wording.items()}
    company = business.company.name.replace("{", "{{").replace("}", "}}")  # it is formatted again
    return Wording(
        {
            key: tuple(text.replace("{company}", company) for text in variants)
            for key, variants in lines.items()
        }
    )


def _wrong(key: str, text: str, lines: Mapping[str, tuple[str, ...]]) -> str:
    """Return what is wrong with an override of the line of `key`, or ""."""
    if key not in lines:
        near = process.extractOne(key, list(lines), scorer=fuzz.ratio)[0]
        return f"{key} is no line of the bot; did you mean {near}?"
    known = {"company"}.union(*map(_places, lines[key]))
    try:
        strange = _places(text) - known
    except ValueError:
        return f"{key} has a brace without its other one"
    fills = ", ".join(f"{{{place}}}" for place in sorted(known))
    return f"{key} has {{{min(strange)}}}, and only {fills} can be filled" if strange else ""


def _places(text: str) -> set[str]:
    return {place for _, place, _, _ in Formatter().parse(text) if place is not None}


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
