"""One media stream on the provider's side: the caller's frames out, the bot's audio in.

Frames are sent in real time, also in silence. The bot's audio goes into the play-out queue; marks
are echoed when playback reaches them (to within a frame).
"""

import asyncio
import base64
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from voicebot.g711 import FRAME_BYTES, FRAME_MS, RATE_HZ, SILENCE
from voicebot.simulators.phone.recordings import Clip
from voicebot.simulators.phone.wire import (
    Clear,
    Complaint,
    Mark,
    Media,
    Messages,
    ServerMessage,
    parse_message,
)

FRAME_S: Final = FRAME_MS / 1000
SILENT_FRAME: Final = base64.b64encode(SILENCE * FRAME_BYTES).decode()
"""One silent frame in base64."""

KEY_S: Final = 0.2
"""The time between two key presses."""

ANSWER_PAUSE_S: Final = 0.3
"""The silence after which a caller takes the bot to have finished."""

UNMARKED_PAUSE_S: Final = 1.5
"""The same without a mark after the last audio, because more may follow."""

LATE_S: Final = 0.020
"""A gap of this length within a sentence is audible."""

NEW_SENTENCE_S: Final = 1.0
"""A longer pause after a mark begins a new sentence and is no gap."""

MOST_QUEUED_S: Final = 600
"""The provider drops media beyond ten queued minutes (its warning 31931)."""


class Clock:
    """Call time, in seconds since the clock was created.

    Not the event loop's time, which uvloop updates once per iteration, in milliseconds.
    """

    def __init__(self) -> None:
        self._zero = time.perf_counter()

    def now(self) -> float:
        """Return the moment."""
        return time.perf_counter() - self._zero

    async def until(self, moment: float) -> None:
        """Sleep until a moment."""
        await asyncio.sleep(max(0.0, moment - self.now()))


class Playout:
    """The play-out queue of one stream with its marks, accurate to a sample; no I/O.

    received   [aaaa][bbbbbb]          [cc]
    played     aaaabbbbbb..............cc      dots: nothing queued, silence
    ends_at              ^                     of the queue, as known when b arrived

    It keeps lengths, not audio; methods take the call's time in seconds. Rules of the provider: a
    mark is echoed when all audio before it has been played, at once when nothing is queued, and
    all pending marks are echoed when the queue is cleared.
    """

    def __init__(self) -> None:
        self.ends_at = 0.0
        """The moment when the last queued sample is played."""
        self.marked = False
        """True when the bot's last message was a mark."""
        self.frames = 0
        self.late_frames = 0
        self.messages = 0
        self.gaps_s: list[float] = []
        """Silences within utterances: of each message that came when all before it was played."""
        self._marks: deque[tuple[str, float]] = deque()
        self._in_utterance = False

    def queue(self, size_bytes: int, now: float) -> bool:
        """Queue audio; return False when it was dropped because ten minutes are queued."""
        if self.ends_at - now > MOST_QUEUED_S:
            return False
        self.frames += -(-size_bytes // FRAME_BYTES)
        self.messages += 1
        gap_s = self._gap_s(now)
        if gap_s > 0:
            self.gaps_s.append(gap_s)
        self.late_frames += gap_s > LATE_S
        self.ends_at = max(self.ends_at, now) + size_bytes / RATE_HZ
        self.marked = False
        self._in_utterance = True
        return True

    def mark(self, name: str, now: float) -> tuple[str, ...]:
        """Queue a mark; return the names to echo at once."""
        self._marks.append((name, self.ends_at))
        self.marked = True
        return self.due(now)

    def clear(self, now: float) -> tuple[str, ...]:
        """Drop the queue; return the names of all pending marks."""
        self.ends_at = min(self.ends_at, now)
        self._in_utterance = False
        names = tuple(name for name, _ in self._marks)
        self._marks.clear()
        return names

    def due(self, now: float) -> tuple[str, ...]:
        """Return the names of the marks that playback has reached, in order, each once."""
        names = []
        while self._marks and self._marks[0][1] <= now:
            names.append(self._marks.popleft()[0])
        return tuple(names)

    @property
    def next_due(self) -> float | None:
        """The moment when playback reaches the next mark, or None."""
        return self._marks[0][1] if self._marks else None

    def caller_speaks(self) -> None:
        """Begin a new utterance of the bot with its next audio."""
        self._in_utterance = False

    def _gap_s(self, now: float) -> float:
        gap_s = now - self.ends_at
        asks_again = self.marked and gap_s > NEW_SENTENCE_S
        return max(0.0, gap_s) if self._in_utterance and not asks_again else 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """The bot's first frame after the caller spoke.

    overlapped  the bot was still audible when the caller finished, so this is no answer
    """

    at: float
    overlapped: bool


Talk = Callable[["MediaStream"], Coroutine[None, None, None]]
"""The caller's action on a stream."""


class MediaStream:
    """A stream between `start` and `stop`. All times are in seconds of the clock."""

    def __init__(self, socket: ClientConnection, messages: Messages, clock: Clock) -> None:
        self.clock = clock
        self.playout = Playout()
        self.complaints: list[str] = []
        self.hung_up = False
        self.lag_s = 0.0
        """The largest delay of a sent frame, as a check of the phone itself."""
        self.first_word_s: float | None = None
        """From `start` to the bot's first audio."""
        self._started_at = clock.now()
        self._socket = socket
        self._messages = messages
        self._opened_at = clock.now()
        self._frame = 0
        self._outgoing: deque[str] = deque()
        self._keys: deque[tuple[float, str]] = deque()
        self._reply: tuple[float, asyncio.Future[Reply]] | None = None

    async def hold(self, caller: Talk) -> None:
        """Run the stream with this caller until the server closes it or the caller hangs up."""
        with suppress(ConnectionClosed):
            await self._socket.send(self._messages.connected())
            await self._socket.send(self._messages.start())
        self._started_at = self.clock.now()
        async with asyncio.TaskGroup() as group:
            busy = (group.create_task(self._pump()), group.create_task(caller(self)))
            await self._listen()
            for task in busy:
                task.cancel()

    def speak(self, clip: Clip) -> float:
        """Start with the next frame; return the moment of the clip's last voiced sample."""
        begins = self._opened_at + (self._frame + len(self._outgoing)) * FRAME_S
        self._outgoing.extend(clip.frames)
        self.playout.caller_speaks()
        return begins + clip.voiced_samples / RATE_HZ

    def press(self, digits: str) -> float:
        """Press keys one after the other; return the moment of the last."""
        at = self.clock.now()
        for digit in digits:
            at += KEY_S
            self._keys.append((at, digit))
        self.playout.caller_speaks()
        return at

    async def reply(self, after: float) -> Reply:
        """Wait for the bot's first frame at or after a moment."""
        arrived: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._reply = (after, arrived)
        return await arrived

    async def bot_finished(self) -> None:
        """Wait until the bot has finished."""
        while (ends_at := self._speaks_until()) > self.clock.now():
            await self.clock.until(ends_at)

    def hang_up(self) -> None:
        """Hang up: `stop` is sent with the next frame, then the socket is closed."""
        self.hung_up = True

    def _speaks_until(self) -> float:
        pause = ANSWER_PAUSE_S if self.playout.marked else UNMARKED_PAUSE_S
        return self.playout.ends_at + pause

    async def _pump(self) -> None:
        with suppress(ConnectionClosed):
            while not self.hung_up:
                next_frame = self._opened_at + (self._frame + 1) * FRAME_S
                await self.clock.until(min(next_frame, self.playout.next_due or next_frame))
                now = self.clock.now()
                # In the order of call time, also when this program was delayed.
                await self._send_due_marks(min(now, next_frame))
                if now >= next_frame:
                    self.lag_s = max(self.lag_s, now - next_frame)
                    await self._send_frame(now)
            await self._socket.send(self._messages.stop())
        await self._socket.close()

    async def _send_frame(self, now: float) -> None:
        payload = self._outgoing.popleft() if self._outgoing else SILENT_FRAME
        self._frame += 1
        await self._socket.send(self._messages.media(payload, self._frame * FRAME_MS))
        while self._keys and self._keys[0][0] <= now:
            await self._socket.send(self._messages.dtmf(self._keys.popleft()[1]))

    async def _send_due_marks(self, now: float) -> None:
        for name in self.playout.due(now):
            await self._socket.send(self._messages.mark(name))

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self._socket:
                try:
                    order = parse_message(message, self._messages.stream_sid)
                except Complaint as complaint:
                    self.complaints.append(str(complaint))
                else:
                    await self._handle(order, self.clock.now())

    async def _handle(self, order: ServerMessage, now: float) -> None:
        echoes: tuple[str, ...] = ()
        match order:
            case Media(audio):
                self._receive(audio, now)
            case Mark(name):
                echoes = self.playout.mark(name, now)
            case Clear():
                echoes = self.playout.clear(now)
        for name in echoes:
            await self._socket.send(self._messages.mark(name))

    def _receive(self, audio: bytes, now: float) -> None:
        if self.first_word_s is None:
            self.first_word_s = now - self._started_at
        if self._reply and now >= self._reply[0] and not self._reply[1].done():
            after, arrived = self._reply
            arrived.set_result(Reply(now, overlapped=self.playout.ends_at > after))
        if not self.playout.queue(len(audio), now):
            self.complaints.append("31931: more than ten minutes are queued; media dropped")
