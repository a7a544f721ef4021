"""The bot's side of a call: what is queued, interrupted, waited for, and filled in. Pure."""

from typing import Final

from voicebot.g711 import milliseconds
from voicebot.stream import turn_taking
from voicebot.stream.events import Command, Play, SayFiller, SetTimer, Timer
from voicebot.stream.playback import LATE_MARK_S, Playback
from voicebot.stream.provider_dialect import Mark
from voicebot.stream.state import Moment
from voicebot.telemetry import TurnBegan

FILLER_AGAIN_S: Final = 1.5
"""After the end of one filler phrase, until the next."""
FAREWELL_MARK_S: Final = 2.0
"""A farewell's last mark may come so much later than its audio's length says."""


def play(moment: Moment, mulaw: bytes) -> None:
    """Queue a piece of the open sentence."""
    first = not moment.state.playback.sounding
    if (mark := moment.state.playback.progress_mark) is not None:
        moment.do(Mark(mark))
    playback, late_s = moment.state.playback.queue(mulaw, moment.now.s)
    moment.become(playback=playback)
    moment.do(Play(mulaw, late_s, first))


def end_sentence(moment: Moment) -> None:
    """Close the open sentence: it has all its audio."""
    playback, mark = moment.state.playback.close_sentence()
    moment.become(playback=playback)
    moment.do(Mark(mark))


def end_say(moment: Moment) -> None:
    """End the utterance: it sounds until its last mark, or until that is given up."""
    set_playback(moment, moment.state.playback.complete())
    if moment.state.playback.is_heard:
        _wait_until_played(moment, LATE_MARK_S)


def _wait_until_played(moment: Moment, grace_s: float) -> None:
    """Give the last mark up `grace_s` after all that is queued was played."""
    left_s = max(0.0, moment.state.playback.ends_at - moment.now.s)
    moment.do(SetTimer(Timer.PLAYED, left_s + grace_s))


def begin_farewell(moment: Moment) -> None:
    """Play the last words to their end, and tell when they were."""
    moment.become(finishing=True)
    if moment.state.playback.is_heard and not moment.state.gone:
        _wait_until_played(moment, FAREWELL_MARK_S)
    else:
        moment.do(Command.END_FAREWELL)


def set_playback(moment: Moment, playback: Playback) -> None:
    """Take over what became of the playback."""
    moment.become(playback=playback)
    if moment.state.finishing and not playback.is_heard:
        moment.do(Command.END_FAREWELL)


def interrupt(moment: Moment) -> None:
    """Fall silent at once, but not in the farewell: nobody answers the "thank you" said over it."""
    if not moment.state.finishing and moment.state.playback.is_heard:
        playback, prefix = moment.state.playback.interrupt(moment.now.s)
        moment.become(playback=playback, heard_prefix=prefix)
        moment.do(Command.CLEAR)


def await_answer(moment: Moment, since_s: float) -> None:
    """Note that the caller, who finished at `since_s`, waits for an answer from now on."""
    moment.do(TurnBegan(since_s))
    if moment.state.fillers is not None:
        moment.become(filler=0)
        moment.do(SetTimer(Timer.FILLER, moment.state.fillers.after_s))


def stop_filler(moment: Moment) -> None:
    """Say no more filler phrases: the caller waits no longer."""
    if moment.state.filler is not None:
        moment.become(filler=None)
        moment.do(SetTimer(Timer.FILLER, None))


def say_filler(moment: Moment) -> None:
    """Say the next filler phrase, but not over the caller's words."""
    phrases, said = moment.state.fillers, moment.state.filler
    if phrases is None or said is None:
        return
    moment.become(filler=said + 1)
    if moment.state.turn.floor in (turn_taking.Floor.SPEAKING, turn_taking.Floor.MAYBE):
        moment.do(SetTimer(Timer.FILLER, FILLER_AGAIN_S))
    else:
        moment.do(SayFiller(phrases.sentences[min(said, len(phrases.sentences) - 1)]))


def show_listening(moment: Moment, mulaw: bytes) -> None:
    """Play a sign that the bot listens, unless the caller goes on by now."""
    waits = moment.state.turn.floor is turn_taking.Floor.PAUSING and not moment.state.gone
    if mulaw and waits and not moment.state.playback.is_heard:
        moment.become(playback=moment.state.playback.fill(mulaw, moment.now.s))
        moment.do(Play(mulaw, filler=True))


def fill(moment: Moment, mulaw: bytes) -> None:
    """Play a filler phrase, unless the bot speaks by now; the next one follows later."""
    if moment.state.filler is None:
        return
    sounds_s = 0.0
    if mulaw and not moment.state.gone and not moment.state.playback.is_heard:
        sounds_s = milliseconds(len(mulaw)) / 1000
        moment.become(playback=moment.state.playback.fill(mulaw, moment.now.s))
        moment.do(Play(mulaw, filler=True))
    moment.do(SetTimer(Timer.FILLER, sounds_s + FILLER_AGAIN_S))
