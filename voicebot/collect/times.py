"""The appointment: a wished time is checked, free ones are offered, the agreed one is booked.

wish ──bookable──► hold ──yours──► read back ──yes──► book ──► the end
  │                  └──taken──┐
  └──shut, past, too far───────┴─► look ──► offer ──choice──► hold …
window ("any day but Monday") ─────► look ──► offer ──none of them──► look
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import reduce

from voicebot.business import WEEKDAYS
from voicebot.call import CallSid, Status, Step, Window
from voicebot.collect.dialogue import Mode, normal
from voicebot.collect.endings import close, unbooked
from voicebot.collect.events import Ending, Free, Look, Move, Placed, Reserve
from voicebot.collect.spoken import in_a_sentence
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import (
    Act,
    Choose,
    Correct,
    Flexible,
    Missing,
    Note,
    Provide,
    joined,
    names_days,
    names_hours,
    window_of,
)
from voicebot.ledger import Place
from voicebot.validation import Refusal, refuse_time

_HALF_DAY = timedelta(hours=12)


def wish_for(turn: Turn, value: str, *, ambiguous: bool = False) -> Turn:
    """Ask the calendar for a moment that can be booked; offer others for one that cannot.

    ambiguous  only the hour was said, which may be the morning's or the evening's: the opening
               hours decide, and where they leave both the caller does
    """
    at = turn.valid(Step.TIME, value)
    if not isinstance(at, datetime):
        return turn.ask()
    window = joined(said_before(turn), Window((at.date(),), after=at.time(), before=at.time()))
    hours = said_before(turn) or Window()
    turn = turn.become(pending=None, mode=Mode.ASKING, step=Step.TIME)
    if turn.dialogue.about and value == turn.dialogue.about.at:
        return turn.ask()  # it is there already
    turn = turn.become(window=Window(but=window.but, ends=window.ends), partial=None)
    if ambiguous:
        both = [each for each in (at, _other_half(at)) if not _refusal(turn, each)]
        fitting = [each for each in both if hours.has_time(each.time())]
        both = fitting if len(fitting) == 1 else both
        if len(both) > 1:
            return _offer(turn, sorted(both))
        at = both[0] if both else at
    refusal = _refusal(turn, at)
    if refusal is None:
        turn = turn.become(offered=())
        about = turn.dialogue.about
        moved = CallSid(about.call_sid) if about else None
        return turn.ask_for(Reserve(at, service=service_of(turn), instead_of=moved))
    turn = _out_of_hours(turn, at) if refusal is Refusal.CLOSED else turn.say(f"time.{refusal}")
    if refusal is Refusal.TOO_FAR:
        return turn.ask()
    return look(turn, _open(turn), near=at)


def either_half(act: Provide | Correct) -> set[str]:
    """Return the moment that is meant; both where only the hour was said, of morning or evening."""
    value = act.value or ""
    if not (isinstance(act, Provide) and act.ambiguous):
        return {value}
    other = _other_half(datetime.fromisoformat(value))
    return {value, other.strftime("%Y-%m-%dT%H:%M")}


def of_either_half(offered: Sequence[str], piece: Provide) -> Iterator[str]:
    """Yield the offered moments at an hour that may be the morning's or the evening's."""
    for each in offered if piece.ambiguous and piece.missing is Missing.DAY else ():
        hours = _either_hour(piece.partial or "")
        if any(hour.has_time(time.fromisoformat(each[11:])) for hour in (hours, *hours.also)):
            yield each


def _other_half(at: datetime) -> datetime:
    return at - _HALF_DAY if at.hour >= 12 else at + _HALF_DAY


def _refusal(turn: Turn, at: datetime) -> Refusal | None:
    return refuse_time(at, turn.business, turn.now, service_of(turn))


def service_of(turn: Turn) -> str | None:
    """Return the id of the service that the appointment is for, or None while it is open."""
    held = turn.dialogue
    name = held.about.service if held.about else held.answers.get(Step.SERVICE, "")
    offer = turn.business.offer(name)
    return offer.id if offer else None


def look(turn: Turn, window: Window, *, near: datetime | None = None) -> Turn:
    """Ask the calendar what is free inside a window."""
    turn = turn.become(step=Step.TIME, mode=Mode.ASKING, window=window, pending=None, partial=None)
    known = (*turn.dialogue.unwanted, turn.dialogue.about.at if turn.dialogue.about else "")
    without = tuple(at for at in (_moment(turn, value) for value in known if value) if at)
    return turn.ask_for(Look(window, near, without, service_of(turn)))


def wished(turn: Turn, acts: Sequence[Act]) -> Window | None:
    """Return the wish after these acts: what they say of the time, and what was said before as far
    as it still holds; None where they say nothing."""
    parts = [part for act in acts if (part := _said_of_it(turn, act)) is not None]
    return reduce(joined, parts, said_before(turn)) if parts else None


def _said_of_it(turn: Turn, act: Act) -> Window | None:
    match act:
        case Flexible(window=window):
            return window
        case Note(leaves=window) if window != Window():  # "I've got two cats"
            return window
        case Choose():
            chosen = act.moment or offered_at(turn, act.position)
            return window_of(chosen) if chosen else None
        case Provide(step=Step.TIME) | Correct(step=Step.TIME):
            said = (act.partial if isinstance(act, Provide) else None) or act.value
            ambiguous = isinstance(act, Provide) and act.ambiguous
            return _either_hour(said, ambiguous=ambiguous) if said else None
        case _:
            return None


def offered_at(turn: Turn, position: int | None) -> str | None:
    """Return the moment that was offered in this place (1 is the first, -1 the last)."""
    offered = turn.dialogue.offered
    index = (position or 0) - 1 if (position or 0) > 0 else position or len(offered)
    return offered[index] if -len(offered) <= index < len(offered) else None


def said_before(turn: Turn) -> Window | None:
    """Return what was said of the time before: a window, a day, an hour, or the day read back."""
    held = turn.dialogue
    piece = held.partial if held.step is Step.TIME else None
    piece = piece or (held.pending or "").partition("T")[0]
    return joined(held.window, window_of(piece)) if piece else held.window


def _open(turn: Turn) -> Window:
    """Return every time but those that the caller has left out."""
    held = said_before(turn) or Window()
    return Window(but=held.but, ends=held.ends)


def others(turn: Turn) -> Turn:
    """Offer the next free moments, as none of these suits."""
    held = turn.dialogue
    turn = turn.become(unwanted=(*held.unwanted, *held.offered), offered=())
    return look(turn, said_before(turn) or Window())


def tell(turn: Turn, window: Window, *, near: datetime | None = None) -> Turn:
    """Have the first free times told, while another question than the time's is open."""
    return turn.ask_for(Look(window, near, service=service_of(turn)))


def _told(turn: Turn, moments: Sequence[datetime]) -> Turn:
    """Say what is free before the question that was put last, which stays open."""
    offered = tuple(normal(at, turn.business) for at in sorted(moments))
    times = turn.become(offered=offered).offer()
    told = turn.say("reply.free", times=times) if moments else turn.say("reply.times_later")
    return replace(told, said=(*turn.said[:-1], told.said[-1], *turn.said[-1:]))


def on_free(turn: Turn, event: Free) -> Turn:
    """Offer what is free; without anything ask for another day."""
    turn = replace(turn, said=event.said)
    held, wish = turn.dialogue, turn.dialogue.window
    if held.step is not Step.TIME or held.mode is not Mode.ASKING:
        return _told(turn, event.moments)
    if len(event.moments) == 1:  # one is no choice
        return wish_for(turn, normal(event.moments[0], turn.business)).become(window=wish)
    if event.moments:
        return _offer(turn, event.moments)
    if wish and not held.offered and (wider := _wider(wish)):
        turn = turn if turn.said else turn.say("time.none_then")
        return look(turn, wider)
    turn = turn.say("time.none") if turn.dialogue.unwanted else turn
    return turn.become(mode=Mode.ASKING, window=None, unwanted=(), offered=()).ask()


def _wider(wish: Window) -> Window | None:
    """Return what comes next where nothing is free: other hours of the days, then other days."""
    if names_days(wish) and names_hours(wish):
        others = tuple(replace(other, after=None, before=None) for other in wish.also)
        return replace(wish, after=None, before=None, also=others)
    if names_days(wish) or names_hours(wish):
        return Window(but=wish.but, ends=wish.ends)
    if wish.ends:
        return Window(but=wish.but)
    return Window() if wish.but else None


def _offer(turn: Turn, moments: Sequence[datetime]) -> Turn:
    offered = tuple(normal(at, turn.business) for at in sorted(moments))
    return turn.become(
        step=Step.TIME,
        mode=Mode.CHOOSING,
        offered=offered,
        partial=None,
        unheard=False,
        put=0,
    ).ask()


def choose(turn: Turn, value: str) -> Turn:
    """Take one of the offered moments, to be held and read back."""
    return wish_for(turn.become(unwanted=()), value)


def recall(turn: Turn) -> Turn:
    """Begin with what was said of the time before; without it ask, and name free times."""
    held, wish = turn.dialogue, turn.dialogue.window
    if wish and (said := exact(wish)):
        said = never_open(turn, said) or said
        if not said.startswith("T"):
            return wish_for(turn, said, ambiguous=bool(wish.also))
        if int(said[-2:]) % turn.business.booking.slot_minutes:  # none such would be offered
            turn = turn.become(partial=said)
            return turn.say(f"missing.{Missing.DAY}", value=turn.say_time(said))
    if wish and len(wish.days) == 1 and (refused := _refuse_day(turn, f"{wish.days[0]}")):
        return refused
    if wish or held.urgent:
        return look(turn, wish or Window(soonest=True))
    if held.about:
        return turn.ask()
    return look(turn, Window()).become(window=None)  # nothing is wished for yet


def exact(wish: Window) -> str | None:
    """Return the one moment that is wished for (`2027-03-04T10:30`), or the one hour (`T10:30`)."""
    others = [
        each for each in wish.also if (each.days, each.after) != (wish.days, _half(wish.after))
    ]
    if wish.after is None or wish.after != wish.before or others or len(wish.days) > 1:
        return None
    day = f"{wish.days[0]}" if wish.days else ""
    return f"{day}T{wish.after:%H:%M}" if day or not (wish.first or wish.last) else None


def _half(hour: time | None) -> time | None:
    """Return the same hour of the other half of the day."""
    return hour and hour.replace(hour=(hour.hour + 12) % 24)


def on_placed(turn: Turn, event: Placed) -> Turn:
    """Take the calendar's answer. Without one the time is noted, and booked by a person later."""
    turn, request = replace(turn, said=event.said), event.request
    value = normal(request.start, turn.business)
    if event.place is Place.TAKEN:
        turn = turn.say("time.taken", time=turn.say_time(value))
        return look(turn, _open(turn), near=request.start)
    if isinstance(request, Move):
        return _moved(turn, request.start, event.place)
    if not request.agreed:
        doubted = turn.dialogue.doubted - {Step.TIME}
        turn = turn.become(pending=value, doubted=doubted, mode=Mode.CONFIRMING, put=0, offered=())
        return turn.ask()
    if event.place is Place.UNKNOWN:
        return unbooked(turn, "end.unconfirmed")
    return _booked(turn, request.start)


def agree(turn: Turn) -> Turn:
    """Ask the calendar to book what was read back, after the last yes."""
    held, value = turn.dialogue, turn.dialogue.pending or ""
    at = turn.valid(Step.TIME, value)
    if not isinstance(at, datetime) or _refusal(turn, at):
        return wish_for(turn, value)
    if held.about:
        return turn.ask_for(Move(CallSid(held.about.call_sid), at))
    if held.rides_along(Step.SERVICE):
        turn = turn.confirm(Step.SERVICE)
    return turn.ask_for(Reserve(at, agreed=True, service=service_of(turn)))


def _moment(turn: Turn, value: str) -> datetime | None:
    at = turn.valid(Step.TIME, value)
    return at if isinstance(at, datetime) else None


def _out_of_hours(turn: Turn, at: datetime) -> Turn:
    """Say why no visit begins at that moment, and the hours of that day."""
    day = turn.say_time(f"{at.astimezone(turn.business.zone):%Y-%m-%d}")
    spans = turn.business.hours.get(WEEKDAYS[at.weekday()], ())
    if not spans or turn.business.is_closed(at.astimezone(turn.business.zone).date()):
        return turn.say("time.shut", day=day)
    begins_open = any(span.opens <= at.time() < span.closes for span in spans)
    line = "time.too_late" if begins_open else "time.closed"
    return turn.say(line, day=day, **turn.opening_hours(spans))


def never_open(turn: Turn, said: str) -> str | None:
    """Return the next moment of an hour without a day at which no visit begins on any day."""
    if not said.startswith("T"):
        return None
    hour, local = time.fromisoformat(said[1:]), turn.now.astimezone(turn.business.zone)
    spans = [span for day in turn.business.hours.values() for span in day]
    if any(span.opens <= hour < span.closes for span in spans):
        return None
    day = local.date() + timedelta(hour <= local.time())
    return f"{datetime.combine(day, hour):%Y-%m-%dT%H:%M}"


def shut_then(turn: Turn, act: Provide | Correct) -> Turn | None:
    """Say our hours, and the nearest free times, to who wishes for an hour that is none of them.

    None is returned where a visit may begin then, or no hour is told.
    """
    if isinstance(act, Provide) and act.missing:
        moments = set() if act.ambiguous else {never_open(turn, act.partial or "") or ""}
    else:
        moments = either_half(act)
    found = [_moment(turn, value) for value in moments]
    at = next(iter(found), None)
    if at is None or any(each and _refusal(turn, each) is not Refusal.CLOSED for each in found):
        return None
    turn = _out_of_hours(turn, at).become(window=_open(turn))
    return tell(turn, _open(turn), near=at)


def _booked(turn: Turn, at: datetime) -> Turn:
    """Save the time together with the booking, in one commit, and end the call."""
    held = turn.dialogue
    turn = turn.answer(Step.TIME, at).confirm(Step.TIME).become(step=Step.DONE, pending=None)
    name, service = turn.spoken(Step.NAME), held.answers.get(Step.SERVICE, "")
    line = {
        (True, True): "end.booked",
        (False, True): "end.booked_nameless",
        (True, False): "end.booked_serviceless",
        (False, False): "end.booked_plain",
    }[bool(name), bool(service)]
    time = turn.say_time(normal(at, turn.business))
    turn = turn.say(line, name=name, service=in_a_sentence(service), time=time)
    return turn.end(Ending.HANGUP, Status.BOOKED)


def _moved(turn: Turn, at: datetime, place: Place) -> Turn:
    """Say that the existing appointment was moved, or that staff will see to it."""
    time = turn.say_time(normal(at, turn.business))
    if place is Place.UNKNOWN:
        turn = turn.note(turn.dialogue.wording.line("existing.note_move", time=time))
        turn = turn.promise().say("existing.later")
    else:
        turn = turn.fulfil().say("existing.moved", time=time)
        if about := turn.dialogue.about:
            turn = turn.become(found=replace(about, at=normal(at, turn.business)))
    return close(turn.become(pending=None))


def of_piece(turn: Turn, said: str, *, ambiguous: bool = False) -> Turn | None:
    """Take a piece of a time together with what was said before, as far as both allow something.

    said  a day, a part of one, or an hour; None is returned where the rest is to be asked for
    """
    before = said_before(turn) or Window()
    window = joined(before, _either_hour(said, ambiguous=ambiguous))
    if not ambiguous and (at := never_open(turn, said)):
        return wish_for(turn, at)
    if said.startswith("T"):
        days = {value.partition("T")[0] for value in turn.dialogue.offered}
        days = days or {f"{day:%Y-%m-%d}" for day in before.days}
        if len(days) == 1:
            return wish_for(turn, f"{days.pop()}{said}", ambiguous=ambiguous)
        return look(turn, window) if names_days(window) or turn.dialogue.offered else None
    day = f"{window.days[0]}" if len(window.days) == 1 else said.partition(" ")[0]
    if refused := _refuse_day(turn, day):
        return refused
    return look(turn, window) if " " in said or names_hours(window) or window.but else None


def _either_hour(said: str, *, ambiguous: bool = True) -> Window:
    """Return the times of a piece; where ambiguous, its hour of the morning or the evening."""
    window = window_of(said)
    if not ambiguous:
        return window
    other = _half(window.after)
    return replace(window, also=(Window(window.days, after=other, before=other),))


def _refuse_day(turn: Turn, day: str) -> Turn | None:
    business, local = turn.business, turn.now.astimezone(turn.business.zone)
    at = datetime.fromisoformat(day).replace(hour=12, tzinfo=business.zone)
    if at.date() < local.date():
        return look(turn.say("time.past"), _open(turn))
    spans = business.hours.get(WEEKDAYS[at.weekday()], ())
    if at.date() == local.date() and all(span.closes <= local.time() for span in spans):
        return look(turn.say("time.none_then"), _open(turn), near=local)
    if at.date() > (local + timedelta(days=business.booking.days_ahead)).date():
        return turn.become(partial=None).say("time.too_far").ask()
    if not spans or business.is_closed(at.date()):
        return look(turn.say("time.shut", day=turn.say_time(day)), _open(turn), near=at)
    return None
