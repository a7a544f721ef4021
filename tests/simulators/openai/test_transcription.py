"""Realtime transcription: as documented, and as badly as ordered."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.simulators.openai.conftest import KEY, recorded
from tests.simulators.openai.realtime import HEARING, PCM, QUIET, dial
from voicebot.simulators.openai.simulator import Fault, FaultKind, Service, Simulator

NAME, YES, NO = recorded("john_name.wav"), recorded("john_yes.wav"), recorded("john_no.wav")
TRANSCRIPTION = "conversation.item.input_audio_transcription"


def order(simulator: Simulator, kind: FaultKind, **more: float) -> None:
    simulator.faults.order(Fault(service=Service.HEARING, kind=kind, **more))


def error_of(event: dict[str, object]) -> dict[str, object]:
    error = event["error"]
    assert isinstance(error, dict)
    return error


def code(event: dict[str, object]) -> object:
    return error_of(event)["code"]


async def test_a_session_is_created_updated_and_hears(url: str) -> None:
    async with dial(url) as line:
        assert (await line.configure())["type"] == "session.updated"
        assert await line.transcript(NAME.samples) == NAME.text
        kinds = [event["type"] for event in line.events]
        deltas = [e["delta"] for e in line.events if e["type"] == f"{TRANSCRIPTION}.delta"]
    assert kinds[:4] == [
        "session.created", "session.updated", "input_audio_buffer.committed",
        "conversation.item.added",
    ]  # fmt: skip
    assert "".join(map(str, deltas)) == NAME.text
    assert len(set(kinds[4:-1])) == 1


async def test_a_commit_of_too_little_is_an_error_that_names_its_cause(url: str) -> None:
    async with dial(url) as line:
        await line.configure()
        await line.say(QUIET[:500])
        await line.send("input_audio_buffer.commit", event_id="mine")
        event = await line.next()
        assert code(event) == "input_audio_buffer_commit_empty"
        assert error_of(event)["event_id"] == "mine"
        assert await line.transcript(NO.samples) == NO.text


async def test_what_was_cleared_is_not_heard_and_silence_is_empty(url: str) -> None:
    async with dial(url) as line:
        await line.configure()
        await line.say(NAME.samples)
        await line.send("input_audio_buffer.clear")
        assert await line.transcript(YES.samples) == YES.text
        assert await line.transcript(QUIET) == ""
        first, second = (e for e in line.events if e["type"] == "input_audio_buffer.committed")
    assert first["previous_item_id"] is None
    assert second["previous_item_id"] == first["item_id"] != second["item_id"]


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"turn_detection": {"type": "server_vad"}}, "turn_detection"),
        ({"transcription": {"model": "gpt-9"}}, "transcription.model"),
        ({"transcription": {"model": "whisper-1", "keywords": ["x"]}}, "transcription"),
        (
            {"transcription": {"model": "gpt-live-transcribe", "keywords": ["<x>"]}},
            "transcription.keywords.0",
        ),
        (
            {"transcription": {"model": "gpt-transcribe", "language": "en", "languages": ["en"]}},
            "transcription",
        ),
        ({"format": {"type": "audio/pcm", "rate": 16000}}, "format.rate"),
        ({"format": {"type": "audio/pcm"}}, "format"),
        ({"weather": "fine"}, "weather"),
    ],
)
async def test_a_wrong_setting_is_refused_by_name(
    url: str, changes: dict[str, object], param: str
) -> None:
    async with dial(url) as line:
        event = await line.configure(**changes)
        assert event["type"] == "error"
        assert error_of(event)["param"] == f"session.audio.input.{param}"


async def test_mu_law_can_be_refused(url: str, simulator: Simulator) -> None:
    simulator.takes_pcmu = False
    async with dial(url) as line:
        assert (await line.configure())["type"] == "error"
        assert (await line.configure(format=PCM))["type"] == "session.updated"


@pytest.mark.parametrize(
    ("query", "key", "status"),
    [
        ("", KEY, 400),
        ("model=gpt-realtime-2.1&intent=transcription", KEY, 400),
        (HEARING, None, 401),
        (HEARING, "sk-other", 401),
    ],
)
async def test_what_is_no_transcription_with_our_key_is_refused_at_the_handshake(
    url: str, query: str, key: str | None, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with dial(url, query, key):
            pass
    assert refused.value.response.status_code == status


async def test_a_rate_limit_says_when_to_come_back(url: str, simulator: Simulator) -> None:
    order(simulator, FaultKind.RATE_LIMITED, seconds=7)
    with pytest.raises(InvalidStatus) as refused:
        async with dial(url):
            pass
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["retry-after"] == "7"
    async with dial(url):  # once
        pass


async def test_out_of_order_means_after_the_next_one(url: str, simulator: Simulator) -> None:
    order(simulator, FaultKind.OUT_OF_ORDER)
    async with dial(url) as line:
        await line.configure()
        await line.say(NAME.samples)
        await line.send("input_audio_buffer.commit")
        first = (await line.until("input_audio_buffer.committed"))["item_id"]
        assert await line.transcript(YES.samples) == YES.text
        late = await line.until(f"{TRANSCRIPTION}.completed")
        assert (late["item_id"], late["transcript"]) == (first, NAME.text)


async def test_a_stalled_item_leaves_the_others_alone(url: str, simulator: Simulator) -> None:
    order(simulator, FaultKind.STALL)
    async with dial(url) as line:
        await line.configure()
        await line.say(NAME.samples)
        await line.send("input_audio_buffer.commit")
        assert await line.transcript(YES.samples) == YES.text


@pytest.mark.parametrize(
    ("kind", "closing"),
    [(FaultKind.CLOSED, 1011), (FaultKind.EXPIRED, 1001)],
    ids=["closed", "expired"],
)
async def test_a_session_can_end_instead_of_an_answer(
    url: str, simulator: Simulator, kind: FaultKind, closing: int
) -> None:
    order(simulator, kind)
    async with dial(url) as line:
        await line.configure()
        with pytest.raises(ConnectionClosed) as closed:
            await line.transcript(NAME.samples)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == closing
        errors = [code(event) for event in line.events if event["type"] == "error"]
        assert errors == (["session_expired"] if kind is FaultKind.EXPIRED else [])
