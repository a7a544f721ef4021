"""One call over a real socket, in virtual time, with scripted speech."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from websockets.asyncio.client import unix_connect
from websockets.asyncio.server import ServerConnection, unix_serve

from tests.stream.doubles import (
    CodedDetector,
    CodedEars,
    DeafEars,
    MuteMouth,
    SteadyMouth,
    silence,
    spoken,
)
from tests.stream.provider import (
    CALL_SID,
    STREAM_SID,
    Provider,
    carried,
    media_message,
    start_message,
)
from tests.virtual_time import in_virtual_time
from voicebot.call import (
    CallSid,
    CallState,
    Change,
    Ledger,
    Message,
    Phase,
    Saved,
    Speaker,
    Status,
    Step,
)
from voicebot.collect.collector import Hear, SayAloud
from voicebot.collect.events import Expectation, Hearing, Silent, TimeUp, Utterance
from voicebot.errors import Fenced
from voicebot.speech import Synthesizer, Transcriber
from voicebot.stream.measure import Measure
from voicebot.stream.session import Session, Staff, read_start
from voicebot.stream.sockets import ProviderSocket
from voicebot.stream.twilio import Twilio

JOHN, YES, FOUR, FIVE, HUM, NOISE = range(1, 7)
PHRASES = {JOHN: "John Smith", YES: "yes", FOUR: "0412", FIVE: "345 678", HUM: "Mm-hmm."}
WORDS = {FOUR: "zero four one two", FIVE: "three four five six seven eight"}
EPOCH = datetime(2026, 11, 22, tzinfo=UTC)

NAME = Expectation(Step.NAME, False, lambda text: text == "John Smith")
PHONE = Expectation(Step.PHONE, False, lambda text: text in ("0412 345 678", "zero four one two"))
CONFIRM = Expectation(Step.PHONE, True, lambda text: text == "yes")


def now() -> datetime:
    return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())


@dataclass
class Notebook:
    """A ledger in memory."""

    state: CallState = field(default_factory=CallState)
    changes: list[Change] = field(default_factory=list)
    fenced: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self) -> None:
        await asyncio.sleep(0.5)
        self.closed.set()

    async def commit(self, change: Change) -> Saved:
        if self.fenced:
            raise Fenced("a newer session")
        self.changes.append(change)
        return Saved.MEMORY

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
    ears: Transcriber
    sessions: list[Session]
    ended: asyncio.Event


@asynccontextmanager
async def call(
    *script: str | Expectation,
    ears: Transcriber | None = None,
    mouth: Synthesizer | None = None,
    notebook: Notebook | None = None,
    status: Status | None = Status.BOOKED,
    begin: bool = True,
    **changes: object,
) -> AsyncIterator[Call]:
    """A session and a provider, joined by a real socket. At the end no task is left."""
    before = asyncio.all_tasks()
    dialogue, notebook = Dialogue(list(script), status=status), notebook or Notebook()
    ears = ears or CodedEars(PHRASES, WORDS)
    staff = Staff(
        ears=ears,
        mouth=mouth or SteadyMouth(),
        detector=CodedDetector,
        converse=dialogue,
        clock=now,
    )
    staff = replace(staff, **changes)
    ended, sessions = asyncio.Event(), []

    async def attend(connection: ServerConnection) -> None:
        try:
            socket = ProviderSocket(connection)
            start = await read_start(socket, Twilio())
            session = Session(socket, Twilio(), start, notebook, staff, Measure(None))
            sessions.append(session)
            await session.run()
        finally:
            ended.set()

    with TemporaryDirectory() as directory:
        path = str(Path(directory) / "door")
        async with (
            unix_serve(attend, path, compression=None, close_timeout=1),
            unix_connect(path, compression=None, close_timeout=1) as socket,
            carried(socket) as provider,
        ):
            if begin:
                await provider.begin()
            yield Call(provider, dialogue, notebook, ears, sessions, ended)
            await asyncio.wait_for(ended.wait(), 120)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


@in_virtual_time
async def test_a_question_is_asked_and_its_answer_heard() -> None:
    async with call("What is your name?", NAME, "Goodbye.") as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith"]
    assert [m.text for m in c.notebook.messages] == ["What is your name?", "John Smith", "Goodbye."]
    assert c.provider.close_code == 1000
    assert c.notebook.statuses == [Status.BOOKED]


@in_virtual_time
async def test_the_farewell_is_played_to_its_end_before_the_line_is_closed() -> None:
    async with call("One. Two. Three.", mouth=SteadyMouth(sentence_ms=2000)) as c:
        await c.ended.wait()
    assert c.provider.played == 3 * 16000


@in_virtual_time
async def test_a_provider_without_marks_does_not_hold_the_line_for_ever() -> None:
    async with call("Goodbye.") as c:
        c.provider.on_hold = True
        await asyncio.wait_for(c.ended.wait(), 10)


@in_virtual_time
async def test_the_record_is_closed_before_the_line() -> None:
    """The provider asks what to do next as soon as the line is closed; the record must know."""
    async with call("Goodbye.") as c:
        await c.provider.until(lambda: c.provider.close_code is not None)
        assert c.notebook.closed.is_set()


@in_virtual_time
async def test_a_message_is_committed_before_its_first_frame() -> None:
    received_at_commit: list[int] = []

    class Watching(Notebook):
        async def commit(self, change: Change) -> Saved:
            await asyncio.sleep(0.5)
            received_at_commit.append(len(c.provider.received))
            return await super().commit(change)

    async with call("Hello.", notebook=Watching()) as c:
        await c.ended.wait()
    assert received_at_commit[0] == 0


@in_virtual_time
async def test_messages_carry_the_moment_at_which_they_began() -> None:
    async with call("What is your name?", NAME) as c:
        await c.provider.until_heard()
        began = now()
        await c.provider.speak(spoken(JOHN, 1000))
        await c.ended.wait()
    bot, caller = c.notebook.messages
    assert bot.started_at < caller.started_at
    assert abs(caller.started_at - began) < timedelta(milliseconds=60)


@in_virtual_time
async def test_a_complete_answer_is_answered_sooner_than_an_incomplete_one() -> None:
    async def answered_after(code: int) -> float:
        async with call(NAME, ears=CodedEars(PHRASES, delay_s=0.05)) as c:
            await c.provider.speak(spoken(code))
            begun = asyncio.get_running_loop().time()
            await c.ended.wait()
        return c.dialogue.heard_at[0] - begun

    assert await answered_after(JOHN) == pytest.approx(0.3, abs=0.05)
    assert await answered_after(FOUR) == pytest.approx(0.8, abs=0.05)


@in_virtual_time
async def test_a_number_with_a_pause_in_it_is_one_answer() -> None:
    async with call(PHONE) as c:
        await c.provider.speak(spoken(FOUR) + silence(1200) + spoken(FIVE))
        await c.ended.wait()
    assert c.dialogue.texts == ["0412 345 678"]


@in_virtual_time
async def test_a_decode_that_is_overtaken_by_more_words_is_dropped() -> None:
    ears = CodedEars(PHRASES, delay_s=0.5)
    async with call(PHONE, ears=ears) as c:
        await c.provider.speak(spoken(FOUR) + silence(300) + spoken(FIVE))
        await c.ended.wait()
    assert c.dialogue.texts == ["0412 345 678"]
    assert (len(ears.hints), ears.finished) == (2, 1)


@in_virtual_time
async def test_an_incomplete_number_is_heard_again_in_words() -> None:
    ears = CodedEars(PHRASES, WORDS)
    async with call(PHONE, PHONE, CONFIRM, ears=ears) as c:
        await c.provider.speak(spoken(FOUR))
        await c.provider.until(lambda: len(c.dialogue.heard) == 1)
        await c.provider.speak(spoken(FIVE))
        await c.provider.until(lambda: len(c.dialogue.heard) == 2)
        await c.provider.speak(spoken(YES))
        await c.ended.wait()
    # The second reading counts only where it makes a whole number.
    assert c.dialogue.texts == ["zero four one two", "345 678", "yes"]
    assert [hint.words_for_digits for hint in ears.hints] == [False, True, False, True, False]


@in_virtual_time
async def test_silence_is_told_six_seconds_after_the_bot_was_heard() -> None:
    async with call("What is your name?", NAME, NAME) as c:
        await c.provider.until_heard()
        quiet_since = asyncio.get_running_loop().time()
        await c.ended.wait()
    assert c.dialogue.heard == [Silent(), Silent()]
    assert c.dialogue.heard_at[0] - quiet_since == pytest.approx(6.0, abs=0.1)


@in_virtual_time
async def test_the_caller_interrupts_the_bot() -> None:
    mouth = SteadyMouth(sentence_ms=4000)
    async with call("What is your name please?", NAME, mouth=mouth) as c:
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.provider.speak(spoken(JOHN, 600))
        await c.ended.wait()
    (heard,) = c.dialogue.heard
    assert isinstance(heard, Utterance)
    assert heard.text == "John Smith"
    assert heard.cut is not None
    assert heard.cut
    assert "What is your name please?".startswith(heard.cut)
    assert heard.cut != "What is your name please?"
    assert c.provider.clears == 1
    assert c.provider.played < 16000


@in_virtual_time
async def test_an_interruption_stops_sentences_that_are_still_to_come() -> None:
    mouth = SteadyMouth(sentence_ms=2000, delay_s=1.5)
    async with call("One. Two. Three. Four.", NAME, mouth=mouth) as c:
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.provider.speak(spoken(JOHN, 600))
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith"]
    assert len(mouth.said) <= 2


@pytest.mark.parametrize("code", [HUM, NOISE])
def test_a_hum_or_a_noise_lets_the_bot_go_on(code: int) -> None:
    @in_virtual_time
    async def scenario() -> None:
        mouth = SteadyMouth(sentence_ms=2000)
        async with call("One. Two. Three.", NAME, "Bye.", mouth=mouth) as c:
            await c.provider.until_heard(1)
            await c.provider.speak(spoken(code, 400))
            await c.provider.until(lambda: c.provider.clears == 1)
            await c.provider.until_heard(2)  # the two that were cleared, again
            await c.provider.speak(spoken(JOHN))
            await c.ended.wait()
        heard = c.dialogue.heard[0]
        assert heard == Utterance("John Smith", heard.started_at)  # type: ignore[union-attr]
        assert mouth.said == ["One.", "Two.", "Three.", "Bye."]
        assert [m.text for m in c.notebook.messages] == ["One. Two. Three.", "John Smith", "Bye."]

    scenario()


@in_virtual_time
async def test_a_hum_between_two_sentences_loses_none_of_them() -> None:
    mouth = SteadyMouth(sentence_ms=1000, delay_s=1.5)
    async with call("One. Two. Three.", NAME, mouth=mouth) as c:
        await c.provider.until(lambda: c.provider.played >= 4000)
        await c.provider.speak(spoken(HUM, 400))
        await c.provider.until(lambda: mouth.said[-1:] == ["Three."])
        await c.provider.until(lambda: not c.provider.is_playing)
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith"]
    assert list(dict.fromkeys(mouth.said)) == ["One.", "Two.", "Three."]


@in_virtual_time
async def test_words_between_turns_are_not_taken_for_the_next_answer() -> None:
    mouth = SteadyMouth(delay_s=3.0)
    async with call(NAME, "And your number?", CONFIRM, mouth=mouth) as c:
        await c.provider.speak(spoken(JOHN) + silence(1000) + spoken(YES))
        await c.provider.until_heard()
        await c.provider.speak(spoken(YES))
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith", "yes"]
    assert c.dialogue.heard_at[1] > 4.0


@in_virtual_time
async def test_watchers_are_told_what_the_bot_is_doing() -> None:
    phases: list[Phase] = []

    async def announce(call_sid: CallSid, phase: Phase) -> None:
        phases.append(phase)

    mouth = SteadyMouth(delay_s=0.5)
    async with call("Name?", NAME, "Bye.", mouth=mouth, announce=announce) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    thinking, speaking, listening = Phase.THINKING, Phase.SPEAKING, Phase.LISTENING
    assert phases[:5] == [thinking, speaking, listening, thinking, speaking]


@in_virtual_time
async def test_a_turn_does_not_hear_the_end_of_the_one_before_it() -> None:
    async with call(CONFIRM, NAME, ears=CodedEars(PHRASES, delay_s=0.05)) as c:
        await c.provider.speak(spoken(YES) + silence(240) + spoken(JOHN))
        await c.ended.wait()
    assert c.dialogue.texts == ["yes", "John Smith"]


@in_virtual_time
async def test_keys_are_an_answer_ended_by_hash() -> None:
    async with call("Number?", PHONE) as c:
        await c.provider.until_heard()
        await c.provider.key("0412345678#")
        await c.ended.wait()
    (heard,) = c.dialogue.heard
    assert isinstance(heard, Utterance)
    assert (heard.text, heard.keyed) == ("0412345678", True)


@in_virtual_time
async def test_keys_without_hash_are_an_answer_four_seconds_after_the_last() -> None:
    async with call(PHONE) as c:
        await c.provider.key("04")
        await asyncio.sleep(3.5)
        await c.provider.key("12")
        pressed = asyncio.get_running_loop().time()
        await c.ended.wait()
    assert c.dialogue.texts == ["0412"]
    assert c.dialogue.heard_at[0] - pressed == pytest.approx(4.0, abs=0.1)


@in_virtual_time
async def test_one_key_answers_a_read_back_at_once() -> None:
    async with call(CONFIRM) as c:
        await asyncio.sleep(1)
        await c.provider.key("1")
        await c.ended.wait()
    assert c.dialogue.texts == ["1"]
    assert c.dialogue.heard_at[0] == pytest.approx(1.0, abs=0.1)


@in_virtual_time
async def test_a_key_stops_the_bot_and_its_tone_is_no_speech() -> None:
    async with call("Please key in your number.", PHONE, mouth=SteadyMouth(5000)) as c:
        await c.provider.until(lambda: c.provider.played >= 8000)
        await c.provider.key("0")
        await c.provider.speak(spoken(JOHN, 300) + silence(1800))
        await c.provider.key("4#")
        await c.ended.wait()
    (heard,) = c.dialogue.heard
    assert isinstance(heard, Utterance)
    assert (heard.text, heard.keyed) == ("04", True)
    assert heard.cut is not None
    assert c.provider.clears == 1


@in_virtual_time
async def test_a_lone_hash_is_no_answer() -> None:
    async with call(PHONE) as c:
        await c.provider.key("#")
        await c.ended.wait()
    assert c.dialogue.heard == [Silent()]


@in_virtual_time
async def test_a_call_that_lasts_too_long_is_told_so_and_may_say_goodbye() -> None:
    async with call(NAME, "Goodbye.", max_call_s=4.0) as c:
        await c.ended.wait()
    assert c.dialogue.heard == [TimeUp()]
    assert c.provider.played == 8000


@in_virtual_time
async def test_a_conversation_that_does_not_say_goodbye_is_cut() -> None:
    async with call(*[NAME] * 100, max_call_s=4.0) as c:
        await c.ended.wait()
    assert 64 <= asyncio.get_running_loop().time() < 70


@in_virtual_time
async def test_hanging_up_leaves_the_call_abandoned() -> None:
    async with call("Hello.", NAME) as c:
        await c.provider.until_heard()
        await c.provider.hang_up()
        await c.ended.wait()
    assert c.notebook.statuses == [Status.ABANDONED]


@in_virtual_time
async def test_a_lost_socket_leaves_the_call_active() -> None:
    async with call("Hello.", NAME) as c:
        await c.provider.until_heard()
        c.provider.socket.transport.abort()
        await c.ended.wait()
    assert c.notebook.statuses == []


@in_virtual_time
async def test_hanging_up_during_the_farewell_keeps_how_the_call_ended() -> None:
    async def booked(ledger: Ledger, hear: Hear, say: SayAloud) -> object:
        async def commit(at: datetime) -> None:
            await ledger.commit(Change(status=Status.BOOKED))

        await say("You are booked.", commit)
        return await hear(NAME)

    async with call(converse=booked) as c:
        await c.provider.until(lambda: c.provider.played > 0)
        await c.provider.hang_up()
        await c.ended.wait()
    assert c.notebook.statuses == [Status.BOOKED]


@in_virtual_time
async def test_the_last_words_before_the_hang_up_are_kept() -> None:
    async with call(NAME, "Thanks.") as c:
        await c.provider.speak(spoken(JOHN))
        await c.provider.hang_up()
        await c.ended.wait()
    assert [m.text for m in c.notebook.messages] == ["John Smith"]
    assert c.notebook.statuses == [Status.ABANDONED]


@in_virtual_time
async def test_a_line_that_is_dead_for_ten_seconds_ends_the_call() -> None:
    async with call(NAME) as c:
        await asyncio.sleep(1)
        c.provider.on_hold = True
        await c.ended.wait()
        assert asyncio.get_running_loop().time() == pytest.approx(11.0, abs=1.5)
    assert c.dialogue.heard == []
    assert c.notebook.statuses == []


@in_virtual_time
async def test_a_burst_after_a_stall_is_heard_as_it_was_spoken() -> None:
    audio = spoken(FOUR) + silence(600) + spoken(FIVE) + silence(2000)
    async with call(PHONE) as c:
        c.provider.on_hold = True
        await asyncio.sleep(3)
        for at in range(0, len(audio), 160):
            await c.provider.send(media_message(audio[at : at + 160]))
        await c.ended.wait()
        c.provider.on_hold = False
    assert c.dialogue.texts == ["0412 345 678"]


@pytest.mark.parametrize("size", [1, 80, 240, 1000])
def test_frames_of_any_length_are_heard(size: int) -> None:
    @in_virtual_time
    async def scenario() -> None:
        audio = spoken(JOHN) + silence(1000)
        async with call(NAME) as c:
            c.provider.on_hold = True
            step = 0.001 if size == 1 else 0.01
            for number, at in enumerate(range(0, len(audio), size)):
                await c.provider.send(media_message(audio[at : at + size]))
                if number % 50 == 0:
                    await asyncio.sleep(step)
            c.provider.on_hold = False
            await c.ended.wait()
        assert c.dialogue.texts == ["John Smith"]

    scenario()


ODD = {
    "binary": b"\x00\x01",
    "not JSON": "{",
    "array": '["media"]',
    "no event": "{}",
    "unknown event": '{"event": "weather"}',
    "bad base64": orjson.dumps(
        {"event": "media", "streamSid": STREAM_SID, "media": {"payload": "!"}}
    ).decode(),
    "empty payload": orjson.dumps(media_message(b"")).decode(),
    "unknown mark": orjson.dumps(
        {"event": "mark", "streamSid": STREAM_SID, "mark": {"name": "nobody's"}}
    ).decode(),
    "second start": orjson.dumps(start_message()).decode(),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_odd_frames_do_not_disturb_a_call(odd: str | bytes) -> None:
    @in_virtual_time
    async def scenario() -> None:
        async with call("Name?", NAME) as c:
            await c.provider.send(odd)
            await c.provider.until_heard()
            await c.provider.send(odd)
            await c.provider.speak(spoken(JOHN))
            await c.ended.wait()
        assert c.dialogue.texts == ["John Smith"]

    scenario()


@in_virtual_time
async def test_media_keys_and_marks_before_start_are_nothing() -> None:
    async with call(NAME, begin=False) as c:
        await c.provider.send(media_message(spoken(YES)))
        await c.provider.key("7#")
        await c.provider.begin()
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert c.dialogue.texts == ["John Smith"]


@in_virtual_time
async def test_media_after_stop_is_nothing() -> None:
    async with call(NAME) as c:
        await c.provider.send({"event": "stop", "streamSid": STREAM_SID, "stop": {}})
        for _ in range(20):
            await c.provider.send(media_message(spoken(JOHN, 100)))
        await c.ended.wait()
    assert c.dialogue.heard == []
    assert c.notebook.statuses == [Status.ABANDONED]


@in_virtual_time
async def test_a_fenced_session_ends_quietly() -> None:
    async with call("Hello.", NAME, "Thanks.") as c:
        await c.provider.until_heard()
        c.notebook.fenced = True
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert c.provider.close_code == 1000
    assert [m.text for m in c.notebook.messages] == ["Hello."]


@in_virtual_time
async def test_a_superseded_session_ends_quietly_while_it_listens() -> None:
    async with call("Hello.", NAME) as c:
        await c.provider.until_heard()
        c.sessions[0].supersede()
        await asyncio.wait_for(c.ended.wait(), 2)
    assert c.provider.close_code == 1000
    assert c.notebook.statuses == []


@in_virtual_time
async def test_without_ears_the_caller_is_as_good_as_silent() -> None:
    async with call(NAME, ears=DeafEars()) as c:
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert c.dialogue.heard == [Silent()]


@in_virtual_time
async def test_without_a_voice_the_call_is_closed_for_another_server_to_take() -> None:
    async with call("Hello.", mouth=MuteMouth()) as c:
        await c.ended.wait()
    assert c.provider.close_code == 1011
    assert c.notebook.changes == []


@in_virtual_time
async def test_a_peer_that_takes_nothing_is_given_up() -> None:
    """Its socket stays open, but reads no more: sends must not wait for ever."""
    mouth = SteadyMouth(sentence_ms=60_000)
    async with call(*["One. Two. Three. Four."] * 4, NAME, mouth=mouth) as c:
        c.provider.socket.transport.pause_reading()
        await asyncio.wait_for(c.ended.wait(), 15)
        c.provider.socket.transport.resume_reading()
    assert c.dialogue.heard == []


Moment = Callable[[Call], Awaitable[None]]


async def _at_once(c: Call) -> None:
    await asyncio.sleep(0)


async def _while_the_bot_speaks(c: Call) -> None:
    await c.provider.until(lambda: c.provider.played > 0)


async def _while_the_caller_speaks(c: Call) -> None:
    await c.provider.until_heard()
    await c.provider.speak(spoken(JOHN))


async def _while_it_is_transcribed(c: Call) -> None:
    await c.provider.until_heard()
    await c.provider.speak(spoken(JOHN) + silence(200))


async def _while_keys_are_pressed(c: Call) -> None:
    await c.provider.until_heard()
    await c.provider.key("04")


async def _while_it_is_thought_over(c: Call) -> None:
    await c.provider.until_heard()
    await c.provider.speak(spoken(JOHN))
    await c.provider.until(lambda: len(c.dialogue.heard) == 1)


MOMENTS: list[Moment] = [
    _at_once,
    _while_the_bot_speaks,
    _while_the_caller_speaks,
    _while_it_is_transcribed,
    _while_keys_are_pressed,
    _while_it_is_thought_over,
]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_a_socket_cut_at_any_moment_leaves_nothing_behind(moment: Moment) -> None:
    @in_virtual_time
    async def scenario() -> None:
        mouth = SteadyMouth(delay_s=0.2)
        async with call("Name?", NAME, "Number?", PHONE, mouth=mouth) as c:
            await moment(c)
            c.provider.socket.transport.abort()
            with suppress(TimeoutError):
                await asyncio.wait_for(c.ended.wait(), 30)
            assert c.ended.is_set()
        assert c.notebook.statuses == []

    scenario()


@in_virtual_time
async def test_the_socket_is_the_callers_and_its_sid_goes_into_the_start() -> None:
    async with call("Hello.") as c:
        await c.ended.wait()
    assert c.sessions[0]._start.call_sid == CALL_SID
