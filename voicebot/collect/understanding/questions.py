"""Questions: the clauses that ask, what each asks about, and the fields that it names."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.call import FIELDS, Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.clauses import REQUESTS, Clause
from voicebot.collect.understanding.types import KNOWN, Ask
from voicebot.collect.understanding.utterance import Utterance

_UNKNOWN_WORD = 3
"""Guesses in each word of a question that no row of [ask] knows, or of a wish taken for one."""

EXISTING = "want.existing"
TOLD = "note.request"
"""Asks us to tell staff something; the whole clause is told."""
ASKS_OFFERED = "ask.offered"
"""Asks whether we do something; where we do, that is the service."""

_KNOWN = f"ask.{KNOWN}"
_OF_VISITS = ("ask.free", "ask.area", "ask.opening")
_PRICE = "topic.price"
_FREE, _BOTH = "ask.free", "ask.both"
"""The first asks for times; those of a day that it names are a window, which is worth more."""
_PROPOSED = ("time.at", "time.day", "time.weekday", "time.part")
"""Beside them "can you do it" proposes a time."""

_NO_QUESTIONS = {False: ("act.", "want."), True: ("act.", "want.", "no.")}
"""Acts that make no question of a clause that asks, and of a wish."""


def question(said: Utterance, clause: Clause) -> Iterator[Candidate]:
    """Give a whole clause as a question, with the topic of the first row that is in it.

    A question that no row of [ask] knows, and a wish in the form of one, is one only where nothing
    in it is understood: "may I have the postcode", not "can I come at three" or "is there a booking
    under Ann Lee". It is none where it is an act: "can I talk to somebody".
    """
    inside = [match for here in said.matches[clause.first : clause.end] for match in here]
    wish = any(match.tag in REQUESTS for match in inside)
    if not clause.asked and not wish:
        return
    steps = _steps_asked(said, clause)
    topic = _KNOWN if steps else next((m.tag for m in inside if m.tag.startswith("ask.")), "")
    if not topic:
        topic = next((m.tag for m in inside if m.tag == _PRICE), topic)
    acts_inside = any(m.tag.startswith(_NO_QUESTIONS[wish]) for m in inside)
    first, end = clause.first, clause.end
    while first < end - 1 and (said.is_sound(first) or said.at(first, "clause.before")):
        first += 1
    acts_inside |= said.at(first, "flexible.any", "flexible.soonest") is not None
    if topic in _OF_VISITS and any(m.tag == EXISTING for m in inside):
        topic = ""  # "what time is the plumber due" asks for no free one
    told = any(m.tag == TOLD for m in inside)
    if told or (not topic and (acts_inside or clause.withdrawn)):
        return
    span = said.span(first, end)
    act = Ask(topic.partition(".")[2], said.text[slice(*span)], span, steps)
    words = sum(not said.is_sound(at) for at in range(first, end))
    known = topic and topic != ASKS_OFFERED
    proposes = topic == _BOTH and any(match.tag in _PROPOSED for match in inside)
    guesses = (topic == _FREE or proposes) if known else _UNKNOWN_WORD * words - 1
    yield Candidate(act, first, end, guesses)


def only_asks(said: Utterance, clause: Clause) -> bool:
    """Return True for "did you write down the gate code?", which tells staff nothing."""
    wish = any(said.in_clause(clause, *REQUESTS, TOLD))
    return clause.asked and not wish and any(said.in_clause(clause, "clause.ask"))


def _steps_asked(said: Utterance, clause: Clause) -> tuple[Step, ...]:
    """Return the fields that a question names whose values we may have written down.

    "What number have you got for me", "can you read it all back".
    """
    if any(said.in_clause(clause, "record.ends")):  # "my number's wrong, is it 321 at the end?"
        named = tuple(Step(field.value) for field in said.all("record.field"))
        return named or (Step.PHONE,)
    written = any(said.in_clause(clause, "ask.known", "record.written"))
    return fields_named(said, clause) if written else ()


def fields_named(said: Utterance, clause: Clause) -> tuple[Step, ...]:
    if any(said.in_clause(clause, "record.all")):
        return FIELDS
    return tuple(Step(field.value) for field in said.in_clause(clause, "record.field"))
