"""What a caller has called for: a wish that is none for a new booking; has one begun?"""

from __future__ import annotations

from voicebot.call import Needs, Step
from voicebot.collect.asides import farewell
from voicebot.collect.dialogue import Dialogue, Purpose
from voicebot.collect.endings import close
from voicebot.collect.said import Said
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import (
    Ask,
    Decline,
    Deny,
    Note,
    Provide,
    Thank,
    Want,
    named_in,
    utterance,
)

PURPOSES = {
    "cancel": Purpose.CANCEL,
    "reschedule": Purpose.MOVE,
    "existing": Purpose.ASK_AFTER,
    "late": Purpose.ASK_AFTER,
    "complaint": Purpose.COMPLAIN,
    "call_back": Purpose.BE_CALLED,
    "matter": Purpose.BE_CALLED,
}
"""The purpose of each wish that is none for a new booking."""


def wish(held: Dialogue, said: Said) -> Want | None:
    """Return what is wished for: "I booked for Saturday, I have to call it off" is called off.

    A call is only told here where nothing else is. Of "cancel it, no, move it" the last counts;
    "don't cancel it, I only want to ask" asks after a booking.
    """
    wishes = [w for w in said.of(Want) if w.what in PURPOSES and w.what != "call_back"]
    changes = [w for w in wishes if w.what in ("cancel", "reschedule")]
    wishes = changes[-1:] or wishes
    if said.wants("call_back"):  # "I have a booking, ring me about it"
        wishes = [wish for wish in wishes if wish.what not in ("existing", "late", "matter")]
    if not wishes and _is_of_an_office(held, said):
        return Want("matter", (0, len(said.text)))
    keeps = [want for want in said.of(Want) if want.what == "keep"]
    if keeps and not wishes and not held.has_begun:
        return Want("existing", keeps[0].span)
    return min(
        wishes, key=lambda wish: _LAST.index(wish.what) if wish.what in _LAST else -1, default=None
    )


def _is_of_an_office(held: Dialogue, said: Said) -> bool:
    """Return whether who rings first says for whom ("from the council"), and names no work, nor
    anything of their own that might need some."""
    tags = utterance(said.text, said.situation.language).tags
    of_work = said.books or any(act.step in (Step.SERVICE, Step.TIME) for act in said.of(Provide))
    known = any(ask.topic for ask in said.of(Ask))
    told = said.says_more or said.has(Ask)
    begins = held.turns <= 1 and not held.has_begun and told
    return begins and "topic.from" in tags and not (of_work or known or "time.own" in tags)


_LAST = ("matter", "existing")
"""Wishes that give way to any other."""


def was_misdialled(held: Dialogue, said: Said) -> bool:
    """Return whether a caller who was told who we are only begs our pardon: a wrong number."""
    heard = utterance(said.text, said.situation.language)
    only = not said.tells_more and all(isinstance(a, Deny | Thank) for a in said.reading.acts)
    told = any(held.business.company.name in line for line in held.replied)
    return told and only and "refuse.apology" in heard.tags and not held.knows_something


def is_of_another_trade(held: Dialogue, said: Said) -> bool:
    """Return whether a call begins with work that we do not do, and nothing else."""
    services, language = held.business.services, held.business.language
    told = said.says_more and not said.has(Ask, Note) and not held.answers
    told &= held.purpose is Purpose.BOOK and held.needs is Needs.NOTHING
    only = told and all(want.what == "booking" for want in said.of(Want))
    only = only and all(act.step is Step.TIME for act in said.of(Provide))
    return only and named_in(said.text, services, language) is None


def told_and_done(turn: Turn, said: Said) -> Turn | None:
    """Return the turn that deals with what needs neither a name nor a booking, else None: an order
    that is meant for others, praise, and a number that is not to be rung."""
    what = next((want.what for want in said.of(Want) if want.what in _DONE), None)
    of_work = said.books or any(act.step is Step.SERVICE for act in said.values)
    if what is None or turn.dialogue.has_begun or (of_work and what == "elsewhere"):
        return None
    if what == "elsewhere":
        turn = turn.say("reply.company").say("reply.not_offered", services=turn.offers())
    elif what == "praise":
        turn = turn.note(said.text).say("reply.thanks").say_noted()
    else:
        turn = turn.note(said.text).need(Needs.FOLLOW_UP).say("reply.sorry").say_noted()
    turn = turn.become(replied=turn.said)
    return farewell(turn) if said.leaves else close(turn)


_DONE = ("elsewhere", "praise", "stop")


def wants_work_too(said: Said, wish: Want) -> bool:
    """Return whether work is wished for in another sentence than the one that complains."""
    heard = utterance(said.text, said.situation.language)
    works = [act.span[0] for act in said.values if act.step is Step.SERVICE]
    apart = {heard.sentence(heard.token_at(at)) for at in works}
    apart -= {heard.sentence(heard.token_at(wish.span[0]))}
    return any("service.wish" in utterance(each, said.situation.language).tags for each in apart)


def is_owed(held: Dialogue, want: Want) -> bool:
    """Return True for a wish that is still for staff: not dealt with, nor of this booking."""
    purpose = PURPOSES.get(want.what)
    own = purpose is Purpose.CANCEL and held.has_begun
    return purpose is not None and purpose not in held.dealt and not own


def only_asks(held: Dialogue, said: Said) -> bool:
    """Return whether who has told nothing says that they only want to know something, and asks it
    or refuses their name."""
    only = "topic.only" in utterance(said.text, said.situation.language).tags
    informs = any(ask.topic not in _FOR_A_BOOKING for ask in said.of(Ask))
    return only and not held.knows_something and (informs or said.has(Decline))


_FOR_A_BOOKING = ("", "offered", "both", "free", "wished", "known", "called", "dealt")
"""Topics of questions behind which a booking may be wished for."""


def refuses_booking(said: Said) -> bool:
    """Return whether no booking is wanted, and no other one spoken of: "no booking! A new one"."""
    heard = utterance(said.text, said.situation.language)
    ends = (match.end for match in heard.all("want.no_booking"))
    timed = any(heard.at(end, "time.latest", "time.earliest") for end in ends)  # "before ten"
    return said.wants("no_booking") and not (timed or said.wants("new", "booking", *PURPOSES))
