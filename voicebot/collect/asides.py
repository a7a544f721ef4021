"""Deal with words beside an answer: a question, a note for staff, a wish for a person.

Each is dealt with in the same turn, before the next question. What is promised is written down.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from voicebot.business import (
    Offer,
    answer_for,
    answer_of,
    has_one_of,
    is_only_place,
    is_usual,
    serves,
)
from voicebot.call import FIELDS, Needs, Status, Step
from voicebot.collect import emergencies, opening, times
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.events import Ending
from voicebot.collect.spoken import in_a_sentence
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import (
    IDLE,
    KNOWN,
    Ask,
    Window,
    content_of,
    is_only_named,
    missed,
    named_in,
    utterance,
)

_MOST_NOTES = 3
"""Notes that are read out, the last ones: nobody listens to more."""


def put_through(turn: Turn) -> Turn:
    """Put the caller through to a person, or have one call back; the call goes on then."""
    turn = turn.need(Needs.PERSON)
    if turn.business.transfer_to:
        return turn.say("reply.person").end(Ending.TRANSFER, Status.TRANSFER)
    return turn.say("reply.no_person")


def farewell(turn: Turn) -> Turn:
    """Say goodbye to a caller who leaves."""
    held = turn.dialogue
    if not (held.answers or held.caller or held.dealt) and held.purpose is Purpose.BOOK:
        turn = turn.become(promised=False)  # nobody can be rung
        turn = turn.fulfil() if held.needs is Needs.FOLLOW_UP else turn
    if held.mode is Mode.CALLING_OFF:
        turn = turn.say("existing.kept")  # nobody is to believe that it is called off
    done = held.mode is Mode.CLOSING or held.cancelled or held.coming
    if done or held.needs is not Needs.NOTHING:
        turn = turn.say("reply.bye")
    else:
        turn = turn.say("reply.goodbye" if held.knows_something else "reply.bye")
    return turn.end(Ending.HANGUP, Status.INCOMPLETE)


def reply(turn: Turn, question: Ask, text: str) -> Turn:
    """Answer a question from the business file; what it cannot answer is noted for staff.

    text  all that was said: another clause may name the service ("cleaning, how much is that")
    """
    before, said = turn, len(turn.said)
    turn = emergencies.in_danger(turn, question)
    if len(turn.said) > said:
        return turn
    if (read := _of_read_back(turn, question)) is not None:
        return read
    turn = _answered(turn, question, text)
    tags = utterance(question.about, turn.business.language).tags
    more = question.topic == "price" and ("ask.extras" in tags or _says_more(turn, question))
    answered = len(turn.said) > said or turn.request
    said_of = utterance(text, turn.business.language)
    sentence = said_of.sentence(said_of.token_at(question.span[0]))
    if question.topic != IDLE and (more or not answered):
        return _unknown(turn, question.about, sentence)
    told = _answered(before.become(turns=0), question, text).said[said:]  # in the same wording
    held = before.dialogue
    if told and held.replied and told == held.answered[1:] and sentence != held.answered[0]:
        if missed(said_of):
            return _unknown(before, question.about, sentence)
        if question.topic not in (*_ALWAYS_OURS, KNOWN):
            turn = turn.note(sentence).say_noted()
    return turn.become(answered=(sentence, *told)) if told else turn


def _of_read_back(turn: Turn, question: Ask) -> Turn | None:
    """Return the turn where the time that is read back once more answers: "is that this Friday?";
    beside it what it is for, where that is asked. None for other questions."""
    held, business = turn.dialogue, turn.business
    said = utterance(question.about, business.language)
    if (
        held.step is not Step.TIME
        or held.mode is not Mode.CONFIRMING
        or _PUTS_BACK not in said.tags
    ):
        return None
    named = named_in(question.about, business.services, business.language)
    if len(content_of(said, _PUTS_BACK, "time.weekday", "time.day")) > (
        _MOST_BESIDE if named else 0
    ):
        return None
    told = not named or held.rides_along(Step.SERVICE) or Step.SERVICE not in held.answers
    return turn if told else turn.say("reply.written", value=turn.spoken(Step.SERVICE))


_PUTS_BACK, _MOST_BESIDE = "topic.puts_back", 3
"""The tag of such a question; so many more words than the work that it names may stand in it."""


def object_to(turn: Turn, text: str) -> Turn:
    """Note the question that our last answer missed: "that's not what I asked"."""
    asked = turn.dialogue.answered[0]
    return _unknown(turn.become(answered=()), asked, asked).note(text)


def _answered(turn: Turn, question: Ask, text: str) -> Turn:
    """Say what we or the business file have of a question; nothing where neither has."""
    for_staff = {Purpose.COMPLAIN, Purpose.BE_CALLED} & {*turn.dialogue.dealt[-1:]}
    if turn.dialogue.mode is Mode.CLOSING and for_staff and question.topic in ("free", "duration"):
        question = replace(question, topic="called")  # "how long will that take?"
    services, language = turn.business.services, turn.business.language
    if question.topic in ("", IDLE) and _names_a_price(turn, question.about):
        question = replace(question, topic="price")  # "and the electrician?", "is it still 120?"
    tags = utterance(question.about, language).tags
    if question.topic == "price" and "topic.other_price" in tags:
        question = replace(question, topic="extras")
    told = content_of(utterance(question.about, language))
    wares = "topic.wares" in tags and named_in(question.about, services, language)
    if question.topic == "offered" and ("topic.which" in tags or wares):
        question = replace(question, topic="")  # "what tap do you put in", "do you sell taps"
    if question.topic in ("", "offered", "both") and is_only_place(told, turn.business):
        question = replace(question, topic="area")  # "what about Penrith?"
    if named := _about(turn, question, text):
        return _of_service(turn, question.topic, named)
    of_a_visit = "topic.visit" in tags
    bare = not content_of(utterance(question.about, language), *_OF_PRICE)
    ours = (
        question.topic in _ALWAYS_OURS
        or _is_of_record(turn, question)
        or (question.topic == "price" and (of_a_visit or bare))
    )
    ours |= question.topic == "called" and turn.dialogue.needs is not Needs.NOTHING
    own = answer_for(question.about, turn.business, _SURE) if ours else _own_answer(turn, question)
    if own:
        return turn.say("reply.own", text=own)
    return _by_topic(turn, question, text)


def _names_a_price(turn: Turn, text: str) -> bool:
    """Return whether words ask no more than for a service, or hold the figure of its price."""
    services, numbers = turn.business.services, utterance(text, turn.business.language).numbers
    figures = [re.findall(r"[0-9]{2,}", offer.price or "") for offer in services]
    return [numbers.digits()] in figures or is_only_named(text, services, turn.business.language)


def _is_of_record(turn: Turn, question: Ask) -> bool:
    """Return False for "have you got the pensioners' discount?", which asks for no writing."""
    said = utterance(question.about, turn.business.language)
    told = [*turn.dialogue.notes, *turn.dialogue.answers.values()]
    content = content_of(said)
    written = not content or "record.wrote" in said.tags or has_one_of(content, " ".join(told))
    return question.topic == KNOWN and bool(question.steps or written)


def _own_answer(turn: Turn, question: Ask) -> str | None:
    """Return what the business file says: to the words, or to the kind that a row names."""
    named = answer_of(question.topic, question.about, turn.business)
    like = answer_for(question.about, turn.business, *_LEAST.get(question.topic, ()))
    return (named or like) if question.topic in _BY_ROW else (like or named)


_OF_A_SERVICE = ("price", "duration", "offered")
_IF_DONE = ("offered", "both")
_LEAST = {"staff": (0.85,), "advice": (0.85,), "duration": (0.7,), "offered": (0.7,)}
"""The least likeness, 0 to 1, to a question of the business file by which its answer is given, for
questions of these topics; for others the default of `answer_for` holds."""
_SURE = 0.75
"""The least likeness by which it is given in spite of an answer of ours."""
_BY_ROW = ("quote", "be_home", "guarantee", "punctual", "ring_ahead")
"""Kinds that a row tells more surely than likeness: "do I have to pay for the quote"."""


def _says_more(turn: Turn, question: Ask) -> bool:
    """Return True for "does the price change at night?", which no price answers whole."""
    said = utterance(question.about, turn.business.language)
    if "topic.when" in said.tags:
        return True
    if named_in(question.about, turn.business.services, turn.business.language) != ():
        return False
    left = content_of(said, *_OF_PRICE)
    return "topic.varies" in said.tags or bool(left and "ask.price" not in said.tags)


def _unknown(turn: Turn, about: str, sentence: str) -> Turn:
    """Note a question for staff, once, in the whole sentence that it stands in."""
    asked = about.casefold()
    if asked in turn.dialogue.unknown:
        return turn.become(attempts=turn.dialogue.attempts + 1).say("reply.unknown_again")
    turn = turn.become(unknown=(*turn.dialogue.unknown, asked)[-_MOST_UNKNOWN:])
    turn = turn.note(f"? {sentence}")
    if turn.dialogue.urgent:
        return emergencies.cried(turn, sentence)
    if turn.dialogue.purpose in (Purpose.COMPLAIN, Purpose.BE_CALLED):
        return turn.say_call_back()  # about that as well
    if turn.dialogue.has_begun:  # whoever comes can say it: nobody is to be rung for that alone
        turn, line = turn.need(Needs.FOLLOW_UP), "reply.unknown_numberless"
    else:
        turn = turn.promise() if turn.may_be_rung else turn.need(Needs.FOLLOW_UP)
        line = "reply.unknown"
    return turn if turn.noted else replace(turn.say(line), noted=True)


_MOST_UNKNOWN = 5
"""Unanswered questions that are remembered, so that none is noted twice."""


_ALWAYS_OURS = (
    *("dealt", "robot", "free", "company", "why", "privacy"),
    *("services", "opening", "claim", "tell"),
)
"""Topics that our own answer fits better than a sentence of the business file."""
_OF_PRICE = ("ask.price", "topic.price", "topic.plain")
"""Words that ask for a price, and nothing else."""


def _about(turn: Turn, question: Ask, text: str) -> tuple[Offer, ...]:
    """Return the services whose price or length is asked for, or whether we do them."""
    business = turn.business
    if question.topic not in (*_OF_A_SERVICE, "both"):
        return ()
    named = named_in(question.about, business.services, business.language)
    if named == () and (question.topic not in _IF_DONE or _names_nothing(turn, question.about)):
        named = named_in(text, business.services, business.language)
    return () if question.topic == "both" and len(named or ()) > 1 else named or ()


def _names_nothing(turn: Turn, text: str) -> bool:
    """Return True for "can you fix it", where what is to be done is told beside it."""
    said = utterance(text, turn.business.language)
    asked = {n for m in said.all("ask.offered", "ask.both") for n in range(m.first, m.end)}
    rest = (at for at in range(len(said)) if at not in asked and not said.is_sound(at))
    return all(said.at(at, "quiet.function", "quiet.link", "clause.before") for at in rest)


def _of_service(turn: Turn, topic: str, named: Sequence[Offer]) -> Turn:
    """Say what the business file has of these services."""
    if topic in _IF_DONE:
        return turn.say("reply.offered", services=in_a_sentence(named[0].name))
    for offer in named[:_MOST_AT_ONCE]:
        if topic == "duration":
            turn = turn.say("reply.duration_of", service=offer.name, length=_length(turn, offer))
        elif offer.price:
            turn = turn.say("reply.price", service=offer.name, price=offer.price)
    return turn


_MOST_AT_ONCE = 4
"""More prices than these nobody remembers; the page of the business has them."""


def _length(turn: Turn, offer: Offer) -> str:
    minutes = turn.business.minutes(offer.id)
    hours, rest = divmod(minutes, 60)
    key = "spoken.minutes" if rest else "spoken.hour" if hours == 1 else "spoken.hours"
    return turn.dialogue.wording.line(key, count=str(minutes if rest else hours))


def _by_topic(turn: Turn, question: Ask, text: str) -> Turn:
    business, asked = turn.business, utterance(question.about, turn.business.language)
    match question.topic:
        case "robot" | "recorded" | "company" | "confirmation" | "why" | "privacy":
            return turn.say(f"reply.{question.topic}")
        case "known":
            return _say_written(turn, question, text)
        case "called" if turn.dialogue.needs is not Needs.NOTHING:
            return turn.note(text).say("reply.when_called")
        case "dealt" if turn.dialogue.dealt or turn.dialogue.purpose is not Purpose.BOOK:
            return _dealt(turn, text)
        case "price":
            return _price(turn, question.about)
        case "duration":
            return _duration(turn, question.about)
        case "both" if (held := _held(turn)) and not content_of(asked, "ask.both"):
            return turn.say("reply.offered", services=in_a_sentence(held.name))
        case "hours" | "opening":
            return opening.hours(turn, question.about, text)
        case "days":
            return opening.days(turn)
        case "latest":
            return opening.latest(turn, question.about, text)
        case "extras":
            return _extras(turn, question.about)
        case "visitor" | "tell":
            return turn.note(text).say_noted()
        case "place" if business.company.address:
            return turn.say("reply.where", address=business.company.address)
        case "mail" if business.company.email:
            return turn.say("reply.write", email=business.company.email)
        case "area":
            return _area(turn, question.about, text)
        case "free":
            window = times.said_before(turn) or Window()
            return times.tell(turn.become(window=window), window)
        case "offered" if _is_no_trade(turn, question.about):
            return turn
        case "offered" | "wished":
            turn = turn.say("reply.not_offered", services=turn.offers())
            told = {"mode": Mode.CLOSING, "put": 0, "window": None}
            return turn if turn.dialogue.answers else turn.become(**told)
        case "services":
            return turn.say("reply.services", services=turn.offers())
        case _:
            return turn


def _is_no_trade(turn: Turn, text: str) -> bool:
    """Return True for what may be of our work: "do you do payment plans", "the oven too".

    A plain no has only what is of a trade that is known, and not ours: "do you fix roofs".
    """
    said = utterance(text, turn.business.language)
    is_known = named_in(text, turn.business.services, turn.business.language) is None
    if not (is_known or any(match.value == _WARES for match in said.all("ask.offered"))):
        return True
    tags = said.tags
    beside = "topic.part" in tags or ("topic.beside" in tags and _held(turn))
    named = named_in(text, turn.business.services, turn.business.language)
    bare = named == () and _names_nothing(turn, text)  # "¿eso lo hacen?"
    return is_usual(text, turn.business) or bool(beside) or bare


_WARES = "wares"
"""The value of what asks for no work: "can I order a pizza"."""


def _dealt(turn: Turn, text: str) -> Turn:
    """Say whether the booking that was called about is moved or called off by now."""
    held = turn.dialogue
    if held.about:
        return turn.say("existing.not_yet")
    if held.needs is Needs.NOTHING:
        done = not held.found
        return (
            turn.say("existing.cancelled") if done else turn.say("existing.stands", **turn.about())
        )
    if {Purpose.CANCEL, Purpose.MOVE} & {*held.dealt, held.purpose}:
        turn = turn.say("existing.not_yet")
    return turn.note(text).promise().say_call_back()


def _held(turn: Turn) -> Offer | None:
    """Return the service that the caller wants, or that their booking is for which was told."""
    found = turn.dialogue.found
    booked = found.service if found and turn.dialogue.mode is Mode.CLOSING else ""
    return turn.business.offer(turn.dialogue.answers.get(Step.SERVICE, booked))


def _price(turn: Turn, text: str) -> Turn:
    """Say the price of the service that is wanted, else of all; not of another trade's work.

    Of all too where several were asked after: "what's each of those cost". None of them answers
    "what would you charge for a granny flat?".
    """
    services, said = turn.business.services, utterance(text, turn.business.language)
    if named_in(text, services, turn.business.language) is None:
        return turn
    each = "topic.each" in said.tags
    held = None if each else _held(turn)
    if not (held or each or "topic.visit" in said.tags) and content_of(said, *_OF_PRICE):
        return turn
    return _of_service(turn, "price", [o for o in ((held,) if held else services) if o.price])


def _extras(turn: Turn, text: str) -> Turn:
    """Say the prices that tell of what is asked for: "plus materials"."""
    services = turn.business.services
    held, content = _held(turn), content_of(utterance(text, turn.business.language), *_OF_PRICE)
    of = (held,) if held else services
    named = [word for word in content if word.isalpha()]
    told = [offer for offer in of if offer.price and has_one_of(named, offer.price)]
    return _of_service(turn, "price", told)


def _duration(turn: Turn, text: str) -> Turn:
    """Say the length of the service that is wanted, else of all."""
    services = turn.business.services
    if named_in(text, services, turn.business.language) is None:
        return turn
    if held := _held(turn):
        return turn.say("reply.duration", length=_length(turn, held))
    lengths = {_length(turn, offer) for offer in services}
    if len(lengths) == 1:
        return turn.say("reply.duration", length=lengths.pop())
    return _of_service(turn, "duration", services)


def _area(turn: Turn, text: str, around: str) -> Turn:
    """Say whether we come to the place that a question names, or what stands around it."""
    ours = serves(text, turn.business)
    ours = serves(around, turn.business) if ours is None else ours
    if ours is None and not turn.business.areas:
        return turn
    if ours is False and (work := named_in(text, turn.business.services, turn.business.language)):
        return _of_service(turn, "offered", work)  # "do you service gutters"
    if ours is False and work is None:
        return turn.say("reply.not_offered", services=turn.offers())
    areas = turn.listed(turn.business.areas, "and")
    if ours is None:
        return turn.say("reply.areas", areas=areas)
    return turn.say("reply.area_yes" if ours else "reply.area_no", areas=areas)


def _say_written(turn: Turn, question: Ask, text: str) -> Turn:
    """Say what is written down of what a question asks after, else that all of it is.

    Who asks for something that is not written down wants it to be: it is noted then.

    text  all that was said: what stands beside the question may be told for the first time
    """
    business, steps = turn.business, question.steps
    said = utterance(question.about, business.language)
    notes = [note.lstrip("? ") for note in turn.dialogue.notes]
    content = content_of(said)
    if found := [note for note in notes if not steps and has_one_of(content, note)]:
        return _notes_read(turn, found)
    if "record.notes" in said.tags and not content:
        return _notes_read(turn, notes)
    steps = steps or tuple(s for s in FIELDS if has_one_of(content, turn.dialogue.value(s) or ""))
    if named_in(question.about, business.services, business.language):
        steps = tuple(dict.fromkeys((Step.SERVICE, *steps)))
    held = [turn.spoken(step) for step in steps if turn.dialogue.value(step)]
    if held:
        turn = turn.say("reply.written", value=turn.listed(held, "and"))
        return _notes_read(turn, notes) if steps == FIELDS and notes else turn
    if steps:
        return turn.say("reply.not_written")
    if not content:
        return turn.note(text).say("reply.known")
    return turn.note(text).say("reply.not_written").say_noted()


def _notes_read(turn: Turn, notes: Sequence[str]) -> Turn:
    """Read notes out as they were said."""
    if not notes:
        return turn.say("reply.not_written")
    return turn.say("reply.notes", text=". ".join(notes[-_MOST_NOTES:]))
