"""The provider's messages, against the shapes of the wire."""

import base64
import json

import pytest

from voicebot.simulators.phone.wire import Clear, Complaint, Mark, Media, Messages, parse_message

SID = "MZ" + "0" * 32


def order(**keys: object) -> str:
    return json.dumps({"streamSid": SID, **keys})


def test_the_three_orders_are_understood() -> None:
    payload = base64.b64encode(b"\xff\x10").decode()
    audio = parse_message(order(event="media", media={"payload": payload}), SID)
    assert audio == Media(b"\xff\x10")
    assert parse_message(order(event="mark", mark={"name": "u1.end"}), SID) == Mark("u1.end")
    assert parse_message(order(event="clear"), SID) == Clear()


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            order(event="media", media={"payload": "AA==", "track": "outbound"}), id="key"
        ),
        pytest.param(order(event="media", media={"payload": "AA=="}, sequenceNumber="1"), id="top"),
        pytest.param(order(event="media", media={"payload": "A-_="}), id="url-safe base64"),
        pytest.param(order(event="media", media={"payload": "AAA"}), id="no padding"),
        pytest.param(order(event="media", media={"payload": ""}), id="empty payload"),
        pytest.param(order(event="media", media="AA=="), id="body is no object"),
        pytest.param(order(event="mark"), id="mark without a name"),
        pytest.param(order(event="mark", mark={"name": 7}), id="name is no text"),
        pytest.param(order(event="clear", mark={"name": "x"}), id="clear with more"),
        pytest.param(order(event="stop"), id="not for servers"),
        pytest.param(order(event=["clear"]), id="event is no text"),
        pytest.param(json.dumps({"event": "clear", "streamSid": "MZother"}), id="other stream"),
        pytest.param(json.dumps({"event": "clear"}), id="no stream"),
    ],
)
def test_what_the_provider_would_drop_is_a_complaint(message: str) -> None:
    with pytest.raises(Complaint, match="31951"):
        parse_message(message, SID)


@pytest.mark.parametrize("message", [b"{}", "not json", "[]", '"media"'])
def test_what_is_not_a_json_text_is_malformed(message: str | bytes) -> None:
    with pytest.raises(Complaint, match="31950"):
        parse_message(message, SID)


def test_media_has_the_exact_shape_of_the_wire() -> None:
    messages = Messages("CA1", SID, {})
    messages.start()
    assert json.loads(messages.media("AA==", 155)) == {
        "event": "media",
        "sequenceNumber": "2",
        "media": {"track": "inbound", "chunk": "1", "timestamp": "155", "payload": "AA=="},
        "streamSid": SID,
    }


def test_start_has_the_exact_shape_of_the_wire() -> None:
    start = json.loads(Messages("CA1", SID, {"token": "t"}).start())
    assert start["start"].keys() == {
        "accountSid", "streamSid", "callSid", "tracks", "mediaFormat", "customParameters",
    }  # fmt: skip
    assert start["start"]["mediaFormat"] == {
        "encoding": "audio/x-mulaw",
        "sampleRate": 8000,
        "channels": 1,
    }
    assert start["start"]["customParameters"] == {"token": "t"}
    assert (start["sequenceNumber"], start["streamSid"]) == ("1", SID)
