"""What becomes of an answer: taken, joined to a piece, asked again, read back, left as it is.

A question is put at most three times, and a value that was read back counts only after a yes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from voicebot.business import Confirm
from voicebot.call import Answer, Place, Step
from voicebot.collect.appointment import MINUTE, booked, out_of_hours, taken, unbooked
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import Book, Hold, Placed
from voicebot.collect.spoken import written
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import Intent, Missing, Understanding
from voicebot.validation import Refusal, refuse_time, validate

MAX_ATTEMPTS = 3
"""After so many failed answers to one question the bot moves on and staff see it unanswered."""

_ASSENT = frozenset({Intent.YES, Intent.ANSWER})
"""With these the value that was read back, said again, agrees to it; a question repeats it too."""
_PASS = frozenset({Intent.REFUSAL, Intent.DONT_KNOW, Intent.NO_PREFERENCE})


def answer_question(turn: Turn, understood: Understanding, learned: bool) -> Turn:
    """The answer to the open question; `learned` says that it told something else as well."""
    step = turn.dialogue.step
    if understood.complete and understood.value is not None:
        valid = validate(step, understood.value, turn.dialogue.business) is not None
        return _accept(turn, understood.value) if valid or not learned else proceed(turn)
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
    """The answer to a read-back. A yes counts for exactly the value that was read."""
    step = turn.dialogue.step
    value = understood.fields.get(step, understood.value)
    if value is not None and validate(step, value, turn.dialogue.business) is not None:
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
    """A whole value for the step that was asked for: check it, save it, read it back."""
    step = turn.dialogue.step
    if step is Step.TIME:
        return _offer_time(turn, value)
    answer = validate(step, value, turn.dialogue.business)
    if answer is None:
        return again(turn)
    turn = turn.answer(step, normal(value, answer), answer)
    if turn.dialogue.business.policy(step) is Confirm.IMPLICIT:
        turn = turn.say(f"saved.{step}", value=turn.spoken(step))
    return proceed(turn)


def _corrected(turn: Turn, value: str) -> Turn:
    """Another value instead of a yes: take it and read it back. After too many no yes is asked
    for any more: the last one is said in passing, so that it can still be objected to."""
    step, attempts = turn.dialogue.step, turn.dialogue.attempts + (not turn.dialogue.unheard)
    turn = turn.become(attempts=attempts)
    answer = validate(step, value, turn.dialogue.business)
    if attempts <= MAX_ATTEMPTS or step is Step.TIME or answer is None:
        return _accept(turn, value)
    turn = turn.answer(step, normal(value, answer), answer)
    return settle(turn, f"saved.{step}", value=turn.spoken(step))


def _agreed(turn: Turn) -> Turn:
    """A yes to the read-back, or its value once more; neither counts where it was not heard."""
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
    """Neither a yes nor a no to the read-back; one that was not heard is read again."""
    if turn.dialogue.unheard:
        return turn.ask()
    attempts = turn.dialogue.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        return settle(turn, "give_up.move_on")
    return turn.become(attempts=attempts).say("confirm.again")


def _continue(turn: Turn, understood: Understanding) -> Turn:
    """A piece of the answer: keep it and ask for the rest only."""
    piece = understood.partial or understood.value or ""
    if piece == turn.dialogue.partial:
        return again(turn)
    spoken = written(turn.dialogue.step, piece, turn.dialogue.business)
    return turn.become(partial=piece, unheard=False).say(
        f"missing.{understood.missing}", value=spoken
    )


def again(turn: Turn) -> Turn:
    """The answer was no use: ask again, differently; after three times move on. What was not
    heard is asked as it was."""
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
    """Step 6 begins with what the caller said about the time before it was asked for."""
    turn = turn.become(given_time=None)
    if validate(Step.TIME, given, turn.dialogue.business):
        return _offer_time(turn, given)
    missing = Missing.DAY if given.startswith("T") else Missing.CLOCK
    return _continue(turn, Understanding(Intent.ANSWER, missing=missing, partial=given))


def _offer_time(turn: Turn, value: str) -> Turn:
    """A day and a clock time: ask the calendar for it when it can be booked, else say why not."""
    business = turn.dialogue.business
    at = validate(Step.TIME, value, business)
    if not isinstance(at, datetime):
        return again(turn)
    refusal = refuse_time(at, business, turn.now)
    turn = turn.become(pending=None, mode=Mode.ASKING)
    if refusal is None:
        return replace(turn.become(partial=None), wish=Hold(at))
    if refusal is Refusal.CLOSED:
        return again(out_of_hours(turn, at))
    return again(turn.say(f"time.{refusal}"))


def on_place(turn: Turn, event: Placed) -> Turn:
    """The calendar's answer. Without one the time is noted, and booked by a person later."""
    turn = replace(turn, said=event.wish.said)
    if event.place is Place.TAKEN:
        return taken(turn, event.free)
    if isinstance(event.wish, Hold):
        value = event.wish.start.astimezone(turn.dialogue.business.zone).strftime(MINUTE)
        doubted = turn.dialogue.doubted - {Step.TIME}
        return proceed(turn.become(pending=value, doubted=doubted))
    if event.place is Place.UNKNOWN:
        return unbooked(turn, "end.unconfirmed")
    return booked(turn, event.wish.start)


def _book(turn: Turn) -> Turn:
    """The last yes: the calendar decides, and its answer books."""
    value = turn.dialogue.pending or ""
    at = validate(Step.TIME, value, turn.dialogue.business)
    if not isinstance(at, datetime) or refuse_time(at, turn.dialogue.business, turn.now):
        return _offer_time(turn, value)
    return replace(turn, wish=Book(at))


def normal(value: str, answer: Answer) -> str:
    """What was validated, in normal form: text as the validator left it."""
    return answer if isinstance(answer, str) else value
