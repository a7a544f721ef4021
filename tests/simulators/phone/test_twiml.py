"""TwiML into verbs."""

import pytest

from voicebot.errors import PhoneError
from voicebot.simulators.phone.twiml import Connect, Dial, Hangup, Pause, Redirect, Say, parse_twiml

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def test_the_answer_to_a_new_call() -> None:
    verbs = parse_twiml(
        f'{HEAD}<Response><Connect><Stream url="wss://a.example/media">'
        '<Parameter name="from" value="Tom &amp; &quot;Jo&quot;"/></Stream></Connect>'
        '<Redirect method="GET">/twiml</Redirect></Response>'
    )
    assert verbs == (
        Connect("wss://a.example/media", {"from": 'Tom & "Jo"'}),
        Redirect("/twiml"),
    )


def test_the_answers_at_the_end_of_a_call() -> None:
    document = '<Response><Say>Sorry.</Say><Pause length="2"/><Dial>+61</Dial><Hangup/></Response>'
    assert parse_twiml(document) == (Say("Sorry."), Pause(2.0), Dial("+61"), Hangup())


def test_a_pause_is_one_second_unless_it_says_otherwise() -> None:
    assert parse_twiml("<Response><Pause/></Response>") == (Pause(1.0),)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("oops", "not XML"),
        ("<Answer/>", "not <Response>"),
        ("<Response><Play>x.mp3</Play></Response>", "<Play>"),
        ("<Response><Connect/></Response>", "without <Stream"),
        ("<Response><Redirect>/twiml</Redirect></Response>", 'method="GET"'),
        ('<Response><Connect><Stream url="ws://a/m?x=1"/></Connect></Response>', "query"),
    ],
)
def test_what_the_provider_could_not_do_is_refused(document: str, complaint: str) -> None:
    with pytest.raises(PhoneError, match=complaint):
        parse_twiml(document)


def test_a_parameter_over_the_limit_is_refused() -> None:
    value = "x" * 495
    document = (
        '<Response><Connect><Stream url="ws://a/m">'
        f'<Parameter name="token" value="{value}"/></Stream></Connect></Response>'
    )
    with pytest.raises(PhoneError, match="500"):
        parse_twiml(document)
