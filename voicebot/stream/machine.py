"""One call as a pure function: `step(state, event, now) -> (state, effects)`.

    socket ──────► audio windows, keys, marks ─┐           ┌─► play, mark, clear      ──► socket
    speech ──────► transcripts, audio ─────────┤   step    ├─► follow, transcribe, resume ► speech
    conversation ► question asked, say begun ──┤           ├─► hearing, raise   ──► conversation
    clock ───────► timers ─────────────────────┘           └─► timers, phases, observers

`turns` decides when the caller has finished, `playback` what was heard of the bot; here they meet:

- Speech over the bot's words silences it. What then turns out to be a noise, or a brief sign of
  listening, lets it go on where it was; words are an answer, with the part that was heard.
- What came before the bot begins to put another question is no answer to that one.
- Keys are gathered to one answer, with the words just before or after them.
- A caller who waits after a group of figures is shown that the bot listens, and goes on.
- While an answer is late, filler phrases are said, but not over the caller's words.
- Commands of staff come between the turns.
"""

from collections.abc import Callable
from dataclasses import replace

from voicebot.call import Phase, StaffCommand, Step
from voicebot.collect.events import Expectation, Hearing, Silent, TimeUp, Unheard, Utterance
from voicebot.errors import CallEnded, VoicebotError
from voicebot.stream import caller, staff, turn_taking, voice
from voicebot.stream import events as ev
from voicebot.stream.endpointing import whole_first
from voicebot.stream.events import CallEvent, Effect, Now, Signal, Timer
from voicebot.stream.provider_dialect import Digit, Mark
from voicebot.stream.state import Arrival, CallState, Keys, Moment, Spoken, Waits
from voicebot.telemetry import Heard, Stage, TurnDropped, Waited


class CallMachine:
    """Holds the state of one call: steps it by each event, and has what follows performed."""

    def __init__(
        self, state: CallState, now: Callable[[], Now], perform: Callable[[Effect], None]
    ) -> None:
        self.state = state
        self.now = now
        self._perform = perform

    def handle(self, event: CallEvent) -> None:
        """Take an event and perform what follows from it."""
        self.state, effects = step(self.state, event, self.now())
        for effect in effects:
            self._perform(effect)

    def hear(self, probability: float) -> None:
        """Take one more window of the caller's audio, with its speech probability (0 to 1)."""
        if (listening := uneventful(self.state, probability)) is None:
            self.handle(ev.Window(probability))
        else:
            self.state = listening
            if listening.turn.floor is turn_taking.Floor.SPEAKING:
                self._perform(ev.Feed(listening.turn.now_ms))


def uneventful(state: CallState, probability: float) -> CallState | None:
    """Return the state after a window in which turn-taking finds nothing, as `step` returns it,
    with no effect but to feed a turn that is spoken; None where there may be more to do.

    Nearly all windows are such, 31 a second and call; this takes a fifth of the time.
    """
    floor = state.turn.floor
    if state.commands or state.phase is None:
        return None
    if floor is turn_taking.Floor.SPEAKING and state.followed_ms is None:
        return None
    turn, events = turn_taking.on_window(
        state.turn, probability, state.window_ms, bot_heard=state.playback.is_heard
    )
    if events or (floor is turn_taking.Floor.PAUSING and turn.pause_ms >= caller.SIGN_AFTER_MS):
        return None
    return state.with_turn(turn)


def step(state: CallState, event: CallEvent, now: Now) -> tuple[CallState, tuple[Effect, ...]]:
    """Return the call's state after `event`, and what is to be done, in order."""
    moment = Moment(state, now)
    _take(moment, event)
    _serve(moment)
    _announce(moment)
    return moment.state, tuple(moment.effects)


def _take(moment: Moment, event: CallEvent) -> None:
    playback = moment.state.playback
    match event:
        case ev.Window(probability):
            caller.hear_window(moment, probability)
        case Mark(name):
            voice.set_playback(moment, playback.on_mark(name, moment.now.s))
        case ev.AudioReady(mulaw):
            voice.play(moment, mulaw)
        case Signal.SENTENCE_ENDED:
            voice.end_sentence(moment)
        case ev.SentenceBegan(text):
            moment.become(playback=playback.open_sentence(text))
        case Signal.SAY_BEGAN:
            moment.become(heard_prefix=None, playback=playback.begin())
        case Signal.SPEECH_BEGAN:
            _begin_speech(moment)
        case Signal.FIRST_FRAME_SENT:
            voice.stop_filler(moment)
        case Signal.SAY_ENDED:
            voice.end_say(moment)
        case Signal.RESUME_ENDED:
            voice.end_say(moment)
            moment.become(waits=Waits.CALLER)
        case Signal.FAREWELL_BEGAN:
            staff.settle(moment)
            voice.begin_farewell(moment)
        case Expectation():
            staff.settle(moment, event.refused)
            _ask(moment, event)
        case ev.Transcribed():
            _transcribed(moment, event)
        case Digit(key):
            caller.press_key(moment, key)
        case Timer.KEYS:
            caller.on_keys_timer(moment)
        case Timer.PLAYED:
            voice.set_playback(moment, playback.give_up())
        case Timer.FILLER:
            voice.say_filler(moment)
        case ev.FillerReady(mulaw):
            voice.fill(moment, mulaw)
        case ev.BackchannelReady(mulaw):
            voice.show_listening(moment, mulaw)
        case TimeUp():
            caller.arrive(moment, event)
        case StaffCommand():
            staff.take(moment, event)
        case Signal.CALL_ENDED:
            staff.settle_all(moment)
        case Signal.CALLER_GONE:
            _lose_caller(moment)
        case ev.Over(why):
            _close(moment, why)


def _transcribed(moment: Moment, event: ev.Transcribed) -> None:
    state = moment.state
    moment.become(
        arrivals=tuple(a.told(event) if isinstance(a, Spoken) else a for a in state.arrivals),
        pausing=state.pausing and state.pausing.told(event),
        judged=state.judged and state.judged.told(event),
        keys=state.keys and state.keys.told(event),
    )
    if state.pausing is not None and state.pausing.number == event.number:
        caller.end_turn_if_whole(moment)
    if state.judged is not None and state.judged.number == event.number:
        _judge(moment)


# -- the conversation ----------------------------------------------------------------


def _ask(moment: Moment, expectation: Expectation) -> None:
    limits = turn_taking.patience(expectation.step, expectation.closed)
    if moment.state.decisive:
        limits = turn_taking.NONE
    moment.become(
        expectation=expectation,
        asked=(expectation.step, expectation.asked),
        passed_over=False,
        waits=Waits.CALLER,
        turn=turn_taking.on_question(moment.state.turn, limits),
    )
    caller.wait_for_keys(moment)
    _forget(moment, Silent)
    caller.end_turn_if_whole(moment)


def _serve(moment: Moment) -> None:
    """Give the conversation what has arrived, while it waits for the caller."""
    while moment.state.waits is Waits.CALLER and moment.state.arrivals:
        arrival, *later = moment.state.arrivals
        moment.become(arrivals=tuple(later))
        match arrival:
            case Keys():
                _answer_by_keys(moment, arrival)
            case Spoken():
                voice.await_answer(moment, arrival.decided_s)
                moment.become(judged=arrival, judged_s=moment.now.s, waits=Waits.TEXT)
                _judge(moment)
            case _:
                _deliver(moment, arrival)
    if moment.state.commands and (command := staff.next_command(moment)):
        _deliver(moment, command)
    if moment.state.waits is Waits.CALLER and moment.state.over is not None:
        moment.become(waits=Waits.ELSEWHERE)
        moment.do(ev.Over(moment.state.over))


def _answer_by_keys(moment: Moment, keys: Keys) -> None:
    """Deliver an answer in keys; a lone key is no yes to what was not asked yet."""
    if len(keys.digits) > 1 or keys.asked in (None, moment.state.asked):
        voice.await_answer(moment, moment.now.s)
        _deliver(moment, Utterance(keys.digits, keys.began_at, True, _take_prefix(moment)))


def _judge(moment: Moment) -> None:
    """Take the finished turn for an answer, or for nothing, once its text is known."""
    spoken, read = moment.state.judged, moment.state.expectation.read
    if spoken is None or spoken.transcript is None:
        return
    texts = spoken.transcript.texts
    if spoken.keys and caller.keys_alone(moment, spoken, texts):
        _drop_words(moment, spoken)
        return
    if spoken.keys and not caller.words_alone(moment, spoken, texts):
        texts = spoken.with_keys(texts)
    queued_s, worked_s = spoken.transcript.queued, spoken.transcript.seconds
    waited_s = min(moment.now.s - moment.state.judged_s, queued_s + worked_s)
    moment.do(Waited(Stage.STT, waited_s))
    if not spoken.plain:
        moment.do(Heard((spoken.over_ms - spoken.end_ms) / 1000, queued_s, worked_s))
    if spoken.plain:
        words, plain = read(texts), read(spoken.plain)
        if not (words.complete and words.digits >= plain.digits):
            texts = whole_first(moment.state.expectation, spoken.plain)
    elif _is_piece_of_number(moment, texts):
        # Digits as words keep "double" and "oh" apart, at the price of other errors: so this
        # second reading counts only where it makes a whole number and loses no digit.
        again = replace(spoken, transcript=None, plain=texts)
        moment.become(judged=again, judged_s=moment.now.s)
        moment.do(ev.Transcribe(spoken.number, caller.hint(moment, spoken)))
        return
    moment.become(judged=None, waits=Waits.CALLER)
    moment.do(ev.DropTranscription(spoken.number))
    if caller.is_answer(moment, spoken, texts):
        prefix, hint = _take_prefix(moment), read(texts)
        text = hint.text or texts[0]
        noisy = spoken.transcript.noisy
        _deliver(moment, Utterance(text, spoken.started_at, False, prefix, hint, texts, noisy))
    elif spoken.transcript.failed and not spoken.plain:
        _deliver(moment, Unheard())
    else:
        _pass_over(moment, texts[0])


def _drop_words(moment: Moment, spoken: Spoken) -> None:
    """Take only the keys of an answer in keys and words.

    Keys before what proved to be a noise are not ended by it: more of them may follow.
    """
    moment.do(ev.DropTranscription(spoken.number))
    moment.become(judged=None, waits=Waits.CALLER)
    keys = Keys(spoken.keys, spoken.started_at, spoken.asked)
    if spoken.after or moment.state.gone:
        _answer_by_keys(moment, keys)
        return
    voice.stop_filler(moment)
    moment.do(TurnDropped())
    if (more := moment.state.keys) is not None:
        keys = replace(more, digits=keys.digits + more.digits, began_at=keys.began_at)
    moment.become(keys=keys)
    caller.wait_for_keys(moment)


def _is_piece_of_number(moment: Moment, texts: tuple[str, ...]) -> bool:
    asked = moment.state.expectation
    number = asked.step is Step.PHONE and not asked.closed
    return bool(texts[0]) and number and not asked.read(texts).complete


def _pass_over(moment: Moment, text: str) -> None:
    """Say again what was not heard to its end: it was no interruption after all."""
    voice.stop_filler(moment)
    moment.do(TurnDropped())
    moment.become(passed_over=moment.state.passed_over or not caller.is_noise(moment, text))
    if moment.state.heard_prefix is not None:
        playback, known = moment.state.playback.resume()
        moment.become(playback=playback, heard_prefix=None, waits=Waits.RESUMPTION)
        moment.do(ev.Resume(len(playback.sentences), known))


def _deliver(moment: Moment, hearing: Hearing) -> None:
    moment.become(waits=Waits.ELSEWHERE)
    moment.do(hearing)


def _take_prefix(moment: Moment) -> str | None:
    prefix = moment.state.heard_prefix
    moment.become(heard_prefix=None)
    return prefix


def _forget(moment: Moment, *kinds: type[Arrival]) -> None:
    for arrival in moment.state.arrivals:
        if isinstance(arrival, Spoken) and Spoken in kinds:
            moment.do(ev.DropTranscription(arrival.number))
    moment.become(arrivals=tuple(a for a in moment.state.arrivals if not isinstance(a, kinds)))


def _begin_speech(moment: Moment) -> None:
    """Drop what no longer waits for an answer, as the bot begins to speak."""
    moment.become(asked=None, turn=turn_taking.on_bot_starts(moment.state.turn))
    if moment.state.turn.floor is turn_taking.Floor.QUIET:
        caller.drop_turn(moment)
    keyed = [a for a in moment.state.arrivals if isinstance(a, Spoken) and a.keys]
    _forget(moment, Spoken, Silent)
    for spoken in keyed:
        caller.arrive(moment, Keys(spoken.keys, spoken.started_at, spoken.asked))


# -- the end -------------------------------------------------------------------------


def _lose_caller(moment: Moment) -> None:
    moment.become(gone=True)
    voice.stop_filler(moment)
    if moment.state.finishing:
        moment.do(ev.Command.END_FAREWELL)
    if moment.state.over is None:
        caller.take_turn(moment, *turn_taking.on_end(moment.state.turn))
        caller.take_keys(moment)
        moment.become(over=CallEnded("the caller is gone"))


def _close(moment: Moment, why: VoicebotError) -> None:
    caller.drop_turn(moment)
    voice.stop_filler(moment)
    _forget(moment, Spoken, Keys, Silent, TimeUp)
    moment.do(ev.SetTimer(Timer.KEYS, None))
    if moment.state.keys is not None and moment.state.keys.words is not None:
        moment.do(ev.DropTranscription(moment.state.keys.words.number))
    moment.become(over=why, keys=None)
    if moment.state.judged is not None:
        moment.do(ev.DropTranscription(moment.state.judged.number))
        moment.become(judged=None, waits=Waits.CALLER)


def _announce(moment: Moment) -> None:
    """Tell what the bot is doing, when that has changed."""
    phase = Phase.LISTENING if moment.state.waits is Waits.CALLER else Phase.THINKING
    if moment.state.playback.is_heard:
        phase = Phase.SPEAKING
    if phase is not moment.state.phase and moment.state.over is None:
        moment.become(phase=phase)
        moment.do(phase)
