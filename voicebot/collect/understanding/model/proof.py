"""Check a model's answer against the words, and join it with what the rules read.

An act counts when the words that it names were said, and its value when they can mean it. What
does not count is dropped, and the words under it stay unread. Not protected: a wish, a listed
service or an hour that is misread. A value is read back before it counts, and nothing is agreed to
on a model's word: a yes is one that the rules have read, with nothing unread beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, TypeVar

from voicebot.call import Step, Window
from voicebot.collect.understanding.model.claims import KINDS, Answer, Claim
from voicebot.collect.understanding.model.evidence import is_ahead, proven, tells_time
from voicebot.collect.understanding.text import tokens
from voicebot.collect.understanding.types import (
    Act,
    Affirm,
    Ask,
    Asked,
    Choose,
    Correct,
    Deny,
    Flexible,
    Greet,
    Leave,
    Note,
    Provide,
    Reading,
    Situation,
    Span,
    Thank,
    Withdraw,
)
from voicebot.collect.understanding.utterance import utterance

A = TypeVar("A", bound=Act)


def is_unread(done: Reading, text: str, situation: Situation) -> bool:
    """Return True where a model may know more than the rules.

    Words are unread, a question has no topic, acts contradict each other, or more is said in a no
    than the no.
    """
    kinds = {type(act) for act in done.acts}
    unknown = any(isinstance(act, Ask) and not act.topic for act in done.acts)
    values = {(act.step, act.value) for act in done.acts if isinstance(act, Provide | Correct)}
    several = len(values) > len({step for step, _ in values})
    if done.rest or unknown or several or {Affirm, Deny} <= kinds:
        return True
    mends = bool(values) or not kinds.isdisjoint({Withdraw, Choose, Flexible})
    if Deny not in kinds or mends or situation.asked is not Asked.CONFIRM:
        return False
    said, spans = utterance(text, situation.language), [act.span for act in done.acts]
    words = (said.span(at, at + 1) for at in range(len(said)) if not said.is_sound(at))
    return any(not _overlaps(word, spans) for word in words)


def believed(answer: Answer, text: str, situation: Situation, done: Reading) -> Reading:
    """Return the rules' reading `done` with what counts of a model's answer in it.

    What the rules read stays where the model reads nothing else, but their yes only where it says
    one too. A model's courtesy, and beside a yes all that a consent may hold, is silent: it neither
    explains words nor takes the place of what the rules read in them.
    """
    acts = [_Proof(claim, text, situation, done).act() for claim in answer.acts]
    if not (ours := [act for act in dict.fromkeys(acts) if act]):
        return done
    agrees = any(isinstance(act, Affirm) for act in ours)
    silent = (Affirm, Thank, Greet, *((Provide, Leave) if agrees else ()))
    loud = [act for act in ours if not isinstance(act, silent)]
    spans = [act.span for act in loud]
    firm = [act.span for act in loud if not isinstance(act, Note | Ask)]
    steps = {act.step for act in ours if isinstance(act, Provide | Correct)}
    kept = [
        act
        for act in done.acts
        if (
            act.step not in steps and not _overlaps(act.span, firm)
            if isinstance(act, Provide | Correct)
            else not isinstance(act, Affirm) and not _overlaps(act.span, spans)
        )
    ]
    acts_in_order = sorted((*kept, *ours), key=lambda act: act.span)
    return Reading(tuple(acts_in_order), tuple(_unexplained(done.rest, spans, text)))


def _overlaps(span: Span, others: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _unexplained(rest: Sequence[Span], explained: Sequence[Span], text: str) -> Iterator[Span]:
    """Yield the parts of the rest that no act explains."""
    for at, last in rest:
        for start, end in sorted((*explained, (last, last))):
            if any(sign.isalnum() for sign in text[at : min(start, last)]):
                yield at, min(start, last)
            at = max(at, end)


def _window(parts: dict[str, Any]) -> Window:
    """Return a window in the business's time, whatever zone a model writes behind a clock time."""
    plain = {
        key: each.replace(tzinfo=None) for key, each in parts.items() if isinstance(each, time)
    }
    return Window(**parts | plain)


def _place(words: str, text: str) -> Span | None:
    """Return where these words stand in a text, whatever the marks and capitals between them."""
    said = [token for token in tokens(text) if not token.is_sign]
    wanted = [token.low for token in tokens(words) if not token.is_sign]
    lows = [token.low for token in said]
    for at in range(len(said) - len(wanted) + 1):
        if wanted and lows[at : at + len(wanted)] == wanted:
            return said[at].start, said[at + len(wanted) - 1].end
    return None


@dataclass(frozen=True, slots=True)
class _Proof:
    """One claim, and what it is held against."""

    claim: Claim
    text: str
    situation: Situation
    done: Reading

    def act(self) -> Act | None:
        """Return the act, if it counts."""
        span = _place(self.claim.words, self.text)
        kind, parts = KINDS[self.claim.act], self.claim.parts()
        step, value = parts.get("step"), parts.get("value")
        if span is None or step is Step.DONE or not self._is_possible(kind, parts, span):
            return None
        if kind is Affirm:
            return next((yes for yes in self._read(Affirm) if _overlaps(yes.span, [span])), None)
        if kind is Provide or value is not None:
            given = step and value and proven(step, value, span, self.text, self.situation)
            if given and kind is Correct:
                return Correct(given.step, given.value, span)
            return given or None
        said = self.text[slice(*span)]
        if kind is Ask:
            return Ask(parts["topic"] or "", said, span)
        if kind is Note:
            return Note(said, span)
        if kind is Flexible:
            return Flexible(_window(dict(parts["window"])), span)
        act: Act = kind(span=span, **parts)
        return act

    def _read(self, kind: type[A]) -> list[A]:
        """Return what the rules read of this kind."""
        return [act for act in self.done.acts if isinstance(act, kind)]

    def _is_possible(self, kind: type, parts: dict[str, Any], span: Span) -> bool:
        """Return False for what cannot be in this situation, or in these words."""
        where = self.situation
        if parts.get("step") is Step.SERVICE:
            of_it = [act.span for act in self._read(Provide) if act.step is Step.SERVICE]
            return _overlaps(span, (*self.done.rest, *of_it))
        if kind is Choose:
            position, moment = parts["position"], parts["moment"]
            there = position is None or 0 < abs(position) <= len(where.offered)
            named = moment in where.offered if moment else position is not None
            return where.asked is Asked.CHOICE and there and named
        if kind is Flexible:
            window = parts["window"]
            days = [day for day in (*window.days, window.first, window.last) if day]
            if not days and not window.after and not window.before:
                return True
            told = tells_time(self.text[slice(*span)], where)
            return told and all(is_ahead(day, where) for day in days)
        return True
