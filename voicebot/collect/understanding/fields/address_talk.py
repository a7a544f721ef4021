"""The words around an address: a yes, the caller's name, remarks, and whose address it is."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.collect.understanding.fields.address_words import Word, is_listed
from voicebot.collect.understanding.utterance import Utterance

_BEHIND = "for"
"""The value of words behind what is not the job's: "5 Pitt Street is for the invoice"."""
_TOLD_BEHIND = frozenset((*",.:;-", "so"))


def without_name(words: Sequence[Word], name: str) -> Sequence[Word]:
    """Return the words without the caller's name behind them: "…, Bondi, Stavros Papadimos"."""
    last = name.lower().split()
    begin = len(words) - len(last)
    named = len(last) > 1 and begin > 0 and words[begin].pause
    return words[:begin] if named and [w.low for w in words[begin:]] == last else words


def without_yes(said: Utterance, words: Sequence[Word]) -> Sequence[Word]:
    """Return the words without a yes before or behind them: "yeah, Newtown", "Newtown yeah"."""
    agreed = [m for m in said.all("yes.agree") if m.value]
    yes = [any(m.first <= word.first < m.end for m in agreed) for word in words]
    begin = next((n for n, each in enumerate(yes) if not each), len(words))
    end = next((n + 1 for n in reversed(range(len(words))) if not yes[n]), begin)
    return words[begin:end]


def without_remarks(said: Utterance, words: Sequence[Word]) -> list[Word]:
    """Return the words but for what is said of one: "Rose, like the flower", "Elm with an E".

    The word is left out with it where it stood before: "4 Rose Street. Rose, like the flower".
    """
    kept: list[Word] = []
    begin = 0
    while begin < len(words):
        end = next((n for n in range(begin + 1, len(words)) if words[n].pause), len(words))
        remark = next(said.all("address.explains", first=words[begin].first), None)
        at = remark.first if remark else len(said)
        stop = next((n for n in range(begin, end) if words[n].first >= at), end)
        before = [*kept, *words[begin:stop]]
        last = next((n for n in reversed(range(len(before))) if before[n].pause), 0)
        known = {word.low for word in before[:last]}
        again = all(word.low in known or word.isin("carrier") for word in before[last:])
        if remark and remark.value and not (again or 0 < begin == stop):
            stop = end  # "I'd like a plumber at 12 Elm Street"
        kept += words[begin:stop]
        if stop < end and again:
            del kept[last:]
        begin = end
    return kept


def is_callers(said: Utterance, begin: int, first: int, end: int, begun: int) -> bool:
    """Return whether an address is where the work is: not asked about, left, or somebody else's.

    It stands from the token `first` up to `end`, with what leads up to it from `begun`, in a
    stretch from `begin`. What stands behind a pause is told, and "my mother's place at 12 Elm
    Street" is visited.
    """
    clause = said.clause(first)
    tags = "clause.ask", "clause.past", "clause.others"
    before = {match.tag: match for match in said.all(*tags, first=begin, end=first)}
    owner = before.get("clause.others") if clause.others else None
    owner = None if any(said.all("address.job")) else owner
    behind = [match for match in said.all("clause.others", first=end) if match.value == _BEHIND]
    here = said.opening(first)
    if (owner and owner.value) or any(said.opening(match.first) == here for match in behind):
        return False
    if not _TOLD_BEHIND.isdisjoint((said.low(first - 1), said.low(begun - 1))):
        return True
    asked = clause.asked and "clause.ask" in before
    past = clause.past and "clause.past" in before
    visited = owner and owner.end < first and is_listed(said.low(first - 1), "unit_link")
    return not (asked or past or (owner and not visited))
