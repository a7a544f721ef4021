"""An existing appointment: found by its number and its name, then called off, moved or told.

Nothing of it is said before the spoken name agrees with its own: a number can be forged. What is
not found is written down, and staff call back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from voicebot.call import Booking, CallSid, Needs, Service, Step, Wish
from voicebot.collect.dialogue import Appointment, Mode, Purpose, normal
from voicebot.collect.events import CalledOff, CallOff, Find, Found
from voicebot.collect.times import close, recall
from voicebot.collect.turn import Turn
from voicebot.collect.understanding.same_person import names_agree

WISHES = {
    Purpose.CANCEL: Wish.CANCEL,
    Purpose.MOVE: Wish.RESCHEDULE,
    Purpose.ASK_AFTER: Wish.EXISTING,
    Purpose.COMPLAIN: Wish.COMPLAINT,
    Purpose.BE_CALLED: Wish.OTHER,
}


def turn_to(turn: Turn, purpose: Purpose, text: str) -> Turn:
    """Take up another purpose than a booking, and write it down at once."""
    if turn.dialogue.purpose is purpose:
        return turn
    owed = turn.dialogue.promised or turn.dialogue.needs is not Needs.NOTHING
    turn = turn.become(promised=owed, purpose=purpose, mode=Mode.ASKING)
    turn = turn.become(attempts=0, put=0, partial=None)
    needs = Needs.PERSON if purpose is Purpose.COMPLAIN else Needs.FOLLOW_UP
    turn = turn.need(needs, WISHES[purpose]).note(text)
    return turn.say(f"existing.begin_{purpose}")


def proceed(turn: Turn) -> Turn:
    """Find the appointment once a name and a number are known; else note it for staff."""
    held = turn.dialogue
    if held.about:
        return recall(turn)
    if held.purpose in (Purpose.COMPLAIN, Purpose.BE_CALLED):
        return close(turn.say("existing.call_back"))
    name = held.answers.get(Step.NAME)
    numbers = [held.answers.get(Step.PHONE), held.caller]
    number = next((n for n in numbers if n and n not in held.sought), None)
    if number and name:
        return turn.become(sought=(*held.sought, number)).ask_for(Find(number))
    return close(turn.say("existing.not_found"))


def may_find(turn: Turn) -> bool:
    """Return True when the name is known, and the shown number was not tried yet."""
    held = turn.dialogue
    looked_for = held.purpose in (Purpose.CANCEL, Purpose.MOVE, Purpose.ASK_AFTER)
    fresh = held.caller is not None and held.caller not in held.sought
    return looked_for and fresh and not held.about and Step.NAME in held.answers


def on_found(turn: Turn, event: Found) -> Turn:
    """Take up the next appointment of the caller's own; nothing is said of another's."""
    turn = replace(turn, said=event.said)
    name = turn.dialogue.answers.get(Step.NAME, "")
    own = next((each for each in event.bookings if _is_own(each, name)), None)
    if own is None:
        held = turn.dialogue
        if held.step is not Step.PHONE and Step.PHONE not in held.answers:
            return turn.become(step=Step.PHONE, mode=Mode.ASKING, put=0, attempts=0).ask()
        return close(turn.say("existing.not_found"))
    turn = turn.become(about=_appointment(own, turn), put=0, attempts=0)
    match turn.dialogue.purpose:
        case Purpose.CANCEL:
            return turn.become(mode=Mode.CALLING_OFF).ask()
        case Purpose.MOVE:
            turn = turn.become(step=Step.TIME, mode=Mode.ASKING)
            return recall(turn.say("existing.found", **turn.about()))
        case _:
            turn = turn.say("existing.stands", **turn.about()).say("existing.passed_on")
            return close(turn)


def call_off(turn: Turn) -> Turn:
    """Call the appointment off, after a plain yes."""
    found = turn.dialogue.about
    if found is None:
        return close(turn)
    return turn.ask_for(CallOff(CallSid(found.call_sid)))


def on_called_off(turn: Turn, event: CalledOff) -> Turn:
    """Say that it is done, or that staff will see to it."""
    turn = replace(turn, said=event.said)
    if event.done:
        return close(turn.fulfil().say("existing.cancelled"))
    return close(turn.promise().say("existing.later"))


def keep(turn: Turn) -> Turn:
    """Leave the appointment as it is."""
    turn = turn.fulfil().say("existing.kept")
    return close(turn)


def _is_own(booking: Booking, name: str) -> bool:
    stored = booking.state.answers.get(Step.NAME)
    return isinstance(stored, str) and names_agree(name, stored)


def _appointment(booking: Booking, turn: Turn) -> Appointment:
    service, at = (booking.state.answers.get(step) for step in (Step.SERVICE, Step.TIME))
    return Appointment(
        booking.call_sid,
        normal(at, turn.business) if isinstance(at, datetime) else "",
        service.name if isinstance(service, Service) else "",
    )
