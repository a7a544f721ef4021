"""The events of a conversation, and the effects it asks for. Plain values, no I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from voicebot.call import CallSid, Change, CommandRefusal, Message, StaffCommand, Step, Window
from voicebot.collect.understanding import Asked, Reading, Situation
from voicebot.ledger import Booking, Place


@dataclass(frozen=True, slots=True)
class Started:
    """The call begins, or goes on after an interruption."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Words or keys of the caller: the message for the history, and what it does.

    revised      (as it was written, as it was heard): the bot's words that this interrupted
    transcripts  all that a recogniser heard, the likeliest first; empty for what was typed
    noisy        whether the line is bad, as far as this tells
    """

    message: Message
    reading: Reading
    revised: tuple[Message, Message] | None = None
    transcripts: tuple[str, ...] = ()
    noisy: bool | None = None


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
class Reserve:
    """Ask the calendar for this moment; its answer comes as Placed.

    agreed      the caller agreed: book it; otherwise it is held while it is read back
    service     the id of the service, whose length and capacity count
    instead_of  the appointment that is to be moved there, which does not stand in its way
    """

    start: datetime
    agreed: bool = False
    service: str | None = None
    instead_of: CallSid | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Ask the calendar for free moments inside a window; they come as Free.

    near     the moment that was wished for, and cannot be had: the nearest on either side
    without  moments that the caller did not want
    """

    window: Window
    near: datetime | None = None
    without: tuple[datetime, ...] = ()
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Find:
    """Ask for the coming appointments of a telephone number (E.164); they come as Found."""

    number: str


@dataclass(frozen=True, slots=True)
class FindNamed:
    """Ask for the coming appointments under a family name like this one; they come as Found."""

    name: str


@dataclass(frozen=True, slots=True)
class CallOff:
    """Call an appointment of another call off; the answer comes as CalledOff."""

    booking: CallSid


@dataclass(frozen=True, slots=True)
class Move:
    """Move an appointment of another call; the answer comes as Placed."""

    booking: CallSid
    start: datetime


Request = Reserve | Look | Find | FindNamed | CallOff | Move
"""Asked of the calendar and the record, in the middle of a turn."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The result of asking for a moment; `said` are the words to begin the answer with."""

    request: Reserve | Move
    place: Place
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Free:
    """The free moments, in order of time; none also while Redis is away."""

    request: Look
    moments: tuple[datetime, ...]
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The coming appointments of a number or under a name, the next one first."""

    request: Find | FindNamed
    bookings: tuple[Booking, ...]
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CalledOff:
    """The result of calling an appointment off."""

    request: CallOff
    done: bool
    said: tuple[str, ...] = ()


Answer = Placed | Free | Found | CalledOff
Event = Started | Heard | Unsaid | Unheard | Silent | TimeUp | StaffCommand | Answer


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
class Inquire:
    """Ask this, and go on with its answer; `said` is to be spoken in one breath with that."""

    request: Request
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not do what staff asked, and tell them why."""

    why: CommandRefusal


@dataclass(frozen=True, slots=True)
class PassOn:
    """Add a note of the caller, by name, to another call's booking."""

    booking: CallSid
    by: str
    note: str


Effect = Save | Say | Continue | Inquire | Refuse | PassOn | End


@dataclass(frozen=True, slots=True)
class Hint:
    """A text read as an answer to the open question, as turn-taking needs it.

    situation  in which it was read; the conversation shares the reading
    text       the one of several transcripts that was read; empty: the first
    digits     how many digits were said
    complete   a whole and valid answer: nothing more need be waited for
    idle       a word that only shows that the caller listens, when said over the bot's words
    """

    situation: Situation
    reading: Reading = field(default_factory=Reading)
    text: str = ""
    digits: int = 0
    complete: bool = False
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """The next answer, as speech input has to know it.

    step, asked  choose the patience of turn-taking
    read         understand what was heard, one or more transcripts with the likeliest first, as an
                 answer to this question; the same ones are read once
    vocabulary   closed list that may help the recogniser
    keys         keys that are an answer alone
    refused      why the command of staff before this was not obeyed; None when it was
    """

    step: Step
    asked: Asked
    read: Callable[[tuple[str, ...]], Hint]
    vocabulary: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    refused: CommandRefusal | None = None

    @property
    def closed(self) -> bool:
        """A yes, a no or a choice is waited for."""
        return self.asked is not Asked.ANSWER


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words or keys of the caller.

    heard_prefix  the part of the bot's last words that the caller had heard when these words
                  interrupted them; None when they interrupted nothing
    hint          turn-taking's reading of these words, which the conversation shares, or None
    transcripts   all that a recogniser heard, the likeliest first; empty for what was typed
    noisy         whether the line is bad, as far as this tells
    """

    text: str
    started_at: datetime
    keyed: bool = False
    heard_prefix: str | None = None
    hint: Hint | None = None
    transcripts: tuple[str, ...] = ()
    noisy: bool | None = None


Hearing = Utterance | Unheard | Silent | TimeUp | StaffCommand
"""What the conversation waits for: the caller, the clock, or a member of staff."""
