"""Clients of the speech processes, speech to text and text to speech, over their sockets.

One connection per process carries the jobs of all its calls. It is made when first needed and
again after it was lost; a job that was under way when it was lost fails, and the caller of the
job decides whether to try again.
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
"""A full queue of decodes takes about six seconds; who waits longer has lost the caller."""
SPEAK_DEADLINE_S: Final = 6.0
"""For each piece: the longest sentence takes under two seconds, and a few may wait before it."""


class RemoteTranscriber:
    """SpeechToText behind a socket."""

    def __init__(self, socket: Path, *, deadline_s: float = HEAR_DEADLINE_S) -> None:
        self._line = _Line(socket, "speech to text")
        self._deadline_s = deadline_s

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Raises SpeechUnavailable; cancelling drops the job at the server, too."""
        job = Hear(
            id=self._line.number(),
            language=hint.language,
            vocabulary=hint.vocabulary,
            words_for_digits=hint.words_for_digits,
        )
        async with self._line.job(job, utterance) as replies:
            reply, _ = await _next(replies, self._deadline_s, "speech to text")
            if not isinstance(reply, Heard):
                raise SpeechUnavailable("speech to text answered something else than was asked")
            return Transcript(reply.text, reply.seconds)

    async def aclose(self) -> None:
        """Hang up; jobs under way fail."""
        await self._line.aclose()


class RemoteSynthesizer:
    """A synthesizer behind a socket; `pitch` as in `voicebot.speech.wire`."""

    def __init__(
        self, socket: Path, *, pitch: float = 1.0, deadline_s: float = SPEAK_DEADLINE_S
    ) -> None:
        self._line = _Line(socket, "text to speech")
        self._pitch = pitch
        self._deadline_s = deadline_s

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Pieces of mu-law, whole 20 ms frames each; raises SpeechUnavailable."""
        job = Speak(id=self._line.number(), text=sentence, pitch=self._pitch)
        async with self._line.job(job) as replies:
            while True:
                reply, mulaw = await _next(replies, self._deadline_s, "text to speech")
                if isinstance(reply, Spoken):
                    return
                if not isinstance(reply, Sound):
                    raise SpeechUnavailable("text to speech answered something else than was asked")
                yield mulaw

    async def aclose(self) -> None:
        """Hang up; sentences under way end."""
        await self._line.aclose()


_Replies = asyncio.Queue[tuple[Reply, bytes] | None]
"""What came back for one job; None when the connection is gone."""


async def _next(replies: _Replies, deadline_s: float, whom: str) -> tuple[Reply, bytes]:
    try:
        async with asyncio.timeout(deadline_s):
            answer = await replies.get()
    except TimeoutError:
        raise SpeechUnavailable(f"{whom} did not answer within {deadline_s:g} s") from None
    if answer is None:
        raise SpeechUnavailable(f"{whom} went away; the supervisor starts it again")
    if isinstance(answer[0], Failed):
        raise SpeechUnavailable(f"{whom} refused: {answer[0].message}")
    return answer


@dataclass(eq=False, slots=True)
class _Link:
    """One connection while it lasts. Whoever ends it awaits `tasks`, its reader and writer."""

    socket: ClientConnection
    outbox: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    jobs: dict[int, _Replies] = field(default_factory=dict)
    tasks: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Pass messages until the connection ends; then every job learns that it is gone."""
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


class _Line:
    """A connection that is there when needed."""

    def __init__(self, socket: Path, whom: str) -> None:
        self._socket = socket
        self._whom = whom
        self._numbers = itertools.count(1)
        self._connecting = asyncio.Lock()
        self._link: _Link | None = None

    def number(self) -> int:
        """A job's number, never used twice."""
        return next(self._numbers)

    @asynccontextmanager
    async def job(self, job: Job, audio: bytes = b"") -> AsyncIterator[_Replies]:
        """Send a job; leaving before its last reply cancels it."""
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
                await self._hang_up()
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
                f"no {self._whom} at {self._socket}: is `voicebot serve` running?"
            ) from error
        link = _Link(socket)
        link.tasks = asyncio.create_task(link.run(), name=f"{self._whom} link")
        return link

    async def _hang_up(self) -> None:
        link, self._link = self._link, None
        if link is not None and link.tasks is not None:
            await link.socket.close()
            await link.tasks

    async def aclose(self) -> None:
        async with self._connecting:
            await self._hang_up()


class WholeUtterances:
    """One transcriber for every call. It satisfies SpeechToText, SttStream and SttTurn.

    Nothing of a turn has to be remembered: the utterance comes with the question for its text.
    """

    partial: Final = ""

    def __init__(self, transcriber: Transcriber) -> None:
        self._transcriber = transcriber

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SttStream]:
        """Itself."""
        yield self

    def listen(self, hint: Hint) -> SttTurn:
        """Itself."""
        return self

    def feed(self, mulaw: bytes) -> None:
        """Not needed."""

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """The transcriber's."""
        return await self._transcriber.transcribe(utterance, hint)

    async def aclose(self) -> None:
        """Close the transcriber."""
        await self._transcriber.aclose()
