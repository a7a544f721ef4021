"""Answer a caller's words act by act: those beside an answer first, then the answer.

What stands beside a yes is dealt with first; where it may change something, the yes is asked for
again (`understanding.consent`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from voicebot.call import Needs, Step, Wish
from voicebot.collect import (
    asides,
    bookings,
    call_backs,
    called_for,
    closing,
    emergencies,
    endings,
    times,
)
from voicebot.collect.answers import (
    again,
    closed_offer,
    offer_again,
    proceed,
    take,
    unclear,
)
from voicebot.collect.called_for import PURPOSES
from voicebot.collect.dialogue import Dialogue, Mode, Purpose
from voicebot.collect.open_question import answer
from voicebot.collect.said import MAY_ASK_A_FIELD, Said
from voicebot.collect.taken import early_time, take_values
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import (
    IDLE,
    Affirm,
    Ask,
    Choose,
    Decline,
    Deny,
    Flexible,
    Leave,
    Note,
    Provide,
    Repeat,
    Wait,
    Want,
    WantPerson,
    Withdraw,
    utterance,
)

HOLD_SILENCES = 5
"""A caller who asked for a moment has so many silences (half a minute) before being asked."""

_REACHED_BY = (Step.NAME, Step.PHONE)
_OF_A_CALLER = (*_REACHED_BY, Step.ADDRESS, Step.EMAIL)
_CHANGES = (Purpose.CANCEL, Purpose.MOVE)
_GIVE_WAY = (Purpose.COMPLAIN, Purpose.BE_CALLED, Purpose.ASK_AFTER)
"""Beside them a booking may be wished for: "a complaint, but first send me a plumber"."""

_ASKED_FOR = {"service.wish", "service.wants", "want.booking"}
"""Words for a trade that is wanted, also where an emergency needs another's work."""


def on_heard(turn: Turn, said: Said) -> Turn:
    """Take what the caller said."""
    held = turn.dialogue
    turn = turn.become(turns=held.turns + 1)
    is_emergency = emergencies.is_told(turn, said.told, said.text, said.of(Want))
    graver = not said.has(Ask) and emergencies.is_another(turn, said.told)
    another = not held.urgent or graver
    if is_emergency and another and not said.wants("no_emergency"):
        turn = emergencies.told_of(turn, said.told, said.text)
        asked_for = _ASKED_FOR & utterance(said.text, said.situation.language).tags
        named = any(act.step is Step.SERVICE for act in said.values) and asked_for
        if not named and (work := emergencies.work_of(turn, said.told, said.situation)):
            turn = take(turn, Provide(Step.SERVICE, work, (0, len(said.text))), unread=True)
            acts = [a for a in said.reading.acts if getattr(a, "step", None) is not Step.SERVICE]
            said = replace(said, reading=replace(said.reading, acts=tuple(acts)))  # of the light
        if turn.ending:
            return _kept(turn, said)
    if held.urgent and said.wants("no_emergency"):
        turn = emergencies.none_after_all(turn)
    to_be_rung = call_backs.is_wanted(held, said)
    if said.has(WantPerson) and not (to_be_rung or said.leaves):
        turn = asides.put_through(call_backs.called_for(turn, said))
        return (
            _kept(turn, said)
            if turn.ending
            else answer(beside(take_values(turn, said), said), said)
        )
    if called_for.was_misdialled(held, said):
        return asides.farewell(turn)
    if not said.reading.acts and not said.unread:
        puts_a_value = held.mode in (Mode.CONFIRMING, Mode.OFFERING, Mode.CALLING_OFF)
        return unclear(turn) if puts_a_value else again(turn)
    told = said.has(Affirm, Deny, Choose, Flexible, Decline, Provide, Withdraw)
    answers = said.values or said.piece(held.step) or told
    wishes = any(want.what in ("keep", *PURPOSES) for want in said.of(Want))
    rethinks = held.mode in (Mode.CHOOSING, Mode.ASKING, Mode.CLOSING) and said.has(Deny)
    rethinks &= said.ends_with(Wait) and not said.values
    wishes |= said.leaves  # "I'll wait outside. Bye."
    if said.has(Wait) and not (wishes or said.wants("nothing") or (answers and not rethinks)):
        return turn.become(patience=HOLD_SILENCES).say("reply.hold")
    if held.mode is Mode.OFFERING:
        return _offered(turn, said)
    turn, ended = _wishes(turn, said)
    if ended:
        return turn
    if (told_for := closing.told_for_visit(turn, said)) is not None:
        return told_for
    turn = take_values(turn, said)
    turn = beside(turn, said)
    answered = said.values or said.has(Choose, Decline, Flexible) or said.piece(held.step)
    if said.tells_more and answered:
        turn = turn.note(said.left_over)  # "Thursday at ten, and tell your bloke to bring boots"
    return answer(turn, said)


def _kept(turn: Turn, said: Said) -> Turn:
    """Save what was told on the way to a person: no work, where it is what went wrong."""
    told = said.values if not said.wants("complaint", "matter") else ()
    told = told or tuple(act for act in said.values if act.step in _OF_A_CALLER)
    for act in told:
        turn = take(turn, act, unread=said.unread)
    return turn


def _wishes(turn: Turn, said: Said) -> tuple[Turn, bool]:
    """Deal with what the caller has called for; True when the turn is over with it."""
    held = turn.dialogue
    if said.wants("no_call"):
        turn = call_backs.take_back(turn)
    about_a_remark = said.has(Affirm) and said.unread  # "yes. I wonder if, no, never mind"
    refuses = said.wants("nothing") or called_for.refuses_booking(said)
    if refuses and not (about_a_remark or held.knows_something or said.has(Decline)):
        turn = turn.become(promised=False).fulfil()  # a wrong number: nobody is to be called back
    if (told := called_for.told_and_done(turn, said)) is not None:
        return told, True
    if said.leaves and not (said.has(Affirm) and _is_open_yes(held)):
        if said.agrees:
            turn = turn.confirm(*held.read_back)  # "yes, that's me. Bye"
        owed = any(called_for.is_owed(held, want) for want in said.of(Want))
        turn = call_backs.last_word(turn, said, owed=owed)
        return asides.farewell(_kept(turn, said)), True
    if (taken_back := bookings.another(turn, said) or _taken_back(turn, said)) is not None:
        return taken_back, True
    changes = said.wants("cancel", "reschedule") and (said.has_booked or said.names_a_booking)
    known = [ask for ask in said.of(Ask) if ask.topic not in ("", IDLE)]
    only_asks = called_for.only_asks(held, said)
    if only_asks or (called_for.refuses_booking(said) and known and not held.has_begun):
        if only_asks:  # nor is a number asked for
            turn = turn.become(settled=held.settled | {Step.PHONE})
        return endings.close(beside(take_values(turn, said, only=_OF_A_CALLER), said)), True
    if called_for.refuses_booking(said) and (
        instead := call_backs.instead(take_values(turn, said, only=_OF_A_CALLER), said)
    ):
        return instead, True
    ending = ("later", "nothing", "no_booking" if refuses else "")
    ends = [w.span for w in said.of(Want) if w.what in ending and not changes]
    further = [ask.span for ask in said.of(Ask)]
    further += [want.span for want in said.of(Want) if want.what in PURPOSES]
    further += [act.span for act in (*said.values, *said.of(Choose), *said.of(Decline))]
    piece = said.piece(Step.TIME)
    further += [act.span for act in said.of(Flexible)]
    if piece and (held.offered or said.asks_of(piece)):  # "never mind. Tomorrow?"
        further.append(piece.span)
    goes_on = bool(ends) and any(span > ends[-1] for span in further)
    if ends and not (about_a_remark or goes_on):
        turn = call_backs.last_word(turn, said, owed=said.wants("call_back"))
        return asides.farewell(_kept(turn, said).become(cancelled=refuses)), True
    if said.wants("new") and bookings.is_sought(held):
        return proceed(beside(take_values(bookings.none_there(turn), said), said)), True
    wish = called_for.wish(held, said)
    rung = call_backs.is_wanted(held, said)
    if rung and wish:
        turn = call_backs.noted(turn, said)
    elif rung:
        return _rung(turn, said)
    other = wish and held.purpose is not PURPOSES[wish.what]
    if said.books and held.purpose in _GIVE_WAY and not (other or held.about):
        return turn.become(purpose=Purpose.BOOK, mode=Mode.ASKING).note(said.text), False
    if wish and held.purpose is PURPOSES[wish.what]:  # said again before it was dealt with
        if held.proving and not any(act.step is held.step for act in said.values):
            return bookings.proceed(turn), True  # "just cancel it", to the address of the booking
        if held.mode is Mode.CALLING_OFF:
            return turn, False
        return turn.note(said.text).say(f"existing.begin_{held.purpose}"), False
    dealt = {*held.dealt} - {Purpose.BE_CALLED}  # it only belongs to what is complained of
    has_another = bool(held.urgent or dealt) or held.purpose in bookings.LOOKED_FOR
    has_another |= held.needs is Needs.PERSON and held.has_begun  # it is noted already
    books = said.books or (wish and called_for.wants_work_too(said, wish))
    if wish and wish.what == "complaint" and (has_another or books):
        # "I'm not happy", of this call, or "and send me another": that stays the wish
        wanted = None if has_another else Wish.COMPLAINT
        return turn.need(Needs.PERSON, wanted).note(said.text).say("reply.sorry"), False
    worse = held.purpose is Purpose.BE_CALLED and wish and wish.what == "complaint"
    if wish is None or not (worse or held.purpose is Purpose.BOOK):
        return turn, False
    return _turned_to(turn, said, wish)


_OF_ANY_VISIT = ("own", "cancel", "pay_how", "pay_when", "robot", "recorded", "company", "place")
"""Topics of questions that are answered before the booking is found which is called about."""


def _turned_to(turn: Turn, said: Said, wish: Want) -> tuple[Turn, bool]:
    """Turn to what is wished of a booking that is there; True when the turn is over with it."""
    held, purpose = turn.dialogue, PURPOSES[wish.what]
    of_this = held.has_begun and held.mode is not Mode.CLOSING and not said.has_booked
    if purpose is Purpose.ASK_AFTER and of_this:
        # "am I down for the plumber?", of the booking in the making
        held_now = [turn.spoken(s) for s in (Step.SERVICE, Step.TIME) if turn.dialogue.value(s)]
        if held_now and wish.what == "existing":
            turn = turn.say("reply.written", value=turn.listed(held_now, "and"))
        return turn.note(said.text) if turn.said else turn.note(said.text).say_noted(), False
    if purpose is Purpose.ASK_AFTER and held.found and not said.has(Affirm):
        turn = turn if said.fields_asked else turn.say("existing.stands", **turn.about())
        return endings.close(beside(turn, said)), True
    if purpose in _CHANGES and not held.has_begun:
        turn = bookings.take_up_next(turn, said)
        held = turn.dialogue
    matter = wish.what == "matter"
    goes_on = held.has_begun and purpose not in _CHANGES
    if (goes_on and (matter or purpose in held.dealt)) or (matter and said.books):
        return turn.promise().note(said.text).say_call_back(), False
    if purpose in held.dealt:
        return call_backs.again(turn, said), True
    stands = said.names_a_booking and not (held.pending or held.offered)
    stands = stands or said.has_booked or held.cancelled  # "no, my booking": none was made here
    if purpose is Purpose.CANCEL and held.has_begun and not stands:
        turn = turn.become(cancelled=True, pending=None, window=None)
        turn = turn.say("reply.cancel", 0 if held.coming else None)  # "nothing is booked" is untrue
        return (asides.farewell(turn) if said.has(Leave) else endings.close(turn)), True
    in_the_making = bool(held.step is Step.TIME or held.window)
    in_the_making &= held.mode is not Mode.CLOSING
    if purpose is Purpose.MOVE and in_the_making and not said.has_booked:
        return turn, False  # the time that is being found is meant
    turn = bookings.turn_to(turn, purpose, said.text, "existing.passed_on" if matter else "")
    turn = turn.become(to_tell=said.fields_asked, shift=said.shift, words=said.text)
    for ask in _questions(turn, said):
        fee = purpose in _CHANGES and ask.topic == "price"  # "I want to cancel, is there a fee?"
        if fee or ask.topic in _OF_ANY_VISIT:
            turn = asides.reply(turn, replace(ask, topic="cancel") if fee else ask, said.text)
    if said.leaves_open and (window := times.wished(turn, said.reading.acts)):
        turn = turn.become(window=window)
    kept = (*_REACHED_BY, *((Step.TIME,) if purpose is Purpose.MOVE else ()))
    turn = take_values(turn, said, aside=True, only=kept)
    return proceed(turn), True


def _rung(turn: Turn, said: Said) -> tuple[Turn, bool]:
    """Promise a call back; True where it is all that the caller wants."""
    held = turn.dialogue
    if held.purpose in bookings.LOOKED_FOR:
        turn = take_values(call_backs.promise(turn, said), said)
        known = turn.dialogue.caller or Step.PHONE in turn.dialogue.answers
        return endings.close(turn) if known else proceed(turn), True
    if not call_backs.is_only(turn, said):
        return call_backs.promise(turn, said), False
    if held.dealt and held.mode is Mode.CLOSING:
        return call_backs.again(take_values(turn, said, only=_REACHED_BY), said), True
    turn = bookings.turn_to(turn, Purpose.BE_CALLED, said.text)
    return proceed(beside(take_values(turn, said, only=_REACHED_BY), said)), True


def _taken_back(turn: Turn, said: Said) -> Turn | None:
    """Return the turn where a move is taken back or called off, or a cancel before its booking
    was found, which is moved instead, or stays; None where it is not."""
    held = turn.dialogue
    timed = said.piece(Step.TIME) or any(act.step is Step.TIME for act in said.values)
    if held.purpose is Purpose.MOVE and held.about and said.keeps:
        stays = not (timed or said.has(Affirm, Flexible, Choose, Ask) or said.wants("reschedule"))
        return bookings.keep(turn.note(said.text)) if stays else None
    if held.purpose is not Purpose.CANCEL:
        return bookings.called_off_instead(turn, said)
    asks = held.about and said.has(Ask) and said.names_a_move  # "what if I just move it?"
    if said.wants("reschedule") or (asks and not said.wants("cancel")):
        turn = turn.become(purpose=Purpose.MOVE).need(Needs.FOLLOW_UP, Wish.RESCHEDULE)
        if held.about:
            turn = turn.become(step=Step.TIME, mode=Mode.ASKING, put=0, shift=said.shift)
        turn = early_time(take_values(turn.note(said.text), said, aside=True), said)
        return bookings.new_time(turn) if held.about else proceed(turn)
    if not said.wants("keep") or held.mode is Mode.CALLING_OFF:
        return None
    if said.wants("call_back"):
        turn = turn.promise().say_call_back()
    return bookings.keep(turn.note(said.text))


def _is_open_yes(held: Dialogue) -> bool:
    """Return whether a yes books or calls off."""
    books = held.mode is Mode.CONFIRMING and held.step is Step.TIME
    return books or held.mode is Mode.CALLING_OFF


def beside(turn: Turn, said: Said) -> Turn:
    """Note what staff are to know, and answer what was asked."""
    held = turn.dialogue
    for note in said.of(Note):
        turn = turn.note(note.text).say_noted()
    if held.purpose is not Purpose.BOOK and (said.unread or said.has(Flexible, Note)):
        turn = turn.note(said.text)  # when to call back, what went wrong
    told = len(turn.said)
    turn = bookings.told(turn, _of_booking(held, said))
    answered = MAY_ASK_A_FIELD if len(turn.said) > told else ()
    for question in _questions(turn, said):
        if question.topic in answered:
            continue
        turn = asides.reply(turn, question, said.text)
    turn = replace(turn, said=tuple(dict.fromkeys(turn.said)))  # each answer once
    if held.replied and held.answered and not said.has(Ask) and said.missed:
        turn = asides.object_to(turn, said.text)
    if len(turn.said) > told or not said.has(Repeat):
        turn = turn.become(replied=turn.said[told:])
    if said.wants("annoyed"):
        turn = turn.say("reply.sorry")
    return turn


def _of_booking(held: Dialogue, said: Said) -> list[Step]:
    """Return the fields that are asked for, and that the booking has which was found."""
    named = said.fields_asked or tuple(
        step for ask in said.of(Ask) if not ask.topic for step in bookings.may_ask(held, ask.about)
    )
    return [step for step in named if held.found and not held.value(step)]


def _questions(turn: Turn, said: Said) -> Iterable[Ask]:
    """Return what was asked, "what is free" only where no time is open; and
    whether we do what is told of first, where it is no work of ours."""
    found: list[Ask] = []
    if called_for.is_of_another_trade(turn.dialogue, said):
        found.append(Ask("wished", said.text, (0, len(said.text))))
    for ask in said.of(Ask):
        if not ask.topic and said.asks_how(ask):
            continue  # "first name or last? Barry Smith"
        if ask.topic == "wished" and said.situation.step is Step.NAME and turn.dialogue.put < 2:
            continue  # told once we know whom we tell it, or when it is said again
        if ask.topic != "free" or said.situation.step is not Step.TIME:
            found.append(ask)
    return found


def _offered(turn: Turn, said: Said) -> Turn:
    """Take the answer to "shall we go on where we were?"; anything else starts afresh."""
    held = turn.dialogue
    if held.unheard:
        return take_values(turn, said).ask()
    agrees, values = said.has(Affirm) and not said.has(Deny), bool(said.values)
    if not (agrees or values or said.has(Deny)):
        turn = beside(turn, said)
        return offer_again(turn if turn.said else turn.say("ask.sorry"))
    earlier = held.earlier
    turn = closed_offer(turn)
    if agrees:
        turn = turn.take_over(earlier[0]).say("offer.yes") if earlier else turn.say("offer.gone")
        return proceed(take_values(turn, said))
    if values:
        step, mode = turn.dialogue.next_open()
        turn = turn.become(step=step, mode=mode)
        return proceed(beside(take_values(turn, said), said))
    return proceed(turn.say("offer.no"))
