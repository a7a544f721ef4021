"""The keys of a `business.toml`, with their defaults and limits.

The docstrings of the fields are the descriptions in the JSON schema.
"""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from phonenumbers import SUPPORTED_REGIONS
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from voicebot.business.emergencies import built_in, is_now, speaks_of
from voicebot.call import FIELDS, Service, Step

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_END_OF_DAY = time(23, 59)
"""A closing time from here on means midnight."""


class Confirm(StrEnum):
    """The way a value is read back: as a question, in passing, or not at all."""

    EXPLICIT = "explicit"
    IMPLICIT = "implicit"
    NEVER = "never"


class Visit(StrEnum):
    """The place of the work: the customer's, or ours."""

    THEIRS = "theirs"
    OURS = "ours"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Company(_Table):
    """The company that answers the phone."""

    id: str = Field(examples=["bright-windows"])
    """A short name for Redis and webhooks; changing it starts an empty calendar."""
    name: str = Field(examples=["Bright Windows"])
    """The name as it is said in the greeting."""
    email: str = ""
    """Sender of confirmations, unless `VOICEBOT_MAIL_FROM` is set."""
    address: str = ""
    """The place of the business; told to callers who ask."""


class Offer(_Table):
    """A service that the business offers, with the words that callers use for it."""

    id: str = Field(examples=["windows"])
    """A short name for the record; no two services share one."""
    name: str = Field(examples=["Window cleaning"])
    """The name as it is said and stored."""
    price: str = ""
    """The price as it is said: "90 dollars for two hours"."""
    description: str = ""
    """The details, for the record and for the model that understands callers."""
    synonyms: tuple[str, ...] = ()
    """Callers' words for it, or for what is broken when they need it."""
    minutes: int | None = Field(None, ge=5, le=24 * 60)
    """The length of a visit; without it `booking.slot_minutes`."""
    capacity: int | None = Field(None, ge=1)
    """Visits of this service at one time; without it only `booking.capacity` counts."""

    def __hash__(self) -> int:
        """Return the same for the same id: what is made once for a business is looked up often."""
        return hash(self.id)

    @property
    def service(self) -> Service:
        """The service as the record keeps it."""
        return Service(self.id, self.name, self.price, self.description)


def _end_of_day(value: object) -> object:
    return _END_OF_DAY if value in ("24:00", "00:00", time()) else value


_CLOCK = {"type": "string", "pattern": "^([01]?[0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9])?$"}
_DAY = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


class Hours(_Table):
    """A span of a day in local time; closing at `24:00` or `00:00` is the end of the day."""

    opens: Annotated[time, WithJsonSchema(_CLOCK)] = Field(examples=["09:00"])
    """The first moment at which a visit may begin."""
    closes: Annotated[time, BeforeValidator(_end_of_day), WithJsonSchema(_CLOCK)] = Field(
        examples=["17:00"]
    )
    """The moment at which the last visit is over."""

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


class Booking(_Table):
    """The length of a slot, the calls that may share it, and how many days ahead can be booked."""

    slot_minutes: int = Field(60, ge=5, le=24 * 60)
    """The length of a visit whose service has no `minutes`."""
    capacity: int = Field(1, ge=1)
    """Visits at one time, of all services together."""
    days_ahead: int = Field(365, ge=1)
    """The days ahead that callers can book."""


class Closure(_Table):
    """Days on which nobody works, the last one included; a single day is written as a date."""

    model_config = ConfigDict(
        json_schema_extra=lambda schema: schema.update(
            anyOf=[_DAY, {"type": "object"}], type=["string", "object"]
        )
    )

    first: Annotated[date, WithJsonSchema(_DAY)] = Field(alias="from", examples=["2026-12-24"])
    """The first closed day."""
    last: Annotated[date, WithJsonSchema(_DAY)] = Field(alias="to", examples=["2027-01-02"])
    """The last closed day."""

    @model_validator(mode="before")
    @classmethod
    def _of_a_day(cls, value: object) -> object:
        if isinstance(value, dict):
            return value
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            raise ValueError(f"must be a date like 2026-03-02, not {value!r}") from None
        return {"from": day, "to": day}

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last < self.first:
            raise ValueError("ends before it begins")
        return self


class Emergency(_Table):
    """A kind of emergency: callers' words for it, the answer at once, and a number to ring."""

    words: tuple[Annotated[str, Field(min_length=2)], ...] = Field(
        min_length=1, examples=[["smell gas"]]
    )
    """Words that tell of it, in their order; `...` stands for up to three others."""
    say: str = Field(examples=["Please leave the building now."])
    """One sentence that keeps the caller safe."""
    number: str = ""
    """A number to ring, where no person can be reached."""


class BusinessAnswer(_Table):
    """A question as callers ask it, in several forms, and the business's own answer."""

    ask: tuple[Annotated[str, Field(min_length=2)], ...] = Field(
        min_length=1, examples=[["do you take cards"]]
    )
    """The question in three or four forms; other forms are recognised by their words."""
    say: str = Field(examples=["Yes, any card."])
    """The answer, in a sentence or two."""


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


def _asked_at_all(steps: tuple[Step, ...], info: ValidationInfo) -> tuple[Step, ...]:
    asked = info.data.get("ask", FIELDS)
    if Step.TIME in steps:
        raise ValueError("must not hold time: it is what is booked")
    if strange := [step for step in steps if step not in asked]:
        raise ValueError(f"holds {strange[0]}, which `ask` leaves out: add it there, or drop it")
    return steps


def _known_day(name: str) -> str:
    if name not in WEEKDAYS:
        raise ValueError(f"is no weekday; use {', '.join(WEEKDAYS)}")
    return name


def _told_apart(services: tuple[Offer, ...]) -> tuple[Offer, ...]:
    ids = [offer.id.casefold() for offer in services]
    if doubled := [one for at, one in enumerate(ids) if one in ids[:at]]:
        raise ValueError(f"holds the id {doubled[0]!r} twice: give each service one of its own")
    return services


def _or_built_in(own: tuple[Emergency, ...], info: ValidationInfo) -> tuple[Emergency, ...]:
    if own or "region" not in info.data or "language" not in info.data:
        return own
    tables = built_in(info.data["region"], info.data["language"])
    return tuple(Emergency.model_validate(table) for table in tables)


class Business(_Table):
    """One business, validated and immutable."""

    company: Company
    """The business that answers the phone."""
    region: Annotated[str, AfterValidator(_known_region)] = "AU"
    """Two letters: the country of telephone numbers and addresses without one of their own."""
    zone: ZoneInfo = Field(ZoneInfo("Australia/Sydney"), alias="timezone")
    """The time zone of the opening hours, and of what callers say."""
    language: Literal["en", "zh-CN", "es"] = "en"
    """The language that the bot speaks."""
    transfer_to: str | None = None
    """A person's number for callers who ask for one; without it they are called back."""
    listening_in: bool = False
    """Staff may listen to calls that go on; see that callers are told where the law wants it."""
    services: Annotated[tuple[Offer, ...], AfterValidator(_told_apart)] = Field(min_length=1)
    """The services that can be booked."""
    hours: dict[Annotated[str, AfterValidator(_known_day)], tuple[Hours, ...]] = Field(
        json_schema_extra={"propertyNames": {"enum": list(WEEKDAYS)}}
    )
    """Opening hours by weekday; a day that is missing or empty is closed."""
    booking: Booking = Booking()
    """The calendar."""
    confirm: dict[Step, Confirm] = Field(default_factory=dict)
    """The way each answer is read back; the time always as a question."""
    visit: Visit = Visit.THEIRS
    """`theirs`: we come to the customer; `ours`: the customer comes to us."""
    ask: Annotated[tuple[Step, ...], AfterValidator(_in_order)] = FIELDS
    """The questions of a booking; the time is always one of them."""
    optional: Annotated[tuple[Step, ...], AfterValidator(_asked_at_all)] = ()
    """Those of them that a caller may leave out without a note for staff."""
    closed: tuple[Closure, ...] = ()
    """Holidays and other closed days: dates, or spans of dates."""
    areas: tuple[str, ...] = ()
    """The area we come to, as it is said to callers: a few names, not every suburb."""
    emergencies: Annotated[tuple[Emergency, ...], AfterValidator(_or_built_in)] = Field(
        (), validate_default=True
    )
    """Emergencies; without any, those built in for the region and language."""
    answers: tuple[BusinessAnswer, ...] = ()
    """Answers to usual questions."""
    suburbs: tuple[str, ...] = ()
    """Names of places that speech recognition should expect; they count as served, too."""
    wording: dict[str, str] = Field(default_factory=dict)
    """Lines of the bot that this business says in words of its own, by their key."""

    def policy(self, step: Step) -> Confirm:
        """Return how `step` is read back. The time is always explicit, because it books."""
        return Confirm.EXPLICIT if step is Step.TIME else self.confirm.get(step, _POLICY[step])

    def offer(self, name: str) -> Offer | None:
        """Return the offer of this name or id, ignoring case, or None."""
        wanted = name.casefold()
        return next(
            (o for o in self.services if wanted in (o.name.casefold(), o.id.casefold())), None
        )

    def capacity_in_vain(self) -> str:
        """Return a sentence where a service has more capacity than the business, or ""."""
        most = self.booking.capacity
        names = [one.name for one in self.services if (one.capacity or 0) > most]
        why = f"only {most} at a time by the capacity of [booking]: raise that, or lower theirs"
        return f"{', '.join(names)}: {why}" if names else ""

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
        """Return the first emergency that a text speaks of, neither denied nor over, or None."""
        return next((e for e in self.emergencies if speaks_of(text, e.words, self.language)), None)

    def is_now(self, text: str, span: tuple[int, int]) -> bool:
        """Return whether what stands at `span` in a text is so now: "it floods every winter"."""
        return is_now(text, *span, self.language)
