"""What a caller meant by an utterance: a result, not a string.

`understand` is the only door. It is pure, offline and answers in milliseconds; opening hours,
capacity and "not in the past" are the collector's checks, not made here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from voicebot.business import Offer
from voicebot.call import Step


class Intent(StrEnum):
    """What kind of thing was said; the names are those that `voicebot extract` prints."""

    ANSWER = "answer"
    CORRECTION = "correction"
    YES = "yes"
    NO = "no"
    REFUSAL = "refusal"
    DONT_KNOW = "dont_know"
    UNSURE = "unsure"
    NO_PREFERENCE = "no_preference"
    QUESTION = "question"
    REPEAT = "repeat"
    SPEAK_SLOWER = "speak_slower"
    HOLD = "hold"
    HUMAN = "human"
    CANCEL = "cancel"
    CHANGE_OF_MIND = "change_of_mind"
    BOT_CHALLENGE = "bot_challenge"
    COMPLAINT = "complaint"
    GREETING = "greeting"
    GOODBYE = "goodbye"
    THANKS = "thanks"
    OFF_TOPIC = "off_topic"
    OTHER_REQUEST = "other_request"
    OTHER_VALUE = "other_value"
    NO_SERVICE_NAMED = "no_service_named"
    NOT_A_VALUE = "not_a_value"
    NOTHING = "nothing"


class Missing(StrEnum):
    """What a partial answer still lacks."""

    DIGITS = "digits"
    DOMAIN = "domain"
    LOCAL_PART = "local_part"
    DAY = "day"
    CLOCK = "clock"
    STREET = "street"


@dataclass(frozen=True, slots=True)
class Asked:
    """The situation in which an utterance was spoken.

    step        the field asked for
    confirming  True while the bot waits for a yes to `step`'s read-back
    now         local wall-clock time of the business, naive
    services    what may be booked
    record      values held already, in normal form (for corrections)
    partial     an earlier piece of this step's answer, to be continued (digits, "j.smith@", a day)
    zone        the business's time zone (IANA); without it no time of another zone is taken
    nbest       all transcripts of the same audio, the likeliest (the utterance itself) first
    earlier     what was heard at earlier attempts at this answer: of each, all transcripts
    """

    step: Step
    now: datetime
    region: str = "AU"
    language: str = "en"
    confirming: bool = False
    question: str = ""
    services: tuple[Offer, ...] = ()
    record: Mapping[Step, str] = field(default_factory=dict)
    partial: str | None = None
    zone: str | None = None
    nbest: tuple[str, ...] = ()
    earlier: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Understanding:
    """The result.

    value       the asked step's value in normal form, or None: name in title case, phone E.164,
                one-line address, lower-case e-mail, the listed service's name, local
                `YYYY-MM-DDTHH:MM` (partial: `YYYY-MM-DD` or `THH:MM`)
    fields      everything that was said, the asked step's value included
    missing     for a partial answer: what is still to come; `partial` then holds the piece so far
    span        where in the utterance the value stands
    confidence  0 to 1; under 0.5 a model may be asked, if there is one
    moved       a time was said in another time zone, and is counted in the business's
    about       the field that a no names, where it is another than the one read back
    """

    intent: Intent
    value: str | None = None
    fields: Mapping[Step, str] = field(default_factory=dict)
    missing: Missing | None = None
    partial: str | None = None
    span: tuple[int, int] | None = None
    confidence: float = 1.0
    moved: bool = False
    about: Step | None = None

    @property
    def complete(self) -> bool:
        """Is the asked answer whole, so that the bot need not wait for more words?"""
        return self.value is not None and self.missing is None


_UNSURE_BELOW = 0.5
_UNREAD = frozenset({Intent.NOT_A_VALUE, Intent.NOTHING})


def unsure(understood: Understanding, utterance: str) -> bool:
    """Were there words whose meaning the rules do not know? Then a model may be asked."""
    if not any(letter.isalnum() for letter in utterance):
        return False
    return understood.confidence < _UNSURE_BELOW or understood.intent in _UNREAD


Meanwhile = Callable[[], Awaitable[None]]
"""Awaited before something slow is begun: what was heard is saved first. Raises Fenced."""


async def nothing() -> None:
    """Nobody has anything to do meanwhile."""


class Understand(Protocol):
    """Who understands: the rules, or a model behind them."""

    async def __call__(
        self, text: str, asked: Asked, meanwhile: Meanwhile = nothing, /
    ) -> Understanding:
        """What a caller's words mean."""
        ...
