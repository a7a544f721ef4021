"""One call: one socket, one ledger, one conversation.

    reader  ──frames──► dialect ──events──► listener (voice activity, turns, transcription)
                                             │ hear                       ▲ interrupts
    conversation (handed in) ────────────────┤                            │
                                             │ say                        │
    writer  ◄──frames── outbox ◄──────────── speaker (synthesis, marks) ◄─┘

The reader never waits for anything but the socket. The conversation is never cancelled because
the socket is gone: it learns that from `hear` and `say`, so a commit under way is finished.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import Final, Protocol

from websockets.exceptions import ConnectionClosed

from voicebot.call import CallSid, Change, Ledger, Phase, Status
from voicebot.collect.collector import Hear, SayAloud
from voicebot.errors import CallEnded, Fenced, ProtocolViolation, SpeechUnavailable
from voicebot.log import get_logger
from voicebot.speech import SpeechToText, SttStream, Synthesizer, VoiceDetector
from voicebot.stream.connection import INTERNAL_ERROR, Outbox, Socket
from voicebot.stream.dialect import Audio, Dialect, Digit, Event, Malformed, Mark, Start, Stop
from voicebot.stream.filling import Filler, FillerPhrases
from voicebot.stream.listening import Listener
from voicebot.stream.measure import Measure, TimedPen, TurnTimer
from voicebot.stream.metrics import Outcome
from voicebot.stream.speaking import BeforeFirstFrame, Clock, Line, Opening, Speaker

START_DEADLINE_S: Final = 5.0
"""A provider sends `start` at once; who does not is no provider."""
MAX_BEFORE_START_BYTES: Final = 64 * 1024
"""A provider sends 80 bytes before it."""
FRAME_COST_BYTES: Final = 64
"""What a frame counts beside its text, so that empty ones count too."""
LIVENESS_S: Final = 10.0
"""Media flows fifty times a second, also in silence: so long without any is a dead line."""
YIELD_AFTER_BYTES: Final = 8192
"""Of frames that wait already (a stall of the line, or a flood): then the other calls' turn.
Reading them does not wait, so nobody else would be served until the last one."""
GOODBYE_S: Final = 60.0
"""After the longest permitted call: time to say goodbye, then it is cut."""

NORMAL: Final = 1000
POLICY_VIOLATION: Final = 1008

_log = get_logger("voicebot.stream.session")

Conversation = Callable[[Ledger, Hear, SayAloud], Awaitable[object]]
"""Holds the conversation to its end; raises what `hear`, `say` and the ledger raise."""


class OpenLedger(Ledger, Protocol):
    """A ledger that is closed at the end of its call."""

    async def close(self) -> None: ...


Announce = Callable[[CallSid, Phase], Awaitable[None]]
"""Tells live watchers what the bot is doing; must not wait for anything."""


def utc_now() -> datetime:
    """The clock of the record."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDependencies:
    """What a call works with; the same for all calls of a worker.

    fixed  sentences whose audio the synthesizer has in its cache
    """

    stt: SpeechToText
    synthesizer: Synthesizer
    detector: Callable[[], VoiceDetector]
    fixed: Collection[str] = frozenset()
    """Sentences that the synthesizer has at hand."""
    converse: Conversation
    announce: Announce | None = None
    fillers: FillerPhrases | None = None
    language: str = "en"
    max_call_s: float = 900.0
    clock: Clock = utc_now


class Leaving(Enum):
    """How the provider left."""

    STOPPED = "stopped"
    LOST = "lost"


async def read_start(socket: Socket, dialect: Dialect) -> Start:
    """Wait for the frame that binds the stream to a call.

    Raises ProtocolViolation when it does not come in time or after too much else, ConnectionClosed
    when nobody is there.
    """
    left_bytes = MAX_BEFORE_START_BYTES
    try:
        async with asyncio.timeout(START_DEADLINE_S):
            while left_bytes > 0:
                frame = await socket.recv()
                left_bytes -= len(frame) + FRAME_COST_BYTES
                event = dialect.read(frame)
                if isinstance(event, Start):
                    return event
                if isinstance(event, Stop):
                    raise ProtocolViolation("stop before start", code=POLICY_VIOLATION)
    except TimeoutError:
        raise ProtocolViolation("no start frame in time", code=POLICY_VIOLATION) from None
    raise ProtocolViolation("too much before the start frame", code=POLICY_VIOLATION)


class Session:
    """One call, from its `start` to its last word. `run` is called once."""

    def __init__(
        self,
        socket: Socket,
        dialect: Dialect,
        start: Start,
        ledger: OpenLedger,
        dependencies: CallDependencies,
        measure: Measure,
    ) -> None:
        self._socket = socket
        self._dialect = dialect
        self._start = start
        self._dependencies = dependencies
        self._measure = measure
        self._ledger = ledger
        self._pen = TimedPen(ledger, measure)
        self._outbox = Outbox(socket)
        self._oddities: Counter[str] = Counter()
        self._leaving: Leaving | None = None
        self._listener: Listener | None = None
        self._phase: Phase | None = None
        self._frame_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Hold the call. When this returns, all is awaited, ledger and socket are closed.

        The ledger first: when the socket closes the provider asks the webhook at once, and that
        reads from the record whether the call is over. Raises nothing but cancellation and
        programming errors.
        """
        async with (
            self._dependencies.stt.open() as stream
        ):  # closed last: the provider waits for no vendor
            await self._run(stream)

    async def _run(self, stream: SttStream) -> None:
        code = INTERNAL_ERROR
        try:
            code = await self._hold_call(stream)
        finally:
            try:
                await self._ledger.close()
            finally:
                await self._socket.close(code)
            if self._oddities:
                _log.info("odd_frames", call=self._start.call_sid, **self._oddities)

    def supersede(self) -> None:
        """A newer stream carries this call: end quietly, without another word."""
        if self._listener is not None:
            self._listener.close(Fenced("a newer stream carries this call"))

    async def _hold_call(self, stream: SttStream) -> int:
        code = INTERNAL_ERROR
        async with asyncio.TaskGroup() as group:
            timer = TurnTimer(self._measure)
            line = Line(self._outbox, self._dialect, self._start.stream_sid)
            dependencies = self._dependencies
            speaker = Speaker(
                line, dependencies.synthesizer, dependencies.clock, timer, dependencies.fixed
            )
            listener = self._listener = self._new_listener(group, stream, speaker, timer)
            filler = self._new_filler(group, speaker, listener)
            if filler is not None:
                timer.tell(filler)
            helpers = [
                group.create_task(self._read(listener, speaker)),
                group.create_task(self._watch_line(listener, speaker)),
                group.create_task(self._write(listener, speaker)),
                group.create_task(self._watch_length(listener, speaker)),
            ]
            code = await self._converse(listener, speaker)
            listener.close(CallEnded("the conversation is over"))
            if filler is not None:
                filler.end()
            for helper in helpers:
                helper.cancel()
        return code

    def _new_listener(
        self, group: asyncio.TaskGroup, stream: SttStream, speaker: Speaker, timer: TurnTimer
    ) -> Listener:
        dependencies = self._dependencies
        return Listener(
            group,
            stream,
            dependencies.detector(),
            speaker,
            dependencies.clock,
            timer,
            dependencies.language,
        )

    def _new_filler(
        self, group: asyncio.TaskGroup, speaker: Speaker, listener: Listener
    ) -> Filler | None:
        phrases = self._dependencies.fillers
        return Filler(group, speaker, phrases, listener.caller_speaks) if phrases else None

    async def _converse(self, listener: Listener, speaker: Speaker) -> int:
        """The conversation, and how the socket is to be closed after it."""
        say = partial(_say, speaker, listener)
        try:
            await self._dependencies.converse(self._pen, listener.hear, say)
            await speaker.finish()
        except CallEnded:
            await self._note_hangup()
        except Fenced:
            self._measure.outcome = Outcome.TAKEN_OVER
            _log.info("call_taken_over", call=self._start.call_sid)
        except SpeechUnavailable as error:
            _log.error("no_voice", call=self._start.call_sid, error=error)
            return INTERNAL_ERROR
        return NORMAL

    async def _note_hangup(self) -> None:
        """A caller who hung up before the end is `abandoned`; a lost socket may come back."""
        if self._leaving is Leaving.STOPPED and self._pen.is_open:
            with suppress(Fenced):
                await self._pen.commit(Change(status=Status.ABANDONED))

    async def _read(self, listener: Listener, speaker: Speaker) -> None:
        try:
            loop, since_yield = asyncio.get_running_loop(), 0
            while self._leaving is None:
                frame = await self._socket.recv()
                self._frame_at = loop.time()
                self._take(self._dialect.read(frame), listener, speaker)
                await self._tell_phase(listener, speaker)
                since_yield += len(frame) + FRAME_COST_BYTES
                if since_yield >= YIELD_AFTER_BYTES:
                    since_yield = 0
                    await asyncio.sleep(0)
        except ConnectionClosed:
            self._leave(Leaving.LOST, listener, speaker)
        except ProtocolViolation as error:  # a second start that is even wrong
            self._count(Malformed(str(error)))
            self._leave(Leaving.LOST, listener, speaker)

    async def _watch_line(self, listener: Listener, speaker: Speaker) -> None:
        """One sleeper a call: a timer for each of fifty frames a second costs as much as reading
        them."""
        loop = asyncio.get_running_loop()
        while (left_s := self._frame_at + LIVENESS_S - loop.time()) > 0:  # noqa: ASYNC110, no event
            await asyncio.sleep(left_s)
        self._leave(Leaving.LOST, listener, speaker)

    def _take(self, event: Event, listener: Listener, speaker: Speaker) -> None:
        match event:
            case Audio(mulaw):
                listener.on_audio(mulaw)
            case Mark(name):
                speaker.on_mark(name)
            case Digit(key):
                listener.on_key(key)
            case Stop():
                self._leave(Leaving.STOPPED, listener, speaker)
            case _:
                self._count(event)

    async def _tell_phase(self, listener: Listener, speaker: Speaker) -> None:
        if self._dependencies.announce is None:
            return
        if speaker.is_heard:
            phase = Phase.SPEAKING
        else:
            phase = Phase.LISTENING if listener.awaits_caller else Phase.THINKING
        if phase is not self._phase:
            self._phase = phase
            await self._dependencies.announce(self._start.call_sid, phase)

    def _count(self, event: Event) -> None:
        kind = type(event).__name__.lower()
        self._oddities[kind] += 1
        if self._oddities[kind] == 1:
            _log.info("odd_frame", call=self._start.call_sid, kind=kind)

    async def _write(self, listener: Listener, speaker: Speaker) -> None:
        await self._outbox.run()
        self._leave(Leaving.LOST, listener, speaker)

    async def _watch_length(self, listener: Listener, speaker: Speaker) -> None:
        await asyncio.sleep(self._dependencies.max_call_s)
        listener.time_up()
        await asyncio.sleep(GOODBYE_S)
        self._leave(Leaving.LOST, listener, speaker)

    def _leave(self, how: Leaving, listener: Listener, speaker: Speaker) -> None:
        if self._leaving is None:
            self._leaving = how
            speaker.end()
            listener.end(CallEnded("the caller is gone"))


async def _say(
    speaker: Speaker, listener: Listener, text: str, before_first_frame: BeforeFirstFrame
) -> None:
    await speaker.say(text, Opening(before_first_frame, listener.on_bot_starts))
