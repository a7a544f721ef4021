"""What was queued at the provider, what was played, what was heard. Bookkeeping, no I/O.

    sent        s1 ████████████ m1  s2 ██████████████████ m2
    played      ────────────────────────────────┤ clear            elapsed time
    echoed                      m1               m2 (cleared, not heard)
    heard       all of s1       part of s2, as much as fits into the time since m1

The provider buffers what it is sent and plays it in real time; a mark comes back when all
before it was played, but also at once when `clear` threw it away. So a mark's name carries the
generation of its utterance, and a mark of a generation that was cut says nothing.

Times are seconds of one monotonic clock, given by the caller of each function.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from voicebot.g711 import milliseconds

MESSAGE_MS: Final = 200
"""Of audio in one message. The provider plays in real time from its own buffer, so a whole
sentence can be sent at once and a stall of our loop cannot make it late."""
MESSAGE_BYTES: Final = MESSAGE_MS * 8
LATE_MARK_S: Final = 1.0
"""A mark that is so much later than its audio's length is not coming (some clones have none)."""
FULL_WIDTH_STOPS: Final = "。？！，；"
MS_PER_LETTER: Final = 60
"""Slow speech; bounds what can have been heard of a sentence still being synthesised."""


class Fate(Enum):
    """What became of an utterance: more of it is to come, all is queued, or it was thrown away."""

    GROWING = "growing"
    WHOLE = "whole"
    CUT = "cut"


@dataclass(slots=True)
class Sentence:
    """One sentence of the utterance. `audio` is kept so that it can be said again."""

    text: str
    mark: str
    audio: bytearray = field(default_factory=bytearray)
    queued_at: float = 0.0
    closed: bool = False
    heard: bool = False

    @property
    def ms(self) -> float:
        """How long what was sent of it sounds."""
        return milliseconds(len(self.audio))


class Playback:
    """One call's outbound audio, utterance by utterance."""

    def __init__(self) -> None:
        self._generation = 0
        self._fate = Fate.WHOLE
        self._sentences: list[Sentence] = []
        self._ends_at = 0.0
        self._boundary_at = 0.0
        self._sounding = False

    def begin(self) -> None:
        """A new utterance; marks of earlier ones mean nothing from here on."""
        self._generation += 1
        self._fate = Fate.GROWING
        self._sentences = []
        self._sounding = False

    def resume(self) -> tuple[bytes, ...]:
        """The utterance that was cut goes on after the last sentence that was heard.

        Returns the audio of those that must be queued again, as far as it is known whole.
        """
        again = tuple(bytes(s.audio) for s in self._sentences if s.closed and not s.heard)
        self._generation += 1
        self._fate = Fate.GROWING
        self._sentences = [s for s in self._sentences if s.heard]
        self._sounding = False
        return again

    def complete(self) -> None:
        """All of the utterance is queued."""
        if self._fate is Fate.GROWING:
            self._fate = Fate.WHOLE

    @property
    def opened(self) -> int:
        """How many sentences of the utterance were begun (and, after `resume`, heard)."""
        return len(self._sentences)

    @property
    def cut_off(self) -> bool:
        """Was the present utterance interrupted?"""
        return self._fate is Fate.CUT

    def open_sentence(self, text: str) -> None:
        """What is queued from here on belongs to this sentence."""
        name = f"g{self._generation}.s{len(self._sentences) + 1}"
        self._sentences.append(Sentence(text, name))

    def queue(self, mulaw: bytes, at: float) -> float:
        """So much audio of the open sentence was handed over.

        Returns how many seconds too late: the silence, in the middle of the utterance, since all
        before it had been played. 0.0 when it came in time, or begins the utterance.
        """
        late_s = max(0.0, at - self._ends_at) if self._sounding else 0.0
        self._sounding = True
        sentence = self._sentences[-1]
        if not sentence.audio:
            sentence.queued_at = at
            if len(self._sentences) == 1 or at > self._ends_at:
                self._boundary_at = max(at, self._ends_at)
        sentence.audio += mulaw
        self._ends_at = max(at, self._ends_at) + milliseconds(len(mulaw)) / 1000
        return late_s

    def fill(self, mulaw: bytes, at: float) -> None:
        """Audio that belongs to no utterance was handed over; what follows sounds after it."""
        self._ends_at = max(at, self._ends_at) + milliseconds(len(mulaw)) / 1000

    def close_sentence(self) -> str:
        """The open sentence is whole; the name of the mark that follows it."""
        self._sentences[-1].closed = True
        return self._sentences[-1].mark

    def on_mark(self, name: str, at: float) -> None:
        """A mark came back. Those of other generations, cut ones and unknown ones are nothing."""
        if self._fate is Fate.CUT:
            return
        for index, sentence in enumerate(self._sentences):
            if sentence.mark == name:
                for played in self._sentences[: index + 1]:
                    played.heard = True
                self._boundary_at = at

    def is_heard(self, at: float) -> bool:
        """Is the bot's voice sounding at the caller now, as far as one can know?

        Also between two sentences, while the second is being synthesised.
        """
        match self._fate:
            case Fate.CUT:
                return False
            case Fate.GROWING:
                return any(s.audio for s in self._sentences)
            case Fate.WHOLE:
                waiting = any(s.audio and not s.heard for s in self._sentences)
                return waiting and at < self._ends_at + LATE_MARK_S

    def remaining_s(self, at: float) -> float:
        """How long the present utterance still sounds; 0.0 when it is over."""
        return max(0.0, self._ends_at - at) if self.is_heard(at) else 0.0

    def cut(self, at: float) -> str:
        """The queue is thrown away; returns the words that were heard until now."""
        texts: list[str] = []
        for sentence in self._sentences:
            if not sentence.heard:
                texts.append(_heard_part(sentence, at - self._boundary_at))
                break
            texts.append(sentence.text)
        self._fate = Fate.CUT
        self._ends_at = at
        return _join(texts)


def pieces(mulaw: bytes) -> list[bytes]:
    """Cut audio into messages of at most MESSAGE_MS."""
    return [mulaw[i : i + MESSAGE_BYTES] for i in range(0, len(mulaw), MESSAGE_BYTES)]


def _join(texts: list[str]) -> str:
    """Sentences as one text again; after a full-width stop there is no space."""
    whole = ""
    for text in filter(None, texts):
        whole += text if not whole or whole[-1] in FULL_WIDTH_STOPS else f" {text}"
    return whole


def _heard_part(sentence: Sentence, elapsed_s: float) -> str:
    """The whole words of `sentence` that fit into the time since it began to sound."""
    whole_ms = sentence.ms
    if not sentence.closed:
        whole_ms = max(whole_ms, len(sentence.text) * MS_PER_LETTER)
    heard_ms = min(sentence.ms, max(0.0, elapsed_s) * 1000)
    if not whole_ms or not heard_ms:
        return ""
    return whole_words(sentence.text, heard_ms / whole_ms)


def whole_words(text: str, share: float) -> str:
    """The first `share` (0 to 1) of `text`, cut back to the end of a word.

    Where words have no spaces between them (Chinese), every letter is a word.
    """
    if share >= 1:
        return text
    letters = int(len(text) * share)
    part = text[:letters]
    if not text.isascii() and " " not in text:
        return part
    if text[letters : letters + 1].isspace():
        return part.rstrip()
    return part.rpartition(" ")[0].rstrip()
