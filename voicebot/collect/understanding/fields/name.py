"""The caller's name: the mentions of names and letters in an utterance, folded into one name.

A mention is a name that is announced ("my name is"), that stands alone, or that follows a looser
phrase ("it's"); a row of letters; or a hint at a spelling ("with a y"). In the order said, each
makes the name so far fuller, mends it, or says how it is written: "Mavis here, Mavis Hetherington",
"Otto Brant, B R A N D T", "first name Ruth, surname Okafor".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import reduce

from voicebot.call import Step
from voicebot.collect.understanding.alternatives import Parts, weighed
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.fields.name_letters import (
    alike,
    hinted,
    nearest,
    parted,
    respelled,
)
from voicebot.collect.understanding.fields.name_mentions import (
    How,
    Mention,
    mentions,
    spelled_whole,
)
from voicebot.collect.understanding.fields.name_words import (
    is_last,
    is_particle,
    may_be_last,
    name_at,
    titled,
    written,
)
from voicebot.collect.understanding.text import without_accents
from voicebot.collect.understanding.types import Asked, Correct, Provide, Situation
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_everyday, is_family, is_given

_ANNOUNCING = ("name.lead", "name.label", "name.nickname", "name.trail")
"""One of these stands by every name that nobody asked for."""
_PARTS = Parts(
    step=Step.NAME,
    split=lambda name: name.rsplit(" ", 1),
    join=" ".join,
    known=lambda word, at: (is_family if at else is_given)(word.lower()),
    around=(*_ANNOUNCING, "name.weak", "name.told", "name.between", "quiet.link"),
)

_OF_NAMES = ("name.lead", "name.label", "name.changed")
"""Beside one of these "it's Hartigan" is a name."""
_AGREES, _DENIES = ("yes.agree", "yes.before"), ("no.plain", "no.wrong")
_PAUSE = 3
"""Tokens of ", um," between a first and a last name."""


def name(said: Utterance, situation: Situation) -> Iterable[Candidate]:
    """Give the name that was said, the likeliest of all transcripts."""
    return weighed(_name, said, situation, _PARTS)


def _name(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the name that was said; one that mends the name held as a correction of it."""
    asked = situation.step is Step.NAME
    held = situation.record.get(Step.NAME, "")
    if not asked and not held and next(said.all(*_ANNOUNCING), None) is None:
        yield from _before_figures(said)
        return
    if asked and not held and (whole := spelled_whole(said)):
        span = said.span(whole.first, whole.end)
        yield Candidate(Provide(Step.NAME, parted(whole.text), span), 0, whole.end)
        return
    every = list(mentions(said))
    capital = [e for e in every if said.tokens[e.first].text[0].isupper()]
    if any(e.how and not e.letters for e in capital):  # "it's beeping, Patrick O'Dea"
        every = [e for e in every if e in capital or e.letters or e.how is not How.WEAK]
    denied = [each for each in every if said.before(each.first, "name.not")]
    found = [each for each in every if each not in denied]
    if held or any(each.how for each in found if not each.letters):
        found = [each for each in found if each.how]  # nobody else's
    if held and not (asked and situation.asked is Asked.ANSWER):
        found = [each for each in found if _is_meant(said, each, held, denied, asked=asked)]
    rows = {each.text for each in every if each.letters}
    of_value = "email.at" in said.tags and said.tags.isdisjoint(_OF_NAMES)
    of_value |= situation.asked is Asked.CONFIRM  # letters are of the value that is read back
    if of_value and not asked and all(each.only_spells(rows) for each in found):
        return
    mended = _mended(said, held, found, denied, asked) if held else None
    if mended == held and not asked:
        return
    if mended:
        new = set(mended.lower().split())
        used = [e for e in found if e.letters or new & set(e.text.lower().split())] or found
        first, end = (used[0].first, used[-1].end) if used else (0, len(said))
        correct = mended != held and (not asked or situation.asked is Asked.CONFIRM)
        act = (Correct if correct else Provide)(Step.NAME, mended, said.span(first, end))
        begun = used[0].begun if used else 0
        part = said.at(end, "name.part")
        yield Candidate(act, begun, part.end if part else end, not asked)
        if begun < first:  # "did you get my surname? Hartigan."
            yield Candidate(act, first, end, 1 + (not asked))
        return
    if not asked:
        found = [each for each in found if each.how is How.ANNOUNCED and not each.letters]
    base = _base(found)
    if base is None:
        return
    labelled = any(each.label for each in found)
    kept = [each for each in found if labelled or each is base or each.first >= base.end]
    full, also = _folded(kept, base)
    if held and not asked and full == held:
        return
    kept = kept if labelled else [*_contributing(kept, base)]
    end = max(each.end for each in kept)
    trail = said.at(end, "name.trail", "name.part")
    act = Provide(Step.NAME, full, said.span(base.first, end), also=also, assumed=base.guesses)
    begun = min(each.begun for each in kept)
    yield Candidate(act, begun, trail.end if trail else end, base.guesses)


def _is_meant(
    said: Utterance, each: Mention, held: str, denied: Sequence[Mention], *, asked: bool
) -> bool:
    """Return False for a name in other talk where one is held, and none is asked for.

    Another one is announced, mends, stands behind a no, or sounds like the one held; "Yes, Sharon",
    "barney at finkel dot com. No Frankensteins" and "tell my son, Rex" leave it as it is.
    """
    first = said.opening(each.first)
    if any(said.all("name.theirs", first=first, end=each.first)) or said.at(each.end, "email.at"):
        return False
    if denied or any(said.all(*_OF_NAMES)):
        return True
    if said.before(each.first, "no.plain"):
        return False
    now, old = each.text.lower().split(" "), held.lower().split(" ")
    of_it = any(alike(word, other) for word in now for other in old)
    told = of_it or each.letters or each.mends or each.how is How.ANNOUNCED
    alone = asked and each.how is How.ALONE and not said.tokens[each.first].start
    answers = [match.tag for match in said.all(*_AGREES, *_DENIES, end=each.first)]
    return told or alone or (bool(answers) and answers[-1] in _DENIES)


def _before_figures(said: Utterance) -> Iterator[Candidate]:
    """Give the name that opens an answer of several: "Jack 0491 570 156", "Ann Lee 12 Elm St"."""
    end = next((at for at, token in enumerate(said.tokens) if token.is_digits), 0)
    if (
        end
        and is_given(said.low(0))
        and (place := name_at(said, 0, announced=False))
        and place.end == end
    ):
        act = Provide(Step.NAME, written(said, place), said.span(0, end), assumed=1)
        yield Candidate(act, 0, end, 1)


def _base(found: Sequence[Mention]) -> Mention | None:
    """Return the mention to begin with: the strongest, of equals the first said."""
    own = [each for each in found if not each.hint]
    if not own:
        return None
    words = [each for each in own if not each.letters] or own
    strongest = max(words, key=lambda each: each.how)
    return own[0] if own[0].letters and strongest.how <= How.BEHIND else strongest


def _folded(found: Sequence[Mention], base: Mention) -> tuple[str, str | None]:
    """Return the whole name, and another name for the same person."""
    if parts := _labelled(found):
        return parts, None
    text = parted(base.text) if base.letters else base.text
    later = [each for each in found if each.first >= base.end]
    name, also, _ = reduce(_joined, later, (text, base.text if base.nick else None, base))
    return name, also if also != name else None


def _contributing(found: Sequence[Mention], base: Mention) -> Iterator[Mention]:
    """Give the mentions that the name is made of; a name said in passing later is none of them."""
    state: _Fold = (parted(base.text) if base.letters else base.text, None, base)
    for each in found:
        if each.first < base.end:
            yield each
            continue
        after = _joined(state, each)
        if each.letters or each.hint or each.nick or after[:2] != state[:2]:
            yield each
            state = after


def _labelled(found: Sequence[Mention]) -> str:
    """Return the name of "first name Ruth, surname Okafor", in either order, spelled or not.

    The part that is not called so may stand beside it: "Peter, surname Cook".
    """
    parts: dict[str, str] = {}
    part = ""
    for each in found:
        if each.letters and not each.label:
            part = next((p for p, text in parts.items() if alike(text.lower(), each.text)), part)
        if part in parts and (each.hint or (each.letters and not each.label)):
            parts[part] = (hinted if each.hint else respelled)(parts[part], each.text)
        elif not each.hint and (each.label or each.how != How.WEAK or is_given(each.text.lower())):
            part = each.label
            if part not in parts or each.mends:
                parts[part] = titled(each.text) if each.letters else each.text
    other, bare = "last" if "first" in parts else "first", parts.pop("", "")
    if any(part in bare.split(" ") for part in parts.values()):
        return bare  # "Tran Thi Mai. Tran is the family name."
    parts.setdefault(other, bare)
    return f"{parts['first']} {parts['last']}" if len(parts) > 1 and all(parts.values()) else ""


_Fold = tuple[str, "str | None", Mention]


def _joined(so_far: _Fold, each: Mention) -> _Fold:
    """Return the name with one more mention in it, and another name of the caller."""
    name, also, before = so_far
    old, new = name.lower().split(" "), each.text.lower().split(" ")
    if each.hint:
        name = hinted(name, each.text)
    elif each.letters:
        other = before.letters and not before.hint and (each.apart or not alike(old[-1], each.text))
        if other and len(old) == 1:
            name = f"{name} {titled(each.text)}"
        elif len(old) == 1 and (each.told or _is_misheard(before, each.text)):
            name = titled(each.text)
        elif not other:
            name = respelled(name, each.text)
    elif each.mends or set(old) < set(new) or (before.letters and len(new) > len(old)):
        name = each.text
    elif each.nick:
        also = each.text
    elif len(old) == 1 < len(new) and _is_in_full(old[0], new):
        name, also = each.text, name
    elif before.nick and len(new) == 1 and old != new and is_given(new[0]):
        name, also = each.text, name  # "everyone calls me Bluey but it's Kevin"
    elif len(new) > 1 and (before.nick or (also and new[0] in also.lower().split())):
        name, also = (each.text, name) if old[0] != new[0] else (each.text, also)
    elif before.letters and len(old) == len(new) == 1 and old != new:
        name = f"{each.text} {name}" if is_given(new[0]) and is_last(old) else f"{name} {each.text}"
    elif len(new) == 1 and (is_given(new[0]) or is_particle(old[0])) and is_last(old):
        surname = len(old) > 1 or is_family(old[0])
        name = f"{each.text} {name}" if surname else name  # "Van der Berg, Marijke"
    elif len(old) == len(new) == 1 and may_be_last(new[0]) and old != new:
        near = each.first <= before.end + _PAUSE
        name = f"{name} {each.text}" if near else name  # "Marguerite. Duval."
    return name, also, replace(before, end=each.end) if each.hint else each


def _is_in_full(short: str, full: Sequence[str]) -> bool:
    """Return True for "Bazza. Barry Whitfield", and False for "Whitfield, Barry John"."""
    last = is_family(short) and not is_given(short)
    return not last and (is_given(without_accents(full[0])) or full[0][0] == short[0])


def _is_misheard(before: Mention, letters: str) -> bool:
    """Return True where the spelling of a last name shows that the word before it was not heard.

    "My last name is Causty, K O W A L S K I"; but in "last name Smith, J O H N" the first follows.
    """
    if before.label != "last" or is_given(letters):
        return False
    return " " in respelled(before.text, letters)


def _mended(
    said: Utterance, held: str, found: Sequence[Mention], denied: Sequence[Mention], asked: bool
) -> str | None:
    """Return the held name with the part that was said anew; None where none of it was.

    "no, it's Smyth", "with a y", "S M Y T H", "the surname is Okafor", "Carol, not Cheryl".
    """
    if suffix := next(said.all("name.suffix_missing"), None):
        return f"{held} {titled(said.low(suffix.end - 1))}"
    words = held.split(" ")
    names = [each for each in found if not each.hint]
    if not names:
        new = reduce(lambda name, each: hinted(name, each.text), found, held)
        return new if new != held else None
    labels = {each.label for each in names if each.label}
    if _folded(found, _base(names) or names[-1])[0] == held:
        return held
    if len(words) > 1 and not labels and all(each.letters for each in names):
        row = "".join(each.text for each in names)
        if (whole := respelled(held, row)).replace(" ", "").lower() == row:
            return whole  # "zed o e, Q U I double L", both words spelled
    if len(labels) == 1 and (len(words) > 1 or held != names[0].text):
        return _with_label(words, names, labels.pop())
    word, _ = _folded(found, _base(names) or names[-1])
    bare = asked and len(words) == 1 and not is_given(held.lower())
    if bare and is_given(word.lower()) and said.tags.isdisjoint(_DENIES):
        return f"{word} {held}"  # "Dr Okonkwo", and at the read-back "Chidi"
    if " " in word:  # the name held was a part of it, or has a part of it
        now, first = word.lower().replace("-", " ").split(), words[0].lower().replace("-", "")
        part = first in (*now, "".join(now)) or "".join(now).endswith(first)
        shared = not {now[0], now[-1]}.isdisjoint((first, words[-1].lower()))
        shared &= not any(each.how is How.ANNOUNCED for each in names)  # another whole name
        return word if (part if len(words) == 1 else shared) else None
    if word.lower() in held.lower().replace("-", " ").split(" "):
        return held
    for other in (*(each.text for each in denied), *([word] if len(words) > 1 else [])):
        at = nearest(words, other.lower())
        if alike(words[at].lower(), other.lower()):
            return " ".join([*words[:at], word, *words[at + 1 :]])
    of_names = any(tag in said.tags for tag in _OF_NAMES) or denied
    own = [each.how for each in names if not each.letters]
    announced = How.ANNOUNCED in own or (How.WEAK in own and of_names)
    last = not is_given(word.lower()) and not is_everyday(word.lower())
    if len(words) > 1 and last and announced:
        return " ".join([*words[:-1], word])  # "my name's Hartigan now"
    told = asked or any(clause.mends for clause in said.clauses)
    sure = asked or any(each.letters for each in names)
    no = sure and any(said.all(*_DENIES, end=names[0].first))  # "no, Nadia", of Elias Haddad
    anew = len(names) < len(found) or (no and all(each.how for each in names))
    given = told and anew and is_given(word.lower()) and len(words) > 1
    return " ".join([word, *words[1:]]) if given else None


def _with_label(words: Sequence[str], names: Sequence[Mention], label: str) -> str:
    """Return the held name with its first or last word as it is called now.

    A name of one word is the other part: "O'Brien", "first name's Declan".
    """
    at = next(n for n, each in enumerate(names) if each.label)
    text = titled(names[at].text) if names[at].letters else names[at].text
    for each in names[at + 1 :]:
        text = respelled(text, each.text) if each.letters else text
    if len(words) == 1:
        given, family = is_given(text.lower()), is_family(text.lower())
        first = label == "first" or (given and not family)  # "Brant is my last name, I'm Otto"
        same = (is_given if first else is_family)(words[0].lower())
        return text if same else f"{text} {words[0]}" if first else f"{words[0]} {text}"
    return " ".join([text, *words[1:]] if label == "first" else [*words[:-1], text])
