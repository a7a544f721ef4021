"""An existing appointment: found by its number and its name, then called off, moved or told.

Nothing of it is said before the spoken name agrees with its own: a number can be forged. Where no
number finds it, the caller is asked once for its address (for its e-mail, where a business asks no
address), and it is looked for under the name: found is what has both. What is not found is written
down, and staff call back; that a name is known is never told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from voicebot.call import CallSid, Needs, Step, Window, Wish
from voicebot.collect.dialogue import Appointment, Dialogue, Mode, Purpose, appointment, situation
from voicebot.collect.endings import close
from voicebot.collect.events import CalledOff, CallOff, Find, FindNamed, Found
from voicebot.collect.spoken import written
from voicebot.collect.times import exact, recall
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import (
    Affirm,
    Choose,
    Correct,
    Deny,
    Flexible,
    Provide,
    names_one,
    utterance,
    window_of,
)
from voicebot.collect.understanding.same_person import (
    addresses_agree,
    lacks_family,
    names_agree,
)
from voicebot.ledger import Booking
from voicebot.names import name_words

if TYPE_CHECKING:
    from voicebot.collect.said import Said

WISHES = {
    Purpose.CANCEL: Wish.CANCEL,
    Purpose.MOVE: Wish.RESCHEDULE,
    Purpose.ASK_AFTER: Wish.EXISTING,
    Purpose.COMPLAIN: Wish.COMPLAINT,
    Purpose.BE_CALLED: Wish.OTHER,
}

LOOKED_FOR = (Purpose.CANCEL, Purpose.MOVE, Purpose.ASK_AFTER)
"""Wishes about a booking that is there already."""


def turn_to(turn: Turn, purpose: Purpose, text: str, line: str = "") -> Turn:
    """Take up another purpose than a booking, and write it down at once; `line` says so."""
    if turn.dialogue.purpose is purpose:
        return turn
    held = turn.dialogue
    owed = held.promised or held.needs is not Needs.NOTHING
    turn = turn.become(promised=owed, purpose=purpose, mode=Mode.ASKING)
    turn = turn.become(attempts=0, put=0, partial=None)
    needs = Needs.PERSON if purpose is Purpose.COMPLAIN else Needs.FOLLOW_UP
    turn = turn.need(needs, WISHES[purpose]).note(text)
    turn = turn.say(line or f"existing.begin_{purpose}")
    return replace(turn, rung=turn.rung or (purpose is Purpose.BE_CALLED and not line))


def is_sought(held: Dialogue) -> bool:
    """Return whether a booking is looked for, or was and is not found."""
    return held.purpose in LOOKED_FOR or bool({*LOOKED_FOR} & {*held.dealt})


def none_there(turn: Turn) -> Turn:
    """Look for no booking any more: the caller has none, and wants one."""
    dealt = tuple(each for each in turn.dialogue.dealt if each not in LOOKED_FOR)
    turn = turn.become(purpose=Purpose.BOOK, about=None, found=None, proving=False, dealt=dealt)
    return turn.become(mode=Mode.ASKING, attempts=0, put=0).fulfil().save(wish=Wish.NOTHING)


def proceed(turn: Turn) -> Turn:
    """Find the appointment once a name and a number are known, or what stands for the number; else
    note it for staff."""
    held = turn.dialogue
    if held.about:
        return recall(turn)
    if held.purpose in (Purpose.COMPLAIN, Purpose.BE_CALLED):
        return close(turn.say_call_back())
    if held.found:
        return _take_up(turn, held.found)
    name = held.answers.get(Step.NAME)
    numbers = [held.answers.get(Step.PHONE), held.caller]
    number = next((n for n in numbers if n and n not in held.sought), None)
    if name and lacks_family(name) and Step.NAME.value not in held.sought:
        return _ask_whole_name(turn)
    if number and name:
        return turn.become(sought=(*held.sought, number)).ask_for(Find(number))
    return _prove(turn)


def _prove(turn: Turn) -> Turn:
    """Ask for what only the customer knows, then look under the name; both once in a call."""
    held = turn.dialogue
    name, proof = held.answers.get(Step.NAME), held.proof
    if not name or proof is None or proof in held.sought:
        return close(turn.say("existing.not_found"))
    if proof in held.answers:
        return turn.become(sought=(*held.sought, proof.value)).ask_for(FindNamed(name))
    if held.proving:  # asked for, and not given
        return close(turn.say("existing.not_found"))
    return turn.become(proving=True, step=proof, mode=Mode.ASKING, put=0, attempts=0).ask()


def _ask_whole_name(turn: Turn) -> Turn:
    """Ask once for the whole name, whoever's bookings there are: a given name alone finds none."""
    held = turn.dialogue
    turn = turn.become(
        sought=(*held.sought, Step.NAME.value), doubted=held.doubted | {Step.NAME}, partial=None
    )
    return turn.become(step=Step.NAME, mode=Mode.ASKING, put=0, attempts=0).ask()


def take_up_again(turn: Turn, before: str | None) -> Turn | None:
    """Look once more for what was not found, where the name is now told whole; else None.

    before  the name as it was
    """
    held, name = turn.dialogue, turn.dialogue.answers.get(Step.NAME, "")
    purpose = next((p for p in LOOKED_FOR if held.dealt and p == held.dealt[-1]), None)
    if purpose is None or not before or not lacks_family(before) or lacks_family(name):
        return None
    if name_words(before)[0] not in name_words(name):
        return None  # another's
    turn = turn.become(purpose=purpose, dealt=held.dealt[:-1], sought=(Step.NAME.value,))
    return proceed(turn)


def may_find(turn: Turn) -> bool:
    """Return True when the name is known, and the number shown is untried, or all is found."""
    held = turn.dialogue
    looked_for = held.purpose in LOOKED_FOR
    fresh = held.caller is not None and held.caller not in held.sought
    fresh |= held.found is not None
    named = Step.NAME in held.answers and Step.NAME not in held.doubted  # not 我姓欧阳
    return looked_for and fresh and not held.about and named


def on_found(turn: Turn, event: Found) -> Turn:
    """Take up the next appointment of the caller's own; nothing is said of another's."""
    turn = replace(turn, said=event.said)
    held, by_name = turn.dialogue, isinstance(event.request, FindNamed)
    mine = [
        appointment(each.call_sid, each.state, turn.business)
        for each in event.bookings
        if _is_own(each, held, by_name=by_name)
    ]
    tags = utterance(held.words, held.business.language).tags
    named = (each for each in mine if _is_named(turn, held.words, each))
    own = next(named, next(iter(mine[1:2] if "booked.other" in tags else mine), None))
    if own is None and by_name:
        return close(turn.say("existing.not_found"))
    if own is None:
        if held.step is not Step.PHONE and not {Step.PHONE} & (set(held.answers) | held.settled):
            return turn.become(step=Step.PHONE, mode=Mode.ASKING, put=0, attempts=0).ask()
        return proceed(turn)
    others = tuple(each for each in mine if each is not own)
    return _take_up(turn.become(others=others), own)


def _is_named(turn: Turn, text: str, one: Appointment, *, by_day: bool = True) -> bool:
    """Return whether the words name the day or the work of an appointment."""
    where = replace(situation(turn.dialogue, turn.now), coming=(one.record,))
    return names_one(utterance(text, where.language), where, by_day=by_day)


def another(turn: Turn, said: Said) -> Turn | None:
    """Take up another of the caller's appointments, where that is meant: "no, the plumbing"."""
    held = turn.dialogue
    if not (held.about and held.others and held.mode in (Mode.CALLING_OFF, Mode.ASKING)):
        return None
    days = held.mode is Mode.CALLING_OFF  # else a day is the new one
    rest = [each for each in held.others if _is_named(turn, said.text, each, by_day=days)]
    if not rest and "booked.other" in utterance(said.text, said.situation.language).tags:
        rest = list(held.others)
    denies = said.has(Deny) or "mend.not" in utterance(said.text, said.situation.language).tags
    if not rest or (not denies and _is_named(turn, said.text, held.about, by_day=days)):
        return None
    others = (held.about, *(each for each in held.others if each is not rest[0]))
    turn = turn.become(others=others, window=None, partial=None)
    return _take_up(turn, rest[0])


def _take_up(turn: Turn, found: Appointment) -> Turn:
    """Do with the caller's own appointment what they called for."""
    turn = turn.become(about=found, found=found, put=0, attempts=0)
    match turn.dialogue.purpose:
        case Purpose.CANCEL:
            return _to_tell(turn).become(mode=Mode.CALLING_OFF).ask()
        case Purpose.MOVE:
            turn = turn.become(step=Step.TIME, mode=Mode.ASKING)
            return new_time(_to_tell(turn.say("existing.found", **turn.about())))
        case _:
            turn = turn.say("existing.stands", **turn.about())
            if _only_asks(turn.dialogue):
                return close(_to_tell(turn.fulfil()))
            turn = replace(turn, passed=(turn.dialogue.words,))
            return close(_to_tell(turn.say("existing.passed_on")))


def _only_asks(held: Dialogue) -> bool:
    """Return whether the caller wants to know of the booking, and nothing of staff: no word is left
    beside those of bookings, times and questions, their name and the work."""
    said, own = utterance(held.words, held.business.language), held.found
    known = (m for here in said.matches for m in here if m.tag.startswith(_OF_ANY_BOOKING))
    read = {n for match in known for n in range(match.first, match.end) if own}
    left = (said.low(n) for n in range(len(said)) if n not in read and not said.is_sound(n))
    names, work = (name_words(own.name), own.service.casefold()[:_A_STEM]) if own else ((), "")
    told = any(word not in names and not word.startswith(work) for word in left)
    return not told and said.tags.isdisjoint(_OF_STAFF)


_OF_ANY_BOOKING = (
    *("quiet.", "booked.", "want.", "time.", "clause.", "act.", "name.", "lead.", "record."),
    *("decline.", "person.", "yes.", "no."),
)
"""Tables whose words tell when it is, whose, or that it is asked after."""
_OF_STAFF = ("note.request", "booked.adds", "booked.change", "booked.missing", "want.late")
_A_STEM = 4
"""Letters by which "a clean" is a cleaning."""


def new_time(turn: Turn) -> Turn:
    """Begin with what was said of the new time: an hour of its day, "earlier that day"."""
    held = turn.dialogue
    if held.about is None:
        return recall(turn)
    day, _, hour = held.about.at.partition("T")
    if (said := exact(held.window) if held.window else None) and said.startswith("T"):
        return recall(turn.become(window=window_of(f"{day}{said}")))
    if held.shift == SAME and not said and (new := _only_day(held.window)):
        return recall(turn.become(window=window_of(f"{new}T{hour}")))
    at = datetime.fromisoformat(held.about.at)
    if held.shift == DAY and held.window and not held.window.days:
        turn = turn.become(window=replace(held.window, days=(at.date(),)))
    window, today = held.window or Window(), situation(held, turn.now).now.date()
    if held.shift == SOONER and not window.days and today < at.date():
        turn = turn.become(window=replace(window, last=at.date() - _DAY))
    elif held.shift in (EARLIER, LATER, SOONER) and not held.window:
        before = None if held.shift == LATER else (at - _MINUTE).time()
        after = None if before else (at + _MINUTE).time()
        turn = turn.become(window=Window((at.date(),), before=before, after=after))
    return recall(turn)


def _only_day(window: Window | None) -> str:
    """Return the one day of a window (ISO); empty where it has none or several."""
    return window.days[0].isoformat() if window and len(window.days) == 1 else ""


EARLIER, LATER, SOONER, SAME, DAY = "earlier", "later", "sooner", "same", "day"
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def _to_tell(turn: Turn) -> Turn:
    """Say what of the booking was asked for before it was found."""
    return told(turn, [Step(name) for name in turn.dialogue.to_tell]).become(to_tell=())


def may_ask(held: Dialogue, about: str) -> tuple[Step, ...]:
    """Return the address where a question has a figure of it: "is it 120 Rose Street you have?"."""
    stored = held.found.address if held.found else ""
    figures = {*_FIGURES.findall(about)} & {*_FIGURES.findall(stored)}
    return (Step.ADDRESS,) if figures else ()


_FIGURES = re.compile(r"\d+")


def told(turn: Turn, steps: Iterable[Step]) -> Turn:
    """Say what the booking that was found has of these fields; nothing where it has none."""
    held = turn.dialogue
    if held.found is None:
        return turn
    values = [
        turn.say_time(value) if step is Step.TIME else written(step, value, turn.business)
        for step in steps
        if (value := held.found.value(step))
    ]
    return turn.say("reply.written", value=turn.listed(values, "and")) if values else turn


def compare(turn: Turn, act: Provide | Correct, text: str) -> Turn:
    """Take an address or e-mail that is said of the booking that was found: it is that, or is to
    be changed by staff."""
    held, step = turn.dialogue, act.step
    if step is None or held.found is None:
        return turn
    stored, said = held.found.value(step), act.value or ""
    same = addresses_agree(said, stored) if step is Step.ADDRESS else said == stored
    return told(turn, [step]) if same else turn.note(text).promise().say_call_back()


def of_own_work(turn: Turn, said: Said) -> Turn | None:
    """Return the turn that tells another booking of the caller's, where it or its work is named:
    "and the cleaning stays?", "and the other one?". None for other work."""
    held, named = turn.dialogue, {a.value for a in said.of(Provide) if a.step is Step.SERVICE}
    other = "booked.other" in utterance(said.text, said.situation.language).tags
    own = next((each for each in held.others if other or each.service in named), None)
    if own is None:
        return None
    answers = {step: value for step, value in held.answers.items() if step is not Step.SERVICE}
    turn = turn.become(found=own, answers=answers)
    return turn.say("existing.stands", **turn.about())


def take_up_next(turn: Turn, said: Said) -> Turn:
    """Let another of the caller's appointments, or the same, be dealt with in the same way."""
    held = turn.dialogue
    known = (*((held.found,) if held.found else ()), *held.others)
    days = said.wants("cancel")  # else a day is the new one
    named = (each for each in known if _is_named(turn, said.text, each, by_day=days))
    if (meant := next(named, known[0] if known else None)) is None:
        return turn
    others = tuple(each for each in known if each is not meant)
    return turn.become(found=meant, others=others, dealt=())


def called_off_instead(turn: Turn, said: Said) -> Turn | None:
    """Turn a move that is under way into a cancel of the same appointment; None where none is
    asked for, or a new time is told: "cancel that, make it Friday"."""
    held = turn.dialogue
    if held.purpose is not Purpose.MOVE or not held.about or held.mode is Mode.CLOSING:
        return None
    heard = utterance(said.text, said.situation.language)
    needless = list(heard.all("booked.needless"))
    if not (said.wants("cancel") or (needless and said.wants("nothing"))):
        return None
    behind = {heard.tokens[m.end].start for m in needless if m.end < len(heard.tokens)}
    told = [act for act in said.of(Provide) + said.of(Correct) if act.step is Step.TIME]
    timed = said.has(Choose) or any(act.span[0] not in behind for act in told)
    timed |= any(not flexible.window.but for flexible in said.of(Flexible))  # else refused
    agrees = held.mode is Mode.CONFIRMING and said.has(Affirm) and not said.has(Deny)
    if timed or agrees or said.wants("reschedule", "keep"):
        return None
    turn = turn.become(purpose=Purpose.CANCEL, pending=None, window=None)
    return _take_up(turn.need(Needs.FOLLOW_UP, Wish.CANCEL).note(said.text), held.about)


def call_off(turn: Turn) -> Turn:
    """Call the appointment off, after a plain yes."""
    found = turn.dialogue.about
    if found is None:
        return close(turn)
    return turn.ask_for(CallOff(CallSid(found.call_sid)))


def means_every(held: Dialogue, text: str) -> bool:
    """Return whether all of the caller's appointments are to be called off: "cancel both"."""
    return "booked.every" in utterance(text, held.business.language).tags


def on_called_off(turn: Turn, event: CalledOff) -> Turn:
    """Say that it is done, or that staff will see to it."""
    turn = replace(turn, said=event.said)
    held = turn.dialogue
    if event.done:
        turn = turn.become(found=None).fulfil().say("existing.cancelled")
        if held.others and means_every(held, held.words):
            turn = turn.need(Needs.FOLLOW_UP, Wish.CANCEL)
            return _take_up(turn.become(others=held.others[1:]), held.others[0])
        return close(turn)
    return close(turn.promise().say("existing.later"))


def keep(turn: Turn) -> Turn:
    """Leave the appointment as it is."""
    turn = turn.fulfil().save(wish=Wish.NOTHING).say("existing.kept")
    return close(turn)


def _is_own(booking: Booking, held: Dialogue, *, by_name: bool) -> bool:
    """Return whether it has the caller's name and, found `by_name`, what is to prove it."""
    stored = booking.state.answers
    name = stored.get(Step.NAME)
    if not isinstance(name, str) or not names_agree(held.answers.get(Step.NAME, ""), name):
        return False
    if not by_name:
        return True
    proof = stored.get(held.proof) if held.proof else None
    told = held.answers.get(held.proof, "") if held.proof else ""
    if not isinstance(proof, str):
        return False
    return addresses_agree(told, proof) if held.proof is Step.ADDRESS else told == proof
