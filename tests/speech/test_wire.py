"""The wire protocol carries what was meant, and says nothing of a customer when it is broken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.wire import (
    Failed,
    Hear,
    Heard,
    Reason,
    Speak,
    WireError,
    pack,
    unpack_reply,
    unpack_request,
)


@given(st.integers(), st.lists(st.text()), st.booleans(), st.binary())
def test_a_job_arrives_as_it_was_sent(
    number: int, words: list[str], in_words: bool, audio: bytes
) -> None:
    job = Hear(id=number, vocabulary=tuple(words), words_for_digits=in_words)
    assert unpack_request(pack(job, audio)) == (job, audio)


@given(st.integers(), st.text(), st.floats(0, 10))
def test_a_reply_arrives_as_it_was_sent(number: int, text: str, seconds: float) -> None:
    reply = Heard(id=number, text=text, seconds=seconds)
    assert unpack_reply(pack(reply)) == (reply, b"")


def test_another_client_needs_only_json_and_a_newline() -> None:
    written = json.dumps({"do": "speak", "id": 7, "text": "Hello"}).encode() + b"\n"
    assert unpack_request(written) == (Speak(id=7, text="Hello", pitch=1.0), b"")


def test_a_refusal_names_its_reason() -> None:
    refusal = Failed(id=1, reason=Reason.BUSY, message="full")
    assert json.loads(pack(refusal)) == {
        "do": "failed", "id": 1, "reason": "busy", "message": "full",
    }  # fmt: skip


@pytest.mark.parametrize(
    "message",
    [
        "text",
        b"",
        b"not json\n",
        b'{"do":"sing","id":1}\n',
        b'{"do":"speak","text":"no number"}\n',
        b'{"do":"speak","id":1,"text":"x","pitch":9}\n',
        b'["speak"]\n',
    ],
)
def test_a_message_of_another_kind_is_refused(message: str | bytes) -> None:
    with pytest.raises(WireError):
        unpack_request(message)


def test_a_refused_message_is_not_quoted() -> None:
    with pytest.raises(WireError) as caught:
        unpack_request(b'{"do":"speak","id":"Jane Doe","text":"0412345678"}\n')
    assert "Jane" not in str(caught.value)
    assert "0412" not in str(caught.value)
    assert caught.value.__cause__ is None
