"""Can the caller's words mean this value? Told from letters and digits, without its meaning.

A value is first brought to normal form by the code that the rules use; what has none is none. Then
every part of it must be found: digits in a row, words as they stand, spelled, or one that a
recogniser may have made of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

import phonenumbers
from rapidfuzz import fuzz

from voicebot.call import Step
from voicebot.collect.understanding import read
from voicebot.collect.understanding.fields.email import valid
from voicebot.collect.understanding.fields.phone import e164
from voicebot.collect.understanding.types import (
    Act,
    Asked,
    Correct,
    Flexible,
    Missing,
    Provide,
    Situation,
    Span,
)
from voicebot.collect.understanding.utterance import Utterance, utterance

_ALIKE: Final = 80.0
"""Of 100: "paramatta" for "Parramatta", not "Melbourne" for "Sydney"."""
_SHORTEST_MISHEARD: Final = 4
"""A word of less letters is too soon like another."""
_LONGEST_VALUE: Final = 120
GUESSES: Final = 2
"""Guesses in a model's value: so many that it is read back."""
FURTHEST: Final = timedelta(days=800)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)?(?:(?:^|T)(\d\d:\d\d))?")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Texts that a value may come from, in several readings.

    words     as the recogniser wrote them
    digits    every digit, number words read as digits
    letters   letters and digits with nothing between: as written; with number words as digits; the
              first of every word ("sierra mike" spells "sm"); single letters alone
    """

    words: frozenset[str]
    digits: tuple[str, ...]
    letters: tuple[str, ...]

    def has_word(self, word: str) -> bool:
        """Return True when this word was said, or one that was misheard for it."""
        if word.isdecimal():
            return any(word in each for each in self.digits)
        spelled = (len(word) > 1 or not word.isascii()) and any(word in run for run in self.letters)
        return word in self.words or spelled or self._sounds_like(word)

    def has_chunk(self, chunk: str) -> bool:
        """Return True when this run of letters and digits was said, spelled or named."""
        return any(chunk in run for run in self.letters) or self._sounds_like(chunk)

    def _sounds_like(self, word: str) -> bool:
        if len(word) < _SHORTEST_MISHEARD or not word.isalpha():
            return False
        return any(fuzz.ratio(word, said) >= _ALIKE for said in self.words)


def evidence(texts: Iterable[str], language: str) -> Evidence:
    """Read the texts that a value may come from."""
    words, digits, letters = set[str](), list[str](), list[str]()
    for said in (utterance(text, language) for text in texts):
        lows = [_bare(token.low) for token in said.tokens if not token.is_sign]
        figures = list(_figures(said))
        words.update(lows)
        digits.append("".join(each for each in figures if each.isdecimal()))
        single = "".join(low for low in lows if len(low) == 1)
        initials = "".join(low[0] for low in lows)
        letters += ["".join(lows), "".join(figures), initials, single]
    return Evidence(frozenset(words), tuple(digits), tuple(letters))


def _bare(word: str) -> str:
    return word.replace("'", "")


def _figures(said: Utterance) -> Iterator[str]:
    """Yield the words of a text, number words as their digits."""
    at = 0
    while at < len(said):
        group = said.numbers.group(at)
        if group is None and not said.tokens[at].is_sign:
            yield _bare(said.low(at))
        elif group is not None:
            yield group.digits
        at = group.end if group else at + 1


def proven(step: Step, claimed: str, span: Span, text: str, where: Situation) -> Provide | None:
    """Return a claimed value as an act, if the words can mean it; `span` are those it names.

    A value that is held already is not given again by a model: that would be a yes.
    """
    value = " ".join(claimed.split())
    if not value.isprintable() or len(value) > _LONGEST_VALUE:
        return None
    held = where.record.get(step, "")
    found = _moment(value, text[slice(*span)], where) if step is Step.TIME else None
    if step is not Step.TIME and (found := _in_normal_form(step, value, where)) is not None:
        texts = [text, *where.nbest, held]
        if where.partial and step is where.step:
            texts += [where.partial, f"{where.partial} {text}"]
        if not _is_said(step, found.value or "", held, evidence(texts, where.language)):
            return None
    if found is None or found.value is None or found.value.casefold() == held.casefold():
        return None
    return replace(found, span=span, assumed=GUESSES)


def _in_normal_form(step: Step, value: str, where: Situation) -> Provide | None:
    """Return a value as the rules keep it; None where they would not take it."""
    if step is Step.PHONE:
        plain: str | None = e164(re.sub(r"[\s()-]", "", value), where.region)
    elif step is Step.EMAIL:
        plain = valid(value)
    elif step is Step.SERVICE:
        names = {offer.name.casefold(): offer.name for offer in where.services}
        plain = names.get(value.casefold())
    else:
        alone = Situation(step, where.now, language=where.language, region=where.region)
        acts = read(value, alone).acts
        only = acts[0] if len(acts) == 1 else None
        if not isinstance(only, Provide) or only.step is not step:
            return None
        same = step is not Step.NAME or _words(only.value or "") == _words(value)
        return only if same else None
    return Provide(step, plain, (0, 0)) if plain else None


def _is_said(step: Step, value: str, held: str, said: Evidence) -> bool:
    if step is Step.SERVICE:
        return True  # it is on the list, whatever words were used for it
    if step is Step.PHONE:
        national = _national(value)
        parts = {national, _changed(national, _national(held))} if held else {national}
        return any(part and said.has_word(part) for part in parts)
    if step is Step.EMAIL:
        chunks = re.split(r"[^a-z0-9]+", value)
        return all(said.has_chunk(chunk) for chunk in chunks if chunk)
    return all(said.has_word(word) for word in _words(value))


def _national(number: str) -> str:
    return phonenumbers.national_significant_number(phonenumbers.parse(number)) if number else ""


def _changed(new: str, old: str) -> str:
    """Return the digits of a number that are others than in the one held."""
    first = _alike(new, old)
    return new[first : max(first, len(new) - _alike(new[::-1], old[::-1]))]


def _alike(one: str, other: str) -> int:
    """Return how many signs two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _words(value: str) -> list[str]:
    return re.findall(r"\d+|[^\W\d_]+", _bare(value.casefold()))


def _moment(value: str, quote: str, where: Situation) -> Provide | None:
    """Return a time whose day and clock the rules read in the words, or whose numbers are there."""
    match = _MOMENT.fullmatch(value)
    day, clock = match.groups() if match else (None, None)
    try:
        at = datetime.fromisoformat(f"{day or where.now.date()}T{clock or '00:00'}")
    except ValueError:
        return None
    if not (day or clock) or not is_ahead(at.date(), where):
        return None
    days, clocks = _times(quote, where)
    said = evidence([quote], where.language)
    of_day = day in days if days else said.has_word(str(at.day))
    hour = any(said.has_word(str(each)) for each in {at.hour, at.hour % 12 or 12})
    minute = at.minute == 0 or said.has_word(f"{at.minute:02}")
    of_clock = _hour(clock) in clocks if clocks else hour and minute
    if (day and not of_day) or (clock and not of_clock):
        return None
    missing = None if day and clock else Missing.CLOCK if day else Missing.DAY
    kept = value if day else f"T{clock}"
    return Provide(Step.TIME, kept, (0, 0), missing, kept if missing else None)


def tells_time(quote: str, where: Situation) -> bool:
    """Return True where the rules read a day, an hour or a bound in the words."""
    return any(isinstance(act, Provide | Correct | Flexible) for act in _read(quote, where))


def _read(quote: str, where: Situation) -> Iterator[Act]:
    """Yield what the rules read in the words, where a time is asked for."""
    if where.step is not Step.TIME:
        where = replace(where, step=Step.TIME, partial=None, asked=Asked.ANSWER)
    for act in read(quote, replace(where, nbest=())).acts:
        if isinstance(act, Flexible) or getattr(act, "step", None) is Step.TIME:
            yield act


def _times(quote: str, where: Situation) -> tuple[set[str], set[str]]:
    """Return the days and the clock times, by twelve hours, that the rules read."""
    days, clocks = set[str](), set[str]()
    for act in _read(quote, where):
        if isinstance(act, Provide | Correct) and act.value:
            day, _, clock = act.value.partition("T")
            days |= {day} if day else set()
            clocks |= {_hour(clock)} if clock else set()
        elif isinstance(act, Flexible):
            window = act.window
            days |= {day.isoformat() for day in window.days}
            clocks |= {_hour(f"{at:%H:%M}") for at in (window.after,) if at and not window.days}
    return days, clocks


def _hour(clock: str | None) -> str:
    hour, _, minute = (clock or "").partition(":")
    return f"{int(hour) % 12}:{minute}" if hour else ""


def is_ahead(day: date, where: Situation) -> bool:
    """Return True for a day that may be booked one day: not past, and not for years ahead."""
    return where.now.date() <= day <= where.now.date() + FURTHEST
