"""Clients of the two speech processes (stt, tts), over their Unix sockets.

One connection per process carries the jobs of all its calls. It is opened when first needed and
reopened after it was lost. Jobs in progress on a lost connection fail; they are not retried here.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from voicebot.errors import SpeechUnavailable
from voicebot.speech import Hint, SttStream, SttTurn, Transcriber, Transcript
from voicebot.speech.wire import (
    MAX_MESSAGE_BYTES,
    Cancel,
    Failed,
    Hear,
    Heard,
    Job,
    Reply,
    Sound,
    Speak,
    Spoken,
    WireError,
    pack,
    unpack_reply,
)

CONNECT_DEADLINE_S: Final = 2.0
HEAR_DEADLINE_S: Final = 8.0
"""A full queue of decodes takes about six seconds; callers do not wait longer."""
SPEAK_DEADLINE_S: Final = 6.0
"""Per piece: the longest sentence takes under two seconds, and a few may be queued before it."""


class RemoteTranscriber:
    """Transcribes through the stt process. It satisfies Transcriber."""

    def __init__(self, socket: Path, *, deadline_s: float = HEAR_DEADLINE_S) -> None:
        self._connection = _SharedConnection(socket, "speech to text")
        self._deadline_s = deadline_s

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Return the text; raises SpeechUnavailable. Cancelling also cancels the job there."""
        job = Hear(
            id=self._connection.number(),
            language=hint.language,
            vocabulary=hint.vocabulary,
            words_for_digits=hint.words_for_digits,
        )
        async with self._connection.job(job, utterance) as replies:
            reply, _ = await _next(replies, self._deadline_s, "speech to text")
            if not isinstance(reply, Heard):
                raise SpeechUnavailable("speech to text sent an unexpected reply")
            return Transcript(reply.text, reply.seconds)

    async def aclose(self) -> None:
        """Close the connection; jobs in progress fail."""
        await self._connection.aclose()


class RemoteSynthesizer:
    """Synthesises through the tts process. It satisfies Synthesizer.

    pitch  as in `voicebot.speech.wire`
    """

    def __init__(
        self, socket: Path, *, pitch: float = 1.0, deadline_s: float = SPEAK_DEADLINE_S
    ) -> None:
        self._connection = _SharedConnection(socket, "text to speech")
        self._pitch = pitch
        self._deadline_s = deadline_s

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield mu-law pieces of whole 20 ms frames; raises SpeechUnavailable."""
        job = Speak(id=self._connection.number(), text=sentence, pitch=self._pitch)
        async with self._connection.job(job) as replies:
            while True:
                reply, mulaw = await _next(replies, self._deadline_s, "text to speech")
                if isinstance(reply, Spoken):
                    return
                if not isinstance(reply, Sound):
                    raise SpeechUnavailable("text to speech sent an unexpected reply")
                yield mulaw

    async def aclose(self) -> None:
        """Close the connection; sentences in progress fail."""
        await self._connection.aclose()


_Replies = asyncio.Queue[tuple[Reply, bytes] | None]
"""The replies to one job; None when the connection is lost."""


async def _next(replies: _Replies, deadline_s: float, process: str) -> tuple[Reply, bytes]:
    try:
        async with asyncio.timeout(deadline_s):
            answer = await replies.get()
    except TimeoutError:
        raise SpeechUnavailable(f"{process} did not answer within {deadline_s:g} s") from None
    if answer is None:
        raise SpeechUnavailable(f"{process} ended; the supervisor restarts it")
    if isinstance(answer[0], Failed):
        raise SpeechUnavailable(f"{process} refused: {answer[0].message}")
    return answer


@dataclass(eq=False, slots=True)
class _Link:
    """One open connection. Its owner closes `socket` and then awaits `tasks`."""

    socket: ClientConnection
    outbox: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    jobs: dict[int, _Replies] = field(default_factory=dict)
    tasks: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Pass messages until the connection ends, then end every job."""
        try:
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._write())
                await self._read()
                writer.cancel()
        finally:
            for replies in self.jobs.values():
                replies.put_nowait(None)

    async def _read(self) -> None:
        with suppress(ConnectionClosed, WireError):
            async for message in self.socket:
                reply, audio = unpack_reply(message)
                ended = not isinstance(reply, Sound)
                find = self.jobs.pop if ended else self.jobs.get
                if (replies := find(reply.id, None)) is not None:
                    replies.put_nowait((reply, audio))
        await self.socket.close()

    async def _write(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self.socket.send(await self.outbox.get())


class _SharedConnection:
    """The connection to one speech process, opened when needed and after a loss."""

    def __init__(self, socket: Path, process: str) -> None:
        self._socket = socket
        self._process = process
        self._numbers = itertools.count(1)
        self._connecting = asyncio.Lock()
        self._link: _Link | None = None

    def number(self) -> int:
        """Return a new job number."""
        return next(self._numbers)

    @asynccontextmanager
    async def job(self, job: Job, audio: bytes = b"") -> AsyncIterator[_Replies]:
        """Send a job and give its replies; leaving before the last reply cancels it."""
        link = await self._connected()
        replies: _Replies = asyncio.Queue()
        link.jobs[job.id] = replies
        link.outbox.put_nowait(pack(job, audio))
        try:
            yield replies
        finally:
            if link.jobs.pop(job.id, None) is not None:
                link.outbox.put_nowait(pack(Cancel(id=job.id)))

    async def _connected(self) -> _Link:
        async with self._connecting:
            if self._link is None or self._link.tasks is None or self._link.tasks.done():
                await self._close()
                self._link = await self._connect()
            return self._link

    async def _connect(self) -> _Link:
        try:
            async with asyncio.timeout(CONNECT_DEADLINE_S):
                socket = await unix_connect(
                    str(self._socket),
                    "ws://localhost/",
                    compression=None,
                    max_size=MAX_MESSAGE_BYTES,
                    ping_interval=None,  # each job has its own deadline
                )
        except (OSError, TimeoutError, WebSocketException) as error:
            raise SpeechUnavailable(
                f"no {self._process} at {self._socket}: is `voicebot serve` running?"
            ) from error
        link = _Link(socket)
        link.tasks = asyncio.create_task(link.run(), name=f"{self._process} link")
        return link

    async def _close(self) -> None:
        link, self._link = self._link, None
        if link is not None and link.tasks is not None:
            await link.socket.close()
            await link.tasks

    async def aclose(self) -> None:
        async with self._connecting:
            await self._close()


class WholeUtterances:
    """One transcriber shared by all calls. It satisfies SpeechToText, SttStream and SttTurn.

    It keeps no state per turn, because `transcribe` is given the whole utterance.
    """

    def __init__(self, transcriber: Transcriber) -> None:
        self._transcriber = transcriber

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SttStream]:
        """Give this object."""
        yield self

    def listen(self, hint: Hint) -> SttTurn:
        """Return this object."""
        return self

    def feed(self, mulaw: bytes) -> None:
        """Do nothing."""

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Return the transcriber's text; raises SpeechUnavailable."""
        return await self._transcriber.transcribe(utterance, hint)

    async def aclose(self) -> None:
        """Close the transcriber."""
        await self._transcriber.aclose()
