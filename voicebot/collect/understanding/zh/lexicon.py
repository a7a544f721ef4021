"""The Chinese word lists and patterns of `lexicon.toml`, read once."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from voicebot.collect.understanding import Intent


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Script(_Table):
    traditional: str


class _Surnames(_Table):
    single: str
    compound: str
    frequent: str
    rare_as_words: str
    parts: dict[str, str]


class _Names(_Table):
    common: str
    foreign: str
    never: str
    ordinary_words: str


class _Places(_Table):
    cities: str


class _Concept(_Table):
    called: str
    said: str


class _Rule(_Table):
    intent: Intent
    pattern: str


class _Lexicon(_Table):
    script: _Script
    surnames: _Surnames
    names: _Names
    places: _Places
    services: tuple[_Concept, ...]
    intents: tuple[_Rule, ...]


def _characters(block: str) -> frozenset[str]:
    return frozenset("".join(block.split()))


_FILE = files(__package__).joinpath("lexicon.toml")
_LEXICON = _Lexicon.model_validate(tomllib.loads(_FILE.read_text("utf-8")))

SIMPLER = {ord(pair[0]): pair[1] for pair in _LEXICON.script.traditional.split()}
"""Translation table: traditional characters that the rules look for, to simplified ones."""

SURNAMES = _characters(_LEXICON.surnames.single)
COMPOUND_SURNAMES = frozenset(_LEXICON.surnames.compound.split())
FREQUENT_SURNAMES = _characters(_LEXICON.surnames.frequent)
SURNAMES_RARE_AS_WORDS = _characters(_LEXICON.surnames.rare_as_words)
SURNAME_OF_PARTS = _LEXICON.surnames.parts

COMMON_IN_NAMES = _characters(_LEXICON.names.common)
FOREIGN_SOUNDS = _characters(_LEXICON.names.foreign)
NEVER_IN_NAMES = _characters(_LEXICON.names.never)
ORDINARY_WORDS = frozenset(_LEXICON.names.ordinary_words.split())

CITIES = tuple(_LEXICON.places.cities.split())

SERVICE_CONCEPTS = tuple((c.called.split(), c.said.split()) for c in _LEXICON.services)
"""What services are called, and what callers say who need one."""

INTENT_RULES = tuple((rule.intent, re.compile(rule.pattern)) for rule in _LEXICON.intents)
"""In the order in which they are tried."""
