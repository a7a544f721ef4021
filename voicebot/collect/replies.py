"""Reply to remarks beside an answer: a question, a wish to wait, a wish for a person."""

from __future__ import annotations

from voicebot.business import WEEKDAYS, Offer
from voicebot.call import Needs, Status
from voicebot.collect.appointment import opening_hours
from voicebot.collect.events import Ending
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import Intent

HOLD_SILENCES = 5
"""A caller who asked for a moment has so many silences (half a minute) before being asked."""

_PRICE = ("price", "cost", "charge", "how much", "fee", "rate", "多少钱", "价格", "收费")
_HOURS = ("open", "hours", "close", "what time", "几点", "营业", "开门")
_WHERE = ("where", "address", "located", "location", "哪里", "地址", "在哪")
_SERVICES = ("service", "offer", "do you do", "can you do", "what do you", "服务", "做什么")


def reply(turn: Turn, intent: Intent, text: str) -> Turn | None:
    """Reply to a remark; None when it is none, but an answer.

    A remark costs no attempt: the open question is put again.
    """
    match intent:
        case Intent.REPEAT | Intent.SPEAK_SLOWER:
            return turn.ask()
        case Intent.HOLD:
            return turn.become(patience=HOLD_SILENCES).say("reply.hold")
        case Intent.HUMAN:
            return _person(turn)
        case Intent.CANCEL:
            turn = turn.become(cancelled=True).say("reply.cancel")
            return turn.end(Ending.HANGUP, Status.INCOMPLETE)
        case Intent.GOODBYE:
            return turn.say("reply.goodbye").end(Ending.HANGUP, Status.INCOMPLETE)
        case Intent.BOT_CHALLENGE:
            return turn.say("reply.robot").ask()
        case Intent.GREETING:
            return turn.say("reply.greeting").ask()
        case Intent.THANKS:
            return turn.say("reply.thanks").ask()
        case Intent.QUESTION:
            return _question(turn, text.casefold()).ask()
        case _:
            return None


def _person(turn: Turn) -> Turn:
    turn = turn.save(needs=Needs.PERSON)
    if turn.business.transfer_to:
        return turn.say("reply.person").end(Ending.TRANSFER, Status.TRANSFER)
    return turn.say("reply.no_person").ask()


def _question(turn: Turn, text: str) -> Turn:
    """Answer from the business file what it can answer; never guess."""
    if _mentions(text, _PRICE):
        return _price(turn, text)
    if _mentions(text, _WHERE) and turn.business.company.address:
        return turn.say("reply.where", address=turn.business.company.address)
    if _mentions(text, _HOURS):
        return _today(turn)
    if _mentions(text, _SERVICES) or _mentioned(turn, text):
        return turn.say("reply.services", services=turn.offers())
    return turn.say("reply.unknown")


def _price(turn: Turn, text: str) -> Turn:
    named = _mentioned(turn, text) or [o for o in turn.business.services if o.price]
    for offer in named:
        if offer.price:
            turn = turn.say("reply.price", service=offer.name, price=offer.price)
    return turn if named else turn.say("reply.unknown")


def _today(turn: Turn) -> Turn:
    business = turn.business
    day = WEEKDAYS[turn.now.astimezone(business.zone).weekday()]
    spans = business.hours.get(day, ())
    if not spans:
        return turn.say("reply.closed_today")
    return turn.say("reply.hours", **opening_hours(turn, spans))


def _mentions(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _mentioned(turn: Turn, text: str) -> list[Offer]:
    return [
        offer
        for offer in turn.business.services
        if any(word.casefold() in text for word in (offer.name, *offer.synonyms))
    ]
