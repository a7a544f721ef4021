"""Hearing through OpenAI: each call has its own session, and the file endpoint behind it.

A turn is sent while it is spoken. Each pause closes a stretch, and its text comes soon after,
because most of the work was done while the caller spoke; the texts of a turn's stretches are
joined. When the session is late the file endpoint is asked for the whole turn as well, and the
first answer counts; when neither is in time SpeechUnavailable lets somebody else listen.
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
from voicebot.openai.failures import Failure, Unanswered
from voicebot.openai.trouble import FAILURES, Unwanted, failure_of
from voicebot.openai.usage import meter
from voicebot.settings import Settings
from voicebot.speech import Hint, SttStream, Transcriber, Transcript
from voicebot.speech.openai.dictation import SHORTEST_BYTES, Dictation, Item
from voicebot.speech.openai.line import Dialect, Limits, Line, State
from voicebot.speech.openai.messages import Format, clean_keywords, takes_keywords

HEDGE_SHARE: Final = 0.3
"""Of the deadline. With 2 s the file endpoint is asked after 0.6 s, about one pause in five: then
its answer, too, comes before the deadline. It costs a quarter of what the session costs."""

ALONE_TIMES: Final = 3.0
"""The deadline is so much longer where nobody else can listen: what was said would be lost, and
the caller is told meanwhile that it takes a moment."""

_FULL_STOPS: Final = ".。…"
_log = get_logger("voicebot.speech.openai")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a caller may be kept waiting for the text of a turn, from its last pause.

    hedge_s     then the file endpoint is asked, too
    deadline_s  then somebody else has to listen
    """

    hedge_s: float
    deadline_s: float


class OpenAISpeechToText:
    """Gives every call a session of its own. It satisfies SpeechToText.

    alone   nobody else can listen
    """

    def __init__(
        self, settings: Settings, *, alone: bool = False, limits: Limits | None = None
    ) -> None:
        self._account = account(settings)
        self._client = self._account.open_client()
        self._model = settings.openai_hearing_model
        self._limits = limits or Limits()
        self._dialect = Dialect()
        deadline_s = settings.openai_hearing_deadline_s
        longest_s = deadline_s * (ALONE_TIMES if alone else 1.0)
        self.patience = Patience(deadline_s * HEDGE_SHARE, longest_s)
        self._files = FileTranscriber(
            self._client, settings.openai_file_model, deadline_s=longest_s
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SttStream]:
        """Dials at once; nobody waits for it."""
        dictation = Dictation()
        line = Line(self._account, self._model, dictation, self._dialect, self._limits)
        running = asyncio.create_task(line.run(), name="hearing")
        try:
            yield OpenAISttStream(line, dictation, self._files, self.patience)
        finally:
            running.cancel()
            await asyncio.wait((running,))
            if not running.cancelled() and (error := running.exception()) is not None:
                _log.error("hearing_broke", exc_info=error)

    @property
    def audio_format(self) -> Format:
        """How audio travels to this server, as far as is known."""
        return self._dialect.format

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._client.close()


@dataclass(eq=False, slots=True)
class OpenAISttStream:
    """The transcription of one call. It satisfies SttStream."""

    line: Line
    dictation: Dictation
    files: Transcriber
    patience: Patience
    _turn: OpenAITurn | None = None

    def listen(self, hint: Hint) -> OpenAITurn:
        """A turn begins, with the vocabulary of what was asked."""
        if self._turn is not None:
            self._turn.end()
        self._turn = OpenAITurn(self)
        self.line.wake(hint)
        return self._turn


@dataclass(eq=False, slots=True)
class OpenAITurn:
    """One turn, as it is sent. It satisfies SttTurn."""

    _stt: OpenAISttStream
    _items: list[Item] = field(default_factory=list)
    _growing: Item = field(init=False)
    _answer: tuple[int, str] | None = None
    _asking: int = 0
    _over: bool = False

    def __post_init__(self) -> None:
        self._growing = self._stt.dictation.begin()

    @property
    def partial(self) -> str:
        """The words so far, of all stretches."""
        parts = [i.partial if i.text is None else i.text for i in (*self._items, self._growing)]
        return joined(parts)

    def feed(self, mulaw: bytes) -> None:
        """Sent as soon as there is enough of it."""
        self._growing.audio += mulaw
        self._stt.line.wake()

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Raises Unanswered after the deadline at the latest."""
        if self._answer is not None and self._answer[0] == len(utterance):
            return Transcript(self._answer[1])  # asked again, with another hint: it is the same
        asked_at = time.perf_counter()
        deadline_s = self._stt.patience.deadline_s
        self._close_stretch()
        self._asking += 1
        try:
            async with asyncio.timeout(deadline_s):
                text = await self._text(utterance, hint)
        except TimeoutError:
            text = f"OpenAI did not listen within {deadline_s:g} s"
            raise Unanswered(text, Failure.LATE) from None
        finally:
            self._asking -= 1
            self._let_go()
        self._answer = len(utterance), text
        return Transcript(text, time.perf_counter() - asked_at)

    def end(self) -> None:
        """It is fed no more; its text may still be waited for."""
        self._over = True
        self._let_go()

    def _let_go(self) -> None:
        """Texts that nobody waits for keep no session from being renewed."""
        if self._over and not self._asking:
            for item in self._items:
                self._stt.dictation.abandon(item)

    def _close_stretch(self) -> None:
        """What was fed until now is wanted; less than can be heard waits for the next pause."""
        if len(self._growing.audio) < SHORTEST_BYTES:
            return
        stretch = self._growing
        self._items.append(stretch)
        if self._stt.line.state is State.DOWN:
            stretch.settle(self._stt.line.failure)
        else:
            self._stt.dictation.want(stretch)
        self._growing = Item() if self._over else self._stt.dictation.begin()
        self._stt.line.wake()

    async def _text(self, utterance: bytes, hint: Hint) -> str:
        try:
            async with asyncio.timeout(self._stt.patience.hedge_s):
                return await self._live()
        except (TimeoutError, Unanswered) as error:
            _log.info("hearing_late", error=error)
        return await self._either(utterance, hint)

    async def _live(self) -> str:
        """Joined texts of all stretches; raises Unanswered when one has none."""
        for item in self._items:
            await item.settled.wait()
            if item.failure is not None:
                text = f"OpenAI's session did not transcribe ({item.failure})"
                raise Unanswered(text, item.failure)
        return joined([item.text or "" for item in self._items])

    async def _either(self, utterance: bytes, hint: Hint) -> str:
        """Whichever comes first, the session's text or the file endpoint's.

        Raises Unanswered when there is neither, with the reason that is sooner over: a server
        without a file endpoint still has its sessions.
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
            raise _sooner_over(live.exception(), file.exception())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _from_file(self, utterance: bytes, hint: Hint) -> str:
        return (await self._stt.files.transcribe(utterance, hint)).text


def _sooner_over(*errors: BaseException | None) -> BaseException:
    """The first reason that does not last, else the last; what is no reason goes before."""
    reasons = [error for error in errors if error is not None]
    return min(reasons, key=lambda e: isinstance(e, Unanswered) and e.failure.lasts)


def joined(texts: list[str]) -> str:
    """One text of several: the full stop that ends each but the last was only a pause."""
    parts = [text.strip() for text in texts if text.strip()]
    return " ".join([*(part.rstrip(_FULL_STOPS) for part in parts[:-1]), *parts[-1:]])


_SHORTEST_BYTES: Final = g711.RATE_HZ * 3 // 10
"""Clips under 0.1 s are refused; 0.3 s is safe."""
_SAMPLE_BYTES: Final = 2


class FileTranscriber:
    """`/audio/transcriptions`. It satisfies Transcriber; the client is not its own."""

    def __init__(self, client: AsyncOpenAI, model: str, *, deadline_s: float) -> None:
        self._client = client
        self._model = model
        self._deadline_s = deadline_s

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Raises Unanswered."""
        asked_at = time.perf_counter()
        special = takes_keywords(self._model)
        keywords = clean_keywords(hint.vocabulary) if special else []
        try:
            answer = await self._client.audio.transcriptions.create(
                file=("utterance.wav", wav(utterance), "audio/wav"),
                model=self._model,
                language=omit if special else hint.language,
                languages=[hint.language] if special else omit,
                keywords=keywords or omit,
                response_format="json",
                timeout=self._deadline_s,
            )
            words = _words(answer)
        except asyncio.CancelledError:  # the session's text was there first: it is paid for, too
            meter().heard(self._model, len(utterance) / g711.RATE_HZ)
            raise
        except FAILURES as error:
            failure = failure_of(error)
            text = f"OpenAI's file endpoint did not listen ({failure})"
            raise Unanswered(text, failure) from error
        meter().heard(self._model, len(utterance) / g711.RATE_HZ)
        return Transcript(words, time.perf_counter() - asked_at)

    async def aclose(self) -> None:
        """Nothing of its own to close."""


def _words(answer: object) -> str:
    """The library passes on whatever a server says with a 200: a proxy's page, null, a list."""
    text = answer.text if isinstance(answer, Transcription) else None
    if not isinstance(text, str):
        raise Unwanted(Failure.MALFORMED)
    return text.strip()


def wav(mulaw: bytes) -> bytes:
    """The utterance as a WAV file of 16-bit PCM at 8 kHz; mu-law in a WAV may be refused."""
    samples = g711.decode(mulaw.ljust(_SHORTEST_BYTES, g711.SILENCE))
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(_SAMPLE_BYTES)
        recording.setframerate(g711.RATE_HZ)
        recording.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
