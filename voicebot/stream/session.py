"""One call: one socket, one ledger, one conversation, around the pure `machine`.

    reader  ──frames──► dialect ──► listener ──events──► machine ──effects──► session
                                                            ▲                    │
    conversation (handed in) ──hear, say──► speaker ──events┘    writer ◄── outbox ┘

The session performs effects and decides nothing. The reader never waits for anything but the
socket. The conversation is never cancelled because the socket is gone: it learns that from `hear`
and `say`, so a commit under way is finished.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from contextvars import copy_context
from enum import Enum
from functools import partial
from typing import Final, TypeVar

from websockets.exceptions import ConnectionClosed

from voicebot.call import Change, Phase, StaffCommand, Status
from voicebot.collect.events import Expectation, Hearing, TimeUp
from voicebot.errors import CallEnded, Fenced, ProtocolViolation, SpeechUnavailable
from voicebot.log import get_logger
from voicebot.openai import fillers, meter, note_bill
from voicebot.speech import SttStream
from voicebot.stream import events as ev
from voicebot.stream import metrics, provider_dialect
from voicebot.stream.connection import (
    FRAME_COST_BYTES,
    INTERNAL_ERROR,
    Outbox,
    Socket,
    close_socket,
)
from voicebot.stream.dependencies import CallDependencies, OpenLedger
from voicebot.stream.echo import SentAudio
from voicebot.stream.latency import CallTelemetry
from voicebot.stream.listening import Listener
from voicebot.stream.machine import CallMachine
from voicebot.stream.metrics import Outcome
from voicebot.stream.playback import pieces
from voicebot.stream.provider_dialect import Audio, Digit, Event, Malformed, Mark, Start, Stop
from voicebot.stream.relay import Relay
from voicebot.stream.speaking import Speaker
from voicebot.stream.state import CallState
from voicebot.stream.watchdog import call_is_stuck, line_is_dead
from voicebot.telemetry import Heard, TurnBegan, TurnDropped, Waited

YIELD_AFTER_BYTES: Final = 8192
"""Of frames that wait already (a stall of the line, or a flood): then the other calls' turn.
Reading them does not wait, so nobody else would be served until the last one."""
GOODBYE_S: Final = 60.0
"""After the longest permitted call: time to say goodbye, then it is closed."""

NORMAL: Final = 1000

Given = TypeVar("Given")

_log = get_logger("voicebot.stream.session")


class Leaving(Enum):
    """The provider's way of leaving."""

    STOPPED = "stopped"
    LOST = "lost"


class Session:
    """One call, from its `start` to its last word. `run` is called once."""

    def __init__(
        self,
        socket: Socket,
        start: Start,
        ledger: OpenLedger,
        dependencies: CallDependencies,
        telemetry: CallTelemetry,
    ) -> None:
        self._socket = socket
        self._start = start
        self._dependencies = dependencies
        self._telemetry = telemetry
        self._ledger = ledger
        ledger.observe(telemetry.committed)
        self._detector = found = dependencies.detector(self._guarded(self._hear_window))
        self._machine = machine = CallMachine(
            CallState(
                found.window_ms,
                found.decisive,
                dependencies.language,
                dependencies.fillers,
                dependencies.backchannels,
            ),
            lambda: ev.Now(dependencies.stopwatch(), dependencies.clock()),
            self._perform,
        )
        self._outbox = Outbox(socket)
        self._sent = SentAudio()
        publish = partial(dependencies.relay, start.call_sid)
        self.relay = Relay(self._sent, publish, dependencies.stopwatch)
        self._speaker = Speaker(
            machine, self._outbox, dependencies.synthesizer, dependencies.fixed, telemetry.tell
        )
        self._oddities: Counter[str] = Counter()
        self._commands: set[str] = set()
        self._leaving: Leaving | None = None
        self._loop = asyncio.get_running_loop()
        self._frame_at = self._loop.time()
        self._aside: asyncio.Task[None] | None = None
        self._timers: dict[ev.Timer, asyncio.TimerHandle] = {}
        self._answer: asyncio.Future[Hearing | ev.Resume | ev.Over] = self._loop.create_future()
        self._fault: asyncio.Future[None] = self._loop.create_future()
        self._farewell_played = asyncio.Event()
        self._progress = asyncio.timeout(None)

    async def run(self) -> None:
        """Hold the call. When this returns, all is awaited, ledger and socket are closed.

        The ledger first: when the socket closes the provider asks the webhook at once, and that
        reads from the record whether the call is over. Raises nothing but cancellation and
        programming errors.
        """
        # The stream is closed last: the provider waits for no vendor.
        async with self._dependencies.stt.open() as stream:
            code = INTERNAL_ERROR
            try:
                code = await self._hold_call(stream)
            finally:
                try:
                    await note_bill(meter(), self._ledger)
                    await self._ledger.close()
                finally:
                    await close_socket(self._socket, code)
                if self._oddities:
                    _log.info("odd_frames", call=self._start.call_sid, **self._oddities)

    def supersede(self) -> None:
        """End quietly, without another word: a newer stream carries this call."""
        self._machine.handle(ev.Over(Fenced("a newer stream carries this call")))

    def command(self, command: StaffCommand) -> None:
        """Have the conversation do what a member of staff asks, between its turns.

        The same command may come more than once, and also when it was obeyed.
        """
        if command.id not in self._commands:
            self._commands.add(command.id)
            self._machine.handle(command)

    async def _hold_call(self, stream: SttStream) -> int:
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._listener = Listener(
                self._machine,
                stream,
                group,
                self._sent,
                self.relay,
                self._dependencies.stopwatch,
            )
            helpers = [
                group.create_task(self._read()),
                group.create_task(self._watch_line()),
                group.create_task(self._outbox.run(lambda: self._leave(Leaving.LOST))),
                group.create_task(self._watch_length()),
                group.create_task(self._watch_progress()),
                group.create_task(self._watch_faults()),
            ]
            try:
                code = await self._converse()
            finally:
                self._detector.close()
            self._machine.handle(ev.Over(CallEnded("the conversation is over")))
            for timer in self._timers.values():
                timer.cancel()
            if self._aside is not None:
                self._aside.cancel()
            for helper in helpers:
                helper.cancel()
        return code

    # -- the machine's effects -----------------------------------------------------------

    def _perform(self, effect: ev.Effect) -> None:
        stream_sid = self._start.stream_sid
        match effect:
            case ev.Feed() | ev.Follow() | ev.Transcribe() | ev.DropTranscription():
                self._listener.perform(effect)
            case ev.Play():
                self._play(effect)
            case Mark(name):
                self._outbox.put(provider_dialect.mark(stream_sid, name))
            case ev.Command.CLEAR:
                self._outbox.replace_all(provider_dialect.clear(stream_sid))
                self._sent.clear(self._dependencies.stopwatch())
            case ev.Command.END_FAREWELL:
                self._farewell_played.set()
            case ev.SetTimer(timer, seconds):
                self._set_timer(timer, seconds)
            case ev.SayFiller(sentence):
                fillers.inc()
                self._say_aside(self._speaker.filler(sentence))
            case ev.SayBackchannel(sentence):
                self._say_aside(self._speaker.backchannel(sentence))
            case Phase():
                self._dependencies.announce(self._start.call_sid, effect)
            case ev.Settled(command, refused):
                outcome = {"command": command.id, "kind": command.kind, "refused": refused}
                _log.info("staff_command_settled", call=self._start.call_sid, **outcome)
                self._dependencies.settle(self._start.call_sid, command, refused)
            case TurnBegan() | TurnDropped() | Waited() | Heard():
                self._telemetry.tell(effect)
            case _:
                if not self._answer.done():  # cancelled: the call is broken, and ends
                    self._answer.set_result(effect)

    def _play(self, play: ev.Play) -> None:
        if not play.filler:
            metrics.queued(play.mulaw, play.late_s)
        self._sent.play(play.mulaw, self._dependencies.stopwatch())
        when_sent = self._first_frame_sent if play.first else None
        for piece in pieces(play.mulaw):
            self._outbox.put(provider_dialect.audio(self._start.stream_sid, piece), when_sent)

    def _first_frame_sent(self) -> None:
        self._telemetry.first_frame(self._dependencies.stopwatch())
        self._machine.handle(ev.Signal.FIRST_FRAME_SENT)

    def _set_timer(self, timer: ev.Timer, seconds: float | None) -> None:
        if (handle := self._timers.pop(timer, None)) is not None:
            handle.cancel()
        if seconds is not None:
            self._timers[timer] = self._loop.call_later(seconds, self._machine.handle, timer)

    def _say_aside(self, synthesis: Coroutine[None, None, None]) -> None:
        """Synthesise what is no part of an utterance, in place of what was begun before."""
        if self._aside is not None:
            self._aside.cancel()
        self._aside = self._group.create_task(synthesis)

    # -- the conversation ----------------------------------------------------------------

    async def _hear(self, expectation: Expectation) -> Hearing:
        """Return the caller's next words or keys, or that there were none.

        Raises what ended the call, once everything before that was heard; SpeechUnavailable when
        an interrupted sentence was to go on and there is no voice.
        """
        self._answer = self._loop.create_future()
        self._machine.handle(expectation)
        while True:
            match await self._answer:
                case ev.Over(why):
                    raise why
                case ev.Resume(first, known):
                    self._answer = self._loop.create_future()
                    await self._speaker.resume(first, known)
                case hearing:
                    return hearing

    async def _converse(self) -> int:
        """Hold the conversation; return how the socket is to be closed after it."""
        try:
            async with self._progress:
                await self._dependencies.converse(self._ledger, self._hear, self._speaker.say)
                self._machine.handle(ev.Signal.FAREWELL_BEGAN)
                await self._farewell_played.wait()
            self._machine.handle(ev.Signal.CALL_ENDED)
        except TimeoutError:
            if not self._progress.expired():
                raise
            return INTERNAL_ERROR
        except CallEnded:
            await self._note_hangup()
        except Fenced:
            self._telemetry.outcome = Outcome.TAKEN_OVER
            _log.info("call_taken_over", call=self._start.call_sid)
        except SpeechUnavailable as error:
            _log.error("no_voice", call=self._start.call_sid, error=error)
            return INTERNAL_ERROR
        return NORMAL

    async def _note_hangup(self) -> None:
        """Mark a call as abandoned if its caller hung up; a lost socket may come back."""
        if self._leaving is Leaving.STOPPED:
            self._machine.handle(ev.Signal.CALL_ENDED)
        if self._leaving is Leaving.STOPPED and self._telemetry.is_open:
            try:
                await self._ledger.commit(Change(status=Status.ABANDONED))
            except Fenced:
                self._telemetry.outcome = Outcome.TAKEN_OVER

    # -- the socket ----------------------------------------------------------------------

    async def _read(self) -> None:
        self._socket.deliver_to(self._guarded(self._take_frames))
        try:
            since_yield = 0
            while self._leaving is None:
                frame = await self._socket.recv()
                self._take_frames((frame,))
                since_yield += len(frame) + FRAME_COST_BYTES
                if since_yield >= YIELD_AFTER_BYTES:
                    since_yield = 0
                    await asyncio.sleep(0)
        except ConnectionClosed:
            self._leave(Leaving.LOST)
        finally:
            self._socket.deliver_to(None)

    def _take_frames(self, frames: Iterable[str | bytes]) -> None:
        """Take frames in their order; audio that is in one piece is heard in one."""
        self._frame_at = self._loop.time()
        track: list[bytes] = []
        for frame in frames:
            if self._leaving is not None:
                return
            try:
                event = provider_dialect.read(frame)
            except ProtocolViolation as error:  # a second start that is even wrong
                self._take(track, Malformed(str(error)))
                self._leave(Leaving.LOST)
                return
            if isinstance(event, Audio):  # fifty a second
                track.append(event.mulaw)
            else:
                self._take(track, event)
        self._hear_track(track)

    def _hear_track(self, track: list[bytes]) -> None:
        if mulaw := b"".join(track):
            self._listener.add(mulaw)
            self._detector.feed(mulaw)
            track.clear()

    def _take(self, track: list[bytes], event: Event) -> None:
        """Take the track before an event, and the event."""
        self._hear_track(track)
        match event:
            case Mark() | Digit():
                self._machine.handle(event)
            case Stop():
                self._leave(Leaving.STOPPED)
            case _:
                kind = type(event).__name__.lower()
                self._oddities[kind] += 1
                if self._oddities[kind] == 1:
                    _log.info("odd_frame", call=self._start.call_sid, kind=kind)

    def _hear_window(self, probability: float) -> None:
        self._listener.hear(probability)

    def _guarded(self, take: Callable[[Given], None]) -> Callable[[Given], None]:
        """Return `take` for callers outside this call's tasks, who have other calls to serve.

        It runs in this call's context: what it logs and pays for is this call's.
        """
        context = copy_context()

        def guarded(given: Given) -> None:
            try:
                context.run(take, given)
            except Exception as error:  # noqa: BLE001 - it ends this call, in `_watch_faults`
                if not self._fault.done():
                    self._fault.set_exception(error)

        return guarded

    async def _watch_faults(self) -> None:
        """Raise what went wrong outside this call's tasks."""
        await self._fault

    async def _watch_line(self) -> None:
        await line_is_dead(lambda: self._frame_at)
        self._leave(Leaving.LOST)

    async def _watch_progress(self) -> None:
        """Free the call of a conversation that hangs; the provider brings it to another server."""
        await call_is_stuck(self._machine)
        _log.error("call_stuck", call=self._start.call_sid, waits=self._machine.state.waits.value)
        self._progress.reschedule(self._loop.time())

    async def _watch_length(self) -> None:
        await asyncio.sleep(self._dependencies.max_call_s)
        self._machine.handle(TimeUp())
        await asyncio.sleep(GOODBYE_S)
        self._leave(Leaving.LOST)

    def _leave(self, how: Leaving) -> None:
        if self._leaving is None:
            self._leaving = how
            self._detector.flush()
            self._machine.handle(ev.Signal.CALLER_GONE)
