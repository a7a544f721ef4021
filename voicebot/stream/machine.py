"""One call as a pure function: `step(state, event, now) -> (state, effects)`.

    socket ──────► audio windows, keys, marks ─┐           ┌─► play, mark, clear      ──► socket
    speech ──────► transcripts, audio ─────────┤   step    ├─► follow, transcribe, resume ► speech
    conversation ► question asked, say begun ──┤           ├─► deliver, raise   ──► conversation
    clock ───────► timers ─────────────────────┘           └─► timers, announcements, observers

`turns` decides when the caller has finished, `playback` what was heard of the bot; here they meet:

- Speech over the bot's words silences it. What then turns out to be a noise, or a brief sign of
  listening, lets it go on where it was; words are an answer, with the part that was heard.
- What came before the bot begins to put another question is no answer to that one.
- Keys are gathered to one answer; meanwhile speech is not heard.
- While an answer is late, filler phrases are said, but not over the caller's words.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Final

from voicebot.call import Phase, Step
from voicebot.collect.events import Expectation, Hearing, Silent, TimeUp, Unheard, Utterance
from voicebot.errors import VoicebotError
from voicebot.g711 import milliseconds
from voicebot.speech import Hint
from voicebot.stream import events as ev
from voicebot.stream import turns
from voicebot.stream.events import CallEvent, CallState, Effect, Now, Timer, Waits
from voicebot.stream.playback import LATE_MARK_S, Playback

PREROLL_MS: Final = 300.0
"""Of a turn's audio that lies before its voice. That is noticed some 50 ms late, and a soft first
consonant not at all."""
BRIEF_MS: Final = 800.0
"""An "mm-hm", an "okay". Recognisers hear words in the first: "amen", "wow"."""
FILLER_AGAIN_S: Final = 1.5
"""After the end of one filler phrase, until the next."""
FAREWELL_MARK_S: Final = 2.0
"""A farewell's last mark may come so much later than its audio's length says."""

_BACKCHANNEL = re.compile(r"(?:(?:m+-?h*m*|hm+|uh-?huh|uh|um|erm?|ah|oh)[\s,.!…]*)+", re.IGNORECASE)


def is_backchannel(text: str) -> bool:
    """Return whether `text` is only what people say to show that they listen ("mm-hm")."""
    return _BACKCHANNEL.fullmatch(text) is not None


def step(state: CallState, event: CallEvent, now: Now) -> tuple[CallState, tuple[Effect, ...]]:
    """Return the call's state after `event`, and what is to be done, in order."""
    moment = _Moment(state, now)
    moment.take(event)
    moment.serve()
    moment.announce()
    return moment.state, tuple(moment.effects)


def oldest_needed_ms(state: CallState) -> float:
    """Return the audio time before which the caller's track will not be asked for any more."""
    quiet = state.turn.floor is turns.Floor.QUIET
    return state.turn.now_ms - PREROLL_MS if quiet else 0.0


class _Moment:
    """One event on its way to the next state."""

    def __init__(self, state: CallState, now: Now) -> None:
        self.state = state
        self.now = now
        self.effects: list[Effect] = []

    def take(self, event: CallEvent) -> None:
        """Dispatch on the event."""
        match event:
            case ev.Window(probability):
                self._hear_window(probability)
            case ev.MarkReturned(name):
                self._set_playback(self.state.playback.on_mark(name, self.now.s))
            case ev.AudioReady(mulaw):
                self._play(mulaw)
            case ev.AnswerSent():
                self._stop_filler()
                self._do(ev.TurnAnswered(self.now.s))
            case ev.KeyPressed(key):
                self._press_key(key)
            case ev.QuestionAsked(expectation):
                self._ask(expectation)
            case ev.Transcribed():
                self._transcribed(event)
            case ev.SayBegan():
                self._become(heard_prefix=None, playback=self.state.playback.begin())
            case ev.SpeechBegan():
                self._begin_speech()
            case ev.SentenceBegan(text):
                self._become(playback=self.state.playback.open_sentence(text))
            case ev.SentenceEnded():
                playback, mark = self.state.playback.close_sentence()
                self._become(playback=playback)
                self._do(ev.SendMark(mark))
            case ev.SayEnded():
                self._end_say()
            case ev.ResumeEnded():
                self._end_say()
                self._become(waits=Waits.CALLER)
            case ev.FarewellBegan():
                self._begin_farewell()
            case ev.FillerReady(mulaw):
                self._fill(mulaw)
            case ev.TimerFired(timer):
                self._fire(timer)
            case ev.CallTooLong():
                self._arrive(TimeUp())
            case ev.CallerGone(why):
                self._lose_caller(why)
            case ev.Closed(why):
                self._close(why)

    # -- the caller's speech -------------------------------------------------------------

    def _hear_window(self, probability: float) -> None:
        state = self.state
        turn, events = turns.on_window(
            state.turn,
            probability,
            state.settings.window_ms,
            bot_heard=state.playback.is_heard,
        )
        self.state = replace(state, turn=turn)
        if events:
            self._react(events)
        speaking = self.state.turn.floor is turns.Floor.SPEAKING
        if speaking and self.state.followed_ms is not None:
            self._do(ev.Feed(self.state.turn.now_ms))

    def _react(self, events: turns.Events) -> None:
        if self.state.keys is not None:
            return
        for event in events:
            match event:
                case turns.BargedIn():
                    self._interrupt()
                case turns.Started(at_ms):
                    self._drop_turn()
                    self._follow(at_ms)
                case turns.Resumed():
                    self._drop_transcription()
                case turns.Paused(start_ms, end_ms):
                    self._become(transcription=self._transcribe(start_ms, end_ms))
                case turns.Finished(start_ms, end_ms):
                    self._finish_turn(start_ms, end_ms)
                case turns.Silence():
                    self._arrive(Silent())

    def _finish_turn(self, start_ms: float, end_ms: float) -> None:
        found = self.state.transcription or self._transcribe(start_ms, end_ms)
        self._become(transcription=None, followed_ms=None, turn_end_ms=end_ms)
        ago = timedelta(milliseconds=self.state.turn.now_ms - start_ms)
        self._arrive(ev.Spoken(found, self.now.utc - ago, self.now.s))

    def _follow(self, start_ms: float) -> float:
        start_ms = max(start_ms - PREROLL_MS, self.state.turn_end_ms)
        self._become(followed_ms=start_ms)
        self._do(ev.Follow(start_ms, self._hint()))
        return start_ms

    def _transcribe(self, start_ms: float, end_ms: float) -> ev.Transcription:
        followed_ms = self.state.followed_ms
        if followed_ms is None:
            followed_ms = self._follow(start_ms)
        number = self.state.transcriptions + 1
        self._become(transcriptions=number)
        self._do(ev.Feed(end_ms), ev.Transcribe(number, end_ms, self._hint()))
        return ev.Transcription(number, followed_ms, end_ms)

    def _hint(self, *, words_for_digits: bool = False) -> Hint:
        vocabulary = self.state.expectation.vocabulary
        return Hint(self.state.settings.language, vocabulary, words_for_digits)

    def _transcribed(self, event: ev.Transcribed) -> None:
        state, text = self.state, event.text.strip()

        def told(known: ev.Transcription) -> ev.Transcription:
            if known.number != event.number:
                return known
            failed = known.failed or (event.failed and known.plain is None)
            return replace(known, text=text, seconds=event.seconds, failed=failed)

        def spoken(arrival: ev.Arrival) -> ev.Arrival:
            if not isinstance(arrival, ev.Spoken):
                return arrival
            return replace(arrival, transcription=told(arrival.transcription))

        pausing, judged = state.transcription, state.judged
        self._become(
            arrivals=tuple(spoken(arrival) for arrival in state.arrivals),
            transcription=told(pausing) if pausing else None,
            judged=replace(judged, transcription=told(judged.transcription)) if judged else None,
        )
        if pausing and pausing.number == event.number and not event.failed:
            self._end_turn_if_whole(text)
        if judged and judged.transcription.number == event.number:
            self._judge()

    def _end_turn_if_whole(self, text: str) -> None:
        if self.state.heard_prefix is not None and self._is_noise(text):
            whole = True  # the sooner the bot goes on, the better
        else:  # words that mean nothing may be the first piece of an answer
            whole = bool(text) and self.state.expectation.read(text).complete
        turn, events = turns.on_text(self.state.turn, complete=whole)
        self._become(turn=turn)
        self._react(events)

    def _drop_turn(self) -> None:
        self._drop_transcription()
        self._become(followed_ms=None)

    def _drop_transcription(self) -> None:
        if self.state.transcription is not None:
            self._do(ev.DropTranscription(self.state.transcription.number))
            self._become(transcription=None)

    # -- the caller's keys ---------------------------------------------------------------

    def _press_key(self, key: str) -> None:
        """A key interrupts the bot; a hash that comes after its number was taken does nothing."""
        self._become(turn=turns.on_key(self.state.turn))
        self._drop_turn()
        if key == ev.END_KEY:
            self._take_keys()
            return
        self._interrupt()
        keys = self.state.keys or ev.Keys("", self.now.utc, None)
        self._become(keys=keys.and_then(key, self.state.asked))
        self._wait_for_keys()

    def _wait_for_keys(self) -> None:
        if self.state.keys is not None:
            wait_s = self.state.keys.wait_s(confirming=self.state.expectation.confirming)
            self._do(ev.StartTimer(Timer.KEYS, wait_s))

    def _take_keys(self) -> None:
        if self.state.keys is not None:
            self._do(ev.StopTimer(Timer.KEYS))
            self._arrive(self.state.keys)
            self._become(keys=None, turn=turns.on_key(self.state.turn))

    # -- the conversation ----------------------------------------------------------------

    def _ask(self, expectation: Expectation) -> None:
        limits = turns.patience(expectation.step, expectation.confirming)
        if self.state.settings.decisive:
            limits = turns.NONE
        self._become(
            expectation=expectation,
            asked=(expectation.step, expectation.confirming),
            passed_over=False,
            waits=Waits.CALLER,
            turn=turns.on_question(self.state.turn, limits),
        )
        self._wait_for_keys()
        self._forget(Silent)
        pausing = self.state.transcription
        if pausing is not None and pausing.text is not None:
            self._end_turn_if_whole(pausing.text)

    def serve(self) -> None:
        """Give the conversation what has arrived, while it waits for the caller."""
        while self.state.waits is Waits.CALLER and self.state.arrivals:
            arrival, *later = self.state.arrivals
            self._become(arrivals=tuple(later))
            match arrival:
                case ev.Keys() as keys:
                    if self.state.asked is not None and keys.answer(self.state.asked):
                        self._decide(self.now.s)
                        self._deliver(
                            Utterance(keys.digits, keys.began_at, True, self._take_prefix())
                        )
                case ev.Spoken() as spoken:
                    self._decide(spoken.decided_s)
                    self._become(judged=spoken, judged_s=self.now.s, waits=Waits.TEXT)
                    self._judge()
                case nothing:
                    self._deliver(nothing)
        if self.state.waits is Waits.CALLER and self.state.over is not None:
            self._become(waits=Waits.ELSEWHERE)
            self._do(ev.Raise(self.state.over))

    def _judge(self) -> None:
        """Is the finished turn an answer, or nothing? Once its text is known."""
        spoken = self.state.judged
        assert spoken is not None
        found, read = spoken.transcription, self.state.expectation.read
        if found.text is None:
            return
        self._do(ev.SttAwaited(min(self.now.s - self.state.judged_s, found.seconds)))
        text = found.text
        if found.plain is not None:
            text = text if read(text).complete else found.plain
        elif self._is_piece_of_number(text):
            # Digits as words keep "double" and "oh" apart, at the price of other errors: so this
            # second reading counts only where it makes a whole number.
            again = replace(spoken, transcription=replace(found, text=None, plain=text))
            self._become(judged=again, judged_s=self.now.s)
            self._do(ev.TranscribeAgain(found.number, self._hint(words_for_digits=True)))
            return
        self._become(judged=None, waits=Waits.CALLER)
        self._do(ev.DropTranscription(found.number))
        if self._is_answer(text, found.end_ms - found.start_ms):
            prefix, reading = self._take_prefix(), read(text)
            self._deliver(Utterance(text, spoken.started_at, heard_prefix=prefix, reading=reading))
        elif found.failed:
            self._deliver(Unheard())
        else:
            self._pass_over(text)

    def _is_piece_of_number(self, text: str) -> bool:
        asked = self.state.expectation
        number = asked.step is Step.PHONE and not asked.confirming
        return bool(text) and number and not asked.read(text).complete

    def _is_answer(self, text: str, ms: float) -> bool:
        """More than nothing, and more than a sign of listening where it interrupts?

        Who says something a second time means it, whatever it is.
        """
        if self._is_noise(text) or self.state.passed_over or self.state.heard_prefix is None:
            return not self._is_noise(text)
        return not (ms <= PREROLL_MS + BRIEF_MS and self.state.expectation.read(text).idle)

    def _is_noise(self, text: str) -> bool:
        interrupts = self.state.heard_prefix is not None
        may_hum = interrupts and not self.state.expectation.confirming
        return not text or (may_hum and is_backchannel(text))

    def _pass_over(self, text: str) -> None:
        """It was no interruption after all: say again what was not heard to its end."""
        self._stop_filler()
        self._do(ev.TurnDropped())
        self._become(passed_over=self.state.passed_over or not self._is_noise(text))
        if self.state.heard_prefix is not None:
            playback, known = self.state.playback.resume()
            self._become(playback=playback, heard_prefix=None, waits=Waits.RESUMPTION)
            self._do(ev.Resume(len(playback.sentences), known))

    def _deliver(self, hearing: Hearing) -> None:
        self._become(waits=Waits.ELSEWHERE)
        self._do(ev.Deliver(hearing))

    def _take_prefix(self) -> str | None:
        prefix = self.state.heard_prefix
        self._become(heard_prefix=None)
        return prefix

    def _arrive(self, arrival: ev.Arrival) -> None:
        self._become(arrivals=(*self.state.arrivals, arrival))

    def _forget(self, *kinds: type[ev.Arrival]) -> None:
        for arrival in self.state.arrivals:
            if isinstance(arrival, ev.Spoken) and ev.Spoken in kinds:
                self._do(ev.DropTranscription(arrival.transcription.number))
        self._become(arrivals=tuple(a for a in self.state.arrivals if not isinstance(a, kinds)))

    # -- the bot's speech ----------------------------------------------------------------

    def _begin_speech(self) -> None:
        """What came before that no longer waits for an answer."""
        self._become(asked=None, turn=turns.on_bot_starts(self.state.turn))
        if self.state.turn.floor is turns.Floor.QUIET:
            self._drop_turn()
        self._forget(ev.Spoken, Silent)

    def _play(self, mulaw: bytes) -> None:
        before = self.state.playback
        if not before.cut_off:
            playback, late_s = before.queue(mulaw, self.now.s)
            self._become(playback=playback)
            self._do(ev.Play(mulaw, late_s, first=not before.sounding))

    def _end_say(self) -> None:
        self._set_playback(self.state.playback.complete())
        if self.state.playback.is_heard:
            self._wait_until_played(LATE_MARK_S)

    def _wait_until_played(self, grace_s: float) -> None:
        left_s = max(0.0, self.state.playback.ends_at - self.now.s)
        self._do(ev.StartTimer(Timer.PLAYED, left_s + grace_s))

    def _begin_farewell(self) -> None:
        self._become(finishing=True)
        if self.state.playback.is_heard and not self.state.gone:
            self._wait_until_played(FAREWELL_MARK_S)
        else:
            self._do(ev.Played())

    def _set_playback(self, playback: Playback) -> None:
        self._become(playback=playback)
        if self.state.finishing and not playback.is_heard:
            self._do(ev.Played())

    def _interrupt(self) -> None:
        """Be silent at once. Nobody answers what is said over the last words, "thank you, bye" as
        a rule: these are said to their end."""
        if not self.state.finishing and self.state.playback.is_heard:
            playback, prefix = self.state.playback.cut(self.now.s)
            self._become(playback=playback, heard_prefix=prefix)
            self._do(ev.Clear())

    # -- fillers -------------------------------------------------------------------------

    def _decide(self, at_s: float) -> None:
        self._do(ev.TurnDecided(at_s))
        if self.state.settings.fillers is not None:
            self._become(filler=0)
            self._do(ev.StartTimer(Timer.FILLER, self.state.settings.fillers.after_s))

    def _stop_filler(self) -> None:
        if self.state.filler is not None:
            self._become(filler=None)
            self._do(ev.StopTimer(Timer.FILLER))

    def _fire(self, timer: Timer) -> None:
        match timer:
            case Timer.KEYS:
                self._take_keys()
            case Timer.PLAYED:
                self._set_playback(self.state.playback.give_up())
            case Timer.FILLER:
                self._say_filler()

    def _say_filler(self) -> None:
        phrases, said = self.state.settings.fillers, self.state.filler
        if phrases is None or said is None:
            return
        self._become(filler=said + 1)
        if self.state.turn.floor in (turns.Floor.SPEAKING, turns.Floor.MAYBE):
            self._do(ev.StartTimer(Timer.FILLER, FILLER_AGAIN_S))
        else:
            sentence = phrases.sentences[min(said, len(phrases.sentences) - 1)]
            self._do(ev.SayFiller(sentence))

    def _fill(self, mulaw: bytes) -> None:
        if self.state.filler is None:
            return
        sounds_s = 0.0
        if mulaw and not self.state.gone and not self.state.playback.is_heard:
            sounds_s = milliseconds(len(mulaw)) / 1000
            self._become(playback=self.state.playback.fill(mulaw, self.now.s))
            self._do(ev.Play(mulaw, filler=True))
        self._do(ev.StartTimer(Timer.FILLER, sounds_s + FILLER_AGAIN_S))

    # -- the end -------------------------------------------------------------------------

    def _lose_caller(self, why: VoicebotError) -> None:
        self._become(gone=True)
        self._stop_filler()
        if self.state.finishing:
            self._do(ev.Played())
        if self.state.over is None:
            turn, events = turns.on_end(self.state.turn)
            self._become(turn=turn)
            self._react(events)
            self._take_keys()
            self._become(over=why)

    def _close(self, why: VoicebotError) -> None:
        self._drop_turn()
        self._stop_filler()
        self._forget(ev.Spoken, ev.Keys, Silent, TimeUp)
        self._do(ev.StopTimer(Timer.KEYS))
        self._become(over=why, keys=None)
        if self.state.judged is not None:
            self._do(ev.DropTranscription(self.state.judged.transcription.number))
            self._become(judged=None, waits=Waits.CALLER)

    # -- every event ---------------------------------------------------------------------

    def announce(self) -> None:
        """Tell what the bot is doing, when that has changed."""
        phase = Phase.LISTENING if self.state.waits is Waits.CALLER else Phase.THINKING
        if self.state.playback.is_heard:
            phase = Phase.SPEAKING
        if phase is not self.state.phase and self.state.over is None:
            self._become(phase=phase)
            self._do(ev.Announce(phase))

    def _become(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]

    def _do(self, *effects: Effect) -> None:
        self.effects += effects
