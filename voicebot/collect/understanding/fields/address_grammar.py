"""Find an address among words, and its parts; also a piece that is said alone."""

from __future__ import annotations

from voicebot.collect.understanding.fields.address_parts import (
    Found,
    Kind,
    Part,
    Parts,
    Read,
    box_at,
    found,
    is_located,
    kinds,
    merge,
    number_at,
    postcode_at,
    street_at,
    typeless_at,
    unit_at,
    unit_name_at,
)
from voicebot.collect.understanding.fields.address_places import (
    is_apart,
    is_person,
    place_at,
    state_at,
)
from voicebot.collect.understanding.fields.address_sites import (
    POSTCODE_DIGITS,
    announces,
    site_at,
    street_first,
    with_building,
)
from voicebot.collect.understanding.fields.address_words import COUNTRIES, Words
from voicebot.collect.understanding.words import is_everyday, is_family, is_given

_TYPELESS_GUESSES = 2
_LONGEST_HOUSE_WORDS, _LONGEST_PIECE_WORDS = 5, 12
_MOST_HEAD_PARTS, _MOST_ASIDES = 4, 2
_SURE_PIECES = {Kind.STREET, Kind.POSTCODE, Kind.STATE}
_ONCE = {Kind.POSTCODE, Kind.UNIT}


class Grammar:
    """One stretch of words, looked through for an address.

    alone  it was asked for, so that a street without its type counts, and a piece
    town   a street was told before, and its suburb is asked for: Sydney is none's first name
    """

    def __init__(self, words: Words, region: str, *, alone: bool, town: bool = False) -> None:
        self.words, self.region, self.alone, self._town = words, region, alone, town
        grounded = any(word.isin("ground") for word in words)
        self._sited = alone or grounded or "address.corner" in words.said.tags
        self._named = any(word.isin("house", "institution", "article") for word in words)

    def read(self) -> tuple[Parts, int]:
        """Return the parts of an address, and how many guesses they rest on."""
        words, typeless = self.words, Parts()
        for at, word in enumerate(words):
            head, end = self._head(at) if not self._is_denied(at) else ((), at)
            site = site_at(words, at, head, end, alone=self.alone) if self._sited else None
            if site:
                parts, end = site
                number = number_at(words, end) if words[end].pause else None
                road = street_at(words, number[1] if number else end, weak=False)
                if number and road:  # "…, Sunrise Caravan Park, 1 Ocean Street"
                    parts += (found(Kind.NUMBER, words, end, number)[0],)
                parts = self._with_tail(parts, road if words[end].pause else None, end)
                if is_located(parts):
                    return parts, 0
            if self.alone and not head and (turned := street_first(words, at, self.region)):
                return (*turned[0], *self._tail(turned[1], turned[0][:1])), 0
            if not head:
                continue
            if head[-1].kind is Kind.BOX:  # "RMB 12 Gap Road"
                return self._with_tail(head, street_at(words, end, weak=False), end), 0
            numbered = words.said.before(word.first, "address.number") is not None
            end += numbered and words[end].isin("on", "in")  # "number 12 on Smith Street"
            if label := words.phrase(end, "address.label"):  # "number 44, street name Hill Street"
                end = words.place(label.end)
            counts = words.phrase(at, "number.unit") or words[at - 1].isin("wanting")  # "2 pizzas"
            few = bool(counts) and not numbered
            street = street_at(words, end, weak=False)
            if self.alone and not street and (weak := street_at(words, end, weak=True)):
                street = weak if not few or words[weak[1]].pause else None
            named = None if self.alone or street else self._weak_but_named(end)
            parts = self._with_tail(head, street or named, end) if street or named else ()
            if named and Kind.PLACE not in kinds(parts):
                continue
            placed = {Kind.POSTCODE, Kind.PLACE} if self.alone else {Kind.POSTCODE}
            sure = head[-1].kind is not Kind.HOUSE or head[-1].text[0].isdigit()
            if parts and (sure or kinds(parts) & placed):
                return (with_building(words, at, parts) if self.alone else parts), 0
            if self.alone and head[-1].kind is Kind.NUMBER and not typeless:
                street = typeless_at(words, end)
                typeless = self._convincing(at, head, street, few=few) if street else ()
        if typeless:
            return typeless, _TYPELESS_GUESSES
        return (self._piece() if self.alone else ()), 1

    def _is_denied(self, at: int) -> bool:
        """Return True for the 9 of "not number 9"."""
        said, first = self.words.said, self.words[at].first
        sign = said.before(first, "address.number")
        return said.before(sign.first if sign else first, "mend.not") is not None

    def _weak_but_named(self, at: int) -> Found | None:
        """Return "Argyle Place", though nobody asked for an address, by its capitals."""
        street = street_at(self.words, at, weak=True)
        words = self.words.part(at, street[1]) if street else ()
        return street if all(word.text.istitle() for word in words) else None

    def _with_tail(self, head: Parts, street: Found | None, end: int) -> Parts:
        tail = self._tail(street[1] if street else end, head)
        roads = (street[0],) if street else ()
        return (*head, *roads, *tail) if head else merge(tail, roads)

    # -- before the street

    def _head(self, at: int) -> tuple[Parts, int]:
        """Return house name, unit, box and number that begin here, and where they end."""
        words, parts = self.words, Parts()
        if box := box_at(words, at):
            return (found(Kind.BOX, words, at, box)[0],), box[1]
        while len(parts) < _MOST_HEAD_PARTS:
            house = self._house(at, behind=bool(parts))
            read = house or unit_at(words, at, leading=True)
            if read is None:
                break
            part, at = found(Kind.HOUSE if house else Kind.UNIT, words, at, read)
            parts += (part,)
        if parts and parts[-1].kind is Kind.UNIT:
            slash = words.phrase(at, "address.slash")
            number = number_at(words, at + 1) if slash and slash.value == "/" else None
            if number:  # "unit 3 stroke 45"
                text = f"{parts[-1].text.split()[-1]}/{number[0]}"
                slashed = Part(Kind.NUMBER, text, parts[-1].first, words[number[1] - 1].end)
                return (*parts[:-1], slashed), number[1]
            if words.phrase(at, "address.number") or words[at].isin("unit_link"):
                housed = number_at(words, at + 1) or street_at(words, at + 1, weak=False)
                at += housed is not None
        number = number_at(words, at)
        if number and (words[number[1] + 1].isin("type") or not words[number[1]].isin("counted")):
            house = self._house(number[1])  # "flat 2, 14 Cedar House, Acre Lane"
            kind = Kind.NUMBER
            if house and street_at(words, house[1], weak=self.alone):
                kind, number = Kind.HOUSE, (f"{number[0]} {house[0]}", house[1])
            part, at = found(kind, words, at, number)
            parts += (part,)
        return parts, at

    def _house(self, at: int, *, behind: bool = False) -> Read | None:
        """Return "The Old Manor, 4 …", "Rose Cottage, Mill Lane …": with "the" or "cottage".

        `behind` a unit every name between pauses is one: "Unit 4, Silver Heights, 9 …".
        """
        words, end = self.words, at
        other = any(words[n].isin("near") for n in range(at - 3, at))  # "next to the Harbour Hotel"
        if not (self._named or behind) or other or words[at - 1].isin("owner"):
            return None  # "at my mum's house, 12 …"
        while end < at + _LONGEST_HOUSE_WORDS and not words[end].isin("stop", "stop_in_house"):
            if words[end].is_number or not words[end].text or (end > at and words[end].pause):
                break
            end += 1
        titled = any(word.text.istitle() for word in words.part(end, len(words)))
        if titled and all(word.text.islower() for word in words.part(at, end)):
            return None  # "the yellow house, 25 Short Street"
        own = end - at > 1 + words[at].isin("article")  # "the school, 12 …" has no name
        named = words[end - 1].isin("house", *["institution"] * own) and words[end].pause
        led = words[at].isin("article") and words[at + 1].text.istitle() and words[end].is_number
        named |= behind and words[at].pause and words[end].pause and words[end].is_number
        found_one = end < len(words) and end - at > 1 and (named or led)
        return (words.titled(at, end), end) if found_one else None

    def _convincing(self, at: int, head: Parts, street: Found, *, few: bool) -> Parts:
        """Return an address whose street has no type, where nothing else is said, or a state
        or postcode follows. `few`: the number rather counts ("two cheeseburgers").

        One digit counts things, unless capitals make it a street: "2 tickets", "8 Rosewood".
        """
        words = self.words
        parts = self._with_tail(head, street, at)
        if kinds(parts) & {Kind.STATE, Kind.POSTCODE, Kind.UNIT}:
            return parts
        led = all(
            announces(word) or is_given(word.low) or is_family(word.low)
            for word in words.part(0, at)
        )
        few |= len(words[at].text) == 1 and not words[at + 1].text[:1].isupper()
        return parts if led and not few and words.place(parts[-1].end) == len(words) else ()

    # -- behind the street

    def _tail(self, at: int, head: Parts) -> Parts:
        """Return suburb or city, state, postcode, country: up to where other talk begins."""
        parts = Parts()
        while True:
            at = self._skip(at)
            read = self._next(at, kinds(parts) | ({Kind.NUMBER} if head else set()))
            if read is None and head and self.alone and Kind.PLACE not in kinds(parts):
                read = self._behind_talk(at)
            if read is None or read[0].kind in _ONCE & kinds(parts):
                return parts
            said = [p.text for p in (*head, *parts) if Kind.POSTCODE not in (p.kind, read[0].kind)]
            if read[0].text.removeprefix("#") in said:
                at = read[1]  # "…, number 12", "Ryde, Ryde": once more
                continue
            parts, at = (*parts, read[0]), read[1]

    def _behind_talk(self, at: int) -> Found | None:
        """Return the suburb behind an aside: "14 Cross Street, the laneway one, Double Bay"."""
        words = self.words
        breaths = [n for n in range(at, len(words)) if words[n].pause]
        for begin in breaths[1 : 1 + _MOST_ASIDES] if breaths[:1] == [at] else ():
            place = place_at(words, begin, self.region)
            if place and words[place[1]].pause and self._is_name(begin, place[1]):
                return place
        return None

    def _skip(self, at: int) -> int:
        """Return the place behind "the suburb is", ", as in the queen's way," and "in"."""
        words = self.words
        while at < len(words):
            after = words[at + 1]
            if label := words.phrase(at, "address.label", "address.within"):
                at = words.place(label.end)
            elif words[at].isin("link") and (unit := self._led_to(at + 1)):
                at = unit
            elif words.phrase(at, "address.aside"):
                at = next(n for n in range(at + 1, len(words) + 1) if words[n].pause)
            elif words[at].isin("in") and after.text and not after.isin("stop"):
                if self.words.is_code(at, self.region):
                    break
                at += 1
            else:
                break
        return at

    def _led_to(self, at: int) -> int | None:
        """Return the place of the unit of "it's flat 4"."""
        while self.words[at].isin("carrier"):
            at += 1
        return at if unit_at(self.words, at) else None

    def _next(self, at: int, before: set[Kind]) -> Found | None:
        words = self.words
        if at >= len(words) or Kind.COUNTRY in before:
            return None
        end = self.words.phrase_end(at, COUNTRIES)
        if end and (end == len(words) or not words[at].isin("code_word")):
            joined = "".join(word.low for word in words.part(at, end))
            name = joined.upper() if len(joined) <= len("usa") else words.titled(at, end)
            return found(Kind.COUNTRY, words, at, (name, end))
        if Kind.POSTCODE in before:
            return None
        text, suite = words[at].text, self.region == "US" and Kind.PLACE not in before
        suite = suite and text.isdecimal() and len(text) in (3, 4)  # "12 Grand Ave 600": no ZIP
        if unit := unit_at(words, at) or ((text, at + 1) if suite else None):
            return found(Kind.UNIT, words, at, unit)
        label = words.said.before(words[at].first, "address.label")
        if label and label.value == Kind.UNIT and (called := unit_name_at(words, at)):
            return found(Kind.UNIT, words, at, (f"Unit {called[0]}", called[1]))
        if words.phrase(at, "address.number") and (number := unit_name_at(words, at + 1)):
            if words[number[1]].is_number:
                return None  # a telephone number
            housed = Kind.NUMBER in before  # "… Road, number ten", "Smyth Street, number 12"
            text = "#" + number[0] if housed else number[0]
            return found(Kind.UNIT if housed else Kind.NUMBER, words, at, (text, number[1]))
        if state := state_at(words, at, self.region):
            return found(Kind.STATE, words, at, state)
        if postcode := postcode_at(words, at, self.region):
            return found(Kind.POSTCODE, words, at, postcode)
        place = place_at(words, at, self.region)
        more = words.part(at, place[1]) if place and Kind.PLACE in before else ()
        talk = more and all(is_everyday(word.low) and not word.isin("compass") for word in more)
        placed = Kind.PLACE in before
        late = place is not None and placed and place[0].first > words[at].first
        apart = late or (place and is_apart(words, at, place[1], placed=placed))
        if talk or is_person(more) or apart:
            return None  # "ring the bell"; not "West Yorkshire"
        return place

    # -- a piece said alone: "the postcode is two one five oh", "Windsor", "unit five"

    def _piece(self) -> Parts:
        """Return the pieces in a short answer, or nothing where it says anything else."""
        words, at = self.words, 0
        if len(words) > _LONGEST_PIECE_WORDS or any(word.isin("elsewhere") for word in words):
            return ()
        for n in range(len(words)):
            label = words.phrase(n, "address.label")
            if label and label.value:
                return self._labelled(Kind(label.value), words.place(label.end))
        while words[at].isin("carrier") or words.phrase(at, "quiet.link"):
            at += 1
        if label := words.phrase(at, "address.label"):  # "change the house number to 62"
            at = words.place(label.end)
        if unit := unit_at(words, at, leading=True):
            return (found(Kind.UNIT, words, at, unit)[0], *self._rest(unit[1]))
        return self._rest(at)

    def _labelled(self, kind: Kind, at: int) -> Parts:
        """Return the part that a label announces: "the state is Washington"."""
        number = number_at(self.words, at)
        read = (f"Unit {number[0]}", number[1]) if number else None
        if kind is Kind.POSTCODE:
            read = postcode_at(self.words, at, self.region)
        elif kind is Kind.STATE:
            read = state_at(self.words, at, self.region)
        return (found(kind, self.words, at, read)[0],) if read else ()

    def _rest(self, at: int) -> Parts:
        """Return a number, or a street or place that reaches the end of the answer."""
        words = self.words
        labelled = any(words.phrase(n, "address.label") for n in range(at))
        if number := number_at(words, at):
            if words.said.before(words[at].first, "address.aged"):
                return ()
            whole = number[0].isdecimal() and len(number[0]) == POSTCODE_DIGITS.get(self.region)
            kind = Kind.POSTCODE if whole else Kind.NUMBER
            ends = number[1] == len(words) or (labelled and words[number[1]].pause)
            return (found(kind, words, at, number)[0],) if ends else ()
        parts = self._with_tail((), street_at(words, at, weak=False), at)
        end = words.place(max(part.end for part in parts)) if parts else len(words)
        placed = [part for part in parts if part.kind is Kind.PLACE]
        towns = [(words.place(part.first), words.place(part.end)) for part in placed]
        called = any(is_given(words[n].low) and not words[n].isin("called") for n, _ in towns)
        landmark = words.phrase(end, "address.aside") is not None  # "in Newtown near the pub"
        talk = self._town and (words[end].pause or landmark) and towns and not called
        if not parts or (end < len(words) and not talk):  # "Sydney, lobby's on level one"
            return ()
        code = kinds(parts) == {Kind.STATE} and len(parts[0].text) == 2
        named = all(map(self._is_town, towns)) if towns else self._is_name(at)
        sure = labelled or kinds(parts) & _SURE_PIECES or named
        return parts if sure and not code else ()

    def _is_town(self, where: tuple[int, int]) -> bool:
        timed = self.words.phrase(where[0], "time.month", "time.weekday")  # "it's in July"
        return self._is_name(*where) and not (timed or is_person(self.words.part(*where)))

    def _is_name(self, at: int, end: int | None = None) -> bool:
        """Return True for a suburb's words: one at least is unknown, and none a person's."""
        places = range(at, len(self.words) if end is None else end)
        names = [n for n in places if not self.words[n].isin("carrier")]
        lows = [self.words[n].low for n in names]
        spelled = any(self.words.phrase(n, "spelling.alphabet") for n in names)
        if spelled or any(len(low) == 1 for low in lows):
            return False
        named = end is not None and all(self.words[n].text.istitle() for n in names)
        unknown = bool(lows) and (named or not all(map(is_everyday, lows)))
        return unknown and (self._town or not is_given(lows[0]))
