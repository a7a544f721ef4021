"""Read an utterance into acts, and the rest that no act explains.

`model` asks a model for what is left unread; nothing else here waits.
"""

from itertools import chain

from voicebot.call import Window
from voicebot.collect.understanding.acts import acts, assents, consents
from voicebot.collect.understanding.choose import choose
from voicebot.collect.understanding.fields import readers
from voicebot.collect.understanding.fields.email import valid
from voicebot.collect.understanding.fields.phone import e164
from voicebot.collect.understanding.fields.service import named_in
from voicebot.collect.understanding.fields.time_pieces import window_of
from voicebot.collect.understanding.fields.trades import descriptions
from voicebot.collect.understanding.spelled import likeliest
from voicebot.collect.understanding.types import (
    Act,
    Affirm,
    Ask,
    Asked,
    Choose,
    Correct,
    Decline,
    Deny,
    Flexible,
    Greet,
    Leave,
    Missing,
    Note,
    Provide,
    Reading,
    Repeat,
    Situation,
    SlowDown,
    Span,
    Thank,
    Wait,
    Want,
    WantPerson,
    Withdraw,
)
from voicebot.collect.understanding.utterance import Utterance, utterance

__all__ = [
    "Act",
    "Affirm",
    "Ask",
    "Asked",
    "Choose",
    "Correct",
    "Decline",
    "Deny",
    "Flexible",
    "Greet",
    "Leave",
    "Missing",
    "Note",
    "Provide",
    "Reading",
    "Repeat",
    "Situation",
    "SlowDown",
    "Span",
    "Thank",
    "Utterance",
    "Wait",
    "Want",
    "WantPerson",
    "Window",
    "Withdraw",
    "assents",
    "consents",
    "descriptions",
    "e164",
    "likeliest",
    "named_in",
    "read",
    "utterance",
    "valid",
    "window_of",
]


def read(text: str, situation: Situation) -> Reading:
    """Return what an utterance does, in its situation; pure, and never raises."""
    said = utterance(text, situation.language)
    fields = readers(situation.language).values()
    # Of two that explain the same words the first counts: 就这个号码 answers, or agrees.
    every = (*fields, acts) if situation.asked is Asked.ANSWER else (acts, *fields)
    return choose(said, chain.from_iterable(reader(said, situation) for reader in every))
