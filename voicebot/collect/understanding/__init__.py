"""Read an utterance into acts, and the rest that no act explains.

`model` asks a model for what is left unread; nothing else here waits.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from voicebot.call import Step, Window
from voicebot.collect.understanding.acts import acts
from voicebot.collect.understanding.by_parts import by_parts, in_sentences
from voicebot.collect.understanding.choose import choose
from voicebot.collect.understanding.consent import adds_a_job, assents, commits, consents
from voicebot.collect.understanding.fields import readers
from voicebot.collect.understanding.fields.booked import names_one, wishes
from voicebot.collect.understanding.fields.description import describes_work
from voicebot.collect.understanding.fields.email import valid
from voicebot.collect.understanding.fields.phone import e164
from voicebot.collect.understanding.fields.service import is_only_named, named_in
from voicebot.collect.understanding.fields.time_pieces import window_of
from voicebot.collect.understanding.fields.time_windows import joined, names_days, names_hours
from voicebot.collect.understanding.fields.trades import descriptions
from voicebot.collect.understanding.questions import content_of, missed
from voicebot.collect.understanding.spelled import likeliest
from voicebot.collect.understanding.times_told import with_times
from voicebot.collect.understanding.types import (
    IDLE,
    KNOWN,
    Act,
    Affirm,
    Ask,
    Asked,
    Choose,
    Correct,
    Decline,
    Deny,
    Flexible,
    Greet,
    Leave,
    Missing,
    Note,
    Provide,
    Reading,
    Repeat,
    Situation,
    SlowDown,
    Span,
    Thank,
    Wait,
    Want,
    WantPerson,
    Withdraw,
)
from voicebot.collect.understanding.urgent import in_an_emergency
from voicebot.collect.understanding.utterance import Utterance, utterance

__all__ = [
    "IDLE",
    "KNOWN",
    "Act",
    "Affirm",
    "Ask",
    "Asked",
    "Choose",
    "Correct",
    "Decline",
    "Deny",
    "Flexible",
    "Greet",
    "Leave",
    "Missing",
    "Note",
    "Provide",
    "Reading",
    "Repeat",
    "Situation",
    "SlowDown",
    "Span",
    "Thank",
    "Utterance",
    "Wait",
    "Want",
    "WantPerson",
    "Window",
    "Withdraw",
    "adds_a_job",
    "assents",
    "commits",
    "consents",
    "content_of",
    "describes_work",
    "descriptions",
    "e164",
    "in_an_emergency",
    "is_only_named",
    "joined",
    "likeliest",
    "missed",
    "named_in",
    "names_days",
    "names_hours",
    "names_one",
    "read",
    "utterance",
    "valid",
    "window_of",
]

_MOST_JOBS = 2


def read(text: str, situation: Situation) -> Reading:
    """Return what an utterance does, in its situation; pure, and never raises."""
    said = utterance(text, situation.language)
    reading = _at_once(text, situation)
    for act in reading.acts if reading.rest else ():
        if isinstance(act, Correct) and act.step not in (None, situation.step) and not act.value:
            reading = _with_answer(said, situation, reading, act)
    for read_again in (in_sentences, by_parts, with_times):
        reading = read_again(said, situation, reading, _at_once)
    if situation.step is Step.NAME and situation.asked is Asked.ANSWER:
        reading = _with_service(said, situation, reading)
    return reading


def _at_once(text: str, situation: Situation) -> Reading:
    """Return what the readers make of a text, weighed against one another."""
    said = utterance(text, situation.language)
    known = readers(situation.language)
    fields = {situation.step: known[situation.step], **known} if situation.partial else known
    # Of two that explain the same words the first counts: 就这个号码 answers, or agrees.
    answers = situation.asked is Asked.ANSWER
    others = (acts, wishes)
    every = (*fields.values(), *others) if answers else (*others, *fields.values())
    candidates = list(chain.from_iterable(reader(said, situation) for reader in every))
    return choose(said, candidates, situation)


def _with_service(said: Utterance, situation: Situation, reading: Reading) -> Reading:
    """Return the reading with the job that stands alone beside the name: "Gutters, it's Jo"."""
    told = {act.step for act in reading.acts if isinstance(act, Provide)}
    if Step.NAME not in told or Step.SERVICE in told.union(situation.record):
        return reading
    for span in reading.rest[:_MOST_JOBS]:
        match _at_once(said.text[slice(*span)], replace(situation, step=Step.SERVICE)):
            case Reading((Provide(step=Step.SERVICE, assumed=0) as job,), ()):
                acts = sorted((*reading.acts, replace(job, span=span)), key=lambda act: act.span)
                return Reading(tuple(acts), tuple(r for r in reading.rest if r != span))
    return reading


def _with_answer(
    said: Utterance, situation: Situation, reading: Reading, wrong: Correct
) -> Reading:
    """Return the reading with the answer that stands behind an objection which names its field.

    As in "I gave you the wrong number, it ends nine seven zero".
    """
    step = wrong.step or situation.step
    asked = replace(situation, step=step, asked=Asked.ANSWER, partial=None)
    told = [act.span for act in reading.acts]
    found = _with(said, asked, reading, [(0, wrong.span[1]), *told], step)
    answered = any(
        isinstance(a, Provide | Correct) and a.step is step and a.value for a in found.acts
    )
    return replace(found, acts=tuple(act for act in found.acts if act is not wrong or not answered))


def _with(
    said: Utterance, situation: Situation, reading: Reading, gone: Sequence[Span], step: Step
) -> Reading:
    """Return the reading with what a field's reader finds when those words are gone."""
    text = said.text
    for begin, end in gone:
        text = text[:begin] + ",".ljust(end - begin) + text[end:]
    left = utterance(text, situation.language)
    more = choose(left, readers(situation.language)[step](left, situation), situation).acts
    rest = tuple(r for r in reading.rest if not any(_overlap(r, act.span) for act in more))
    return Reading(tuple(sorted((*reading.acts, *more), key=lambda act: act.span)), rest)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
