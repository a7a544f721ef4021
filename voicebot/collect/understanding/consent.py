"""Is a turn nothing but a yes? Only such a turn books or confirms.

A yes is known by what is left when its words are taken away: nothing. The phrases that may make
up such a turn stand in `consent.toml`; one more word, and it is none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import product

from voicebot.call import Step
from voicebot.collect.understanding import Asked
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.tokens import plain, tokens

Span = tuple[int, int]
_Units = tuple[str, ...]

_MOST_UNITS = 40
"""Nobody agrees in more words; a longer turn tells something."""
_KEY_CHARS = 3
"""A bare "2" or "two" repeats no time: it may be the key that means no."""
_CHOICE = re.compile(r"\(([^()]*)\)")
_REPEATED, _BESIDE = "\1", "\2"
"""Stand for values: the one that was read back and is said again, and others."""


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The phrases of one language, as words or as Chinese characters."""

    agree: frozenset[_Units]
    beside: frozenset[_Units]
    before: frozenset[_Units]
    restate: frozenset[_Units]
    longest: int
    never: frozenset[_Units] = frozenset()


def is_held(step: Step, said: Found, asked: Asked) -> bool:
    """Return True when the value that was found is what the record has already."""
    held = asked.record.get(step)
    return held is not None and said.value is not None and said.value.casefold() == held.casefold()


def consents(text: str, asked: Asked, found: Mapping[Step, Found], *, asks: bool) -> bool:
    """Return True when a turn with these values wholly agrees to what was read back.

    The value that was read back may be said again, and an answer to another question may stand
    beside the yes; but what books agrees to nothing new. `asks`: the turn holds a question.
    """
    if agrees(text, asked.language):
        return True
    repeated: list[Span] = []
    beside: list[Span] = []
    for step, said in found.items():
        if said.value is None or said.span is None:
            continue
        if is_held(step, said, asked):
            short = said.span[1] - said.span[0] <= _KEY_CHARS
            (beside if short else repeated).append(said.span)
        elif asked.step is Step.TIME or (step is asked.step and step in asked.record):
            return False
        else:
            beside.append(said.span)
    return not asks and agrees(text, asked.language, repeated=repeated, beside=beside)


def field_named(text: str, asked: Asked) -> Step | None:
    """Return the one known field that is named in these words and is not the one read back."""
    table = _FIELDS[asked.language.partition("-")[0]]
    named = {step for step, pattern in table.items() if pattern.search(text)}
    if Step.ADDRESS in named:
        named.discard(Step.PHONE)  # "the street number"
    (only,) = named if len(named) == 1 else (None,)
    return only if only is not asked.step and only in asked.record else None


def agrees(
    utterance: str, language: str, *, repeated: Sequence[Span] = (), beside: Sequence[Span] = ()
) -> bool:
    """Return True when every word of `utterance` agrees, or is courtesy beside a word that does.

    repeated  where the value that was read back is said again, which agrees by itself
    beside    where values of other fields stand
    """
    spoken = language.partition("-")[0]
    said = _units(utterance, repeated, beside, chinese=spoken == "zh")
    known = _VOCABULARIES[spoken]
    if not said or len(said) > _MOST_UNITS:
        return False
    if any(said[at : at + len(no)] == no for no in known.never for at in range(len(said))):
        return False
    restate = known.restate if repeated or beside else frozenset()
    # For each place that phrases reach from the start: was one a yes, may the last one be last?
    reached: list[set[tuple[bool, bool]]] = [{(False, False)}, *(set() for _ in said)]
    for at in range(len(said)):
        for agreed, _ in reached[at]:
            for end in range(at + 1, min(len(said), at + known.longest) + 1):
                phrase = said[at:end]
                if phrase in known.agree or phrase == (_REPEATED,):
                    reached[end].add((True, True))
                if phrase in known.beside or phrase in restate or phrase == (_BESIDE,):
                    reached[end].add((agreed, True))
                if phrase in known.before:
                    reached[end].add((agreed, False))
    return (True, True) in reached[-1]


def _units(
    utterance: str, repeated: Sequence[Span], beside: Sequence[Span], *, chinese: bool
) -> _Units:
    """Return the words, in Chinese the characters, with one sign in place of each value.

    A question mark is a word: "yes?" is no yes.
    """
    text = plain(utterance)
    values = [(span, _REPEATED) for span in repeated] + [(span, _BESIDE) for span in beside]
    for (first, end), sign in sorted(values, reverse=True):
        text = f"{text[:first]} {sign} {text[end:]}"
    signs = ("?", _REPEATED, _BESIDE)
    if chinese:
        return tuple(c for c in text.lower() if c.isalnum() or c in signs)
    said = tokens(text)
    return tuple(t.low for t in said if t.is_word or t.is_number or t.text in signs)


def _expanded(pattern: str) -> Iterator[list[str]]:
    """Return the words of each phrase of a pattern: "(a|b) c" is "a c" and "b c"."""
    pieces = _CHOICE.split(pattern)
    choices = [piece.split("|") if at % 2 else [piece] for at, piece in enumerate(pieces)]
    return ("".join(phrase).split() for phrase in product(*choices))


def _read(table: Mapping[str, Sequence[str]], *, chinese: bool) -> _Vocabulary:
    sets = {
        name: frozenset(
            tuple("".join(phrase) if chinese else phrase)
            for pattern in patterns
            for phrase in _expanded(pattern)
        )
        for name, patterns in table.items()
    }
    return _Vocabulary(**sets, longest=max(len(units) for each in sets.values() for units in each))


_TABLES = tomllib.loads(files(__package__).joinpath("consent.toml").read_text("utf-8"))
_FIELDS = {
    language: {Step(name): re.compile(pattern, re.IGNORECASE) for name, pattern in table.items()}
    for language, table in _TABLES.pop("fields").items()
}
_VOCABULARIES = {
    language: _read(table, chinese=language == "zh") for language, table in _TABLES.items()
}
