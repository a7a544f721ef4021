"""An address as said in Spanish: street, number, door, place; a held one is mended by part.

"Calle Mayor 12, tercero izquierda, 28013 Madrid", "carrera siete número setenta y dos cuarenta y
uno". What begins with no kind of street ("4210 Elm Street") is left to the common reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.es.address_parts import (
    NUMBERS,
    name_end,
    number_at,
    place_at,
    postcode_at,
    text_of,
    unit_at,
)
from voicebot.collect.understanding.fields.address import address as common_address
from voicebot.collect.understanding.fields.address import provided
from voicebot.collect.understanding.fields.address_parts import (
    Found,
    Kind,
    Parts,
    box_at,
    found,
    is_whole,
    merge,
)
from voicebot.collect.understanding.fields.address_talk import without_remarks, without_yes
from voicebot.collect.understanding.fields.address_words import (
    Words,
    words_of,
)
from voicebot.collect.understanding.types import Asked, Correct, Provide, Situation
from voicebot.collect.understanding.utterance import Utterance, utterance

_LEADS = ("address.lead", "address.label", "lead.is", "quiet.link", "clause.mend")
_QUIET = ("quiet.courtesy", "act.thank", "quiet.link")
_ORDER = (Kind.BOX, Kind.STREET, Kind.NUMBER, Kind.UNIT, Kind.POSTCODE, Kind.PLACE)
_CLOSE = {(Kind.STREET, Kind.NUMBER), (Kind.POSTCODE, Kind.PLACE)}
"""Between these no comma is written."""
_LONGEST_BARE_WORDS, _LONGEST_PIECE_WORDS = 4, 9


def address(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the address that was said, a piece of one, or the held one with a part mended."""
    alone, held = situation.step is Step.ADDRESS, situation.record.get(Step.ADDRESS, "")
    told = words_of(said)
    answers = alone and situation.asked is not Asked.CONFIRM
    words = Words(said, without_remarks(said, without_yes(said, told) if answers else told))
    earlier = situation.partial if alone else ""
    parts = _parts(words, alone=alone)
    piece = _labelled(words) if (held or earlier) and not is_whole(parts) else ()
    parts = () if piece else _with_town_before(words, parts)
    town = alone and is_whole(_known(earlier)) and situation.asked is Asked.ANSWER
    piece = piece or (_piece(words, town=town) if alone and (held or earlier) and not parts else ())
    first = parts[0].first if parts else piece[0].first if piece else 0
    if parts and (alone or is_whole(parts)):
        road, before = next((p for p in parts if p.kind is Kind.STREET), None), _known(held)
        placed = any(part.kind in (Kind.POSTCODE, Kind.PLACE) for part in parts)
        again = not placed and any(road and road.text == part.text for part in before)
        kept = before if again else _known(earlier)  # the same street in the town that is held
        whole = merge(kept, parts, _ORDER)
        if parts[0].kind is Kind.PLACE:  # the town was said first
            whole = (*(part for part in whole if part is not parts[0]), parts[0])
        yield _provided(said, whole, parts)
    elif held and piece:
        text = _line(merge(_known(held), piece, _ORDER))
        act = Correct(Step.ADDRESS, text, said.span(first, piece[-1].end))
        yield Candidate(act, _lead(said, first), piece[-1].end, assumes=not alone)
    elif piece:
        yield _provided(said, merge(_known(earlier), piece, _ORDER), piece)
    else:
        common = common_address(said, situation)
        yield from (each for each in common if not _is_chatter(said, each))


def _is_chatter(said: Utterance, each: Candidate) -> bool:
    """Return True for everyday words alone, "yo no tengo de eso", and for those of a sentence:
    "quiero hablar con una persona"."""
    places = [at for at in range(each.first, each.end) if not said.tokens[at].is_sign]
    inner = places[1:]  # behind "en"
    says = any(said.at(at, "quiet.function") and not said.at(at, "address.small") for at in inner)
    if says and each.assumes:
        return True
    whole = isinstance(each.act, Provide) and each.act.missing is None
    return not whole and all(
        said.lexicon.is_everyday(said.low(at)) or said.at(at, "yes.agree") for at in places
    )


def _known(text: str | None) -> Parts:
    said = utterance(text or "", "es")
    words = Words(said, words_of(said))
    parts = _parts(words, alone=True)
    town = None if parts or not len(words) else place_at(words, 0, loose=False)
    return (town[0],) if town else parts


def _provided(said: Utterance, whole: Parts, parts: Parts) -> Candidate:
    begun, guesses = _lead(said, parts[0].first), int(not is_whole(whole))
    return provided(said, whole, parts, _line(whole), begun, guesses)


def _lead(said: Utterance, first: int) -> int:
    while lead := said.before(first, *_LEADS):
        first = lead.first
    return first


def _line(parts: Parts) -> str:
    text = parts[0].text
    for before, part in pairwise(parts):
        text += (" " if (before.kind, part.kind) in _CLOSE else ", ") + part.text
    return text


# -- what is said


def _with_town_before(words: Words, parts: Parts) -> Parts:
    """Return the parts with the town that is named first: "vivo en Getafe, en la calle …"."""
    if not parts or any(part.kind is Kind.PLACE for part in parts):
        return parts
    street = words.place(parts[0].first)
    ends = [words.place(m.end) for m in words.said.all(*_LEADS, end=parts[0].first)]
    towns = [(at, place_at(words, at, loose=False)) for at in (0, *ends) if at < street]
    at, town = next((t for t in reversed(towns) if _ends_before(words, t[1], street)), (0, None))
    if town is None:
        return parts
    between = range(town[1], street)
    named = not any(words.said.lexicon.is_everyday(words[n].low) for n in range(at, town[1]))
    leads = all(words.phrase(n, *_LEADS, "address.small") for n in between)
    return (town[0], *parts) if named and leads and town[1] <= street else parts


def _ends_before(words: Words, town: Found | None, street: int) -> bool:
    return town is not None and town[1] <= street and words[town[1]].pause


def _parts(words: Words, *, alone: bool) -> Parts:
    """Return the last address that counts, with what mends it behind."""
    whole, at = Parts(), 0
    while at < len(words):
        box = box_at(words, at)
        road = found(Kind.BOX, words, at, box) if box else _street(words, at)
        if road is None or not words.said.clause(words[at].first).counts:
            at += 1
            continue
        parts, at = _behind(words, road[1], (road[0],), alone=alone)
        whole = parts if is_whole(parts) or not whole else whole
    if whole or not alone:
        return whole
    for begin in range(len(words)):
        if begin and not words[begin].pause:
            continue
        while words.phrase(begin, *_LEADS):
            begin += 1
        if bare := _without_kind(words, begin):
            return _behind(words, bare[1], (bare[0],), alone=alone)[0]
    return whole


def _street(words: Words, at: int) -> Found | None:
    """Return the kind of street and its name, up to its number or a pause."""
    if (kind := words.phrase(at, "address.street")) is None:
        return None
    begin = words.place(kind.end)

    def stops(end: int) -> bool:
        if words[end].is_number:  # "diagonal 45 sur número 20 15"
            return end > begin or (
                not words.phrase(end + 1, "address.number")
                and not (words.phrase(end + 2, "address.number"))
            )
        ends = ("address.unit", "address.stop", "address.place") if end > begin else ()
        return bool(words.phrase(end, *NUMBERS, *ends))

    end = name_end(words, begin, stops)
    if end == begin and " " not in kind.value:
        return None  # "plaza" alone is none; "Gran Vía" is
    text = f"{kind.value} {text_of(words, begin, end)}".rstrip()
    street, _ = found(Kind.STREET, words, at, (text, max(end, at + 1)))
    return replace(street, end=max(kind.end, street.end)), end


def _without_kind(words: Words, at: int) -> Found | None:
    """Return the street of "Corrientes 1234, piso 5": unknown words, then a number and a pause."""
    end = name_end(words, at, lambda end: not words[end].is_name)
    number = words.near(end)
    own = [n for n in range(at, end) if not words.phrase(n, "address.small", "name.particle")]
    everyday = [n for n in own if words.said.lexicon.is_everyday(words[n].low)]
    titled = all(words[n].text[0].isupper() for n in own)
    titled = titled and (len(own) > 1 or unit_at(words, end + 1) is not None)
    talk = everyday and not (titled or (everyday == own[:1] and len(own) > 1))
    small = all(words.phrase(n, "address.small") for n in range(at, end))  # "el 50"
    if not 0 < end - at <= _LONGEST_BARE_WORDS or talk or small:
        return None
    few = not number.digits or (everyday and len(number.digits) < 2)  # "tengo 2"
    if few or not words[end + 1].pause:
        return None
    return found(Kind.STREET, words, at, (text_of(words, at, end), end))


def _behind(words: Words, at: int, parts: Parts, *, alone: bool) -> tuple[Parts, int]:
    """Return the parts with number, door, postcode and place that follow."""
    numbered = number_at(words, at)
    if numbered:
        parts, at = (*parts, numbered[0]), numbered[1]
    sure = numbered or parts[0].kind is Kind.BOX
    while at < len(words):
        if mend := words.phrase(at, "clause.mend"):
            again = number_at(words, words.place(mend.end))
            if not (again and numbered):
                break
            parts, at = merge(parts, (again[0],), _ORDER), again[1]
            continue
        piece = postcode_at(words, at) or unit_at(words, at)
        sure = sure or (piece is not None and piece[0].kind is Kind.UNIT)
        piece = piece or (place_at(words, at, loose=not sure) if alone or sure else None)
        if piece is None and alone and numbered and all(p.kind is not Kind.PLACE for p in parts):
            beyond = next((n for n in range(at + 1, len(words)) if words[n].pause), at)
            piece = place_at(words, beyond, loose=True)  # "…, no hay ascensor, Madrid"
            piece = piece if piece and words[piece[1]].pause else None
        if piece is None:
            break
        part, at = piece
        last = parts[-1]
        if last.kind is part.kind and part.text.startswith(last.text):
            continue  # "Madrid, Madrid capital"
        if last.kind is part.kind:  # a second door or place is written behind the first
            parts, part = parts[:-1], replace(last, text=f"{last.text}, {part.text}", end=part.end)
        parts += (part,)
    return parts, at


# -- a part alone


def _labelled(words: Words) -> Parts:
    """Return the part that is named: "el número es el dieciséis", "la calle es Serrano"."""
    if (label := next(words.said.all("address.label"), None)) is None:
        return ()
    kind, at = Kind(label.value), words.place(label.end)
    at += words.phrase(at, "address.small") is not None
    if read := {Kind.NUMBER: number_at, Kind.UNIT: unit_at, Kind.POSTCODE: postcode_at}.get(kind):
        part = read(words, at)
    elif kind is Kind.STREET and (street := _street(words, at)):
        part = street
    elif (part := place_at(words, at, loose=False)) and not _is_small(words, at, part[1]):
        text = f"Calle {part[0].text}" if kind is Kind.STREET else part[0].text
        return (replace(part[0], kind=kind, text=text),)
    else:
        part = None
    return (part[0],) if part else ()


def _is_small(words: Words, at: int, end: int) -> bool:
    """Return True for "en obras" in small letters, where others are capitals: no town."""
    return words.said.text != words.said.text.lower() and all(
        word.text.islower() for word in words.part(at, end)
    )


def _piece(words: Words, *, town: bool) -> Parts:
    """Return the parts of a short answer that is nothing else: "el 14", "tercero B".

    town  a street was told, and its town is asked for: "Getafe" is one
    """
    at, parts = 0, Parts()
    leads = (*_LEADS, "no.plain", "time.the")
    while words.phrase(at, *leads) and not words.phrase(at, "address.place"):
        at += 1
    if len(words) - at > _LONGEST_PIECE_WORDS:
        return ()
    while at < len(words):
        piece = unit_at(words, at) or postcode_at(words, at) or number_at(words, at)
        name = at + (words.phrase(at, "address.small") is not None)  # La Coruña
        named = town and not words.said.lexicon.is_everyday(words[name].low)
        piece = piece or place_at(words, at, loose=not (parts or named))
        if piece is None:
            rest = range(at, len(words))
            return parts if all(words.phrase(n, *_QUIET) for n in rest) else ()
        again = parts and parts[-1].kind is piece[0].kind is Kind.PLACE
        parts, at = parts if again else (*parts, piece[0]), piece[1]
    return parts
