"""The answer to the open question: an answer, a yes, a choice among what was offered.

What stood beside it was dealt with before, in `heard`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from voicebot.call import Needs, Step, Wish
from voicebot.collect import bookings, call_backs, closing, emergencies, times
from voicebot.collect.answers import (
    MAX_ATTEMPTS,
    again,
    agreed,
    decline,
    doubt,
    hold_piece,
    leave_as_said,
    leave_unconfirmed,
    proceed,
    unclear,
)
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.endings import close
from voicebot.collect.said import Said
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import (
    Affirm,
    Ask,
    Choose,
    Correct,
    Decline,
    Deny,
    Flexible,
    Greet,
    Note,
    Provide,
    Repeat,
    SlowDown,
    Thank,
    WantPerson,
    Window,
    Withdraw,
    names_days,
    names_hours,
    window_of,
)

_MOST_UNLISTED = 3
"""Services asked for that are not offered, after which it counts as a failed answer."""
_MOST_READ = 1
"""Yeses beside other words, after which the next one is taken, where nothing is booked by it."""


def answer(turn: Turn, said: Said) -> Turn:
    """Take the answer to the open question, whatever stood beside it."""
    match turn.dialogue.mode:
        case Mode.CLOSING:
            return closing.answer(turn, said)
        case Mode.CALLING_OFF:
            return _calling_off(turn, said)
        case Mode.CHOOSING:
            return _choosing(turn, said)
        case Mode.CONFIRMING:
            return _confirming(turn, said)
        case _:
            return _asking(turn, said)


def _dealt_with(said: Said) -> bool:
    """Return whether something was said that needs no answer of the caller's any more."""
    return said.has(Ask, Note, Repeat, SlowDown, Greet, Thank, WantPerson) or said.wants(
        "annoyed", "emergency", "booking", "new", "call_back", "no_call"
    )


def _repeated(turn: Turn, said: Said) -> Turn:
    """Put the open question again, after something beside it."""
    if not turn.said:
        if said.has(Greet):
            turn = turn.say("reply.here")
        elif said.has(Thank):
            turn = turn.say("reply.thanks")
        elif said.has(Repeat):  # of what was answered last, too
            turn = replace(turn, said=turn.dialogue.replied)
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
    declines = [act for act in said.of(Decline) if act.step in (None, step)]
    refuses = any(act.why in ("refuses", "has none") for act in declines)
    learned = dict(held.answers) != {s: v for s, v in before.items() if s is not Step.TIME}
    reached = step not in (Step.NAME, Step.PHONE) or turn.reaches_without(step)
    if learned and not (refuses and reached):
        return proceed(turn)  # something else was learned
    if any(act.step in held.settled and act.step is not step for act in said.of(Decline)):
        return proceed(turn)
    if declines:
        part = step is Step.ADDRESS and said.unread  # "it's in Newtown, I'll tell the cleaner"
        return decline(turn.note(said.text) if part else turn, declines[-1].why)
    if step is Step.EMAIL and said.only_denies and not (held.unheard or said.values):
        return decline(turn, "has none")
    if held.urgent and not turn.said and said.says_more:
        return emergencies.cried(turn, said.text).ask()  # "hello? It's still pouring!"
    if said.has(Thank) and held.answered and not (held.knows_something or said.unread or turn.said):
        return close(turn.say("reply.thanks"))  # who only asked has got the answer
    if _dealt_with(said):
        return _repeated(turn, said)
    timed = said.piece(Step.TIME) or any(act.step is Step.TIME for act in said.values)
    if said.has(Flexible, Withdraw) or (timed and step is not Step.TIME):
        return turn.ask()
    if step is Step.SERVICE and said.unread and said.names_a_time:
        return turn.note(said.text).say_noted().ask()  # of the time, and no service
    if step is Step.SERVICE and (said.unread or said.has(Deny)):
        turn = turn.say("reply.not_listed", services=turn.offers())
        attempts = held.attempts + 1
        return turn.become(attempts=attempts) if attempts < _MOST_UNLISTED else again(turn)
    return again(turn, nodded=said.has(Affirm) and not said.unread and not held.attempts)


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
    held, before = turn.dialogue, times.said_before(turn)
    if held.about and said.shift == "same" and before and len(before.days) == 1:
        return times.wish_for(turn, f"{before.days[0]}T{held.about.at[11:]}")  # "at the same time"
    if said.leaves_open and (window := times.wished(turn, said.reading.acts)):
        return times.look(turn, window)
    if any(ask.topic == "free" for ask in said.of(Ask)):
        return times.look(turn, times.said_before(turn) or Window())
    return None


def _confirming(turn: Turn, said: Said) -> Turn:
    held, step = turn.dialogue, turn.dialogue.step
    before = said.situation.record
    new = {s for s, v in held.answers.items() if before.get(s) != v}
    if Step.EMAIL in before.keys() - held.answers.keys():
        return proceed(turn)  # it was taken back
    if step is Step.TIME:
        if not new and said.commits(again=held.put > _MOST_READ):
            return agreed(turn.note(said.text) if said.says_more else turn, said.read_back)
        others = [act for act in said.values if act.step is Step.TIME]
        if others and others[-1].value != held.pending:
            return times.wish_for(turn.become(unwanted=()), others[-1].value or "")
        if not others and said.leaves_open and (window := times.wished(turn, said.reading.acts)):
            pending = datetime.fromisoformat(held.pending) if held.pending else None
            agrees = said.has(Affirm) or not said.has(Flexible)
            if (
                pending
                and agrees
                and window.allows(pending, turn.business.minutes(times.service_of(turn)))
            ):
                return turn.ask()  # "the afternoon, of course", "I've choir at six"
            unwanted = (*held.unwanted, *filter(None, [held.pending]))
            return times.look(turn.become(unwanted=unwanted), window)
    if new & set(said.read_back):
        attempts = held.attempts + 1
        turn = turn.become(put=max(1, held.put), attempts=attempts, mode=Mode.CONFIRMING)
        return turn.ask() if attempts < MAX_ATTEMPTS else leave_as_said(turn)
    if said.agrees or (said.insists and not new):
        return agreed(turn, said.read_back)
    if said.assents:
        return agreed(turn.note(said.left_over) if said.says_more else turn, said.read_back)
    if not new & set(said.read_back) and _yes_beside(turn, said):
        return agreed(turn.note(said.left_over) if said.says_more else turn, said.read_back)
    if (piece := said.piece(step)) and not said.has(Affirm):
        doubted = held.doubted | {step}
        turn = turn.become(doubted=doubted, pending=None, mode=Mode.ASKING)
        return hold_piece(turn, piece)
    wrong = next((act.step for act in said.of(Correct) if act.value is None and act.step), None)
    taken_back = next((act.step for act in said.of(Withdraw) if act.step), None)
    if wrong or taken_back:
        return doubt(turn, wrong or taken_back)
    if said.has(Deny) and not new and not held.unheard and not said.has(Affirm, Note):
        if step is Step.TIME and any(act.value == held.pending for act in said.values):
            return turn.ask()  # "no one's told me. Saturday at three is fine"
        wish = held.window or Window()
        if step is Step.TIME and (
            names_days(wish) or names_hours(wish)
        ):  # the only one was offered
            unwanted = (*held.unwanted, *filter(None, [held.pending]))
            return times.look(turn.become(pending=None, unwanted=unwanted), wish)
        return doubt(turn)
    goes_on = new and not (said.has(Deny) or held.unheard or step is Step.TIME)
    if goes_on and (not said.unread or held.put > 1):
        return proceed(leave_unconfirmed(turn))
    if said.has(Affirm) and said.says_more:
        return turn.note(said.left_over).say_noted().ask()
    of_time = said.has(Flexible) or said.piece(Step.TIME) is not None
    of_time |= any(act.step is Step.TIME for act in said.values)
    if call_backs.goes_on(turn, said):
        return proceed(turn.become(settled=held.settled | {*said.read_back}))
    if _dealt_with(said) or new or of_time or said.has(Affirm):
        return _repeated(turn, said)
    return unclear(turn)


def _yes_beside(turn: Turn, said: Said) -> bool:
    """Return whether a yes beside other words is taken, as it books nothing: always, but where they
    may mend the value; and where a yes came twice, unless they hold a figure."""
    held = turn.dialogue
    if held.unheard or held.step is Step.TIME or not said.has(Affirm) or said.undoes_a_yes:
        return False
    again = held.put > _MOST_READ and not any(sign.isdigit() for sign in said.unread_text)
    return again or not said.may_mend


def _choosing(turn: Turn, said: Said) -> Turn:
    held = turn.dialogue
    named = [act for act in said.values if act.step is Step.TIME]
    declines = [no.span for no in said.of(Decline) if no.step in (None, Step.TIME)]
    denials = [deny.span for deny in said.of(Deny)] + declines
    if named:
        both = times.either_half(named[-1]) & {*held.offered, *held.unwanted}
        if both and any(named[-1].span < deny for deny in denials):
            return times.others(turn)  # "seven, no, none of those"
        if len(both) == 1:
            return times.choose(turn, both.pop())
    for choice in said.of(Choose):
        if any(choice.span < deny for deny in denials):
            return again(turn) if said.unread else times.others(turn)
        if named and named[-1].value not in held.offered:
            continue  # "the second, Tuesday at ten", where the second is at eight
        value = choice.moment or times.offered_at(turn, choice.position)
        if value:
            return times.choose(turn, value)
    piece = said.piece(Step.TIME)
    if _leaves_it_to_us(said) and not (named or piece):  # not "the earliest on Thursday"
        return times.choose(turn, held.offered[0])
    if piece and len(halves := tuple(times.of_either_half(held.offered, piece))) > 1:
        return turn.become(offered=halves, put=0).ask()  # "eight", where both were offered
    for known in (held.offered, held.unwanted):
        if piece and (one := _only(known, piece)):
            return times.choose(turn, one)
    if piece and not said.objects and (fewer := _of_day(held.offered, piece)):
        return turn.become(offered=fewer, put=0).ask()
    none = any(window.span < deny for window in said.of(Flexible) for deny in denials)
    unwanted = (*held.unwanted, *held.offered) if none else ()
    if (answered := _time(turn.become(unwanted=unwanted), said)) is not None:
        if any(ask.topic == "free" for ask in said.of(Ask)) and not said.values:
            return times.others(turn)
        return answered
    if piece:
        return hold_piece(turn, piece)
    if (denials and not said.has(WantPerson)) or said.wants("change_of_mind"):
        return times.others(turn)
    if said.has(Affirm) and len(held.offered) == 1:
        return times.choose(turn, held.offered[0])
    if said.has(Affirm) and not said.unread:
        return turn.say("time.which").ask()
    if _dealt_with(said):
        return _repeated(turn, said)
    return again(turn)


def _leaves_it_to_us(said: Said) -> bool:
    """Return True for "any of them, you choose", and for "the earliest"."""
    windows = [act.window for act in said.of(Flexible)]
    open_to_all = bool(windows) and set(windows) <= {Window(), Window(soonest=True)}
    return open_to_all and not said.has(Ask, Note) and not said.unread


def _only(offered: tuple[str, ...], piece: Provide) -> str | None:
    """Return the one offered moment of this day or part of it, or of this clock time."""
    found = [each for each in offered if (piece.partial or piece.value or "-").split()[0] in each]
    return found[0] if len(found) == 1 and _within(found, piece) else None


def _of_day(offered: tuple[str, ...], piece: Provide) -> tuple[str, ...]:
    """Return the offered moments of the day that is chosen, where there are others as well."""
    day = (piece.partial or "").partition(" ")[0]
    found = _within([each for each in offered if day and each.startswith(day)], piece)
    return found if len(found) < len(offered) else ()


def _within(moments: Iterable[str], piece: Provide) -> tuple[str, ...]:
    """Return the moments in the part of the day that is named, if one is."""
    hours = window_of(piece.partial or piece.value or "")
    return tuple(at for at in moments if hours.has_time(datetime.fromisoformat(at).time()))


def _calling_off(turn: Turn, said: Said) -> Turn:
    if bookings.means_every(turn.dialogue, said.text):
        turn = turn.become(words=said.text)
    stays = said.keeps or said.has(Deny)
    said_so = said.wants("cancel") and not (stays or said.has(Ask) or said.unread)
    if (said.agrees and not stays) or said_so:
        return bookings.call_off(turn)
    other = _of_another_time(turn, said) and (stays or not said.has(Affirm))
    if said.wants("reschedule") or said.has(Flexible) or other:
        turn = turn.become(purpose=Purpose.MOVE, step=Step.TIME, mode=Mode.ASKING, put=0)
        return times.recall(turn.need(Needs.FOLLOW_UP, Wish.RESCHEDULE))
    if stays and not said.has(Ask) and (said.keeps or not said.has(Affirm)):
        if said.wants("call_back"):
            turn = turn.promise().note(said.text).say_call_back()
        return bookings.keep(turn)
    if _dealt_with(said):
        return _repeated(turn, said)
    if said.has(Affirm) and said.says_more:
        return turn.note(said.text).say_noted().ask()
    return turn.become(attempts=turn.dialogue.attempts + 1).ask()


def _of_another_time(turn: Turn, said: Said) -> bool:
    """Return whether a time was said that is not the one of the appointment that was found."""
    told = [act.value or act.partial or "" for act in said.of(Provide) if act.step is Step.TIME]
    if any(act.step is Step.TIME for act in said.of(Correct)):
        return True  # "don't cancel it, just change the day"
    at = turn.dialogue.about.at if turn.dialogue.about else ""
    return any(time.partition(" ")[0] not in at for time in told)
