"""What the caller said, act by act: what stands beside an answer first, then the answer.

Only a plain yes agrees: with anything beside it, that is dealt with, and the question is put again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from voicebot.call import Needs, Status, Step, Wish
from voicebot.collect import asides, bookings, times
from voicebot.collect.answers import (
    MAX_ATTEMPTS,
    WHOLE_WITHOUT,
    again,
    agreed,
    decline,
    doubt,
    hold_piece,
    leave_as_said,
    leave_unconfirmed,
    proceed,
    settle_early,
    take,
    unclear,
)
from voicebot.collect.dialogue import Dialogue, Mode, Purpose
from voicebot.collect.events import Ending
from voicebot.collect.reading import (
    Act,
    Affirm,
    Ask,
    Asked,
    Choose,
    Correct,
    Decline,
    Deny,
    Flexible,
    Greet,
    Leave,
    Note,
    Provide,
    Reading,
    Repeat,
    Situation,
    SlowDown,
    Thank,
    Wait,
    Want,
    WantPerson,
    Window,
    Withdraw,
    consents,
)
from voicebot.collect.turn import Turn

A = TypeVar("A", bound=Act)

HOLD_SILENCES = 5
"""A caller who asked for a moment has so many silences (half a minute) before being asked."""
MAX_OFFERS = 2
"""An unclear answer to "shall we go on?" is asked for once more; then the call starts afresh."""

_PURPOSES = {
    "cancel": Purpose.CANCEL,
    "reschedule": Purpose.MOVE,
    "existing": Purpose.ASK_AFTER,
    "late": Purpose.ASK_AFTER,
    "complaint": Purpose.COMPLAIN,
    "call_back": Purpose.BE_CALLED,
}
_COURTESY = (Thank, Leave, Greet)


@dataclass(frozen=True)
class Said:
    """An utterance and its acts, asked by kind, in the situation before it."""

    text: str
    reading: Reading
    situation: Situation
    read_back: tuple[Step, ...] = ()  # whose values a yes was waited for

    def of(self, kind: type[A]) -> tuple[A, ...]:
        """Return the acts of this kind, in the order spoken."""
        return tuple(act for act in self.reading.acts if isinstance(act, kind))

    def has(self, *kinds: type[Act]) -> bool:
        """Return True when there is an act of these kinds."""
        return any(isinstance(act, kinds) for act in self.reading.acts)

    def wants(self, *what: str) -> bool:
        """Return True when one of these is wished for."""
        return any(want.what in what for want in self.of(Want))

    @cached_property
    def values(self) -> tuple[Provide | Correct, ...]:
        """Whole values, and mended ones."""
        return tuple(
            act
            for act in self.reading.acts
            if isinstance(act, (Provide, Correct))
            and act.value is not None
            and not (isinstance(act, Provide) and act.missing and not self._will_do(act))
        )

    def _will_do(self, act: Provide) -> bool:
        """Whether a value that is not whole is kept as it is, as it was not asked for."""
        asked_for = act.step is self.situation.step and self.situation.asked is Asked.ANSWER
        return act.missing in WHOLE_WITHOUT and not asked_for

    def piece(self, step: Step) -> Provide | None:
        """Return the unfinished answer to a step."""
        found = (a for a in self.of(Provide) if a.step is step and a.missing)
        return next(found, None)

    @property
    def unread(self) -> bool:
        """Words that no act explains."""
        return bool(self.reading.rest)

    @property
    def says_more(self) -> bool:
        """Unread words that may be of use to staff: more than a "but"."""
        return sum(len(self.text[a:b].split()) for a, b in self.reading.rest) > 1

    @property
    def agrees(self) -> bool:
        """A plain yes: beside it only thanks, and other answers where it does not book."""
        return consents(self.reading, self.situation)


def on_heard(turn: Turn, said: Said) -> Turn:
    """Take what the caller said."""
    held = turn.dialogue
    turn = turn.become(turns=held.turns + 1)
    is_emergency = said.wants("emergency") or turn.business.emergency_in(said.text) is not None
    if is_emergency and not held.urgent:
        turn = asides.emergency(turn, said.text)
        if turn.ending:
            return _kept(turn, said)
    if said.has(WantPerson) and not _is_last(said, Leave):
        turn = asides.put_through(turn)
        return _kept(turn, said) if turn.ending else _answer(_values(turn, said), said)
    if not said.reading.acts and not said.unread:
        return again(turn) if held.asked.value == "answer" else unclear(turn)
    if said.has(Wait) and not (said.values or said.has(Affirm, Deny, Choose, Flexible)):
        return turn.become(patience=HOLD_SILENCES).say("reply.hold")
    if held.mode is Mode.OFFERING:
        return _offered(turn, said)
    turn, ended = _wishes(turn, said)
    if ended:
        return turn
    turn = _values(turn, said)
    turn = _beside(turn, said)
    return _answer(turn, said)


def _kept(turn: Turn, said: Said) -> Turn:
    """Save what was told on the way to a person."""
    for act in said.values:
        turn = take(turn, act, unread=said.unread)
    return turn


def _wishes(turn: Turn, said: Said) -> tuple[Turn, bool]:
    """Deal with what the caller has called for; True when the turn is over with it."""
    held = turn.dialogue
    if _is_last(said, Leave) and not (said.has(Affirm) and _is_open_yes(held)):
        return _farewell(_kept(turn, said)), True
    if said.wants("nothing", "later"):
        return _farewell(_kept(turn, said).become(cancelled=said.wants("nothing"))), True
    wish = next((w for w in said.of(Want) if w.what in _PURPOSES), None)
    if wish is None or held.purpose is not Purpose.BOOK:
        return turn, False
    purpose = _PURPOSES[wish.what]
    if purpose in held.dealt:
        return _farewell(turn.note(said.text).say("existing.call_back")), True
    if purpose is Purpose.CANCEL and _has_begun(held):
        turn = turn.become(cancelled=True, pending=None, given_time=None, window=None)
        turn = turn.say("reply.cancel")
        return (_farewell(turn) if said.has(Leave) else times.close(turn)), True
    if purpose is Purpose.MOVE and held.mode in (Mode.CONFIRMING, Mode.CHOOSING):
        return turn, False
    turn = bookings.turn_to(turn, purpose, said.text)
    for flexible in said.of(Flexible):
        turn = turn.become(window=flexible.window)
    turn = _values(turn, said, aside=True)
    return proceed(turn), True


def _has_begun(held: Dialogue) -> bool:
    """Whether a booking is on its way, which "cancel it" is about."""
    return bool(held.pending or held.offered or Step.SERVICE in held.answers)


def _is_open_yes(held: Dialogue) -> bool:
    return held.mode in (Mode.CONFIRMING, Mode.CALLING_OFF)


def _is_last(said: Said, kind: type[Act]) -> bool:
    acts = [act for act in said.reading.acts if not isinstance(act, Thank)]
    return bool(acts) and isinstance(acts[-1], kind)


def _farewell(turn: Turn) -> Turn:
    """Say goodbye to a caller who leaves."""
    held = turn.dialogue
    if held.mode is Mode.CLOSING or held.cancelled or held.needs is not Needs.NOTHING:
        turn = turn.say("reply.bye")
    else:
        turn = turn.say("reply.goodbye" if held.knows_something else "reply.bye")
    return turn.end(Ending.HANGUP, Status.INCOMPLETE)


def _values(turn: Turn, said: Said, *, aside: bool = False) -> Turn:
    """Take every value that was given, each for its own field; the time is taken last."""
    held = turn.dialogue
    seen: dict[Step, str] = {}
    for none in said.of(Decline):
        if none.step and none.step is not held.step and none.step in held.steps:
            turn = settle_early(turn, none.step)
    for act in said.values:
        if act.step is None or act.value is None:
            continue
        if act.step is Step.TIME and not aside and held.step is Step.TIME:
            continue
        if act.step in seen and act.value != seen[act.step]:
            turn = _second(turn, act, said)
            continue
        seen[act.step], before = act.value, turn.dialogue
        turn = take(turn, act, unread=said.unread)
        if act.step is Step.ADDRESS and said.unread and turn.dialogue is not before:
            turn = turn.note(said.text)  # "the granny flat behind": not in it, but of use
    if held.step is not Step.TIME or aside:
        turn = _early_time(turn, said)
    return turn


def _second(turn: Turn, act: Provide | Correct, said: Said) -> Turn:
    """Note a second job; of two other values the later is meant."""
    if act.step is Step.SERVICE:
        return turn.note(said.text).say_noted()
    return take(turn, act, unread=True)


def _early_time(turn: Turn, said: Said) -> Turn:
    """Hold what was said about the time before it is asked for."""
    for flexible in said.of(Flexible):
        turn = turn.become(window=flexible.window)
    piece = said.piece(Step.TIME)
    if piece and not said.has(Flexible):
        turn = turn.become(given_time=piece.partial or piece.value)
    return turn


def _beside(turn: Turn, said: Said) -> Turn:
    """Note what staff are to know, and answer what was asked."""
    held = turn.dialogue
    for note in said.of(Note):
        turn = turn.note(note.text).say_noted()
    if held.purpose is not Purpose.BOOK and (said.unread or said.has(Flexible, Note)):
        turn = turn.note(said.text)  # when to call back, what went wrong
    for question in _questions(said):
        turn = asides.reply(turn, question)
    if said.wants("annoyed"):
        turn = turn.say("reply.sorry")
    return turn


def _questions(said: Said) -> Iterable[Ask]:
    """Return what was asked: each topic once, and "what is free" only where no time is open."""
    topics: dict[str, Ask] = {}
    for ask in said.of(Ask):
        if ask.topic != "free" or said.situation.step is not Step.TIME:
            topics.setdefault(ask.topic or ask.about, ask)
    return topics.values()


def _answer(turn: Turn, said: Said) -> Turn:
    """Take the answer to the open question, whatever stood beside it."""
    match turn.dialogue.mode:
        case Mode.CLOSING:
            return _closing(turn, said)
        case Mode.CALLING_OFF:
            return _calling_off(turn, said)
        case Mode.CHOOSING:
            return _choosing(turn, said)
        case Mode.CONFIRMING:
            return _confirming(turn, said)
        case _:
            return _asking(turn, said)


def _dealt_with(said: Said) -> bool:
    """Whether something was said that needs no answer of the caller's any more."""
    return said.has(Ask, Note, Repeat, SlowDown, Greet, Thank, WantPerson) or said.wants(
        "annoyed", "emergency", "booking"
    )


def _repeated(turn: Turn, said: Said) -> Turn:
    """Put the open question again, after something beside it."""
    if not turn.said:
        if said.has(Greet):
            turn = turn.say("reply.here")
        elif said.has(Thank):
            turn = turn.say("reply.thanks")
    return turn.ask()


def _asking(turn: Turn, said: Said) -> Turn:
    held, step = turn.dialogue, turn.dialogue.step
    before = said.situation.record
    if step is Step.TIME:
        if (answered := _time(turn, said)) is not None:
            return answered
    elif any(act.step is step for act in said.values) and _is_held(turn, step):
        return proceed(turn)
    if piece := said.piece(step):
        return hold_piece(turn, piece)
    wrong = next((act.step for act in said.of(Correct) if act.value is None and act.step), None)
    if wrong and wrong is not step and wrong in before:
        return doubt(turn, wrong)
    if dict(held.answers) != {s: v for s, v in before.items() if s is not Step.TIME}:
        return proceed(turn)  # something else was learned
    if any(act.step in held.settled and act.step is not step for act in said.of(Decline)):
        return proceed(turn)
    if declines := [act for act in said.of(Decline) if act.step in (None, step)]:
        return decline(turn, declines[-1].why)
    if step is Step.EMAIL and said.has(Deny) and not held.unheard:
        return decline(turn, "has none")
    if _dealt_with(said):
        return _repeated(turn, said)
    if said.has(Flexible) or said.piece(Step.TIME) or said.has(Withdraw):
        return turn.ask()
    if step is Step.SERVICE and (said.unread or said.has(Deny)):
        turn = turn.say("reply.not_listed", services=turn.offers())
        attempts = held.attempts + 1
        return turn.become(attempts=attempts) if attempts < _MOST_UNLISTED else again(turn)
    return again(turn)


_MOST_UNLISTED = 3


def _is_held(turn: Turn, step: Step) -> bool:
    return step in turn.dialogue.answers and step not in turn.dialogue.doubted


def _time(turn: Turn, said: Said) -> Turn | None:
    """Take what answers "when?": a moment, a window, or "what have you got?"."""
    moments = [act for act in said.values if act.step is Step.TIME]
    if moments and moments[-1].value:
        act = moments[-1]
        if isinstance(act, Provide) and act.moved:
            turn = turn.say("time.zone")
        ambiguous = isinstance(act, Provide) and act.ambiguous
        return times.wish_for(turn, act.value or "", ambiguous=ambiguous)
    if flexible := said.of(Flexible):
        return times.look(turn, flexible[-1].window)
    if any(ask.topic == "free" for ask in said.of(Ask)):
        return times.look(turn, turn.dialogue.window or Window())
    return None


def _confirming(turn: Turn, said: Said) -> Turn:
    held, step = turn.dialogue, turn.dialogue.step
    before = said.situation.record
    new = {s for s, v in held.answers.items() if before.get(s) != v}
    if step is Step.TIME:
        others = [act for act in said.values if act.step is Step.TIME]
        if others and others[-1].value != held.pending:
            return times.wish_for(turn.become(unwanted=()), others[-1].value or "")
        if not others and said.of(Flexible):
            return times.look(turn, said.of(Flexible)[-1].window)
    if new & set(said.read_back):
        attempts = held.attempts + 1
        turn = turn.become(put=max(1, held.put), attempts=attempts, mode=Mode.CONFIRMING)
        return turn.ask() if attempts < MAX_ATTEMPTS else leave_as_said(turn)
    if said.agrees:
        return agreed(turn)
    if (piece := said.piece(step)) and not said.has(Affirm):
        doubted = held.doubted | {step}
        turn = turn.become(doubted=doubted, pending=None, mode=Mode.ASKING)
        return hold_piece(turn, piece)
    wrong = next((act.step for act in said.of(Correct) if act.value is None and act.step), None)
    taken_back = next((act.step for act in said.of(Withdraw) if act.step), None)
    if wrong or taken_back:
        return doubt(turn, wrong or taken_back)
    if said.has(Deny) and not new and not held.unheard and not said.has(Affirm):
        return doubt(turn)
    if new and not (said.has(Deny) or said.unread or held.unheard or step is Step.TIME):
        return proceed(leave_unconfirmed(turn))
    if said.has(Affirm) and said.says_more:
        return turn.note(said.text).say_noted().ask()
    if _dealt_with(said) or new or said.has(Affirm):
        return _repeated(turn, said)
    return unclear(turn)


def _choosing(turn: Turn, said: Said) -> Turn:
    held = turn.dialogue
    for choice in said.of(Choose):
        value = choice.moment or _at(held.offered, choice.position)
        if value:
            return times.choose(turn, value)
    piece = said.piece(Step.TIME)
    if piece and (one := _only(held.offered, piece.partial or piece.value or "")):
        return times.choose(turn, one)
    if (answered := _time(turn.become(unwanted=()), said)) is not None:
        if any(ask.topic == "free" for ask in said.of(Ask)) and not said.values:
            return times.others(turn)
        return answered
    if piece:
        return hold_piece(turn.become(mode=Mode.ASKING, offered=()), piece)
    if said.has(Deny, Decline) or said.wants("change_of_mind"):
        return times.others(turn)
    if said.has(Affirm) and len(held.offered) == 1:
        return times.choose(turn, held.offered[0])
    if said.has(Affirm) and not said.unread:
        return turn.say("time.which").ask()
    if _dealt_with(said):
        return _repeated(turn, said)
    return again(turn)


def _at(offered: tuple[str, ...], position: int | None) -> str | None:
    if position is None:
        return None
    index = position - 1 if position > 0 else position
    return offered[index] if -len(offered) <= index < len(offered) else None


def _only(offered: tuple[str, ...], piece: str) -> str | None:
    """Return the one offered moment that has this day, or this clock time."""
    found = [each for each in offered if piece and piece.partition(" ")[0] in each]
    return found[0] if len(found) == 1 else None


def _calling_off(turn: Turn, said: Said) -> Turn:
    if said.agrees:
        return bookings.call_off(turn)
    if said.wants("reschedule") or said.has(Flexible):
        turn = turn.become(purpose=Purpose.MOVE, step=Step.TIME, mode=Mode.ASKING, put=0)
        return times.recall(turn.need(Needs.FOLLOW_UP, Wish.RESCHEDULE))
    if said.has(Deny) and not said.has(Affirm):
        return bookings.keep(turn)
    if _dealt_with(said):
        return _repeated(turn, said)
    if said.has(Affirm) and said.says_more:
        return turn.note(said.text).say_noted().ask()
    return turn.become(attempts=turn.dialogue.attempts + 1).ask()


def _closing(turn: Turn, said: Said) -> Turn:
    """Go on with whatever comes, else say goodbye."""
    held, before = turn.dialogue, said.situation.record
    if said.wants("booking") or any(v != before.get(s) for s, v in held.answers.items()):
        return proceed(turn.become(cancelled=False, mode=Mode.ASKING))
    if held.given_time or held.window:
        return proceed(turn.become(cancelled=False, mode=Mode.ASKING))
    if said.has(Ask, Note) or (said.has(Affirm) and not said.unread):
        return turn.ask()
    if said.unread:
        turn = turn.note(said.text).say_noted()
    return _farewell(turn)


def _offered(turn: Turn, said: Said) -> Turn:
    """Take the answer to "shall we go on where we were?"; anything else starts afresh."""
    held = turn.dialogue
    if held.unheard:
        return _values(turn, said).ask()
    agrees, values = said.has(Affirm) and not said.has(Deny), bool(said.values)
    if not (agrees or values or said.has(Deny)):
        turn = _beside(turn, said)
        return offer_again(turn if turn.said else turn.say("ask.sorry"))
    earlier = held.earlier
    turn = closed_offer(turn)
    if agrees:
        turn = turn.take_over(earlier[0]).say("offer.yes") if earlier else turn.say("offer.gone")
        return proceed(_values(turn, said))
    if values:
        step, mode = turn.dialogue.next_open()
        turn = turn.become(step=step, mode=mode)
        return proceed(_beside(_values(turn, said), said))
    return proceed(turn.say("offer.no"))


def offer_again(turn: Turn) -> Turn:
    """Ask once more whether to go on with the earlier call."""
    attempts = turn.dialogue.attempts + 1
    if attempts < MAX_OFFERS:
        return turn.become(attempts=attempts).ask()
    return proceed(closed_offer(turn).say("offer.no"))


def closed_offer(turn: Turn) -> Turn:
    """Offer the earlier call no more."""
    return turn.become(earlier=(), was_offered=True, mode=Mode.ASKING, attempts=0, put=0)
