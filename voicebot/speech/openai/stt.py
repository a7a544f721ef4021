"""Speech to text through OpenAI: a transcription session per call, hedged by the file endpoint.

A turn is sent while it is spoken. Each pause closes a stretch, whose text comes soon after; the
texts of a turn's stretches are joined. When the session is late, the file endpoint is asked for the
whole turn as well, and the first text counts. When both miss the deadline, SpeechUnavailable lets
another engine transcribe.
"""

from __future__ import annotations

import asyncio
import io
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from openai import AsyncOpenAI, omit
from openai.types.audio import Transcription

from voicebot import g711
from voicebot.log import get_logger
from voicebot.openai.account import account
from voicebot.openai.exceptions import FAILURES, Unwanted, failure_of
from voicebot.openai.failures import Failure, Unanswered
from voicebot.openai.usage import meter
from voicebot.settings import Settings
from voicebot.speech import Hint, SttStream, Transcriber, Transcript
from voicebot.speech.openai.dictation import SHORTEST_BYTES, Dictation, Item
from voicebot.speech.openai.messages import Format, clean_keywords, takes_keywords
from voicebot.speech.openai.session import Limits, NegotiatedFormat, State, TranscriptionSession

HEDGE_SHARE: Final = 0.3
"""Share of the deadline after which the file endpoint is asked: with 2 s, after 0.6 s, which is
about one pause in five. Its answer then comes before the deadline. It costs a quarter of the
session."""

ALONE_TIMES: Final = 3.0
"""The factor by which the deadline is longer without a fallback engine: the utterance would be
lost, and the caller hears a filler meanwhile."""

_FULL_STOPS: Final = ".。…"
_log = get_logger("voicebot.speech.openai")


@dataclass(frozen=True, slots=True)
class SttDeadlines:
    """The time limits of a transcript, in seconds from the last pause of the turn.

    hedge_s     then the file endpoint is asked, too
    deadline_s  then Unanswered is raised
    """

    hedge_s: float
    deadline_s: float


class OpenAISpeechToText:
    """Opens a transcription session per call. It satisfies SpeechToText.

    alone  there is no fallback engine
    """

    def __init__(
        self, settings: Settings, *, alone: bool = False, limits: Limits | None = None
    ) -> None:
        self._account = account(settings)
        self._client = self._account.open_client()
        self._model = settings.openai_hearing_model
        self._limits = limits or Limits()
        self._negotiated = NegotiatedFormat()
        deadline_s = settings.openai_hearing_deadline_s
        longest_s = deadline_s * (ALONE_TIMES if alone else 1.0)
        self.deadlines = SttDeadlines(deadline_s * HEDGE_SHARE, longest_s)
        self._files = FileTranscriber(
            self._client, settings.openai_file_model, deadline_s=longest_s
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SttStream]:
        """Open the stream of one call, which connects in the background."""
        dictation = Dictation()
        session = TranscriptionSession(
            self._account, self._model, dictation, self._negotiated, self._limits
        )
        running = asyncio.create_task(session.run(), name="hearing")
        try:
            yield OpenAISttStream(session, dictation, self._files, self.deadlines)
        finally:
            running.cancel()
            await asyncio.wait((running,))
            if not running.cancelled() and (error := running.exception()) is not None:
                _log.error("hearing_broke", exc_info=error)

    @property
    def audio_format(self) -> Format:
        """The audio format that this server accepts, as far as is known."""
        return self._negotiated.format

    async def aclose(self) -> None:
        """Close the HTTP client."""
        await self._client.close()


@dataclass(eq=False, slots=True)
class OpenAISttStream:
    """The transcription of one call. It satisfies SttStream."""

    session: TranscriptionSession
    dictation: Dictation
    files: Transcriber
    deadlines: SttDeadlines
    _turn: OpenAITurn | None = None

    def listen(self, hint: Hint) -> OpenAITurn:
        """Begin a turn, with the hint for what was asked."""
        if self._turn is not None:
            self._turn.end()
        self._turn = OpenAITurn(self)
        self.session.wake(hint)
        return self._turn


@dataclass(eq=False, slots=True)
class OpenAITurn:
    """One turn of a call. It satisfies SttTurn."""

    _stt: OpenAISttStream
    _items: list[Item] = field(default_factory=list)
    _growing: Item = field(init=False)
    _answer: tuple[int, str] | None = None
    _asking: int = 0
    _over: bool = False

    def __post_init__(self) -> None:
        self._growing = self._stt.dictation.begin()

    def feed(self, mulaw: bytes) -> None:
        """Add mu-law bytes; they are sent once there are enough for a message."""
        self._growing.audio += mulaw
        self._stt.session.wake()

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Return the text of the turn; raises Unanswered, at the latest after the deadline."""
        if self._answer is not None and self._answer[0] == len(utterance):
            return Transcript(self._answer[1])  # asked again for the same audio
        asked_at = time.perf_counter()
        deadline_s = self._stt.deadlines.deadline_s
        self._close_stretch()
        self._asking += 1
        try:
            async with asyncio.timeout(deadline_s):
                text = await self._text(utterance, hint)
        except TimeoutError:
            text = f"OpenAI did not transcribe within {deadline_s:g} s"
            raise Unanswered(text, Failure.LATE) from None
        finally:
            self._asking -= 1
            self._abandon_when_unused()
        self._answer = len(utterance), text
        return Transcript(text, time.perf_counter() - asked_at)

    def end(self) -> None:
        """End the turn. A `transcribe` in progress still gets its text."""
        self._over = True
        self._abandon_when_unused()

    def _abandon_when_unused(self) -> None:
        """Drop texts that are not awaited, so that they do not delay the session's renewal."""
        if self._over and not self._asking:
            for item in self._items:
                self._stt.dictation.abandon(item)

    def _close_stretch(self) -> None:
        """Ask for the text of what was fed; less than 100 ms waits for the next pause."""
        if len(self._growing.audio) < SHORTEST_BYTES:
            return
        stretch = self._growing
        self._items.append(stretch)
        if self._stt.session.state is State.DOWN:
            stretch.settle(self._stt.session.failure)
        else:
            self._stt.dictation.want(stretch)
        self._growing = Item() if self._over else self._stt.dictation.begin()
        self._stt.session.wake()

    async def _text(self, utterance: bytes, hint: Hint) -> str:
        try:
            async with asyncio.timeout(self._stt.deadlines.hedge_s):
                return await self._live()
        except (TimeoutError, Unanswered) as error:
            _log.info("hearing_late", error=error)
        return await self._hedged(utterance, hint)

    async def _live(self) -> str:
        """Return the joined texts of all stretches; raises Unanswered when one failed."""
        for item in self._items:
            await item.settled.wait()
            if item.failure is not None:
                text = f"OpenAI's session did not transcribe ({item.failure})"
                raise Unanswered(text, item.failure)
        return join_stretches([item.text or "" for item in self._items])

    async def _hedged(self, utterance: bytes, hint: Hint) -> str:
        """Return the first text, of the session or of the file endpoint.

        Raises Unanswered when both fail, preferably with a failure that does not last: a server
        without a file endpoint still has sessions.
        """
        live = asyncio.create_task(self._live())
        file = asyncio.create_task(self._from_file(utterance, hint))
        tasks = {live, file}
        try:
            while tasks:
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if task.exception() is None:
                        return task.result()
            raise _preferred_error(live.exception(), file.exception())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _from_file(self, utterance: bytes, hint: Hint) -> str:
        return (await self._stt.files.transcribe(utterance, hint)).text


def _preferred_error(*errors: BaseException | None) -> BaseException:
    """Return the first error that is no lasting failure, else the first one."""
    found = [error for error in errors if error is not None]
    return min(found, key=lambda e: isinstance(e, Unanswered) and e.failure.lasts)


def join_stretches(texts: list[str]) -> str:
    """Join the texts of stretches, without the full stops that pauses left between them."""
    parts = [text.strip() for text in texts if text.strip()]
    return " ".join([*(part.rstrip(_FULL_STOPS) for part in parts[:-1]), *parts[-1:]])


_SHORTEST_BYTES: Final = g711.RATE_HZ * 3 // 10
"""Clips under 0.1 s are refused; 0.3 s is safe."""
_SAMPLE_BYTES: Final = 2


class FileTranscriber:
    """Transcribes with `/audio/transcriptions`.

    It satisfies Transcriber and does not close `client`.
    """

    def __init__(self, client: AsyncOpenAI, model: str, *, deadline_s: float) -> None:
        self._client = client
        self._model = model
        self._deadline_s = deadline_s

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Return the text of a mu-law utterance; raises Unanswered."""
        asked_at = time.perf_counter()
        special = takes_keywords(self._model)
        keywords = clean_keywords(hint.vocabulary) if special else []
        try:
            answer = await self._client.audio.transcriptions.create(
                file=("utterance.wav", to_wav(utterance), "audio/wav"),
                model=self._model,
                language=omit if special else hint.language,
                languages=[hint.language] if special else omit,
                keywords=keywords or omit,
                response_format="json",
                timeout=self._deadline_s,
            )
            words = _words(answer)
        except asyncio.CancelledError:  # the session was first; the request is paid for, too
            meter().heard(self._model, len(utterance) / g711.RATE_HZ)
            raise
        except FAILURES as error:
            failure = failure_of(error)
            text = f"OpenAI's file endpoint did not transcribe ({failure})"
            raise Unanswered(text, failure) from error
        meter().heard(self._model, len(utterance) / g711.RATE_HZ)
        return Transcript(words, time.perf_counter() - asked_at)


def _words(answer: object) -> str:
    """Return the text of an answer; raises Unwanted when a 200 brought something else."""
    text = answer.text if isinstance(answer, Transcription) else None
    if not isinstance(text, str):
        raise Unwanted(Failure.MALFORMED)
    return text.strip()


def to_wav(mulaw: bytes) -> bytes:
    """Return a WAV file of 16-bit PCM at 8 kHz; servers may refuse mu-law in a WAV."""
    samples = g711.decode(mulaw.ljust(_SHORTEST_BYTES, g711.SILENCE))
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(_SAMPLE_BYTES)
        recording.setframerate(g711.RATE_HZ)
        recording.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
