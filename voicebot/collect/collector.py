"""The loop around the conversation: hear, understand, decide, commit, say.

It serves phone and chat alike; an HTTP turn runs `take_turn` once. What it needs of the world is
handed to it, so it knows neither sockets nor Redis.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Protocol

from voicebot.call import Change, CommandRefusal, Message, Speaker, StaffCommand, Step
from voicebot.collect.dialogue import Dialogue, Mode, situation
from voicebot.collect.events import (
    Answer,
    CalledOff,
    CallOff,
    Continue,
    End,
    Ending,
    Event,
    Expectation,
    Find,
    FindNamed,
    Found,
    Free,
    Heard,
    Hearing,
    Hint,
    Inquire,
    Look,
    Move,
    PassOn,
    Placed,
    Refuse,
    Reserve,
    Save,
    Say,
    Silent,
    Started,
    TimeUp,
    Unheard,
    Unsaid,
    Utterance,
)
from voicebot.collect.keyed import keys_alone, read_keys
from voicebot.collect.moves import next_move
from voicebot.collect.understand import Meanwhile, Understand
from voicebot.collect.understanding import (
    Affirm,
    Asked,
    Choose,
    Correct,
    Decline,
    Deny,
    Provide,
    Reading,
    Repeat,
    Situation,
    Thank,
    Wait,
    Want,
    WantPerson,
    consents,
    likeliest,
    read,
    utterance,
)
from voicebot.errors import SpeechUnavailable
from voicebot.ledger import Ledger, Place

_TICK = timedelta(milliseconds=1)

_DECISIVE = (Deny, Repeat, Wait, WantPerson, Decline, Choose)
"""Complete as soon as they are said, whatever was asked."""

_LIKELY = {
    ("en", Step.PHONE): ("oh", "double", "triple"),
    ("en", Step.EMAIL): ("gmail dot com", "outlook dot com", "hotmail dot com"),
    ("en", Step.TIME): ("o'clock", "am", "pm", "noon"),
}
"""Words for the recogniser: closed lists, no values of callers.

It writes words that it expects as words. Without, "oh four" becomes "L4", "at ten" becomes
"attend", and "john dot smith at" is drawn together as "john.smithat".
"""

_UNPLACED = {
    Place.TAKEN: CommandRefusal.TAKEN,
    Place.UNKNOWN: CommandRefusal.NO_CALENDAR,
}

Hear = Callable[[Expectation], Awaitable[Hearing]]
Clock = Callable[[], datetime]


class SayAloud(Protocol):
    """Speech output as the collector knows it."""

    async def __call__(
        self, text: str, before_first_frame: Callable[[datetime], Awaitable[None]]
    ) -> None:
        """Speak; `before_first_frame` is awaited with the moment at which speech begins."""


class Conversation:
    """One call's dialogue: its state, its ledger, and the moment of its last message.

    refused  why the last turn, a command of staff, was not obeyed
    """

    def __init__(self, dialogue: Dialogue, *, say: SayAloud, ledger: Ledger, clock: Clock) -> None:
        self.dialogue = dialogue
        self._say = say
        self._ledger = ledger
        self._clock = clock
        self._last_at = ledger.state.said_until
        self._last_said: Message | None = None
        self._saved_early: Message | None = None
        self.refused: CommandRefusal | None = None

    async def take_turn(self, event: Event) -> Ending | None:
        """Decide, commit, speak; return the ending when the conversation is over."""
        ending: Ending | None = None
        next_event: Event | None = event
        by_staff, self.refused = isinstance(event, StaffCommand), None
        while next_event is not None:
            self.dialogue, effects = next_move(self.dialogue, next_event, self._clock())
            event, next_event = next_event, None
            for effect in effects:
                match effect:
                    case Save(change):
                        await self._ledger.commit(self._unsaved(change))
                    case PassOn(booking, by, note):
                        await self._ledger.appointments.note(booking, by, note)
                    case Continue(earlier):
                        await self._ledger.continue_earlier(earlier)
                    case Inquire():
                        next_event = await self._inquire(effect)
                        if by_staff and isinstance(next_event, Placed):
                            self.refused = _UNPLACED.get(next_event.place)
                    case Say(text):
                        next_event = await self._speak(text, after=event)
                    case Refuse(why):
                        self.refused = why
                    case End(over):
                        ending = over
        return ending

    async def _speak(self, text: str, *, after: Event) -> Unsaid | None:
        """Raises SpeechUnavailable when not even a fixed sentence can be said."""
        try:
            await self._say(text, partial(self._commit_said, text))
        except SpeechUnavailable:
            if isinstance(after, Unsaid) and self.dialogue.mode is not Mode.CONFIRMING:
                raise
            return await self.apologise()
        return None

    async def apologise(self) -> Unsaid:
        """Say that something could not be said; raises SpeechUnavailable if that cannot either."""
        text = self.dialogue.wording.line("trouble.unspoken")
        await self._say(text, partial(self._commit_said, text))
        return Unsaid()

    async def _inquire(self, asked: Inquire) -> Answer:
        calendar, said = self._ledger.appointments, asked.said
        match asked.request:
            case Reserve(start, True, service) as request:
                return Placed(request, await calendar.book(start, service), said)
            case Reserve(start, _, service, moved) as request:
                instead_of = (moved,) if moved else ()
                place = await calendar.hold(start, service, instead_of=instead_of)
                return Placed(request, place, said)
            case Look(window, near, without, service) as request:
                moments = await calendar.free(window, service=service, near=near, without=without)
                return Free(request, moments, said)
            case Find(number) as request:
                return Found(request, await calendar.bookings(number), said)
            case FindNamed(name) as request:
                return Found(request, await calendar.bookings_named(name), said)
            case CallOff(booking) as request:
                return CalledOff(request, await calendar.cancel(booking), said)
            case Move(booking, start) as request:
                return Placed(request, await calendar.move(booking, start), said)

    async def heard(self, utterance: Utterance, understand: Understand) -> Heard:
        """Return an utterance as an event, stamped in order, with the words it interrupted.

        Words are saved with their meaning, in one commit; where understanding takes time they
        are saved before it. Raises Fenced.
        """
        message = Message(Speaker.CALLER, utterance.text, self._stamp(utterance.started_at))
        said, self._last_said = self._last_said, None
        prefix, revised = utterance.heard_prefix, None
        if said is not None and prefix is not None and prefix != said.text:
            revised = (said, replace(said, text=prefix, partial=True))
        early = partial(self._save_early, Change(messages=(message,), revised=revised))
        reading = await self._meaning(utterance, understand, early)
        return Heard(message, reading, revised, utterance.transcripts, utterance.noisy)

    async def _meaning(
        self, utterance: Utterance, understand: Understand, early: Meanwhile
    ) -> Reading:
        dialogue, now = self.dialogue, self._clock()
        where = utterance.hint.situation if utterance.hint else situation(dialogue, now)
        if utterance.keyed and (pressed := read_keys(utterance.text, where)) is not None:
            return pressed
        text, hint = utterance.text, utterance.hint
        done = await understand(text, where, hint.reading if hint else read(text, where), early)
        if dialogue.mode is not Mode.CONFIRMING or done.acts:
            return done
        # A caller who hears a read-back may take it as settled and answer what comes next.
        ahead = read(text, situation(dialogue.ahead(), now))
        return ahead if any(isinstance(act, Provide) for act in ahead.acts) else done

    async def _save_early(self, words: Change) -> None:
        (message,) = words.messages
        if self._saved_early is not message:
            await self._ledger.commit(words)
            self._saved_early = message

    def _unsaved(self, change: Change) -> Change:
        """Return a change without the words that were saved before they were understood."""
        early = bool(change.messages) and change.messages[0] is self._saved_early
        return replace(change, messages=(), revised=None) if early else change

    async def _commit_said(self, text: str, started_at: datetime) -> None:
        self._last_said = Message(Speaker.BOT, text, self._stamp(started_at))
        await self._ledger.commit(Change(messages=(self._last_said,)))

    def _stamp(self, at: datetime) -> datetime:
        self._last_at = in_order(at, self._last_at)
        return self._last_at


def in_order(at: datetime, last: datetime | None) -> datetime:
    """Return `at`, or a moment just after `last`: messages neither share one nor go back."""
    return at if last is None or at > last else last + _TICK


async def converse(
    dialogue: Dialogue,
    *,
    hear: Hear,
    say: SayAloud,
    ledger: Ledger,
    understand: Understand,
    clock: Clock,
) -> Ending:
    """Hold the conversation to its end.

    Raises what `hear` and the ledger raise: CallEnded when the caller is gone, Fenced when a
    newer session owns the call. What was saved until then stays saved.
    """
    conversation = Conversation(dialogue, say=say, ledger=ledger, clock=clock)
    ending = await conversation.take_turn(Started())
    while ending is None:
        event = await _hear_next(conversation, hear, understand, clock)
        ending = await conversation.take_turn(event)
    return ending


async def _hear_next(
    conversation: Conversation, hear: Hear, understand: Understand, clock: Clock
) -> Event:
    """Wait for the caller and understand what came."""
    try:
        open_question = expectation(conversation.dialogue, clock)
        heard = await hear(replace(open_question, refused=conversation.refused))
    except SpeechUnavailable:  # an interrupted sentence was to go on
        return await conversation.apologise()
    if isinstance(heard, (Unheard, Silent, TimeUp, StaffCommand)):
        return heard
    return await conversation.heard(heard, understand)


def expectation(dialogue: Dialogue, clock: Clock) -> Expectation:
    """Return what speech input has to know: the question, and how an answer is read."""

    @cache  # for the life of one question: turn-taking and the conversation share one reading
    def hint(texts: tuple[str, ...]) -> Hint:
        business = dialogue.business
        places = (*business.suburbs, *business.areas) if dialogue.step is Step.ADDRESS else ()
        text = likeliest(texts, business.language, places)
        heard = tuple(dict.fromkeys((text, *texts)))
        return _hint(text, replace(situation(dialogue, clock()), nbest=heard))

    keys = keys_alone(dialogue.asked, len(dialogue.offered))
    return Expectation(dialogue.step, dialogue.asked, hint, _vocabulary(dialogue), keys)


def _vocabulary(dialogue: Dialogue) -> tuple[str, ...]:
    """Return words that are likely in the answer to the open question."""
    business = dialogue.business
    if dialogue.step is Step.SERVICE:
        return tuple(offer.name for offer in business.services)
    if dialogue.step is Step.ADDRESS:
        return business.suburbs
    return _LIKELY.get((business.language, dialogue.step), ())


def _hint(text: str, where: Situation) -> Hint:
    done = read(text, where)
    told = any(letter.isdigit() for letter in text)
    assent = all(isinstance(act, (Affirm, Thank)) for act in done.acts)
    return Hint(
        where,
        done,
        text,
        digits=len(utterance(text, where.language).numbers.digits()),
        complete=_is_complete(done, where),
        idle=not told and (not done.acts if where.asked is not Asked.ANSWER else assent),
    )


def _is_complete(done: Reading, where: Situation) -> bool:
    """Return True when the caller need not be given time for more words."""
    if any(isinstance(act, _DECISIVE) for act in done.acts):
        return True
    if any(isinstance(act, Want) and act.what in _PLAIN_WISHES for act in done.acts):
        return True
    if where.asked is Asked.CONFIRM and consents(done, where):
        return True
    values = [a for a in done.acts if isinstance(a, (Provide, Correct)) and a.step is where.step]
    return any(a.value and not (isinstance(a, Provide) and a.missing) for a in values)


_PLAIN_WISHES = ("cancel", "nothing")
