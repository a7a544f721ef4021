"""A call machine that is told what happens, and what it wants done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from voicebot.collect.events import Expectation, Silent, TimeUp, Unheard, Utterance
from voicebot.stream import events as ev
from voicebot.stream.events import AudioReady, SentenceBegan, Signal
from voicebot.stream.machine import step, uneventful
from voicebot.stream.provider_dialect import Digit, Mark
from voicebot.stream.state import CallState, FillerPhrases
from voicebot.stream.turn_taking import Floor

WINDOW_MS = 20.0
EPOCH = datetime(2026, 3, 2, tzinfo=UTC)
SECOND = b"\x2a" * 8000
PHRASE = FillerPhrases(("One moment.", "Just a second."), after_s=0.7)

E = TypeVar("E", bound=ev.Effect)


@dataclass
class Machine:
    """A call that is told what happens, at moments of its own."""

    state: CallState = field(default_factory=lambda: CallState(WINDOW_MS))
    at_s: float = 0.0
    effects: list[ev.Effect] = field(default_factory=list)

    def tell(self, *events: ev.CallEvent) -> Sequence[ev.Effect]:
        """Returns what is to be done; nothing before this is remembered in it."""
        done: list[ev.Effect] = []
        for event in events:
            now = ev.Now(self.at_s, EPOCH + timedelta(seconds=self.at_s))
            before = self.state
            self.state, effects = step(before, event, now)
            if isinstance(event, ev.Window):
                self._is_taken_alike(uneventful(before, event.probability), effects)
            done += effects
        self.effects += done
        return done

    def _is_taken_alike(self, brief: CallState | None, effects: Sequence[ev.Effect]) -> None:
        """The short way of a window leads where `step` does."""
        if brief is not None:
            assert brief == self.state
            speaking = brief.turn.floor is Floor.SPEAKING
            assert list(effects) == ([ev.Feed(brief.turn.now_ms)] if speaking else [])

    def hear(self, ms: float, probability: float = 1.0) -> Sequence[ev.Effect]:
        """The caller's track for so long: voice, or silence with probability 0."""
        done: list[ev.Effect] = []
        for _ in range(round(ms / WINDOW_MS)):
            self.at_s += WINDOW_MS / 1000
            done += self.tell(ev.Window(probability))
        return done

    def hear_pausing(self, ms: float, pause_ms: float) -> Sequence[ev.Effect]:
        """Voice for so long, then silence."""
        return [*self.hear(ms), *self.hear(pause_ms, 0.0)]

    def say(self, *sentences: str) -> list[str]:
        """The bot says this, a second each; returns the marks."""
        done = self.tell(Signal.SAY_BEGAN, Signal.SPEECH_BEGAN)
        for sentence in sentences:
            done = [*done, *self.tell(SentenceBegan(sentence), AudioReady(SECOND))]
            done = [*done, *self.tell(Signal.SENTENCE_ENDED)]
        self.tell(Signal.SAY_ENDED)
        return [mark.name for mark in some(done, Mark)]

    def ask(self, expectation: Expectation) -> Sequence[ev.Effect]:
        return self.tell(expectation)

    def transcribe(
        self, text: str, *alternatives: str, failed: bool = False
    ) -> Sequence[ev.Effect]:
        number = self.state.transcriptions
        return self.tell(ev.Transcribed(number, text, 0.1, failed, alternatives))


def asking(expectation: Expectation, state: CallState | None = None) -> Machine:
    """A call whose bot has asked this."""
    machine = Machine(state or CallState(WINDOW_MS))
    machine.ask(expectation)
    return machine


def some(effects: Sequence[ev.Effect], kind: type[E]) -> list[E]:
    return [effect for effect in effects if isinstance(effect, kind)]


def heard(effects: Sequence[ev.Effect]) -> list[ev.Effect]:
    return [e for e in effects if isinstance(e, Utterance | Unheard | Silent | TimeUp)]


def words(effects: Sequence[ev.Effect]) -> Utterance:
    (delivered,) = some(effects, Utterance)
    return delivered


def pressed(machine: Machine, keys: str) -> Sequence[ev.Effect]:
    return machine.tell(*map(Digit, keys))
