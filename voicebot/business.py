"""The business behind the number: what it offers, when it is open, how it speaks.

Read from a `business.toml`; a demo business ships with the package.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import date, datetime, time
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from phonenumbers import SUPPORTED_REGIONS
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from rapidfuzz import fuzz

from voicebot.call import FIELDS, Service, Step
from voicebot.error_texts import sentences
from voicebot.errors import SettingsError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_END_OF_DAY = time(23, 59)
"""A closing time from here on means midnight."""


class Confirm(StrEnum):
    """The way a value is read back: as a question, in passing, or not at all."""

    EXPLICIT = "explicit"
    IMPLICIT = "implicit"
    NEVER = "never"


class Visit(StrEnum):
    """Where the work is: we come to the customer, or the customer comes to us."""

    THEIRS = "theirs"
    OURS = "ours"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(_Model):
    """The company that answers the phone."""

    id: str
    name: str
    email: str = ""
    address: str = ""


class Offer(_Model):
    """A service that the business offers, with the words that callers use for it."""

    id: str
    name: str
    price: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    minutes: int | None = Field(None, ge=5, le=24 * 60)
    """The length of a visit; None: a slot."""
    capacity: int | None = Field(None, ge=1)
    """Visits of this service at one time; None: only what holds for all of them."""

    @property
    def service(self) -> Service:
        """The service as the record keeps it."""
        return Service(self.id, self.name, self.price, self.description)


def _end_of_day(value: object) -> object:
    return _END_OF_DAY if value in ("24:00", "00:00", time()) else value


class Hours(_Model):
    """Opening hours in local time; closing at `24:00` or `00:00` is the end of the day."""

    opens: time
    closes: Annotated[time, BeforeValidator(_end_of_day)]

    @model_validator(mode="after")
    def _opens_first(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError(
                "closes before it opens; end the day at 24:00, begin the next at 00:00"
            )
        return self

    def has_room(self, start: time, minutes: int) -> bool:
        """Return whether a visit of `minutes` from `start` lies within these hours."""
        end = start.hour * 60 + start.minute + minutes
        closes = self.closes.hour * 60 + self.closes.minute
        return self.opens <= start and end <= (24 * 60 if self.closes >= _END_OF_DAY else closes)


class Booking(_Model):
    """The length of a slot, the calls that may share it, and how many days ahead can be booked."""

    slot_minutes: int = Field(60, ge=5, le=24 * 60)
    capacity: int = Field(1, ge=1)
    days_ahead: int = Field(365, ge=1)


class Closure(_Model):
    """Days on which nobody works, the last one included."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="before")
    @classmethod
    def _of_a_day(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"from": value, "to": value}

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last < self.first:
            raise ValueError("ends before it begins")
        return self


class Emergency(_Model):
    """What callers say in an emergency, what they are told at once, and whom they may ring."""

    words: tuple[str, ...] = Field(min_length=1)
    say: str
    number: str = ""


class BusinessAnswer(_Model):
    """A question as callers ask it, in several forms, and the business's own answer."""

    ask: tuple[str, ...] = Field(min_length=1)
    say: str


_POLICY: dict[Step, Confirm] = {
    Step.NAME: Confirm.IMPLICIT,
    Step.PHONE: Confirm.EXPLICIT,
    Step.ADDRESS: Confirm.IMPLICIT,
    Step.EMAIL: Confirm.EXPLICIT,
    Step.SERVICE: Confirm.IMPLICIT,
    Step.TIME: Confirm.EXPLICIT,
}


def _known_region(code: str) -> str:
    if code not in SUPPORTED_REGIONS:
        raise ValueError(f"{code!r} is no country; use its two capital letters, like GB")
    return code


def _in_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    if Step.TIME not in steps:
        raise ValueError("must hold time: it is what is booked")
    return tuple(step for step in FIELDS if step in steps)


def _known_day(name: str) -> str:
    if name not in WEEKDAYS:
        raise ValueError(f"is no weekday; use {', '.join(WEEKDAYS)}")
    return name


class Business(_Model):
    """One business, validated and immutable."""

    company: Company
    region: Annotated[str, AfterValidator(_known_region)] = "AU"
    zone: ZoneInfo = Field(ZoneInfo("Australia/Sydney"), alias="timezone")
    """Callers mean it, too."""
    language: Literal["en", "zh-CN", "es"] = "en"
    transfer_to: str | None = None
    services: tuple[Offer, ...] = Field(min_length=1)
    hours: dict[Annotated[str, AfterValidator(_known_day)], tuple[Hours, ...]]
    booking: Booking = Booking()
    confirm: dict[Step, Confirm] = Field(default_factory=dict)
    visit: Visit = Visit.THEIRS
    ask: Annotated[tuple[Step, ...], AfterValidator(_in_order)] = FIELDS
    """The questions of a booking; the time is always one of them."""
    optional: tuple[Step, ...] = ()
    """Those of them that a caller may leave out without a note for staff."""
    closed: tuple[Closure, ...] = ()
    areas: tuple[str, ...] = ()
    emergencies: tuple[Emergency, ...] = ()
    answers: tuple[BusinessAnswer, ...] = ()
    suburbs: tuple[str, ...] = ()
    wording: dict[str, str] = Field(default_factory=dict)

    def policy(self, step: Step) -> Confirm:
        """Return how `step` is read back. The time is always explicit, because it books."""
        return Confirm.EXPLICIT if step is Step.TIME else self.confirm.get(step, _POLICY[step])

    def offer(self, name: str) -> Offer | None:
        """Return the offer of this name or id, ignoring case, or None."""
        wanted = name.casefold()
        return next(
            (o for o in self.services if wanted in (o.name.casefold(), o.id.casefold())), None
        )

    def minutes(self, service: str | None = None) -> int:
        """Return how long a visit for the service with this id takes."""
        offer = self.offer(service) if service else None
        return (offer.minutes if offer else None) or self.booking.slot_minutes

    def capacity(self, service: str | None = None) -> int:
        """Return how many visits of this service may be at one time; without one, of all."""
        offer = self.offer(service) if service else None
        return (offer.capacity if offer else None) or self.booking.capacity

    def is_closed(self, day: date) -> bool:
        """Return whether nobody works on this day, whatever the opening hours say."""
        return any(closure.first <= day <= closure.last for closure in self.closed)

    def is_open(self, at: datetime, service: str | None = None) -> bool:
        """Return whether a visit that begins at this moment fits into the opening hours."""
        local = at.astimezone(self.zone)
        return not self.is_closed(local.date()) and any(
            span.has_room(local.time(), self.minutes(service))
            for span in self.hours.get(WEEKDAYS[local.weekday()], ())
        )

    def emergency_in(self, text: str) -> Emergency | None:
        """Return the emergency of the business's own list that a text speaks of."""
        said = _words(text)
        found = (e for e in self.emergencies if any(_within(_words(w), said) for w in e.words))
        return next(found, None)


def answer_for(question: str, business: Business) -> str | None:
    """Return the business's own answer to a caller's question, or None."""
    asked = " ".join(_words(question))
    scored = [
        (fuzz.token_set_ratio(asked, " ".join(_words(example))), answer.say)
        for answer in business.answers
        for example in answer.ask
    ]
    score, say = max(scored, default=(0.0, ""))
    return say if score >= _ALIKE else None


def serves(text: str, business: Business) -> bool | None:
    """Return whether the business comes to the place that a text names; None without `areas`."""
    if not business.areas:
        return None
    said = _words(text)
    return any(_within(_words(area), said) for area in business.areas)


_ALIKE = 82.0
"""Of 100: from here on two questions are taken for the same."""


def _words(text: str) -> list[str]:
    """Return the words of a text in small letters; of Chinese each sign is one."""
    return re.findall(r"[\u4e00-\u9fff]|[^\W_]+", text.casefold())


def _within(words: Sequence[str], said: Sequence[str]) -> bool:
    size = len(words)
    return bool(size) and any(said[at : at + size] == words for at in range(len(said) - size + 1))


def load_business(path: Path | None) -> Business:
    """Read a business file, or the demo one; raises SettingsError that names the wrong place."""
    name = str(path) if path else "the demo business"
    try:
        text = path.read_text("utf-8") if path else _demo()
        return Business.model_validate(tomllib.loads(text))
    except OSError as error:
        mend = "set VOICEBOT_BUSINESS to your business.toml, or leave it out for the demo"
        raise SettingsError(f"cannot read {name} ({error.strerror}): {mend}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name} is not UTF-8 text: save it as such") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name} is not TOML: {error}") from error
    except ValidationError as error:
        raise SettingsError(f"{name}: {sentences(error.errors())}") from error


def _demo() -> str:
    return files("voicebot").joinpath("business.toml").read_text("utf-8")
