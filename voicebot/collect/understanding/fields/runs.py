"""Runs of digits in an utterance, and what the words that lead up to each say about it."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.collect.understanding.clauses import ends_sentence
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.numbers import Group
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.utterance import Utterance

_PARTS = ("phone.tail", "phone.head", "phone.middle")
_LEADS = (
    "lead.is", "phone.lead", "phone.link", "phone.inside", "phone.plus", "clause.mend",
    "clause.open",
)  # fmt: skip
_FIRST_LEADS = tuple(tag for tag in _LEADS if tag != "phone.inside")
_NO_DIGITS = (*_PARTS, "number.no_digit")
_MOST_TOLD = 6
"""So many tokens behind a "but" tell why a number is not the one to ring."""
_LONG_DIGITS = 7
"""So many digits are no quantity."""
_YEAR_DIGITS, _CENTURIES = 4, ("18", "19", "20")
_PAUSE_MARKS = frozenset(",-/.()")
_INSIDE_MARKS = frozenset("-.,/()_:;~*")


@dataclass(frozen=True, slots=True)
class Run:
    """Digits with nothing but pauses between them.

    phrases  its groups, parted at pauses: a slip is mended by the phrase
    begun    the token at which the words that lead up to it begin
    part     the phrase that says which part of the number it is, if one does ("the last two are")
    plus     it begins with a plus
    mends    it takes back what was said before
    goes_on  nothing but links ("and then") part it from the run before
    other    it is the number of something else, or not to be used
    elsewhere  figures of an address or the like, unless they make a whole number
    """

    phrases: tuple[tuple[Group, ...], ...]
    begun: int
    part: Match | None
    plus: bool
    mends: bool
    goes_on: bool
    other: bool
    theirs: bool
    elsewhere: bool

    @property
    def groups(self) -> tuple[Group, ...]:
        return tuple(group for phrase in self.phrases for group in phrase)

    @property
    def digits(self) -> str:
        return "".join(group.digits for group in self.groups)

    @property
    def first(self) -> int:
        return self.phrases[0][0].first

    @property
    def end(self) -> int:
        return self.phrases[-1][-1].end


def runs(said: Utterance) -> list[Run]:
    """Return all runs of digits."""
    found: list[Run] = []
    at = before = 0
    while at < len(said):
        if skipped := said.at(at, *_NO_DIGITS):
            at = skipped.end
            continue
        phrases = _phrases(said, at)
        if not phrases or _is_counted(said, phrases) or _is_year(said, phrases, at):
            at = phrases[-1][-1].end if phrases else at + 1
            continue
        found.append(_run(said, phrases, before, at))
        at = before = found[-1].end
    return found


def _is_counted(said: Utterance, phrases: tuple[tuple[Group, ...], ...]) -> bool:
    """Return True for a few figures that count something: 二十八号楼."""
    digits = sum(len(group.digits) for phrase in phrases for group in phrase)
    counted = said.at(phrases[-1][-1].end, "number.counted") is not None
    return counted and digits < _LONG_DIGITS


def _is_year(said: Utterance, phrases: tuple[tuple[Group, ...], ...], at: int) -> bool:
    """Return True for "since 1971" and "the 1971 is when they put it in"."""
    digits = "".join(group.digits for phrase in phrases for group in phrase)
    if len(digits) != _YEAR_DIGITS or not digits.startswith(_CENTURIES):
        return False
    behind = said.at(phrases[-1][-1].end, "phone.year_behind")
    return behind is not None or said.before(at, "phone.year") is not None


def _phrases(said: Utterance, at: int) -> tuple[tuple[Group, ...], ...]:
    phrases: list[list[Group]] = []
    last: Group | None = None
    paused = True
    while at < len(said):
        skipped = said.at(at, *_NO_DIGITS)
        group = None if skipped else _group(said, at, last)
        if group:
            if paused:
                phrases.append([])
            phrases[-1].append(group)
            at, paused, last = group.end, False, group
        elif last and not skipped and _is_inside(said, at):
            paused = paused or said.low(at) in _PAUSE_MARKS or not said.tokens[at].is_sign
            at += 1
        else:
            break
    if last and last.end - last.first == 1 and said.low(last.first) == "oh":
        behind = last.end + (said.low(last.end) == ",")
        lone = len(phrases) == len(phrases[0]) == 1
        if said.at(behind, *(("lead.is", "phone.lead") if lone else ("clause.mend",))):
            phrases[-1].pop()  # "one five six, oh, wait", "oh it's one five six"
    return tuple(tuple(phrase) for phrase in phrases if phrase)


def _is_inside(said: Utterance, at: int) -> bool:
    """Return True for what may stand between the digits of one run; words part two of them."""
    return said.low(at) in _INSIDE_MARKS or (said.is_sound(at) and said.low(at) not in "?!+")


def _group(said: Utterance, at: int, before: Group | None) -> Group | None:
    """Return the digits here, also those that the recogniser took for a word."""
    group = said.numbers.group(at)
    if group is None:
        group = said.numbers.homophone(at, before) if before else _misheard_zero(said, at)
    elif (not group.written and said.at(group.end, "number.not_digits")) or (
        group.written and (_of_word(said, group) or _is_date(said, at))
    ):
        return None
    return group


def _misheard_zero(said: Utterance, at: int) -> Group | None:
    """Return the zero of "L2 5550 1234"."""
    joined = said.low(at) == "l" and at + 1 < len(said) and said.tokens[at + 1].glued
    after = at + 1 + (said.low(at + 1) == "-")
    return Group(("0",), at, at + 1) if joined and said.numbers.group(after) else None


def _of_word(said: Utterance, group: Group) -> bool:
    """Return True for the digits of "s666666666" and "2nd"."""
    if group.first and said.tokens[group.first].glued:
        before = said.tokens[group.first - 1]
        if before.kind is Kind.LETTER and before.low not in "lo":
            return True
    if group.end < len(said) and said.tokens[group.end].glued:
        after = said.tokens[group.end]
        return after.kind in (Kind.WORD, Kind.LETTER) and not said.at(group.end, "phone.extension")
    return False


def _is_date(said: Utterance, at: int) -> bool:
    """Return True inside "04/21/2020" and "12:37", and False inside "0176/123"."""
    joints = [said.low(n) for n in (at - 3, at - 1, at + 1, at + 3) if _is_joint(said, n)]
    return ":" in joints or len(joints) > 1


def _is_joint(said: Utterance, at: int) -> bool:
    if not 0 < at < len(said) - 1 or said.low(at) not in ("/", ":"):
        return False
    digits = said.tokens[at - 1].is_digits and said.tokens[at + 1].is_digits  # not "mobile:0412"
    return digits and said.tokens[at].glued and said.tokens[at + 1].glued


def _run(said: Utterance, phrases: tuple[tuple[Group, ...], ...], before: int, at: int) -> Run:
    lead = {match.tag for match in said.all("clause.mend", "phone.plus", first=before, end=at)}
    part = next(iter(said.all(*_PARTS, first=before, end=at)), None)
    end = phrases[-1][-1].end
    if part is None and (behind := said.at(end, "phone.behind")):
        part = Match(f"phone.{behind.value}", behind.first, behind.end, "said")
    clause = said.clause(at)
    opening = max(before, clause.first)
    elsewhere = [m.end for m in said.all("phone.elsewhere", first=opening, end=at)]
    lead_end = [m.end for m in said.all("phone.lead", first=opening, end=at)]
    other = said.before(at, "phone.extension") is not None
    other |= any(said.all("phone.other", first=opening, end=at))
    goes_on, begun = _leads_up(said, before, at)
    owner = owner_behind(said, end)
    timed = any(said.all("time.weekday", "time.month", first=before, end=at))  # "…, at two"
    return Run(
        phrases,
        begun,
        part,
        plus=any(said.low(n) in ("+",) or said.at(n, "phone.plus") for n in range(before, at)),
        mends=before > 0 and not timed and ("clause.mend" in lead or clause.mends or clause.denied),
        goes_on=goes_on,
        other=other or (clause.denied and not part) or clause.past or (clause.others and not owner),
        theirs=owner is not None
        or _is_theirs(said, opening, at)
        or told_from(said, at) < clause.first
        or any(said.all("phone.failing", first=before, end=at))
        or _is_outdone(said, end),
        elsewhere=bool(elsewhere) and elsewhere[-1] >= max(lead_end, default=0),
    )


def _is_outdone(said: Utterance, end: int) -> bool:
    """Return True for a number with "but the mobile's better" or "but I'm never there" behind."""
    but = said.at(end + (said.low(end) == ","), "clause.open")
    if but is None or but.value != "but":
        return False
    return any(said.all("refuse.not", "phone.better", first=but.end, end=but.end + _MOST_TOLD))


def told_from(said: Utterance, at: int) -> int:
    """Return where the clause begins, or the one before where that one tells whose the number is.

    As in "put my husband's number too, it's 0412 …".
    """
    first = said.clause(at).first
    goes_on = first > 0 and not ends_sentence(said.tokens, first - 1) and said.at(first, "lead.is")
    before = said.clause(first - 1 if goes_on else first)
    others = goes_on and any(said.in_clause(before, "clause.others"))
    return before.first if others else first


def owner_behind(said: Utterance, end: int) -> Match | None:
    """Return the "my husband's" of "…, that's my husband's", behind a number."""
    lead = said.at(end + (said.low(end) == ","), "lead.is")
    owner = said.at(lead.end, "clause.others") if lead else None
    return owner if owner and said.low(owner.end - 1).endswith("'s") else None


def _is_theirs(said: Utterance, opening: int, at: int) -> bool:
    """Return True for "his number's …" and "Bill's number is …"."""
    if any(said.all("phone.others", first=opening, end=at)):
        return True
    owners = [lead.first - 1 for lead in said.all("phone.lead", first=opening, end=at)]
    return any(said.low(owner).endswith("'s") and not said.at(owner, "lead.is") for owner in owners)


def _leads_up(said: Utterance, before: int, at: int) -> tuple[bool, int]:
    """Return whether only links lead up to `at`, and where the unbroken ones begin."""
    place = begun = before
    broken = False
    while place < at:
        match = said.at(place, *_PARTS, *(_LEADS if before else _FIRST_LEADS))
        if match and match.end <= at:
            place = match.end
            continue
        content = not said.is_sound(place)
        place += 1
        if content:
            begun, broken = place, True
    while begun < at and said.is_sound(begun) and said.low(begun) not in "+(":
        begun += 1
    return not broken, begun
