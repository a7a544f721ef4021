"""The clauses of an utterance, found once, each with what it does to the values inside it.

Only here is decided whether something is asked, denied, taken back, past or somebody else's.
The words by which that is known are the table `[clause]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.text import Kind, Token

_STOPS = frozenset(".?!;:")
_OPENS = frozenset(("clause.open", "clause.deny", "clause.gone", "clause.others"))
_ASKED_ON = _OPENS - {"clause.others"}
"""The tags that open a clause inside a question too: "what's your name" is one."""
_ASKS = frozenset(("clause.ask", "clause.request"))
_PART_OF = {"clause.mend": "clause.deny", "flexible.any": "clause.asks"}
REQUESTS = frozenset(("clause.request", "clause.requests"))
"""A wish in the form of a question; the second does not open a clause of its own."""
_WHOLE = (".lead", ".other", ".others", ".asks")
"""Names of phrases that no clause begins inside of."""
_FIRST = "first"
"""The value of a question's opening that counts only where a clause begins."""
_BEFORE = frozenset(("clause.before", "clause.open", "quiet.link", "filler.sound"))
_LEAD = "clause.lead"
"""Words that do nothing to a clause, though one of them does elsewhere: "or not"."""
_ASKING = frozenset(("clause.ask", "clause.told"))


@dataclass(frozen=True, slots=True)
class Clause:
    """The tokens from `first` up to `end`, and what is true of what they say.

    mends      opens with "no, I mean" or the like: it changes what was said before
    withdrawn  what follows it mends it: its value counts only where the mend gives none
    denied     "it's not …", "don't call …"
    asked      a question; a wish in the form of one ("can I come at three") is none
    past       tells of what has been: "my old number was …"
    others     tells of somebody else: "my wife's number is …", "your number is …"
    talk       tells whoever comes what to do: "ring the side bell", "just beep"
    """

    first: int
    end: int
    mends: bool = False
    withdrawn: bool = False
    denied: bool = False
    asked: bool = False
    past: bool = False
    others: bool = False
    talk: bool = False

    @property
    def counts(self) -> bool:
        """Return False where a value inside is not the caller's answer."""
        return not (self.denied or self.asked or self.past or self.others or self.talk)


def clauses(
    said: Sequence[Token], matches: Sequence[Sequence[Match]], sounds: frozenset[str]
) -> tuple[Clause, ...]:
    """Return the clauses in order; together they hold every token."""
    if not said:
        return ()
    starts = sorted({0, *_starts(said, matches)})
    handed_on = any(match.tag == "clause.handed_on" for here in matches for match in here)
    found: list[Clause] = []
    for first, end in zip(starts, [*starts[1:], len(said)], strict=True):
        found.append(_clause(said, matches, sounds, first, end))
    gone = [any(m.tag == "clause.gone" for m in matches[each.first]) for each in found]
    return tuple(
        replace(
            clause,
            withdrawn=n + 1 < len(found) and found[n + 1].mends,
            past=(clause.past and not gone[n]) or (n + 1 < len(found) and gone[n + 1]),
            others=clause.others and not handed_on,
        )
        for n, clause in enumerate(found)
    )


def _starts(said: Sequence[Token], matches: Sequence[Sequence[Match]]) -> Iterator[int]:
    mended_until = 0
    lead_until = 0  # the "no" of "contact no" takes nothing back
    asking = False  # a question goes on to its mark: "how much is it" is one question
    mark, asks_here = 0, False
    denied_until = 0
    for at, here in enumerate(matches):
        begins = not at or said[at - 1].is_sign or _leads_on(matches[at - 1], at)
        tags = {match.tag for match in _meant(here) if begins or match.value != _FIRST}
        if "clause.asks" in tags:
            yield mark
            asks_here = True
        elif said[at].is_sign:
            mark = at + 1
            if asks_here and mark < len(said):
                yield mark
            asks_here = False
        if said[at].is_sign or "quiet.link" in tags:
            asking = False
        if denied_until and at >= denied_until and "clause.contrast" in tags:
            yield at
            denied_until = 0
        denied_until = max((m.end for m in here if m.tag == "clause.deny"), default=denied_until)
        if (at and (ends_sentence(said, at - 1) or said[at].asks)) or "clause.talk" in tags:
            yield at
        inside_lead = at < lead_until
        leads = (match.end for match in here if match.tag.endswith(_WHOLE))
        lead_until = max(lead_until, *leads, 0)
        if inside_lead:
            continue
        if "clause.mend" in tags:
            if at >= mended_until:
                yield at  # "no, sorry, I mean" opens one clause, not three
            mended_until = max(m.end for m in here if m.tag == "clause.mend")
            mended_until += mended_until < len(said) and said[mended_until].low == ","
        elif at >= mended_until and (tags & (_ASKED_ON if asking else _OPENS | _ASKS)):
            yield at
            asking = bool(tags & _ASKS)


def _leads_on(before: Sequence[Match], at: int) -> bool:
    """Return True where the word before may stand before a question: "so is the plumber free"."""
    return any(match.end == at and match.tag in _BEFORE for match in before)


def _meant(here: Sequence[Match]) -> Iterator[Match]:
    """Return the phrases at one token, without the "not" of "not that" and the "which" of "any"."""
    longer = {_PART_OF[match.tag]: match.end for match in here[::-1] if match.tag in _PART_OF}
    return (match for match in here if match.end >= longer.get(match.tag, 0))


def ends_sentence(said: Sequence[Token], at: int) -> bool:
    """Return True for a full stop, a question mark and the like."""
    return said[at].low in _STOPS and not _is_inside(said, at)


def _is_inside(said: Sequence[Token], at: int) -> bool:
    """Return True for the mark of "j.smith", ".com", "3:30" and "P.O. Box"."""
    glued = at + 1 < len(said) and said[at + 1].glued and said[at].low in ".:"
    glued = glued and said[at + 1].kind is not Kind.HAN
    letter = said[at].low == "." and at > 0 and said[at - 1].kind is Kind.LETTER
    return glued or (letter and at > 1 and said[at - 2].low == ".")


def _clause(
    said: Sequence[Token],
    matches: Sequence[Sequence[Match]],
    sounds: frozenset[str],
    first: int,
    end: int,
) -> Clause:
    inside = {m for here in matches[first:end] for m in _meant(here) if m.end <= end}
    leads = {at for m in inside if m.tag == _LEAD for at in range(m.first, m.end)}
    tags = {match.tag for match in inside if match.tag == _LEAD or match.first not in leads}
    opening = first
    while opening < end and (
        said[opening].is_sign
        or said[opening].low in sounds
        or any(match.tag in ("clause.open", "clause.before") for match in matches[opening])
    ):
        opening += 1
    begins = opening > first or not first or said[first - 1].is_sign
    begins = begins or _leads_on(matches[first - 1], first)  # not "it isn't the drain"
    heads = matches[opening] if opening < end else ()
    opens = {match.tag for match in heads if begins or match.value != _FIRST}
    if first and said[first - 1].low == "," and "clause.relative" in opens:
        opens -= _ASKING  # "my mobile, which is …"
    asks = said[end - 1].low == "?" or not _ASKING.isdisjoint(opens) or "clause.asks" in tags
    gone = any(match.tag == "clause.gone" for match in matches[first])
    return Clause(
        first,
        end,
        mends=gone or any(m.tag == "clause.mend" and m.end <= end for m in matches[first]),
        denied="clause.deny" in tags,
        asked=asks and not gone and tags.isdisjoint(REQUESTS),
        past="clause.past" in tags,
        others="clause.others" in tags,
        talk=any(match.tag == "clause.talk" for match in matches[first]),
    )
