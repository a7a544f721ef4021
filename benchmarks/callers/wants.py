"""A caller's wanted values, and whether a value is one of them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import date, datetime, time

from voicebot.business import WEEKDAYS, Business
from voicebot.call import Step

from .moments import Moment, resolve
from .persona import Persona, Value, Window

_TITLES = {"mr", "mrs", "ms", "miss", "dr", "doctor", "mister"}
_SAID_OR_NOT = {"unit", "flat", "apartment", "apt", "number", "no", "the"}
"""Words of an address that may be left out: 4/80 and unit 4, 80 are one."""
_LONG = {"st": "street", "rd": "road", "ave": "avenue", "ct": "court", "cl": "close", "ln": "lane"}


def words_of(text: str) -> list[str]:
    """Return words in lower case, without accents and signs; Chinese by its characters."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.findall(r"[a-z]+|\d+|[一-鿿]", plain)


def same(step: Step, value: str, wanted: str) -> bool:
    """Return whether a stored value is the wanted one; what stands in brackets may be missing."""
    if step is Step.PHONE:
        return value.startswith(wanted)  # an extension may stand behind it
    if step is Step.NAME:
        return _without_titles(value) == _without_titles(wanted)
    if step is Step.ADDRESS:
        least = _parts(re.sub(r"\([^)]*\)", " ", wanted))
        most, has = _parts(wanted), _parts(value)
        return not least - has and not has - most
    return value.casefold() == wanted.casefold()


def _without_titles(name: str) -> list[str]:
    return [word for word in words_of(name) if word not in _TITLES]


def _parts(address: str) -> Counter[str]:
    words = (_LONG.get(word, word) for word in words_of(address))
    return Counter(word for word in words if word not in _SAID_OR_NOT)


class Wants:
    """The values that a persona wants, at first and in the end, with its moments resolved.

    now     the moment at which it calls
    chosen  the offered time that it took: only that one is right from then on
    """

    def __init__(self, persona: Persona, business: Business, now: datetime) -> None:
        self.now = now.astimezone(business.zone)
        self._business, self._truth = business, persona.truth
        self._wanted = {**persona.truth, **persona.at_first}
        self.moments = {
            name: Moment(self._resolve(text), business.language)
            for name, text in persona.times.items()
        }
        self.chosen: Moment | None = None

    def change(self, step: Step) -> None:
        """Want the value of `truth` for a step from here on."""
        self._wanted[step] = self._truth[step]

    def forms(self, step: Step) -> list[str]:
        """Return the values that are wanted now, the first as the caller says it; empty: none."""
        wanted = self._wanted.get(step, [])
        if isinstance(wanted, Window):
            return []
        return [wanted] if isinstance(wanted, str) else wanted

    def is_known(self, step: Step) -> bool:
        """Return whether the caller cares what stands there."""
        return step in self._truth

    def is_right(self, step: Step, value: str | None, *, finally_: bool = False) -> bool:
        """Return whether a value is wanted, now or in the end; what is not cared for is right."""
        wanted = (self._truth if finally_ else self._wanted).get(step)
        if wanted is None:
            return True
        if step is Step.TIME:
            return value is not None and self.fits(datetime.fromisoformat(value), wanted)
        forms = [wanted] if isinstance(wanted, str) else wanted
        return not isinstance(forms, Window) and any(
            not value if not form else value is not None and same(step, value, form)
            for form in forms
        )

    def time_fits(self, at: datetime) -> bool:
        """Return whether a moment suits now; any does who names none."""
        wanted = self._wanted.get(Step.TIME)
        return wanted is None or self.fits(at, wanted)

    def fits(self, at: datetime, wanted: Value) -> bool:
        """Return whether a moment is the chosen one, else one of some, or inside a window."""
        local = at.astimezone(self._business.zone)
        if self.chosen is not None:
            return local == self.chosen.at
        return self.is_within(local, wanted)

    def is_within(self, at: datetime, wanted: Value) -> bool:
        """Return whether a moment is one of some by their names, or inside a window."""
        if isinstance(wanted, Window):
            first, last = (time.fromisoformat(clock) for clock in wanted.clock)
            inside = self._resolve(wanted.first) <= at <= self._resolve(wanted.last)
            return inside and first <= at.time() <= last
        names = [wanted] if isinstance(wanted, str) else wanted
        return any(at == self.moments[name].at for name in names)

    def _resolve(self, text: str) -> datetime:
        return resolve(text, self.now, self._is_shut)

    def _is_shut(self, day: date) -> bool:
        hours = self._business.hours.get(WEEKDAYS[day.weekday()])
        return self._business.is_closed(day) or not hours
