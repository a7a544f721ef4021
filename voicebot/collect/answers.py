"""Take an answer: save it, join it to a piece, read it back, ask again, or leave it open.

A question is put at most three times, and a value that was read back counts only after a yes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from voicebot.business import Confirm
from voicebot.call import Place, Step
from voicebot.collect.appointment import booked, out_of_hours, taken, unbooked
from voicebot.collect.dialogue import Mode, normal
from voicebot.collect.events import Placed, Reserve
from voicebot.collect.spoken import written
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import Intent, Missing, Understanding
from voicebot.validation import Refusal, refuse_time

MAX_ATTEMPTS = 3
"""After so many failed answers to one question the bot moves on and staff see it unanswered."""

_ASSENT = frozenset({Intent.YES, Intent.ANSWER})
"""With these the value that was read back, said again, agrees to it; a question repeats it too."""
_PASS = frozenset({Intent.REFUSAL, Intent.DONT_KNOW, Intent.NO_PREFERENCE})


def answer_question(turn: Turn, understood: Understanding, learned: bool) -> Turn:
    """Take the answer to the open question; `learned` says that it told something else as well."""
    step = turn.dialogue.step
    if understood.complete and understood.value is not None:
        if learned and turn.valid(step, understood.value) is None:
            return proceed(turn)
        return _accept(turn, understood.value)
    if understood.missing and (understood.partial or understood.value):
        return _continue(turn, understood)
    if learned:
        return proceed(turn)
    if understood.intent in _PASS and not turn.dialogue.unheard:
        return settle(turn, "give_up.refused")
    if step is Step.SERVICE and understood.intent is Intent.NO_SERVICE_NAMED:
        turn = turn.say("reply.not_listed")
    return again(turn)


def answer_read_back(turn: Turn, understood: Understanding, learned: bool) -> Turn:
    """Take the answer to a read-back. A yes counts for exactly the value that was read."""
    step = turn.dialogue.step
    value = understood.fields.get(step, understood.value)
    if value is not None and turn.valid(step, value) is not None:
        if value != turn.dialogue.value(step):
            return _corrected(turn, value)
        if understood.intent in _ASSENT and not learned:
            return _agreed(turn)
        return proceed(turn) if learned else unclear(turn)
    if understood.missing and understood.partial and understood.intent is not Intent.YES:
        doubted = turn.dialogue.doubted | {step}
        return _continue(turn.become(mode=Mode.ASKING, doubted=doubted, pending=None), understood)
    if understood.intent is Intent.YES and not (learned and step is Step.TIME):
        return _agreed(turn)
    if learned:
        return proceed(turn)
    if understood.intent in (Intent.NO, Intent.CORRECTION) and not turn.dialogue.unheard:
        return _doubt_other(turn, understood.about) if understood.about else _doubt(turn)
    return unclear(turn)


def _accept(turn: Turn, value: str) -> Turn:
    """Check a whole value for the open step, save it, read it back."""
    step = turn.dialogue.step
    if step is Step.TIME:
        return _offer_time(turn, value)
    answer = turn.valid(step, value)
    if answer is None:
        return again(turn)
    turn = turn.answer(step, answer)
    if turn.business.policy(step) is Confirm.IMPLICIT:
        turn = turn.say(f"saved.{step}", value=turn.spoken(step))
    return proceed(turn)


def _corrected(turn: Turn, value: str) -> Turn:
    """Take another value instead of a yes, and read it back.

    After too many of them no yes is asked for any more: the last one is said in passing, so that
    the caller can still object.
    """
    step, attempts = turn.dialogue.step, turn.dialogue.attempts + (not turn.dialogue.unheard)
    turn = turn.become(attempts=attempts)
    answer = turn.valid(step, value)
    if attempts <= MAX_ATTEMPTS or step is Step.TIME or answer is None:
        return _accept(turn, value)
    turn = turn.answer(step, answer)
    return settle(turn, f"saved.{step}", value=turn.spoken(step))


def _agreed(turn: Turn) -> Turn:
    """Take a yes, or the value once more; neither counts where the read-back was not heard."""
    if turn.dialogue.unheard:
        return turn.ask()
    if turn.dialogue.step is Step.TIME:
        return _book(turn)
    return proceed(turn.confirm(turn.dialogue.step).say("confirm.yes"))


def _doubt(turn: Turn) -> Turn:
    step = turn.dialogue.step
    turn = turn.say("confirm.wrong").become(doubted=turn.dialogue.doubted | {step})
    return again(turn.become(pending=None) if step is Step.TIME else turn)


def _doubt_other(turn: Turn, step: Step) -> Turn:
    """Ask again for a field that the no is about; what was read back waits for its yes."""
    held = turn.dialogue
    doubted = turn.become(doubted=held.doubted | {step}, settled=held.settled - {step})
    return proceed(doubted.say("confirm.wrong"))


def unclear(turn: Turn) -> Turn:
    """Ask for a yes or a no once more; a read-back that was not heard is read again."""
    if turn.dialogue.unheard:
        return turn.ask()
    attempts = turn.dialogue.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        return settle(turn, "give_up.move_on")
    return turn.become(attempts=attempts).say("confirm.again")


def _continue(turn: Turn, understood: Understanding) -> Turn:
    """Keep a piece of the answer and ask for the rest only."""
    piece = understood.partial or understood.value or ""
    if piece == turn.dialogue.partial:
        return again(turn)
    spoken = written(turn.dialogue.step, piece, turn.business)
    return turn.become(partial=piece, unheard=False).say(
        f"missing.{understood.missing}", value=spoken
    )


def again(turn: Turn) -> Turn:
    """Ask again, in other words; after three times move on. What was not heard is repeated."""
    if turn.dialogue.unheard:
        return turn.become(mode=Mode.ASKING).ask()
    attempts = turn.dialogue.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        return settle(turn, "give_up.move_on")
    if not turn.said:
        turn = turn.say("ask.sorry")
    return turn.become(attempts=attempts, mode=Mode.ASKING).ask()


def settle(turn: Turn, line: str, **values: str) -> Turn:
    """Do not ask for this step any more; what is held for it stays as it is."""
    held = turn.dialogue
    turn = turn.become(settled=held.settled | {held.step}, doubted=held.doubted - {held.step})
    if held.step is Step.TIME:
        turn = turn.become(pending=None)
    return proceed(turn.say(line, **values))


def proceed(turn: Turn) -> Turn:
    """Go to the first open step and ask for it; without one the call is over.

    Once the name is known, going on with an earlier call of that name is offered first.
    """
    held = turn.dialogue
    step, mode = held.next_open()
    if held.step is Step.NAME and step is not Step.NAME and (own := held.own_earlier):
        turn = turn.become(mode=Mode.OFFERING, earlier=(own,), partial=None, attempts=0)
        return turn.ask()
    turn = turn.become(step=step, mode=mode, partial=None)
    if step is not held.step:
        turn = turn.become(attempts=0)
    if step is Step.DONE:
        return unbooked(turn, "end.incomplete")
    if step is Step.TIME and mode is Mode.ASKING and held.given_time:
        return _recall_time(turn, held.given_time)
    return turn.ask()


def _recall_time(turn: Turn, given: str) -> Turn:
    """Begin step 6 with what the caller said about the time before it was asked for."""
    turn = turn.become(given_time=None)
    if turn.valid(Step.TIME, given):
        return _offer_time(turn, given)
    missing = Missing.DAY if given.startswith("T") else Missing.CLOCK
    return _continue(turn, Understanding(Intent.ANSWER, missing=missing, partial=given))


def _offer_time(turn: Turn, value: str) -> Turn:
    """Ask the calendar for a moment that can be booked; say why another one cannot."""
    at = turn.valid(Step.TIME, value)
    if not isinstance(at, datetime):
        return again(turn)
    refusal = refuse_time(at, turn.business, turn.now)
    turn = turn.become(pending=None, mode=Mode.ASKING)
    if refusal is None:
        return replace(turn.become(partial=None), wish=Reserve(at))
    if refusal is Refusal.CLOSED:
        return again(out_of_hours(turn, at))
    return again(turn.say(f"time.{refusal}"))


def on_place(turn: Turn, event: Placed) -> Turn:
    """Take the calendar's answer. Without one the time is noted, and booked by a person later."""
    turn = replace(turn, said=event.wish.said)
    if event.place is Place.TAKEN:
        return taken(turn, event.free)
    if not event.wish.agreed:
        value = normal(event.wish.start, turn.business)
        doubted = turn.dialogue.doubted - {Step.TIME}
        return proceed(turn.become(pending=value, doubted=doubted))
    if event.place is Place.UNKNOWN:
        return unbooked(turn, "end.unconfirmed")
    return booked(turn, event.wish.start)


def _book(turn: Turn) -> Turn:
    """Ask the calendar to book, after the last yes; its answer ends the call."""
    value = turn.dialogue.pending or ""
    at = turn.valid(Step.TIME, value)
    if not isinstance(at, datetime) or refuse_time(at, turn.business, turn.now):
        return _offer_time(turn, value)
    return replace(turn, wish=Reserve(at, agreed=True))
