"""The caller wants to be rung: what is promised, with the time that was said, and to whom.

Who wants only that is asked for a name and a number. What was promised is never turned into a
transfer by saying it again, and is taken back where nobody is to ring.
"""

from __future__ import annotations

from voicebot.call import Needs, Step, Wish
from voicebot.collect import bookings, endings
from voicebot.collect.answers import proceed
from voicebot.collect.asides import farewell
from voicebot.collect.called_for import PURPOSES
from voicebot.collect.dialogue import Dialogue, Mode, Purpose
from voicebot.collect.said import Said
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import (
    Affirm,
    Asked,
    Deny,
    Note,
    Want,
    WantPerson,
    utterance,
)

MOST_TOLD_AGAIN = 2
"""A wish that is noted, and cannot be met here, is answered so often; then it is goodbye."""
_OF_A_BOOKING = (Step.ADDRESS, Step.EMAIL, Step.SERVICE)


def is_wanted(held: Dialogue, said: Said) -> bool:
    """Return whether a call back is wished for, or one that was promised is spoken of again."""
    promised = Purpose.BE_CALLED in (held.purpose, *held.dealt)
    people = said.of(WantPerson)
    return said.wants("call_back") or (promised and bool(people) and not any(p.now for p in people))


def is_only(turn: Turn, said: Said) -> bool:
    """Return whether the caller wants a call, and no booking."""
    held = turn.dialogue
    agrees = said.has(Affirm) and said.situation.asked is Asked.CONFIRM  # "yeah hi" does not
    if held.purpose is not Purpose.BOOK or agrees:
        return False
    tags = utterance(said.text, said.situation.language).tags
    wishes = "service.wish" in tags  # "I need a plumber, ring me"; not "ring me about the wiring"
    spoken_of = "booked.thing" in tags and not wishes  # "my plumber didn't come, ring me"
    begun = held.pending or held.offered or {*_OF_A_BOOKING} & {*held.answers}
    told = {act.step for act in said.values} & {*_OF_A_BOOKING}
    told -= set() if wishes else {Step.SERVICE}
    refuses = held.urgent and "want.no_booking" in tags  # "I don't want a time, who rings me?"
    return refuses or "person.only" in tags or spoken_of or not (begun or told)


def called_for(turn: Turn, said: Said) -> Turn:
    """Write down why a caller wants a person: a complaint, a booking, or what else is told.

    Who told why, and has begun no booking, is asked for a name and a number, should the call go on;
    of who said no more than "a person, please" a booking may be taken meanwhile.
    """
    wish = next((w for w in said.of(Want) if w.what in PURPOSES), None)
    purpose = Purpose.COMPLAIN if wish and wish.what == "complaint" else Purpose.BE_CALLED
    if (wish or said.tells_more) and is_only(turn, said):
        turn = turn.become(purpose=purpose)
    if wish is None:
        return turn.note(said.text) if said.tells_more else turn
    turn = turn.need(Needs.PERSON, bookings.WISHES[PURPOSES[wish.what]]).note(said.text)
    return turn.say("reply.sorry") if purpose is Purpose.COMPLAIN else turn


def noted(turn: Turn, said: Said) -> Turn:
    """Write down that somebody is to ring, and when, beside whatever else is going on."""
    held = turn.dialogue
    if held.purpose is not Purpose.BE_CALLED:
        dealt = dict.fromkeys((*held.dealt, Purpose.BE_CALLED))
        turn = turn.promise().become(dealt=tuple(dealt))
    return turn.note(said.text)


def promise(turn: Turn, said: Said) -> Turn:
    """Write it down, and say so."""
    return noted(turn, said).say_call_back()


def again(turn: Turn, said: Said) -> Turn:
    """Promise it once more to who wants nothing else; too often, and it is goodbye."""
    held = turn.dialogue
    told_again = held.attempts + 1 if held.mode is Mode.CLOSING else 0
    turn = promise(turn, said)
    if told_again > MOST_TOLD_AGAIN:
        return farewell(turn)
    return endings.close(turn).become(attempts=told_again)


def last_word(turn: Turn, said: Said, *, owed: bool) -> Turn:
    """Write down what is told with the goodbye: "tell them it's the fourteenth. Bye".

    owed  it is a wish for staff: a call is promised where a number is known
    """
    if not (owed or (said.tells_staff and turn.dialogue.knows_something)):
        return turn
    turn = turn.note(said.text)
    known = Step.PHONE in turn.dialogue.answers or turn.dialogue.caller
    return turn.promise().say_call_back() if owed and known else turn


def instead(turn: Turn, said: Said) -> Turn | None:
    """Return the turn that notes what is wanted instead of a booking, and has staff call back about
    a wish; a reason is only noted. None where nothing is told: that is a goodbye."""
    held = turn.dialogue
    has_else = "refuse.else" in utterance(said.text, said.situation.language).tags
    told = said.says_more or said.has(Note) or (said.unread and has_else)
    if held.purpose in bookings.LOOKED_FOR or not told:
        return None
    if not has_else:
        return endings.close(turn.note(said.text).say_noted().become(cancelled=True))
    if held.purpose is Purpose.BOOK and Purpose.BE_CALLED not in held.dealt:
        return proceed(bookings.turn_to(turn, Purpose.BE_CALLED, said.text))
    turn = promise(turn, said)
    return turn.ask() if held.mode is Mode.CLOSING else endings.close(turn)


def goes_on(turn: Turn, said: Said) -> bool:
    """Return whether who only says again that they want to be rung leaves their number as it is."""
    held = turn.dialogue
    known = said.situation.record
    new = any(act.step is None or act.value != known.get(act.step) for act in said.values)
    again = held.put > 1 and not (held.unheard or said.has(Deny) or new)
    return again and held.purpose in (Purpose.BE_CALLED, Purpose.COMPLAIN) and is_wanted(held, said)


def takes_the_time(turn: Turn, said: Said) -> bool:
    """Return whether a time that was said is one to ring at, and no time of a visit."""
    held = turn.dialogue
    of_a_visit = held.step is Step.TIME and held.mode is not Mode.CLOSING
    return not of_a_visit and is_wanted(held, said)


def take_back(turn: Turn) -> Turn:
    """Promise no call any more; what else staff must see to stays."""
    held = turn.dialogue
    turn = turn.become(
        promised=False, dealt=tuple(each for each in held.dealt if each != Purpose.BE_CALLED)
    )
    if held.purpose is Purpose.BE_CALLED:
        turn = turn.become(purpose=Purpose.BOOK, mode=Mode.CLOSING).save(wish=Wish.NOTHING)
    if held.needs is Needs.FOLLOW_UP and held.purpose in (Purpose.BOOK, Purpose.BE_CALLED):
        turn = turn.become(needs=Needs.NOTHING).save(needs=Needs.NOTHING)
    return turn
