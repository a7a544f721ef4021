"""`voicebot doctor --business FILE`: a business file read aloud.

It says in plain sentences what callers will be asked and told, when the business is open, and what
is free tomorrow, so that a mistake in it is seen before a caller hears it.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from datetime import date, datetime, timedelta
from typing import Final

from voicebot.business import WEEKDAYS, Business, Confirm, Hours, Visit
from voicebot.collect.wording import Wording, load_wording
from voicebot.error_texts import why
from voicebot.settings import Settings
from voicebot.store import AWAY, connect, running_url, vacant_times

_LANGUAGES: Final = {"en": "English", "zh-CN": "Chinese", "es": "Spanish"}
_READ_BACK: Final = {
    Confirm.EXPLICIT: "read back as a question",
    Confirm.IMPLICIT: "repeated in passing",
    Confirm.NEVER: "not read back",
}
_WIDTH: Final = 11
_FEW: Final = 4
"""Of a list that is read in part."""


async def read_aloud(business: Business, settings: Settings, now: datetime) -> AsyncIterator[str]:
    """Yield the lines for the terminal; `now` has a zone. Raises SettingsError."""
    wording = load_wording(business)
    for line in (
        *_company(business, wording),
        *_questions(business, wording),
        *_services(business),
        *_opening(business),
    ):
        yield line
    yield await _tomorrow(business, settings, now.astimezone(business.zone).date())
    for line in _told(business):
        yield line


def _row(subject: str, text: str) -> str:
    return f"{subject:<{_WIDTH}}{text}"


def _company(business: Business, wording: Wording) -> Iterator[str]:
    company = business.company
    where = f"{_LANGUAGES[business.language]}, {business.zone}, numbers of {business.region}"
    yield _row("business", f"{company.name} ({company.id}); {where}")
    yield _row("greeting", f'"{wording.line("greeting")}"')
    whose = "we come to the customer" if business.visit is Visit.THEIRS else "customers come to us"
    areas = f"; we come to {', '.join(business.areas)}" if business.areas else ""
    yield _row("visits", whose + areas)
    person = business.transfer_to
    yield _row("a person", f"put through to {person}" if person else "no number: called back")


def _questions(business: Business, wording: Wording) -> Iterator[str]:
    yield _row("asks", "one after the other:")
    for number, step in enumerate(business.ask, start=1):
        how = _READ_BACK[business.policy(step)]
        optional = ", may be left out" if step in business.optional else ""
        key = f"ask.{step.value}"
        ours = business.visit is Visit.OURS and f"{key}_ours" in wording.lines
        question = wording.line(f"{key}_ours" if ours else key)
        yield _row("", f'{number}. {step.value}: "{question}" ({how}{optional})')


def _services(business: Business) -> Iterator[str]:
    for offer in business.services:
        price = f", {offer.price}" if offer.price else ", no price is told"
        few = f", {offer.capacity} at a time" if offer.capacity else ""
        also = f"; also {_some(offer.synonyms)}" if offer.synonyms else ""
        length = f"{business.minutes(offer.id)} minutes"
        yield _row("service", f"{offer.name}{price}, {length}{few}{also}")


def _opening(business: Business) -> Iterator[str]:
    for name in WEEKDAYS:
        yield _row("open", f"{name.capitalize()} {_spans(business.hours.get(name, ()))}")
    for closure in business.closed:
        until = f" to {closure.last}" if closure.last != closure.first else ""
        yield _row("closed", f"{closure.first}{until}")
    booking = business.booking
    yield _row(
        "calendar",
        f"a visit every {booking.slot_minutes} minutes, {booking.capacity} at a time, up to "
        f"{booking.days_ahead} days ahead",
    )
    if in_vain := business.capacity_in_vain():
        yield _row("note", in_vain)


def _spans(hours: Sequence[Hours]) -> str:
    ends = [f"{span.closes:%H:%M}".replace("23:59", "24:00") for span in hours]
    spans = [f"{span.opens:%H:%M}-{end}" for span, end in zip(hours, ends, strict=True)]
    return ", ".join(spans) or "closed"


async def _tomorrow(business: Business, settings: Settings, today: date) -> str:
    """Return what is free by the calendar in Redis; by the opening hours where none runs."""
    day = today + timedelta(days=1)
    if business.is_closed(day) or not business.hours.get(WEEKDAYS[day.weekday()]):
        return _row("tomorrow", f"{day:%A %d %B}: closed")
    source, free = "by the calendar", None
    if url := settings.redis_url or await running_url(settings):
        try:
            async with aclosing(connect(url)) as client:
                free = await vacant_times(client, business, day)
        except AWAY as error:
            source = f"by the opening hours alone: Redis does not answer ({why(error)})"
    else:
        source = "by the opening hours alone: no server runs"
    if free is None:
        free = _by_hours(business, day)
    times = ", ".join(f"{at:%H:%M}" for at in free) or "nothing"
    return _row("tomorrow", f"{day:%A %d %B}: free {times} ({source})")


def _by_hours(business: Business, day: date) -> list[datetime]:
    begins = datetime(day.year, day.month, day.day, tzinfo=business.zone)
    steps = range(0, 24 * 60, business.booking.slot_minutes)
    moments = (begins.replace(hour=minute // 60, minute=minute % 60) for minute in steps)
    return [moment for moment in moments if business.is_open(moment)]


def _told(business: Business) -> Iterator[str]:
    for emergency in business.emergencies:
        number = f" [{emergency.number}]" if emergency.number else ""
        yield _row("emergency", f"{_some(emergency.words)} -> {emergency.say}{number}")
    for answer in business.answers:
        yield _row("answer", f"{_some(answer.ask)} -> {answer.say}")
    for key, text in business.wording.items():
        yield _row("wording", f"{key}: {text}")


def _some(words: Sequence[str]) -> str:
    """Return the first few in quotation marks."""
    rest = f" and {len(words) - _FEW} more" if len(words) > _FEW else ""
    return ", ".join(f'"{word}"' for word in words[:_FEW]) + rest
