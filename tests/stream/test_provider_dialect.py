"""Twilio's words, good and bad, and ours to it."""

from base64 import b64decode, b64encode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.call import CallSid
from voicebot.errors import ProtocolViolation
from voicebot.stream import provider_dialect as dialect
from voicebot.stream.provider_dialect import Audio, Digit, Malformed, Mark, Start, Stop, Unknown

CALL_SID = CallSid("CA" + "0a" * 16)
STREAM_SID = "MZ" + "0b" * 16
MULAW = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


def frame(**message: object) -> str:
    return orjson.dumps(message).decode()


def start(**changes: object) -> str:
    body: dict[str, object] = {
        "accountSid": "AC" + "0c" * 16,
        "streamSid": STREAM_SID,
        "callSid": CALL_SID,
        "tracks": ["inbound"],
        "mediaFormat": MULAW,
        "customParameters": {"token": "t", "from": "+14155550100"},
    } | changes
    kept = {key: value for key, value in body.items() if value is not None}
    return frame(event="start", sequenceNumber="1", start=kept, streamSid=STREAM_SID)


def media(payload: object, **changes: object) -> str:
    body = {"track": "inbound", "chunk": "1", "timestamp": "155", "payload": payload} | changes
    return frame(event="media", sequenceNumber="2", media=body, streamSid=STREAM_SID)


def test_a_call_is_read_from_hello_to_stop() -> None:
    hello = frame(event="connected", protocol="Call", version="1.0.0")
    assert dialect.read(hello) == Unknown("connected")
    assert dialect.read(start()) == Start(
        CALL_SID, STREAM_SID, {"token": "t", "from": "+14155550100"}
    )
    assert dialect.read(media(b64encode(b"\xff" * 160).decode())) == Audio(b"\xff" * 160)
    digit = {"track": "inbound_track", "digit": "4"}
    assert dialect.read(frame(event="dtmf", streamSid=STREAM_SID, dtmf=digit)) == Digit("4")
    assert dialect.read(frame(event="mark", mark={"name": "g1.s1"})) == Mark("g1.s1")
    assert dialect.read(frame(event="stop", stop={"callSid": CALL_SID})) == Stop()


def test_a_start_without_parameters_has_none() -> None:
    event = dialect.read(start(customParameters=None))
    assert event == Start(CALL_SID, STREAM_SID, {})


def test_a_start_may_name_its_stream_only_inside() -> None:
    body = {"callSid": CALL_SID, "streamSid": STREAM_SID}
    assert dialect.read(frame(event="start", start=body)) == Start(CALL_SID, STREAM_SID, {})


def test_parameters_that_are_no_text_are_left_out() -> None:
    event = dialect.read(start(customParameters={"from": "+1", "n": 5}))
    assert event == Start(CALL_SID, STREAM_SID, {"from": "+1"})


@pytest.mark.parametrize(
    "media_format",
    [
        MULAW | {"encoding": "audio/x-l16"},
        MULAW | {"sampleRate": 16000},
        MULAW | {"channels": 2},
        "audio/x-l16",
    ],
)
def test_another_codec_closes_with_1003(media_format: object) -> None:
    with pytest.raises(ProtocolViolation) as refused:
        dialect.read(start(mediaFormat=media_format))
    assert refused.value.code == 1003


@pytest.mark.parametrize("call_sid", [None, 7, "", "a/b", "x" * 65, "ümlaut"])
def test_a_start_without_a_proper_call_closes_with_1008(call_sid: object) -> None:
    with pytest.raises(ProtocolViolation) as refused:
        dialect.read(start(callSid=call_sid))
    assert refused.value.code == 1008


@pytest.mark.parametrize("size", [0, 1, 80, 160, 240, 16000])
def test_any_length_of_audio_is_fine(size: int) -> None:
    assert dialect.read(media(b64encode(b"\x11" * size).decode())) == Audio(b"\x11" * size)


@pytest.mark.parametrize(
    "odd",
    [
        b"\x00\x01",
        "",
        "{",
        "[]",
        '["media"]',
        "null",
        "7",
        "{}",
        frame(event=7),
        frame(event="media"),
        frame(event="media", media=[]),
        media(None),
        media(5),
        media("////w"),
        media("not base64!"),
        media("ÄÖ=="),
        media("//8=\n"),
        media("_-8="),
        frame(event="dtmf"),
        frame(event="dtmf", dtmf={"digit": "44"}),
        frame(event="dtmf", dtmf={"digit": 4}),
        frame(event="mark", mark={}),
        frame(event="mark", mark={"name": None}),
    ],
)
def test_odd_frames_are_malformed_and_no_more(odd: str | bytes) -> None:
    assert isinstance(dialect.read(odd), Malformed)


def test_unknown_events_and_other_tracks_are_unknown() -> None:
    assert dialect.read(frame(event="weather", sun=True)) == Unknown("weather")
    assert isinstance(dialect.read(media("//8=", track="outbound")), Unknown)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_a_stranger_cannot_make_reading_fail(garbage: bytes | str) -> None:
    assert dialect.read(garbage) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop"]), JSON)
def test_wrong_types_never_escape_as_anything_but_a_violation(event: str, body: object) -> None:
    message = frame(event=event, streamSid=body, **{event: body})
    if event == "start":  # never a whole start: the body is its own stream's name
        with pytest.raises(ProtocolViolation):
            dialect.read(message)
    else:
        assert dialect.read(message) is not None


def test_what_we_send_has_exactly_the_permitted_keys() -> None:
    audio = orjson.loads(dialect.audio(STREAM_SID, b"\x01\x02"))
    assert audio == {
        "event": "media",
        "streamSid": STREAM_SID,
        "media": {"payload": b64encode(b"\x01\x02").decode()},
    }
    assert orjson.loads(dialect.mark(STREAM_SID, "g1.s1")) == {
        "event": "mark",
        "streamSid": STREAM_SID,
        "mark": {"name": "g1.s1"},
    }
    assert orjson.loads(dialect.clear(STREAM_SID)) == {
        "event": "clear",
        "streamSid": STREAM_SID,
    }


@given(st.binary(max_size=500))
def test_audio_goes_out_as_standard_base64(mulaw: bytes) -> None:
    payload = orjson.loads(dialect.audio(STREAM_SID, mulaw))["media"]["payload"]
    assert b64decode(payload, validate=True) == mulaw


def test_what_we_send_is_text() -> None:
    assert isinstance(dialect.audio(STREAM_SID, b""), str)
