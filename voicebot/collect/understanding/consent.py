"""Does a turn agree to what was read back: wholly, or before it goes on to something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from voicebot.call import Step, Window
from voicebot.collect.understanding.lexicon import lexicon
from voicebot.collect.understanding.text import Kind, Token
from voicebot.collect.understanding.types import (
    Act,
    Affirm,
    Ask,
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
    Situation,
    SlowDown,
    Thank,
    Want,
)
from voicebot.collect.understanding.utterance import Utterance, utterance

_KEY_CHARS = 3
"""A bare "2" or "two" repeats no time: it may be the key that means no."""
_BUT, _CONDITION = "but", "condition"
_NEVER, _NO = "doubt.never", "doubt.no"
_OF_TIMES = ("time.weekday", "time.month", "time.day", "time.part", "time.tonight", "time.weekend")
_IN_ANY_CASE = ("cancel", "pay_how", "duration", "licensed", "place", "confirmation")
"""Topics of questions that may hold "if" and "or" and change nothing: "what if I'm late?"."""


def consents(reading: Reading, situation: Situation) -> bool:
    """Return True when a turn wholly agrees to what was read back.

    Nothing is left unread, and beside the yes stand only thanks, the value that was read back said
    again (which agrees by itself), and, unless it books, answers to other questions.
    """
    agrees = False
    for act in reading.acts:
        if isinstance(act, Affirm):
            agrees = True
        elif isinstance(act, Provide):
            held = situation.record.get(act.step)
            again = held is not None and (act.value or "").casefold() == held.casefold()
            if not again and (situation.step in (Step.TIME, act.step) or act.missing):
                return False
            least = 1 if situation.language.startswith("zh") else _KEY_CHARS  # 周五 is a day
            whole = act.span[1] - act.span[0] > least
            agrees |= again and whole and act.step is situation.step
        elif isinstance(act, Leave):
            if all(a.mere for a in reading.acts if isinstance(a, Affirm)):
                return False
        elif not isinstance(act, Thank):
            return False
    return agrees and not reading.rest


def assents(text: str, reading: Reading, situation: Situation) -> bool:
    """Return True when a turn agrees to what was read back, and then says something more.

    It is enough for a value that a yes only confirms; for what books `commits` decides. A "but", an
    objection, a mend, a condition or a question that nobody knows leaves the read-back open.
    """
    acts = [act for act in reading.acts if not isinstance(act, (Greet, Thank))]
    here = (None, situation.step)  # "yes, and I have no e-mail" refuses nothing that was read
    acts = [act for act in acts if not (isinstance(act, Decline) and act.step not in here)]
    if not acts or not isinstance(acts[0], Affirm) or not all(map(_leaves_a_yes, acts)):
        return False
    for act in acts:
        if isinstance(act, Provide):
            held = situation.record.get(act.step)
            again = held is not None and (act.value or "").casefold() == held.casefold()
            if act.missing is Missing.SHOWN_NUMBER and not reading.rest:
                continue  # the one that was read back
            if act.missing or (held is not None and not again):
                return False
    said = utterance(text, situation.language)
    if any(clause.denied or clause.mends for clause in said.clauses):
        return False
    notes = [act.span for act in acts if isinstance(act, Note)]
    rest = [r for r in reading.rest if not any(a <= r[0] and r[1] <= b for a, b in notes)]
    if not rest:
        return True
    held = situation.record.get(situation.step, "").casefold()
    figures = (said.tokens[n] for n in range(len(said)) if _is_figure(said, n))
    left = (t.low for t in figures if any(a <= t.start < b for a, b in rest))
    butted = any(_is_butted(said, act) for act in acts if isinstance(act, Affirm))
    return all(low in held for low in left) and not butted


def commits(text: str, reading: Reading, situation: Situation, *, again: bool) -> bool:
    """Return True when a yes books although something is said beside it that changes nothing.

    Notes, questions, wishes to staff and remarks change nothing. A refusal, another value, another
    time or a condition always does. Only "yes, book it" books at once: what stands beside any other
    yes is dealt with first, and the yes asked for once more.

    again  the read-back was put again already
    """
    said = utterance(text, situation.language)
    yeses = [act for act in reading.acts if isinstance(act, Affirm)]
    adds = adds_a_job(text, reading, situation)
    changes = not all(_changes_nothing(act, situation, adds=adds) for act in reading.acts)
    if not yeses or changes or said.unread or not _knows_doubt(situation.language):
        return False
    beside = list(_beside(said, reading, yeses))
    never = any(_doubts(said, at, _NEVER, _NO) or said.at(at, *_OF_TIMES) for at in beside)
    if never or any(_is_figure(said, at) for at in beside) or _breaks_off(said, reading):
        return False
    if again:
        return True
    plain = all(isinstance(act, Affirm | Thank | Leave | Want) for act in reading.acts)
    return plain and not reading.rest and any(_is_sure(said, yes) for yes in yeses)


def _breaks_off(said: Utterance, reading: Reading) -> bool:
    """Return True where nothing follows what leads on: "yes, and", "yes, but"."""
    last = max((at for at in range(len(said)) if not said.is_sound(at)), default=0)
    leads = said.at(last, "clause.open", "quiet.link")
    left = any(_holds(span, said.tokens[last]) for span in reading.rest)
    return left and leads is not None


def _is_sure(said: Utterance, yes: Affirm) -> bool:
    """Return True for "book it", if nothing goes on from it ("can you do it cheaper")."""
    inside = [n for n, token in enumerate(said.tokens) if _holds(yes.span, token)]
    end = inside[-1] + 1
    goes_on = end < len(said) and not (said.is_sound(end) or said.is_sound(end - 1))
    goes_on = goes_on and not said.at(end, "yes.tells", "clause.open", "quiet.courtesy")
    return not goes_on and any(said.at(at, "yes.books") for at in inside)


def _doubts(said: Utterance, at: int, *rows: str) -> bool:
    """Return True for a word of doubt; not in "but tell him to …", "don't knock"."""
    told = said.all("yes.tells", "note.text", "note.request")
    inside = any(m.first <= at < m.end and m.end - m.first > 1 for m in told)
    return said.at(at, *rows) is not None and not inside


def adds_a_job(text: str, reading: Reading, situation: Situation) -> bool:
    """Return True where a service beside a yes is one more job: "yes. And what about my carpet?".

    It is put in the place of the first by a no, a mend, and a "but" that asks nothing.
    """
    said = utterance(text, situation.language)
    butted = any(but.value == _BUT for but in said.all("clause.open"))
    instead = butted and not any(clause.asked for clause in said.clauses)
    instead |= any(clause.denied or clause.mends for clause in said.clauses)
    kinds = {type(act) for act in reading.acts}
    return Affirm in kinds and not instead and kinds.isdisjoint((Deny, Correct))


def _changes_nothing(act: Act, situation: Situation, *, adds: bool) -> bool:
    if isinstance(act, Provide) and act.step is Step.SERVICE and adds:
        return True
    if isinstance(act, Provide):
        held = situation.record.get(act.step)
        return not act.missing and held is not None and act.value == held
    if isinstance(act, Flexible):
        return act.window == Window(soonest=True)
    if isinstance(act, Note):
        return act.leaves is None
    if isinstance(act, Ask):
        return act.topic != _CONDITION
    if isinstance(act, Want):
        return act.what in ("annoyed", "booking")
    return isinstance(act, (Affirm, Thank, Greet))


@cache
def _knows_doubt(language: str) -> bool:
    return any(row.tag == _NEVER for row in lexicon(language).rows)


def _holds(span: tuple[int, int], token: Token) -> bool:
    return span[0] <= token.start < span[1]


def _beside(said: Utterance, reading: Reading, yeses: Sequence[Affirm]) -> Iterator[int]:
    """Yield the tokens in which a doubt counts: not the yes, nor a question that changes nothing.

    Nor one that the yes comes after, nor the figures of a note.
    """
    last = max(yes.span for yes in yeses)
    kinds = Affirm | Thank | Provide | Flexible | Want  # "for heaven's sake" holds no seven
    known = [act.span for act in reading.acts if isinstance(act, kinds)]
    for ask in (act for act in reading.acts if isinstance(act, Ask)):
        if ask.topic in _IN_ANY_CASE or ask.span < last:
            known.append(ask.span)
    notes = [act.span for act in reading.acts if isinstance(act, Note)]
    for at, token in enumerate(said.tokens):
        noted = any(_holds(span, token) for span in notes)
        in_known = any(_holds(span, token) for span in known) and not said.at(at, *_OF_TIMES)
        if not in_known and not (noted and _is_figure(said, at)):
            yield at


def _is_figure(said: Utterance, at: int) -> bool:
    number = said.tokens[at].is_digits or said.at(at, "number.unit", "number.teen", "number.ten")
    return bool(number) and said.at(at, "doubt.article", "number.no_digit") is None


def is_part_of(said: Utterance, at: int, held: str) -> bool:
    """Return True for the figures and letters of a value said again: "yes, dan, D A N"."""
    group = said.numbers.group(at)
    text = group.digits if group else said.low(at)
    return (group is not None or said.tokens[at].kind is Kind.LETTER) and text in held


def is_no_figure(said: Utterance, at: int) -> bool:
    """Return True for the hour of "not before five", "three days", and the "for" of "what for"."""
    counted = said.at(at + 1, "number.not_digits")
    only_sounds = said.at(at, "number.sounds_like") and not said.at(at, "number.unit")
    return bool(
        only_sounds or counted or said.before(at, "time.earliest", "time.latest", "time.by")
    )


def _is_butted(said: Utterance, yes: Affirm) -> bool:
    """Return True for "yes, but …"; a "but" further on is about something else."""
    at = next((n for n, token in enumerate(said.tokens) if token.start >= yes.span[1]), len(said))
    while at < len(said) and said.is_sound(at):
        at += 1
    but = said.at(at, "clause.open")
    return but is not None and but.value == _BUT


def _leaves_a_yes(act: Act) -> bool:
    """Return True for what may stand beside a yes and is no objection to what was read back."""
    if isinstance(act, Ask):
        return bool(act.topic) and act.topic != _CONDITION
    if isinstance(act, Want):
        return act.what in ("annoyed", "booking", "keep", "complaint", "call_back")
    return isinstance(act, (Affirm, Provide, Flexible, Note, SlowDown, Leave))
