"""The confirmation of a booking: a short text and an iCalendar invitation (RFC 5545)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid

from icalendar import Calendar, Event, vCalAddress

from voicebot import __version__
from voicebot.business import Business
from voicebot.call import Step
from voicebot.collect.spoken import written_time
from voicebot.collect.wording import load_wording
from voicebot.store import CallSkeleton
from voicebot.validation import validate


@dataclass(frozen=True, slots=True)
class Booked:
    """The content of a confirmation, from the record."""

    call_sid: str
    to: str
    name: str
    service: str
    address: str
    start: datetime


def booked(record: CallSkeleton, business: Business) -> Booked | None:
    """Return what to confirm; None without a booking or a valid e-mail address.

    Values are validated again, because older records may hold invalid ones.
    """
    info = record.user.userInfo
    to = validate(Step.EMAIL, info.email or "", business)
    start = validate(Step.TIME, record.user.serviceBookedTime or "", business)
    if not (record.servicebooked and isinstance(to, str) and isinstance(start, datetime)):
        return None
    return Booked(
        call_sid=record.callSid,
        to=to,
        name=_valid(Step.NAME, info.name, business),
        service=" ".join(record.user.service.name.split()) if record.user.service else "",
        address=_valid(Step.ADDRESS, info.address, business),
        start=start,
    )


def _valid(step: Step, value: str | None, business: Business) -> str:
    """Return a stored answer, or "" when it is invalid."""
    return value if value and validate(step, value, business) else ""


def letter(booking: Booked, business: Business, sender: str, now: datetime) -> EmailMessage:
    """Return the message to send.

    The invitation's id depends on the booking only, so a second copy updates the first in a
    calendar.
    """
    wording = load_wording(business)
    local = booking.start.astimezone(business.zone)
    time = written_time(local.strftime("%Y-%m-%dT%H:%M"), business.language)
    service = booking.service or business.company.name
    message = EmailMessage()
    message["Subject"] = wording.line("mail.subject", service=service, time=time)
    message["From"] = Address(business.company.name, addr_spec=sender)
    message["To"] = booking.to
    message["Date"] = now
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message.set_content(
        wording.line(
            "mail.body",
            name=booking.name,
            service=service,
            time=time,
            address=booking.address,
        )
    )
    invitation = _invitation(booking, business, sender, now)
    message.add_attachment(
        invitation,
        maintype="text",
        subtype="calendar",
        filename="booking.ics",
        params={"method": "REQUEST"},
    )
    return message


def _invitation(booking: Booked, business: Business, sender: str, now: datetime) -> bytes:
    event = Event()
    event.add("uid", f"{booking.call_sid}@{business.company.id}")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", booking.start.astimezone(UTC))
    length = timedelta(minutes=business.booking.slot_minutes)
    event.add("dtend", (booking.start + length).astimezone(UTC))
    event.add("summary", f"{business.company.name}: {booking.service}".rstrip(": "))
    event.add("location", booking.address)
    event["organizer"] = vCalAddress(f"mailto:{sender}")
    event["attendee"] = vCalAddress(f"mailto:{booking.to}")
    calendar = Calendar()
    calendar.add("prodid", f"-//voicebot//{__version__}//")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    calendar.add_component(event)
    ics: bytes = calendar.to_ical()
    return ics
