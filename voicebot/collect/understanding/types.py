"""The acts that an utterance is read into, and the situation in which it is read.

Each act is defined here once, with its meaning for the dialogue. A span is (start, end) in code
points of the caller's text. All types are frozen; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from voicebot.business import Offer
from voicebot.call import Step, Window

Span = tuple[int, int]


class Asked(StrEnum):
    """The answer asked for by the bot's last turn: a value, a yes to a read-back, or a choice."""

    ANSWER = "answer"
    CONFIRM = "confirm"
    CHOICE = "choice"


class Missing(StrEnum):
    """The part that an unfinished value still lacks."""

    DIGITS = "digits"
    AREA_CODE = "area_code"
    SHOWN_NUMBER = "shown_number"
    DOMAIN = "domain"
    LOCAL_PART = "local_part"
    DAY = "day"
    CLOCK = "clock"
    STREET = "street"
    HOUSE_NUMBER = "house_number"
    SUBURB = "suburb"


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything outside the utterance that its meaning depends on.

    step      the open step
    now       local wall-clock time of the business, naive
    asked     what the last turn asks for
    language  "en", "zh-CN", "es": the table that is read with
    region    ISO country of telephone numbers and addresses
    zone      the business's time zone (IANA); without it no time of another zone is counted
    services  what may be booked
    record    the values held, in normal form; at a read-back also the one read back
    partial   the piece of this step's answer that earlier turns gave (digits, "j.smith@", a day)
    offered   the moments or services that were offered, in the order spoken
    caller    the number that the caller calls from (E.164), if it is shown
    moves     a booking is moved: "move it" agrees to its new time
    found     one of the caller's was told, and nothing is asked: "make it eleven" moves it
    coming    what the number that calls has booked (of each service, time, name), and may be meant
    nbest     all transcripts of the same audio, the likeliest (the utterance itself) first
    earlier   what was heard at earlier attempts at this answer: of each, all transcripts
    similar   the meaning engine's score of each service id, 0 to 1, and under "" the best of what
              is not offered; empty where it was not asked
    """

    step: Step
    now: datetime
    asked: Asked = Asked.ANSWER
    language: str = "en"
    region: str = "AU"
    zone: str | None = None
    services: tuple[Offer, ...] = ()
    record: Mapping[Step, str] = field(default_factory=dict)
    partial: str | None = None
    offered: tuple[str, ...] = ()
    caller: str | None = None
    moves: bool = False
    found: bool = False
    coming: tuple[Mapping[Step, str], ...] = ()
    nbest: tuple[str, ...] = ()
    earlier: tuple[tuple[str, ...], ...] = ()
    similar: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Affirm:
    """Agrees: to the read-back if one is open. It is consent only where `consents` says so.

    mere  by "okay" or "right" alone, which beside a goodbye may only end the talk
    """

    span: Span
    mere: bool = False


@dataclass(frozen=True, slots=True)
class Deny:
    """Says no, or that what was read back or offered is wrong, without naming a field."""

    span: Span


@dataclass(frozen=True, slots=True)
class Provide:
    """Gives a value of `step`, or a piece of one.

    value      in normal form: name in title case, phone E.164, one-line address, lower-case
               e-mail, the listed service's name, local `YYYY-MM-DDTHH:MM` (a day `YYYY-MM-DD`,
               a clock time `THH:MM`); None where only a piece of no value by itself was said
    span       where the value's own words stand, without "my number is"
    missing    what it lacks; `partial` is then the piece so far, for `Situation.partial`
    also       another name or spelling of the same thing ("Bob", of Robert Tanner)
    ambiguous  it could be meant otherwise ("at eight"); the value is the likelier reading
    assumed    how many guesses the reading rests on; 0 is as good as spelled out
    moved      a time that was said in another zone, and is counted in the business's
    """

    step: Step
    value: str | None
    span: Span
    missing: Missing | None = None
    partial: str | None = None
    also: str | None = None
    ambiguous: bool = False
    assumed: int = 0
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Correct:
    """Changes a value that is held: "no, the last three are 789", "my e-mail is wrong".

    value  the whole mended value, of which the caller may have said only the part that changes;
           None: it is wrong, and to be asked for
    step   None: something is wrong, and which field is not said
    """

    step: Step | None
    value: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Takes back a value that is held without giving another: "don't use my mobile"."""

    step: Step | None
    span: Span


@dataclass(frozen=True, slots=True)
class Decline:
    """Gives no answer to the open question, and will not.

    why   "refuses", "has none" ("I don't have an e-mail"), "does not know", "unsure"
    step  the field that is named; None: the open one
    """

    why: str
    span: Span
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Choose:
    """Takes one of the offered: the `position` (1 is the first, -1 the last) or the `moment`."""

    span: Span
    position: int | None = None
    moment: str | None = None


@dataclass(frozen=True, slots=True)
class Flexible:
    """Leaves the time open inside a window: free times inside it are to be offered."""

    window: Window
    span: Span


OFFERED = "offered"
KNOWN = "known"
"""The topic of the question what of the caller's is written down."""
IDLE = "idle"
"""The topic of a question that wants no answer: "where else would I be"."""
WISHED = "wished"
"""The topic of the question whether we do some work."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Asks something: it is answered, or noted with an honest "I don't know", in the same turn.

    topic  a name of the table `[ask]` ("price", "hours", "robot"), or "" when none knows it
    about  the question in the caller's words
    steps  the fields whose values are asked for ("what number have you got")
    """

    topic: str
    about: str
    span: Span
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Want:
    """Wishes for something other than to answer: a name of the table `[want]`, such as
    "cancel", "keep", "reschedule", "existing", "complaint", "emergency", "call_back", "nothing",
    "no_booking".
    """

    what: str
    span: Span


@dataclass(frozen=True, slots=True)
class Note:
    """Tells staff something that belongs to no field: "the gate code is 12", "ring first".

    leaves  the times that it leaves to a visit: "my carer comes at nine"
    """

    text: str
    span: Span
    leaves: Window | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Asks for a moment: the bot is silent, and does not ask again for a while."""

    span: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    """Did not hear or understand: the last question is put again, in other words."""

    span: Span


@dataclass(frozen=True, slots=True)
class SlowDown:
    """Finds the bot too fast."""

    span: Span


@dataclass(frozen=True, slots=True)
class WantPerson:
    """Wants to talk to a person.

    now  in so many words: "put me through", "right away"
    """

    span: Span
    now: bool = False


@dataclass(frozen=True, slots=True)
class Greet:
    """Greets, or asks whether anybody is there."""

    span: Span


@dataclass(frozen=True, slots=True)
class Thank:
    """Thanks; courtesy, which leaves a yes a yes."""

    span: Span


@dataclass(frozen=True, slots=True)
class Leave:
    """Says goodbye."""

    span: Span


Act = (
    Affirm
    | Deny
    | Provide
    | Correct
    | Withdraw
    | Decline
    | Choose
    | Flexible
    | Ask
    | Want
    | Note
    | Wait
    | Repeat
    | SlowDown
    | WantPerson
    | Greet
    | Thank
    | Leave
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One utterance as acts and a rest.

    acts  in the order spoken
    rest  spans of content words that no act explains; over them nothing is to be trusted
    """

    acts: tuple[Act, ...] = ()
    rest: tuple[Span, ...] = ()
