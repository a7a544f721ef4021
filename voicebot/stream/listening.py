"""Speech input of one call: audio and keys in, one utterance at a time out.

The reader's side is synchronous and never waits; the conversation's side is `hear`. Between
them lie turn-taking, which is pure, and transcription, which runs in tasks of the session.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from voicebot.call import Step
from voicebot.collect.events import (
    Expectation,
    Hearing,
    Reading,
    Silent,
    TimeUp,
    Unheard,
    Utterance,
)
from voicebot.collect.understanding import Asked
from voicebot.errors import SpeechUnavailable, VoicebotError
from voicebot.log import get_logger
from voicebot.speech import Hint, SttStream, SttTurn, Transcript, VoiceDetector
from voicebot.stream import turns
from voicebot.stream.following import Decode, Following
from voicebot.stream.hums import PREROLL_MS, is_brief, is_hum
from voicebot.stream.keys import END_KEY, Keys, Question
from voicebot.stream.measure import TurnTimer, stopwatch
from voicebot.stream.recording import Recording
from voicebot.stream.speaking import Clock, Speaker

_log = get_logger("voicebot.stream.listening")


_NOTHING_ASKED: Final = Expectation(
    Step.NAME, False, lambda text: Reading(Asked(Step.NAME, datetime.min))
)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A finished turn."""

    decode: Decode
    started_at: datetime
    decided_at: float


_Arrival = _Spoken | Keys | Silent | TimeUp


class Listener:
    """Listens for one session."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        stream: SttStream,
        detector: VoiceDetector,
        speaker: Speaker,
        clock: Clock,
        timer: TurnTimer,
        language: str,
    ) -> None:
        self._group = group
        self._stt = stream
        self._detector = detector
        self._speaker = speaker
        self._clock = clock
        self._timer = timer
        self._language = language
        self._turn = turns.Turn()
        self._expectation = _NOTHING_ASKED
        self._recording = Recording()
        self._following: Following | None = None
        self._decode: Decode | None = None
        self._turn_end_ms = 0.0
        self._asked: Question | None = None
        """None while the bot begins to put another question."""
        self._keys: Keys | None = None
        self._key_timer: asyncio.TimerHandle | None = None
        self._arrivals: deque[_Arrival] = deque()
        self._changed = asyncio.Event()
        self._over: VoicebotError | None = None
        self._passed_over = False
        self.awaits_caller = False
        """Does the conversation wait for the caller now, and for nothing else?"""

    # -- the reader's side ---------------------------------------------------------------

    def on_audio(self, mulaw: bytes) -> None:
        """A piece of the caller's track."""
        self._recording.add(mulaw)
        for probability in self._detector.feed(mulaw):
            self._turn, events = turns.on_window(
                self._turn,
                probability,
                self._detector.window_ms,
                bot_heard=self._speaker.is_heard,
            )
            self._react(events)
            if self._turn.floor is turns.Floor.SPEAKING and self._following is not None:
                self._following.feed_until(self._turn.now_ms)
        if self._turn.floor is turns.Floor.QUIET:
            self._recording.forget_before(self._turn.now_ms - PREROLL_MS)

    def on_key(self, key: str) -> None:
        """A key of the caller's phone. It interrupts the bot; its tone is not speech. A hash that
        comes after its number was taken does nothing."""
        self._turn = turns.on_key(self._turn)
        self._drop_turn()
        if key == END_KEY:
            self._take_keys()
            return
        self._speaker.interrupt()
        keys = self._keys or Keys("", self._clock(), None)
        self._keys = keys.and_then(key, self._asked)
        self._wait_for_keys(self._keys)

    def on_bot_starts(self) -> None:
        """The bot begins to answer: what came before that no longer waits for an answer."""
        self._asked = None
        self._turn = turns.on_bot_starts(self._turn)
        if self._turn.floor is turns.Floor.QUIET:
            self._drop_turn()
        self._forget(_Spoken, Silent)

    def time_up(self) -> None:
        """The call has reached its longest permitted length."""
        self._arrive(TimeUp())

    def end(self, why: VoicebotError) -> None:
        """Nothing more will come. What was said until now is still heard, then `why` is raised."""
        if self._over is not None:
            return
        self._turn, events = turns.on_end(self._turn)
        self._react(events)
        self._take_keys()
        self._over = why
        self._changed.set()

    def close(self, why: VoicebotError) -> None:
        """Nothing more is wanted: what is under way is dropped, `hear` raises `why`."""
        self._over = why
        self._drop_turn()
        self._forget(_Spoken, Keys, Silent, TimeUp)
        self._keys = None
        self._take_keys()
        self._changed.set()

    # -- the conversation's side ---------------------------------------------------------

    async def hear(self, expectation: Expectation) -> Hearing:
        """The caller's next words or keys, or that there were none.

        Raises what ended the call, once everything before that was heard.
        """
        question = expectation.step, expectation.confirming
        self._ask(expectation)
        while True:
            match await self._next():
                case Silent() | TimeUp() as nothing:
                    return nothing
                case Keys() as keys if keys.answer(question):
                    self._timer.decided(stopwatch())
                    prefix = self._speaker.take_cut()
                    return Utterance(keys.digits, keys.began_at, True, prefix)
                case _Spoken() as spoken:
                    text = await self._text(spoken)
                    if self._is_said(text, spoken.decode):
                        return Utterance(
                            text,
                            spoken.started_at,
                            heard_prefix=self._speaker.take_cut(),
                            reading=self._expectation.read(text),
                        )
                    if spoken.decode.unheard:
                        return Unheard()
                    self._timer.dropped()
                    self._passed_over = self._passed_over or not self._is_hum(text)
                    await self._speaker.go_on()

    def _ask(self, expectation: Expectation) -> None:
        self._expectation, self._passed_over = expectation, False
        self._asked = expectation.step, expectation.confirming
        if self._keys is not None:
            self._wait_for_keys(self._keys)
        limits = turns.patience(expectation.step, expectation.confirming)
        if self._detector.decisive:
            limits = turns.NONE
        self._turn = turns.on_question(self._turn, limits)
        self._forget(Silent)
        if self._decode is not None:
            self._judge(self._decode)

    def caller_speaks(self) -> bool:
        """Is the caller's voice heard just now?"""
        return self._turn.floor in (turns.Floor.SPEAKING, turns.Floor.MAYBE)

    async def _next(self) -> _Arrival:
        while not self._arrivals:
            if self._over is not None:
                raise self._over
            self._changed.clear()
            self.awaits_caller = True
            await self._changed.wait()
            self.awaits_caller = False
        return self._arrivals.popleft()

    async def _text(self, spoken: _Spoken) -> str:
        self._timer.decided(spoken.decided_at)
        text = await self._transcript(spoken.decode)
        if not text or self._expectation.step is not Step.PHONE or self._expectation.confirming:
            return text
        if self._expectation.read(text).complete:
            return text
        # Digits as words keep "double" and "oh" apart, at the price of other errors: so this
        # second reading counts only where it makes a whole number.
        decode = spoken.decode
        again = self._begin(decode.listening, decode.audio, words_for_digits=True)
        second = await self._transcript(again)
        return second if self._expectation.read(second).complete else text

    async def _transcript(self, decode: Decode) -> str:
        assert decode.task is not None
        asked_at = stopwatch()
        transcript = await decode.task
        self._timer.listened(min(stopwatch() - asked_at, transcript.seconds))
        return transcript.text.strip()

    def _is_said(self, text: str, decode: Decode) -> bool:
        """Is it more than nothing, and more than a sign of listening where it interrupts?

        Who says something a second time means it, whatever it is.
        """
        if self._is_hum(text) or self._passed_over or not self._speaker.is_interrupted:
            return not self._is_hum(text)
        return not (is_brief(decode.audio) and self._expectation.read(text).idle)

    def _is_hum(self, text: str) -> bool:
        """Is it nothing, or a mere hum that interrupts?"""
        hums = self._speaker.is_interrupted and not self._expectation.confirming
        return not text or (hums and is_hum(text))

    # -- turns to arrivals ---------------------------------------------------------------

    def _react(self, events: turns.Events) -> None:
        if self._keys is not None:
            return
        for event in events:
            match event:
                case turns.BargedIn():
                    self._speaker.interrupt()
                case turns.Started(at_ms):
                    self._drop_turn()
                    self._following = self._follow(at_ms)
                case turns.Resumed():
                    self._drop_decode()
                case turns.Paused(start_ms, end_ms):
                    self._decode = self._begin_turn(start_ms, end_ms)
                case turns.Finished(start_ms, end_ms):
                    self._finish(start_ms, end_ms)
                case turns.Silence():
                    self._arrive(Silent())

    def _finish(self, start_ms: float, end_ms: float) -> None:
        decode, self._decode = self._decode, None
        if decode is None:
            decode = self._begin_turn(start_ms, end_ms)
        self._following = None
        self._turn_end_ms = end_ms
        ago = timedelta(milliseconds=self._turn.now_ms - start_ms)
        self._arrive(_Spoken(decode, self._clock() - ago, stopwatch()))

    def _follow(self, start_ms: float) -> Following:
        start_ms = max(start_ms - PREROLL_MS, self._turn_end_ms)
        return Following(self._recording, self._stt.listen(self._hint()), start_ms)

    def _begin_turn(self, start_ms: float, end_ms: float) -> Decode:
        following = self._following = self._following or self._follow(start_ms)
        following.feed_until(end_ms)
        return self._begin(following.listening, following.utterance(end_ms))

    def _begin(self, listening: SttTurn, audio: bytes, *, words_for_digits: bool = False) -> Decode:
        decode = Decode(listening, audio)
        hint = self._hint(words_for_digits=words_for_digits)
        decode.task = self._group.create_task(self._transcribe(decode, hint))
        return decode

    def _hint(self, *, words_for_digits: bool = False) -> Hint:
        return Hint(self._language, self._expectation.vocabulary, words_for_digits)

    async def _transcribe(self, decode: Decode, hint: Hint) -> Transcript:
        asked_at = stopwatch()
        try:
            transcript = await decode.listening.transcribe(decode.audio, hint)
        except SpeechUnavailable as error:
            _log.error("not_transcribed", error=error)
            decode.unheard = True
            return Transcript("", stopwatch() - asked_at)
        if decode is self._decode:
            self._turn_over_if_whole(transcript.text)
        return transcript

    def _judge(self, decode: Decode) -> None:
        """Another question was asked meanwhile: the same text may be whole now."""
        if decode.task is not None and decode.task.done() and not decode.task.cancelled():
            self._turn_over_if_whole(decode.task.result().text)

    def _turn_over_if_whole(self, text: str) -> None:
        text = text.strip()
        if self._speaker.is_interrupted and self._is_hum(text):
            whole = True  # a noise, a hum: the sooner the bot goes on, the better
        else:  # words that mean nothing may be the first piece of an answer
            whole = bool(text) and self._expectation.read(text).complete
        self._turn, events = turns.on_text(self._turn, complete=whole)
        self._react(events)

    def _drop_turn(self) -> None:
        self._drop_decode()
        self._following = None

    def _drop_decode(self) -> None:
        decode, self._decode = self._decode, None
        if decode is not None:
            decode.cancel()

    # -- keys ----------------------------------------------------------------------------

    def _wait_for_keys(self, keys: Keys) -> None:
        if self._key_timer is not None:
            self._key_timer.cancel()
        wait_s = keys.wait_s(confirming=self._expectation.confirming)
        self._key_timer = asyncio.get_running_loop().call_later(wait_s, self._take_keys)

    def _take_keys(self) -> None:
        if self._key_timer is not None:
            self._key_timer.cancel()
            self._key_timer = None
        if self._keys is not None:
            self._arrive(self._keys)
            self._keys = None
            self._turn = turns.on_key(self._turn)

    # -- arrivals ------------------------------------------------------------------------

    def _arrive(self, arrival: _Arrival) -> None:
        self._arrivals.append(arrival)
        self._changed.set()

    def _forget(self, *kinds: type[_Arrival]) -> None:
        for arrival in self._arrivals:
            if isinstance(arrival, _Spoken) and _Spoken in kinds:
                arrival.decode.cancel()
        self._arrivals = deque(a for a in self._arrivals if not isinstance(a, kinds))
