"""A language's table: phrases, what each of them is, and where they stand in an utterance.

The row format is explained at the top of `en.toml`. All phrases of a language are one automaton
over tokens, so that an utterance is looked through once for everything.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import chain

from voicebot.collect.understanding.text import Kind, Token, tokens, without_accents
from voicebot.collect.understanding.words import is_everyday, is_given

SOUND = "quiet.sound"
"""The tag of "uh" and "um", which may stand inside any phrase."""
_INSIDE = frozenset((",", "-", "'"))
"""Marks that may stand inside a phrase, though its row does not have them."""
_EVERY_LANGUAGE = "any"
"""The table of what belongs to no language, read with each."""
_START, _END = "^", "$"
_EXACT = "="
"""Before a word: only with its accents ("=qué" asks, "que" does not)."""
_SLOTS = {
    Kind.WORD: ("{word}",),
    Kind.LETTER: ("{word}", "{letter}"),
    Kind.DIGITS: ("{number}",),
    Kind.HAN: ("{word}",),
}


class LexiconError(ValueError):
    """A row of a language's table is not in order."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its `tag` is "table.name", its `value` is what readers make of the phrase."""

    tag: str
    phrases: str
    example: str
    value: str


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found: the tokens from `first` up to `end`."""

    tag: str
    first: int
    end: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """The entry at the end of a phrase."""

    tag: str
    value: str
    at_start: bool
    at_end: bool


class _Node:
    """A place in the phrases of one row: what may come next, and whether one ends here."""

    __slots__ = ("edges", "leaf")

    def __init__(self, leaf: _Leaf | None = None) -> None:
        self.edges: dict[str, list[_Node]] = {}
        self.leaf = leaf


class _State:
    """Places that are reached together; steps are worked out once and remembered."""

    __slots__ = ("_edges", "leaves", "nodes", "steps")

    def __init__(self, nodes: Iterable[_Node], reached: Iterable[_Node]) -> None:
        self.nodes = tuple(dict.fromkeys(nodes))
        self.leaves = tuple(dict.fromkeys(node.leaf for node in reached if node.leaf))
        self.steps: dict[tuple[str, Kind], _State | None] = {}
        self._edges: dict[str, list[_Node]] | None = None

    def step(self, word: str, kind: Kind, skips: bool) -> _State | None:
        """Return the places behind this word (also these, if it may be skipped), or None."""
        if (word, kind) in self.steps:
            return self.steps[word, kind]
        edges = self._all_edges()
        keys = dict.fromkeys((word, _formal(word), *_SLOTS.get(kind, ())))
        reached = [to for key in keys for to in edges.get(key, ())]
        kept = self.nodes if skips else ()
        after = _State((*reached, *kept), reached) if reached or kept else None
        self.steps[word, kind] = after
        return after

    def _all_edges(self) -> dict[str, list[_Node]]:
        """Return the edges of all places together, gathered once: the first has thousands."""
        if self._edges is None:
            self._edges = {}
            for node in self.nodes:
                for word, after in node.edges.items():
                    self._edges.setdefault(word, []).extend(after)
        return self._edges


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's rows, and the automaton that finds them."""

    language: str
    rows: tuple[Row, ...]
    sounds: frozenset[str]
    _single: Mapping[str, frozenset[str]]
    _words: frozenset[str]
    _root: _State

    def matches(self, said: Sequence[Token]) -> tuple[tuple[Match, ...], ...]:
        """Return for each token the phrases that begin there, the longest first."""
        heard = [at for at, token in enumerate(said) if not self._is_silent(token)]
        opens, closes = (heard[0], heard[-1] + 1) if heard else (0, 0)
        found: list[tuple[Match, ...]] = []
        for first in range(len(said)):
            here = [
                Match(leaf.tag, first, end, leaf.value)
                for leaf, end in self._from(said, first)
                if (not leaf.at_start or first <= opens) and (not leaf.at_end or end >= closes)
            ]
            found.append(tuple(reversed(here)))
        return tuple(found)

    def is_everyday(self, word: str) -> bool:
        """Return True for a word of the language that is no name: by the English list, or by rows.

        A language without a list of its everyday words knows those that stand in its table.
        """
        own = self.language != "en" and word in self._words and not is_given(word)
        return own or is_everyday(word)

    def has(self, tag: str, word: str) -> bool:
        """Return True when this one word is a phrase with this tag."""
        return word in self._single.get(tag, ())

    def _is_silent(self, token: Token) -> bool:
        return (token.is_sign and token.low != "?") or token.low in self.sounds

    def _from(self, said: Sequence[Token], first: int) -> Iterator[tuple[_Leaf, int]]:
        state: _State | None = self._root
        for at in range(first, len(said)):
            token = said[at]
            known = not self._words.isdisjoint((token.low, _formal(token.low)))
            word = token.low if known else ""
            skips = at > first and (token.low in _INSIDE or token.low in self.sounds)
            state = state.step(word, token.kind, skips) if state else None
            if state is None:
                return
            for leaf in state.leaves:
                yield leaf, at + 1


def _formal(word: str) -> str:
    """Return the form that a row has for what Spaniards say to friends: "tardáis" is "tardan"."""
    return f"{without_accents(word)[:-2]}n" if word.endswith("is") else word


@cache
def lexicon(language: str) -> Lexicon:
    """Return the table of a language; raises LexiconError when a row is not in order."""
    rows = (*_rows(language), *_rows(_EVERY_LANGUAGE))
    starts = [_compiled(row) for row in rows]
    words = _INSIDE.union(word for node in _below(starts) for word in node.edges)
    single = {tag: frozenset(_single(rows, tag)) for tag in {row.tag for row in rows}}
    sounds = single.get(SOUND, frozenset())
    return Lexicon(language, rows, sounds, single, words, _State(starts, ()))


def _single(rows: Iterable[Row], tag: str) -> Iterator[str]:
    """Return the phrases with this tag that are one word, where no parenthesis makes them."""
    for row in rows:
        if row.tag == tag and "(" not in row.phrases:
            yield from (phrase for phrase in row.phrases.split("|") if " " not in phrase)


def _below(starts: Iterable[_Node]) -> list[_Node]:
    """Return every node of these rows."""
    found = list(starts)
    seen = set(map(id, found))
    for node in found:
        for after in chain.from_iterable(node.edges.values()):
            if id(after) not in seen:
                seen.add(id(after))
                found.append(after)
    return found


def _rows(language: str) -> Iterator[Row]:
    table = tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))
    for name, kinds in table.items():
        if not isinstance(kinds, dict):
            raise LexiconError(f"[{name}] holds lists of rows")
        for kind, rows in kinds.items():
            for row in rows:
                if not isinstance(row, list) or len(row) not in (2, 3):
                    raise LexiconError(f"{name}.{kind}: no row of [phrases, example]: {row}")
                yield Row(f"{name}.{kind}", row[0], row[1], row[2] if len(row) == 3 else "")


def _compiled(row: Row) -> _Node:
    """Return the node at which every phrase of a row begins."""
    start = _Node()
    pattern = _Pattern(row.phrases)
    for alternative in pattern.alternatives():
        words = [part for part in alternative if part not in (_START, _END)]
        leaf = _Leaf(row.tag, row.value, _START in alternative, _END in alternative)
        _merge(start, _sequence(words, _Node(leaf)))
    if start.leaf or pattern.rest:
        raise LexiconError(f"{row.tag}: an empty phrase or an odd parenthesis in {row.phrases!r}")
    return start


def _sequence(parts: Sequence[object], after: _Node) -> _Node:
    for part in reversed(parts):
        node = _Node()
        if isinstance(part, str):
            exact = part.removeprefix(_EXACT)
            for spelling in {exact, exact if exact != part else without_accents(part)}:
                node.edges[spelling] = [after]
        elif isinstance(part, list):
            for alternative in part:
                words = [each for each in alternative if each != _END]
                ends = after.leaf if len(words) < len(alternative) else None
                _merge(node, _sequence(words, _Node(replace(ends, at_end=True)) if ends else after))
        after = node
    return after


def _merge(into: _Node, node: _Node) -> None:
    into.leaf = into.leaf or node.leaf
    for word, after in node.edges.items():
        into.edges.setdefault(word, []).extend(after)


class _Pattern:
    """Reads "(a|b|) c|d" into alternatives, each a list of words and of nested alternatives."""

    def __init__(self, text: str) -> None:
        self.rest = _SIGNS.findall(text)[::-1]

    def alternatives(self) -> list[list[object]]:
        """Return what stands before the next closing parenthesis, or the end."""
        found: list[list[object]] = [[]]
        while self.rest and self.rest[-1] != ")":
            sign = self.rest.pop()
            if sign == "|":
                found.append([])
            elif sign == "(":
                found[-1].append(self.alternatives())
                if not self.rest or self.rest.pop() != ")":
                    raise LexiconError("a parenthesis is not closed")
            elif sign in (_START, _END) or sign.startswith(("{", _EXACT)):
                found[-1].append(sign)
            else:
                found[-1].extend(token.low for token in tokens(sign))
        return found


_SIGNS = re.compile(r"[()|^$]|\{\w+\}|[^()|^$\s{]+")
