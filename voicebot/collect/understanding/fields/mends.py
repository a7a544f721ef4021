"""A held value with the part mended that is named: "change the 4 to a 5", "not fifteen, fifty".

What is said is cut into bits (figures, letters, words, marks of an address); a phrase of the table
`[mend]` says what is done with those around it. What the caller calls wrong must stand in the
value. Each kind of mend is one function of `_KINDS`, which gives the new text of the value; the
validators of the field decide whether it is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate, Reader
from voicebot.collect.understanding.fields.address_words import is_listed
from voicebot.collect.understanding.fields.booked import moving
from voicebot.collect.understanding.fields.contrasts import MENDED, Edit, contrasted, meant
from voicebot.collect.understanding.fields.held import Bit, Held
from voicebot.collect.understanding.fields.name_letters import hinted
from voicebot.collect.understanding.fields.name_words import titled
from voicebot.collect.understanding.fields.runs import runs
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.spelling import letter
from voicebot.collect.understanding.types import Correct, Provide, Situation
from voicebot.collect.understanding.utterance import Utterance

_MOST_TOKENS = 24
"""A mend is short; longer talk is left to the readers of the fields."""
_MOST_STRAY = 1
"""So many words may stand beside a mend that are none of it."""
_FEWEST_SPELLED = 3
_PARTS = ("phone.tail", "phone.head", "phone.middle")
_MOST_ADDED = 4
_MOST_BESIDE = 2
_MOST_WORDS_OF_A_TOWN = 3

_REMARKS = ("name.hint", "mend.double", "mend.single", "mend.without", "mend.remove")
"""The tags of what is said of one letter of a word that stands beside it."""


def mending(step: Step, reader: Reader) -> Reader:
    """Return a field's reader that also mends the value held.

    A mend that says what was wrong counts before what the reader finds (but for a Chinese address,
    which its reader mends by its parts), another one only where the reader finds no value.
    """
    if step not in MENDED:
        return reader

    def read(said: Utterance, situation: Situation) -> Iterator[Candidate]:
        mended = min(_mended(step, said, situation), key=lambda each: each.assumes, default=None)
        found = list(reader(said, situation))
        by_parts = step is Step.ADDRESS and situation.language.startswith("zh")
        corrected = by_parts and any(isinstance(each.act, Correct) for each in found)
        if mended and not (mended.assumes or corrected):
            yield mended
        yield from found
        given = any(isinstance(each.act, Provide | Correct) and each.act.value for each in found)
        if mended and mended.assumes and not given:
            yield mended

    return read


def _mended(step: Step, said: Utterance, situation: Situation) -> Iterator[Candidate]:
    value = situation.record.get(step)
    if not value or len(said) > _MOST_TOKENS or moving(said, situation):
        return  # "from one to eleven" are hours there
    parts = list(said.all(*_PARTS)) if step is Step.PHONE else []
    is_meant = step in meant(said, situation)
    if not (parts or is_meant):
        return
    told = parts or any(tag.startswith(("mend.", "name.hint", "number.")) for tag in said.tags)
    if not told and not _spells(said) and not any(token.is_digits for token in said.tokens):
        return
    held = Held(said, step, value, situation.region)
    for kind in _KINDS:
        for text, first, end, assumes in kind(said, held):
            part = any(said.sentence(m.first) == said.sentence(first) for m in parts)
            if not (part or is_meant):
                continue  # "the last one. But can it be nine rather than seven?"
            new = held.checked(text)
            talk = said.clause(first).talk  # "ring the bell at number 28, not 26"
            if new and new != value and not talk and held.stray(first, end) <= _MOST_STRAY:
                act = Correct(step, new, said.span(first, end))
                yield Candidate(act, *held.around(first, end), assumes)


def _spells(said: Utterance) -> bool:
    return sum(letter(said, at) is not None for at in range(len(said))) >= _FEWEST_SPELLED


def _changed(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give "change the 4 to a 5" and "the 4 should be a 5"."""
    for into in said.all("mend.into", "mend.should"):
        clause = said.clause(max(0, into.first - 1))
        verb = next(said.all("mend.change", first=clause.first, end=into.first), None)
        if verb is None and into.tag == "mend.into":
            continue
        old = held.item(verb.end if verb else clause.first, into.first)
        new = held.item(into.end, len(said))
        if held.step is Step.ADDRESS and new.text.isdecimal() and not old.text.isdecimal():
            continue  # "change the street number to 62": its reader's
        if text := held.replaced(old.text, new.text):
            first = verb.first if verb else old.first
            worded = held.step is Step.ADDRESS and not (old.text + new.text).isdecimal()
            yield text, first, new.end, int(worded)  # "the street should be …" is its reader's


def _left_out(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give "take the dots out", "drop the e", "no h in john", "there's no dot in it"."""
    for verb in said.all("mend.remove", "mend.without"):
        off = next(said.all("mend.off", first=verb.end), None)
        if figures := said.at(verb.end, "mend.figures"):  # "remove the number at the end"
            stem = held.text[: held.last].rstrip("0123456789")
            yield stem + held.text[held.last :], verb.first, figures.end, 0
        old = held.item(verb.end, off.first if off else said.clause(verb.end - 1).end)
        if off and not old.text:  # "take the dear out of it"
            old = Bit(said.low(off.first - 1), off.first - 1, off.first)
        if verb.tag == "mend.without" or held.letter(old.first):
            old = held.item(old.first, old.first + 1)
            spoken = old.text.isalpha() and not held.letter(old.first)
            spells = old.end < len(said) and held.letter(old.end)  # "no, B A R T O N"
            if len(old.text) != 1 or spoken or spells or _is_i(said, old):
                continue
        if old.text and (spots := held.spots(old.text)):
            every = [held.meant(spots)] if old.text.isalnum() else spots
            if held.step is Step.ADDRESS and is_listed(old.text, "unit"):
                every = [(spots[0][0], held.text.find(", ", spots[0][0]) + 2)]
            yield held.cut(every), verb.first, off.end if off else old.end, 0


def _is_i(said: Utterance, old: Bit) -> bool:
    """Return True for the "I" of "no, I will not"."""
    goes_on = old.end < len(said) and not said.is_sound(old.end)
    return old.text == "i" and goes_on and not said.at(old.end, "mend.off")


def _added(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give "add a one at the end", "there's a dot after the m", "you've left off the twelve"."""
    marks = (replace(mark, end=mark.first) for mark in said.all("mend.mark"))
    alone = [Match("", b.first, b.first) for b in held.bits[:1] if b.text.isdecimal()]
    for verb in (*said.all("mend.add"), *marks, *alone):  # "a dot after the m", "two at the end"
        figures = held.item(verb.end, len(said))
        if verb.value == "end" and figures.text.isdecimal() and held.step is Step.EMAIL:
            yield held.put(figures.text, (held.last, held.last)), verb.first, figures.end, 1
        for place in said.all("mend.end", "mend.front", "mend.after", "mend.ahead", first=verb.end):
            new, at, end = held.item(verb.end, place.first), held.last, place.end
            front = place.tag in ("mend.front", "mend.ahead")
            if place.tag in ("mend.after", "mend.ahead"):
                beside = held.item(place.end, place.end + _MOST_BESIDE)
                spots = held.spots(beside.text, inside=True) if beside.text else []
                if not spots:
                    continue
                at, end = spots[0][not front], beside.end
            elif front:
                at = 0
            if 0 < len(new.text) <= _MOST_ADDED and not held.text[:at].casefold().endswith(
                new.text
            ):
                yield held.put(new.text, (at, at)), verb.first, end, 0


def _doubled(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give "double n", "donna's got two n's", and "one l" where two are held."""
    at_end = next(said.all("mend.end"), None)
    for count in said.all("mend.double", "mend.single"):
        if not (sign := held.letter(count.end)):
            continue
        old, new = (sign, sign * 2) if count.tag == "mend.double" else (sign * 2, sign)
        spots = [spot for spot in held.spots(old, inside=True) if not held.repeats(spot, sign)]
        if spots:
            sure = len(spots) == 1 or at_end is not None
            end = at_end.end if at_end else count.end + 1
            yield held.put(new, held.meant(spots)), count.first, end, 0 if sure else 1


def _swapped(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give "swap the last two digits", and a name whose words are "back to front"."""
    for match in said.all("mend.swap", "mend.order"):
        if match.tag == "mend.swap" and held.last > 1:
            spot = (held.last - 2, held.last)
            yield held.put(held.text[slice(*spot)][::-1], spot), match.first, match.end, 0
        elif match.tag == "mend.order" and held.step is Step.NAME:
            yield " ".join(held.text.split()[::-1]), match.first, match.end, 0


def _placed(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give "the second last digit is a seven", "it starts with a J", "it ends in S E N"."""
    for place in said.all("mend.place"):
        new, count = held.item(place.end, said.clause(place.end - 1).end), int(place.value)
        if new.text.startswith(".") and held.step is Step.EMAIL:  # "it should end in dot net"
            kept = held.text[: held.text.find(".", held.last)]
            yield kept + new.text, place.first, new.end, 0
        size = len(new.text)
        at = count - 1 if count > 0 else held.last + count - (size - 1) * (count == -1)
        if 0 < size <= (_MOST_ADDED if abs(count) == 1 else 1) and 0 <= at <= held.last - size:
            yield held.put(new.text, (at, at + size)), place.first, new.end, 0


def _marked(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give the one mark of the address as the one that is said: "it's an underscore"."""
    marks = [bit for bit in held.bits if said.at(bit.first, "mend.mark")]
    spots = [spot for sign in "._-+" for spot in held.spots(sign)]
    if held.step is Step.EMAIL and len(marks) == len(spots) == 1:
        yield held.put(marks[0].text, spots[0]), marks[0].first, marks[0].end, 1


def _literal(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give "the word plus" for a plus, and a dot for "the word dot isn't in it"."""
    for mark in said.all("mend.mark") if held.step is Step.EMAIL else ():
        word = said.low(mark.first)
        first, end = mark.first - said.is_sound(mark.first - 1), mark.end
        end += end < len(said) and said.is_sound(end) and said.tokens[end].low not in ".,"
        lead, sign = said.before(first, "email.literal"), said.at(end, "mend.sign")
        begin = lead.first if lead else said.clause(mark.first).first
        denied = any(said.all("clause.deny", first=begin, end=min(end + 2, len(said))))
        denied |= lead is not None and bool(lead.value)
        if lead and denied and (spots := held.spots(word, inside=True)):
            yield held.put(mark.value, spots[0]), lead.first, end, 0
        elif (bool(lead) is not denied) and (lead or sign) and (spots := held.spots(mark.value)):
            yield held.put(word, spots[0]), (lead or mark).first, (sign or mark).end, 0


def _renumbered(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give "the last three are 789", "area code 725", "the middle's 578"; and bare "five seven
    eight", where all but one figure of one place agree, or two are swapped.
    """
    own = [run for run in runs(said) if not run.other] if held.step is Step.PHONE else []
    if len(own) != 1 or own[0].elsewhere:
        return
    run, digits, text = own[0], own[0].digits, held.text
    tag, size = run.part.tag if run.part else "", len(digits)
    if tag == "phone.tail" and run.part and run.part.value in ("said", str(size)):
        texts = {text[:-size] + digits}
    elif tag == "phone.head":
        texts = {digits + text[size:], digits + text.removeprefix("0")[size:]}
    elif tag == "phone.middle":
        inner = range(1, len(held.groups) - 1)
        fit = [at for at in inner if len(held.groups[at]) == size]
        texts = {"".join([*held.groups[:at], digits, *held.groups[at + 1 :]]) for at in fit}
    else:
        near = [at for at in range(len(text) - size + 1) if _is_near(text[at : at + size], digits)]
        texts = {text[:at] + digits + text[at + size :] for at in near}
    values = {value for each in texts if (value := held.checked(each))}
    if len(values) == 1:
        yield values.pop(), run.begun, run.end, 0 if tag else 1


def _is_near(old: str, new: str) -> bool:
    differing = sum(was != now for was, now in zip(old, new, strict=True))
    swapped = sorted(old) == sorted(new) and differing == 2
    return len(new) >= _FEWEST_SPELLED and (differing == 1 or swapped)


def _rehoused(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give the address with the number that is said, and nothing else: "no no, fourteen, one four".

    It must be like the one that is held: 14 and 40, 31 and 13.
    """
    figures = [bit for bit in held.bits if bit.text.isdecimal()]
    new = "".join(bit.text for bit in figures)
    new = new[: len(new) // 2] if new == new[: len(new) // 2] * 2 else new
    mends = any(c.mends for c in said.clauses) or "no.wrong" in said.tags
    mends |= new != "".join(bit.text for bit in figures)
    if held.step is not Step.ADDRESS or not new or not mends or held.stray(0, 0) > len(figures):
        return
    written = "".join(sign if sign.isdecimal() else " " for sign in held.text).split()
    like = [each for each in written if set(each) & set(new) and len(each) == len(new)]
    if len(like) == 1 and (text := held.replaced(like[0], new)):
        yield text, 0, len(said), 1


def _moved(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give the address in the town that is said behind a no: "no, in Windsor"; where it has none
    yet, behind anything: "yes, that's in Windsor"."""
    street, comma, town = held.text.rpartition(", ")
    street, town = (street, town) if comma else (town, "")
    no = next(said.all("no.plain", "no.wrong"), None)
    if held.step is not Step.ADDRESS or town.isupper() or (no is None and comma):
        return
    for within in said.all("mend.within", first=no.end if no else 0):
        place = held.item(within.end, said.clause(within.end - 1).end)
        words = place.text.split()
        named = all(map(str.isalpha, words)) and not all(map(said.lexicon.is_everyday, words))
        if len(words) <= _MOST_WORDS_OF_A_TOWN and named:
            state = [word for word in town.split() if word.isupper() and word.isalpha()]
            line = f"{street}, {' '.join([*map(titled, words), *state])}"
            yield line, within.first, place.end, 1


def _respelled(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give the word of the value that is spelled anew: "it's B E E C H"."""
    row = ""
    for n, bit in enumerate(held.bits):
        row = row + bit.text if held.is_letter(bit) else ""
        ends = n + 1 == len(held.bits) or not held.is_letter(held.bits[n + 1])
        if ends and len(row) >= _FEWEST_SPELLED and (spot := held.alike(row)):
            part = held.step is Step.EMAIL and "email.at" not in said.tags
            part |= held.step is Step.ADDRESS and not any(b.text.isdecimal() for b in held.bits)
            first = next(each.first for each in held.bits[n - len(row) + 1 :])
            yield held.put(row, spot), first, bit.end, 0 if part else 1


def _told_apart(said: Utterance, held: Held) -> Iterator[Edit]:
    """Give the word that is said again with a remark on its letters: "grey with an e"."""
    for remark in said.all(*_REMARKS):
        sign = held.letter(remark.end)
        for bit in held.bits if sign else ():
            if spot := held.alike(bit.text):
                new = bit.text if remark.tag != "name.hint" else hinted(bit.text, sign).lower()
                first, end = min(bit.first, remark.first), max(bit.end, remark.end + 1)
                yield held.put(new, spot), first, end, 1


_KINDS = (
    _changed, _literal, contrasted, _told_apart, _left_out, _added, _doubled, _swapped, _placed,
    _marked, _renumbered, _rehoused, _moved, _respelled,
)  # fmt: skip
