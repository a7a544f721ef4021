"""The events of a conversation, and the effects it asks for. Plain values, no I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from voicebot.call import CallSid, Change, Message, Place, Step
from voicebot.collect.understanding import Asked, Intent, Understanding

YES_NO_KEYS = {"1": Intent.YES, "2": Intent.NO}
"""The meaning of a key alone while a yes is waited for."""


@dataclass(frozen=True, slots=True)
class Started:
    """The call begins, or goes on after an interruption."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Words or keys of the caller: the message for the history, and its meaning.

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
    """The calendar's answer to `wish`, with free moments near where it is taken."""

    wish: Reserve
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
    """The end of a call, after the last word."""

    HANGUP = "hangup"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class End:
    """End the call; nothing more is said or heard."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class Continue:
    """Take over an earlier call, which is then not offered again."""

    earlier: CallSid


@dataclass(frozen=True, slots=True)
class Reserve:
    """Ask the calendar for this moment; its answer comes as Placed.

    agreed  the caller agreed: book it; otherwise it is held while it is read back
    said    what is to be said first, in one breath with what the answer brings
    """

    start: datetime
    agreed: bool = False
    said: tuple[str, ...] = ()


Effect = Save | Say | Continue | Reserve | End


@dataclass(frozen=True, slots=True)
class Reading:
    """The rules' reading of one text, as an answer to one question.

    asked     the situation in which it was read
    complete  a whole and valid answer: nothing more need be waited for
    idle      a word that only shows that the caller listens, when said over the bot's words
    """

    asked: Asked
    complete: bool = False
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """The next answer, as speech input has to know it.

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
    """Words or keys of the caller.

    heard_prefix  the part of the bot's last words that the caller had heard when these words
                  interrupted them; None when they interrupted nothing
    reading       turn-taking's reading of these words, which the conversation shares, or None
    """

    text: str
    started_at: datetime
    keyed: bool = False
    heard_prefix: str | None = None
    reading: Reading | None = None


Hearing = Utterance | Unheard | Silent | TimeUp
