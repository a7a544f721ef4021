"""A letter to the customer about a booking: a short text and an iCalendar object.

A booking, and one that was moved, is an invitation (METHOD:REQUEST), one that was called off takes
it back (CANCEL). All of one booking have its UID, each a greater SEQUENCE (RFC 5545, 5546).
"""

from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid

from icalendar import Calendar, Event, vCalAddress

from voicebot import __version__
from voicebot.business import Business
from voicebot.call import Status, Step
from voicebot.collect.spoken import written_time
from voicebot.collect.wording import load_wording
from voicebot.store import CallSkeleton
from voicebot.validation import validate


def letter(
    record: CallSkeleton, business: Business, sender: str, now: datetime
) -> EmailMessage | None:
    """Return the message to send; None without a booking, standing or called off, or a valid e-mail
    address.

    Values are validated again, because older records may hold invalid ones. The invitation's id
    depends on the booking only, so a second copy updates the first in a calendar.
    """
    info = record.user.userInfo
    to = validate(Step.EMAIL, info.email or "", business)
    start = validate(Step.TIME, record.user.serviceBookedTime or "", business)
    called_off = record.status is Status.CANCELLED
    concerned = record.servicebooked or called_off
    if not (concerned and isinstance(to, str) and isinstance(start, datetime)):
        return None
    kind = "cancelled_" if called_off else "moved_" if record.bookingRevision else ""
    method = "CANCEL" if called_off else "REQUEST"
    name, address = (
        text if text and validate(step, text, business) else ""
        for step, text in ((Step.NAME, info.name), (Step.ADDRESS, info.address))
    )
    service = " ".join(record.user.service.name.split()) if record.user.service else ""
    local = start.astimezone(business.zone).strftime("%Y-%m-%dT%H:%M")
    words = {
        "service": service or business.company.name,
        "time": written_time(local, business.language),
    }
    wording = load_wording(business)
    message = EmailMessage()
    message["Subject"] = wording.line(f"mail.{kind}subject", **words)
    message["From"] = Address(business.company.name, addr_spec=sender)
    message["To"] = to
    message["Date"] = now
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    body = wording.line(f"mail.{kind}body", name=name, address=address, **words)
    message.set_content(body)
    event = Event()
    event.add("uid", f"{record.callSid}@{business.company.id}")
    event.add("sequence", record.bookingRevision)
    event.add("status", "CANCELLED" if called_off else "CONFIRMED")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", start.astimezone(UTC))
    offer = record.user.service.id if record.user.service else None
    length = timedelta(minutes=business.minutes(offer))
    event.add("dtend", (start + length).astimezone(UTC))
    event.add("summary", f"{business.company.name}: {service}".rstrip(": "))
    event.add("location", address)
    event["organizer"] = vCalAddress(f"mailto:{sender}")
    event["attendee"] = vCalAddress(f"mailto:{to}")
    calendar = Calendar()
    calendar.add("prodid", f"-//voicebot//{__version__}//")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    message.add_attachment(
        calendar.to_ical(),
        maintype="text",
        subtype="calendar",
        filename="booking.ics",
        params={"method": method},
    )
    return message
