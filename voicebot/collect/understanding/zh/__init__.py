"""Chinese (zh-CN): what a caller meant, by rules alone.

The same promises as for English: pure, offline, a few milliseconds, and no value rather than a
doubtful one. Simplified and traditional characters are read alike; what is stored stays as said.
"""

from __future__ import annotations

import re
from dataclasses import replace

from voicebot.call import Step
from voicebot.collect.reading import Reading
from voicebot.collect.understanding import Asked, Intent, Understanding
from voicebot.collect.understanding.bridged import agrees, consents, field_named, is_held, read
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.zh.corrections import CORRECTION
from voicebot.collect.understanding.zh.intents import (
    asks_something,
    no_answer,
    opens_with_yes,
    yes_or_no,
)
from voicebot.collect.understanding.zh.script import HAN, Text, fold
from voicebot.collect.understanding.zh.several import fields_of
from voicebot.collect.understanding.zones import marked

_SURE = 0.5
"""Under this a value is not returned."""
_DOUBTFUL = 0.7
"""Up to this a value does not stand against signs that something else was meant."""
_NO_ANSWER_CONFIDENCE = 0.9
_UNKNOWN_CONFIDENCE = 0.3
_CORRECTION_CONFIDENCE = 0.8
_ASKED_BACK = re.compile(r"[吗嘛么?？]")
""" "好吗？" says no more than "好？"."""
_STRAY_CHARACTERS = 4
_LABEL = {
    Step.PHONE: re.compile(r"电话|手机|号码?|座机|区号|前面|后面|尾号|打"),
    Step.EMAIL: re.compile(r"邮箱|邮件|邮址|mail|前面|后面|用户名"),
}
_COURTESY = frozenset((Intent.THANKS, Intent.GREETING, Intent.GOODBYE))
_FIRST_IN_CONFIRMING = frozenset(
    (
        Intent.REPEAT,
        Intent.SPEAK_SLOWER,
        Intent.HUMAN,
        Intent.BOT_CHALLENGE,
        Intent.HOLD,
        Intent.DONT_KNOW,
    )
)


def understand(utterance: str, asked: Asked) -> Understanding:
    """What the caller meant; never raises, whatever the text."""
    text = fold(utterance)
    found = fields_of(text, asked)
    time = found.get(Step.TIME)
    return marked((_confirmation if asked.confirming else _answer)(text, found, asked), time)


def read_acts(utterance: str, asked: Asked) -> Reading:
    """Return the acts of an utterance and the characters that none of them explains."""
    text = fold(utterance)
    return read(text.plain, asked, fields_of(text, asked))


def _answer(text: Text, found: dict[Step, Found], asked: Asked) -> Understanding:
    own = found.pop(asked.step, None)
    fields = _values(found)
    if own and _is_answer(own, text, asked.step):
        if own.value is not None:
            fields = {asked.step: own.value, **fields}
        elif fields:
            return Understanding(Intent.CORRECTION, fields=fields, confidence=own.confidence)
        return Understanding(
            Intent.ANSWER, own.value, fields, own.missing, own.partial, own.span, own.confidence
        )
    if fields:
        return Understanding(Intent.CORRECTION, fields=fields, confidence=_CORRECTION_CONFIDENCE)
    return _nothing(text, asked)


def _values(found: dict[Step, Found]) -> dict[Step, str]:
    return {step: said.value for step, said in found.items() if said.value is not None}


def _is_answer(own: Found, text: Text, step: Step) -> bool:
    """A sure value always; a doubtful one or a mere piece only if nothing else was meant."""
    if own.confidence < _SURE or (own.value is None and own.partial is None):
        return False
    if step is Step.TIME:
        return own.missing is None or not asks_something(text.plain)
    if step is Step.SERVICE and asks_something(text.plain):
        return False
    if own.value is None and step in _LABEL and not _is_all_there_is(own, text, _LABEL[step]):
        return False
    if own.value is None or own.confidence <= _DOUBTFUL:
        polite = no_answer(text.plain) in (None, Intent.GREETING, Intent.THANKS)
        return polite and yes_or_no(text.plain) is None
    return True


def _is_all_there_is(own: Found, text: Text, label: re.Pattern[str]) -> bool:
    """Is the piece announced, or alone but for a few words? (500 in a price is no number.)"""
    start, end = own.span or (0, 0)
    beside = text.plain[:start] + text.plain[end:]
    return len(re.findall(HAN, beside)) <= _STRAY_CHARACTERS or label.search(beside) is not None


def _confirmation(text: Text, found: dict[Step, Found], asked: Asked) -> Understanding:
    """A yes, a no, or a new value, which is a no with its mend."""
    if asks_something(text.plain) and (piece := found.get(Step.TIME)) and piece.missing:
        del found[Step.TIME]
    asks = asks_something(text.plain)
    done = read(text.plain, asked, found)
    asks = asks or CORRECTION.search(text.plain) is not None
    if consents(done, asked) and (not asks or agrees(text.plain, asked.language)):
        others = {step: value for step, value in _values(found).items() if step is not asked.step}
        return Understanding(Intent.YES, fields=others, confidence=_NO_ANSWER_CONFIDENCE)
    sure = {
        step: said
        for step, said in found.items()
        if said.confidence > _DOUBTFUL and not is_held(step, said, asked)
    }
    if fields := _values(sure):
        return Understanding(Intent.CORRECTION, fields=fields, confidence=_CORRECTION_CONFIDENCE)
    meant = _as_intent(_beside_a_yes(text.plain))
    return replace(meant, about=field_named(done, asked)) if meant.intent is Intent.NO else meant


def _beside_a_yes(plain: str) -> Intent | None:
    """What a turn without a value means to a read-back that it does not wholly agree to."""
    said, other = yes_or_no(plain), no_answer(plain)
    if agrees(_ASKED_BACK.sub("", plain), "zh-CN"):
        return None
    if other in _FIRST_IN_CONFIRMING or said is None:
        return other
    if other is Intent.QUESTION and (said is Intent.YES or opens_with_yes(plain)):
        return other  # 好的，那你们几点开门？ is a question; 不对吧？ is a no
    if said is Intent.NO:
        return said
    return None if other in _COURTESY else other


def _nothing(text: Text, asked: Asked) -> Understanding:
    if not text.plain.strip(" ,，。.!！?？"):
        return Understanding(Intent.NOTHING)
    intent = no_answer(text.plain)
    return _as_intent(intent or yes_or_no(text.plain))


def _as_intent(intent: Intent | None) -> Understanding:
    if intent is None:
        return Understanding(Intent.NOT_A_VALUE, confidence=_UNKNOWN_CONFIDENCE)
    return Understanding(intent, confidence=_NO_ANSWER_CONFIDENCE)
