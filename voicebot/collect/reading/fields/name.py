"""The caller's name: the mentions of names and letters in an utterance, folded into one name.

A mention is a name that is announced ("my name is"), that stands alone, or that follows a looser
phrase ("it's"); a row of letters; or a hint at a spelling ("with a y"). In the order said, each
makes the name so far fuller, mends it, or says how it is written: "Mavis here, Mavis Hetherington",
"Otto Brant, B R A N D T", "first name Ruth, surname Okafor".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

from voicebot.call import Step
from voicebot.collect.reading.alternatives import Parts, weighed
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.name_letters import (
    Letters,
    alike,
    capital,
    hinted,
    nearest,
    parted,
    refined,
    respelled,
)
from voicebot.collect.reading.fields.name_mentions import How, Mention, mentions, spelled_whole
from voicebot.collect.reading.fields.name_words import titled, words_of
from voicebot.collect.reading.types import Asked, Correct, Provide, Situation
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.words import is_family, is_given

_ANNOUNCING = ("name.lead", "name.label", "name.nickname", "name.trail")
"""One of these stands by every name that nobody asked for."""

_PARTS = Parts(
    step=Step.NAME,
    split=lambda name: name.rsplit(" ", 1),
    join=" ".join,
    known=lambda word, at: (is_family if at else is_given)(word.lower()),
    around=(*_ANNOUNCING, "name.weak", "name.told", "name.between", "quiet.link"),
)


def name(said: Utterance, situation: Situation) -> Iterable[Candidate]:
    """Give the name that was said, the likeliest of all transcripts."""
    return weighed(_name, said, situation, _PARTS)


def _name(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the name that was said; one that mends the name held as a correction of it."""
    asked = situation.step is Step.NAME
    held = situation.record.get(Step.NAME, "")
    if not asked and not held and next(said.all(*_ANNOUNCING), None) is None:
        return
    if asked and not held and (whole := spelled_whole(said)):
        yield _spelled_whole(said, whole)
        return
    found = list(mentions(said))
    denied = [each for each in found if said.before(each.first, "name.not")]
    found = [each for each in found if each not in denied]
    if held and (mended := _mended(said, held, found, denied, asked)):
        span = said.span(found[0].first, found[-1].end) if found else said.span(0, len(said))
        first, end = (found[0].begun, found[-1].end) if found else (0, len(said))
        correct = not asked or situation.asked is Asked.CONFIRM
        act = Correct(Step.NAME, mended, span) if correct else Provide(Step.NAME, mended, span)
        yield Candidate(act, first, end, 0 if asked else 1)
        return
    if not asked:
        found = [each for each in found if each.how is How.ANNOUNCED and not each.letters]
        if len(found) == 1 and " " not in found[0].text and found[0].guesses > 1:
            return
    base = _base(found)
    if base is None:
        return
    labelled = any(each.label for each in found)
    kept = [each for each in found if labelled or each is base or each.first >= base.end]
    full, also = _folded(kept, base)
    if held and not asked and full == held:
        return
    first, end = min(each.begun for each in kept), max(each.end for each in kept)
    trail = said.at(end, "name.trail")
    span = said.span(base.first, max(base.end, end if len(kept) > 1 else base.end))
    act = Provide(Step.NAME, full, span, also=also, assumed=base.guesses)
    yield Candidate(act, first, trail.end if trail else end, base.guesses)


def _spelled_whole(said: Utterance, letters: Letters) -> Candidate:
    span = said.span(letters.first, letters.end)
    return Candidate(Provide(Step.NAME, parted(letters.text), span), 0, letters.end)


def _base(found: Sequence[Mention]) -> Mention | None:
    """Return the mention to begin with: the strongest, of equals the first said."""
    own = [each for each in found if not each.hint]
    words = [each for each in own if not each.letters] or own
    if not words:
        return None
    first = min(own, key=lambda each: each.first)
    strongest = max(words, key=lambda each: (each.how, -each.first))
    return first if first.letters and strongest.how <= How.BEHIND else strongest


def _folded(found: Sequence[Mention], base: Mention) -> tuple[str, str | None]:
    """Return the whole name, and another name for the same person."""
    parts = _labelled(found)
    if parts:
        return parts, None
    text = parted(base.text) if base.letters else base.text
    later = [each for each in found if each.first >= base.end]
    name, also, _ = reduce(_joined, later, (text, base.text if base.nick else None, base))
    return name, also if also and also != name else None


def _labelled(found: Sequence[Mention]) -> str:
    """Return the name of "first name Ruth, surname Okafor", in either order, spelled or not.

    The part that is not called so may stand beside it: "Peter, surname Cook".
    """
    parts: dict[str, str] = {}
    part = ""
    for each in found:
        if part in parts and (each.hint or (each.letters and not each.label)):
            parts[part] = (hinted if each.hint else respelled)(parts[part], each.text)
        elif each.hint:
            continue
        elif each.label or each.how is not How.WEAK:
            part = each.label
            if part not in parts or each.mends:
                parts[part] = _one(each)
    other = "last" if "first" in parts else "first"
    parts.setdefault(other, parts.pop("", ""))
    return f"{parts['first']} {parts['last']}" if all(parts.values()) and len(parts) > 1 else ""


def _one(mention: Mention) -> str:
    return capital(mention.text) if mention.letters else mention.text


_Fold = tuple[str, "str | None", Mention]


def _joined(so_far: _Fold, each: Mention) -> _Fold:
    """Return the name with one more mention in it."""
    name, also, before = so_far
    if each.hint:
        return hinted(name, each.text), also, each
    if each.letters:
        after_letters = before.letters and not before.hint
        both = after_letters and (each.apart or not alike(words_of(name)[-1], each.text))
        grown = f"{name} {capital(each.text)}" if both and " " not in name else name
        if each.told and " " not in name and not both:
            return capital(each.text), also, each
        return (grown if both else respelled(name, each.text)), also, each
    old, new = words_of(name), words_of(each.text)
    if each.mends or (set(old) < set(new)) or (before.letters and len(new) > len(old)):
        return each.text, also, each
    if each.nick:
        return name, each.text, each
    if before.nick and len(new) > 1 and old[0] != new[0]:
        return each.text, name, each
    if also and new[0] in also.lower().split() and len(new) > 1:
        return each.text, name, each
    if before.letters and len(old) == len(new) == 1 and each.how >= How.BEHIND:
        return (f"{name} {each.text}" if old != new else name), also, each
    if len(new) == 1 and is_given(new[0]) and not is_given(old[0]) and is_family(old[-1]):
        return f"{each.text} {name}", also, each  # "Van der Berg, Marijke"
    fuller = len(new) > len(old) and alike(old[0], new[0])
    return (each.text if fuller else name), also, each


def _mended(
    said: Utterance, held: str, found: Sequence[Mention], denied: Sequence[Mention], asked: bool
) -> str | None:
    """Return the held name with the part that was said anew; None where none of it was.

    "no, it's Smyth", "with a y", "S M Y T H", "the surname is Okafor", "Carol, not Cheryl".
    """
    if suffix := next(said.all("name.suffix_missing"), None):
        return f"{held} {titled(said.low(suffix.end - 1))}"
    words = held.split(" ")
    hints = [each for each in found if each.hint]
    names = [each for each in found if not each.hint]
    if not names:
        new = reduce(lambda name, each: hinted(name, each.text), hints, held)
        return new if new != held else None
    if labelled := _by_label(words, names):
        return labelled
    each = names[-1]
    if all(name.letters for name in names):
        new = respelled(held, each.text)
        same = any(alike(word, each.text) for word in words_of(held))
        return new if same and new != held else None
    word, _ = _folded(found, _base(names) or each)
    if " " in word:
        return None
    for wrong in denied:
        at = nearest(words, wrong.text.lower())
        if alike(words[at].lower(), wrong.text.lower()):
            return " ".join([*words[:at], word, *words[at + 1 :]])
    new = refined(word, held)
    if new != word and new != held:
        return new
    told = asked or each.mends or any(clause.mends for clause in said.clauses)
    if told and hints and is_given(word.lower()) and len(words) > 1:
        return " ".join([word, *words[1:]])
    return None


def _by_label(words: Sequence[str], names: Sequence[Mention]) -> str | None:
    """Return the held name with its first or last word as it is called now."""
    label = next((each.label for each in names if each.label), "")
    if not label or len(words) < 2 or len({each.label for each in names if each.label}) > 1:
        return None
    spoken = next(each for each in names if each.label)
    text = _one(spoken)
    for each in names[names.index(spoken) + 1 :]:
        text = respelled(text, each.text) if each.letters else text
    return " ".join([text, *words[1:]] if label == "first" else [*words[:-1], text])
