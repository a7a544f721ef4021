"""One connection at the stream port: an HTTP request, which may have a body, then WebSocket.

It is pending from its opening until its `start` is accepted; only then does it take a place, so a
socket that says nothing takes none from a call.

The library parses whatever has arrived at once, up to 256 KiB, answers each ping in it, and refuses
a request with a body. Here it gets the bytes in slices, with a turn of the event loop in between;
pings are counted; a body is kept aside. So one peer holds up the others for no longer than a slice
takes, some milliseconds.
"""

import asyncio
import os
import re
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Protocol, cast

from websockets.asyncio.server import Server, ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State
from websockets.server import ServerProtocol

from voicebot.errors import CallEnded, ProtocolViolation
from voicebot.stream import provider_dialect
from voicebot.stream.paced_reading import PacedReading
from voicebot.stream.provider_dialect import POLICY_VIOLATION, Start, Stop

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform for which the library has no wheel
    from websockets.utils import apply_mask

SLICE_BYTES: Final = 2048
"""At most 341 frames: 6 bytes is the smallest. A provider's frame, of 386, is handed on whole."""
MAX_HEAD_BYTES: Final = 16 * 1024
MAX_BODY_BYTES: Final = 16 * 1024
"""A webhook's form has about one KiB."""
CONTROL_BURST: Final = 50
CONTROLS_PER_S: Final = 5.0
"""Pings and pongs that a peer may send: of a provider one in twenty seconds is expected."""
MAX_PENDING: Final = 256
"""A provider's is pending for milliseconds. Each takes one of a process's (often 1,024) files."""
CLOSE_TIMEOUT_S: Final = 3.0
"""For the whole of closing. The library bounds only its handshake: to a peer that takes nothing
even the close frame cannot be written."""
INTERNAL_ERROR: Final = 1011
BROKEN_PAUSE_S: Final = 1.0
"""The provider brings a broken call back at once; if it breaks again, then not in a hot loop."""
SEND_TIMEOUT_S: Final = 5.0
"""A peer that takes nothing for so long is dead, whatever TCP believes."""
MAX_WAITING: Final = 512
"""Frames of up to 200 ms: far more than any utterance, far less than a runaway voice."""

START_DEADLINE_S: Final = 5.0
"""A provider sends `start` at once; who does not is no provider."""
MAX_BEFORE_START_BYTES: Final = 64 * 1024
"""A provider sends 80 bytes before it."""
FRAME_COST_BYTES: Final = 64
"""Added to a frame's text, so that empty frames count too."""

_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([^\r\n]*?)[ \t]*(?=\r\n|$)", re.I)
_LENGTH_DIGITS: Final = re.compile(rb"[0-9]{1,9}")
_CODING: Final = re.compile(rb"\r\ntransfer-encoding:", re.I)
_TEXT: Final = b"\x81\xfe"
"""RFC 6455, 5.2: a whole message of text, masked, whose length is in the next two bytes; then come
four of the mask."""
_CONTROLS: Final = (Opcode.PING, Opcode.PONG)


class PendingConnections:
    """The connections without a call, oldest first; at most `limit` of them."""

    def __init__(self, limit: int = MAX_PENDING) -> None:
        self._limit = limit
        self._addresses: dict[asyncio.Transport, str] = {}

    def add(self, transport: asyncio.Transport, address: str) -> None:
        """Add a new connection; at the limit drop the oldest of the address that has most.

        A provider's `start` follows its opening at once, so it is not the oldest.
        """
        if len(self._addresses) >= self._limit:
            ((crowd, _),) = Counter(self._addresses.values()).most_common(1)
            oldest = next(t for t, address in self._addresses.items() if address == crowd)
            self.remove(oldest)
            oldest.abort()
        self._addresses[transport] = address

    def remove(self, transport: asyncio.Transport) -> None:
        """Forget a connection: its call begins, or it is closed. Harmless when done twice."""
        self._addresses.pop(transport, None)


class StreamConnection(ServerConnection):
    """One connection: what it may send is bounded, and it shares the event loop with the others."""

    def __init__(
        self,
        pending: PendingConnections,
        reading: PacedReading,
        protocol: ServerProtocol,
        server: Server,
        **options: Any,
    ) -> None:
        super().__init__(protocol, server, **options)
        self.body = b""
        """Of the request."""
        self._pending = pending
        self._reading = reading
        self._file = -1  # of the socket, while it is read with those of the other calls
        self._take: Callable[[list[str]], None] | None = None
        self._request: bytearray | None = bytearray()
        self._unread = bytearray()
        self._turn: asyncio.Handle | None = None
        self._controls = float(CONTROL_BURST)
        self._controls_at = self.loop.time()

    @property
    def peer(self) -> str:
        """The other end's address of TCP; a header can be forged."""
        address = self.remote_address
        return str(address[0]) if address else ""

    def begin_call(self) -> None:
        """Count it as pending no longer: its `start` was accepted."""
        self._pending.remove(self.transport)

    def deliver_to(self, take: Callable[[list[str]], None] | None) -> None:
        """Read together with the other calls from now on, and give `take` the texts of a reading,
        unless earlier ones wait for `recv`. None: no longer, as at the end of a call, whose close
        is awaited."""
        self._take = take
        if take is None:
            self._read_by_the_loop()
        elif self.state is State.OPEN and not self.transport.get_extra_info("ssl_object"):
            self._file = self.transport.get_extra_info("socket").fileno()
            self.transport.pause_reading()
            self._reading.join(self)

    def read_now(self) -> None:
        """Read what has come. The end is left to the event loop, which knows all kinds of it."""
        if self._file < 0 or self._unread or self.recv_messages.paused:
            return
        try:
            data = os.read(self._file, SLICE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._read_by_the_loop()
            return
        if rest := self._deliver(data):
            super().data_received(rest)
        if len(data) == SLICE_BYTES:  # there is more
            self.loop.call_soon(self.read_now)

    def _read_by_the_loop(self) -> None:
        self._file = -1
        self._reading.leave(self)
        if not self._unread and not self.recv_messages.paused:
            self.transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection as pending; called by the loop."""
        super().connection_made(transport)
        self.recv_messages.resume = self._take_turn
        self._pending.add(self.transport, self.peer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop what was not read yet; called by the loop."""
        self._file = -1
        self._reading.leave(self)
        self._unread.clear()
        self._pending.remove(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass a slice on now, and the others in later turns of the loop."""
        if not self._unread and len(data) <= SLICE_BYTES:
            self._hand_over(data)
            return
        self.transport.pause_reading()
        self._unread += data
        self._take_turn()

    def process_event(self, event: Event) -> None:
        """Take one frame from the library; drop a peer that sends too many pings or pongs."""
        super().process_event(event)
        if isinstance(event, Frame) and event.opcode in _CONTROLS and not self._may_ping():
            self._unread.clear()
            self.transport.abort()

    def _take_turn(self) -> None:
        if self._turn is None:
            self._turn = self.loop.call_soon(self._next_slice)

    def _next_slice(self) -> None:
        self._turn = None
        if self.recv_messages.paused:  # it calls `resume` when its queue has room again
            return
        if piece := bytes(self._unread[:SLICE_BYTES]):
            del self._unread[:SLICE_BYTES]
            self._hand_over(piece)
        if self._unread:
            self._take_turn()
        elif self._file >= 0:
            self.read_now()
        elif not self.recv_messages.paused:
            self.transport.resume_reading()

    def _hand_over(self, data: bytes) -> None:
        if self._request is not None:
            self._request += data
            data = self._whole_request(self._request)
            if data:
                self._request = None
                super().data_received(data)
        elif self.state is not State.CONNECTING and (data := self._deliver(data)):
            super().data_received(data)  # before our answer there is nothing to say

    def _deliver(self, data: bytes) -> bytes:
        """Deliver the whole texts that `data` begins with; return what is left for the library.

        It takes frames of all kinds apart, in pieces of any size, and wakes up the task that waits
        for one: eight times the work, for what nearly always comes whole and of one kind.
        """
        protocol = self.protocol
        if self._take is None or protocol.state is not State.OPEN:
            return data
        if protocol.reader.buffer or protocol.current_size is not None or self.recv_messages.frames:
            return data
        texts: list[str] = []
        while data.startswith(_TEXT) and len(data) >= (end := 8 + int.from_bytes(data[2:4])) > 8:
            try:
                texts.append(apply_mask(data[8:end], data[4:8]).decode())
            except UnicodeDecodeError:  # the library says why
                break
            data = data[end:]
        if texts:
            self._take(texts)
        return data

    def _whole_request(self, begun: bytearray) -> bytes:
        """Return the request, less its body; empty while it is not whole, or when it is refused."""
        head, end, body = bytes(begun).partition(_END)
        if len(head) > MAX_HEAD_BYTES:
            return self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if not end:
            return b""
        lengths = set(_LENGTH.findall(head)) or {b"0"}
        if _CODING.search(head):
            return self._refuse(HTTPStatus.LENGTH_REQUIRED)
        if len(lengths) > 1 or not all(map(_LENGTH_DIGITS.fullmatch, lengths)):
            return self._refuse(HTTPStatus.BAD_REQUEST)
        length = int(lengths.pop())
        if length > MAX_BODY_BYTES:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if len(body) < length:
            return b""
        self.body = body[:length]
        return _LENGTH.sub(b"", head) + end

    def _refuse(self, status: HTTPStatus) -> bytes:
        """Say why; what still comes is thrown away."""
        self._request = None
        self.protocol.send_response(self.protocol.reject(status, f"{status.phrase}\n"))
        self.send_data()
        return b""

    def _may_ping(self) -> bool:
        now = self.loop.time()
        regained = (now - self._controls_at) * CONTROLS_PER_S
        self._controls = min(CONTROL_BURST, self._controls + regained) - 1
        self._controls_at = now
        return self._controls >= 0


def open_connections() -> type[ServerConnection]:
    """Return what makes the connections of one server."""
    # The library takes any factory, and names only the type.
    made = partial(StreamConnection, PendingConnections(), PacedReading())
    return cast(type[ServerConnection], made)


class Socket(Protocol):
    """A session's connection; `recv` and `send` raise ConnectionClosed.

    After `deliver_to` texts come there, or to `recv`, in their order.
    """

    @property
    def transport(self) -> asyncio.Transport: ...

    async def recv(self) -> str | bytes: ...

    def deliver_to(self, take: Callable[[list[str]], None] | None) -> None: ...

    async def send(self, message: str) -> None: ...

    async def close(self, code: int, reason: str = "") -> None: ...


async def read_start(socket: Socket) -> Start:
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
                event = provider_dialect.read(frame)
                if isinstance(event, Start):
                    return event
                if isinstance(event, Stop):
                    raise ProtocolViolation("stop before start", code=POLICY_VIOLATION)
    except TimeoutError:
        raise ProtocolViolation("no start frame in time", code=POLICY_VIOLATION) from None
    raise ProtocolViolation("too much before the start frame", code=POLICY_VIOLATION)


async def close_socket(socket: Socket, code: int, reason: str = "") -> None:
    """Say goodbye, for a bounded time; then it is closed in any case. A failure of ours is told a
    little later: see BROKEN_PAUSE_S."""
    if code == INTERNAL_ERROR:
        await asyncio.sleep(BROKEN_PAUSE_S)
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await socket.close(code, reason)
    except ConnectionClosed:
        pass
    except TimeoutError:
        socket.transport.abort()


class Outbox:
    """The one writer of a call's socket: keeps the order, bounds every send, can be emptied."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._frames: deque[tuple[str, Callable[[], None] | None]] = deque()
        self._filled, self._drained = asyncio.Event(), asyncio.Event()
        self._closed = False

    async def room(self) -> None:
        """Wait while very many frames are waiting. Raises CallEnded without a socket."""
        while len(self._frames) >= MAX_WAITING and not self._closed:
            self._drained.clear()
            await self._drained.wait()
        if self._closed:
            raise CallEnded("the caller's socket takes nothing any more")

    def put(self, text: str, when_sent: Callable[[], None] | None = None) -> None:
        """Queue a frame, without waiting for room; dropped without a socket."""
        if not self._closed:
            self._frames.append((text, when_sent))
            self._filled.set()

    def replace_all(self, text: str) -> None:
        """Throw away what was not sent yet; send this instead."""
        self._frames.clear()
        self._drained.set()
        self.put(text)

    async def run(self, gone: Callable[[], None]) -> None:
        """Send until cancelled; `gone` is told when the socket takes nothing any more."""
        try:
            while True:
                while not self._frames:
                    self._filled.clear()
                    await self._filled.wait()
                text, when_sent = self._frames.popleft()
                self._drained.set()
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._socket.send(text)
                if when_sent is not None:
                    when_sent()
        except (ConnectionClosed, TimeoutError):
            gone()
        finally:
            self._closed = True
            self._frames.clear()
            self._drained.set()  # who waits for room must not wait for ever
