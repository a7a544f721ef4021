"""The webhook's answers: by record, by free places, by signature."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import pytest

from voicebot.business import Business, load_business
from voicebot.call import CallSid, Status
from voicebot.errors import InvalidCallSid
from voicebot.settings import Settings
from voicebot.signature import sign
from voicebot.stream.tokens import Bearer, StreamTokens
from voicebot.stream.webhook import Asked, Webhook, announced_in

CALL = CallSid("CA1")
TOKENS = StreamTokens(b"secret")


def webhook(
    status: Status | None = None,
    transfer_to: str | None = None,
    *,
    of: CallSid = CALL,
    dialled: list[tuple[CallSid, str, bool]] | None = None,
    **set_: Any,
) -> Webhook:
    async def status_of(call_sid: CallSid) -> Status | None:
        assert call_sid == of
        return status

    settings = Settings(_env_file=None, data_dir=Path("unused"), **set_)
    business: Business = load_business(None).model_copy(update={"transfer_to": transfer_to})

    def note(call_sid: CallSid, outcome: str, reached: bool) -> None:
        if dialled is not None:
            dialled.append((call_sid, outcome, reached))

    return Webhook(settings, business, status_of, TOKENS, note)


def asked(*, host: str = "bot.test:8080", signature: str | None = None, **query: str) -> Asked:
    return Asked("/twiml?" + urlencode({"CallSid": CALL} | query), host, signature)


async def verbs(hook: Webhook, request: Asked, has_room: bool = True) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(await hook.answer(request, has_room=has_room)))


@pytest.mark.parametrize("status", [None, Status.ACTIVE, Status.ABANDONED])
async def test_an_open_call_is_streamed_and_asks_again_afterwards(status: Status | None) -> None:
    connect, redirect = await verbs(webhook(status), asked(From="+61412", To="+61298"))
    (stream,) = connect
    assert stream.get("url") == "ws://bot.test:8080/media"
    parameters = {p.get("name"): p.get("value") for p in stream}
    token = parameters.pop("token")
    assert token is not None
    assert TOKENS.consume(CALL, token)
    assert parameters == {"from": "+61412", "to": "+61298"}
    assert (redirect.tag, redirect.get("method"), redirect.text) == ("Redirect", "GET", "/twiml")


@pytest.mark.parametrize("status", [Status.BOOKED, Status.INCOMPLETE])
async def test_a_finished_call_is_hung_up(status: Status) -> None:
    (verb,) = await verbs(webhook(status), asked(), has_room=False)
    assert verb.tag == "Hangup"


async def test_a_call_for_a_person_is_dialled() -> None:
    dial, hangup = await verbs(webhook(Status.TRANSFER, "+61 2 <9>"), asked())
    assert (dial.tag, dial.text, hangup.tag) == ("Dial", "+61 2 <9>", "Hangup")
    assert (dial.get("action"), dial.get("method")) == ("/twiml", "GET")
    (verb,) = await verbs(webhook(Status.TRANSFER), asked())
    assert verb.tag == "Hangup"


@pytest.mark.parametrize("outcome", ["completed", "answered"])
async def test_after_a_person_was_reached_the_call_is_over(outcome: str) -> None:
    dialled: list[tuple[CallSid, str, bool]] = []
    hook = webhook(Status.TRANSFER, "+61298765432", dialled=dialled)
    (verb,) = await verbs(hook, asked(DialCallStatus=outcome))
    assert verb.tag == "Hangup"
    assert dialled == [(CALL, outcome, True)]


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed", "canceled", "something new"])
async def test_a_caller_whom_nobody_answers_is_told_that_somebody_will_call(outcome: str) -> None:
    dialled: list[tuple[CallSid, str, bool]] = []
    hook = webhook(Status.TRANSFER, "+61298765432", dialled=dialled)
    say, hangup = await verbs(hook, asked(DialCallStatus=outcome))
    assert (say.tag, hangup.tag) == ("Say", "Hangup")
    assert say.text == "Nobody's free just now, but somebody will call you back."
    known = outcome if outcome != "something new" else "failed"
    assert dialled == [(CALL, known, False)]


async def test_a_dial_outcome_of_a_call_that_was_not_put_through_changes_nothing() -> None:
    dialled: list[tuple[CallSid, str, bool]] = []
    hook = webhook(Status.ACTIVE, "+61298765432", dialled=dialled)
    assert [v.tag for v in await verbs(hook, asked(DialCallStatus="busy"))] == [
        *("Connect", "Redirect")
    ]
    assert dialled == []


async def test_without_room_a_call_waits_five_times_and_then_hears_an_apology() -> None:
    hook, tries = webhook(), []
    request = asked()
    while True:
        first, second = await verbs(hook, request, has_room=False)
        if first.tag == "Say":
            break
        assert (first.tag, first.get("length")) == ("Pause", "2")
        assert second.get("method") == "GET"
        tries.append(second.text)
        assert second.text is not None
        request = asked(**{"try": second.text.partition("=")[2]})
    assert tries == [f"/twiml?try={n}" for n in range(1, 6)]
    assert (first.text, second.tag) == (first.text, "Hangup")


@pytest.mark.parametrize("tries", ["x", "-1", "99999999999999999999", "²"])
async def test_a_try_that_is_no_number_counts_as_the_first(tries: str) -> None:
    _, redirect = await verbs(webhook(), asked(**{"try": tries}), has_room=False)
    assert redirect.text == "/twiml?try=1"


async def test_a_strangers_words_are_escaped() -> None:
    connect, _ = await verbs(webhook(), asked(From='"><Dial>+1900</Dial>', host="a&b"))
    (stream,) = connect
    assert stream.get("url") == "ws://a&b/media"
    assert {p.get("value") for p in stream} >= {'"><Dial>+1900</Dial>'}


async def test_what_no_xml_can_hold_is_left_out() -> None:
    connect, _ = await verbs(webhook(), asked(From="\x00+614\x0b11\uffff\x85"))
    assert {p.get("name"): p.get("value") for p in connect[0]}["from"] == "+61411"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("+61412345678", "+61412345678"),
        ("%2B61412", "+61412"),
        ("+a", " a"),
        ("sip:a@b", "sip:a@b"),
    ],
)
async def test_a_plus_that_a_form_has_lost_is_restored(given: str, told: str) -> None:
    connect, _ = await verbs(webhook(), Asked(f"/twiml?CallSid=CA1&From={given}", "h", None))
    assert {p.get("name"): p.get("value") for p in connect[0]}["from"] == told


async def test_a_parameter_stays_under_the_providers_limit() -> None:
    connect, _ = await verbs(webhook(), asked(From="9" * 5000))
    assert all(len(p.get("value", "")) < 450 for p in connect[0])


@pytest.mark.parametrize("query", ["?CallSid=a%2Fb", "?CallSid=%7D"])
async def test_a_request_with_a_wrong_call_is_refused(query: str) -> None:
    with pytest.raises(InvalidCallSid):
        await webhook().answer(Asked("/twiml" + query, "h", None), has_room=True)


@pytest.mark.parametrize("query", ["", "?CallSid=", "?callsid=CA1"])
async def test_who_names_no_call_is_told_the_way_without_a_token(query: str) -> None:
    connect, redirect = await verbs(webhook(), Asked("/twiml" + query, "h", None))
    assert connect[0].get("url") == "ws://h/media"
    assert list(connect[0]) == []
    assert redirect.text == "/twiml"


async def test_without_room_a_try_counts_without_a_call_too() -> None:
    request = Asked("/twiml?try=5", "h", None)
    _, hangup = await verbs(webhook(), request, has_room=False)
    assert hangup.tag == "Hangup"


@pytest.mark.parametrize(
    ("public", "stream", "again"),
    [
        ("https://bot.example.com", "wss://bot.example.com/media", "/twiml"),
        ("https://example.com/bot/", "wss://example.com/bot/media", "/bot/twiml"),
        ("http://10.0.0.1:81", "ws://10.0.0.1:81/media", "/twiml"),
    ],
)
async def test_the_public_address_is_what_the_provider_is_told(
    public: str, stream: str, again: str
) -> None:
    connect, redirect = await verbs(webhook(public_url=public), asked())
    assert (connect[0].get("url"), redirect.text) == (stream, again)


@pytest.mark.parametrize("public", [None, "https://bot.test:8080"])
def test_with_an_auth_token_only_the_provider_is_answered(public: str | None) -> None:
    hook = webhook(twilio_auth_token="12345", public_url=public)
    url = "https://bot.test:8080" + asked(From="+61").path
    assert hook.is_genuine_request(asked(From="+61", signature=sign("12345", url)))
    assert not hook.is_genuine_request(asked(From="+62", signature=sign("12345", url)))
    assert not hook.is_genuine_request(asked(From="+61"))
    media = Asked("/media", "bot.test:8080", sign("12345", "wss://bot.test:8080/media"))
    assert hook.is_genuine_upgrade(media)
    assert not hook.is_genuine_request(media)


def test_a_signature_is_checked_against_the_public_address_not_the_host_header() -> None:
    hook = webhook(twilio_auth_token="12345", public_url="https://bot.test")
    replayed = Asked("/media", "evil.test", sign("12345", "wss://evil.test/media"))
    assert not hook.is_genuine_upgrade(replayed)


async def test_a_browsers_call_has_its_pass_in_the_address_and_no_other() -> None:
    sid = CallSid("web-1")
    connect, _ = await verbs(webhook(of=sid), asked(CallSid=sid, From="browser"))
    (stream,) = connect
    assert {p.get("name") for p in stream} == {"from"}
    address = urlsplit(str(stream.get("url")))
    found = announced_in(address.path)
    assert found is not None
    assert found[0] == sid
    assert TOKENS.verify(sid, found[1], Bearer.BROWSER)
    assert not TOKENS.verify(sid, found[1], Bearer.PROVIDER)


def test_an_unsigned_upgrade_is_genuine_with_a_browsers_pass_alone() -> None:
    hook = webhook(twilio_auth_token="12345")
    sid, other = CallSid("web-1"), CallSid("web-2")

    def genuine(path: str) -> bool:
        return hook.is_genuine_upgrade(Asked(path, "bot.test", None))

    given = TOKENS.issue(sid, Bearer.BROWSER)
    assert genuine(f"/media/{sid}/{given}")
    assert not genuine(f"/media/{other}/{given}")
    assert not genuine(f"/media/{sid}/{TOKENS.issue(sid)}"), "a provider's token"
    assert not genuine(f"/media/{TOKENS.issue(sid)}")
    assert not genuine(f"/media/CA1/{TOKENS.issue(CALL, Bearer.BROWSER)}"), "a provider's call"
    assert TOKENS.consume(sid, given, Bearer.BROWSER)
    assert not genuine(f"/media/{sid}/{given}"), "it is spent"


def test_a_browsers_pass_does_not_open_the_webhook() -> None:
    hook = webhook(twilio_auth_token="12345")
    path = f"/media/web-1/{TOKENS.issue(CallSid('web-1'), Bearer.BROWSER)}"
    assert not hook.is_genuine_request(Asked(path, "bot.test", None))


def test_without_an_auth_token_nothing_is_signed() -> None:
    assert webhook().is_genuine_request(asked())
