"""The last check before a value is stored, whoever understood it: rules, model or keypad."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from voicebot.business import Business
from voicebot.call import Answer, Step
from voicebot.collect.understanding.dates import localize

_MAX_CHARS = 200
"""Longer texts are no names and no addresses; the record is not a dumping ground."""


def validate(step: Step, value: str, business: Business) -> Answer | None:
    """A value in normal form as the record keeps it, or None when it is not acceptable."""
    match step:
        case Step.NAME | Step.ADDRESS:
            return _text(value)
        case Step.PHONE:
            return _phone(value)
        case Step.EMAIL:
            return _email(value)
        case Step.SERVICE:
            offer = business.offer(value)
            return offer.service if offer else None
        case Step.TIME:
            return _time(value, business)
        case Step.DONE:
            return None


class Refusal(StrEnum):
    """Why a time cannot be booked."""

    PAST = "past"
    TOO_FAR = "too_far"
    CLOSED = "closed"


def refuse_time(at: datetime, business: Business, now: datetime) -> Refusal | None:
    """None when a visit may begin at this moment."""
    if at <= now:
        return Refusal.PAST
    if at > now + timedelta(days=business.booking.days_ahead):
        return Refusal.TOO_FAR
    return None if business.is_open(at) else Refusal.CLOSED


def _text(value: str) -> str | None:
    text = " ".join(value.split())
    fits = 0 < len(text) <= _MAX_CHARS and any(c.isalnum() for c in text) and text.isprintable()
    return text if fits else None


def _phone(value: str) -> str | None:
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(value: str) -> str | None:
    try:
        checked = validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


def _time(value: str, business: Business) -> datetime | None:
    """Only a whole day and clock time books."""
    if len(value) < len("YYYY-MM-DDTHH:MM"):
        return None
    try:
        return localize(value, business.zone)
    except ValueError:
        return None
