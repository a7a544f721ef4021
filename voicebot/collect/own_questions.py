"""Questions that no row of the tables reads: each is found by its sentence.

"Do you know anything about roses?" stands behind a name, "is it all right if she lets you in?"
tells whoever comes something too, and "I only have cash on me" has no form of asking. None is
passed over: the business file answers it, or it is a question that nobody can place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voicebot.business import SURELY_SAME, Business, answer_for
from voicebot.call import Step
from voicebot.collect.understanding import (
    IDLE,
    Act,
    Affirm,
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
    Span,
    Utterance,
    Wait,
    Want,
    WantPerson,
    is_only_named,
    utterance,
)
from voicebot.collect.understanding.clauses import REQUESTS

CANCEL, OWN = "cancel", "own"
"""The topics of the question whether one can cancel, and of any that the business file answers."""
_ASKING = frozenset(("clause.ask", "clause.request", "clause.requests", "clause.asks"))
"""Phrases of a question, or of a wish in the form of one."""
_NO_QUESTION = (Want, Repeat, WantPerson, Leave, Correct, Choose, Flexible)
"""Acts beside which a sentence or a text is no question."""
_A_QUESTION = 2
"""Unread words from which on they may be a question, where they end with the mark of one."""
_OF_THAT, _THAT = ("", "area", "company"), "topic.company"
"""Topics of "is that all right?", and the phrases that open it."""
_MARKS = ("?", "？")


def questions_in(reading: Reading, text: str, where: Situation) -> list[Ask]:
    """Return what is asked, and not read as anything that we know, sentence by sentence.

    Those of a sentence that was taken for a note stand there too.
    """
    said, found = utterance(text, where.language), list[Ask]()
    for tokens in said.sentences:
        first, end = span = said.span(tokens.start, tokens.stop)
        inside = [act for act in reading.acts if first <= act.span[0] < end]
        asked = [act for act in inside if isinstance(act, Ask)]
        found += _joined([act for act in asked if not act.topic], text)
        marked = text[first:end].endswith(_MARKS)
        if not any(isinstance(act, Wait) for act in inside):  # "would you give me a minute"
            marked |= any(c.asked and c.first in tokens for c in said.clauses)
        wished = any(said.all(*REQUESTS, first=tokens.start, end=tokens.stop))
        wants = [act.what for act in inside if isinstance(act, Want)]
        if marked and not asked and not wished and wants == [CANCEL] and _is_made(where):
            found.append(Ask(CANCEL, text[first:end], span))  # "how late can I cancel?"
        if asked or not marked or any(isinstance(act, _NO_QUESTION) for act in inside):
            continue
        unread = [n for n in tokens if not said.is_sound(n) and _is_within(said, n, reading.rest)]
        elsewhere = said.at(tokens.stop, "topic.elsewhere")  # "did you feed the dog? Not you"
        told = {act.step for act in inside if isinstance(act, Provide)}
        wished &= bool(told)
        if Step.ADDRESS in told:  # "is it Rose Hill?"
            unread = [n for n in unread if not said.at(n, "quiet.function")]
        waits = max((act.span[1] for act in inside if isinstance(act, Wait)), default=first)
        asks = len(unread) >= _A_QUESTION and not (wished or elsewhere)
        if asks or any(isinstance(act, Note) for act in inside):
            found.append(Ask("", text[waits:end].strip(" ,，"), span))
    return found


def _is_made(where: Situation) -> bool:
    """Return whether a booking is being made, and none stands that could be called off."""
    return where.step is Step.TIME and not where.coming


def _joined(asked: list[Ask], text: str) -> list[Ask]:
    """Return the questions, of which one that was cut in two ("does she | use her own?") is one."""
    joined = asked[:1]
    for ask in asked[1:]:
        first, end = joined[-1].span
        if text[end : ask.span[0]].strip():
            joined.append(ask)
        else:
            joined[-1] = Ask("", text[first : ask.span[1]], (first, ask.span[1]))
    return joined


def _is_within(said: Utterance, at: int, spans: Sequence[Span]) -> bool:
    return any(first <= said.tokens[at].start < end for first, end in spans)


def _first(said: Utterance, ask: Ask) -> int:
    return said.token_at(ask.span[0])


def is_told(reading: Reading, ask: Ask) -> bool:
    """Return whether a question is a note as well, so that staff see it in any case."""
    first, end = ask.span
    notes = (act for act in reading.acts if isinstance(act, Note))
    return ask not in reading.acts and any(first <= note.span[0] < end for note in notes)


def as_asked(reading: Reading, found: Ask, question: Ask, where: Situation) -> Reading:
    """Return the reading with the question that `found` is, of which no word is left unread.

    One that the business answers holds neither a refusal nor a time that nobody asked for.
    """
    own = question.topic == OWN
    first, end = found.span
    both = any(first <= no.span[0] < end for no in reading.acts if isinstance(no, Deny))
    both &= any(first <= yes.span[0] < end for yes in reading.acts if isinstance(yes, Affirm))
    unread = min((a for a, _ in reading.rest if first <= a < end), default=end)

    def stays(act: Act) -> bool:
        inside = first <= act.span[0] < end
        if isinstance(act, Ask):
            return not (inside and (not act.topic or act is found))
        if isinstance(act, Provide):
            return not (inside and own and act.step is Step.TIME is not where.step)
        if isinstance(act, Want):
            return not (inside and question.topic == CANCEL)
        either = isinstance(act, Affirm | Deny) and act.span[0] >= unread and both  # "yes or no?"
        refused = own and isinstance(act, Deny)
        return not (isinstance(act, Wait) or (inside and (either or refused)))

    asked = replace(question, span=found.span)
    acts = sorted((*filter(stays, reading.acts), asked), key=lambda act: act.span)
    return Reading(tuple(acts), tuple(each for each in reading.rest if not first <= each[0] < end))


def with_questions(reading: Reading, text: str, where: Situation, business: Business) -> Reading:
    """Return the reading with every question that is in its words."""
    reading = _as_a_whole(reading, text, where, business)
    said = utterance(text, where.language)
    for ask in reading.acts:
        # "My sister will be there, is that enough?" asks of what stands before it.
        if isinstance(ask, Ask) and ask.topic in _OF_THAT and said.at(_first(said, ask), _THAT):
            sentence = said.sentence(_first(said, ask))
            if not sentence.startswith(ask.about) and answer_for(sentence, business):
                reading = as_asked(reading, ask, Ask(OWN, sentence, ask.span), where)
    asked = questions_in(reading, text, where)
    for ask in asked:
        known = answer_for(ask.about, business) is not None
        if known or not (is_told(reading, ask) or ask in reading.acts):
            named = is_only_named(ask.about, where.services, where.language)  # "the plumber?"
            topic = ask.topic or (OWN if known and not named else "")
            reading = as_asked(reading, ask, replace(ask, topic=topic), where)
    if asked or any(isinstance(act, Ask) and act.topic != IDLE for act in reading.acts):
        kept = (act for act in reading.acts if not isinstance(act, Wait))  # "hang on, do you …"
        return replace(reading, acts=tuple(kept))
    return reading


def unanswered(reading: Reading, text: str, business: Business) -> str | None:
    """Return the words that may be a question of the business file, and are not read as one."""
    asked = [act for act in reading.acts if isinstance(act, Ask)]
    is_open = reading.rest or not reading.acts or any(not ask.topic for ask in asked)
    if not is_open or any(isinstance(act, (*_NO_QUESTION, Wait)) for act in reading.acts):
        return None
    if any(ask.topic or answer_for(ask.about, business) for ask in asked):
        return None
    return text


def _as_a_whole(reading: Reading, text: str, where: Situation, business: Business) -> Reading:
    """Return the reading with the question that the business answers, if the text is one.

    It is none where "when?" is answered in the form of one: "Sunday morning, nine-ish?"
    """
    given = (act.step for act in reading.acts if isinstance(act, Provide))
    if where.step is Step.TIME in given:
        return reading
    question = unanswered(reading, text, business)
    said = utterance(text, where.language)
    asks = any(clause.asked for clause in said.clauses) or not _ASKING.isdisjoint(said.tags)
    least = () if asks else (SURELY_SAME,)
    if question is None or answer_for(question, business, *least) is None:
        return reading
    whole = Ask(OWN, question, (0, len(text)))
    asked = as_asked(reading, whole, whole, where)
    if asks:
        return asked
    return Reading((*asked.acts, Note(text, (0, len(text)))))  # "the key's under the mat"
