"""The caller's side of a call: when a turn begins, pauses and ends, and which keys are one answer.

Pure. What `turns` decides becomes work for speech to text, and arrivals for the conversation.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from voicebot.collect.events import Silent
from voicebot.speech import Hint
from voicebot.stream import events as ev
from voicebot.stream import turns, voice
from voicebot.stream.events import Timer
from voicebot.stream.state import END_KEY, Arrival, CallState, Keys, Moment, Spoken, Transcription

PREROLL_MS: Final = 300.0
"""Of a turn's audio that lies before its voice. That is noticed some 50 ms late, and a soft first
consonant not at all."""
BRIEF_MS: Final = 800.0
"""An "mm-hm", an "okay". Recognisers hear words in the first: "amen", "wow"."""

_BACKCHANNEL = re.compile(r"(?:(?:m+-?h*m*|hm+|uh-?huh|uh|um|erm?|ah|oh)[\s,.!…]*)+", re.IGNORECASE)


def oldest_needed_ms(state: CallState) -> float:
    """Return the audio time before which the caller's track will not be asked for any more."""
    quiet = state.turn.floor is turns.Floor.QUIET
    return state.turn.now_ms - PREROLL_MS if quiet else 0.0


def is_backchannel(text: str) -> bool:
    """Return whether `text` is only what people say to show that they listen ("mm-hm")."""
    return _BACKCHANNEL.fullmatch(text) is not None


def hear_window(moment: Moment, probability: float) -> None:
    """One more window of the caller's audio; a turn under way is fed while it is spoken."""
    state = moment.state
    turn, events = turns.on_window(
        state.turn,
        probability,
        state.settings.window_ms,
        bot_heard=state.playback.is_heard,
    )
    moment.become(turn=turn)
    if events:
        react(moment, events)
    speaking = moment.state.turn.floor is turns.Floor.SPEAKING
    if speaking and moment.state.followed_ms is not None:
        moment.do(ev.Feed(moment.state.turn.now_ms))


def react(moment: Moment, events: turns.Events) -> None:
    """Do what turn-taking found; while keys are pressed speech is not heard."""
    if moment.state.keys is not None:
        return
    for event in events:
        match event:
            case turns.BargedIn():
                voice.interrupt(moment)
            case turns.Started(at_ms):
                drop_turn(moment)
                _follow(moment, at_ms)
            case turns.Resumed():
                _drop_transcription(moment)
            case turns.Paused(start_ms, end_ms):
                moment.become(transcription=_transcribe(moment, start_ms, end_ms))
            case turns.Finished(start_ms, end_ms):
                _finish_turn(moment, start_ms, end_ms)
            case turns.Silence():
                arrive(moment, Silent())


def _finish_turn(moment: Moment, start_ms: float, end_ms: float) -> None:
    found = moment.state.transcription or _transcribe(moment, start_ms, end_ms)
    moment.become(transcription=None, followed_ms=None, turn_end_ms=end_ms)
    ago = timedelta(milliseconds=moment.state.turn.now_ms - start_ms)
    arrive(moment, Spoken(found, moment.now.utc - ago, moment.now.s))


def _follow(moment: Moment, start_ms: float) -> float:
    start_ms = max(start_ms - PREROLL_MS, moment.state.turn_end_ms)
    moment.become(followed_ms=start_ms)
    moment.do(ev.Follow(start_ms, hint(moment)))
    return start_ms


def _transcribe(moment: Moment, start_ms: float, end_ms: float) -> Transcription:
    followed_ms = moment.state.followed_ms
    if followed_ms is None:
        followed_ms = _follow(moment, start_ms)
    number = moment.state.transcriptions + 1
    moment.become(transcriptions=number)
    moment.do(ev.Feed(end_ms), ev.Transcribe(number, end_ms, hint(moment)))
    return Transcription(number, followed_ms, end_ms)


def hint(moment: Moment, *, words_for_digits: bool = False) -> Hint:
    """Return what may help speech to text with the answer to the open question."""
    vocabulary = moment.state.expectation.vocabulary
    return Hint(moment.state.settings.language, vocabulary, words_for_digits)


def end_turn_if_whole(moment: Moment, text: str) -> None:
    """The text of the present pause is known: the turn is over if it is a whole answer."""
    if moment.state.heard_prefix is not None and is_noise(moment, text):
        whole = True  # the sooner the bot goes on, the better
    else:  # words that mean nothing may be the first piece of an answer
        whole = bool(text) and moment.state.expectation.read(text).complete
    turn, events = turns.on_text(moment.state.turn, complete=whole)
    moment.become(turn=turn)
    react(moment, events)


def drop_turn(moment: Moment) -> None:
    """Nothing of the turn under way is wanted."""
    _drop_transcription(moment)
    moment.become(followed_ms=None)


def _drop_transcription(moment: Moment) -> None:
    if moment.state.transcription is not None:
        moment.do(ev.DropTranscription(moment.state.transcription.number))
        moment.become(transcription=None)


def press_key(moment: Moment, key: str) -> None:
    """A key interrupts the bot; a hash that comes after its number was taken does nothing."""
    moment.become(turn=turns.on_key(moment.state.turn))
    drop_turn(moment)
    if key == END_KEY:
        take_keys(moment)
        return
    voice.interrupt(moment)
    keys = moment.state.keys or Keys("", moment.now.utc, None)
    moment.become(keys=keys.and_then(key, moment.state.asked))
    wait_for_keys(moment)


def wait_for_keys(moment: Moment) -> None:
    """Wait for another key, for as long as the open question allows."""
    if moment.state.keys is not None:
        wait_s = moment.state.keys.wait_s(confirming=moment.state.expectation.confirming)
        moment.do(ev.StartTimer(Timer.KEYS, wait_s))


def take_keys(moment: Moment) -> None:
    """The keys pressed so far are one answer."""
    if moment.state.keys is not None:
        moment.do(ev.StopTimer(Timer.KEYS))
        arrive(moment, moment.state.keys)
        moment.become(keys=None, turn=turns.on_key(moment.state.turn))


def is_noise(moment: Moment, text: str) -> bool:
    """Return whether it is nothing, or a mere backchannel over the bot's words."""
    interrupts = moment.state.heard_prefix is not None
    may_be_backchannel = interrupts and not moment.state.expectation.confirming
    return not text or (may_be_backchannel and is_backchannel(text))


def arrive(moment: Moment, arrival: Arrival) -> None:
    """Keep something for the conversation, until it asks."""
    moment.become(arrivals=(*moment.state.arrivals, arrival))
