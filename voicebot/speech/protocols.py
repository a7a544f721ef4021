"""The seams of speech: to transcribe, synthesise, detect and compare. Audio is 8 kHz mu-law."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Hint:
    """Help for the recogniser with the next utterance.

    vocabulary  a closed list (services, suburbs served), never realistic values: a recogniser
                may read its prompt back
    words_for_digits  write numbers as words, which keeps "double" and "triple" apart
    silent_ms  for how long the caller has been silent since the utterance: where several wait for
               the recogniser, who has been silent longest is next
    """

    language: str = "en"
    vocabulary: tuple[str, ...] = ()
    words_for_digits: bool = False
    silent_ms: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The text of an utterance; empty when it holds no speech.

    seconds       time spent inside the model or at the vendor
    alternatives  what else the recogniser may have heard, the likeliest first, without `text`;
                  empty where the engine gives none (OpenAI's endpoints)
    letters       the letters of a spelled word ("BRENNAN"), where the utterance ends in one
    cpu_seconds   processor time of the recogniser, where it runs on this machine
    queued        seconds for which it was busy with other utterances before this one
    """

    text: str
    seconds: float = 0.0
    alternatives: tuple[str, ...] = ()
    letters: str | None = None
    cpu_seconds: float = 0.0
    queued: float = 0.0

    @property
    def texts(self) -> tuple[str, ...]:
        """All transcripts, the likeliest first."""
        return (self.text, *self.alternatives)


class Transcriber(Protocol):
    """Transcribes whole utterances. Cancelling a call drops its work."""

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Return the text of a mu-law utterance; raises SpeechUnavailable."""


class SttTurn(Protocol):
    """One turn of a caller, transcribed while it is spoken."""

    def feed(self, mulaw: bytes) -> None:
        """Take the next mu-law bytes of the caller. Never waits."""

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Return the text of `utterance`, all that was fed since the turn began.

        Called at each pause and once more at the end of the turn. Cancelling one call does not
        end the turn. Raises SpeechUnavailable.
        """


class SttStream(Protocol):
    """Speech to text of one call."""

    def listen(self, hint: Hint) -> SttTurn:
        """Begin a turn, which ends the one before it."""


class SpeechToText(Protocol):
    """A speech-to-text engine, which opens one stream per call."""

    def open(self) -> AbstractAsyncContextManager[SttStream]:
        """Open the stream of one call. Entering the block does not wait for a connection."""

    async def aclose(self) -> None: ...


class Synthesizer(Protocol):
    """Synthesises one sentence at a time."""

    def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield mu-law pieces of `sentence` as they become ready; raises SpeechUnavailable.

        Closing the generator (`contextlib.aclosing`) drops the rest of the sentence.
        """

    async def aclose(self) -> None: ...


Deliver = Callable[[float], None]
"""Takes the speech probability (0 to 1) of the caller's next window."""


class VoiceDetector(Protocol):
    """Voice activity detection for one call; it delivers each window's probability in order."""

    window_ms: float
    decisive: bool
    """True when any silence ends the turn, as for the benchmark's clean clips."""

    def feed(self, mulaw: bytes) -> None:
        """Take the next piece of the caller's track, of any length; deliver now or soon."""

    def flush(self) -> None:
        """Deliver now what was to be delivered soon."""

    def close(self) -> None:
        """Deliver nothing more."""


OpenDetector = Callable[[Deliver], VoiceDetector]
"""Opens the detector of one call."""


class Meaning(Protocol):
    """Says how alike texts are in meaning, also without a word in common."""

    async def compare(self, text: str, phrases: Sequence[str]) -> tuple[float, ...]:
        """Return the cosine of `text` with each phrase, in order; raises SpeechUnavailable.

        Cosines of this model lie between 0.7 and 1: only their differences tell something.
        """
