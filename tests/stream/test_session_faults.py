"""One call over a real socket, in virtual time: what goes wrong, and how it ends."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from tests.stream.calls import (
    FIVE,
    FOUR,
    JOHN,
    NAME,
    PHONE,
    YES,
    Call,
    Dialogue,
    Notebook,
    call,
    scripted,
)
from tests.stream.doubles import (
    MS,
    CodedDetector,
    CodedTranscriber,
    FailingStt,
    FailingTts,
    SteadyVoice,
    TardyDetector,
    silence,
    spoken,
)
from tests.stream.provider import CALL_SID, STREAM_SID, media_message, start_message
from voicebot.call import CallSid, Change, Status
from voicebot.collect.collector import Hear, SayAloud
from voicebot.collect.events import Expectation, Unheard
from voicebot.ledger import Ledger
from voicebot.speech import Deliver, Hint, SttStream, SttTurn, Transcript, WholeUtterances
from voicebot.stream.connection import BROKEN_PAUSE_S
from voicebot.stream.latency import CallTelemetry, Rows
from voicebot.stream.listening import HEAR_S
from voicebot.stream.provider_dialect import Start
from voicebot.stream.session import YIELD_AFTER_BYTES, Session
from voicebot.stream.speaking import SPEAK_S
from voicebot.stream.state import FillerPhrases
from voicebot.stream.watchdog import LOOK_S, STUCK_S

pytestmark = pytest.mark.virtual_time


async def test_hanging_up_leaves_the_call_abandoned() -> None:
    async with call("Hello.", NAME) as c:
        await c.provider.until_heard()
        await c.provider.hang_up()
        await c.ended.wait()
    assert c.notebook.statuses == [Status.ABANDONED]


async def test_a_lost_socket_leaves_the_call_active() -> None:
    async with call("Hello.", NAME) as c:
        await c.provider.until_heard()
        c.provider.socket.transport.abort()
        await c.ended.wait()
    assert c.notebook.statuses == []


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


async def test_the_last_words_before_the_hang_up_are_kept() -> None:
    async with call(NAME, "Thanks.") as c:
        await c.provider.speak(spoken(JOHN))
        await c.provider.hang_up()
        await c.ended.wait()
    assert [m.text for m in c.notebook.messages] == ["John Smith"]
    assert c.notebook.statuses == [Status.ABANDONED]


async def test_what_the_detector_still_holds_at_the_hang_up_is_heard() -> None:
    async with call(NAME, "Thanks.", detector=TardyDetector) as c:
        await c.provider.speak(spoken(JOHN))
        await c.provider.hang_up()
        await c.ended.wait()
    assert [m.text for m in c.notebook.messages] == ["John Smith"]


class BrokenStt(WholeUtterances):
    """A program's fault: no turn can begin."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SttStream]:
        yield self

    def listen(self, hint: Hint) -> SttTurn:
        raise RuntimeError("no turn can begin")


async def test_a_fault_at_a_window_ends_its_own_call_not_whoever_delivers_the_window() -> None:
    opened: list[Deliver] = []

    def detector(deliver: Deliver) -> CodedDetector:
        opened.append(deliver)
        return CodedDetector(deliver)

    dependencies = replace(
        scripted(Dialogue([NAME]), CodedTranscriber({})),
        stt=BrokenStt(CodedTranscriber({})),
        detector=detector,
    )
    start = Start(CallSid(CALL_SID), STREAM_SID)
    session = Session(Quiet(), start, Notebook(), dependencies, CallTelemetry(Rows(None)))
    running = asyncio.create_task(session.run())
    await asyncio.sleep(1)
    for _ in range(20):
        opened[0](1.0)  # as at a tick that all calls share
    with pytest.raises(ExceptionGroup) as caught:
        await running
    assert caught.group_contains(RuntimeError, match="no turn can begin")


async def test_a_line_that_is_dead_for_ten_seconds_ends_the_call() -> None:
    async with call(NAME) as c:
        await asyncio.sleep(1)
        c.provider.on_hold = True
        await c.ended.wait()
        assert asyncio.get_running_loop().time() == pytest.approx(11.0, abs=1.5)
    assert c.dialogue.heard == []
    assert c.notebook.statuses == []


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
async def test_frames_of_any_length_are_heard(size: int) -> None:
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
async def test_odd_frames_do_not_disturb_a_call(odd: str | bytes) -> None:
    async with call("Name?", NAME) as c:
        await c.provider.send(odd)
        await c.provider.until_heard()
        await c.provider.send(odd)
        await c.end_with(spoken(JOHN))
    assert c.dialogue.texts == ["John Smith"]


async def test_media_keys_and_marks_before_start_are_nothing() -> None:
    async with call(NAME, begin=False) as c:
        await c.provider.send(media_message(spoken(YES)))
        await c.provider.key("7#")
        await c.provider.begin()
        await c.end_with(spoken(JOHN))
    assert c.dialogue.texts == ["John Smith"]


async def test_media_after_stop_is_nothing() -> None:
    async with call(NAME) as c:
        await c.provider.send({"event": "stop", "streamSid": STREAM_SID, "stop": {}})
        for _ in range(20):
            await c.provider.send(media_message(spoken(JOHN, 100)))
        await c.ended.wait()
    assert c.dialogue.heard == []
    assert c.notebook.statuses == [Status.ABANDONED]


async def test_a_fenced_session_ends_quietly() -> None:
    async with call("Hello.", NAME, "Thanks.") as c:
        await c.provider.until_heard()
        c.notebook.fenced = True
        await c.end_with(spoken(JOHN))
    assert c.provider.close_code == 1000
    assert [m.text for m in c.notebook.messages] == ["Hello."]


async def test_a_superseded_session_ends_quietly_while_it_listens() -> None:
    async with call("Hello.", NAME) as c:
        await c.provider.until_heard()
        c.sessions[0].supersede()
        await asyncio.wait_for(c.ended.wait(), 2)
    assert c.provider.close_code == 1000
    assert c.notebook.statuses == []


async def test_without_speech_to_text_the_conversation_learns_that_somebody_spoke(
    tmp_path: Path,
) -> None:
    telemetry = CallTelemetry(Rows(tmp_path / "rows.jsonl"))
    async with call(NAME, "Pardon?", stt=FailingStt(after_s=3.0), telemetry=telemetry) as c:
        await c.end_with(spoken(JOHN))
    assert c.dialogue.heard == [Unheard()]
    await telemetry.end()
    rows = [orjson.loads(line) for line in (tmp_path / "rows.jsonl").read_bytes().splitlines()]
    (turn,) = (row for row in rows if row["kind"] == "turn")
    assert turn["stt_ms"] > 1000, "its time is not counted as ours"
    assert turn["server_ms"] < 1


async def test_without_a_voice_the_call_is_closed_for_another_server_but_in_no_hot_loop() -> None:
    for calls in (1, 2, 3):
        async with call("Hello.", synthesizer=FailingTts()) as c:
            await c.ended.wait()
        assert c.provider.close_code == 1011
        assert c.notebook.changes == []
        assert asyncio.get_running_loop().time() >= calls * BROKEN_PAUSE_S


async def test_a_peer_that_takes_nothing_is_given_up() -> None:
    """Its socket stays open, but reads no more: sends must not wait for ever."""
    tts = SteadyVoice(sentence_ms=60_000)
    async with call(*["One. Two. Three. Four."] * 4, NAME, synthesizer=tts) as c:
        c.provider.socket.transport.pause_reading()
        await asyncio.wait_for(c.ended.wait(), 15)
        c.provider.socket.transport.resume_reading()
    assert c.dialogue.heard == []


MOMENTS = ("at once", "the bot speaks", "keys", "the caller speaks", "transcribed", "thought over")


async def reached(c: Call, moment: str) -> None:
    if moment == "the bot speaks":
        await c.provider.until(lambda: c.provider.played > 0)
    if moment in MOMENTS[:2]:
        return
    await c.provider.until_heard()
    if moment == "keys":
        await c.provider.key("04")
        return
    await c.provider.speak(spoken(JOHN) + silence(200 if moment == "transcribed" else 0))
    if moment == "thought over":
        await c.provider.until(lambda: len(c.dialogue.heard) == 1)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_socket_cut_at_any_moment_leaves_nothing_behind(moment: str) -> None:
    tts = SteadyVoice(delay_s=0.2)
    async with call("Name?", NAME, "Number?", PHONE, synthesizer=tts) as c:
        await reached(c, moment)
        c.provider.socket.transport.abort()
        await asyncio.wait_for(c.ended.wait(), 30)
    assert c.notebook.statuses == []


class Quiet:
    """A socket at which nothing arrives."""

    transport = asyncio.Transport()

    async def recv(self) -> str | bytes:
        await asyncio.Event().wait()
        return ""

    def deliver_to(self, take: Callable[[list[str]], None] | None) -> None:
        """Nothing comes but by `recv`."""

    async def send(self, message: str) -> None:
        """Taken."""

    async def close(self, code: int, reason: str = "") -> None:
        """Closed."""


class Flood(Quiet):
    """A socket whose frames are all there already: reading them waits for nothing."""

    def __init__(self, frames: list[str]) -> None:
        self._frames = frames

    async def recv(self) -> str | bytes:
        return self._frames.pop(0)


async def test_frames_that_wait_already_leave_the_other_calls_their_turn() -> None:
    frame, stop = orjson.dumps(media_message(silence(20))).decode(), '{"event": "stop"}'
    dependencies = scripted(Dialogue([NAME]), CodedTranscriber({}))
    start = Start(CallSid(CALL_SID), STREAM_SID)
    flood, notebook = [frame] * 200 + [stop], Notebook()
    session = Session(Flood(flood), start, notebook, dependencies, CallTelemetry(Rows(None)))
    running = asyncio.create_task(session.run())
    turns = 0
    while flood and not running.done():
        await asyncio.sleep(0)
        turns += 1
    await running
    assert turns >= 200 * len(frame) // YIELD_AFTER_BYTES


class HangingStt(FailingStt):
    """Never answers."""

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        await asyncio.Event().wait()
        raise AssertionError


class HangingTts(FailingTts):
    """Says so many sentences, then never another word."""

    def __init__(self, sentences: int = 0) -> None:
        self._left = sentences

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        yield b"\x2a" * 400 * MS
        if not self._left:
            await asyncio.Event().wait()
        self._left -= 1


async def test_a_recogniser_that_hangs_is_told_as_one_that_cannot_hear() -> None:
    async with call(NAME, "Pardon?", stt=HangingStt()) as c:
        await c.end_with(spoken(JOHN))
        assert asyncio.get_running_loop().time() < HEAR_S + 10
    assert c.dialogue.heard == [Unheard()]
    assert c.provider.close_code == 1000


async def test_a_voice_that_hangs_in_mid_sentence_frees_the_call_for_another_server() -> None:
    async with call("Hello.", NAME, "Thanks.", synthesizer=HangingTts(sentences=1)) as c:
        await c.provider.until_heard()
        await c.end_with(spoken(JOHN))
        assert asyncio.get_running_loop().time() < SPEAK_S + 10
    assert c.provider.close_code == 1011


@pytest.mark.parametrize("fillers", [None, FillerPhrases(("One moment.",), after_s=0.7)])
async def test_a_conversation_that_hangs_is_freed_also_while_fillers_are_said(
    fillers: FillerPhrases | None,
) -> None:
    async def hangs(ledger: Ledger, hear: Hear, say: SayAloud) -> object:
        await hear(NAME)
        return await asyncio.Event().wait()

    async with call(converse=hangs, fillers=fillers) as c:
        await c.provider.speak(spoken(JOHN))
        heard_at = asyncio.get_running_loop().time()
        await c.ended.wait()
        taken_s = asyncio.get_running_loop().time() - heard_at
    assert STUCK_S < taken_s < STUCK_S + 2 * LOOK_S + BROKEN_PAUSE_S
    assert c.provider.close_code == 1011


async def test_a_conversation_that_hangs_is_freed_also_when_its_caller_is_gone() -> None:
    async def hangs(ledger: Ledger, hear: Hear, say: SayAloud) -> object:
        return await asyncio.Event().wait()

    async with call(converse=hangs) as c:
        await c.provider.hang_up()
        await asyncio.wait_for(c.ended.wait(), STUCK_S + 2 * LOOK_S)


async def test_who_is_given_time_or_listens_to_a_long_line_is_not_stuck() -> None:
    waits: list[str | Expectation] = [NAME] * 8
    tts = SteadyVoice(sentence_ms=50_000)
    async with call("A very long line.", *waits, synthesizer=tts) as c:
        await c.ended.wait()
    assert c.dialogue.texts == ["Silent"] * 8
    assert c.provider.close_code == 1000
