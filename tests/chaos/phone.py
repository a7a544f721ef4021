"""A caller and the phone company in one: asks the webhook, holds the stream, answers questions.

It does not wait in real time: a sentence is played as soon as it came, its mark goes back at
once, and the answer follows. What was heard is read from the audio itself.
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from http.client import HTTPException
from random import Random
from urllib.error import HTTPError
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.chaos.letters import LetterEar, sound
from tests.chaos.rebookings import WISHES
from voicebot.error_texts import open_directly
from voicebot.g711 import FRAME_BYTES, FRAME_MS, SILENCE
from voicebot.simulators.phone import (
    CALLED,
    Clear,
    Connect,
    Dial,
    Hangup,
    Mark,
    Media,
    Messages,
    Pause,
    Redirect,
    Verb,
    parse_message,
    parse_twiml,
)

SAYINGS = {
    "name": ("My name is Robin Carter.", "My name is Emma Wilson.", "My name is Daniel Brown."),
    "phone": ("0412 345 678", "0412 345 679", "0491 570 156"),
    "address": ("27 George Street, Parramatta.", "15 Church Street, Windsor."),
    "email": ("robin at example.com", "emma at example.com"),
    "service": ("Cleaning.", "Gardening.", "Plumbing."),
    "time": ("Wednesday at half past nine in the morning.", "Friday at two in the afternoon."),
    "yes": ("Yes.",),
}
NO = "No."
EVERYTHING_SAID = [NO, *WISHES, *(text for texts in SAYINGS.values() for text in texts)]

QUESTIONS = (
    ("yes", re.compile(r"(?i)that (all )?right|right now\?|yes or no|shall (I|we)|ending in")),
    ("yes", re.compile(r"So (it's|that's) [^?]*\?$")),
    ("more", re.compile(r"anything (else|more)|[Aa]nything else")),
    ("name", re.compile(r"your name|first and last name")),
    ("phone", re.compile(r"best number|phone number|digit by digit|keypad")),
    ("address", re.compile(r"the address|number and the street|suburb")),
    ("email", re.compile(r"e-mail|at sign")),
    ("service", re.compile(r"do for you|[Ww]hich service|one of these")),
    ("time", re.compile(r"When would|day and time|what's free|[Ww]hich (suits|one|day)|hat time")),
)
"""The wants of the bot's sentences; the last one of a turn counts."""
FAREWELL = re.compile(r"Goodbye!$")

NO_SHARE = 0.1
"""So often a caller finds the read-back wrong and says something else."""
GAP_S = 0.03
"""So long without a sound, and the bot has finished."""
REPEAT_S = 2.0
"""A caller who gets no answer says it again."""
_RETRY_S = 0.1
_PAUSE_FRAMES = 3
_PAUSE_SHARE = 0.1
"""A <Pause> of the phone company lasts so much of its length here."""


class Cut(StrEnum):
    """The moments at which a line may be gone, seen from the caller."""

    ASKED = "while the bot speaks"
    SPEAKING = "while the caller speaks"
    SPOKEN = "when the caller has spoken"


@dataclass
class Phone:
    """One caller and his call. `place` returns when the call is over."""

    call_sid: str
    number: str
    random: Random
    choose_place: Callable[[], tuple[str, int]]
    thinks_s: float = 0.0
    """At most so long, before each answer."""
    said: dict[str, str] = field(default_factory=dict)
    """The last answer to each question."""
    heard: list[str] = field(default_factory=list)
    """Every sentence of the bot."""
    streams: int = 0
    cut_at: tuple[str, Cut] | None = None
    """The line is gone when this is asked; once."""
    wish: str | None = None
    """Said in place of the first answer."""
    name: str | None = None
    """The name that one gives who rings again."""
    _hang_up: bool = False
    _double: asyncio.Event = field(default_factory=asyncio.Event)

    # -- what troubles do to it ----------------------------------------------------------

    def hang_up(self) -> None:
        """Put the phone down, and ring again under the same name."""
        self._hang_up = True

    def double(self) -> None:
        """Open a second stream for the same call, beside the one that lives."""
        self._double.set()

    # -- the phone company ---------------------------------------------------------------

    async def place(self) -> None:
        """Ring, and stay until the bot ends the call."""
        own = urlencode({"CallSid": self.call_sid, "From": self.number, "To": CALLED})
        query = own
        while True:
            host, port = self.choose_place()
            try:
                twiml = await asyncio.to_thread(_twiml, f"http://{host}:{port}/twiml?{query}")
            except (OSError, HTTPException):
                await asyncio.sleep(_RETRY_S)
                continue
            followed = await self._follow(parse_twiml(twiml))
            if followed is None:
                return
            query = f"{followed}&{own}" if followed else own

    async def _follow(self, verbs: tuple[Verb, ...]) -> str | None:
        """Return the query of the next request to the webhook; None when the call is over."""
        for verb in verbs:
            match verb:
                case Connect():
                    await self._streams(verb)
                case Pause(seconds):
                    await asyncio.sleep(seconds * _PAUSE_SHARE)
                case Redirect(url):
                    return url.partition("?")[2]
                case Hangup() | Dial():
                    return None
                case _:
                    pass
        return ""

    async def _streams(self, verb: Connect) -> None:
        """Hold the stream, and a second one where that is wanted, both to their ends."""
        self._double.clear()
        async with asyncio.TaskGroup() as group:
            first = group.create_task(self._stream(verb.url, verb))
            wanted = group.create_task(self._double.wait())
            await asyncio.wait((first, wanted), return_when=asyncio.FIRST_COMPLETED)
            if wanted.done() and not first.done():
                host, port = self.choose_place()
                group.create_task(self._stream(f"ws://{host}:{port}/media", verb))
            wanted.cancel()

    async def _stream(self, url: str, verb: Connect) -> None:
        self.streams += 1
        messages = Messages(self.call_sid, "MZ" + secrets.token_hex(16), verb.parameters)
        try:
            socket = await connect(url, compression=None, proxy=None, open_timeout=5)
        except (OSError, InvalidHandshake, InvalidMessage, EOFError):  # TimeoutError is an OSError
            await asyncio.sleep(_RETRY_S)
            return
        try:
            with suppress(ConnectionClosed):
                await Line(self, socket, messages).hold()
        finally:
            socket.transport.abort()

    # -- the caller ----------------------------------------------------------------------

    def answer(self, question: str) -> str:
        """Return an answer; another time it may be another value, and the last must be saved."""
        if self.wish is not None:
            said, self.wish = self.wish, None
            return said
        proof = question in ("phone", "address")
        if question == "more" or (proof and self.name is not None):
            return NO  # who rings again has the number that booked; others said the same values
        if question == "yes" and self.random.random() < NO_SHARE:
            return NO
        if question == "name" and self.name is not None:
            return self.name
        said = self.random.choice(SAYINGS[question])
        self.said[question] = said
        return said

    def again(self, wish: str) -> Phone:
        """Return the phone of the same caller who rings once more, as another call."""
        return replace(
            self,
            call_sid=f"{self.call_sid}-again",
            wish=wish,
            name=self.said.get("name", SAYINGS["name"][0]),
            said={},
            heard=[],
            streams=0,
            cut_at=None,
            _hang_up=False,
            _double=asyncio.Event(),
        )

    @property
    def wants_to_hang_up(self) -> bool:
        """Told once."""
        wants, self._hang_up = self._hang_up, False
        return wants


def _twiml(url: str) -> str:
    """Return the webhook's answer; OSError and HTTPException: this server is gone or going."""
    try:
        with open_directly(url, timeout=5) as answer:
            body: bytes = answer.read()
            return body.decode()
    except HTTPError as error:  # an OSError
        with error:
            if error.code == HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            raise AssertionError(f"the webhook answered {error.code}") from error


class Line:
    """One stream, from its start to its end."""

    def __init__(self, phone: Phone, socket: ClientConnection, messages: Messages) -> None:
        self._phone = phone
        self._socket = socket
        self._messages = messages
        self._stt = LetterEar()
        self._question: str | None = None
        self._last: str | None = None
        self._over = False
        self._frames = 0
        self._sounded_at = self._sent_at = asyncio.get_running_loop().time()

    async def hold(self) -> None:
        """Hold one stream; raises ConnectionClosed when the bot, or a trouble, closes it."""
        await self._socket.send(self._messages.connected())
        await self._socket.send(self._messages.start())
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(GAP_S):
                    await self._obey(await self._socket.recv())
                    continue
            if self._phone.wants_to_hang_up:
                await self._socket.send(self._messages.stop())
                await self._socket.close()
                return
            await self._take_turn()

    async def _obey(self, message: str | bytes) -> None:
        self._sounded_at = asyncio.get_running_loop().time()
        match parse_message(message, self._messages.stream_sid):
            case Media(audio):
                for sentence in self._stt.hear(audio):
                    self._phone.heard.append(sentence)
                    self._understand(sentence)
            case Mark(name):
                await self._socket.send(self._messages.mark(name))
            case Clear():
                self._stt = LetterEar()

    def _understand(self, sentence: str) -> None:
        self._over = self._over or FAREWELL.search(sentence) is not None
        for question, words in QUESTIONS:
            if words.search(sentence):
                self._question = question
                self._lose_line(question, Cut.ASKED)

    async def _take_turn(self) -> None:
        """Answer the bot's question, or let the silence be heard."""
        now = asyncio.get_running_loop().time()
        if self._over:
            await self._frame(SILENCE * FRAME_BYTES)
        elif self._question is not None:
            await asyncio.sleep(self._phone.random.uniform(0, self._phone.thinks_s))
            asked, self._question = self._question, None
            self._last = self._phone.answer(asked)
            await self._say(self._last, asked)
        elif self._last is not None and now - max(self._sounded_at, self._sent_at) > REPEAT_S:
            await self._say(self._last)
        else:
            await self._frame(SILENCE * FRAME_BYTES)

    async def _say(self, text: str, asked: str | None = None) -> None:
        audio = sound(text)
        for at in range(0, len(audio), FRAME_BYTES):
            await self._frame(audio[at : at + FRAME_BYTES])
            if at > len(audio) / 2:
                self._lose_line(asked, Cut.SPEAKING)
        for _ in range(_PAUSE_FRAMES):
            await self._frame(SILENCE * FRAME_BYTES)
        self._lose_line(asked, Cut.SPOKEN)
        self._sent_at = self._sounded_at = asyncio.get_running_loop().time()

    def _lose_line(self, step: str | None, moment: Cut) -> None:
        """Cut the line without a word where that is ordered; once."""
        if step is not None and self._phone.cut_at == (step, moment):
            self._phone.cut_at = None
            self._socket.transport.abort()

    async def _frame(self, mulaw: bytes) -> None:
        self._frames += 1
        payload = base64.b64encode(mulaw).decode()
        await self._socket.send(self._messages.media(payload, self._frames * FRAME_MS))
