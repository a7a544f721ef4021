"""Yes or no after a read-back."""

from __future__ import annotations

from voicebot.collect.understanding.tokens import plain, word_set, words

_YES_WORDS = word_set(
    "yes yeah yep yup yah ya yea aye ok okay sure right correct affirmative absolutely definitely "
    "certainly exactly indeed perfect fine good great lovely true alright confirm confirmed "
    "confirming agreed accurate excellent awesome wonderful brilliant cool suits book spot precisely "
    "totally perfectly uhuh mhm bingo works ideal beautiful positive"
)
_NO_WORDS = word_set(
    "no nope nah incorrect wrong negative never false mistake error isn't isnt wasn't not inaccurate "
    "don't dont change didn't can't cannot won't disagree"
)
_YES_PHRASES = (
    "not bad",
    "no problem",
    "no worries",
    "no that's right",
    "no that's correct",
    "no that's fine",
    "no that's good",
    "no that's perfect",
    "no changes",
    "no change",
    "nothing wrong",
    "not wrong",
    "can't complain",
    "that's it",
    "go ahead",
    "go for it",
    "of course",
    "please do",
    "uh huh",
    "mm hm",
    "mm hmm",
    "you got it",
    "you've got it",
    "do it",
    "no mistake",
    "why not",
    "don't change",
    "for sure",
)


def is_yes(utterance: str) -> bool | None:
    """True for a yes, False for a no, None when it is neither."""
    said = words(plain(utterance))
    if not said:
        return None
    joined = " " + " ".join(said) + " "
    agreed = any(f" {phrase} " in joined for phrase in _YES_PHRASES)
    if agreed:
        return True
    if any(word in _NO_WORDS for word in said):
        return False
    if any(word in _YES_WORDS for word in said):
        return True
    return None
