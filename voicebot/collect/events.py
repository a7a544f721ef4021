"""What reaches the conversation, and what it asks of the world. Plain values, no I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from voicebot.call import CallSid, Change, Message, Place, Step
from voicebot.collect.understanding import Asked, Intent, Understanding

YES_NO_KEYS = {"1": Intent.YES, "2": Intent.NO}
"""What a key alone means while a yes is waited for."""


@dataclass(frozen=True, slots=True)
class Started:
    """The call begins, or goes on after an interruption."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller said something, or keyed it: the message for the history, and what it meant.

    revised  (as it was written, as it was heard): the bot's words that this interrupted
    """

    message: Message
    understanding: Understanding
    revised: tuple[Message, Message] | None = None


@dataclass(frozen=True, slots=True)
class Silent:
    """The caller said nothing for as long as one waits."""


@dataclass(frozen=True, slots=True)
class Unsaid:
    """The bot's last words could not be spoken; the caller was told that they could not."""


@dataclass(frozen=True, slots=True)
class Unheard:
    """The caller said something, and nothing could transcribe it."""


@dataclass(frozen=True, slots=True)
class TimeUp:
    """The call has reached its longest permitted length."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What the calendar answered to Hold or Book, with free moments near when it is taken."""

    wish: Hold | Book
    place: Place
    free: tuple[datetime, ...] = ()


Event = Started | Heard | Unsaid | Unheard | Silent | TimeUp | Placed


@dataclass(frozen=True, slots=True)
class Save:
    """Commit this before the next word."""

    change: Change


@dataclass(frozen=True, slots=True)
class Say:
    """Speak; the message is committed just before its first frame."""

    text: str


class Ending(StrEnum):
    """How a call is left after the last word."""

    HANGUP = "hangup"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class End:
    """Nothing more to say or hear."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class Continue:
    """The caller goes on with an earlier call: that one is not offered again."""

    earlier: CallSid


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep this appointment while it is read back; the answer comes as Placed.

    said  what is to be said first, in one breath with what the answer brings
    """

    start: datetime
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Book:
    """The caller agreed: take this appointment for good; the answer comes as Placed."""

    start: datetime
    said: tuple[str, ...] = ()


Effect = Save | Say | Continue | Hold | Book | End


@dataclass(frozen=True, slots=True)
class Reading:
    """What the rules understood of one text, as an answer to one question.

    asked     the situation in which it was read
    complete  it is a whole and valid answer: nothing more need be waited for
    idle      said briefly over the bot's words, it only shows that one listens
    """

    asked: Asked
    complete: bool = False
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """What speech input should know while it waits for the next answer.

    step, confirming  choose the patience of turn-taking
    read              understand a text as an answer to this question; the same text is read once
    vocabulary        closed list that may help the recogniser
    """

    step: Step
    confirming: bool
    read: Callable[[str], Reading]
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was heard: words or keys.

    heard_prefix  what the caller had heard of the bot's last words when these words interrupted
                  them; None when they interrupted nothing
    reading       how turn-taking read these words, if it did; the conversation reads them likewise
    """

    text: str
    started_at: datetime
    keyed: bool = False
    heard_prefix: str | None = None
    reading: Reading | None = None


Hearing = Utterance | Unheard | Silent | TimeUp
