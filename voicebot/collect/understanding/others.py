"""Values that are somebody else's, or of another time: "your number", "my old address was",
"I saw you on Friday at nine", "my flight leaves at six"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from voicebot.call import Step
from voicebot.collect.understanding.questions import clause_around
from voicebot.collect.understanding.tokens import tokens, word_set, words

_NEAR_WORDS = 4
"""So near before a value stands whose it is."""
_SHORTEST_PAST = 4
_FORMER = word_set("old previous former")
_TELLING = word_set("is isn't was doesn't does has no not")
_NEGATED = word_set("not isn't doesn't no")
_ENDED = word_set("disconnected dead wrong")
_RUNNING = word_set("work working longer mine valid active right anymore")
"""What a caller says behind a value that is not to be used; these with a "not"."""
_PAST = word_set(
    "called saw went visited happened started broke bought received arrived met spoke talked "
    "rang cancelled canceled yesterday ate drank drove slept woke watched played lost forgot paid "
    "had married missed"
)
_PAST_OF_SOMEBODY = word_set("came left")
"""Past with its doer before it: "I left on Friday", but "what is left on Friday"."""
_DOERS = word_set("i we he she it they you who i've we've just already ever never once")
_HOPED = word_set(
    "needed wanted preferred liked loved hoped planned wondered decided intended booked reserved "
    "picked selected figured marked settled scheduled"
)
"""Past forms behind which a wish stands, or its booking: "I hoped for Friday"."""
_BOOKINGS = word_set("booking bookings reservation reservations table appointment")
"""Who had one tells of it, and it stands: "I had a booking for seven"."""
_WISHING = word_set("hoping thinking wondering going looking planning wanting trying")
_OWN_EVENTS = word_set(
    "flight train bus meeting school class shift funeral born leaves leave lands departs work"
)
"""What callers do at an hour that is not the one they want."""
_OWNED = (
    "flight|train|bus|plane|ferry|shift|class|lecture|exam|interview|birthday|anniversary|wedding|"
    "payday|surgery|operation|lease|warranty|licen[cs]e|insurance|rent|school|work"
)
_KIN = (
    "m[ou]m|mother|dad|father|parents|wife|husband|partner|boyfriend|girlfriend|brothers?|sisters?"
    "|sons?|daughters?|kids?|children|uncle|aunt|cousin|grandm[ao]ther|grandfather|friends?"
    "|neighbou?rs?|boss|colleague|roommate|flatmate|landlord|assistant"
)
_THEY = rf"(?:he|she|they|someone|(?:my|our|his|her|their|the) (?:\w+ )?(?:{_KIN}))"
_OF_THEIRS = re.compile(
    rf"\b(?:my|our|his|her|their|the) (?:\w+ )?(?:{_KIN})'?s(?: (?!is\b|was\b)\w+){{0,3}}"
    rf" (?:is|was)\b|\b{_THEY} (?:lives?|uses?|has|is at|works at|stays)\b"
    r"|\b(?!(?:i|we|they|have|had|i've|we've|family|always|also|ever)\b)[a-z']+"
    r" live[ds] (?:at|in|on)\b"
    r"|\b(?:his|her|their) (?:\w+ )?(?:number|address|e-?mail|phone|mobile|cell) (?:is|was)\b"
)
""" "My sister lives at …", "my wife's number is …"."""
_HANDED_ON = word_set("use reach call try ring text send put take contact for better best")
"""With these somebody else's is to be written down all the same."""
_FACTS = re.compile(
    rf"\bmy (?:\w+ )?(?:{_OWNED})(?:'s| \w+)|\bpayday|\bturn(?:s|ed)\b|\bexpire[sd]?\b"
    r"|(?:^|be |right )back (?:in\b|$)"
    rf"|(?<!can )(?<!could )\b(?:i|we|{_THEY})"
    r" (?:works?|finish|finishes|closes?|gets? (?:off|out|home)) (?:until|till|til|at|from)\b"
    r"|\b(?:we|it|they) (?:opens?|starts?|begins?|ends?) (?:at|from|on)\b"
    rf"|\b(?:{_KIN}) (?:is|are|will be) (?:at|in|on)\b"
    r"|(?<!\bi )\b\w+ (?:said|told|asked|promised|advised)\b"
    rf"|\bi(?:'ve| have)(?: got)? (?:an? )?(?:{_OWNED}|meeting|plans)\b"
    rf"|\b(?:{_OWNED}|{_KIN}) (?:starts?|ends?|begins?|finish(?:es)?"
    r"|leaves?|arrives?|lands?|departs?)\b"
    r"|\b(?:busy|unavailable|tied up|away|out of town|on (?:holiday|vacation|leave))\b"
    r"|\b(?:ring|call|phone) (?:me|us)\b",
    re.IGNORECASE,
)
"""What callers tell of days and hours: "my train is at six", "he turns five on Friday"."""
_LED_ON = re.compile(r",|\b(?:so|but)\b", re.IGNORECASE)
_PARTING = re.compile(r"\b(?:see|catch) (?:you|ya|u)(?: \w+){0,2}\W*$")
_AROUND_IT = word_set("after before for")
"""Before such an event they make a wish of it: "after work at six"."""
_WISHES = word_set(
    "so could maybe let's book good fine great works suits need want like please can would prefer "
    "how about mind hoped thought planned wanted"
)
"""Behind what has been, or will be anyway, they begin what is wanted."""


def is_of_others(step: Step, text: str, span: tuple[int, int]) -> bool:
    """Do the words before a value say that it is not the caller's, or no longer?"""
    near = words(text[: span[0]])[-_NEAR_WORDS:]
    if ruled_out_until(text, span[1]) > span[1]:
        return True
    if "your" in near or "you're" in near or _side_by_side(near, "you", "are"):
        return True
    clause = clause_around(text, span)
    before = clause[: clause.find(text[slice(*span)])]
    if _checks(clause, len(before)) or (
        (theirs := _OF_THEIRS.search(before.lower()))
        and (_HANDED_ON.isdisjoint(words(clause)) and not _CONTRAST.search(before[theirs.end() :]))
    ):
        return True
    if step is Step.EMAIL and near[-1:] == ["from"]:
        return True
    return step is not Step.PHONE and not _FORMER.isdisjoint(near)


_CHECKED = re.compile(
    r"^\W*(?:(?:so|and|but|wait|sorry|hi|hello|um|uh|oh|ok|okay|well)\W+)*"
    r"(?:(?:is|was|isn't|wasn't|are|were) (?!(?:it|that) (?:ok|okay|all ?right|possible|fine)\b)"
    r"|(?:do|does|did) (?:you|he|she|they|it)\b|(?:have|has) (?:you|he|she|they)\b)",
    re.IGNORECASE,
)
_CONTRAST = re.compile(r"\b(?:but|mine|i|i'm|no|sorry|actually)\b", re.IGNORECASE)


def _checks(clause: str, at: int) -> bool:
    """ "Is it 12 Elm Street that you have?": they check a value, and give none.

    "Is 12 Elm Street", with the value `at` once behind it, answers, unless its mark asks.
    """
    asked = _CHECKED.search(clause)
    return asked is not None and (bool(words(clause[asked.end() : at])) or clause[-1:] == "?")


def ruled_out_until(text: str, end: int) -> int:
    """Where the words end that rule out the value before them; `end` when none do.

    "… is my old number", "… doesn't work anymore", "… is disconnected".
    """
    after = [token for token in tokens(text[end:]) if token.is_word][:_NEAR_WORDS]
    lows = [token.low for token in after]
    former = next((at for at, low in enumerate(lows) if low in _FORMER), 0)
    if former and lows[0] in ("is", "was", "that's"):
        return end + after[min(former + 1, len(after) - 1)].end
    negated = not _NEGATED.isdisjoint(lows[:2])
    over = _ENDED | _RUNNING if negated else _ENDED
    ended = [at for at, low in enumerate(lows) if at and low in over]
    return end + after[ended[-1]].end if ended and lows[0] in _TELLING else end


def is_past(clause: str, value_at: int = 0) -> bool:
    """Does the clause tell what has been? "I was hoping for Friday" does not.

    value_at  where the value stands; a verb in -ed that a comma parts from it tells of something
              else: "I looked it up, Friday at three"
    """
    said = words(clause)
    breath = len(words(clause[: clause.rfind(",", 0, value_at) + 1]))
    told = [at for at in range(len(said)) if _is_told(said, at, breath)]
    return bool(told) and _WISHES.isdisjoint(said[told[0] + 1 :])


def _is_told(said: Sequence[str], at: int, breath: int) -> bool:
    """A verb of what has been; of those in -ed only one with its doer before it, from `breath`."""
    word = said[at]
    if word == "had" and not _BOOKINGS.isdisjoint(said[at + 1 : at + 4]):
        return False
    if word in ("was", "were"):
        return _WISHING.isdisjoint(said[at + 1 : at + 3])
    done = at > 0 and said[at - 1] in _DOERS
    regular = len(word) > _SHORTEST_PAST and word.endswith("ed") and not word.endswith("eed")
    regular = regular and at >= breath and word not in _HOPED
    return word in _PAST or (done and (regular or word in _PAST_OF_SOMEBODY))


def is_own_event(clause: str) -> bool:
    """ "My flight leaves tomorrow at six", "I work until five tomorrow": no time to be booked."""
    said = words(clause)
    busy = [
        at
        for at, word in enumerate(said)
        if word in _OWN_EVENTS and _AROUND_IT.isdisjoint(said[max(0, at - 2) : at])
    ]
    return bool(busy) and _WISHES.isdisjoint(said[busy[0] + 1 :])


def is_fact(clause: str, at: int) -> bool:
    """ "My shift ends at four": what is said before the place `at` tells, and wishes nothing."""
    if _PARTING.search(clause.lower()) or words(clause[:at])[-1:] == ["since"]:
        return True
    told = _FACTS.search(clause[:at])
    return told is not None and _WISHES.isdisjoint(words(clause[told.end() :]))


def without_fact(text: str) -> str:
    """The text with a fact that leads on to something else blanked out, at the same length."""
    told = _FACTS.search(text)
    led = _LED_ON.search(text, told.end()) if told else None
    if told is None or led is None:
        return text
    return text[: told.start()] + " " * (led.start() - told.start()) + text[led.start() :]


def _side_by_side(said: Sequence[str], one: str, other: str) -> bool:
    pairs = set(pairwise(said))
    return (one, other) in pairs or (other, one) in pairs
