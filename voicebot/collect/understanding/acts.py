"""The acts that a table alone tells: yes, no, wishes, questions, waits, choices, goodbyes.

A yes is a stretch of phrases of which one at least agrees by itself ([yes] agree); the others may
stand beside it (beside, courtesy, thanks) or before it, never last (before).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from voicebot.call import Step, Window
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.questions import (
    ASKS_OFFERED,
    BEHIND,
    COMPANY,
    EXISTING,
    OF_AREA,
    OF_WORK,
    OTHER_TIME,
    THEIRS,
    THING,
    TOLD,
    fields_named,
    is_of_time,
    of_time,
    only_asks,
    other_times,
    question,
)
from voicebot.collect.understanding.reached import NOT_NOW, REACHES, is_whole_wish, reached
from voicebot.collect.understanding.refusals import field_refused, refusals
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.types import (
    KNOWN,
    Act,
    Affirm,
    Ask,
    Asked,
    Correct,
    Decline,
    Deny,
    Flexible,
    Greet,
    Leave,
    Note,
    Repeat,
    Situation,
    SlowDown,
    Span,
    Thank,
    Wait,
    Want,
    Withdraw,
)
from voicebot.collect.understanding.utterance import Utterance

_MOST_AGREEING = 40
"""An agreement has no more words; a longer stretch tells something."""
_AGREE = ("yes.agree", "yes.behind")
_MOVING = "yes.moving"
"""Agrees to the new time of a booking, where one is moved."""
_BESIDE = ("yes.beside", "quiet.courtesy", "act.thank")
_BEFORE = ("yes.before", "quiet.link")
_STORY = "story"
"""The value of what tells of the past, to its end."""
_ASKED = "asked"
"""The value of a wish also where it is asked: "got any jobs going?"."""
_ANY = "flexible.any"
_NAMED_TIMES = ("time.weekday", "time.day", "time.part")
_OFF_TOPIC = 3
"""Guesses in "whenever you like" where no time is asked for."""

_NO_ANSWER = ("refuses", "has_none")
_EMERGENCY, _BOOKING, _COMPLAINT = "want.emergency", "want.booking", "want.complaint"
_FIRST_WORDS = ("want.elsewhere", "want.praise")
"""Tags of wishes that count only at a call's start: "yes, that's my taxi" orders none later."""
_FIELD = ("record.field", "record.written", f"ask.{KNOWN}")
_ANOTHER = "another"
_NOTHING = "want.nothing"
"""With a value it is about what is asked just then: "forget it", no "I won't book"."""

_Make = Callable[[str, Match, Span], Act]
_MAKE: Mapping[str, _Make] = {
    "no": lambda _, match, span: (
        Correct(Step(match.value), None, span) if match.value else Deny(span)
    ),
    "want": lambda name, _, span: Want(name, span),
    "flexible": lambda name, _, span: Flexible(Window(soonest=name == "soonest"), span),
    "withdraw": lambda _, match, span: Withdraw(Step(match.value) if match.value else None, span),
}
_ACTS: Mapping[str, type[Wait | Repeat | SlowDown | Greet | Thank | Leave]] = {
    "wait": Wait,
    "repeat": Repeat,
    "slower": SlowDown,
    "greet": Greet,
    "thank": Thank,
    "leave": Leave,
}


def acts(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give every act of the table, every yes, and every question."""
    for here in said.matches:
        for match in here:
            if match.tag == NOT_NOW and match.value:
                yield Candidate(None, match.first, match.end)
            elif act := _act(said, match, situation):
                of_time = situation.step is Step.TIME and situation.asked is not Asked.CONFIRM
                of_time &= not said.clause(match.first).asked
                elsewhere = isinstance(act, Flexible) and not of_time
                early = isinstance(act, Flexible) and situation.step is not Step.TIME
                if (
                    early
                    and match.tag == _ANY
                    and any(said.in_clause(said.clause(match.first), *_NAMED_TIMES))
                ):
                    continue  # "Wednesday or Thursday, either will do": no other day will
                end = _told_until(said, match) if match.tag == TOLD else match.end
                end = said.clause(match.first).end if match.value == _STORY else end
                besides = match.tag == THING or act == Want("reschedule", act.span)
                asked = said.clause(match.first).asked and match.value != _ASKED
                besides |= match.tag in (_COMPLAINT, "want.matter") and not asked
                besides |= isinstance(act, Want) and is_whole_wish(match)
                guesses = _OFF_TOPIC if elsewhere else 0
                yield Candidate(act, match.first, end, guesses, besides)
    yield from _agreements(said, situation)
    yield from refusals(said, situation)
    for clause in said.clauses:
        yield from question(said, clause, situation)


def _told_until(said: Utterance, match: Match) -> int:
    """Return where ends what staff are told: with its clause, or before the wish for a call."""
    clause = said.clause(match.first)
    rings = (m for m in said.in_clause(clause, *REACHES) if reached(said, m))
    return next((ring.first for ring in rings), clause.end)


def _act(said: Utterance, match: Match, situation: Situation) -> Act | None:
    table, _, name = match.tag.partition(".")
    span = said.span(match.first, match.end)
    if match.tag in REACHES:
        return reached(said, match)
    if table == "act":
        denied = said.clause(match.first).denied and not said.is_opening(match.first)
        if name == "leave" and denied:
            return None  # "don't hang up", but "never mind, bye"
        return _ACTS[name](span)
    if match.tag == ASKS_OFFERED:
        return None
    if table == "ask":
        # Of "if I'm late, can I move it" the end asks.
        clause = said.clause(match.first if name == KNOWN else match.end - 1)
        of_work = is_of_time(said, clause) or any(said.in_clause(clause, *OF_WORK))
        if match.tag == COMPANY and of_work:
            return None
        if match.tag == OF_AREA and of_time(said, match):
            return None
        yes = said.before(match.first, *_AGREE) if match.value == BEHIND else match
        if yes is None or (yes is not match and not said.is_opening(yes.first)):
            return None  # "the dog's fine if you ring first"
        others = {m.tag for m in said.matches[match.first]} - {COMPANY}
        if match.tag == COMPANY and any(tag.startswith("ask.") for tag in others):
            return None  # "is this recorded?" is no "is this Domino's?"
        about = said.text[slice(*said.span(clause.first, clause.end))]
        steps = fields_named(said, clause) if name == KNOWN else ()
        return Ask(name, about, span, steps)
    if table == "note":
        if only_asks(said, said.clause(match.first)):
            return None
        span = said.span(said.clause(match.first).first, said.clause(match.end - 1).end)
        return Note(said.sentence(match.first), span)
    if table == "withdraw" and match.value and match.value not in situation.record:
        return Decline("refuses", span, Step(match.value))
    turned = said.clause(match.first).denied or said.before(match.first, "yes.turns")
    if match.tag in (_EMERGENCY, _BOOKING) and turned:
        return None  # 打不着火, "no quiero cita"
    theirs = list(said.all(THEIRS))
    if match.tag == "want.cancel" and any(m.first <= match.first < m.end for m in theirs):
        return None
    if match.tag == _COMPLAINT and any(m.value == _ANOTHER for m in theirs):
        return None  # "my old plumber overcharged me": none of ours
    if match.tag in _FIRST_WORDS and situation.record:
        return None
    if match.tag in (EXISTING, THING):
        return _of_booking(said, match)
    if match.tag == OTHER_TIME and situation.found and match in other_times(said):
        return Want("reschedule", span)
    link = said.at(match.first, "quiet.link")  # 不好意思
    if table == "no" and (said.at(match.first, "clause.ask") or (link and link.end > match.end)):
        return None  # "isn't it on your screen"
    moving = said.at(match.first, _MOVING) if situation.moves else None
    if table == "no" and moving and moving.end >= match.end:
        return None
    if match.tag == _NOTHING and match.value and situation.step is Step.EMAIL:
        return Decline("refuses", span, Step.EMAIL)  # the question is passed over, not the call
    if table == "decline":
        known = Step(match.value) if match.value else None
        step = known or (field_refused(said, match, situation) if name in _NO_ANSWER else None)
        return Decline(name.replace("_", " "), span, step)
    make = _MAKE.get(table)
    return make(name, match, span) if make else None


def _of_booking(said: Utterance, match: Match) -> Want | None:
    """Return what is wished for with a phrase that tells of a booking; None: nothing by itself."""
    span = said.span(match.first, match.end)
    if any(other_times(said)) and not said.clause(match.first).denied:
        return Want("reschedule", span)  # else the other time is of the booking in the making
    asked = any(said.in_clause(said.clause(match.first), *_FIELD))
    return Want("existing", span) if match.tag == EXISTING or asked else None


def _agreements(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    at = 0
    while at < len(said):
        end = _agrees_until(said, at, (*_AGREE, _MOVING) if situation.moves else _AGREE)
        turned = said.before(at, "yes.turns") if end > at else None
        link = said.at(turned.first, "quiet.link") if turned else None
        turned = None if link and link.end > end else turned  # 不好意思
        if turned:
            yield Candidate(Deny(said.span(turned.first, end)), turned.first, end)
        elif end > at and _stands_alone(said, at, end) and not _is_asked(said, at):
            yield Candidate(_agreement(said, at, end), at, end)
            alone = said.at(at, "yes.agree")
            if alone and alone.end < end:  # "yes", where "it is" belongs to what follows
                yield Candidate(_agreement(said, at, alone.end), at, alone.end)
        signs = (n + 1 for n in range(at, end - 1) if said.tokens[n].is_sign)
        at = next(signs, max(end, at + 1))  # of "lovely, that works" each part may stand alone


def _agreement(said: Utterance, first: int, end: int) -> Affirm:
    agreeing = [n for n in range(first, end) if said.at(n, *_AGREE, _MOVING)]
    return Affirm(said.span(first, end), all(said.at(n, "yes.mere") for n in agreeing))


def _is_asked(said: Utterance, at: int) -> bool:
    """Return True inside a question that began before: "can I wait while you do it"."""
    clause = said.clause(at)
    begun = any(said.all("clause.ask", first=clause.first, end=at))
    return clause.asked and begun


def _stands_alone(said: Utterance, first: int, end: int) -> bool:
    """Return True for a yes that opens a clause, or that is two words and closes one.

    Inside other talk ("I need to look at my schedule") its words agree to nothing.
    """
    opens = (
        said.is_opening(first)
        or said.before(first, "quiet.link", *_BESIDE) is not None
        or said.clause(first).first == first
    )
    closes = end == len(said) or said.tokens[end].is_sign or said.tokens[end - 1].is_sign
    words = said.tokens[first].kind is not Kind.HAN and end - first > 1
    return opens or (closes and (words or said.at(first, "yes.behind") is not None))


def _agrees_until(said: Utterance, first: int, agree: tuple[str, ...]) -> int:
    """Return where the longest yes that begins at this token ends; `first` if none does."""
    # For each place reached by phrases from `first`: has one of them agreed, may it be the last?
    reached: dict[int, set[tuple[bool, bool]]] = {first: {(False, False)}}
    ends = first
    limit = min(len(said), first + _MOST_AGREEING)
    for at in range(first, limit):
        states = reached.pop(at, None)
        if states is None:
            continue
        if (True, True) in states and said.low(at) != "?":
            ends = at
        if at > first and said.is_sound(at) and said.low(at) != "?":
            sound = not said.tokens[at].is_sign  # who ends with "um" is not done yet
            reached.setdefault(at + 1, set()).update((a, last and not sound) for a, last in states)
        asks = at > first and said.at(at, "clause.ask") and said.clause(at).first == at
        for match in () if asks and said.clause(at).asked else said.matches[at]:  # "yes. Do you …"
            if match.tag == "yes.never":
                return first
            for agreed, _ in states:
                if match.tag in agree:
                    reached.setdefault(match.end, set()).add((True, True))
                elif match.tag in _BESIDE:
                    reached.setdefault(match.end, set()).add((agreed, True))
                elif match.tag in _BEFORE:
                    reached.setdefault(match.end, set()).add((agreed, False))
    return limit if (True, True) in reached.get(limit, ()) and limit == len(said) else ends
