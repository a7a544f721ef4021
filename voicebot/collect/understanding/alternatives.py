"""Other transcripts of an answer, and earlier attempts at it: the value on which they agree.

Each transcript is read as if it were alone. The parts of a value (first and last name; what stands
before and behind the at sign) are voted for one by one, since a recogniser often has one right in
one guess and the other in the next. Known parts gain; those that differ from what was spelled, by
more than a telephone mixes up, lose most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain, product

from rapidfuzz.distance import Levenshtein

from voicebot.call import Step
from voicebot.collect.understanding.acts import acts
from voicebot.collect.understanding.candidates import Candidate, Reader
from voicebot.collect.understanding.spelling import sounds_alike
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.types import Correct, Provide, Situation
from voicebot.collect.understanding.utterance import Utterance, utterance

_MOST_GUESSES = 5
"""So many transcripts of one attempt are read; those behind are rarely right."""
_MOST_EARLIER = 3
_MOST_PARTS = 8
"""So many first parts are tried with so many second ones."""
_NEXT = 0.8
"""The weight of a transcript beside the one before it."""
_BEFORE = 0.8
"""The weight of an earlier attempt beside the last."""
_SAME_WORDS = 0.5
"""From this share of equal letters on, two transcripts are of the same words."""
_FRAGMENTS = 0.5
"""The weight of a value put together of fragments; the letters count by themselves."""
_TOGETHER = 0.3
"""The bonus where all parts were heard together."""
_KNOWN = 0.5
"""The bonus of a part that is known: half a vote of a whole attempt."""
_UNLIKE, _MOST_UNLIKE = 0.3, 3.0
"""The cost of a letter other than the spelled one, and of all of them: more than any votes."""
_OTHER = 0.5
"""A value of which this share of the letters is another is not what is spelled."""
_MIXED_UP = 0.4
"""The count of a letter that sounds like the one spelled."""
_FEWEST_LETTERS = 3
_LONGEST_FRAGMENT = 2
"""Letters that a recogniser writes together where it hears them now and then."""
_similarity = Levenshtein.normalized_similarity


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a field's values, and the words that stand around their letters.

    step     the field
    split    a value's parts
    join     the value of these parts
    known    tells whether this part, the first or second, is one that exists
    around   tags of phrases beside the letters that spell the first part, or all
    end      tag of what stands behind them, if anything does
    """

    step: Step
    split: Callable[[str], Sequence[str]]
    join: Callable[[Sequence[str]], str]
    known: Callable[[str, int], bool]
    around: tuple[str, ...]
    end: str = ""


@dataclass(frozen=True, slots=True)
class _Heard:
    """One transcript: the parts of its value, the letters spelled, and its weight."""

    parts: tuple[str, ...]
    letters: str
    weight: float


def weighed(
    reader: Reader, said: Utterance, situation: Situation, parts: Parts
) -> Iterable[Candidate]:
    """Give a reader's candidates, the open step's value chosen from all that was heard of it."""
    own = list(reader(said, situation))
    if situation.step is not parts.step or not (situation.nbest or situation.earlier):
        return own
    alone = replace(situation, nbest=(), earlier=())
    at, mine = next(((n, v) for n, each in enumerate(own) if (v := _value(each, alone))), (0, None))
    if mine is None and (own or not said.tokens or any(True for _ in acts(said, alone))):
        return own  # the caller does something else
    texts = situation.nbest or (said.text,)
    if mine is None:  # then a guess must at least be one at the same words
        texts = tuple(t for t in texts if _similarity(t.lower(), said.text.lower()) >= _SAME_WORDS)
    now = list(_read(reader, texts, alone, parts))
    if mine is not None and not situation.earlier and all(each.letters for each in now):
        return own  # of letters alone `spelled.likeliest` has chosen; their values are no evidence
    if mine is None and not any(each.letters or _is_known(each, parts) for each in now):
        return own  # what only a guess takes for an answer must be one that exists
    tries = [list(_read(reader, t, alone, parts)) for t in situation.earlier[-_MOST_EARLIER:]]
    before = [replace(each, weight=each.weight * _BEFORE) for each in chain.from_iterable(tries)]
    refused = {situation.record.get(parts.step)}
    if refused != {None}:  # what was heard first of each attempt was read back, and refused
        refused |= {parts.join(heard[0].parts) for heard in tries if heard[0].parts}
    value = _agreed(before, now, parts, mine, refused)
    if value is None or value == mine:
        return own
    if mine is None:
        act = Provide(parts.step, value, said.span(0, len(said)), assumed=1)
        return [Candidate(act, 0, len(said), act.assumed)]
    return [*own[:at], _with(own[at], value), *own[at + 1 :]]


def _is_known(heard: _Heard, parts: Parts) -> bool:
    known = (parts.known(part, at) for at, part in enumerate(heard.parts))
    return bool(heard.parts) and all(known)


def _value(candidate: Candidate, situation: Situation) -> str | None:
    act = candidate.act
    if isinstance(act, Provide | Correct) and act.step is situation.step:
        return act.value
    return None


def _with(candidate: Candidate, value: str) -> Candidate:
    act = candidate.act
    if isinstance(act, Provide):
        act = replace(act, value=value, assumed=act.assumed + 1)
    elif isinstance(act, Correct):
        act = replace(act, value=value)
    return replace(candidate, act=act)


def _read(
    reader: Reader, texts: Sequence[str], situation: Situation, parts: Parts
) -> Iterable[_Heard]:
    """Give what each transcript of one attempt says; together they have one vote."""
    texts = texts[:_MOST_GUESSES]
    votes = sum(_NEXT**rank for rank in range(len(texts)))
    for rank, text in enumerate(texts):
        said = utterance(text, situation.language)
        values = (_value(each, situation) for each in reader(said, situation))
        value = next((value for value in values if value), "")
        letters = "".join(words := _spelled(said, parts))
        weight = _NEXT**rank / votes * (_FRAGMENTS if len(words) < len(letters) else 1)
        yield _Heard(tuple(parts.split(value)) if value else (), letters, weight)


def _spelled(said: Utterance, parts: Parts) -> Sequence[str]:
    """Return the letters and fragments of a transcript that is one row of them; else nothing."""
    words: list[str] = []
    at = 0
    while at < len(said) and not said.at(at, parts.end):
        skipped = said.at(at, *parts.around)
        if not skipped and said.tokens[at].kind in (Kind.WORD, Kind.LETTER):
            words.append(said.low(at))
        at = skipped.end if skipped else at + 1
    short = sum(len(word) <= _LONGEST_FRAGMENT for word in words)
    enough = len(words) >= _FEWEST_LETTERS and short * 2 >= len(words)
    return words if enough else ()


def _agreed(
    before: Sequence[_Heard],
    now: Sequence[_Heard],
    parts: Parts,
    mine: str | None,
    refused: Set[str | None],
) -> str | None:
    """Return the value that most was heard of, some of it now; none of the refused is proposed."""
    heard = (*before, *now)
    whole: defaultdict[Sequence[str], float] = defaultdict(float)
    for each in heard:
        whole[each.parts] += each.weight
    whole.pop((), None)
    again = mine and refused != {None}
    count = len(parts.split(mine or "")) if again else max(map(len, whole), default=0)
    if not 0 < count <= 2:
        return mine
    votes: list[defaultdict[str, float]] = [defaultdict(float) for _ in range(count)]
    for value, weight in whole.items():
        for at, part in _placed(value, count, parts):
            votes[at][part] += weight
    spelled = [each.letters for each in heard if each.letters]
    heard_now = {part for each in now for part in each.parts}
    spelled_now = [each.letters for each in now if each.letters]

    def is_meant(value: Sequence[str]) -> bool:
        again = any(_unlike(value, letters) < len(letters) * _OTHER for letters in spelled_now)
        return (again or not heard_now.isdisjoint(value)) and parts.join(value) not in refused

    def worth(value: Sequence[str]) -> float:
        voted = sum(
            votes[at][part] + _KNOWN * parts.known(part, at) for at, part in enumerate(value)
        )
        other = min((_unlike(value, letters) for letters in spelled), default=0.0)
        return voted + _TOGETHER * whole[value] - min(_MOST_UNLIKE, _UNLIKE * other)

    likely = [sorted(vote, key=vote.__getitem__, reverse=True)[:_MOST_PARTS] for vote in votes]
    tried = list(filter(is_meant, product(*likely)))
    return parts.join(max(tried, key=worth)) if tried else mine


def _placed(value: Sequence[str], count: int, parts: Parts) -> Iterable[tuple[int, str]]:
    """Give the parts of a value with their places; a lone one stands where it is known."""
    if len(value) == count:
        yield from enumerate(value)
    elif len(value) == 1:
        yield from ((at, value[0]) for at in range(count) if parts.known(value[0], at))


def _unlike(value: Sequence[str], letters: str) -> float:
    """Return how many letters are others than those of the value, or of the likest part."""
    words = ["".join(filter(str.isalpha, part.lower())) for part in value]
    return min(_distance(word, letters) for word in (*words, "".join(words)))


def _distance(word: str, letters: str) -> float:
    return sum(
        _MIXED_UP
        if change.tag == "replace" and sounds_alike(word[change.src_pos], letters[change.dest_pos])
        else 1.0
        for change in Levenshtein.editops(word, letters)
    )
