"""The loop around the conversation: hear, understand, decide, commit, say.

It serves phone and chat alike; an HTTP turn runs `take_turn` once. What it needs of the world is
handed to it, so it knows neither sockets nor Redis.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Protocol

from voicebot.call import Change, Ledger, Message, Place, Speaker, Step
from voicebot.collect.dialogue import Dialogue, Mode
from voicebot.collect.events import (
    YES_NO_KEYS,
    Continue,
    End,
    Ending,
    Event,
    Expectation,
    Heard,
    Hearing,
    Placed,
    Reading,
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
from voicebot.collect.moves import next_move
from voicebot.collect.understanding import (
    Asked,
    Intent,
    Meanwhile,
    Understand,
    Understanding,
    nothing,
)
from voicebot.collect.understanding.rules import understand as by_rules
from voicebot.errors import SpeechUnavailable

_TICK = timedelta(milliseconds=1)
_CLAUSE_END = re.compile(r"[,.;!，。；！]")

_DECISIVE = frozenset(
    {Intent.YES, Intent.NO, Intent.REPEAT, Intent.HOLD, Intent.HUMAN, Intent.REFUSAL, Intent.CANCEL}
)
"""Complete as soon as they are said, whatever was asked."""

_BESIDE_IT = frozenset(
    {Intent.NOT_A_VALUE, Intent.NOTHING, Intent.QUESTION, Intent.OTHER_VALUE, Intent.OTHER_REQUEST}
    | {Intent.OFF_TOPIC, Intent.UNSURE, Intent.NO_SERVICE_NAMED}
)
"""Neither a yes nor a no nor a known remark: perhaps meant for the next question."""

_IDLE = frozenset({Intent.NOT_A_VALUE, Intent.NOTHING})
_ASSENT = frozenset({Intent.YES, Intent.THANKS})
"""These answer nothing where no yes is waited for."""

_LIKELY = {
    ("en", Step.PHONE): ("oh", "double", "triple"),
    ("en", Step.EMAIL): ("gmail dot com", "outlook dot com", "hotmail dot com"),
    ("en", Step.TIME): ("o'clock", "am", "pm", "noon"),
}
"""Words for the recogniser: closed lists, no values of callers.

It writes words that it expects as words. Without, "oh four" becomes "L4", "at ten" becomes
"attend", and "john dot smith at" is drawn together as "john.smithat".
"""

_WANTS_YES = (Mode.CONFIRMING, Mode.OFFERING)

Hear = Callable[[Expectation], Awaitable[Hearing]]
Clock = Callable[[], datetime]


class SayAloud(Protocol):
    """Speech output as the collector knows it."""

    async def __call__(
        self, text: str, before_first_frame: Callable[[datetime], Awaitable[None]]
    ) -> None:
        """Speak; `before_first_frame` is awaited with the moment at which speech begins."""


async def understand_by_rules(
    text: str, asked: Asked, meanwhile: Meanwhile = nothing, /
) -> Understanding:
    """Understand by the rules alone: without a key, network or waiting."""
    return by_rules(text, asked)


class Conversation:
    """One call's dialogue: its state, its ledger, and the moment of its last message."""

    def __init__(self, dialogue: Dialogue, *, say: SayAloud, ledger: Ledger, clock: Clock) -> None:
        self.dialogue = dialogue
        self._say = say
        self._ledger = ledger
        self._clock = clock
        self._last_at = ledger.state.said_until
        self._last_said: Message | None = None
        self._saved_early: Message | None = None

    async def take_turn(self, event: Event) -> Ending | None:
        """Decide, commit, speak; return the ending when the conversation is over."""
        ending: Ending | None = None
        next_event: Event | None = event
        while next_event is not None:
            self.dialogue, effects = next_move(self.dialogue, next_event, self._clock())
            event, next_event = next_event, None
            for effect in effects:
                match effect:
                    case Save(change):
                        await self._ledger.commit(self._unsaved(change))
                    case Continue(earlier):
                        await self._ledger.continue_earlier(earlier)
                    case Reserve():
                        next_event = await self._ask_calendar(effect)
                    case Say(text):
                        next_event = await self._speak(text, after=event)
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

    async def _ask_calendar(self, wish: Reserve) -> Placed:
        calendar = self._ledger.appointments
        place = await (calendar.book if wish.agreed else calendar.hold)(wish.start)
        free = await calendar.free_near(wish.start) if place is Place.TAKEN else ()
        return Placed(wish, place, free)

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
        return Heard(message, await self._meaning(utterance, understand, early), revised)

    async def _meaning(
        self, utterance: Utterance, understand: Understand, early: Meanwhile
    ) -> Understanding:
        dialogue, now = self.dialogue, self._clock()
        asked = utterance.reading.asked if utterance.reading else situation(dialogue, now)
        if utterance.keyed and dialogue.mode in _WANTS_YES:
            return _keyed(utterance.text, asked)
        meant = await understand(utterance.text, asked, early)
        if dialogue.mode is Mode.OFFERING:
            return _to_offer(meant, utterance.text, dialogue, now)
        beside = not meant.fields and meant.intent in _BESIDE_IT
        if dialogue.mode is not Mode.CONFIRMING or not beside:
            return meant
        # A caller who hears a read-back may take it as settled and answer what comes next.
        ahead = await understand(utterance.text, situation(dialogue.ahead(), now), early)
        return ahead if ahead.complete and ahead.fields else meant

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


def _keyed(keys: str, asked: Asked) -> Understanding:
    """Read keys while a yes is waited for: more than a yes or a no is a number that corrects.

    One key pressed several times is nothing: neither a second yes nor a value.
    """
    if len(set(keys)) == 1:
        return Understanding(YES_NO_KEYS.get(keys, Intent.NOTHING))
    meant = by_rules(keys, replace(asked, confirming=asked.step is not Step.PHONE))
    fields = {s: v for s, v in meant.fields.items() if s in (asked.step, Step.PHONE)}
    if not fields and not meant.partial:
        return Understanding(Intent.NOTHING)
    return replace(meant, fields=fields)


def _to_offer(meant: Understanding, text: str, offered: Dialogue, now: datetime) -> Understanding:
    """Read more in the answer to "shall we go on?": "yes, this is …" is a yes and a name."""
    told = by_rules(text, situation(replace(offered.ahead(), mode=Mode.ASKING), now))
    opening = by_rules(_CLAUSE_END.split(text, maxsplit=1)[0], situation(offered, now))
    agreed = meant.fields and opening.intent is Intent.YES
    intent = Intent.YES if agreed else meant.intent
    return replace(meant, intent=intent, fields={**told.fields, **meant.fields})


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
        heard = await hear(expectation(conversation.dialogue, clock))
    except SpeechUnavailable:  # an interrupted sentence was to go on
        return await conversation.apologise()
    if isinstance(heard, (Unheard, Silent, TimeUp)):
        return heard
    return await conversation.heard(heard, understand)


def situation(dialogue: Dialogue, now: datetime) -> Asked:
    """Return what understanding has to know about the moment of an utterance."""
    business = dialogue.business
    record = dict(dialogue.answers)
    if dialogue.pending is not None:
        record[Step.TIME] = dialogue.pending
    return Asked(
        step=dialogue.step,
        now=now.astimezone(business.zone).replace(second=0, microsecond=0, tzinfo=None),
        region=business.region,
        language=business.language,
        confirming=dialogue.mode in _WANTS_YES,
        services=business.services,
        record=record,
        partial=dialogue.partial,
        zone=business.zone.key,
    )


def expectation(dialogue: Dialogue, clock: Clock) -> Expectation:
    """Return what speech input has to know: the question, and how an answer is read."""

    @cache  # for the life of one question: turn-taking and the conversation share one reading
    def read(text: str) -> Reading:
        return _reading(text, situation(dialogue, clock()))

    confirming = dialogue.mode in _WANTS_YES
    return Expectation(dialogue.step, confirming, read, _vocabulary(dialogue))


def _vocabulary(dialogue: Dialogue) -> tuple[str, ...]:
    """Return words that are likely in the answer to the open question."""
    business = dialogue.business
    if dialogue.step is Step.SERVICE:
        return tuple(offer.name for offer in business.services)
    if dialogue.step is Step.ADDRESS:
        return business.suburbs
    return _LIKELY.get((business.language, dialogue.step), ())


def _reading(text: str, asked: Asked) -> Reading:
    meant = by_rules(text, asked)
    told = meant.fields or meant.partial or any(letter.isdigit() for letter in text)
    return Reading(
        asked,
        complete=meant.complete or meant.intent in _DECISIVE,
        idle=not told and meant.intent in (_IDLE if asked.confirming else _IDLE | _ASSENT),
    )
