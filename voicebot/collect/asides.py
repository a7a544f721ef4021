"""Deal with words beside an answer: a question, a note for staff, a wish for a person.

Each is dealt with in the same turn, before the next question. What is promised is written down.
"""

from __future__ import annotations

from dataclasses import replace

from voicebot.business import WEEKDAYS, Offer, answer_for, serves
from voicebot.call import Needs, Status, Step, Wish
from voicebot.collect.dialogue import Mode, situation
from voicebot.collect.events import Ending
from voicebot.collect.reading import Ask, Asked, Provide, Window, read
from voicebot.collect.spoken import in_a_sentence
from voicebot.collect.times import opening_hours
from voicebot.collect.turn import Turn


def put_through(turn: Turn) -> Turn:
    """Put the caller through to a person, or have one call back; the call goes on then."""
    turn = turn.need(Needs.PERSON)
    if turn.business.transfer_to:
        return turn.say("reply.person").end(Ending.TRANSFER, Status.TRANSFER)
    return turn.say("reply.no_person")


def farewell(turn: Turn) -> Turn:
    """Say goodbye to a caller who leaves."""
    held = turn.dialogue
    if held.mode is Mode.CLOSING or held.cancelled or held.needs is not Needs.NOTHING:
        turn = turn.say("reply.bye")
    else:
        turn = turn.say("reply.goodbye" if held.knows_something else "reply.bye")
    return turn.end(Ending.HANGUP, Status.INCOMPLETE)


def emergency(turn: Turn, text: str) -> Turn:
    """Say what is to be done at once, then who comes: a person, a number to ring, or our first."""
    listed = turn.business.emergency_in(text)
    turn = turn.need(Needs.PERSON, Wish.EMERGENCY).note(text).become(urgent=True)
    turn = turn.say("emergency.own", advice=listed.say) if listed else turn.say("emergency.plain")
    if turn.business.transfer_to:
        return turn.say("emergency.person").end(Ending.TRANSFER, Status.TRANSFER)
    if listed and listed.number and listed.number not in listed.say:
        turn = turn.say("emergency.number", number=listed.number)
    return turn.say("emergency.first_free")


def reply(turn: Turn, question: Ask) -> Turn:
    """Answer a question from the business file; what it cannot answer is noted for staff."""
    said = len(turn.said)
    if question.topic not in _ALWAYS_OURS and (text := answer_for(question.about, turn.business)):
        return turn.say("reply.own", text=text)
    turn = _by_topic(turn, question)
    if len(turn.said) > said:
        return turn
    turn = turn.note(f"? {question.about}").promise()
    return replace(turn.say("reply.unknown"), noted=True)


_ALWAYS_OURS = ("robot", "price", "free", "company", "known")
"""Topics that our own answer fits better than a sentence of the business file."""


def _by_topic(turn: Turn, question: Ask) -> Turn:
    business = turn.business
    match question.topic:
        case "robot" | "recorded" | "company" | "known" | "confirmation" | "why":
            return turn.say(f"reply.{question.topic}")
        case "price":
            return _price(turn, question.about)
        case "duration":
            return _duration(turn, question.about)
        case "hours":
            return _hours(turn)
        case "place" if business.company.address:
            return turn.say("reply.where", address=business.company.address)
        case "area":
            return _area(turn, question.about)
        case "free":
            window = turn.dialogue.window or Window()
            return turn.become(window=window).say("reply.times_later")
        case "offered":
            return _offered(turn, question.about)
        case "services":
            return turn.say("reply.services", services=turn.offers())
        case _:
            return turn


def _price(turn: Turn, text: str) -> Turn:
    named = _mentioned(turn, text)
    priced = [o for o in named or turn.business.services if o.price]
    for offer in priced[:_MOST_PRICES]:
        turn = turn.say("reply.price", service=offer.name, price=offer.price)
    return turn


_MOST_PRICES = 4
"""More than these nobody remembers; the page of the business has them."""


def _duration(turn: Turn, text: str) -> Turn:
    named = _mentioned(turn, text)
    if not named:
        return turn
    minutes = turn.business.minutes(named[0].id)
    hours, rest = divmod(minutes, 60)
    key = "spoken.minutes" if rest else "spoken.hour" if hours == 1 else "spoken.hours"
    count = str(minutes if rest else hours)
    return turn.say("reply.duration", length=turn.dialogue.wording.line(key, count=count))


def _hours(turn: Turn) -> Turn:
    business = turn.business
    today = turn.now.astimezone(business.zone)
    spans = business.hours.get(WEEKDAYS[today.weekday()], ())
    if not spans or business.is_closed(today.date()):
        return turn.say("reply.closed_today")
    return turn.say("reply.hours", **opening_hours(turn, spans))


def _area(turn: Turn, text: str) -> Turn:
    ours = serves(text, turn.business)
    if ours is None and not turn.business.areas:
        return turn
    areas = turn.listed(turn.business.areas, "and")
    if ours is None:
        return turn.say("reply.areas", areas=areas)
    return turn.say("reply.area_yes" if ours else "reply.area_no", areas=areas)


def _offered(turn: Turn, text: str) -> Turn:
    """Say whether we do what is asked for."""
    if named := _mentioned(turn, text, held=False):
        return turn.say("reply.offered", services=in_a_sentence(named[0].name))
    return turn.say("reply.not_offered", services=turn.offers())


def _mentioned(turn: Turn, text: str, *, held: bool = True) -> list[Offer]:
    """Return the service that a question names, else with `held` the one that the caller wants."""
    where = replace(situation(turn.dialogue, turn.now), step=Step.SERVICE, asked=Asked.ANSWER)
    acts = read(_statement(turn, text), where).acts
    named = [a.value for a in acts if isinstance(a, Provide) and a.step is Step.SERVICE]
    if not named and held:
        named = [turn.dialogue.answers.get(Step.SERVICE, "")]
    return [offer for name in named if name and (offer := turn.business.offer(name))]


def _statement(turn: Turn, text: str) -> str:
    """Return the words of a question that name something, as an answer would say them."""
    return text.rstrip("?？ ")
