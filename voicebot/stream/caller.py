"""The caller's side of a call: when a turn begins, pauses and ends, and which keys are one answer.

Pure. What `turns` decides becomes work for speech to text, and arrivals for the conversation.

    0411222333#          a number in keys, whole at once
    0411222333 ── 4 s    a number, whole after a pause
    1 ── 2 s             a yes to a read-back; what follows sooner makes a number of it
    "oh four" 11222333#  words and keys are one number, whichever came first
"""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Final

from voicebot.call import Step
from voicebot.collect.events import Silent
from voicebot.collect.understanding import Provide
from voicebot.speech import Hint
from voicebot.stream import turn_taking, voice
from voicebot.stream.endpointing import said_of
from voicebot.stream.events import (
    DropTranscription,
    Feed,
    Follow,
    SayBackchannel,
    SetTimer,
    Timer,
    Transcribe,
)
from voicebot.stream.state import Arrival, CallState, Keys, Moment, Spoken, Waits
from voicebot.stream.turn_taking import Floor, Said, TurnEvent

PREROLL_MS: Final = 300.0
"""Of a turn's audio that lies before its voice. That is noticed some 50 ms late, and a soft first
consonant not at all."""
BRIEF_MS: Final = 800.0
"""An "mm-hm", an "okay". Recognisers hear words in the first: "amen", "wow"."""
END_KEY: Final = "#"
KEY_WAIT_S: Final = 4.0
"""After so long without a key the number is taken as whole."""
YES_NO_WAIT_S: Final = 2.0
"""The same for a key that is a yes or a no all by itself."""
MOST_KEYS: Final = 32
"""No number has so many; what a stuck key adds is dropped."""

SIGN_AFTER_MS: Final = 700.0
"""Of quiet after a group of figures, before the bot shows that it listens. Callers who want no sign
go on sooner."""
FEWEST_IN_GROUP: Final = 2
"""Spaniards say a number in pairs."""

_BACKCHANNEL = re.compile(
    r"(?:(?:m+-?h*m*|hm+|uh-?huh|huh|uh|um|erm?|eh|a+h|aw|o+h|ow|wow)[\s,.!…]*)+", re.IGNORECASE
)


_LONE_LETTER = re.compile(r"\W*[a-z]\W*", re.IGNORECASE)
"""What recognisers make of an "oh" or an "eh" now and then; who spells says more."""


def oldest_needed_ms(state: CallState) -> float:
    """Return the audio time before which the caller's track will not be asked for any more."""
    quiet = state.turn.floor is Floor.QUIET
    return state.turn.now_ms - PREROLL_MS if quiet else 0.0


def arrive(moment: Moment, arrival: Arrival) -> None:
    """Keep something for the conversation, until it asks."""
    moment.become(arrivals=(*moment.state.arrivals, arrival))


# -- speech --------------------------------------------------------------------------


def hear_window(moment: Moment, probability: float) -> None:
    """Take one more window of the caller's audio; a turn under way is fed while it is spoken."""
    state = moment.state
    turn, events = turn_taking.on_window(
        state.turn,
        probability,
        state.window_ms,
        bot_heard=state.playback.is_heard,
    )
    take_turn(moment, turn, events)
    if turn.floor is Floor.SPEAKING and moment.state.followed_ms is not None:
        moment.do(Feed(turn.now_ms))
    if turn.floor is Floor.PAUSING and turn.pause_ms >= SIGN_AFTER_MS:
        _show_listening(moment)


def _show_listening(moment: Moment) -> None:
    """Say "go on" to a caller who waits for it after a group of figures, and keep listening.

    Who dictates a number in groups waits two or three seconds for a sign, and would otherwise be
    asked for the rest of it.
    """
    state, pausing = moment.state, moment.state.pausing
    if not state.backchannels or pausing is None or pausing.number == state.signed:
        return
    if state.waits is not Waits.CALLER:
        return
    if pausing.transcript is None or not _ends_in_group(moment, pausing.transcript.texts):
        return
    phrase = state.backchannels[state.signs % len(state.backchannels)]
    turn = turn_taking.on_sign(state.turn)
    moment.become(turn=turn, signed=pausing.number, signs=state.signs + 1)
    moment.do(SayBackchannel(phrase))


def _ends_in_group(moment: Moment, texts: tuple[str, ...]) -> bool:
    """Return whether it is a beginning of the number that was asked for, and not all of it."""
    asked = moment.state.expectation
    if asked.step is not Step.PHONE or asked.closed or not texts[0]:
        return False
    said = asked.read(texts)
    pieces = [act for act in said.reading.acts if isinstance(act, Provide) and act.missing]
    return not said.complete and said.digits >= FEWEST_IN_GROUP and bool(pieces)


def take_turn(moment: Moment, turn: turn_taking.Turn, events: turn_taking.Events) -> None:
    """Take over where turn-taking stands; after words and keys, more words are not heard."""
    moment.state = moment.state.with_turn(turn)
    if moment.state.keys is not None and moment.state.keys.words is not None:
        return
    for event in events:
        match event:
            case TurnEvent.BARGED_IN:
                voice.interrupt(moment)
            case TurnEvent.STARTED:
                drop_turn(moment)
                start_ms = max(turn.start_ms - PREROLL_MS, moment.state.turn_end_ms)
                moment.become(followed_ms=start_ms)
                moment.do(Follow(start_ms, hint(moment)))
            case TurnEvent.RESUMED:
                _drop_transcription(moment)
            case TurnEvent.PAUSED:
                moment.become(pausing=_transcribe(moment))
            case TurnEvent.FINISHED:
                _finish_turn(moment)
            case TurnEvent.SILENCE if moment.state.keys is None:
                arrive(moment, Silent())


def _finish_turn(moment: Moment) -> None:
    arrive(moment, _ended(moment))
    if moment.state.keys is not None:
        moment.do(SetTimer(Timer.KEYS, None))
        moment.become(keys=None)


def _ended(moment: Moment) -> Spoken:
    """End the turn under way, with the keys before it; return its words."""
    turn, spoken = moment.state.turn, moment.state.pausing or _transcribe(moment)
    began = moment.now.utc - timedelta(milliseconds=turn.now_ms - turn.start_ms)
    if (keys := moment.state.keys) is not None:
        began, spoken = keys.began_at, replace(spoken, before=keys.digits, asked=keys.asked)
    moment.become(pausing=None, followed_ms=None, turn_end_ms=turn.now_ms)
    return replace(spoken, started_at=began, decided_s=moment.now.s, over_ms=turn.now_ms)


def _transcribe(moment: Moment) -> Spoken:
    start_ms, end_ms = moment.state.followed_ms, moment.state.turn.now_ms
    assert start_ms is not None, "a turn is followed from its start"
    number = moment.state.transcriptions + 1
    moment.become(transcriptions=number)
    moment.do(Feed(end_ms), Transcribe(number, hint(moment), end_ms))
    return Spoken(number, start_ms, end_ms)


def hint(moment: Moment, spoken: Spoken | None = None) -> Hint:
    """Return what may help speech to text with the answer to the open question.

    spoken  what is transcribed once more, with digits as words
    """
    turn, vocabulary = moment.state.turn, moment.state.expectation.vocabulary
    silent_ms = turn.pause_ms if spoken is None else turn.now_ms - spoken.end_ms
    return Hint(moment.state.language, vocabulary, spoken is not None, silent_ms)


def end_turn_if_whole(moment: Moment) -> None:
    """End the turn if its text is known, in the present pause, and is a whole answer."""
    pausing = moment.state.pausing
    if pausing is None or pausing.transcript is None or pausing.transcript.failed:
        return
    text, texts = pausing.transcript.text, pausing.transcript.texts
    if text and moment.state.keys is not None:
        texts = replace(pausing, before=moment.state.keys.digits).with_keys(texts)
    if moment.state.heard_prefix is not None and is_noise(moment, text):
        said = Said.FINAL  # the sooner the bot goes on, the better
    elif not text:
        said = Said.PIECE  # words that mean nothing may be the first piece of an answer
    else:
        said = said_of(moment.state.expectation, texts)
    take_turn(moment, *turn_taking.on_text(moment.state.turn, said))


def drop_turn(moment: Moment) -> None:
    """Drop the turn under way and its transcription."""
    _drop_transcription(moment)
    moment.become(followed_ms=None)


def _drop_transcription(moment: Moment) -> None:
    if moment.state.pausing is not None:
        moment.do(DropTranscription(moment.state.pausing.number))
        moment.become(pausing=None)


def is_backchannel(text: str) -> bool:
    """Return whether `text` is only what people say to show that they listen ("mm-hm")."""
    return _BACKCHANNEL.fullmatch(text) is not None


def is_noise(moment: Moment, text: str) -> bool:
    """Return whether it is nothing, or a mere backchannel over the bot's words."""
    interrupts = moment.state.heard_prefix is not None
    may_be_backchannel = interrupts and not moment.state.expectation.closed
    return not text or (may_be_backchannel and is_backchannel(text))


def is_answer(moment: Moment, spoken: Spoken, texts: tuple[str, ...]) -> bool:
    """Return whether it is more than nothing, and more than a sign of listening if it interrupts.

    Who says something a second time means it, whatever it is.
    """
    if is_noise(moment, texts[0]):
        return False
    interrupts = moment.state.heard_prefix is not None and not moment.state.passed_over
    brief = spoken.end_ms - spoken.start_ms <= PREROLL_MS + BRIEF_MS
    if not (interrupts and brief):
        return True
    return not (_LONE_LETTER.fullmatch(texts[0]) or moment.state.expectation.read(texts).idle)


# -- keys ----------------------------------------------------------------------------


def press_key(moment: Moment, key: str) -> None:
    """Interrupt the bot and keep the key, with the words that it follows.

    A hash ends what was said or pressed; after its number was taken it does nothing.
    """
    if key == END_KEY:
        take_turn(moment, *turn_taking.on_end(moment.state.turn))
        moment.become(turn=turn_taking.hush(moment.state.turn))
        take_keys(moment)
        return
    held = moment.state.keys
    began_at, digits, words = moment.now.utc, "", None
    if is_speaking(moment):
        words = _ended(moment)
        began_at = words.started_at
    elif held is not None:
        began_at, digits, words = held.began_at, held.digits, held.words
    turn = turn_taking.hush(moment.state.turn)
    moment.become(turn=turn, turn_end_ms=turn.now_ms)
    drop_turn(moment)
    voice.interrupt(moment)
    digits = (digits + key)[:MOST_KEYS]
    moment.become(keys=Keys(digits, began_at, moment.state.asked, words))
    wait_for_keys(moment)


def is_speaking(moment: Moment) -> bool:
    """Return whether a turn is under way, also in one of its pauses."""
    under_way = moment.state.turn.floor in (Floor.SPEAKING, Floor.PAUSING)
    return under_way and moment.state.followed_ms is not None


def wait_for_keys(moment: Moment) -> None:
    """Wait for another key, for as long as the open question allows."""
    if (keys := moment.state.keys) is not None:
        alone = keys.words is None and keys.digits in moment.state.expectation.keys
        moment.do(SetTimer(Timer.KEYS, YES_NO_WAIT_S if alone else KEY_WAIT_S))


def on_keys_timer(moment: Moment) -> None:
    """Take the keys as whole, unless words follow them right now."""
    if is_speaking(moment):
        wait_for_keys(moment)
    else:
        take_keys(moment)


def take_keys(moment: Moment) -> None:
    """Hand over the keys pressed so far, with the words before them, as one answer."""
    if (keys := moment.state.keys) is None:
        return
    moment.do(SetTimer(Timer.KEYS, None))
    moment.become(keys=None, turn=turn_taking.hush(moment.state.turn))
    if keys.words is None:
        arrive(moment, keys)
    else:
        words = replace(keys.words, after=keys.digits, asked=keys.asked)
        arrive(moment, replace(words, decided_s=moment.now.s))


def keys_alone(moment: Moment, spoken: Spoken, texts: tuple[str, ...]) -> bool:
    """Return whether of an answer in words and keys only the keys count.

    The words were a noise, or nothing to the question; or the key answers it all by itself.
    """
    said = moment.state.expectation.read(texts)
    if not texts[0] or not (said.digits or said.reading.acts):
        return True
    return spoken.keys in moment.state.expectation.keys


def words_alone(moment: Moment, spoken: Spoken, texts: tuple[str, ...]) -> bool:
    """Return whether of an answer in words and keys only the words count.

    One key beside words without a figure was pressed by a cheek.
    """
    return len(spoken.keys) == 1 and not moment.state.expectation.read(texts).digits
