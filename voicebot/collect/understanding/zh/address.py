"""Addresses as said in Chinese, on one line, with house numbers in digits.

The stretches between marks that name a road, a place, a town or a number are put together; of
several addresses the one that is to be visited counts, and a part said again mends the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.types import Asked, Correct, Missing, Provide, Situation
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.zh.address_parts import (
    features,
    in_its_town,
    is_numbered,
    is_town,
    lacks_number,
    mended,
    units_of,
)

_BESIDE_ADDRESS = (Step.ADDRESS, Step.NAME, Step.PHONE, Step.EMAIL)
"""When asked for these, callers give a house and a street along with them."""
_INSIDE_MARKS = frozenset("-#·()&/")
_NAMES_IT = ("address.lead", "address.label")
_SHORTEST = 3
_SHORTEST_TOWN = 6
_ELSEWHERE, _HERE = 0, 1


@dataclass(frozen=True, slots=True)
class _Place:
    """Words that may be an address: the tokens from `first` up to `end`.

    begun  where what leads up to them begins      announced  it says that an address follows
    rank   is it to be visited?                    mends  it takes back what was said before
    text   as it is written, `whole` or the part of one that lacks its street; on how many guesses
    denied  what comes next stands in its place      gone  its number is to go (没有弄, 没有5楼)
    pieces  the stretches between marks of which it is made, without what leads up to them
    """

    first: int
    end: int
    begun: int = 0
    announced: bool = False
    rank: int = _HERE
    mends: bool = False
    text: str = ""
    whole: bool = False
    guesses: int = 0
    denied: bool = False
    gone: bool = False
    pieces: tuple[tuple[int, int], ...] = ()


def address(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the address that was said, the part of one, or the one held with a part said anew."""
    asked = situation.step is Step.ADDRESS
    wrong = any(match.value == Step.ADDRESS for match in said.all("no.field"))
    bare = wrong or situation.step in _BESIDE_ADDRESS
    held = situation.record.get(Step.ADDRESS)
    stretches = list(_stretches(said, bare))
    named = situation.step is not Step.TIME or not said.tags.isdisjoint(_NAMES_IT)
    mends = any(each.mends for each in stretches)
    told = any(_is_of(said, each, held, mends) for each in stretches)
    told &= named  # else 不是五号 is a day
    told |= "address.label" in said.tags and not any(clause.denied for clause in said.clauses)
    mendable = held if wrong or told or (asked and situation.asked is Asked.CONFIRM) else None
    partial = situation.partial if asked else None
    found = _meant(said, stretches, mendable or partial)
    if found is None or (found.guesses and not (asked or wrong)):
        return
    span = said.span(found.first, found.end)
    text = found.text
    text = in_its_town(text, held, said.lexicon.language) if held and found.whole else text
    if mendable and found.whole and text != mendable:
        yield Candidate(Correct(Step.ADDRESS, text, span), found.begun, found.end, found.guesses)
        return
    if not found.whole and not asked:
        return
    act = Provide(Step.ADDRESS, text, span, assumed=found.guesses)
    if not found.whole:
        act = replace(act, value=None, missing=Missing.STREET, partial=text)
    elif asked and lacks_number(text, said.lexicon.language):
        act = replace(act, value=None, missing=Missing.HOUSE_NUMBER, partial=text)
    yield Candidate(act, found.begun, found.end, found.guesses)


def _is_of(said: Utterance, each: _Place, held: str | None, mends: bool) -> bool:
    """Return True for a part of the held address that is said to be wrong: 不是3楼, 没有弄.

    `mends`: something is taken back in the utterance: 3楼改成5楼.
    """
    wrong = (each.denied or mends) and _written(said, each.pieces) in (held or "")
    return bool(held) and (each.gone or wrong)


def _meant(said: Utterance, stretches: Sequence[_Place], held: str | None) -> _Place | None:
    """Return the address to be visited, with what was said anew in it."""
    read = [place for each in stretches if (place := _read(said, each)).text]
    ranks = [each.rank for each in read if each.whole]
    best = max(ranks, default=_HERE)
    meant: _Place | None = None
    wrong: _Place | None = None
    language = said.lexicon.language
    for each in read:
        if each.rank < best:
            continue
        if each.denied:
            wrong = each
            continue
        before = meant.text if meant else held
        lacks_street = meant is None or is_town(said, meant.first, meant.end)
        if before and (each.mends or not each.whole or held or lacks_street):
            slip, not_so = each.mends and meant is not None, wrong.text if wrong else ""
            text = mended(
                before,
                each.text,
                language,
                wrong=not_so,
                gone=each.gone,
                mends=each.mends,
                slip=slip,
            )
            begun = min(place.begun for place in (meant, wrong, each) if place)
            meant = replace(each, begun=begun, text=text, whole=True, guesses=0)
        elif meant is None or each.mends or each.whole > meant.whole:
            meant = each
        elif lacks_number(meant.text, language):  # 控江路那个，叫什么，控江路8号
            text = in_its_town(each.text, meant.text, language)
            meant = replace(each, text=text) if text != each.text else meant
    lacks = meant and not meant.whole and not features(said, meant.first, meant.end).admin
    return None if lacks else meant


def _stretches(said: Utterance, bare: bool) -> Iterator[_Place]:
    """Give the stretches that may be an address; marks and sounds inside one do not part it."""
    open_: _Place | None = None
    rank, denied = _HERE, False
    for first, end, mends in _pieces(said):
        if all(said.is_sound(at) or said.at(at, "quiet.link") for at in range(first, end)):
            continue
        piece = _announced(said, first, end, mends=mends or denied)
        marked = said.at(first, "address.turn") or piece.rank != _HERE
        rank = piece.rank if marked or piece.announced else rank
        piece, denied = replace(piece, rank=rank), piece.denied
        asks = said.clause(piece.first).asked if piece.first < len(said) else True
        has_street = open_ is not None and not is_town(said, open_.first, open_.end)
        town = has_street and is_town(said, piece.first, piece.end)
        if open_ and units_of(said, open_.first, open_.end) & units_of(said, first, end):
            piece = replace(piece, mends=True)  # 100号，噢是200号
        alone = piece.announced or piece.mends or marked or piece.denied or piece.gone or town
        goes_on = open_ is not None and not alone
        near = said.before(piece.end, "address.beside")
        if goes_on and near and not features(said, piece.first, piece.end).number:
            continue  # 美罗城旁边
        counts = piece.gone or (not asks and _belongs(said, piece, goes_on=goes_on))
        if goes_on and open_ and counts:
            open_ = replace(open_, end=piece.end, pieces=open_.pieces + piece.pieces)
            continue
        if open_:
            yield open_
        begins = counts and (bare or piece.announced or piece.mends)
        open_ = piece if begins and not piece.gone else None
        if piece.gone:
            yield piece
    if open_:
        yield open_


def _pieces(said: Utterance) -> Iterator[tuple[int, int, bool]]:
    """Give the stretches between marks and mends, and whether each follows a mend."""
    first, mends, at = 0, False, 0
    while at < len(said):
        mend = said.at(at, "clause.mend")
        if mend or (said.tokens[at].is_sign and said.low(at) not in _INSIDE_MARKS):
            if at > first:
                yield first, at, mends
                mends = False
            at = first = mend.end if mend else at + 1
            mends = mends or mend is not None
        else:
            at += 1
    if first < len(said):
        yield first, len(said), mends


def _announced(said: Utterance, first: int, end: int, *, mends: bool) -> _Place:
    """Return a piece without the words that lead up to the address, and that go on behind it."""
    begun, announced, rank = first, False, _HERE
    if any(said.all("address.elsewhere", first=first, end=end)):
        rank = _ELSEWHERE
    for lead in said.all("address.lead", "address.label", first=first, end=end):
        if lead.end < end:
            begun, first, announced = lead.first, lead.end, lead.tag == "address.lead"
    while first < end and (opening := said.at(first, "address.opening", "clause.open")):
        first = opening.end
    deny, without = said.at(first, "clause.deny"), said.at(first, "address.without")
    denied = first < end and said.clause(first).denied
    first = deny.end if deny else first
    tail = next(said.all("address.tail", first=min(first + 1, end), end=end), None)
    roads = said.all("address.road", "address.place", first=first, end=end)
    there = (road.end for road in roads if said.at(road.end, "address.there"))  # 延平路那个弄堂
    last = min([*there, tail.first if tail else end])
    while last > first and said.at(last - 1, "address.particle"):
        last -= 1
    number = said.numbers.figures(without.end) if without else None
    unit = said.at(number.end if number else without.end, "address.unit") if without else None
    no_unit = said.at(first, "address.unit") if deny else None  # 不是弄
    denied &= no_unit is None or no_unit.end != last
    gone = (unit is not None and unit.end == last) or (deny is not None and not denied)
    first = without.end if without and gone else first
    place = _Place(first, last, begun, announced, rank, mends, denied=denied, gone=gone)
    return replace(place, pieces=((first, last),))


def _belongs(said: Utterance, piece: _Place, *, goes_on: bool) -> bool:
    has = features(said, piece.first, piece.end)
    talk = any(said.all("address.no_place", first=piece.first, end=piece.end))
    named = any(has) and not (talk and not has.number)
    if goes_on:
        room = said.numbers.figures(piece.first)
        return named or (room is not None and _room_end(said, room.end) == piece.end)
    if talk and not has.number:
        return False
    return named or (piece.announced and piece.end - piece.first >= _SHORTEST)


def _room_end(said: Utterance, end: int) -> int:
    """Return where a room ends whose figures end there, with its letter: 十五A, 15A08."""
    if end < len(said) and said.tokens[end].kind is Kind.LETTER:
        end += 1
        end += end < len(said) and said.tokens[end].is_digits and said.tokens[end].glued
    return end


def _read(said: Utterance, each: _Place) -> _Place:
    """Return it with its text, if it is an address or a part of one."""
    has, text = features(said, each.first, each.end), _written(said, each.pieces)
    if each.gone:
        return replace(each, text=text)
    named = has.road or has.place
    ends_with_town = said.before(each.end, "address.admin", "address.city") is not None
    only_town = has.admin and not named and ends_with_town
    rural = said.before(each.end, "address.town") and each.end - each.first >= _SHORTEST_TOWN
    if each.end - each.first < 2 or not (named or has.number or only_town or each.announced):
        return each
    if has.whole or (each.announced and (rural or not (only_town or has.number))):
        return replace(each, text=text, whole=True, guesses=not (has.number or each.announced))
    return replace(each, text=text, whole=named, guesses=2)


def _beyond_repeated(said: Utterance, text: str, first: int, end: int) -> int:
    """Return where a piece goes on that begins with the road before it: 延平路那边，延平路99弄."""
    words = [token.text for token in said.tokens[first:end]]
    same = (n for n in range(len(words), 1, -1) if text.endswith("".join(words[:n])))
    return first + next(same, 0)


def _written(said: Utterance, pieces: Sequence[tuple[int, int]]) -> str:
    """Return house numbers in digits, no pauses; names of roads keep their characters (五一路)."""
    text, after_unit = "", False
    for first, end in pieces:
        at, last = _beyond_repeated(said, text, first, end), end == pieces[-1][1]
        while at < end:
            group = said.numbers.figures(at)
            if group and group.end <= end:
                hyphens = said.at(group.end, "address.hyphen") or text.endswith("-")
                ends = last and _room_end(said, group.end) == end
                room = after_unit and len(group.digits) > 1 and ends
                digits = is_numbered(said, at) or hyphens or room
                raw = "".join(token.text for token in said.tokens[at : group.end])
                text, at = text + (group.digits if digits else raw), group.end
                continue
            unit = said.at(at, "address.unit")
            hyphen = said.at(at, "address.hyphen")
            if hyphen and text[-1:].isdigit() and said.numbers.figures(hyphen.end):
                text, at = text + "-", hyphen.end
                continue
            if not said.tokens[at].is_sign or said.low(at) in _INSIDE_MARKS:
                text += said.tokens[at].text
                after_unit = unit is not None or said.tokens[at].kind is Kind.LETTER or after_unit
            at += 1
    return text
