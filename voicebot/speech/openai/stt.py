"""Speech to text through OpenAI: a transcription session per call, and what hears when it fails.

A turn is sent while it is spoken. Each pause closes a stretch, whose text comes soon after; the
texts of a turn's stretches are joined. Who transcribes is decided anew for every turn:

    session ──── late or failed ────► the file endpoint, too; the first text counts
            ──── no text in time ───► the fallback engine
    breaker open, or cost cap ──────► the fallback engine alone; OpenAI gets no audio
"""

from __future__ import annotations

import asyncio
import io
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from openai import AsyncOpenAI, omit
from openai.types.audio import Transcription

from voicebot import g711
from voicebot.log import get_logger
from voicebot.openai import Failure, Service, Unanswered, fallbacks, meter, openai_breaker
from voicebot.openai.client import FAILURES, Unwanted, account, failure_of
from voicebot.settings import Settings
from voicebot.speech.openai.dictation import (
    SHORTEST_BYTES,
    Dictation,
    Item,
    clean_keywords,
    takes_keywords,
)
from voicebot.speech.openai.session import Limits, RealtimeServer, State, TranscriptionSession
from voicebot.speech.protocols import Hint, SttStream, Transcriber, Transcript

HEDGE_SHARE: Final = 0.3
"""Share of the deadline after which the file endpoint is asked: with 2 s, after 0.6 s, which is
about one pause in five. Its answer then comes before the deadline. It costs a quarter of the
session."""

ALONE_TIMES: Final = 3.0
"""The factor by which the deadline is longer without a fallback engine: the utterance would be
lost, and the caller hears a filler meanwhile."""

_FULL_STOPS: Final = ".。…"
_log = get_logger("voicebot.speech.openai")


class OpenAISpeechToText:
    """Opens a transcription session per call. It satisfies SpeechToText.

    fallback    transcribes when OpenAI does not; without one OpenAI is asked even when the breaker
                is open
    hedge_s     from the last pause of a turn; then the file endpoint is asked, too
    deadline_s  from the same pause; then OpenAI has failed
    """

    def __init__(
        self, settings: Settings, fallback: Transcriber | None, limits: Limits | None = None
    ) -> None:
        ours = account(settings)
        self.client = ours.open_client()
        self.file_model = settings.openai_file_model
        self.server = RealtimeServer(ours, settings.openai_hearing_model, limits or Limits())
        self.fallback = fallback
        self.breaker = openai_breaker(Service.HEARING)
        self.hedge_s = settings.openai_hearing_deadline_s * HEDGE_SHARE
        self.deadline_s = settings.openai_hearing_deadline_s * (1.0 if fallback else ALONE_TIMES)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SttStream]:
        """Open the stream of one call, which connects in the background."""
        dictation = Dictation()
        session = TranscriptionSession(self.server, dictation)
        running = asyncio.create_task(session.run(), name="hearing")
        try:
            yield OpenAISttStream(self, session, dictation)
        finally:
            running.cancel()
            await asyncio.wait((running,))
            if not running.cancelled() and (error := running.exception()) is not None:
                _log.error("hearing_broke", exc_info=error)

    async def aclose(self) -> None:
        """Close the HTTP client."""
        await self.client.close()


@dataclass(eq=False, slots=True)
class OpenAISttStream:
    """The transcription of one call. It satisfies SttStream."""

    stt: OpenAISpeechToText
    session: TranscriptionSession
    dictation: Dictation
    _turn: OpenAITurn | None = None

    def listen(self, hint: Hint) -> OpenAITurn:
        """Begin a turn, with the hint for what was asked."""
        if self._turn is not None:
            self._turn.end()
        self._turn = OpenAITurn(self, self._refusal())
        self.session.wake(hint)
        return self._turn

    def _refusal(self) -> Failure | None:
        """Return why OpenAI is not to be asked, or None."""
        if meter().is_spent:
            self.stt.breaker.failed(Failure.CAPPED)
            return Failure.CAPPED
        if self.stt.breaker.allows() or self.stt.fallback is None:
            return None
        return Failure.OPEN


@dataclass(eq=False, slots=True)
class OpenAITurn:
    """One turn of a call. It satisfies SttTurn."""

    _stream: OpenAISttStream
    _refusal: Failure | None
    _items: list[Item] = field(default_factory=list)
    _growing: Item = field(init=False)
    _answer: tuple[int, str] | None = None
    _asking: int = 0
    _over: bool = False

    def __post_init__(self) -> None:
        self._growing = self._stream.dictation.begin()

    def feed(self, mulaw: bytes) -> None:
        """Add mu-law bytes; they are sent once there are enough for a message."""
        if self._refusal is None:
            self._growing.audio += mulaw
            self._stream.session.wake()

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Return the text of the turn; raises SpeechUnavailable when the fallback fails, too."""
        stt = self._stream.stt
        asked_at = time.perf_counter()
        try:
            text = await self._ask_openai(utterance, hint)
        except Unanswered as error:
            if self._refusal is None:
                stt.breaker.failed(error.failure)
            if stt.fallback is None:
                raise
            _log.info("stt_fallback", error=error)
        else:
            stt.breaker.answered()
            return Transcript(text, time.perf_counter() - asked_at)
        fallbacks.labels(Service.HEARING).inc()
        failed_s = time.perf_counter() - asked_at
        transcript = await stt.fallback.transcribe(utterance, hint)
        return replace(transcript, seconds=failed_s + transcript.seconds)

    def end(self) -> None:
        """End the turn. A `transcribe` in progress still gets its text."""
        self._over = True
        self._abandon_when_unused()

    async def _ask_openai(self, utterance: bytes, hint: Hint) -> str:
        """Return the text of the turn; raises Unanswered, at the latest after the deadline."""
        if self._refusal is not None:
            raise Unanswered(f"OpenAI was not asked ({self._refusal})", self._refusal)
        if self._answer is not None and self._answer[0] == len(utterance):
            return self._answer[1]  # asked again for the same audio
        deadline_s = self._stream.stt.deadline_s
        self._close_stretch()
        self._asking += 1
        try:
            async with asyncio.timeout(deadline_s):
                text = await self._hedged(utterance, hint)
        except TimeoutError:
            text = f"OpenAI did not transcribe within {deadline_s:g} s"
            raise Unanswered(text, Failure.LATE) from None
        finally:
            self._asking -= 1
            self._abandon_when_unused()
        self._answer = len(utterance), text
        return text

    def _abandon_when_unused(self) -> None:
        """Drop texts that are not awaited, so that they do not delay the session's renewal."""
        if self._over and not self._asking:
            for item in self._items:
                self._stream.dictation.abandon(item)

    def _close_stretch(self) -> None:
        """Ask for the text of what was fed; less than 100 ms waits for the next pause."""
        if len(self._growing.audio) < SHORTEST_BYTES:
            return
        session, dictation = self._stream.session, self._stream.dictation
        self._items.append(self._growing)
        if session.state is State.DOWN:
            self._growing.settle(session.failure)
        else:
            dictation.want(self._growing)
        self._growing = Item() if self._over else dictation.begin()
        session.wake()

    async def _hedged(self, utterance: bytes, hint: Hint) -> str:
        """Return the first text, of the session or, when it is late, of the file endpoint.

        Raises Unanswered when both fail, preferably with a failure that does not last: a server
        without a file endpoint still has sessions.
        """
        stt = self._stream.stt
        asked = [asyncio.create_task(self._live())]
        try:
            await asyncio.wait(asked, timeout=stt.hedge_s)
            if not asked[0].done() or asked[0].exception() is not None:
                _log.info("hearing_late")
                file = transcribe_file(stt.client, stt.file_model, utterance, hint, stt.deadline_s)
                asked.append(asyncio.create_task(file))
            pending = set(asked)
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if task.exception() is None:
                        return task.result()
            raise _preferred_error([task.exception() for task in asked])
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def _live(self) -> str:
        """Return the joined texts of all stretches; raises Unanswered when one failed."""
        for item in self._items:
            await item.settled.wait()
            if item.failure is not None:
                text = f"OpenAI's session did not transcribe ({item.failure})"
                raise Unanswered(text, item.failure)
        return join_stretches([item.text or "" for item in self._items])


def _preferred_error(errors: list[BaseException | None]) -> BaseException:
    """Return the first error that is no lasting failure, else the first one."""
    found = [error for error in errors if error is not None]
    return min(found, key=lambda e: isinstance(e, Unanswered) and e.failure.lasts)


def join_stretches(texts: list[str]) -> str:
    """Join the texts of stretches, without the full stops that pauses left between them."""
    parts = [text.strip() for text in texts if text.strip()]
    return " ".join([*(part.rstrip(_FULL_STOPS) for part in parts[:-1]), *parts[-1:]])


_SHORTEST_FILE_BYTES: Final = g711.RATE_HZ * 3 // 10
"""Clips under 0.1 s are refused; 0.3 s is safe."""
_SAMPLE_BYTES: Final = 2


async def transcribe_file(
    client: AsyncOpenAI, model: str, utterance: bytes, hint: Hint, deadline_s: float
) -> str:
    """Return what `/audio/transcriptions` hears in a mu-law utterance; raises Unanswered."""
    special = takes_keywords(model)
    keywords = clean_keywords(hint.vocabulary) if special else []
    try:
        answer = await client.audio.transcriptions.create(
            file=("utterance.wav", to_wav(utterance), "audio/wav"),
            model=model,
            language=omit if special else hint.language,
            languages=[hint.language] if special else omit,
            keywords=keywords or omit,
            response_format="json",
            timeout=deadline_s,
        )
        text = answer.text if isinstance(answer, Transcription) else None
        if not isinstance(text, str):  # a 200 that brought something else
            raise Unwanted(Failure.MALFORMED)
    except asyncio.CancelledError:  # the session was first; the request is paid for, too
        meter().heard(model, len(utterance) / g711.RATE_HZ)
        raise
    except FAILURES as error:
        failure = failure_of(error)
        told = f"OpenAI's file endpoint did not transcribe ({failure})"
        raise Unanswered(told, failure) from error
    meter().heard(model, len(utterance) / g711.RATE_HZ)
    return text.strip()


def to_wav(mulaw: bytes) -> bytes:
    """Return a WAV file of 16-bit PCM at 8 kHz; servers may refuse mu-law in a WAV."""
    samples = g711.decode(mulaw.ljust(_SHORTEST_FILE_BYTES, g711.SILENCE))
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(_SAMPLE_BYTES)
        recording.setframerate(g711.RATE_HZ)
        recording.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
