"""One utterance, cut and looked through once: its tokens, phrases, clauses and number words.

Every reader of a field starts from this, and none looks at the caller's text itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from voicebot.collect.understanding.clauses import Clause, clauses, ends_sentence
from voicebot.collect.understanding.lexicon import SOUND, Lexicon, Match, lexicon
from voicebot.collect.understanding.numbers import Numbers
from voicebot.collect.understanding.text import Token, tokens
from voicebot.collect.understanding.types import Span


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance in tokens, phrases and clauses.

    matches  for each token the phrases that begin there
    tags     the tags of all of them: a reader that finds none of its own there is done
    """

    text: str
    tokens: tuple[Token, ...]
    matches: tuple[tuple[Match, ...], ...]
    clauses: tuple[Clause, ...]
    numbers: Numbers
    lexicon: Lexicon
    tags: frozenset[str]

    def __len__(self) -> int:
        return len(self.tokens)

    def low(self, at: int) -> str:
        """Return the lower-case token at this place; "" beyond either end."""
        return self.tokens[at].low if 0 <= at < len(self.tokens) else ""

    def at(self, at: int, *tags: str) -> Match | None:
        """Return the longest phrase with one of these tags that begins at this token."""
        if not 0 <= at < len(self.matches):
            return None
        for match in self.matches[at]:
            if match.tag in tags:
                return match
        return None

    def before(self, end: int, *tags: str) -> Match | None:
        """Return the longest phrase with one of these tags that ends before the token `end`."""
        if self.tags.isdisjoint(tags):
            return None
        for first in range(max(0, end - _LONGEST_PHRASE), end):
            for match in self.matches[first]:
                if match.tag in tags and match.end == end:
                    return match
        return None

    def all(self, *tags: str, first: int = 0, end: int | None = None) -> Iterator[Match]:
        """Return every phrase with one of these tags in a stretch, one after the other."""
        end = len(self) if end is None else end
        at = end if self.tags.isdisjoint(tags) else first
        while at < end:
            match = self.at(at, *tags)
            if match and match.end <= end:
                yield match
                at = match.end
            else:
                at += 1

    def clause(self, at: int) -> Clause:
        """Return the clause that holds this token."""
        return next(clause for clause in self.clauses if clause.first <= at < clause.end)

    def in_clause(self, clause: Clause, *tags: str) -> Iterator[Match]:
        """Return every phrase with one of these tags in a clause."""
        return self.all(*tags, first=clause.first, end=clause.end)

    def is_sound(self, at: int) -> bool:
        """Return True for "uh" and for every mark."""
        return self.tokens[at].is_sign or self.at(at, SOUND) is not None

    def is_opening(self, at: int) -> bool:
        """Return True for the first word of all, and for the one behind a mark."""
        return at >= 0 and (at == 0 or self.tokens[at - 1].is_sign or self.is_sound(at - 1))

    def token_at(self, start: int) -> int:
        """Return the token that holds this place of the text, or comes next; 0 if none does."""
        return next((n for n, token in enumerate(self.tokens) if token.end > start), 0)

    @property
    def sentences(self) -> tuple[range, ...]:
        """The tokens of each sentence."""
        ends = [n + 1 for n in range(len(self)) if ends_sentence(self.tokens, n)]
        bounds = sorted({0, *ends, len(self)})
        return tuple(range(first, end) for first, end in pairwise(bounds))

    def opening(self, at: int) -> int:
        """Return where the sentence begins that holds this token."""
        return next((tokens.start for tokens in self.sentences if at in tokens), 0)

    def sentence(self, at: int) -> str:
        """Return the whole sentence that holds this token, as it was said."""
        whole = next(tokens for tokens in self.sentences if at in tokens)
        return self.text[slice(*self.span(whole.start, whole.stop))]

    @property
    def unread(self) -> Span | None:
        """Return where the text goes on beyond the tokens that are read, if it does."""
        end = self.tokens[-1].end if self.tokens else 0
        return (end, len(self.text)) if self.text[end:].strip() else None

    def span(self, first: int, end: int) -> Span:
        """Return where these tokens stand in the text."""
        return self.tokens[first].start, self.tokens[end - 1].end


_LONGEST_PHRASE = 12
"""Tokens of the longest phrase that is looked for backwards."""


@lru_cache(maxsize=16)
def utterance(text: str, language: str) -> Utterance:
    """Cut a text and look it through; the last few are remembered."""
    words = lexicon(language)
    said = tokens(text)
    matches = words.matches(said)
    tags = frozenset(match.tag for here in matches for match in here)
    parts = clauses(said, matches, words.sounds)
    return Utterance(text, said, matches, parts, Numbers(said, matches), words, tags)
