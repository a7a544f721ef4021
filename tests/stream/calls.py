"""A call under test: a session and a provider joined by a real socket, speech scripted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websockets.asyncio.client import unix_connect
from websockets.asyncio.server import ServerConnection, unix_serve

from tests.stream.doubles import CodedDetector, CodedTranscriber, SteadyVoice
from tests.stream.provider import Provider, carried
from voicebot.call import CallSid, CallState, Change, Message, Saved, Speaker, Status, Step
from voicebot.collect.collector import Hear, SayAloud
from voicebot.collect.events import Expectation, Hearing, Hint, Utterance
from voicebot.collect.keyed import keys_alone
from voicebot.collect.understanding import Asked, Situation
from voicebot.errors import Fenced
from voicebot.ledger import Appointments, CommitObserver, Ledger
from voicebot.speech import SpeechToText, Transcriber, WholeUtterances
from voicebot.stream.connection import StreamConnection, open_connections, read_start
from voicebot.stream.dependencies import CallDependencies, Conversation
from voicebot.stream.latency import CallTelemetry, Rows
from voicebot.stream.session import Session

JOHN, YES, FOUR, FIVE, HUM, NOISE, AMEN = range(1, 8)
PHRASES = {
    JOHN: "John Smith", YES: "yes", FOUR: "0412", FIVE: "345 678", HUM: "Mm-hmm.", AMEN: "Amen."
}  # fmt: skip
WORDS = {FOUR: "zero four one two", FIVE: "three four five six seven eight"}
EPOCH = datetime(2026, 11, 22, tzinfo=UTC)


def asks(
    step: Step, *whole: str, confirming: bool = False, idle: tuple[str, ...] = ()
) -> Expectation:
    """A question to which these texts are whole answers, and those are none."""

    def read(texts: tuple[str, ...]) -> Hint:
        text = texts[0]
        return Hint(Situation(step, EPOCH), complete=text in whole, idle=text in idle)

    asked = Asked.CONFIRM if confirming else Asked.ANSWER
    return Expectation(step, asked, read, keys=keys_alone(asked))


NAME = asks(Step.NAME, "John Smith", idle=("Amen.",))
PHONE = asks(Step.PHONE, "0412 345 678", "zero four one two")
CONFIRM = asks(Step.PHONE, "yes", confirming=True)


def now() -> datetime:
    return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())


@dataclass
class Notebook:
    """A ledger in memory."""

    state: CallState = field(default_factory=CallState)
    changes: list[Change] = field(default_factory=list)
    observers: list[CommitObserver] = field(default_factory=list)
    fenced: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self) -> None:
        await asyncio.sleep(0.5)
        self.closed.set()

    async def commit(self, change: Change) -> Saved:
        if self.fenced:
            raise Fenced("a newer session")
        self.changes.append(change)
        for tell in self.observers:
            tell(change, Saved.MEMORY, 0.0)
        return Saved.MEMORY

    def observe(self, observer: CommitObserver) -> None:
        self.observers.append(observer)

    @property
    def appointments(self) -> Appointments:
        raise AssertionError("nothing is booked here")

    async def continue_earlier(self, earlier: CallSid) -> None:
        raise AssertionError("there is no earlier call")

    @property
    def messages(self) -> list[Message]:
        return [message for change in self.changes for message in change.messages]

    @property
    def statuses(self) -> list[Status]:
        return [change.status for change in self.changes if change.status]


@dataclass
class Dialogue:
    """A conversation as a list: texts are said, expectations are heard."""

    script: list[str | Expectation]
    heard: list[Hearing] = field(default_factory=list)
    heard_at: list[float] = field(default_factory=list)
    status: Status | None = Status.BOOKED

    async def __call__(self, ledger: Ledger, hear: Hear, say: SayAloud) -> object:
        for item in self.script:
            if isinstance(item, str):
                await self._say(item, ledger, say)
            else:
                self.heard.append(await hear(item))
                self.heard_at.append(asyncio.get_running_loop().time())
                await self._note(ledger)
        if self.status:
            await ledger.commit(Change(status=self.status))
        return None

    async def _note(self, ledger: Ledger) -> None:
        last = self.heard[-1]
        if isinstance(last, Utterance):
            message = Message(Speaker.CALLER, last.text, last.started_at)
            await ledger.commit(Change(messages=(message,)))

    async def _say(self, text: str, ledger: Ledger, say: SayAloud) -> None:
        async def commit(started_at: datetime) -> None:
            await ledger.commit(Change(messages=(Message(Speaker.BOT, text, started_at),)))

        await say(text, commit)

    @property
    def texts(self) -> list[str]:
        return [h.text if isinstance(h, Utterance) else type(h).__name__ for h in self.heard]


@dataclass
class Call:
    """A call under test: both ends, and what it left."""

    provider: Provider
    dialogue: Dialogue
    notebook: Notebook
    stt: Transcriber
    sessions: list[Session]
    ended: asyncio.Event

    async def end_with(self, mulaw: bytes) -> None:
        """The caller says this, and what the bot says then ends the call."""
        await self.provider.speak(mulaw)
        await self.ended.wait()


def scripted(converse: Conversation, stt: Transcriber) -> CallDependencies:
    return CallDependencies(
        stt=WholeUtterances(stt),
        synthesizer=SteadyVoice(),
        detector=CodedDetector,
        converse=converse,
        clock=now,
        stopwatch=lambda: asyncio.get_running_loop().time(),
    )


@asynccontextmanager
async def call(
    *script: str | Expectation,
    stt: Transcriber | None = None,
    following: SpeechToText | None = None,
    notebook: Notebook | None = None,
    status: Status | None = Status.BOOKED,
    begin: bool = True,
    telemetry: CallTelemetry | None = None,
    **changes: Any,
) -> AsyncIterator[Call]:
    """A session and a provider, joined by a real socket. At the end no task is left."""
    before = asyncio.all_tasks()
    dialogue, notebook = Dialogue(list(script), status=status), notebook or Notebook()
    stt = stt or CodedTranscriber(PHRASES, WORDS)
    if following:
        changes["stt"] = following
    dependencies = replace(scripted(dialogue, stt), **changes)
    ended, sessions = asyncio.Event(), []

    async def attend(connection: ServerConnection) -> None:
        assert isinstance(connection, StreamConnection)
        try:
            start = await read_start(connection)
            session = Session(
                connection,
                start,
                notebook,
                dependencies,
                telemetry or CallTelemetry(Rows(None)),
            )
            sessions.append(session)
            await session.run()
        finally:
            ended.set()

    with TemporaryDirectory() as directory:
        path = str(Path(directory) / "door")
        async with (
            unix_serve(
                attend,
                path,
                compression=None,
                create_connection=open_connections(),
                close_timeout=1,
            ),
            unix_connect(path, compression=None, close_timeout=1) as socket,
            carried(socket) as provider,
        ):
            if begin:
                await provider.begin()
            yield Call(provider, dialogue, notebook, stt, sessions, ended)
            await asyncio.wait_for(ended.wait(), 120)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
