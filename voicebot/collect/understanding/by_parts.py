"""Two things in one turn: "Seven please, but it's number 62, not 26".

Read as a whole, their words compete. So the parts of a turn are read alone, each as if nothing else
had been said: those that mend a value held count, those that answer the open question where the
whole does not, and then the others as they are read without them. A part that is understood as a
wish for a time alone is one ("Yes. Mornings only, please").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from voicebot.call import Step
from voicebot.collect.understanding.clauses import REQUESTS, ends_sentence
from voicebot.collect.understanding.types import (
    IDLE,
    Act,
    Affirm,
    Ask,
    Asked,
    Choose,
    Correct,
    Decline,
    Deny,
    Flexible,
    Note,
    Provide,
    Reading,
    Situation,
    Span,
    Want,
)
from voicebot.collect.understanding.utterance import Utterance

_MENDED = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL)
_MOST_PARTS = 8
_MOST_TOKENS = 120
_DAYS = ("weekday", "day", "part", "tonight", "weekend", "month", "weeks")
_OF_DAYS = tuple(f"time.{each}" for each in _DAYS)
_HOURS = (
    "oclock",
    "noon",
    "half",
    "ish",
    "ish_number",
    "at",
    "earliest",
    "latest",
    "onward",
    "trail",
)
_OF_HOURS = tuple(
    f"time.{each}" for each in (*_HOURS, "only_then", "early", "late", "lead", "holiday")
)
_LEAD, _BOOKING = "time.lead", "booking"
_OF_WISHES = (_LEAD, "time.any", "time.only_then", "time.instead_of", "time.here", *REQUESTS)
_OF_OFFERS = ("choose.position", "number.unit", "number.teen", "number.ten")
"""Words by which a sentence speaks of a time that none asked for; the last of one offered."""
_FREE = "free"
_OPEN_TOPICS = ("", IDLE, _FREE)
_A_SENTENCE = 3
"""Words from which on a part may be something told of its own."""

_OF_CALLER = (*_MENDED, Step.SERVICE, Step.TIME)

ReadOne = Callable[[str, Situation], Reading]


def by_parts(said: Utterance, situation: Situation, whole: Reading, read_one: ReadOne) -> Reading:
    """Return the reading with the parts that answer, or mend a held value, read alone."""
    answered = situation.step is Step.TIME or _answers(whole, situation)
    here = (None, situation.step)
    answered |= any(isinstance(a, Provide | Decline) and a.step in here for a in whole.acts)
    hides = any(isinstance(act, Note) for act in whole.acts)  # "ring when you're near, so yes"
    hides |= situation.asked is Asked.CONFIRM and "yes.agree" in said.tags
    held = any(step in situation.record for step in _MENDED)
    if not (whole.rest or (hides and not answered)) or (answered and not held):
        return whole
    of_phone = situation.step is Step.PHONE and situation.asked is Asked.ANSWER
    known: dict[Span, Reading] = {}  # most parts are the same both times
    for linked in (False, True):
        parts = list(_parts(said, _leads_on if linked else None))
        if not 1 < len(parts) <= _MOST_PARTS:
            continue
        for part in parts:
            if part not in known:
                known[part] = (
                    Reading(rest=(part,))
                    if _is_count(said, part) and not of_phone
                    else read_one(_alone(said, part), situation)
                )
        alone = [known[part] for part in parts]
        if any(_given(r, Step.EMAIL) for r in alone) and not _given(whole, Step.NAME):
            alone = [  # "juergen at gmx dot de. Juergen with u e"
                Reading(rest=(part,)) if _given(reading, Step.NAME) else reading
                for part, reading in zip(parts, alone, strict=True)
            ]
        denied = any(isinstance(act, Deny) for act in whole.acts)
        open_still = not answered and _tell(said, parts, alone)
        open_still &= not (linked and situation.step is Step.SERVICE)  # "my car's dead, so …"
        mends = [
            (whole.rest and _mends(reading, situation))
            or (denied and _mends_what_is_denied(reading, situation))
            or (open_still and not reading.rest and _answers(reading, situation))
            for reading in alone
        ]
        if any(mends):
            return _put_together(whole, parts, alone, mends)
    return whole


def with_times(said: Utterance, situation: Situation, whole: Reading, read_one: ReadOne) -> Reading:
    """Return the reading with what each sentence tells of a time read as an answer to "when?".

    Before that is asked an hour may be another number, and a wish a question: "Ten on Friday",
    "yes. Could it be Monday or Tuesday, between ten and two?". The values of other fields are left
    out. A sentence in which no time is found is looked through clause by clause.
    """
    asks = situation.asked is Asked.CONFIRM and any(
        isinstance(act, Ask) and not act.topic for act in whole.acts
    )
    if (situation.step is Step.TIME and not asks) or len(said) > _MOST_TOKENS:
        return whole
    choice = Asked.CHOICE if situation.offered else Asked.ANSWER
    asked = replace(situation, step=Step.TIME, asked=choice, partial=None)
    tags = (*_OF_DAYS, *_OF_HOURS, *(_OF_OFFERS if situation.offered else ()))
    named = [said.span(match.first, match.end) for match in said.all(*tags)]
    taken: list[Span] = []
    for leads_on in (None, _leads_on, _is_comma) if named else ():
        parts = list(_parts(said, leads_on))
        for part in parts if len(parts) <= _MOST_PARTS else ():
            here = [span for span in named if _inside(span, part)]
            inside = [act for act in whole.acts if _overlap(act.span, part)]
            wishes = any(isinstance(act, Want) and act.what != _BOOKING for act in inside)
            if not here or wishes or _covers(part, taken):
                continue
            values = [act.span for act in inside if _is_other_value(act, here)]
            found = read_one(_without(_alone(said, part), values), asked)
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


def in_sentences(
    said: Utterance, situation: Situation, whole: Reading, read_one: ReadOne
) -> Reading:
    """Return the reading with each value made of the one sentence that tells it.

    Of the sentences that a value goes over one gives it by itself, and the others something else:
    "No, it's Elm Lane. Ann at example dot com", not "9 Elm Street. Ryde".
    """
    parts = list(_parts(said))
    wide = [a for a in whole.acts if isinstance(a, Correct | Provide) and a.step in _OF_CALLER]
    wide = [act for act in wide if any(_straddles(act, part) for part in parts)]
    if not wide or len(parts) > _MOST_PARTS:
        return whole
    alone = [read_one(_alone(said, part), situation) for part in parts]
    taken = [False] * len(parts)
    for act in wide:
        over = [n for n, part in enumerate(parts) if _overlap(act.span, part)]
        telling = [n for n in over if any(a.step is act.step for a in _told_whole(alone[n]))]
        others = [n for n in over if n not in telling]
        if len(telling) == 1 and all(not alone[n].rest and _told_whole(alone[n]) for n in others):
            taken = [each or n in over for n, each in enumerate(taken)]
    return _put_together(whole, parts, alone, taken, wide) if any(taken) else whole


def _told_whole(reading: Reading) -> list[Correct | Provide]:
    given = [act for act in reading.acts if isinstance(act, Correct | Provide) and act.value]
    return [act for act in given if not (isinstance(act, Provide) and act.missing)]


def _is_wished(said: Utterance, part: Span, whole: Reading) -> bool:
    """Return whether a time is wished for in so many words, whatever else a sentence tells."""
    led = (
        match
        for match in said.all(*_OF_WISHES)
        if match.end - match.first > 1 or match.tag != _LEAD
    )
    words = (said.span(match.first, match.end) for match in led)
    spans = [act.span for act in whole.acts if _tells_time(act)]
    return any(_inside(span, part) for span in (*words, *spans))


def _covers(span: Span, others: Sequence[Span]) -> bool:
    return any(_overlap(span, other) for other in others)


def _is_job(act: Act) -> bool:
    """Return True for a service, to which the words around it belong: "it only drips at night"."""
    return isinstance(act, Provide) and act.step is Step.SERVICE


def _is_other_value(act: Act, named: Sequence[Span]) -> bool:
    """Return True for a value of another field; no suburb is called Mornings."""
    if not isinstance(act, Provide | Correct) or act.step in (Step.TIME, Step.SERVICE):
        return False
    return act.step is not Step.ADDRESS or not any(_inside(act.span, day) for day in named)


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
    acts = [act for act in whole.acts if _stays(act) or not _inside(act.span, part)]
    more = [act for act in found.acts if not _stays(act)]
    rest = [span for span in whole.rest if not _inside(span, part)] + _left(text, found, whole)
    return Reading(tuple(sorted((*acts, *more), key=lambda act: act.span)), tuple(sorted(rest)))


def _stays(act: Act) -> bool:
    if isinstance(act, Ask):
        return act.topic not in _OPEN_TOPICS or act.topic == _FREE
    value = isinstance(act, Provide | Correct | Decline) and act.step is not Step.TIME
    return value or isinstance(act, Want)


def _put_together(
    whole: Reading,
    parts: Sequence[Span],
    alone: Sequence[Reading],
    mends: Sequence[bool],
    over: Sequence[Act] = (),
) -> Reading:
    """Return the whole reading with the parts that are better read alone in their places.

    over  acts that go over several parts, and are read anew
    """
    taken = [part for part, mended in zip(parts, mends, strict=True) if mended]
    wide = [
        act
        for act in whole.acts
        if (isinstance(act, Note | Deny) or act in over)
        and any(_straddles(act, part) for part in taken)
    ]
    acts, rest = [act for act in whole.acts if act not in wide], list(whole.rest)
    for part, reading, mended in zip(parts, alone, mends, strict=True):
        left = [span for span in rest if _inside(span, part)]
        better = mended or (not reading.rest and left) or any(_overlap(a.span, part) for a in wide)
        if better and not any(_straddles(act, part) for act in acts):
            acts = [act for act in acts if not _inside(act.span, part)] + list(reading.acts)
            rest = [span for span in rest if span not in left] + list(reading.rest)
    return Reading(tuple(sorted(acts, key=lambda act: act.span)), tuple(sorted(rest)))


def _parts(
    said: Utterance, leads_on: Callable[[Utterance, int], bool] | None = None
) -> Iterator[Span]:
    """Give the spans of the sentences, cut also where something leads on to another."""
    first = 0
    for at in range(1, len(said) + 1):
        ends = at == len(said) or ends_sentence(said.tokens, at - 1)
        ends &= said.at(at, "time.or") is None  # "Monday? Or Tuesday"
        if ends or (leads_on and leads_on(said, at) and not leads_on(said, at - 1)):
            yield said.span(first, at)
            first = at


def _alone(said: Utterance, part: Span) -> str:
    """Return the text of a part where it stands, with blanks for all else and for its "but"."""
    inside = [n for n, token in enumerate(said.tokens) if part[0] <= token.start < part[1]]
    leads = {n for n in inside if _leads_on(said, n) or said.is_sound(n)}
    leads |= {n for m in said.all("quiet.link", first=inside[0]) for n in range(m.first, m.end)}
    own = [n for n in inside if n not in leads] or inside
    begin = said.tokens[own[0]].start
    return " " * begin + said.text[begin : part[1]]


def _leads_on(said: Utterance, at: int) -> bool:
    """Return True for "and", "also", "but": not for the "it's" that opens a clause as well, nor
    for the "oh" of a number."""
    if said.numbers.group(at - 1) and said.numbers.group(at + 1):
        return False  # "between ten and two"
    near = any(said.at(n, "number.unit", "number.teen", "number.ten") for n in (at - 1, at + 1))
    if near and said.at(at, "number.unit"):
        return False
    opens = said.at(at, "clause.open") if said.clause(min(at, len(said) - 1)).first == at else None
    return said.at(at, "quiet.link") is not None or (opens is not None and bool(opens.value))


def _is_comma(said: Utterance, at: int) -> bool:
    return at > 0 and said.low(at - 1) == ","


def _tell(said: Utterance, parts: Sequence[Span], alone: Sequence[Reading]) -> bool:
    """Return False where a part is left that is no sentence: "bill and ruth at gmail dot com"."""
    texts = (said.text[slice(*p)] for p, reading in zip(parts, alone, strict=True) if reading.rest)
    return all(len(text.split()) >= _A_SENTENCE for text in texts)


def _answers(reading: Reading, situation: Situation) -> bool:
    """Return True for the whole answer to the open question, or a yes that books nothing."""
    step = situation.step
    if situation.asked is Asked.CONFIRM:
        return any(isinstance(act, Affirm) for act in reading.acts)
    return any(
        (isinstance(act, Provide) and act.step is step and act.value and not act.missing)
        or (isinstance(act, Decline) and act.step is step)
        for act in reading.acts
    )


def _mends(reading: Reading, situation: Situation) -> bool:
    """Return True for a part that gives another value for a held one, and says nothing else."""
    given = [act for act in reading.acts if isinstance(act, Correct | Provide) and act.value]
    return not reading.rest and any(
        act.step in _MENDED
        and act.step in situation.record
        and act.value != situation.record[act.step]
        for act in given
    )


def _mends_what_is_denied(reading: Reading, situation: Situation) -> bool:
    """Return True for "it's number 64, not 46, we moved", of what was read back and denied."""
    return situation.asked is Asked.CONFIRM and any(
        isinstance(act, Correct) and act.step is situation.step and act.value
        for act in reading.acts
    )


def _given(reading: Reading, step: Step) -> list[Correct | Provide]:
    return [a for a in reading.acts if isinstance(a, Correct | Provide) and a.step is step]


def _is_count(said: Utterance, part: Span) -> bool:
    """Return True for a number alone, which is rather an hour: "that's too early. Nine"."""
    inside = [n for n, token in enumerate(said.tokens) if part[0] <= token.start < part[1]]
    return all(
        said.is_sound(n) or said.tokens[n].is_digits or said.numbers.group(n) for n in inside
    )


def _inside(span: Span, part: Span) -> bool:
    return part[0] <= span[0] and span[1] <= part[1]


def _straddles(act: Act, part: Span) -> bool:
    return _overlap(act.span, part) and not _inside(act.span, part)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
