"""An emergency: what to do at once, what is asked until somebody comes, and which work it means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from voicebot.call import Needs, Status, Step, Wish
from voicebot.collect.events import Ending
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import Ask, Asked, Provide, Situation, Want, read, utterance

_FEWEST_WORDS = 3
"""So many of an emergency's words mean the trade that comes for it."""


def is_told(turn: Turn, told: str, text: str, wants: Iterable[Want]) -> bool:
    """Return whether a text tells of an emergency, by the business's words or by `wants`.

    told  what of the text may tell of it
    """
    here = (want.span for want in wants if want.what == "emergency")
    known = turn.business.emergency_in(told) is not None
    return known or any(turn.business.is_now(text, span) for span in here)


def is_another(turn: Turn, told: str) -> bool:
    """Return whether a graver one is told of: "and she's not moving", behind a flood."""
    listed = turn.business.emergency_in(told)
    return bool(listed and listed.number and listed.say != turn.dialogue.advice)


def told_of(turn: Turn, told: str, text: str) -> Turn:
    """Say what is to be done at once, then who comes: a person, a number to ring, or our first.

    told  what of the text may tell of an emergency
    """
    listed = turn.business.emergency_in(told)
    turn = turn.need(Needs.PERSON, Wish.EMERGENCY).note(text)
    turn = _advised(turn.become(urgent=True, advice=listed.say if listed else ""))
    shown = turn.valid(Step.PHONE, turn.dialogue.caller or "")
    if shown and Step.PHONE not in turn.dialogue.answers:
        turn = turn.answer(Step.PHONE, shown).confirm(Step.PHONE)  # asked for no number in a hurry
    if turn.business.transfer_to:
        return turn.say("emergency.person").end(Ending.TRANSFER, Status.TRANSFER)
    if listed and listed.number and listed.number not in listed.say:
        turn = turn.say("emergency.number", number=listed.number)
    return turn.say("emergency.first_free")


def work_of(turn: Turn, told: str, where: Situation) -> str:
    """Return the service that most words of the emergency mean, which need not be asked then."""
    listed = turn.business.emergency_in(told)
    if listed is None or Step.SERVICE in turn.dialogue.answers:
        return ""
    where = replace(where, step=Step.SERVICE, asked=Asked.ANSWER)
    meant = (act for words in listed.words for act in read(words, where).acts)
    of_work = (a for a in meant if isinstance(a, Provide) and a.step is Step.SERVICE and a.value)
    counted = Counter(act.value or "" for act in of_work)
    service, count = next(iter(counted.most_common(1)), ("", 0))
    return service if count >= _FEWEST_WORDS and count * 2 > counted.total() else ""


def _advised(turn: Turn) -> Turn:
    """Say what is to be done in the emergency that was told of."""
    advice = turn.dialogue.advice
    return turn.say("emergency.own", advice=advice) if advice else turn.say("emergency.plain")


def cried(turn: Turn, text: str) -> Turn:
    """Say again what to do, and that it is known, to who cries out that it goes on."""
    return _advised(turn).note(text).say_call_back()


def in_danger(turn: Turn, question: Ask) -> Turn:
    """Say in an emergency what to do, and whom to ring: "do I call the fire brigade?".

    Where lives are in danger no time of ours answers "is someone coming?": a person rings.
    """
    said = utterance(question.about, turn.business.language)
    asks_leave = question.topic in ("", "advice") and "topic.may" in said.tags
    if turn.dialogue.urgent and question.topic in ("free", "called") and _is_grave(turn):
        return cried(turn, question.about)
    if not turn.dialogue.urgent or not (asks_leave or "topic.danger" in said.tags):
        return turn
    rings = next(said.all("topic.rings"), None)
    listed = turn.business.emergency_in(rings.value) if rings else None
    if not (listed and listed.number):
        return _advised(turn)
    return turn.say("emergency.number", number=listed.number)


def _is_grave(turn: Turn) -> bool:
    """Return whether the emergency is one for which others are rung: gas, a fire, a hurt.

    The last of the list is of no kind ("I need an emergency plumber").
    """
    kinds = turn.business.emergencies[:-1]
    told = next((each for each in kinds if each.say == turn.dialogue.advice), None)
    return bool(told and told.number)


def none_after_all(turn: Turn) -> Turn:
    """Take back an emergency that is none; nobody need be told of it."""
    needs = Needs.FOLLOW_UP if turn.dialogue.promised else Needs.NOTHING
    turn = turn.become(urgent=False, needs=needs)
    return turn.save(needs=needs, wish=Wish.NOTHING).say("emergency.none")
