"""Does a turn agree to what was read back: wholly, or before it goes on to something else."""

from __future__ import annotations

from voicebot.call import Step
from voicebot.collect.understanding.types import (
    Act,
    Affirm,
    Ask,
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

    It is enough for a value that a yes only confirms, and never for what books. A "but", an
    objection, a mend, a condition or a question that nobody knows leaves the read-back open.
    """
    acts = [act for act in reading.acts if not isinstance(act, (Greet, Thank))]
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


def _is_figure(said: Utterance, at: int) -> bool:
    return said.tokens[at].is_digits or bool(
        said.at(at, "number.unit", "number.teen", "number.ten")
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
        return act.what in ("annoyed", "booking", "keep")
    return isinstance(act, (Affirm, Provide, Flexible, Note, SlowDown, Leave))
