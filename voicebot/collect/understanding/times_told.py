"""Read the time that a turn tells beside answers to other questions, sentence by sentence.

Before a time is asked for an hour may be another number, and a wish a question: "Ten on Friday",
"Yes. Mornings only, please".
"""

from collections.abc import Sequence
from dataclasses import replace

from voicebot.call import Step
from voicebot.collect.understanding.by_parts import (
    MOST_PARTS,
    ReadOne,
    is_comma,
    is_inside,
    leads_on_to_more,
    overlap,
    parts_of,
    text_alone,
)
from voicebot.collect.understanding.clauses import REQUESTS
from voicebot.collect.understanding.types import (
    IDLE,
    Act,
    Ask,
    Asked,
    Choose,
    Correct,
    Decline,
    Flexible,
    Note,
    Provide,
    Reading,
    Situation,
    Span,
    Want,
)
from voicebot.collect.understanding.utterance import Utterance

_MOST_TOKENS = 120
_DAYS = "weekday day part tonight weekend month weeks holiday"
_HOURS = "oclock noon half ish ish_number at earliest latest onward trail only_then early late lead"
_NAMED = tuple(f"time.{each}" for each in f"{_DAYS} {_HOURS}".split())
_LEAD, _BOOKING, _FREE = "time.lead", "booking", "free"
_OF_WISHES = (_LEAD, "time.any", "time.only_then", "time.instead_of", "time.here", *REQUESTS)
_OF_OFFERS = ("choose.position", "number.unit", "number.teen", "number.ten")
"""Words by which a sentence speaks of a time that none asked for; the last of one offered."""
_OPEN_TOPICS = ("", IDLE, _FREE)


def with_times(said: Utterance, situation: Situation, whole: Reading, read_one: ReadOne) -> Reading:
    """Return the reading with what each sentence tells of a time read as an answer to "when?".

    The values of other fields are left out. A sentence in which no time is found is looked through
    clause by clause.
    """
    asks = situation.asked is Asked.CONFIRM and any(
        isinstance(act, Ask) and not act.topic for act in whole.acts
    )
    if (situation.step is Step.TIME and not asks) or len(said) > _MOST_TOKENS:
        return whole
    choice = Asked.CHOICE if situation.offered else Asked.ANSWER
    asked = replace(situation, step=Step.TIME, asked=choice, partial=None)
    tags = (*_NAMED, *(_OF_OFFERS if situation.offered else ()))
    named = [said.span(match.first, match.end) for match in said.all(*tags)]
    taken: list[Span] = []
    for leads_on in (None, leads_on_to_more, is_comma) if named else ():
        parts = list(parts_of(said, leads_on))
        for part in parts if len(parts) <= MOST_PARTS else ():
            here = [span for span in named if is_inside(span, part)]
            inside = [act for act in whole.acts if overlap(act.span, part)]
            wishes = any(isinstance(act, Want) and act.what != _BOOKING for act in inside)
            if not here or wishes or _covers(part, taken):
                continue
            values = [act.span for act in inside if _is_other_value(act, here)]
            found = read_one(_without(text_alone(said, part), values), asked)
            jobs = [act.span for act in inside if _is_job(act)]
            timed = any(_tells_time(act) for act in found.acts)
            timed &= not any(
                isinstance(act, Note) and _covers(act.span, jobs) for act in found.acts
            )
            left = found.rest if jobs else _left(said.text, found, whole)
            if timed and (not left or _is_wished(said, part, whole)):
                taken.append(part)
                whole = _with_part(said.text, whole, part, found)
    return whole


def _is_wished(said: Utterance, part: Span, whole: Reading) -> bool:
    """Return whether a time is wished for in so many words, whatever else a sentence tells."""
    led = (
        match
        for match in said.all(*_OF_WISHES)
        if match.end - match.first > 1 or match.tag != _LEAD
    )
    words = (said.span(match.first, match.end) for match in led)
    spans = [act.span for act in whole.acts if _tells_time(act)]
    return any(is_inside(span, part) for span in (*words, *spans))


def _covers(span: Span, others: Sequence[Span]) -> bool:
    return any(overlap(span, other) for other in others)


def _is_job(act: Act) -> bool:
    """Return True for a service, to which the words around it belong: "it only drips at night"."""
    return isinstance(act, Provide) and act.step is Step.SERVICE


def _is_other_value(act: Act, named: Sequence[Span]) -> bool:
    """Return True for a value of another field; no suburb is called Mornings."""
    if not isinstance(act, Provide | Correct) or act.step in (Step.TIME, Step.SERVICE):
        return False
    return act.step is not Step.ADDRESS or not any(is_inside(act.span, day) for day in named)


def _without(text: str, spans: Sequence[Span]) -> str:
    """Return the text with a comma and blanks for these stretches."""
    for begin, end in spans:
        if text[begin:end].strip():
            text = text[:begin] + ",".ljust(end - begin) + text[end:]
    return text


def _left(text: str, found: Reading, whole: Reading) -> list[Span]:
    """Return what is still unread; the mark of a question that proposes a time is none."""
    left = [r for r in found.rest if _covers(r, whole.rest)]
    return [r for r in left if any(map(str.isalnum, text[slice(*r)]))]


def _tells_time(act: Act) -> bool:
    timed = isinstance(act, Provide | Correct) and act.step is Step.TIME
    return (
        timed or isinstance(act, Flexible | Choose) or (isinstance(act, Note) and bool(act.leaves))
    )


def _with_part(text: str, whole: Reading, part: Span, found: Reading) -> Reading:
    """Return the whole reading, with a part as it is read when a time is asked for.

    Of the whole stay other fields' values, wishes and known questions.
    """
    acts = [act for act in whole.acts if _stays(act) or not is_inside(act.span, part)]
    more = [act for act in found.acts if not _stays(act)]
    rest = [span for span in whole.rest if not is_inside(span, part)] + _left(text, found, whole)
    return Reading(tuple(sorted((*acts, *more), key=lambda act: act.span)), tuple(sorted(rest)))


def _stays(act: Act) -> bool:
    if isinstance(act, Ask):
        return act.topic not in _OPEN_TOPICS or act.topic == _FREE
    value = isinstance(act, Provide | Correct | Decline) and act.step is not Step.TIME
    return value or isinstance(act, Want)
