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

from dataclasses import replace

from voicebot.call import Phase, Step
from voicebot.collect.events import Expectation, Hearing, Silent, TimeUp, Unheard, Utterance
from voicebot.errors import VoicebotError
from voicebot.stream import caller, turns, voice
from voicebot.stream import events as ev
from voicebot.stream.events import CallEvent, Effect, Now, Timer
from voicebot.stream.state import (
    Arrival,
    CallState,
    Keys,
    Moment,
    Spoken,
    Transcription,
    Waits,
)
from voicebot.telemetry import Stage, TurnDropped, Waited


def step(state: CallState, event: CallEvent, now: Now) -> tuple[CallState, tuple[Effect, ...]]:
    """Return the call's state after `event`, and what is to be done, in order."""
    moment = Moment(state, now)
    _take(moment, event)
    _serve(moment)
    _announce(moment)
    return moment.state, tuple(moment.effects)


def _take(moment: Moment, event: CallEvent) -> None:
    """Dispatch on the event."""
    match event:
        case ev.Window(probability):
            caller.hear_window(moment, probability)
        case ev.MarkReturned(name):
            voice.set_playback(moment, moment.state.playback.on_mark(name, moment.now.s))
        case ev.AudioReady(mulaw):
            voice.play(moment, mulaw)
        case ev.AnswerSent():
            voice.stop_filler(moment)
            moment.do(ev.FirstFrame(moment.now.s))
        case ev.KeyPressed(key):
            caller.press_key(moment, key)
        case ev.QuestionAsked(expectation):
            _ask(moment, expectation)
        case ev.Transcribed():
            _transcribed(moment, event)
        case ev.SayBegan():
            moment.become(heard_prefix=None, playback=moment.state.playback.begin())
        case ev.SpeechBegan():
            _begin_speech(moment)
        case ev.SentenceBegan(text):
            moment.become(playback=moment.state.playback.open_sentence(text))
        case ev.SentenceEnded():
            playback, mark = moment.state.playback.close_sentence()
            moment.become(playback=playback)
            moment.do(ev.SendMark(mark))
        case ev.SayEnded():
            voice.end_say(moment)
        case ev.ResumeEnded():
            voice.end_say(moment)
            moment.become(waits=Waits.CALLER)
        case ev.FarewellBegan():
            voice.begin_farewell(moment)
        case ev.FillerReady(mulaw):
            voice.fill(moment, mulaw)
        case ev.TimerFired(timer):
            _fire(moment, timer)
        case ev.CallTooLong():
            caller.arrive(moment, TimeUp())
        case ev.CallerGone(why):
            _lose_caller(moment, why)
        case ev.Closed(why):
            _close(moment, why)


def _transcribed(moment: Moment, event: ev.Transcribed) -> None:
    state, text = moment.state, event.text.strip()

    def told(known: Transcription) -> Transcription:
        if known.number != event.number:
            return known
        failed = known.failed or (event.failed and known.plain is None)
        return replace(known, text=text, seconds=event.seconds, failed=failed)

    def spoken(arrival: Arrival) -> Arrival:
        if not isinstance(arrival, Spoken):
            return arrival
        return replace(arrival, transcription=told(arrival.transcription))

    pausing, judged = state.transcription, state.judged
    moment.become(
        arrivals=tuple(spoken(arrival) for arrival in state.arrivals),
        transcription=told(pausing) if pausing else None,
        judged=replace(judged, transcription=told(judged.transcription)) if judged else None,
    )
    if pausing and pausing.number == event.number and not event.failed:
        caller.end_turn_if_whole(moment, text)
    if judged and judged.transcription.number == event.number:
        _judge(moment)


# -- the conversation ----------------------------------------------------------------


def _ask(moment: Moment, expectation: Expectation) -> None:
    limits = turns.patience(expectation.step, expectation.confirming)
    if moment.state.settings.decisive:
        limits = turns.NONE
    moment.become(
        expectation=expectation,
        asked=(expectation.step, expectation.confirming),
        passed_over=False,
        waits=Waits.CALLER,
        turn=turns.on_question(moment.state.turn, limits),
    )
    caller.wait_for_keys(moment)
    _forget(moment, Silent)
    pausing = moment.state.transcription
    if pausing is not None and pausing.text is not None:
        caller.end_turn_if_whole(moment, pausing.text)


def _serve(moment: Moment) -> None:
    """Give the conversation what has arrived, while it waits for the caller."""
    while moment.state.waits is Waits.CALLER and moment.state.arrivals:
        arrival, *later = moment.state.arrivals
        moment.become(arrivals=tuple(later))
        match arrival:
            case Keys() as keys:
                if moment.state.asked is not None and keys.answer(moment.state.asked):
                    voice.decide(moment, moment.now.s)
                    _deliver(
                        moment, Utterance(keys.digits, keys.began_at, True, _take_prefix(moment))
                    )
            case Spoken() as spoken:
                voice.decide(moment, spoken.decided_s)
                moment.become(judged=spoken, judged_s=moment.now.s, waits=Waits.TEXT)
                _judge(moment)
            case nothing:
                _deliver(moment, nothing)
    if moment.state.waits is Waits.CALLER and moment.state.over is not None:
        moment.become(waits=Waits.ELSEWHERE)
        moment.do(ev.Raise(moment.state.over))


def _judge(moment: Moment) -> None:
    """Is the finished turn an answer, or nothing? Once its text is known."""
    spoken = moment.state.judged
    assert spoken is not None
    found, read = spoken.transcription, moment.state.expectation.read
    if found.text is None:
        return
    waited_s = min(moment.now.s - moment.state.judged_s, found.seconds)
    moment.do(Waited(Stage.STT, waited_s))
    text = found.text
    if found.plain is not None:
        text = text if read(text).complete else found.plain
    elif _is_piece_of_number(moment, text):
        # Digits as words keep "double" and "oh" apart, at the price of other errors: so this
        # second reading counts only where it makes a whole number.
        again = replace(spoken, transcription=replace(found, text=None, plain=text))
        moment.become(judged=again, judged_s=moment.now.s)
        moment.do(ev.TranscribeAgain(found.number, caller.hint(moment, words_for_digits=True)))
        return
    moment.become(judged=None, waits=Waits.CALLER)
    moment.do(ev.DropTranscription(found.number))
    if _is_answer(moment, text, found.end_ms - found.start_ms):
        prefix, reading = _take_prefix(moment), read(text)
        _deliver(moment, Utterance(text, spoken.started_at, heard_prefix=prefix, reading=reading))
    elif found.failed:
        _deliver(moment, Unheard())
    else:
        _pass_over(moment, text)


def _is_piece_of_number(moment: Moment, text: str) -> bool:
    asked = moment.state.expectation
    number = asked.step is Step.PHONE and not asked.confirming
    return bool(text) and number and not asked.read(text).complete


def _is_answer(moment: Moment, text: str, ms: float) -> bool:
    """More than nothing, and more than a sign of listening where it interrupts?

    Who says something a second time means it, whatever it is.
    """
    interrupts = moment.state.heard_prefix is not None
    if caller.is_noise(moment, text):
        return False
    if moment.state.passed_over or not interrupts or ms > caller.PREROLL_MS + caller.BRIEF_MS:
        return True
    return not moment.state.expectation.read(text).idle


def _pass_over(moment: Moment, text: str) -> None:
    """It was no interruption after all: say again what was not heard to its end."""
    voice.stop_filler(moment)
    moment.do(TurnDropped())
    moment.become(passed_over=moment.state.passed_over or not caller.is_noise(moment, text))
    if moment.state.heard_prefix is not None:
        playback, known = moment.state.playback.resume()
        moment.become(playback=playback, heard_prefix=None, waits=Waits.RESUMPTION)
        moment.do(ev.Resume(len(playback.sentences), known))


def _deliver(moment: Moment, hearing: Hearing) -> None:
    moment.become(waits=Waits.ELSEWHERE)
    moment.do(ev.Deliver(hearing))


def _take_prefix(moment: Moment) -> str | None:
    prefix = moment.state.heard_prefix
    moment.become(heard_prefix=None)
    return prefix


def _forget(moment: Moment, *kinds: type[Arrival]) -> None:
    for arrival in moment.state.arrivals:
        if isinstance(arrival, Spoken) and Spoken in kinds:
            moment.do(ev.DropTranscription(arrival.transcription.number))
    moment.become(arrivals=tuple(a for a in moment.state.arrivals if not isinstance(a, kinds)))


def _begin_speech(moment: Moment) -> None:
    """What came before that no longer waits for an answer."""
    moment.become(asked=None, turn=turns.on_bot_starts(moment.state.turn))
    if moment.state.turn.floor is turns.Floor.QUIET:
        caller.drop_turn(moment)
    _forget(moment, Spoken, Silent)


def _fire(moment: Moment, timer: Timer) -> None:
    match timer:
        case Timer.KEYS:
            caller.take_keys(moment)
        case Timer.PLAYED:
            voice.set_playback(moment, moment.state.playback.give_up())
        case Timer.FILLER:
            voice.say_filler(moment)


# -- the end -------------------------------------------------------------------------


def _lose_caller(moment: Moment, why: VoicebotError) -> None:
    moment.become(gone=True)
    voice.stop_filler(moment)
    if moment.state.finishing:
        moment.do(ev.Played())
    if moment.state.over is None:
        turn, events = turns.on_end(moment.state.turn)
        moment.become(turn=turn)
        caller.react(moment, events)
        caller.take_keys(moment)
        moment.become(over=why)


def _close(moment: Moment, why: VoicebotError) -> None:
    caller.drop_turn(moment)
    voice.stop_filler(moment)
    _forget(moment, Spoken, Keys, Silent, TimeUp)
    moment.do(ev.StopTimer(Timer.KEYS))
    moment.become(over=why, keys=None)
    if moment.state.judged is not None:
        moment.do(ev.DropTranscription(moment.state.judged.transcription.number))
        moment.become(judged=None, waits=Waits.CALLER)


def _announce(moment: Moment) -> None:
    """Tell what the bot is doing, when that has changed."""
    phase = Phase.LISTENING if moment.state.waits is Waits.CALLER else Phase.THINKING
    if moment.state.playback.is_heard:
        phase = Phase.SPEAKING
    if phase is not moment.state.phase and moment.state.over is None:
        moment.become(phase=phase)
        moment.do(ev.Announce(phase))
