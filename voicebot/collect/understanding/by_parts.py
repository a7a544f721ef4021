"""Two things in one turn: "Seven please, but it's number 62, not 26".

Read as a whole, their words compete. So the parts of a turn are read alone, each as if nothing else
had been said: those that mend a value held count, those that answer the open question where the
whole does not, and then the others as they are read without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from voicebot.call import Step
from voicebot.collect.understanding.clauses import ends_sentence
from voicebot.collect.understanding.types import (
    Act,
    Affirm,
    Asked,
    Correct,
    Decline,
    Deny,
    Note,
    Provide,
    Reading,
    Situation,
    Span,
)
from voicebot.collect.understanding.utterance import Utterance

_MENDED = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL)
MOST_PARTS = 8
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
        parts = list(parts_of(said, leads_on_to_more if linked else None))
        if not 1 < len(parts) <= MOST_PARTS:
            continue
        for part in parts:
            if part not in known:
                known[part] = (
                    Reading(rest=(part,))
                    if _is_count(said, part) and not of_phone
                    else read_one(text_alone(said, part), situation)
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


def in_sentences(
    said: Utterance, situation: Situation, whole: Reading, read_one: ReadOne
) -> Reading:
    """Return the reading with each value made of the one sentence that tells it.

    Of the sentences that a value goes over one gives it by itself, and the others something else:
    "No, it's Elm Lane. Ann at example dot com", not "9 Elm Street. Ryde".
    """
    parts = list(parts_of(said))
    wide = [a for a in whole.acts if isinstance(a, Correct | Provide) and a.step in _OF_CALLER]
    wide = [act for act in wide if any(_straddles(act, part) for part in parts)]
    if not wide or len(parts) > MOST_PARTS:
        return whole
    alone = [read_one(text_alone(said, part), situation) for part in parts]
    taken = [False] * len(parts)
    for act in wide:
        over = [n for n, part in enumerate(parts) if overlap(act.span, part)]
        telling = [n for n in over if any(a.step is act.step for a in _told_whole(alone[n]))]
        others = [n for n in over if n not in telling]
        if len(telling) == 1 and all(not alone[n].rest and _told_whole(alone[n]) for n in others):
            taken = [each or n in over for n, each in enumerate(taken)]
    return _put_together(whole, parts, alone, taken, wide) if any(taken) else whole


def _told_whole(reading: Reading) -> list[Correct | Provide]:
    given = [act for act in reading.acts if isinstance(act, Correct | Provide) and act.value]
    return [act for act in given if not (isinstance(act, Provide) and act.missing)]


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
        left = [span for span in rest if is_inside(span, part)]
        better = mended or (not reading.rest and left) or any(overlap(a.span, part) for a in wide)
        if better and not any(_straddles(act, part) for act in acts):
            acts = [act for act in acts if not is_inside(act.span, part)] + list(reading.acts)
            rest = [span for span in rest if span not in left] + list(reading.rest)
    return Reading(tuple(sorted(acts, key=lambda act: act.span)), tuple(sorted(rest)))


def parts_of(
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


def text_alone(said: Utterance, part: Span) -> str:
    """Return the text of a part where it stands, with blanks for all else and for its "but"."""
    inside = [n for n, token in enumerate(said.tokens) if part[0] <= token.start < part[1]]
    leads = {n for n in inside if leads_on_to_more(said, n) or said.is_sound(n)}
    leads |= {n for m in said.all("quiet.link", first=inside[0]) for n in range(m.first, m.end)}
    own = [n for n in inside if n not in leads] or inside
    begin = said.tokens[own[0]].start
    return " " * begin + said.text[begin : part[1]]


def leads_on_to_more(said: Utterance, at: int) -> bool:
    """Return True for "and", "also", "but": not for the "it's" that opens a clause as well, nor
    for the "oh" of a number."""
    if said.numbers.group(at - 1) and said.numbers.group(at + 1):
        return False  # "between ten and two"
    near = any(said.at(n, "number.unit", "number.teen", "number.ten") for n in (at - 1, at + 1))
    if near and said.at(at, "number.unit"):
        return False
    opens = said.at(at, "clause.open") if said.clause(min(at, len(said) - 1)).first == at else None
    return said.at(at, "quiet.link") is not None or (opens is not None and bool(opens.value))


def is_comma(said: Utterance, at: int) -> bool:
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


def is_inside(span: Span, part: Span) -> bool:
    return part[0] <= span[0] and span[1] <= part[1]


def _straddles(act: Act, part: Span) -> bool:
    return overlap(act.span, part) and not is_inside(act.span, part)


def overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
