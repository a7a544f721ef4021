"""An address as said in Spanish: street, number, door, place; a held one is mended by part.

"Calle Mayor 12, tercero izquierda, 28013 Madrid", "carrera siete número setenta y dos cuarenta y
uno". What begins with no kind of street ("4210 Elm Street") is left to the common reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voicebot.call import Step
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.address import address as common_address
from voicebot.collect.reading.fields.address_parts import Kind, Part, Parts, kinds
from voicebot.collect.reading.fields.address_words import Word, Words, words_of
from voicebot.collect.reading.types import Correct, Missing, Provide, Situation
from voicebot.collect.reading.utterance import Utterance, utterance

_LEADS = ("address.lead", "address.label", "lead.is", "quiet.link", "clause.mend")
_SMALL = frozenset(("de", "del", "la", "las", "los", "el", "y", "e", "colonia", "barrio", "sin"))
_ORDER = (Kind.STREET, Kind.NUMBER, Kind.UNIT, Kind.POSTCODE, Kind.PLACE)
_LABELLED = {
    "number": Kind.NUMBER,
    "unit": Kind.UNIT,
    "street": Kind.STREET,
    "place": Kind.PLACE,
    "postcode": Kind.POSTCODE,
}
_LONGEST_STREET_WORDS, _LONGEST_PLACE_WORDS, _LONGEST_PIECE_WORDS = 7, 6, 9
_LONGEST_BARE_WORDS = 4
_POSTCODE_DIGITS, _MOST_NUMBER_DIGITS = 5, 5


def address(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the address that was said, a piece of one, or the held one with a part mended."""
    alone, held = situation.step is Step.ADDRESS, situation.record.get(Step.ADDRESS, "")
    parts = _parts(said, alone=alone)
    if parts and Kind.STREET in kinds(parts) and (alone or _is_whole(parts)):
        earlier = _held(situation.partial) if alone and situation.partial else ()
        yield _provided(said, _merged(earlier, parts), parts)
    elif held and (piece := _labelled(said) or (_alone(said) if alone else ())):
        first, end = piece[0].first, piece[-1].end
        act = Correct(Step.ADDRESS, _line(_merged(_held(held), piece)), said.span(first, end))
        yield Candidate(act, _lead(said, first), end, assumes=not alone)
    elif alone and situation.partial and (piece := _labelled(said) or _alone(said)):
        yield _provided(said, _merged(_held(situation.partial), piece), piece)
    else:
        yield from common_address(said, situation)


def _is_whole(parts: Parts) -> bool:
    return {Kind.STREET, Kind.NUMBER} <= kinds(parts)


def _held(text: str) -> Parts:
    said = utterance(text, "es")
    return _parts(said, alone=True)


def _provided(said: Utterance, whole: Parts, parts: Parts) -> Candidate:
    first, end, text = parts[0].first, max(part.end for part in parts), _line(whole)
    span = said.span(first, end)
    if _is_whole(whole):
        missing = None if kinds(whole) & {Kind.PLACE, Kind.POSTCODE} else Missing.SUBURB
        return Candidate(Provide(Step.ADDRESS, text, span, missing), _lead(said, first), end)
    missing = Missing.HOUSE_NUMBER if Kind.STREET in kinds(whole) else Missing.STREET
    act = Provide(Step.ADDRESS, None, span, missing, text, assumed=1)
    return Candidate(act, _lead(said, first), end, assumes=1)


def _lead(said: Utterance, first: int) -> int:
    while lead := said.before(first, *_LEADS):
        first = lead.first
    return first


def _merged(held: Parts, said: Parts) -> Parts:
    """Return what was held, with the kinds that are said now in their places."""
    kept = [part for part in held if part.kind not in kinds(said)]
    if not kept:
        return said
    return tuple(sorted((*kept, *said), key=lambda part: _ORDER.index(part.kind)))


def _line(parts: Parts) -> str:
    text = ""
    for before, part in zip((None, *parts), parts, strict=False):
        pair = before and (before.kind, part.kind)
        close = pair in ((Kind.STREET, Kind.NUMBER), (Kind.POSTCODE, Kind.PLACE))
        text += ("" if before is None else " " if close else ", ") + part.text
    return text


# -- what is said


def _parts(said: Utterance, *, alone: bool) -> Parts:
    """Return the last address that counts, with what mends it behind."""
    words = Words(said, words_of(said))
    found: Parts = ()
    at = 0
    while at < len(words):
        street = _street(words, at) if said.clause(words[at].first).counts else None
        if street is None:
            at += 1
            continue
        part, at = street
        parts, at = _behind(words, at, (part,), alone=alone)
        if _is_whole(parts) or not found:
            found = parts
    begin = 0
    while begin < len(words) and words.phrase(begin, *_LEADS):
        begin += 1
    if not found and alone and (bare := _without_kind(words, begin)):
        return _behind(words, bare[1], (bare[0],), alone=alone)[0]
    return found


def _street(words: Words, at: int) -> tuple[Part, int] | None:
    """Return the kind of street and its name, up to its number or a pause."""
    kind = words.phrase(at, "address.street")
    if kind is None:
        return None
    begin = end = words.place(kind.end)
    while end < min(begin + _LONGEST_STREET_WORDS, len(words)):
        word = words[end]
        if word.pause and end > begin:
            break
        if words.phrase(end, "address.number", "address.no_number", "address.kilometre"):
            break
        if words.phrase(end, "address.unit") and end > begin:
            break
        if end > begin and (words.phrase(end, "address.stop") or word.low == "en"):
            break
        if word.is_number and not (end == begin and _is_numbered_street(words, end)):
            break
        end += 1
    if end == begin and " " not in kind.value:
        return None  # "plaza" alone is none; "Gran Vía" is
    text = " ".join([kind.value, *(_titled(words[n]) for n in range(begin, end))])
    return Part(Kind.STREET, text, words[at].first, max(kind.end, words[end - 1].end)), end


def _is_numbered_street(words: Words, at: int) -> bool:
    """Return True for the 45 of "diagonal 45 sur número 20 15"."""
    return any(words.phrase(n, "address.number") for n in (at + 1, at + 2))


def _without_kind(words: Words, at: int) -> tuple[Part, int] | None:
    """Return the street of "Corrientes 1234, piso 5": unknown words, then a number and a pause."""
    end = at
    while words.near(end).is_name if end > at else words[end].is_name:
        everyday = words.said.lexicon.is_everyday(words[end].low)
        if end - at == _LONGEST_BARE_WORDS or (everyday and words[end].low not in _SMALL):
            return None
        end += 1
    number = words.near(end)
    if end == at or len(number.digits) < 2 or not words[end + 1].pause:
        return None
    text = " ".join(_titled(word) for word in words.part(at, end))
    return Part(Kind.STREET, text, words[at].first, words[end - 1].end), end


def _behind(words: Words, at: int, parts: Parts, *, alone: bool) -> tuple[Parts, int]:
    """Return the parts with number, door, postcode and place that follow."""
    numbered = _number(words, at)
    if numbered:
        parts, at = (*parts, numbered[0]), numbered[1]
    while at < len(words):
        mend = words.phrase(at, "clause.mend")
        if mend:
            at = words.place(mend.end)
            if (again := _number(words, at)) and numbered:
                parts = (*(p for p in parts if p.kind is not Kind.NUMBER), again[0])
                parts, at = tuple(sorted(parts, key=lambda p: _ORDER.index(p.kind))), again[1]
                continue
            break
        piece = _postcode(words, at) or _unit(words, at)
        piece = piece or (_place(words, at, loose=not numbered) if alone or numbered else None)
        if piece is None:
            break
        part, at = piece
        parts = _added(parts, part)
    return parts, at


def _added(parts: Parts, part: Part) -> Parts:
    """Return the parts with one more; a second door or place is written behind the first."""
    last = parts[-1]
    if last.kind is not part.kind:
        return (*parts, part)
    return (*parts[:-1], Part(part.kind, f"{last.text}, {part.text}", last.first, part.end))


def _number(words: Words, at: int) -> tuple[Part, int] | None:
    """Return "12", "número doce", "12 B", "sin número", "kilómetro 12"; "# 72-41" in Colombia."""
    first = at
    if none := words.phrase(at, "address.no_number"):
        end = words.place(none.end)
        return Part(Kind.NUMBER, "s/n", words[first].first, none.end), end
    mark = words.phrase(at, "address.number", "address.kilometre")
    at = words.place(mark.end) if mark else at
    word, after = words[at], words.near(at + 1)
    if not word.is_number:
        return None
    text, end = word.digits or word.text.upper(), at + 1
    if mark and mark.tag == "address.number" and after.is_number:
        text, end = f"# {text}-{after.digits or after.text.upper()}", at + 2
    elif mark and mark.tag == "address.kilometre":
        text = f"kilómetro {text}"
    elif after.text and after.is_letter and after.low not in ("y", "e", "o", "a"):
        text, end = f"{text} {after.text.upper()}", at + 2
    if mark is None and len(word.digits) > _MOST_NUMBER_DIGITS:
        return None
    return Part(Kind.NUMBER, text, words[first].first, words[end - 1].end), end


def _postcode(words: Words, at: int) -> tuple[Part, int] | None:
    lead = words.phrase(at, "address.postcode")
    begin = words.place(lead.end) if lead else at
    digits, end = words.digits(begin)
    if len(digits) != _POSTCODE_DIGITS and not (lead and digits):
        return None
    return Part(Kind.POSTCODE, digits, words[at].first, words[end - 1].end), end


def _unit(words: Words, at: int) -> tuple[Part, int] | None:
    """Return "tercero izquierda", "bajo B", "piso 3 puerta 2", "apartamento 302"."""
    ranked = words[at].is_figure and words[at].low.lstrip("0123456789") in ("o", "a")  # 4º, 1ª
    if not (ranked or words.phrase(at, "address.unit")):
        return None
    texts: list[str] = []
    end = at
    while end < len(words) and (end == at or not words[end].pause):
        word, known = words[end], words.phrase(end, "address.unit")
        if known:
            texts.append(word.low)
        elif ranked and end == at:
            texts.append(word.low[:-1] + ("º" if word.low.endswith("o") else "ª"))
        elif word.is_number or word.is_letter:
            texts.append(word.digits or word.text.upper())
        else:
            break
        end += 1
    return Part(Kind.UNIT, " ".join(texts), words[at].first, words[end - 1].end), end


def _place(words: Words, at: int, *, loose: bool) -> tuple[Part, int] | None:
    """Return the town, behind a pause or "en"; `loose`: only there, as no number stands before."""
    lead = words.phrase(at, "address.place")
    begin = end = words.place(lead.end) if lead else at
    if loose and not (lead or words[at].pause):
        return None
    while end < begin + _LONGEST_PLACE_WORDS and (end == begin or words.near(end).text):
        word = words[end]
        stops = words.phrase(end, "address.stop", "quiet.courtesy", "act.thank", "address.postcode")
        named = word.is_name or (end == begin and word.is_letter and words.near(end + 1).is_name)
        if not named or stops or words.phrase(end, "clause.mend", "address.place"):
            break
        end += 1
    if end == begin or not any(word.low not in _SMALL for word in words.part(begin, end)):
        return None
    text = " ".join(_titled(word) for word in words.part(begin, end))
    return Part(Kind.PLACE, text, words[at].first, words[end - 1].end), end


def _titled(word: Word) -> str:
    if word.low in _SMALL:
        return word.text
    return word.digits or (word.text if word.text[0].isupper() else word.text.capitalize())


# -- a part alone


def _labelled(said: Utterance) -> Parts:
    """Return the part that is named: "el número es el dieciséis", "la calle es Serrano"."""
    label = next(said.all("address.label"), None)
    if label is None:
        return ()
    words = Words(said, words_of(said))
    at = words.place(label.end)
    at += words[at].low in ("el", "la")
    kind = _LABELLED[label.value]
    read = {Kind.NUMBER: _number, Kind.UNIT: _unit, Kind.POSTCODE: _postcode}.get(kind)
    if read:
        found = read(words, at)
    else:
        place = _place(words, at, loose=False)
        found = _street(words, at) if kind is Kind.STREET else None
        if place and not found:
            text = f"Calle {place[0].text}" if kind is Kind.STREET else place[0].text
            found = Part(kind, text, place[0].first, place[0].end), place[1]
    return (found[0],) if found else ()


def _alone(said: Utterance) -> Parts:
    """Return the parts of a short answer that is nothing else: "el 14", "tercero B"."""
    words = Words(said, words_of(said))
    at, found = 0, list[Part]()
    while at < len(words) and words.phrase(at, *_LEADS, "no.plain", "time.the") and not found:
        lead = words.phrase(at, "address.place")
        if lead:
            break
        at += 1
    if len(words) - at > _LONGEST_PIECE_WORDS:
        return ()
    while at < len(words):
        piece = _unit(words, at) or _postcode(words, at) or _number(words, at)
        piece = piece or _place(words, at, loose=not found)
        if piece is None:
            return tuple(found) if _is_quiet(words.part(at), said) else ()
        found.append(piece[0])
        at = piece[1]
    return tuple(found)


def _is_quiet(words: Sequence[Word], said: Utterance) -> bool:
    return all(said.at(word.first, "quiet.courtesy", "act.thank", "quiet.link") for word in words)
