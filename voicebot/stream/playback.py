"""Track the audio queued at the provider, played and heard. No I/O.

    sent        s1 ████┼████┼███ m1  s2 ████┼████┼████┼████ m2
    played      ────────────────────────────────┤ clear
    echoed             ·    ·    m1         ·    m2 and others (cleared, not heard)
    heard       all of s1            part of s2, up to its last mark that came back in time

The provider buffers what it is sent and plays it in real time; a mark comes back when all
before it was played, but also at once when `clear` threw it away. So a mark's name carries the
generation of its utterance, and a mark of a generation that was interrupted says nothing. One
stands before each further message of a sentence, "g1.s2.3200" after 3,200 bytes of it, and one at
its end, "g1.s2". On a line where none has come back yet the time since the sentence began counts.

Times are seconds of one monotonic clock, given by the caller of each function.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
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


_BYTES = re.compile(r"[0-9]{1,9}")


class Fate(Enum):
    """The state of an utterance: more of it is to come, all is queued, or it was interrupted."""

    GROWING = "growing"
    WHOLE = "whole"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the utterance. `audio` is kept so that it can be said again."""

    text: str
    mark: str
    audio: bytes = b""
    closed: bool = False
    heard: bool = False
    acknowledged: int = 0  # bytes of the audio, before the last mark that came back


@dataclass(frozen=True)
class Playback:
    """One call's outbound audio, utterance by utterance.

    Without slots, so that `is_heard`, asked for at each window of the caller, is found out once.
    """

    generation: int = 0
    fate: Fate = Fate.WHOLE
    sentences: tuple[Sentence, ...] = ()
    ends_at: float = 0.0  # when all that was queued will have been played
    boundary_at: float = 0.0  # when the first sentence not heard to its end began to sound
    sounding: bool = False  # something of the utterance was queued
    has_marks: bool = False  # they come back on this line

    def begin(self) -> Playback:
        """Begin a new utterance; marks of earlier ones mean nothing from here on."""
        generation = self.generation + 1
        return replace(self, generation=generation, fate=Fate.GROWING, sentences=(), sounding=False)

    def resume(self) -> tuple[Playback, tuple[bytes, ...]]:
        """Go on with the interrupted utterance after the last sentence that was heard.

        Returns also the audio of those that must be queued again, as far as it is known whole.
        """
        again = tuple(s.audio for s in self.sentences if s.closed and not s.heard)
        heard = tuple(s for s in self.sentences if s.heard)
        return replace(self.begin(), sentences=heard), again

    def complete(self) -> Playback:
        """Note that all of the utterance is queued."""
        return replace(self, fate=Fate.WHOLE) if self.fate is Fate.GROWING else self

    @property
    def is_interrupted(self) -> bool:
        """True when the present utterance was interrupted."""
        return self.fate is Fate.INTERRUPTED

    def open_sentence(self, text: str) -> Playback:
        """Begin a sentence: audio queued from here on belongs to it."""
        name = f"g{self.generation}.s{len(self.sentences) + 1}"
        return replace(self, sentences=(*self.sentences, Sentence(text, name)))

    @property
    def progress_mark(self) -> str | None:
        """The mark before the next piece of the open sentence; None before its first."""
        last = self.sentences[-1]
        return f"{last.mark}.{len(last.audio)}" if last.audio else None

    def queue(self, mulaw: bytes, at: float) -> tuple[Playback, float]:
        """Queue audio of the open sentence.

        Returns also how many seconds too late: the silence, in the middle of the utterance, since
        all before it had been played. 0.0 when it came in time, or begins the utterance.
        """
        late_s = max(0.0, at - self.ends_at) if self.sounding else 0.0
        *before, last = self.sentences
        boundary_at, begins = self.boundary_at, not last.audio
        if begins and (not before or at > self.ends_at):
            boundary_at = max(at, self.ends_at)
        queued = replace(
            self.fill(mulaw, at),
            sentences=(*before, replace(last, audio=last.audio + mulaw)),
            boundary_at=boundary_at,
            sounding=True,
        )
        return queued, late_s

    def fill(self, mulaw: bytes, at: float) -> Playback:
        """Audio that belongs to no utterance was handed over; what follows sounds after it."""
        return replace(self, ends_at=max(at, self.ends_at) + milliseconds(len(mulaw)) / 1000)

    def close_sentence(self) -> tuple[Playback, str]:
        """Close the open sentence; returns also the name of the mark that follows it."""
        *before, last = self.sentences
        return replace(self, sentences=(*before, replace(last, closed=True))), last.mark

    def on_mark(self, name: str, at: float) -> Playback:
        """Take a mark that came back; other generations, cleared and unknown ones are ignored."""
        if self.fate is Fate.INTERRUPTED:
            return self
        names = [sentence.mark for sentence in self.sentences]
        if name in names:
            known = self._heard_until(names.index(name) + 1)
            return replace(known, boundary_at=at, has_marks=True)
        own, _, count = name.rpartition(".")
        if own not in names or not _BYTES.fullmatch(count):
            return self
        place = names.index(own)
        known, played = self._heard_until(place), int(count)
        sentence = replace(known.sentences[place], acknowledged=played)
        others = known.sentences[:place], known.sentences[place + 1 :]
        return replace(known, sentences=(*others[0], sentence, *others[1]), has_marks=True)

    def give_up(self) -> Playback:
        """Take what was queued as played: the last mark is not coming."""
        return self._heard_until(len(self.sentences)) if self.fate is Fate.WHOLE else self

    @cached_property
    def is_heard(self) -> bool:
        """True while the bot's voice sounds at the caller, as far as one can know.

        Also between two sentences, while the second is being synthesised; until the last mark.
        """
        match self.fate:
            case Fate.INTERRUPTED:
                return False
            case Fate.GROWING:
                return any(s.audio for s in self.sentences)
            case Fate.WHOLE:
                return any(s.audio and not s.heard for s in self.sentences)

    def interrupt(self, at: float) -> tuple[Playback, str]:
        """Throw the queue away; returns also the words that were heard until now."""
        texts: list[str] = []
        for sentence in self.sentences:
            if not sentence.heard:
                timed_ms = max(0.0, at - self.boundary_at) * 1000
                heard_ms = milliseconds(sentence.acknowledged) if self.has_marks else timed_ms
                texts.append(_heard_part(sentence, heard_ms))
                break
            texts.append(sentence.text)
        return replace(self, fate=Fate.INTERRUPTED, ends_at=at), _join(texts)

    def _heard_until(self, count: int) -> Playback:
        heard = (replace(s, heard=True) for s in self.sentences[:count])
        return replace(self, sentences=(*heard, *self.sentences[count:]))


def pieces(mulaw: bytes) -> list[bytes]:
    """Cut audio into messages of at most MESSAGE_MS."""
    return [mulaw[i : i + MESSAGE_BYTES] for i in range(0, len(mulaw), MESSAGE_BYTES)]


def _join(texts: list[str]) -> str:
    """Join sentences to one text; after a full-width stop there is no space."""
    whole = ""
    for text in filter(None, texts):
        whole += text if not whole or whole[-1] in FULL_WIDTH_STOPS else f" {text}"
    return whole


def _heard_part(sentence: Sentence, sounded_ms: float) -> str:
    """Return the whole words of `sentence` that fit into so much of its audio."""
    whole_ms = sent_ms = milliseconds(len(sentence.audio))
    if not sentence.closed:
        whole_ms = max(sent_ms, len(sentence.text) * MS_PER_LETTER)
    heard_ms = min(sent_ms, sounded_ms)
    if not whole_ms or not heard_ms:
        return ""
    return whole_words(sentence.text, heard_ms / whole_ms)


def whole_words(text: str, share: float) -> str:
    """Return the first `share` (0 to 1) of `text`, cut back to the end of a word.

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
