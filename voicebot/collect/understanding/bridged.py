"""The new room behind the old faces, field by field and act by act, until the old room is gone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from voicebot.call import FIELDS, Step
from voicebot.collect import reading
from voicebot.collect.reading import Reading, Situation, Utterance, Window
from voicebot.collect.reading.acts import acts
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.choose import choose
from voicebot.collect.reading.fields import readers
from voicebot.collect.understanding import Asked, Intent, Missing, Understanding
from voicebot.collect.understanding.found import Found

_GUESS = 0.15
"""Confidence that each guess of a reading costs."""
_CERTAIN, _OF_PART = 0.95, 0.75
_MOST_REMEMBERED = 16
_remembered: OrderedDict[tuple[Step, str], tuple[Situation, tuple[Candidate, ...]]] = OrderedDict()
_MISSING = {missing.value: missing for missing in Missing} | {"house_number": Missing.STREET}
_DECLINES = {
    "refuses": Intent.REFUSAL,
    "has none": Intent.REFUSAL,
    "does not know": Intent.DONT_KNOW,
    "unsure": Intent.UNSURE,
}
_WANTS = {
    "cancel": Intent.CANCEL,
    "reschedule": Intent.CANCEL,
    "nothing": Intent.CANCEL,
    "change_of_mind": Intent.CHANGE_OF_MIND,
    "complaint": Intent.COMPLAINT,
    "annoyed": Intent.COMPLAINT,
    "start_over": Intent.OTHER_REQUEST,
    "late": Intent.OTHER_REQUEST,
}
_WIDE_OPEN = (Window(), Window(soonest=True))
"""Who names a day or a bound has not left the time to us."""
_KINDS: Mapping[type, Intent | Callable[..., Intent | None]] = {
    reading.Affirm: Intent.YES,
    reading.Deny: Intent.NO,
    reading.Correct: Intent.NO,
    reading.Withdraw: Intent.NO,
    reading.Decline: lambda act: _DECLINES[act.why],
    reading.Want: lambda act: _WANTS.get(act.what),
    reading.Ask: lambda act: Intent.BOT_CHALLENGE if act.topic == "robot" else Intent.QUESTION,
    reading.Flexible: lambda act: Intent.NO_PREFERENCE if act.window in _WIDE_OPEN else None,
    reading.Wait: Intent.HOLD,
    reading.Repeat: Intent.REPEAT,
    reading.SlowDown: Intent.SPEAK_SLOWER,
    reading.WantPerson: Intent.HUMAN,
    reading.Greet: Intent.GREETING,
    reading.Thank: Intent.THANKS,
    reading.Leave: Intent.GOODBYE,
}
_BEFORE_YES_AND_NO = (
    Intent.BOT_CHALLENGE,
    Intent.HUMAN,
    Intent.SPEAK_SLOWER,
    Intent.REPEAT,
    Intent.DONT_KNOW,
    Intent.UNSURE,
)
"""Answers to a read-back that are neither yes nor no, whatever else is in them."""
_ORDER = (
    *_BEFORE_YES_AND_NO[:4],
    Intent.HOLD,
    Intent.REFUSAL,
    Intent.CHANGE_OF_MIND,
    Intent.DONT_KNOW,
    Intent.OTHER_REQUEST,
    Intent.NO_PREFERENCE,
    Intent.CANCEL,
    Intent.GOODBYE,
    Intent.COMPLAINT,
    Intent.QUESTION,
    Intent.UNSURE,
    Intent.NO,
    Intent.YES,
    Intent.THANKS,
    Intent.GREETING,
)
"""Which act gives its name to a turn of several."""

OVERRULING = frozenset(Intent) - {
    Intent.QUESTION,
    Intent.CANCEL,
    Intent.THANKS,
    Intent.GREETING,
    Intent.YES,
    Intent.NO,
    Intent.UNSURE,
    Intent.CHANGE_OF_MIND,
    Intent.COMPLAINT,
    Intent.NO_SERVICE_NAMED,
}
"""Intents that leave no room for a doubtful value beside them."""


def parse(step: Step, text: str, asked: Asked) -> Found | None:
    """Return what the new reader of this step finds in a text."""
    situation = situation_of(asked)
    said = reading.utterance(text, situation.language)
    found = (_found(candidate.act) for candidate in _candidates(step, said, situation))
    return next((each for at, each in found if at is step and each), None)


def read_wholly(text: str, asked: Asked) -> dict[Step, Found]:
    """Return every value of an utterance, chosen by the new room alone."""
    done = reading.read(text, situation_of(asked))
    pairs = (_found(act) for act in done.acts)
    found = {step: each for step, each in pairs if step and each}
    bound = any(isinstance(act, reading.Flexible) for act in done.acts)
    if bound and asked.step not in found and (said := parse(asked.step, text, asked)):
        found[asked.step] = said  # "tomorrow after four"
    return found


def _found(act: reading.Act | None) -> tuple[Step | None, Found | None]:
    """Return a value, or the piece of one, in the old shape."""
    if isinstance(act, reading.Correct) and act.value:
        return act.step, Found(act.value, act.span, _OF_PART)
    if not isinstance(act, reading.Provide):
        return None, None
    missing = _MISSING.get(act.missing) if act.missing else None
    if not act.value and not missing:
        return act.step, None
    confidence = _CERTAIN - _GUESS * act.assumed
    return act.step, Found(act.value, act.span, confidence, missing, act.partial, act.moved)


def _candidates(step: Step, said: Utterance, situation: Situation) -> tuple[Candidate, ...]:
    """Return what a reader gives; the last few are remembered, since a turn asks several times."""
    known = _remembered.get((step, said.text))
    if known is None or known[0] != situation:
        known = situation, tuple(readers(situation.language)[step](said, situation))
        _remembered[step, said.text] = known
        if len(_remembered) > _MOST_REMEMBERED:
            _remembered.popitem(last=False)
    return known[1]


def read(text: str, asked: Asked, found: Mapping[Step, Found]) -> Reading:
    """Return the acts of an utterance, with the values that the old room found in it."""
    situation = situation_of(asked)
    said = reading.utterance(text, situation.language)
    return choose(said, [*acts(said, situation), *_values(said, situation, found)])


def _values(
    said: Utterance, situation: Situation, found: Mapping[Step, Found]
) -> Iterator[Candidate]:
    """Give the values that were found, as the new readers gave them where there is one."""
    starts, ends = [t.start for t in said.tokens], [t.end for t in said.tokens]
    given: set[Step] = set()
    open_time = [Step.TIME] if situation.step is Step.TIME else []
    for step in FIELDS if found else open_time:
        for each in _candidates(step, said, situation):
            is_value = isinstance(each.act, reading.Provide | reading.Correct)
            if each.act and (not is_value or (step in found and found[step].span == each.act.span)):
                yield each
                given.add(step)
    for step, value in found.items():
        if value.span is None or step in given:
            continue
        first, end = bisect_right(ends, value.span[0]), bisect_left(starts, value.span[1])
        missing = reading.Missing(value.missing.value) if value.missing else None
        act = reading.Provide(step, value.value, value.span, missing, value.partial)
        while first > 0 and (lead := said.before(first, "yes.restate", "lead.is")):
            first = lead.first
        yield Candidate(act, first, end)


def is_unread(done: Reading) -> bool:
    """Return True where a model may know more: words are unread, or a no comes without its mend."""
    no = any(isinstance(act, reading.Deny) for act in done.acts)
    return bool(done.rest) or (no and len(done.acts) == 1)


def asked_of(situation: Situation) -> Asked:
    """Return the situation in the old types, for the model."""
    return Asked(
        step=situation.step,
        now=situation.now,
        region=situation.region,
        language=situation.language,
        confirming=situation.asked is reading.Asked.CONFIRM,
        services=situation.services,
        record=situation.record,
        partial=situation.partial,
        zone=situation.zone,
    )


def acts_of(meant: Understanding, asked: Asked, text: str) -> Reading:
    """Return what a model understood, in acts; its values count as guesses, and are read back."""
    span, acts = (0, len(text)), list[reading.Act]()
    for step, value in meant.fields.items():
        whole = step is not asked.step or meant.missing is None
        missing = None if whole or meant.missing is None else reading.Missing(meant.missing.value)
        acts.append(reading.Provide(step, value, span, missing, meant.partial, assumed=_OF_MODEL))
    if meant.partial and not acts and meant.missing:
        missing = reading.Missing(meant.missing.value)
        acts.append(reading.Provide(asked.step, None, span, missing, meant.partial))
    plain = _PLAIN_ACTS.get(meant.intent)
    return reading.Reading((*acts, *((plain(span),) if plain and not acts else ())))


_OF_MODEL = 2
_PLAIN_ACTS: Mapping[Intent, Callable[[reading.Span], reading.Act]] = {
    Intent.YES: reading.Affirm,
    Intent.NO: reading.Deny,
    Intent.REFUSAL: lambda span: reading.Decline("refuses", span),
    Intent.DONT_KNOW: lambda span: reading.Decline("does not know", span),
    Intent.UNSURE: lambda span: reading.Decline("unsure", span),
    Intent.NO_PREFERENCE: lambda span: reading.Flexible(Window(), span),
    Intent.QUESTION: lambda span: reading.Ask("", "", span),
    Intent.BOT_CHALLENGE: lambda span: reading.Ask("robot", "", span),
    Intent.REPEAT: reading.Repeat,
    Intent.SPEAK_SLOWER: reading.SlowDown,
    Intent.HOLD: reading.Wait,
    Intent.HUMAN: reading.WantPerson,
    Intent.CANCEL: lambda span: reading.Want("cancel", span),
    Intent.COMPLAINT: lambda span: reading.Want("annoyed", span),
    Intent.GREETING: reading.Greet,
    Intent.GOODBYE: reading.Leave,
    Intent.THANKS: reading.Thank,
}


def situation_of(asked: Asked) -> Situation:
    """Return the situation in the new types."""
    return Situation(
        step=asked.step,
        now=asked.now,
        asked=reading.Asked.CONFIRM if asked.confirming else reading.Asked.ANSWER,
        language=asked.language,
        region=asked.region,
        zone=asked.zone,
        services=asked.services,
        record=asked.record,
        partial=asked.partial,
        nbest=asked.nbest,
        earlier=asked.earlier,
    )


def intent_of(text: str, asked: Asked) -> Intent | None:
    """Return what a turn without a value is called; None when no row knows it."""
    said = reading.utterance(text, asked.language)
    if all(said.is_sound(at) for at in range(len(said))):
        return Intent.NOTHING
    done = read(text, asked, {})
    intents = _intents(done)
    if asked.step is Step.SERVICE and not intents.difference({Intent.NO, Intent.QUESTION}):
        none = any(isinstance(act, reading.Want) and act.what == "booking" for act in done.acts)
        if none or (Intent.NO in intents and said.at(0, "no.none")):
            return Intent.NO_SERVICE_NAMED
    return next((intent for intent in _ORDER if intent in intents), None)


def _intents(done: Reading) -> set[Intent]:
    kinds = [(act, _KINDS.get(type(act))) for act in done.acts]
    named = (kind(act) if callable(kind) else kind for act, kind in kinds)
    return {intent for intent in named if intent}


def beside_a_yes(done: Reading, text: str, asked: Asked) -> Intent | None:
    """Return what a turn without a new value means to a read-back that it does not agree to.

    A question or a wish to wait outweighs a yes, and a no that is only a "not" in passing; where a
    yes has something else beside it, it is neither.
    """
    intents = _intents(done)
    first = next((intent for intent in _BEFORE_YES_AND_NO if intent in intents), None)
    if first:
        return first
    agreed = Intent.YES in intents
    asks = Intent.QUESTION in intents
    if Intent.NO in intents and not (asks and isinstance(done.acts[0], reading.Affirm)):
        return Intent.NO
    if asks:
        return Intent.QUESTION
    meant = intent_of(text, asked)
    return None if agreed and meant in (Intent.YES, Intent.THANKS, Intent.GREETING) else meant


def agrees(text: str, language: str) -> bool:
    """Return True when every word agrees, or is courtesy beside one that does."""
    said = reading.utterance(text, language)
    done = choose(said, acts(said, Situation(Step.NAME, datetime.min, language=language)))
    agreed = any(isinstance(act, reading.Affirm) for act in done.acts)
    only = all(isinstance(act, reading.Affirm | reading.Thank) for act in done.acts)
    return agreed and only and not done.rest


def consents(done: Reading, asked: Asked) -> bool:
    """Return True when a turn wholly agrees to what was read back."""
    return reading.consents(done, situation_of(asked))


def is_held(step: Step, said: Found, asked: Asked) -> bool:
    """Return True when the value that was found is what the record has already."""
    held = asked.record.get(step)
    return held is not None and said.value is not None and said.value.casefold() == held.casefold()


def field_named(done: Reading, asked: Asked) -> Step | None:
    """Return the known field that is called wrong, where it is not the one read back."""
    named = {act.step for act in done.acts if isinstance(act, reading.Correct | reading.Withdraw)}
    named.discard(None)
    (only,) = named if len(named) == 1 else (None,)
    return only if only is not asked.step and only in asked.record else None
