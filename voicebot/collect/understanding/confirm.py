"""Yes or no after a read-back.

Words with an opinion ("right", "wrong", "perfect") count more than "yes" and "no", which open
sentences of both kinds ("no, that's right"); the last word of the stronger sort decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.collect.understanding.lexicon import FILLERS
from voicebot.collect.understanding.tokens import plain, word_set, words

_YES = word_set("yes yeah yep yup yah ya yea aye ok okay sure mhm uhuh alright right")
_NO = word_set("no nope nah nay")
_GOOD = word_set(
    "right correct affirmative absolutely definitely certainly exactly indeed perfect fine good "
    "great lovely true confirm confirmed confirming agreed accurate excellent awesome wonderful "
    "brilliant cool suits suit spot precisely totally perfectly bingo works ideal beautiful "
    "agree nice yessir roger positive sure happy okay ok it yes go please fantastic fabulous "
    "continue terrific superb splendid marvelous marvellous amazing delightful neat sweet"
)
_BAD = word_set(
    "incorrect wrong negative false mistake error inaccurate mistaken disagree bad "
    "misheard misunderstood misread misspelled miss invalid almost nearly"
)
_NOT = word_set(
    "not isn't isnt wasn't wasnt don't dont doesn't doesnt didn't didnt can't cannot won't never "
    "aren't arent nothing nowhere without ain't aint"
)
_NEUTRAL = word_set("it go please sure yes")
"""Good only after a "not" that they turn round: "not it", "don't go"."""
_GOOD_PHRASES = (
    "go on",
    "carry on",
    "keep going",
    "where we left off",
    "where i left off",
    "no problem",
    "no worries",
    "no changes",
    "no change",
    "no mistake",
    "no objection",
    "no complaints",
    "not a problem",
    "can't complain",
    "don't change",
    "that's it",
    "thats it",
    "go ahead",
    "go for it",
    "of course",
    "please do",
    "please book",
    "book it",
    "book that",
    "uh huh",
    "mm hm",
    "mm hmm",
    "you got it",
    "you've got it",
    "do it",
    "for sure",
    "sounds good",
    "that's the one",
    "that'll do",
    "that will do",
    "that's me",
    "very well",
    "will work",
    "that'll work",
    "i think so",
    "i believe so",
    "what i want",
    "what i wanted",
    "what i said",
    "that's everything",
    "you bet",
    "let's go",
    "10 4",
    "ten four",
    "by all means",
    "too right",
    "no that's all",
)
_GREETINGS = tuple(f"good {part}" for part in ("morning", "afternoon", "evening", "night", "day"))
_BAD_PHRASES = (
    "way off",
    "bit off",
    "is off",
    "that's off",
    "change it",
    "change that",
    "change the",
    "try again",
    "start over",
    "not quite",
    "not really",
    "no way",
    "no good",
    "that's the old",
    "need to change",
    "want to change",
    "like to change",
)
_MISHEARD = {"yet": True, "yeh": True, "yas": True, "know": False, "nor": False, "knows": False}
"""What a recogniser writes for a lone yep and a lone no."""
_SHORT_WORDS = 6
_OF_READ_BACK = word_set(
    "it that this that's it's thats its these those what my mine no nope you the there they"
)
_REACH = 3
"""How many words after a "not" its sense reaches."""


def is_yes(utterance: str) -> bool | None:
    """True for a yes, False for a no, None when it is neither."""
    said = words(plain(utterance))
    joined = " " + " ".join(said) + " "
    if any(f" {phrase} " in joined for phrase in _BAD_PHRASES):
        return False
    if len(said) == 1 and said[0] in _MISHEARD:
        return _MISHEARD[said[0]]
    if opinions := _opinions(_as_one_word(joined).split()):
        return opinions[-1]
    plainly = [word in _YES for word in said if word in _YES or word in _NO]
    return plainly[-1] if plainly else None


def agrees_at_first(utterance: str) -> bool:
    """Return True when the turn opens with a yes, whatever follows it."""
    said = [word for word in words(plain(utterance)) if word not in FILLERS]
    return bool(said) and (said[0] in _YES or said[0] in _GOOD)


def denies(utterance: str) -> bool:
    """Return True for a plain no: it opens or closes with one, or calls what was said wrong."""
    if is_yes(utterance) is not False:
        return False
    said = words(plain(utterance))
    joined = f" {' '.join(said)} "
    plainly = said[0] in _NO or said[-1] in _NO or not _BAD.isdisjoint(said)
    good = _GOOD - _NEUTRAL
    turned = any(
        word in _NOT and not good.isdisjoint(said[at + 1 : at + 1 + _REACH])
        for at, word in enumerate(said)
    )
    return plainly or turned or any(f" {phrase} " in joined for phrase in _BAD_PHRASES)


def _as_one_word(joined: str) -> str:
    """Its greetings left out, each good phrase in one good word: the "not" in it turns nothing."""
    for greeting in _GREETINGS:
        joined = joined.replace(f" {greeting} ", " ")
    for phrase in _GOOD_PHRASES:
        joined = joined.replace(f" {phrase} ", " good ")
    return joined.removesuffix("why not ") + "good" if joined.endswith(" why not ") else joined


def _opinions(said: Sequence[str]) -> list[bool]:
    """What each word with an opinion says, in order; a "not" without one is a no."""
    found: list[bool] = []
    turned_until = -1
    for at, word in enumerate(said):
        if word in _NOT:
            turns = any(_has_opinion(after) for after in said[at + 1 : at + 1 + _REACH])
            if not turns and _is_about_it(said, at):
                found.append(False)
            turned_until = at + _REACH
            continue
        turned = at <= turned_until
        if word in _BAD:
            found.append(turned)
        elif word in _GOOD and not (at == 0 and word in _YES):
            if turned:
                found.append(False)
            elif word not in _NEUTRAL:
                found.append(True)
        if turned and _has_opinion(word):
            turned_until = -1
    return found


def _is_about_it(said: Sequence[str], at: int) -> bool:
    """Is this "not" about what was read back? In a longer sentence it may be about the caller:
    "I am not feeling well and need …"."""
    near = said[max(0, at - _REACH) : at + 1 + _REACH]
    return len(said) <= _SHORT_WORDS or not _OF_READ_BACK.isdisjoint(near)


def _has_opinion(word: str) -> bool:
    return word in _GOOD or word in _BAD
