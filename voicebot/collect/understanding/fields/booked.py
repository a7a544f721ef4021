"""Is a booking spoken of that is there already, and what is to become of it?

One that is told of ("I've got the plumber on Friday, can it be Monday"), or one that the number
which calls has, and whose day or work is named ("I can't do Friday after all"). It is to be moved,
called off, or asked after. The words stand in [booked].
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.clauses import REQUESTS
from voicebot.collect.understanding.fields.service import named_in
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.questions import (
    EXISTING,
    OTHER_TIME,
    THEIRS,
    THING,
    TOLD,
    other_times,
)
from voicebot.collect.understanding.text import tokens
from voicebot.collect.understanding.types import Provide, Situation, Want
from voicebot.collect.understanding.utterance import Utterance

_MOVE = "want.reschedule"
_CHANGE, _WHOSE, _UNTIL = "booked.change", "booked.whose", "booked.until"
_BUSY, _NEEDLESS, _ASKS = "booked.busy", "booked.needless", "booked.asks"
_ALREADY, _TOLD = "booked.already", "booked.told"
_SHIFT, _SOONER = ("booked.earlier", "booked.later"), "booked.sooner"
_ALONE = "alone"
"""The value of words that tell of a booking by themselves, where the number has one."""
_STANDS = "stands"
"""The value of words that tell by themselves that one is there: "don't come any more"."""
_BETWEEN = 3
"""So many words stand between the verb and what it changes: "change the time of my booking"."""
_WEEK = timedelta(weeks=1)


def wishes(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give what is wished for a booking: a verb, and behind it a booking or another time; or words
    that tell little alone, beside a booking that is known or told of."""
    for verb, end in _moved(said):
        act = Want("reschedule", said.span(verb.first, end))
        yield Candidate(act, verb.first, end, besides=True)
    yield from _names_of_theirs(said, situation)
    if tells := _of_our_people(said, situation):
        what, ours = tells
        act = Want(what, said.span(ours.first, ours.end))
        yield Candidate(act, ours.first, ours.end, 1, besides=True)
    if not (known := _meant(said, situation)):
        return
    what, match = known
    end = match.end
    yield Candidate(Want(what, said.span(match.first, end)), match.first, end, besides=True)


def _of_our_people(said: Utterance, situation: Situation) -> tuple[str, Match] | None:
    """Return what is told of our people, and the words: a complaint where something went wrong, and
    where it is told what they did, with no wish beside it; else a matter for staff.
    """
    ours, spoilt = next(said.all("booked.ours"), None), list(said.all("booked.spoilt"))
    at_once = ours and said.at(ours.end, "booked.spoilt")
    wished = said.tags & {*_WISHED} and not at_once
    if any(m.value == _ANOTHER for m in said.all(THEIRS)):
        return None
    came = (m for m in said.all("booked.came") if not said.clause(m.first).asked)
    acts = (m for m in came if m.value == _DONE or _acted(said, m.end))
    acted = max(acts, key=lambda match: bool(match.value), default=None)
    told = (m for m in spoilt if acted or (ours and not wished and m.value != _AFTER))
    if wrong := next(told, None):
        return "complaint", wrong
    if wished or "want.matter" in said.tags or "want.praise" in said.tags:
        return None
    if acted and acted.value and Step.SERVICE not in situation.record:
        return "complaint", acted
    return ("matter", ours) if ours and said.tags.isdisjoint(_DAYS) else None


def _acted(said: Utterance, at: int) -> bool:
    """Return whether what is said from here tells of the past: "mowed", "left", "never came"."""
    return at < len(said) and (said.at(at, "booked.did") is not None or said.low(at)[-2:] == "ed")


_AFTER, _ANOTHER, _DONE = "after", "another", "done"
"""The values of what is wrong only where we were there, of people who are none of ours, and of
words that tell by themselves that something was done."""


def _names_of_theirs(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the name of a booking of the number, where it is said whole and none is known yet."""
    if Step.NAME in situation.record:
        return
    heard = [token.low for token in said.tokens]
    for name in {each.get(Step.NAME, "") for each in situation.coming}:
        words = [token.low for token in tokens(name)]
        for at in range(len(heard) - len(words) + 1):
            if len(words) > 1 and heard[at : at + len(words)] == words:
                act = Provide(Step.NAME, name, said.span(at, at + len(words)))
                yield Candidate(act, at, at + len(words))


def _meant(said: Utterance, situation: Situation) -> tuple[str, Match] | None:
    """Return what is wished for a booking that is known or told of, and by which words."""
    already = next(said.all(_ALREADY), None)
    told = already or any(said.all(EXISTING, THING))
    stands = any(m.tag == _NEEDLESS and m.value == _STANDS for ms in said.matches for m in ms)
    told = told or (stands and not any(said.all(*_DAYS)))  # 星期天就不用来了 only refuses a day
    if not (told or situation.coming) or situation.moves:
        return None
    named = bool(told) or names_one(said, situation)
    if not named and _names_other_work(said, situation):
        return None

    kept = {at for m in said.all(*_KEPT) for at in range(m.first, m.end)}
    needless = [m for m in said.all(_NEEDLESS) if m.first not in kept]
    needless = [m for m in needless if m.value != _VERB or not said.at(m.end, _ANY_ONE)]
    unwanted = {at for m in needless for at in range(m.first, m.end)}
    others, times = _other_days(said, situation), [*other_times(said)]
    verbs = [] if others and times else [m for m in needless if m.value == _VERB]
    shifts = (_SOONER, *(_SHIFT if named else ()))
    moves = [*times, *said.all(_CHANGE, *shifts)] if situation.coming else []
    moves = [m for m in moves if _is_of_time(said, m)]
    asks = [*said.all(_ASKS)] if situation.coming or already else []
    if situation.coming and not situation.record and (field := _field_asked(said)):
        return "existing", field
    for what, matches in (
        ("existing", asks),
        ("cancel", verbs),
        ("reschedule", moves),
        ("cancel", needless),
        ("reschedule", [*said.all(_BUSY)]),
    ):
        for match in matches:
            denied = said.clause(match.first).denied or match.first in unwanted
            denied &= match in moves
            wanted = match.tag == _NEEDLESS and match.value != _VERB  # 周六的保洁不要了
            theirs = not wanted and said.before(match.first, THING)  # "my plumber can't make it"
            theirs = theirs or said.at(match.first, _ALREADY)  # "I don't want a new one"
            if match.first in kept or denied or theirs:
                continue
            if named or match.value == _ALONE:
                other = what == "cancel" and match.value != _VERB and bool(others)
                other = other and any(_days_named(said, situation))  # "not Friday, but Saturday"
                return "reschedule" if other else what, match
    if already:
        return "existing", already
    implies = (named or _ADDS in said.tags) and situation.coming and not situation.found
    return _implied(said, situation) if implies else None


def _is_of_time(said: Utterance, move: Match) -> bool:
    """Return False where staff are told something, or another field is to be changed."""
    here = list(said.in_clause(said.clause(move.first), _FIELD, TOLD))
    return all(m.tag == _FIELD and m.value in (Step.TIME, Step.SERVICE) for m in here)


def _field_asked(said: Utterance) -> Match | None:
    """Return the field of which is asked what we have: "what address have you got"."""
    written = (said.clause(match.first) for match in said.all("record.written"))
    return next((m for clause in written for m in said.in_clause(clause, _FIELD)), None)


def _implied(said: Utterance, situation: Situation) -> tuple[str, Match] | None:
    """Return what is wished for a booking of the number that is named, without a word for it:
    another day is named as well, or a question is of it."""
    if tells := next(said.all(_ADDS, TOLD, "note.text"), None):
        return "existing", tells
    if not said.tags.isdisjoint((_MORE, *_NEW)) or _names_other_work(said, situation):
        return None
    if situation.step is Step.TIME:
        return None  # a day is what was asked for, also the one of a booking
    day = next(_days_named(said, situation), None)
    if day is None and (_WHOSE not in said.tags or _ANY_ONE in said.tags):
        return None  # "a cleaner on Monday", of who had one before
    greets = {at for m in said.all(*_POLITE) for at in range(m.first, m.end)}
    parts = [m for m in said.all("time.part") if m.first not in greets]
    others = _other_days(said, situation) or (day and parts)
    if others:
        return "reschedule", others[0]
    clause = next((each for each in said.clauses if each.asked), None)
    known = any(tag.startswith("ask.") and tag not in _OF_BOOKINGS for tag in said.tags)
    if clause is None or known:
        return None
    return "existing", Match(_ASKS, clause.first, clause.end)


def _other_days(said: Utterance, situation: Situation) -> list[Match]:
    """Return where days are named on which the number has no booking, if it has one."""
    days = [*_days_named(said, situation)]
    return [m for m in said.all(*_DAYS) if m not in days] if situation.coming else []


_ANY_ONE = "time.one"
_POLITE = ("quiet.link", "act.greet")
_WISHED = (
    "service.wish",
    "want.booking",
    TOLD,
    "clause.ask",
    "clause.asks",
    *REQUESTS,
)
"""Without these, who speaks of our people tells of what they did: "your bloke left his drill"."""
_KEPT = ("want.keep", "clause.keeps", THEIRS, "note.text")
"""A verb inside calls nothing off: "don't cancel it", "my plumber cancelled on me"."""
_VERB = "verb"
"""The value of verbs that call off whatever reason stands beside them; "a tree" is got rid of."""
_DAYS = ("time.weekday", "time.day")
_MORE, _NEW = "booked.more", ("want.booking", "want.new")
_ADDS = "booked.adds"
_FIELD = "record.field"
_OF_BOOKINGS = ("ask.known", "ask.area", "ask.company", "ask.free", "ask.confirmation")
"""Topics of what is asked of a booking in words that also ask something else."""


def names_one(said: Utterance, situation: Situation, *, by_day: bool = True) -> bool:
    """Return whether the work of one of `situation.coming` is named, or its day if that counts."""
    if by_day and any(_days_named(said, situation)):
        return True
    return any(each.get(Step.SERVICE) in _work(said, situation) for each in situation.coming)


def _names_other_work(said: Utterance, situation: Situation) -> bool:
    """Return whether work is named that no booking of the number is for."""
    booked = {each.get(Step.SERVICE) for each in situation.coming}
    return bool(_work(said, situation) - booked)


def _work(said: Utterance, situation: Situation) -> set[str]:
    named = named_in(said.text, situation.services, situation.language)
    return {""} if named is None else {offer.name for offer in named}


def _days_named(said: Utterance, situation: Situation) -> Iterator[Match]:
    """Give where the day of a booking is named that the number has: "Friday", "tomorrow"."""
    today = situation.now.date()
    days = {date.fromisoformat(each[Step.TIME][:10]) for each in situation.coming}
    later = {day.weekday() for day in days if day - today >= _WEEK}
    for match in said.all(*_DAYS):
        if match.tag == "time.weekday":
            next_week = said.before(match.first, "time.next")
            named = int(match.value) in (later if next_week else {day.weekday() for day in days})
        else:
            named = match.value.isdecimal() and today + timedelta(int(match.value)) in days
        if named:
            yield match


def moving(said: Utterance, situation: Situation, *, found: bool = False) -> bool:
    """Return whether a booking that is there is to have another time, which may be named.

    found  it was told just now: "make it eleven"
    """
    told = found or any(said.all(EXISTING, THING, _TOLD))
    told = told and (_MOVE in said.tags or any(other_times(said)))
    meant = _meant(said, situation)
    return told or bool(meant and meant[0] == "reschedule") or any(True for _ in _moved(said))


def old_times(said: Utterance, situation: Situation) -> Iterator[tuple[int, int]]:
    """Give the stretches that tell when the booking is that is to be moved; they wish for nothing.

    "From one" in "move it from one to two", "I've got the plumber on Friday" before "can he come
    on Monday", the day that the number has a booking on.
    """
    if not moving(said, situation):
        return
    begun = [(verb.first, end) for verb, end in _moved(said)]
    verbs = [(verb.first, verb.end) for verb in said.all(_CHANGE)]
    told = [(each.first, each.end) for each in said.all(EXISTING, THING, _TOLD)]
    yield from ((match.first, match.end) for match in _days_named(said, situation))
    greets = said.at(0, "time.part")
    if greets and said.low(greets.end) == ",":
        yield greets.first, greets.end  # "morning, it's Nadia"
    for first, end in (*begun, *told):
        when, ends = said.at(end, "booked.when"), _told_until(said, end)
        moved = any(verb <= first < behind for verb, behind in (*begun, *verbs))
        whole = not moved or (when and when.value in ("", said.low(ends)))
        yield first, ends if whole else end


def _told_until(said: Utterance, at: int) -> int:
    """Return where ends what is told from here on: at a mark, a "but", or at the new time.

    Where a wish to move it comes later, "a las siete" and "for seven" are of the old time.
    """
    wishes = (OTHER_TIME, _CHANGE, _MOVE, _BUSY)
    ends = (*wishes, "clause.open", *(() if any(said.all(*wishes, first=at)) else ("booked.to",)))
    while at < len(said) and not said.tokens[at].is_sign:
        if said.at(at, *ends):
            break
        at += 1
    return at


def _moved(said: Utterance) -> Iterator[tuple[Match, int]]:
    """Give each verb that moves a booking, and where that booking's words end."""
    for verb in said.all(_CHANGE):
        clause = said.clause(verb.first)
        if clause.denied or said.at(verb.first, "clause.keeps"):
            continue
        for at in range(verb.first + 1, min(verb.end + _BETWEEN + 1, clause.end)):
            thing = said.at(at, THING)
            timed = at > verb.end and said.at(at, _UNTIL) and said.at(verb.end, _WHOSE)
            if (field := said.at(at, _FIELD)) and field.value != Step.TIME:
                break  # "change the address on my booking"
            if thing or timed:
                yield verb, max(verb.end, thing.end if thing else at)
                break
