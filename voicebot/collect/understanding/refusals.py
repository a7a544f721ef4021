"""Refusals to answer: "I don't give my number out", "email no have", "none of your business".

Not whole sentences are known but their parts, the table `[refuse]`: a no, a verb of having, wanting
or giving, and the field, or a pronoun for the field that is open. A phrase between two marks that
has all of them, and little else, refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.types import Asked, Decline, Situation
from voicebot.collect.understanding.utterance import Utterance

_NOT, _VERB, _FIELD, _THAT, _OTHER = (
    f"refuse.{name}" for name in ("not", "verb", "field", "that", "other")
)
_DELEGATES = "refuse.delegates"
_OWN = (_NOT, _VERB, _FIELD, _THAT, _DELEGATES, "refuse.beside")
_LITTLE = (*_OWN, "quiet.function", "quiet.link", "quiet.courtesy", "act.thank", "no.plain")
_NO_REFUSAL = (
    "decline.does_not_know", "act.wait", "mend.mark", "number.teen", "number.ten", _OTHER,
)  # fmt: skip
"""Beside one of these something else is meant: "I don't have it on me", "no dot in it"."""
_REFUSABLE = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL)
_UNTIL, _ASK, _BUT = "refuse.until", "clause.ask", "but"
_HAS_NONE, _REFUSES = "has none", "refuses"
_MOST_STRAY = {True: 3, False: 2}
"""So many other words may stand beside the field that is named, and beside a pronoun for it."""


def refusals(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the phrases in which an answer is refused, or said not to exist.

    What is told until a question ("before I say anything, are you insured?") refuses nothing.
    """
    for until in said.all(_UNTIL):
        ends = (
            n for n in range(until.end, len(said)) if said.tokens[n].is_sign or said.at(n, _ASK)
        )
        end = next(ends, len(said))
        if any(c.asked and (c.end > end or c.end <= until.first) for c in said.clauses):
            yield Candidate(None, until.first, end)
    if situation.step is Step.PHONE and situation.asked is Asked.ANSWER:
        for match in said.all("refuse.instead"):  # "you can have my e-mail"
            span = said.span(match.first, match.end)
            yield Candidate(Decline(_REFUSES, span, Step.PHONE), match.first, match.end)
    if said.tags.isdisjoint((_NOT, _DELEGATES)):
        return
    for first, end in _phrases(said):
        why, step = _refused(said, first, end, situation)
        if why:
            act = Decline(why, said.span(first, end), step)
            yield Candidate(act, first, end, 1)


def _phrases(said: Utterance) -> Iterator[tuple[int, int]]:
    """Give the stretches between marks, links and "but"."""
    first = 0
    for at in range(len(said) + 1):
        cut = at == len(said) or (said.tokens[at].is_sign and said.low(at) != "-")
        opens = said.at(at, "clause.open")
        butted = opens is not None and opens.value == _BUT
        if not (cut or butted or said.at(at, "quiet.link")):
            continue
        if at > first:
            yield first, at
        first = at + 1


def _refused(
    said: Utterance, first: int, end: int, situation: Situation
) -> tuple[str, Step | None]:
    """Return why these words give no answer, and the field that they name; ("", None) if not."""
    if said.clause(first).asked:
        return "", None  # "can't you just use the phone?"
    here = list(said.all(*_OWN, first=first, end=end))
    tags = {match.tag for match in here}
    read = {n for match in here for n in range(match.first, match.end)}
    read |= {m.first for m in said.all("quiet.function", first=first, end=end)}
    alone = [said.tokens[n] for n in range(first, end) if n not in read]  # not the e of e-mail
    if any(token.is_digits or token.kind is Kind.LETTER for token in alone):
        return "", None
    if next(said.all(*_NO_REFUSAL, first=first, end=end), None):
        return "", None
    verbs = [match.value for match in here if match.tag == _VERB or match.value == _VERB]
    why = _REFUSES if verbs and verbs[-1] == _REFUSES else _HAS_NONE
    named = next((Step(match.value) for match in here if match.tag == _FIELD), None)
    if named and situation.step is Step.ADDRESS and named is Step.PHONE:
        return "", None  # the house has no number
    stray = _stray(said, here, first, end)
    if named and _NOT in tags:
        nots = (match for match in here if match.tag == _NOT)  # "agent, not address" contrasts
        ends = {match.end for match in nots if not said.at(match.first, "clause.deny")}
        bare = any(match.tag == _FIELD and match.first in ends for match in here)  # "no e-mail on"
        told = verbs or bare or stray == 0
        fits = stray <= (_MOST_STRAY[True] if named is situation.step else 0)
        return (why, named) if told and fits else ("", None)
    delegated = named is Step.EMAIL and _DELEGATES in tags  # "my wife does the e-mails"
    if situation.step not in _REFUSABLE or not (delegated or _THAT in tags):
        return "", None
    asked, of_email = situation.asked is Asked.ANSWER, situation.step is Step.EMAIL
    most = _MOST_STRAY[False] if asked and of_email else 0
    if _DELEGATES in tags and asked and of_email:
        return (_HAS_NONE, None) if stray <= most else ("", None)
    fits = _NOT in tags and bool(verbs) and stray <= most and (asked or of_email)
    return (why, None) if fits else ("", None)


def field_refused(said: Utterance, match: Match, situation: Situation) -> Step | None:
    """Return the field that is named with a refusal: "don't give out my phone number"."""
    inside = (each for each in _phrases(said) if match.first < each[1] and each[0] < match.end)
    first, end = next(inside, (match.first, match.end))
    named = next(said.all(_FIELD, first=first, end=end), None)
    house = named and named.value == Step.PHONE and situation.step is Step.ADDRESS  # it has none
    return Step(named.value) if named and not house else None


def _stray(said: Utterance, here: Sequence[Match], first: int, end: int) -> int:
    """Return how many words of a stretch are neither parts of a refusal nor quiet."""
    known = {n for match in here for n in range(match.first, match.end)}
    for match in said.all(*_LITTLE, first=first, end=end):
        known |= set(range(match.first, match.end))
    return sum(n not in known and not said.is_sound(n) for n in range(first, end))
