"""Runs of digits in an utterance, and what the words before each run say about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicebot.collect.understanding.lexicon import correction_at
from voicebot.collect.understanding.numbers import Group, group_at, homophone_at
from voicebot.collect.understanding.tokens import Token, word_set

_INSIDE = word_set(
    "uh um uhm er erm ah hm hmm and then dash hyphen space dot point comma slash okay ok like "
    "- . , / ( ) _ : ; ~ * bracket brackets open close"
)
"""May stand between digits of one run."""
_PAUSES = word_set("uh um er erm and then dash hyphen space comma - . , / ( )")
_LINKS = word_set(
    "and then the number is it's its rest last area code next followed by that's thats with so "
    "yeah yes right um uh first three four digits part bit sorry wait no plus + , . then after my "
    "that mobile phone"
)
"""Words between two runs of one number."""
_EXTENSION = frozenset(("extension", "ext", "extn", "x"))
_OTHER_NUMBERS = word_set(
    "order confirmation account invoice booking reservation reference tracking policy card "
    "flight licence license security social case ticket member membership postcode zip zipcode "
    "job quote serial medicare abn old previous former used dollars version"
)
_OTHER_FIELDS = word_set(
    "address house apartment apt flat unit suite room building street postcode zip zipcode email "
    "mail name live"
)
_LABEL_REACH = 5
_BEGINNING = frozenset(("area", "starts", "start", "begins", "beginning", "first"))
_LABELS = word_set(
    "phone contact mobile office home cell ph tel telephone landline work alternate my whatsapp"
)
"""Before "no" they make it short for number."""
_BEFORE_ONE = word_set("old new best that this other right wrong same good which only another")
_INSTEAD = word_set("use call text try better prefer")
"""With a "but" they turn to another number: "my office is …, but use …"."""
_ENDS_ONE = frozenset(("", ",", ".", ":", "-", "is", "it's", "its", "please"))
_AFTER_COUNT = word_set("are is should were digits numbers figures : ,")
AS_SAID = -1
"""A `tail` that is as long as what is said now: "it ends in four six"."""
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "1": 1, "2": 2, "3": 3}


@dataclass(frozen=True, slots=True)
class Run:
    """Digits with nothing but pauses between them, and the words that lead up to them.

    phrases  digit groups between two pauses, for corrections that replace a phrase
    corrects it takes back what was said before
    goes_on  nothing but links ("and then") part it from the run before
    head     it is the beginning of the number, or its area code
    other    it was announced as something else: "my address is", "the house number is"
    tail     how many last digits this run replaces, when the caller said so; or AS_SAID
    """

    groups: tuple[Group, ...]
    phrases: tuple[tuple[Group, ...], ...]
    plus: bool
    corrects: bool
    unrelated: bool
    goes_on: bool
    head: bool
    tail: int
    other: bool = False

    @property
    def digits(self) -> str:
        return "".join(group.digits for group in self.groups)


def runs_in(said: Sequence[Token]) -> Iterator[Run]:
    """All runs of digits, each with what the words before it say about it."""
    at, before = 0, 0
    while at < len(said):
        run, end = _run_at(said, at, before)
        if run is None:
            at += 1
            continue
        yield run
        at = before = end


def _run_at(said: Sequence[Token], at: int, before: int) -> tuple[Run | None, int]:
    groups: list[Group] = []
    phrases: list[list[Group]] = []
    place, paused = at, True
    while place < len(said):
        group = _group_at(said, place, groups)
        if group and _is_other(said, group, first=not groups):
            break
        if group:
            if paused:
                phrases.append([])
            groups.append(group)
            phrases[-1].append(group)
            place, paused = group.end, False
        elif groups and said[place].low in _INSIDE:
            paused = paused or said[place].low in _PAUSES
            place += 1
        else:
            break
    if len(groups) > 1 and said[groups[-1].first].low == "oh" and _slip_follows(said, place):
        groups.pop()
        phrases = [phrase for phrase in phrases if phrase[-1] in groups] or phrases
    if not groups:
        return None, at
    lead = [token.low for token in said[before:at]]
    end = groups[-1].end
    return (
        Run(
            tuple(groups),
            tuple(tuple(phrase) for phrase in phrases),
            plus=_is_plus(lead),
            corrects=bool(before) and _corrects(lead),
            unrelated=_is_unrelated(lead),
            goes_on=all(word in _LINKS or word in _INSIDE for word in lead),
            head=any(word in _BEGINNING for word in lead),
            tail=_tail(lead),
            other=_is_of_other_field(lead),
        ),
        end,
    )


def _group_at(said: Sequence[Token], at: int, before: Sequence[Group]) -> Group | None:
    """Digits, or what a recogniser wrote for one at this place of a run."""
    if group := group_at(said, at):
        return group
    return homophone_at(said, at, before[-1]) if before else _misheard_zero(said, at)


def _is_other(said: Sequence[Token], group: Group, first: bool) -> bool:
    """Digits that are part of no number: of a word, of a date, or a mere "one"."""
    if _part_of_word(said, group) or _is_date(said, group.first):
        return True
    return first and (_is_pronoun(said, group.first) or _is_count(said, group))


def _is_pronoun(said: Sequence[Token], at: int) -> bool:
    """ "My old one", "that one", "my work one, …"."""
    if said[at].low != "one" or at == 0:
        return False
    before, after = said[at - 1].low, said[at + 1].low if at + 1 < len(said) else ""
    return before in _BEFORE_ONE or (before in _LABELS and after in _ENDS_ONE)


def _is_count(said: Sequence[Token], group: Group) -> bool:
    """The "four" of "the last four are": it counts the digits that follow."""
    if group.first == 0 or group.end != group.first + 1 or group.end >= len(said):
        return False
    counts = said[group.first].low in _COUNTS and said[group.first - 1].low in ("last", "first")
    return counts and said[group.end].low in _AFTER_COUNT


def _slip_follows(said: Sequence[Token], at: int) -> bool:
    """ "… one five six, oh wait": this "oh" is no zero."""
    return at < len(said) and correction_at([token.low for token in said[at : at + 4]], 0) > 0


def _misheard_zero(said: Sequence[Token], at: int) -> Group | None:
    """ "L2" at the beginning is "oh two"."""
    after = at + 1 + (at + 1 < len(said) and said[at + 1].low == "-")
    joined = after < len(said) and said[at + 1].glued and group_at(said, after) is not None
    return Group(("0",), at, at + 1) if said[at].low == "l" and joined else None


def _part_of_word(said: Sequence[Token], group: Group) -> bool:
    """ "s666666666" and "2nd" are no digits of a number."""
    first, last = said[group.first], group.end
    if not group.written:
        return False
    before = said[group.first - 1] if group.first > 0 else None
    letter = before is not None and first.glued and before.is_word
    glued_before = letter and before is not None and before.low not in ("l", "o")
    glued_after = last < len(said) and said[last].glued and said[last].is_word
    return (glued_before and len(said[group.first - 1].low) <= 1) or (
        glued_after and said[last].low not in _EXTENSION
    )


def _is_date(said: Sequence[Token], at: int) -> bool:
    """ "04/21/2020" and "12:37" are no digits of a number; "tel: 0491" and "0176/123" are."""
    first = at
    while first >= 2 and _is_joint(said, first - 1):
        first -= 2
    marks, lengths = [], [len(said[first].low)]
    while _is_joint(said, first + 1):
        marks.append(said[first + 1].low)
        lengths.append(len(said[first + 2].low))
        first += 2
    return ":" in marks or (len(marks) > 1 and all(length in (1, 2, 4) for length in lengths))


def _is_joint(said: Sequence[Token], at: int) -> bool:
    """A colon or a slash between two figures, without a space."""
    if not 0 < at < len(said) - 1 or said[at].low not in ("/", ":"):
        return False
    return (
        said[at - 1].is_number and said[at + 1].is_number and said[at].glued and said[at + 1].glued
    )


def _is_plus(lead: Sequence[str]) -> bool:
    return next((word == "+" or word == "plus" for word in reversed(lead) if word != "("), False)


def _corrects(lead: Sequence[str]) -> bool:
    """Does the caller take back what was said before this run?"""
    if len(lead) > 1 and lead[-1] == "no" and lead[-2] in _LABELS:
        lead = lead[:-1]
    if "but" in lead and not _INSTEAD.isdisjoint(lead):
        return True
    return any(correction_at(lead, at) for at in range(len(lead))) or "old" in lead


def _is_unrelated(lead: Sequence[str]) -> bool:
    near = [word for word in lead[-4:] if word[0].isalpha()]
    if near[-2:] == ["old", "one"]:
        return False
    if any(_negated(near[at : at + 2]) for at in range(len(near))):
        return True
    return bool(
        near
        and (near[-1] in _EXTENSION or near[-1] == "not" or _OTHER_NUMBERS.intersection(near[-3:]))
    )


def _is_of_other_field(lead: Sequence[str]) -> bool:
    """Is the nearest announcement that of another field? "The house number" is of the house."""
    for at in range(len(lead) - 1, max(-1, len(lead) - 1 - _LABEL_REACH), -1):
        if lead[at] in _OTHER_FIELDS:
            return True
        house = at > 0 and lead[at - 1] in _OTHER_FIELDS
        if (lead[at] in _LABELS or lead[at] in ("number", "digit", "digits")) and not house:
            return False
    return False


def _negated(words: Sequence[str]) -> bool:
    """ "Don't call", "not use": the number behind it is the one that is not meant."""
    if len(words) < 2 or words[0] not in ("don't", "dont", "not", "never"):
        return False
    return words[1] in ("call", "use", "ring", "text", "dial", "try", "phone")


def _tail(lead: Sequence[str]) -> int:
    """ "the last digit is", "the last three digits are", "it ends in": how many are replaced."""
    if any(word in ("ends", "ending", "finishes") for word in lead[-4:]):
        return AS_SAID
    if "last" not in lead:
        return 0
    after = lead[len(lead) - list(reversed(lead)).index("last") :]
    if not after:
        return 0
    if after[0] in ("digit", "number", "one", "bit", "digits", "numbers", "part"):
        return AS_SAID
    return _COUNTS.get(after[0], 0)


def stray_words(said: Sequence[Token], runs: Sequence[Run]) -> int:
    """How many words stand beside the digits that have nothing to do with a number."""
    inside = {at for run in runs for group in run.groups for at in range(group.first, group.end)}
    return sum(
        token.is_word and at not in inside and token.low not in _LINKS | _INSIDE | _LABELS
        for at, token in enumerate(said)
    )


def contrasted(said: Sequence[Token]) -> str:
    """The digits of "not double six five"; empty when none are named as wrong."""
    for at, token in enumerate(said):
        if token.low == "not" and at + 1 < len(said):
            run, _ = _run_at(said, at + 1, 0)
            return run.digits if run else ""
    return ""
