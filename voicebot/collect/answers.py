"""Take an answer: save it, join it to a piece, read it back, ask again, or leave it open.

A question is put, put in other words, then with what helps (keys, spelling, a person); after that
the step stays open with a note for staff. A value that was read back counts only after a yes.
"""

from __future__ import annotations

from collections.abc import Collection

from voicebot.business import Confirm
from voicebot.call import Step, Window
from voicebot.collect import asides, bookings, times
from voicebot.collect.dialogue import Mode, Purpose, normal
from voicebot.collect.endings import leave_time_open, unbooked
from voicebot.collect.spoken import written
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import Correct, Missing, Provide
from voicebot.collect.understanding.same_person import is_bare_surname, joined_name

MAX_ATTEMPTS = 4
"""Failed answers to one question, after which the bot goes on and staff see it unanswered."""

MAX_OFFERS = 2
"""An unclear answer to "shall we go on?" is asked for once more; then the call starts afresh."""

_OFFERS_AFTER = 2
"""Failed answers to "when?", after which free times are offered, whatever was said."""

WHOLE_WITHOUT = frozenset({Missing.SUBURB, Missing.HOUSE_NUMBER})
"""An address that lacks only this is taken when the caller has no more to say of it."""


def take(turn: Turn, act: Provide | Correct, *, unread: bool) -> Turn:
    """Take a value of any step: save it where it is valid and new.

    unread  words beside it were not understood: it is read back before anything is booked
    """
    step, value = act.step, act.value
    if step is None or value is None:
        return turn
    held = turn.dialogue
    if step is Step.TIME:
        return turn.become(window=times.wished(turn, (act,)))
    if held.asks_whole_name and step is Step.NAME and len(value.split()) == 1:
        value = joined_name(held.answers.get(step, ""), value)
    answer = turn.valid(step, value)
    if answer is None:
        return turn
    known = held.answers.get(step)
    if known == normal(answer, turn.business) and step not in held.doubted:
        return turn  # said once more: its yes still counts
    own = step is held.step and held.mode is Mode.ASKING
    guessed = isinstance(act, Provide) and act.assumed >= _MANY_GUESSES
    doubtful = step is not Step.SERVICE and (unread or guessed or held.noisy)
    early = not own or doubtful
    if known is not None and not doubtful and step not in held.read_back:
        early = False  # it is said aloud as what it is now
    if step is Step.NAME and own and is_bare_surname(value) and step.value not in held.sought:
        turn = turn.answer(step, answer).become(sought=(*held.sought, step.value))
        return turn.become(doubted=turn.dialogue.doubted | {step})  # the whole is asked for, once
    shown = step is Step.PHONE and answer == held.caller and _is_plain(act)
    turn = turn.answer(step, answer, early=early and not shown)
    if shown:
        turn = turn.confirm(step)  # said digit by digit, and it is the number that calls
    asked_next = early and held.mode is Mode.ASKING and held.step is not Step.TIME
    if known is not None and not own and step not in held.read_back and not asked_next:
        turn = turn.say("saved.changed", value=turn.spoken(step))
    elif own and not early and turn.business.policy(step) is Confirm.IMPLICIT:
        turn = turn.say(f"saved.{step}", value=turn.spoken(step))
    return turn


_MANY_GUESSES = 2
_REACHED_BY = (Step.NAME, Step.PHONE)


def _is_plain(act: Provide | Correct) -> bool:
    return isinstance(act, Provide) and not act.assumed


def hold_piece(turn: Turn, act: Provide) -> Turn:
    """Keep a piece of the open step's answer, and ask for the rest only."""
    piece, missing = act.partial or act.value or "", act.missing
    if missing is Missing.SHOWN_NUMBER:
        return turn.say("missing.shown_number").become(attempts=turn.dialogue.attempts + 1)
    if piece == turn.dialogue.partial or missing is None:
        if missing in WHOLE_WITHOUT and turn.valid(act.step, piece):
            return proceed(take(turn, Provide(act.step, piece, act.span), unread=False))
        return again(turn)
    spoken = (
        turn.say_time(piece) if act.step is Step.TIME else written(act.step, piece, turn.business)
    )
    if act.step is Step.TIME and (offered := times.of_piece(turn, piece, ambiguous=act.ambiguous)):
        return offered
    answer = turn.valid(act.step, piece) if missing in WHOLE_WITHOUT else None
    if answer is not None:
        turn = turn.answer(act.step, answer)  # it is kept, whatever comes next, and not booked so
        turn = turn.become(doubted=turn.dialogue.doubted | {act.step})
    turn = turn.become(partial=piece, offered=(), unheard=False, mode=Mode.ASKING, step=act.step)
    return turn.say(f"missing.{missing}", value=spoken)


def agreed(turn: Turn, steps: Collection[Step]) -> Turn:
    """Take a yes to what was read back before it; none counts where that was not heard."""
    held = turn.dialogue
    if held.unheard:
        return turn.ask()
    if held.step is Step.TIME:
        return times.agree(turn)
    return proceed(turn.confirm(*steps))


def doubt(turn: Turn, step: Step | None = None) -> Turn:
    """Ask again for a value that is wrong: the one read back, or the one that the no names."""
    held = turn.dialogue
    wrong = (step,) if step else held.read_back
    if len(wrong) > 1:
        turn = turn.become(attempts=held.attempts + 1)
        return turn.say("confirm.which") if held.attempts < MAX_ATTEMPTS else settle(turn)
    turn = turn.become(
        doubted=held.doubted | set(wrong),
        settled=held.settled - set(wrong),
        pending=None if Step.TIME in wrong else held.pending,
    )
    turn = turn.say("confirm.wrong")
    if step and step is not held.step:
        return proceed(turn)
    if held.step is Step.TIME:
        return turn.become(mode=Mode.ASKING, put=1).ask()
    return again(turn)


def unclear(turn: Turn) -> Turn:
    """Ask for a yes or a no once more; a read-back that was not heard is read again."""
    held = turn.dialogue
    if held.unheard:
        return turn.ask()
    attempts = held.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        return settle(turn)
    if not held.read_back:
        return turn.become(attempts=attempts).ask()
    line = "confirm.again" if attempts < MAX_ATTEMPTS - 1 else "confirm.keys"
    return turn.become(attempts=attempts).say(line, attempts - 1, value=_read_values(turn))


def _read_values(turn: Turn) -> str:
    return turn.listed([turn.spoken(step) for step in turn.dialogue.read_back], "and")


def again(turn: Turn, *, nodded: bool = False) -> Turn:
    """Ask again, in other words; what was not heard is repeated.

    nodded  they agree to what was said before the question: nothing is to be sorry for
    """
    held = turn.dialogue
    if held.unheard:
        return turn.ask()
    attempts = held.attempts + 1
    if held.mode is Mode.CLOSING:
        turn = turn.become(attempts=attempts)
        return turn.ask() if attempts < MAX_ATTEMPTS else asides.farewell(turn)
    if attempts >= MAX_ATTEMPTS:
        return settle(turn)
    if not turn.said and not nodded:
        turn = turn.say("ask.sorry")
    if held.step is Step.TIME and held.mode is Mode.ASKING and attempts >= _OFFERS_AFTER:
        return times.look(turn.become(attempts=attempts), held.window or Window())
    if held.mode is Mode.CHOOSING:
        return turn.become(attempts=attempts).ask()
    return turn.become(attempts=attempts, mode=Mode.ASKING, put=max(held.put, attempts)).ask()


def settle(turn: Turn) -> Turn:
    """Leave the step open, with a note for staff, and go on; without a time nothing is booked.

    What the caller said to it goes into the note in their own words.
    """
    held = turn.dialogue
    if held.step is Step.TIME:
        return leave_time_open(turn)
    if held.mode is Mode.CONFIRMING or held.step in held.answers:
        return keep_unconfirmed(turn)
    label = held.wording.line(f"spoken.{held.step}")
    turn = turn.note(held.wording.line("give_up.note", field=label))
    turn = turn.note(" / ".join(held.in_vain)).become(in_vain=(), vain=0).promise()
    turn = turn.note(held.partial or "") if held.step is Step.PHONE else turn
    return proceed(_settled(turn.say("give_up.move_on")))


def keep_unconfirmed(turn: Turn) -> Turn:
    """Keep what was read back though no yes came to it, say so, and go on; staff see it."""
    steps = turn.dialogue.read_back or (turn.dialogue.step,)
    value = turn.listed([turn.spoken(step) for step in steps], "and")
    turn = turn.note(" / ".join(turn.dialogue.in_vain)).become(in_vain=(), vain=0)
    return proceed(_settled(turn.say("confirm.kept", value=value)))


def decline(turn: Turn, why: str) -> Turn:
    """Go on without an answer that the caller does not give; once, and without a word more."""
    held = turn.dialogue
    if held.step is Step.TIME:
        return times.look(turn, held.window or Window())
    if held.step is Step.SERVICE and why != "refuses":
        return turn.become(put=max(1, held.put)).ask()
    if held.step in _REACHED_BY and not turn.reaches_without(held.step):
        return again(turn.say("give_up.name_or_number"))
    if held.partial and turn.valid(held.step, held.partial):
        piece = Provide(held.step, held.partial, (0, 0))
        return proceed(take(turn.become(partial=None), piece, unread=False))
    turn = settle_early(turn, held.step)
    return proceed(_settled(turn if turn.said else turn.say("give_up.declined")))


def leave_as_said(turn: Turn) -> Turn:
    """Say the last of many corrections aloud, ask for no more yes to it, and tell staff."""
    held = turn.dialogue
    for step in held.read_back:
        label = held.wording.line(f"spoken.{step}")
        turn = turn.say(f"saved.{step}", value=turn.spoken(step))
        turn = turn.note(held.wording.line("give_up.note", field=label))
    return proceed(_settled(turn.promise()))


def settle_early(turn: Turn, step: Step) -> Turn:
    """Ask no more for what the caller has said that there is none of."""
    held = turn.dialogue
    key = "give_up.note_email" if step is Step.EMAIL else "give_up.note"
    field = held.wording.line(f"spoken.{step}")
    turn = turn.note(held.wording.line(key, field=field))
    if step is Step.PHONE:
        turn = turn.note(held.partial or "")  # without its area code it may still be rung
    return turn.become(settled=turn.dialogue.settled | {step})


def _settled(turn: Turn) -> Turn:
    held = turn.dialogue
    open_now = {held.step, *held.read_back}
    return turn.become(settled=held.settled | open_now, doubted=held.doubted - open_now)


def leave_unconfirmed(turn: Turn) -> Turn:
    """Leave a read-back without its yes, where the caller goes on with something new.

    There was no objection, and asking once more would only nag. A time is never taken so, because
    it books; nor is what was said among other words.
    """
    held = turn.dialogue
    if held.step is Step.TIME or set(held.read_back) & held.early:
        return turn
    return turn.become(settled=held.settled | {held.step})


def proceed(turn: Turn) -> Turn:
    """Go to the first open step and ask for it.

    Once the name is known, going on with an earlier call of that name is offered first, and an
    existing appointment is looked for.
    """
    held = turn.dialogue
    if bookings.may_find(turn):
        return bookings.proceed(turn)
    step, mode = held.next_open()
    booking = held.purpose is Purpose.BOOK
    if booking and held.step is Step.NAME and step is not Step.NAME and held.own_earlier:
        turn = turn.become(
            mode=Mode.OFFERING, earlier=(held.own_earlier,), partial=None, attempts=0, put=0
        )
        return turn.ask()
    if step is Step.DONE and not booking:
        return bookings.proceed(turn)
    turn = turn.become(step=step, mode=mode, partial=None)
    if step is not held.step:
        turn = turn.become(attempts=0, put=0)
    elif mode is not held.mode:
        turn = turn.become(put=held.attempts)
    if step is Step.DONE:
        return unbooked(turn, "end.incomplete")
    if step is Step.TIME and mode is Mode.ASKING:
        told = held.rides_along(Step.SERVICE) and not (held.window and times.exact(held.window))
        if held.step is not step and booking and told:
            turn = turn.say("saved.service", value=turn.spoken(Step.SERVICE))
        return times.recall(turn)
    return turn.ask()


def offer_again(turn: Turn) -> Turn:
    """Ask once more whether to go on with the earlier call."""
    attempts = turn.dialogue.attempts + 1
    if attempts < MAX_OFFERS:
        return turn.become(attempts=attempts).ask()
    return proceed(closed_offer(turn).say("offer.no"))


def closed_offer(turn: Turn) -> Turn:
    """Offer the earlier call no more."""
    return turn.become(earlier=(), was_offered=True, mode=Mode.ASKING, attempts=0, put=0)
