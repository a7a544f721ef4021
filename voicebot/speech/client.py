"""Clients of the speech processes (stt, tts, meaning), over their Unix sockets.

Each job has a connection of its own, which takes half a millisecond; leaving a job closes it, and
so drops the job there. A job whose process ends fails; it is not sent again here.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from websockets.asyncio.client import unix_connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from voicebot.errors import SpeechUnavailable
from voicebot.speech.protocols import Hint, SttStream, SttTurn, Transcriber, Transcript
from voicebot.speech.wire import (
    LONGEST_PHRASE,
    MAX_MESSAGE_BYTES,
    MOST_PHRASES,
    Compare,
    Hear,
    Kind,
    Reply,
    Speak,
    WireError,
    pack,
    unpack,
)

CONNECT_DEADLINE_S: Final = 2.0
HEAR_DEADLINE_S: Final = 8.0
"""A full queue of decodes takes about six seconds; callers do not wait longer."""
SPEAK_DEADLINE_S: Final = 6.0
"""Per piece: the longest sentence takes under two seconds, and a few may be queued before it."""
COMPARE_DEADLINE_S: Final = 8.0
"""For the first comparison with many phrases; whoever talks to a caller waits far less."""


@dataclass(frozen=True, slots=True)
class RemoteTranscriber:
    """Transcribes through the stt process. It satisfies Transcriber."""

    socket: Path
    deadline_s: float = HEAR_DEADLINE_S

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Return the text; raises SpeechUnavailable. Cancelling also cancels the job there."""
        job = Hear.model_validate(hint, from_attributes=True)
        replies = _replies(self.socket, "speech to text", self.deadline_s, job, utterance)
        async with aclosing(replies):
            reply, _ = await anext(replies)
        others, letters = reply.alternatives, reply.letters
        return Transcript(
            reply.text, reply.seconds, others, letters, reply.cpu_seconds, reply.queued
        )


@dataclass(frozen=True, slots=True)
class RemoteSynthesizer:
    """Synthesises through the tts process. It satisfies Synthesizer."""

    socket: Path

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield mu-law pieces of whole 20 ms frames; raises SpeechUnavailable."""
        job = Speak(text=sentence)
        replies = _replies(self.socket, "text to speech", SPEAK_DEADLINE_S, job)
        async with aclosing(replies):
            async for reply, mulaw in replies:
                if reply.do is not Kind.SOUND:
                    return
                yield mulaw

    async def aclose(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class RemoteMeaning:
    """Compares texts through the meaning process. It satisfies Meaning."""

    socket: Path

    async def compare(self, text: str, phrases: Sequence[str]) -> tuple[float, ...]:
        """Return how like each phrase the text is; raises SpeechUnavailable.

        Of a long phrase the beginning counts.
        """
        if len(phrases) > MOST_PHRASES:
            raise SpeechUnavailable(f"{len(phrases)} phrases are too many to compare at once")
        job = Compare(text=text, phrases=tuple(each[:LONGEST_PHRASE] for each in phrases))
        async with aclosing(_replies(self.socket, "meaning", COMPARE_DEADLINE_S, job)) as replies:
            reply, _ = await anext(replies)
        return reply.scores


async def _replies(
    socket: Path, process: str, deadline_s: float, job: Hear | Speak | Compare, audio: bytes = b""
) -> AsyncGenerator[tuple[Reply, bytes], None]:
    """Send a job and yield its replies, with `deadline_s` for each; raises SpeechUnavailable."""
    try:
        connection = await unix_connect(
            str(socket),
            "ws://localhost/",
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            ping_interval=None,  # each reply has its deadline
            open_timeout=CONNECT_DEADLINE_S,
        )
    except (OSError, WebSocketException) as error:  # TimeoutError is an OSError
        raise SpeechUnavailable(
            f"no {process} at {socket}: is `voicebot serve` running?"
        ) from error
    try:
        await connection.send(pack(job, audio))
        while True:
            async with asyncio.timeout(deadline_s):
                message = await connection.recv()
            reply, piece = unpack(Reply, message)
            if reply.do is Kind.FAILED:
                raise SpeechUnavailable(f"{process} refused: {reply.message}")
            yield reply, piece
    except TimeoutError:
        raise SpeechUnavailable(f"{process} did not answer within {deadline_s:g} s") from None
    except (ConnectionClosed, WireError) as error:
        raise SpeechUnavailable(f"{process} ended; the supervisor restarts it") from error
    finally:
        # Without a closing handshake, for which a caller would wait.
        connection.transport.abort()
        await connection.wait_closed()


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
        """Do nothing."""
