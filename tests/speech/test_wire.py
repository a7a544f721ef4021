"""The wire protocol carries what was meant, and quotes no customer when it is broken."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.wire import Hear, Kind, Reply, Speak, WireError, pack, unpack


@given(st.lists(st.text()), st.booleans(), st.binary())
def test_a_job_arrives_as_it_was_sent(words: list[str], in_words: bool, audio: bytes) -> None:
    job = Hear(vocabulary=tuple(words), words_for_digits=in_words)
    assert unpack(Hear, pack(job, audio)) == (job, audio)


@given(st.sampled_from(Kind), st.text(), st.floats(0, 10), st.binary())
def test_a_reply_arrives_as_it_was_sent(do: Kind, text: str, seconds: float, mulaw: bytes) -> None:
    reply = Reply(do=do, text=text, seconds=seconds)
    assert unpack(Reply, pack(reply, mulaw)) == (reply, mulaw)


def test_another_client_needs_only_json_and_a_newline() -> None:
    written = json.dumps({"do": "speak", "text": "Hello", "id": 7}).encode() + b"\n"
    assert unpack(Speak, written) == (Speak(text="Hello", pitch=1.0), b"")


@pytest.mark.parametrize(
    "message",
    [
        "text",
        b"",
        b"not json\n",
        b'{"do":"hear"}\n',
        b'{"do":"speak"}\n',
        b'{"do":"speak","text":"x","pitch":9}\n',
        b'["speak"]\n',
    ],
)
def test_a_message_of_another_kind_is_refused(message: str | bytes) -> None:
    with pytest.raises(WireError):
        unpack(Speak, message)


def test_a_refused_message_is_not_quoted() -> None:
    with pytest.raises(WireError) as caught:
        unpack(Speak, b'{"do":"Jane Doe","text":412345678}\n')
    assert "Jane" not in str(caught.value)
    assert "4123" not in str(caught.value)
    assert caught.value.__cause__ is None
