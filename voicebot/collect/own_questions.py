"""Questions of the business file that callers ask without a form of asking.

"I only have cash on me" and "there's no room for a van" are read as words that nobody understands.
Where such a text as a whole is what the business answers, it is that question.
"""

from __future__ import annotations

from dataclasses import replace

from voicebot.business import SURELY_SAME, Business, answer_for
from voicebot.call import Step
from voicebot.collect.said import words_in
from voicebot.collect.understanding import (
    IDLE,
    Ask,
    Choose,
    Correct,
    Deny,
    Flexible,
    Leave,
    Note,
    Provide,
    Reading,
    Repeat,
    Situation,
    Wait,
    Want,
    WantPerson,
    utterance,
)

OWN = "own"
"""The topic of a question that the business file answers."""
_ASKING = frozenset(("clause.ask", "clause.request", "clause.requests", "clause.asks"))
"""Phrases of a question, or of a wish in the form of one."""
_NO_QUESTION = (Want, Wait, Repeat, WantPerson, Leave, Correct, Choose, Flexible)
"""Acts beside which a text as a whole is no question."""


_A_QUESTION = 3
"""Unread words from which on they may be a question, where they end with the mark of one."""


def unanswered(reading: Reading, text: str, business: Business) -> str | None:
    """Return the words that may be a question of the business file, and are not read as one."""
    asked = [act for act in reading.acts if isinstance(act, Ask)]
    is_open = reading.rest or not reading.acts or any(not ask.topic for ask in asked)
    if not is_open or any(isinstance(act, _NO_QUESTION) for act in reading.acts):
        return None
    if any(ask.topic or answer_for(ask.about, business) for ask in asked):
        return None
    return text


def as_question(reading: Reading, form: str, text: str, where: Situation) -> Reading:
    """Return the reading of a text that as a whole asks what `form` asks.

    Then no word is left unread, and it holds neither a refusal nor a time that nobody asked for.
    """
    kept = (
        act
        for act in reading.acts
        if not isinstance(act, (Deny, Ask))
        and not (isinstance(act, Provide) and act.step is Step.TIME is not where.step)
    )
    return Reading((*kept, Ask(OWN, form, (0, len(text)))))


def with_own_question(reading: Reading, text: str, where: Situation, business: Business) -> Reading:
    """Return the reading with the question that the business answers, if the text is one.

    It is none where "when?" is answered in the form of one: "Sunday morning, nine-ish?"
    """
    given = (act.step for act in reading.acts if isinstance(act, Provide))
    if where.step is Step.TIME in given:
        return reading
    question = unanswered(reading, text, business)
    said = utterance(text, where.language)
    asks = any(clause.asked for clause in said.clauses) or not _ASKING.isdisjoint(said.tags)
    if (
        question is None
        or answer_for(question, business, *(() if asks else (SURELY_SAME,))) is None
    ):
        return reading
    asked = as_question(reading, question, text, where)
    if asks:
        return asked
    return Reading((*asked.acts, Note(text, (0, len(text)))))  # "the key's under the mat"


def behind_a_wait(reading: Reading, text: str, where: Situation) -> Reading:
    """Return the reading with the question that "hang on" leads in, which waits for its answer.

    Not what is put to somebody else, nor "hang on, the dog wants out"; where only the mark of a
    question tells ("hang on, he brings his own ladder?"), all that was said is the question.
    """
    others = tuple(act for act in reading.acts if not isinstance(act, Wait))
    if len(others) == len(reading.acts):
        return reading
    if any(isinstance(act, Ask) and act.topic != IDLE for act in others):
        return replace(reading, acts=others)
    words = sum(words_in(text[a:b]) for a, b in reading.rest)
    if words < _A_QUESTION or not text.rstrip().endswith(("?", "？")):
        return reading
    if any(isinstance(act, Ask | Provide | Correct) for act in others):
        return reading
    said, span = utterance(text, where.language), reading.rest[0]
    kept = tuple(act for act in others if not isinstance(act, Deny | Want))
    return Reading((*kept, Ask("", said.sentence(said.token_at(span[0])), span)))
