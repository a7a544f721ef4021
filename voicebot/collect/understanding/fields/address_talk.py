"""The words around an address that are no part of it: a yes, the caller's name, remarks."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.collect.understanding.fields.address_words import Word
from voicebot.collect.understanding.utterance import Utterance


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
