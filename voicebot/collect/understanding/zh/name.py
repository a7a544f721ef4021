"""Names as given in Chinese: 我叫…, 免贵姓…, with a title, explained, and foreign ones.

Each mention of a name, in the order said, stands for the one before it where it mends it, is
fuller (徐小姐，徐静), or is announced more plainly. What explains a character (弓长张, 洁白的洁)
puts it in the place of the one that a recogniser heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.fields.name_words import titled
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.types import Asked, Correct, Provide, Situation
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_given
from voicebot.collect.understanding.zh.characters import (
    FREQUENT_SURNAMES,
    LONGEST_FOREIGN,
    NEVER_IN_NAMES,
    ORDINARY_WORDS,
    PERHAPS,
    SURE,
    SURE_SURNAMES,
    Gloss,
    glosses_of,
    joined,
    likelihood,
    surname,
)

_DOTS = frozenset("·•・‧.")
_MOST_WORDS, _EXPLAINED = 4, 8


class _How(IntEnum):
    """The plainness of a name's announcement, the weakest first."""

    OTHERS = 0
    BARE = 1
    PASSING = 2
    BEING = 3
    NAMED = 4


_LEADS = {"name.lead": _How.NAMED, "name.weak": _How.BEING, "name.passing": _How.PASSING}


@dataclass(frozen=True, slots=True)
class _Mention:
    """A name from the token `first` up to `end`; its announcement begins at `begun`."""

    text: str
    plain: str
    first: int
    end: int
    begun: int
    how: _How
    sure: float


def name(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the name that was said; one that mends the name held as a correction of it."""
    wrong = any(match.value == Step.NAME for match in said.all("no.field"))
    asked = situation.step is Step.NAME or wrong
    glosses = [gloss for gloss in glosses_of(said) if not said.clause(gloss.first).denied]
    found = _best(said, glosses, asked=asked)
    if found is None:
        found = _explained_alone(glosses) if asked else None
        if found is None:
            return
    value, end = _with_glosses(found, glosses)
    if trail := said.at(end, "name.trail"):
        end = trail.end
    span = said.span(found.first, found.end)
    guesses = 0 if found.sure >= SURE else 1 if found.sure > PERHAPS else 2
    held = situation.record.get(Step.NAME)
    if held and value in held and any(said.all("yes.agree")) and not any(said.all("no.plain")):
        value = held  # "对，欧阳" agrees to 欧阳秀珍
    mends = held and (situation.step is not Step.NAME or situation.asked is Asked.CONFIRM)
    if mends and held != value:
        yield Candidate(Correct(Step.NAME, value, span), found.begun, end, guesses)
    else:
        act = Provide(Step.NAME, value, span, assumed=guesses)
        yield Candidate(act, found.begun, end, guesses)


# -- mentions --------------------------------------------------------------------------------


def _best(said: Utterance, glosses: Sequence[Gloss], *, asked: bool) -> _Mention | None:
    best: _Mention | None = None
    explained = {at for gloss in glosses if gloss.named for at in range(gloss.first, gloss.end)}
    for each in _mentions(said, explained, asked=asked):
        clause = said.clause(each.first)
        if clause.denied or clause.asked:
            continue
        mends = clause.mends or (best is not None and said.clause(best.first).withdrawn)
        fuller = best is not None and each.plain != best.plain
        nick = best is not None and said.at(best.first, "name.nick") is not None  # 小王，王思远
        called = best.plain[nick:] if best else ""
        ends = nick and each.plain.endswith(called)  # 阿强，刘志强
        fuller = fuller and (each.plain.startswith(called) or ends)
        latin = best is not None and best.text.isascii() and len(each.plain) > 1
        fuller |= latin and not each.text.isascii() and each.sure >= SURE  # Kevin，林凯文
        if best is not None and each.how is _How.OTHERS:
            continue
        if best is None or mends or fuller:
            best = replace(each, begun=min(best.begun, each.begun)) if best and fuller else each
        elif each.how > best.how:
            best = each
    return best


def _mentions(said: Utterance, explained: set[int], *, asked: bool) -> Iterator[_Mention]:
    """Give what may be a name, from left to right."""
    at = 0
    while at < len(said):
        found = None
        others = said.at(at, "name.others")
        if at not in explained:
            found = _announced(said, at, asked=asked) or (_bare(said, at, asked=asked))
        if found:
            yield found
        elif others:
            at = others.end  # 房东姓张 gives no name
        at = max(found.end if found else at + 1, at + 1)


def _announced(said: Utterance, at: int, *, asked: bool) -> _Mention | None:
    if (others := said.at(at, "name.others")) and asked:
        found = _at(said, others.end, announced=True)
        return replace(found, begun=at, how=_How.OTHERS) if found else None
    surname_lead = said.at(at, "name.surname")
    if surname_lead and (found := _by_surname(said, at, surname_lead.end)):
        return found
    for tag, how in _LEADS.items():
        lead = said.at(at, tag)
        if lead is None or (how is _How.PASSING and not asked):
            continue
        strict = how is _How.BEING and not asked
        first = _beyond_marks(said, lead.end)
        found = _at(said, first, announced=not strict)
        ordinary = found is not None and found.plain in ORDINARY_WORDS
        if found and not (strict and found.sure < SURE) and (how is _How.NAMED or not ordinary):
            return replace(found, begun=at, how=how)
    return None


def _beyond_marks(said: Utterance, at: int) -> int:
    while at < len(said) and (said.is_sound(at) or said.at(at, "quiet.link")):
        link = said.at(at, "quiet.link")
        at = link.end if link else at + 1
    return at


def _by_surname(said: Utterance, begun: int, first: int) -> _Mention | None:
    """Return the name of 姓高，单名一个峰字, or the family name alone."""
    family = surname(joined(said, first, min(len(said), first + 4)))
    if not family:
        return None
    end = first + len(family)
    alone = _mention(said, first, end, PERHAPS + 0.1)
    of = said.all("name.of", first=end, end=min(len(said), end + _EXPLAINED))
    told = (each.end for each in of if said.low(each.end) == family)  # 姓范，范冰冰的范，单名…
    after = _beyond_marks(said, next(told, end - 1) + 1)
    if lead := said.at(after, "name.given"):
        last = lead.end
        while last < min(len(said), lead.end + 3) and not _ends(said, last):
            last += 1
        given = joined(said, lead.end, last)
        if given and NEVER_IN_NAMES.isdisjoint(given) and _ends(said, last):
            head = "" if given.startswith(family) and given != family else alone.text
            text = head + "".join(token.text for token in said.tokens[lead.end : last])
            last += said.at(last, "name.particle") is not None
            return _Mention(text, family + given, first, last, begun, _How.NAMED, SURE)
    return replace(alone, begun=begun, how=_How.NAMED)


def _ends(said: Utterance, at: int) -> bool:
    return at >= len(said) or said.tokens[at].is_sign or said.at(at, "name.particle") is not None


def _bare(said: Utterance, at: int, *, asked: bool) -> _Mention | None:
    """Return a clause that is nothing but a name; of one character only a frequent family's."""
    opens = (
        at == 0
        or said.tokens[at - 1].is_sign
        or said.before(at, "quiet.link", "clause.mend", "clause.contrast")
    )
    if not asked or not (opens or said.at(at - 1, "name.particle", "clause.before")):
        return None
    if apart := _apart(said, at):
        return apart
    if any((link := said.at(n, "quiet.link")) and link.end > at for n in range(at)):
        return None  # 不好意思
    family = said.low(at) in FREQUENT_SURNAMES or (said.low(at) in SURE_SURNAMES and not at)
    word = said.at(at, "yes.agree", "no.plain", "quiet.sound", "quiet.courtesy")
    if family and not word and len(said) == at + 1 and _is_alone(said, at):
        return _mention(said, at, at + 1, PERHAPS)
    found = _at(said, at, announced=said.clause(at).mends)
    if found is None or not _is_alone(said, found.end - 1):
        return None
    return found


def _is_alone(said: Utterance, last: int) -> bool:
    """Return True where nothing but a title or courtesy follows in the clause."""
    at = last + 1
    while at < len(said) and not said.tokens[at].is_sign:
        match = said.at(at, "name.title", "name.particle", "name.trail", "name.of")
        if match is None:
            return False
        at = match.end
    return True


def _apart(said: Utterance, at: int) -> _Mention | None:
    """Return a name whose characters were said one by one: 高，晓，峰."""
    places = [at]
    while said.low(places[-1] + 1) == "," and places[-1] + 2 < len(said):
        places.append(places[-1] + 2)
    plain = "".join(said.low(place) for place in places)
    single = places[-1] + 1 == len(said) and all(said.tokens[p].kind is Kind.HAN for p in places)
    if not single or not 2 <= len(places) <= _MOST_WORDS:
        return None
    if not likelihood(plain, announced=True):
        return None
    text = "".join(said.tokens[place].text for place in places)
    return _Mention(text, plain, at, places[-1] + 1, at, _How.BARE, PERHAPS)


def _at(said: Utterance, first: int, *, announced: bool) -> _Mention | None:
    """Return the name that begins at this token."""
    if first >= len(said):
        return None
    if said.tokens[first].kind in (Kind.WORD, Kind.LETTER):
        word = said.low(first)
        everyday = said.lexicon.is_everyday(word) and not (announced or is_given(word))
        return None if everyday else _latin(said, first)
    if said.tokens[first].kind is not Kind.HAN:
        return None
    run = _run(said, first)
    if dotted := _dotted(said, first, run):
        return dotted
    for end in range(first + 1, min(run, first + 6)):
        plain = joined(said, first, end)
        if (title := said.at(end, "name.title")) and (
            surname(plain) == plain or likelihood(plain, announced=announced)
        ):
            return replace(_mention(said, first, end, SURE), end=title.end)
    whole = run
    while whole > first + 1 and said.at(whole - 1, "name.particle"):
        whole -= 1
    stops = (at for at in range(first + 1, whole) if said.at(at, "name.stop"))
    for end in (whole, *stops):
        if sure := likelihood(joined(said, first, end), announced=announced):
            return _mention(said, first, end, sure)
    return None


def _run(said: Utterance, first: int) -> int:
    end = first
    while end < len(said) and said.tokens[end].kind is Kind.HAN and end - first <= LONGEST_FOREIGN:
        end += 1
    return end


def _dotted(said: Utterance, first: int, end: int) -> _Mention | None:
    """Return a foreign name that is written with points: 约翰·杰克逊."""
    parts = [(first, end)]
    while end + 1 < len(said) and said.low(end) in _DOTS and said.tokens[end + 1].kind is Kind.HAN:
        if said.low(end) == "." and (not said.tokens[end].glued or said.at(first, "name.nick")):
            break
        parts.append((end + 1, _run(said, end + 1)))
        end = parts[-1][1]
    if len(parts) == 1 or any(last - start > 7 for start, last in parts):
        return None
    while said.at(end - 1, "name.particle") and end - 1 > parts[-1][0]:
        end -= 1
    parts[-1] = parts[-1][0], end
    text = "·".join("".join(token.text for token in said.tokens[a:b]) for a, b in parts)
    full_stop = any(said.low(last) == "." for _, last in parts[:-1])
    if full_stop and not all(likelihood(joined(said, a, b), announced=True) for a, b in parts):
        return None
    return _Mention(text, text, first, end, first, _How.BARE, SURE)


def _latin(said: Utterance, first: int) -> _Mention | None:
    """Return a name in Latin letters, unless it goes on as an address or a code does."""
    end = first
    while end < min(len(said), first + _MOST_WORDS) and said.tokens[end].kind is Kind.WORD:
        if said.at(end, "name.not_latin"):
            return None
        end += 1
    glued = end < len(said) and said.tokens[end].glued
    if end == first or (glued and (said.low(end) in "@_-" or said.tokens[end].is_digits)):
        return None
    text = " ".join(titled(token.low) for token in said.tokens[first:end])
    return _Mention(text, text.lower(), first, end, first, _How.BARE, SURE)


def _mention(said: Utterance, first: int, end: int, sure: float) -> _Mention:
    text = "".join(token.text for token in said.tokens[first:end])
    return _Mention(text, joined(said, first, end), first, end, first, _How.BARE, sure)


# -- with their explanations ----------------------------------------------------------------


def _explained_alone(glosses: Sequence[Gloss]) -> _Mention | None:
    """Return the name that only its explanations tell: 弓长张，山峰的峰."""
    family = next((gloss for gloss in glosses if gloss.by_parts), None)
    given = "".join(gloss.character for gloss in glosses if gloss.named and not gloss.by_parts)
    if family is None or not 0 < len(given) <= 2:
        return None
    text = family.character + given
    return _Mention(text, text, family.first, family.end, family.first, _How.BARE, PERHAPS)


def _with_glosses(found: _Mention, glosses: Sequence[Gloss]) -> tuple[str, int]:
    """Return the name with the characters that were explained, and where the last of them ends."""
    text, end = found.text, found.end
    head = surname(found.plain)
    known = [each for each in glosses if each.named or each.character in found.plain]
    for gloss in known:
        end = max(end, gloss.end)
        if gloss.by_parts and len(head) == 1 and len(text) > 1:
            text, head = gloss.character + text[1:], gloss.character
    given = "".join(each.character for each in known if each.named and not each.by_parts)
    if head and given and len(given) == len(text) - len(head) and head not in given:
        text = head + given
    return text, end
