"""How much of an answer a text is: what turn-taking needs to know of its meaning. Pure.

asked for        a piece            whole, may go on            final
phone            "0412"             "13 22 44"                  "0412 345 678"
e-mail           "j smith at"       "j@shop.com" (".au"?)       "j@gmail.com"
name             "my name is"       "John"                      "John Smith"
time             "tomorrow"         "tomorrow at nine"          "tomorrow at 9 a.m."
a yes or no                                                     "yes"
"""

import re
from typing import Final

from voicebot.call import Step
from voicebot.collect.events import Expectation, Hint
from voicebot.collect.understanding import Correct, Provide
from voicebot.stream.turn_taking import Said

_GOES_ON: Final = re.compile(r"(?:[,;:\-–—…，、]|\.\.\.)$")
"""Recognisers end so what sounds unfinished."""
_SPELLED: Final = re.compile(r"(?<![^\W_])((?:[A-Z][-. ,]+)+[A-Z])\W*$")
"""Single letters at the end of a text."""
_TO_THE_MINUTE: Final = re.compile(r":(?!00)\d\d$")
_HALF_OF_DAY: Final = re.compile(r"\b[ap]\.?\s?m\b\W*$", re.IGNORECASE)
_POSTCODE: Final = re.compile(r"\d{4,}\W*$")
_BEFORE_COUNTRY: Final = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})
"""Last parts of a domain that a country's may follow."""
_NO_COUNTRY: Final = frozenset(
    {"gmail.com", "googlemail.com", "hotmail.com", "icloud.com", "outlook.com"}
)
_MANY_DIGITS: Final = 6
"""Of a telephone number: fewer are a group of it."""
_SHORT_NUMBER: Final = len("+61132244")
"""An E.164 number of this length or less may be the beginning of a longer one."""


def said_of(expectation: Expectation, texts: tuple[str, ...]) -> Said:
    """Return how much of an answer the transcripts `texts` are, the likeliest first."""
    hint = expectation.read(texts)
    if not hint.complete:
        return Said.WHOLE if _may_be_number(expectation, hint, texts) else Said.PIECE
    if expectation.closed:
        return Said.FINAL
    given = [
        act
        for act in hint.reading.acts
        if isinstance(act, (Provide, Correct)) and act.step is expectation.step and act.value
    ]
    if not given:  # "can you say that again", "I want to talk to a person"
        return Said.FINAL
    text, last = (hint.text or texts[0]).rstrip(), given[-1]
    if _GOES_ON.search(text) or (isinstance(last, Provide) and last.ambiguous):
        return Said.WHOLE
    return _value_said(expectation.step, last.value or "", text)


def _may_be_number(expectation: Expectation, hint: Hint, texts: tuple[str, ...]) -> bool:
    """Return whether another transcript than the likeliest is a whole telephone number.

    It may have kept a "double" that the others lost: then the number is transcribed once more.
    """
    if expectation.step is not Step.PHONE or expectation.closed or hint.digits < _MANY_DIGITS:
        return False
    return whole_first(expectation, texts)[0] != texts[0]


def whole_first(expectation: Expectation, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the transcripts with the likeliest that is a whole answer by itself before the others.

    "double one, purple two" is nothing; "double one, triple two" behind it may be the number, which
    is read back in any case. Where none is whole their order stays.
    """
    for text in texts:
        if expectation.read((text,)).complete:
            return (text, *(other for other in texts if other != text))
    return texts


def _value_said(step: Step, value: str, text: str) -> Said:
    final = True
    match step:
        case Step.NAME:
            if (letters := _SPELLED.search(text)) and not _repeats(letters, text):
                return Said.PIECE  # the next letter may come
            final = " " in value
        case Step.PHONE:
            final = len(value) > _SHORT_NUMBER
        case Step.ADDRESS:
            final = _POSTCODE.search(text) is not None
        case Step.EMAIL:
            domain, ending = value.rpartition("@")[2], value.rpartition(".")[2]
            final = text.rstrip(" .!?").casefold().endswith(ending) and (
                domain in _NO_COUNTRY or ending not in _BEFORE_COUNTRY
            )
        case Step.TIME:
            final = bool(_TO_THE_MINUTE.search(value) or _HALF_OF_DAY.search(text))
        case _:
            pass
    return Said.FINAL if final else Said.WHOLE


def _repeats(letters: re.Match[str], text: str) -> bool:
    """Return whether the letters spell a word that was said before them."""
    spelled = re.sub(r"\W", "", letters[1]).casefold()
    return spelled in re.findall(r"[^\W\d_]+", text[: letters.start()].casefold())
