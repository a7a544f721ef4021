"""The provider: webhook, TwiML, stream, over real sockets on loopback, in virtual time."""

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from tests.simulators.phone.bot import BEEP, CONNECT, HANGUP, Bot, beep, clear, media, running
from voicebot import g711
from voicebot.errors import PhoneError
from voicebot.signature import is_signed
from voicebot.simulators.phone.caller import Caller
from voicebot.simulators.phone.line import Clock
from voicebot.simulators.phone.provider import Dialled, Outcome, Provider, new_call_sid
from voicebot.simulators.phone.recordings import Clip
from voicebot.simulators.phone.script import Kind, Script, ScriptLine

pytestmark = pytest.mark.virtual_time(grace_s=0.001)

TONE = g711.encode((8000 * np.sin(np.arange(1600) / 3)).astype(np.int16))
HELLO = ScriptLine(Kind.TEXT, "Hello.")
CLIPS = {HELLO: Clip("Hello.", TONE)}


class LoopClock(Clock):
    """The loop's own time."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()


class Observed:
    """Keeps what happened on a call."""

    def __init__(self) -> None:
        self.bot: list[str] = []
        self.caller: list[str] = []
        self.latencies_ms: list[float] = []
        self.notices: list[str] = []

    def said(self, who: str, text: str) -> None:
        {"bot": self.bot, "caller": self.caller}[who].append(text)

    def answered(self, latency_ms: float) -> None:
        self.latencies_ms.append(latency_ms)

    def noticed(self, text: str) -> None:
        self.notices.append(text)


async def placed(
    bot: Bot, *lines: ScriptLine, seen: Observed | None = None
) -> tuple[Outcome, Provider]:
    async with running(bot) as url:
        return await dial(url, *lines, seen=seen or Observed())


async def dial(url: str, *lines: ScriptLine, seen: Observed) -> tuple[Outcome, Provider]:
    caller = Caller(Script(opening=lines), CLIPS, seen)
    dialled = Dialled(url, "CA" + "1" * 32, "+61491570006", "+61255501000")
    provider = Provider(dialled, LoopClock(), seen.noticed)
    return await provider.carry(caller.talk), provider


async def test_a_call_to_its_end_is_told_to_hang_up() -> None:
    bot, seen = Bot([CONNECT, HANGUP], turns=2), Observed()
    outcome, provider = await placed(bot, HELLO, HELLO, seen=seen)
    assert outcome is Outcome.HUNG_UP
    assert seen.caller == ["Hello.", "Hello."]
    assert len(seen.latencies_ms) == 2
    assert not provider.complaints


async def test_the_webhook_is_asked_as_the_provider_asks() -> None:
    bot = Bot([CONNECT, HANGUP], turns=0)
    await placed(bot)
    asked = parse_qs(urlsplit(bot.asked[0]).query)
    assert asked["CallSid"] == ["CA" + "1" * 32]
    assert asked["From"] == ["+61491570006"]
    assert asked["To"] == ["+61255501000"]
    assert bot.asked[1].startswith("/twiml?"), "the redirect after <Connect> was followed"


@pytest.mark.parametrize("public_url", [None, "https://bot.example.com"])
async def test_webhook_and_stream_are_signed_with_the_token_as_the_provider_signs(
    public_url: str | None,
) -> None:
    bot = Bot([CONNECT, HANGUP], turns=0)
    async with running(bot) as url:
        dialled = Dialled(url, "CA1", "+61491570006", "+61255501000", "12345", public_url)
        caller = Caller(Script(), {}, Observed())
        await Provider(dialled, LoopClock(), Observed().noticed).carry(caller.talk)
    here = urlsplit(url)
    asked = [(path, header) for path, header in bot.signatures if path.startswith("/twiml")]
    assert len(asked) == 2
    for path, header in asked:
        assert is_signed("12345", [f"{public_url or f'http://{here.netloc}'}{path}"], header)
    (stream,) = (header for path, header in bot.signatures if path == "/media")
    assert is_signed("12345", [url], stream)
    assert "12345" not in repr(dialled)


async def test_without_a_token_nothing_is_signed() -> None:
    bot = Bot([CONNECT, HANGUP], turns=0)
    await placed(bot)
    assert {header for _, header in bot.signatures} == {None}


async def test_a_stream_that_opens_nowhere_is_told_with_the_setting_that_sent_it_there() -> None:
    elsewhere = CONNECT.replace("ws://{host}", "ws://127.0.0.1:1")
    seen = Observed()
    await placed(Bot([elsewhere, HANGUP]), seen=seen)
    (notice,) = seen.notices
    assert "ws://127.0.0.1:1/media (nothing listens there: connection refused)" in notice
    assert "VOICEBOT_PUBLIC_URL" in notice


async def test_messages_are_numbered_without_a_gap_and_frames_carry_the_audio_time() -> None:
    bot = Bot([CONNECT, HANGUP])
    await placed(bot, HELLO)
    connected, *numbered = bot.messages
    assert connected["event"] == "connected"
    assert numbered[0]["start"]["customParameters"] == {"token": "t1", "from": "+61491570006"}
    assert [m["sequenceNumber"] for m in numbered] == [str(n + 1) for n in range(len(numbered))]
    frames = [m["media"] for m in bot.events("media")]
    assert [f["chunk"] for f in frames] == [str(n + 1) for n in range(len(frames))]
    assert [int(f["timestamp"]) for f in frames] == [20 * (n + 1) for n in range(len(frames))]


async def test_marks_come_back_at_once_when_cleared_and_else_once_the_beep_was_played() -> None:
    bot = Bot([CONNECT, HANGUP], turns=0)
    bot.extra = lambda sid: [*beep(sid, "a"), *beep(sid, "b"), clear(sid), media(sid, BEEP * 39)]
    await placed(bot)
    marks = bot.events("mark")
    assert [mark["mark"]["name"] for mark in marks] == ["a", "b", "t0"]
    cleared, played = (int(mark["sequenceNumber"]) for mark in marks[1:])
    frames = [int(m["sequenceNumber"]) for m in bot.events("media")]
    assert sum(n < cleared for n in frames) < 10
    assert sum(n < played for n in frames) >= 50, "4 s of beep take two hundred frames"


async def test_keys_are_pressed_one_by_one() -> None:
    bot = Bot([CONNECT, HANGUP])
    await placed(bot, ScriptLine(Kind.KEYS, "04#"))
    assert [m["dtmf"] for m in bot.events("dtmf")] == [
        {"track": "inbound_track", "digit": digit} for digit in "04#"
    ]


async def test_hanging_up_sends_stop_and_follows_no_more_verbs() -> None:
    bot = Bot([CONNECT, HANGUP], turns=5)
    outcome, _ = await placed(bot, HELLO, ScriptLine(Kind.HANG_UP))
    assert outcome is Outcome.CALLER_LEFT
    assert bot.messages[-1]["event"] == "stop"
    assert len(bot.asked) == 1


async def test_a_stream_that_was_cut_is_connected_again() -> None:
    bot = Bot([CONNECT, CONNECT, HANGUP], turns=0)
    outcome, provider = await placed(bot)
    assert outcome is Outcome.HUNG_UP
    assert len(provider.lines) == 2
    assert all(line.first_word_s is not None for line in provider.lines)
    starts = [m["streamSid"] for m in bot.events("start")]
    assert len(set(starts)) == 2, "each stream has an id of its own"


async def test_pause_and_redirect_are_followed() -> None:
    wait = '<Response><Pause length="2"/><Redirect method="GET">/twiml?try=1</Redirect></Response>'
    bot = Bot([wait, HANGUP])
    outcome, _ = await placed(bot)
    assert outcome is Outcome.HUNG_UP
    assert parse_qs(urlsplit(bot.asked[1]).query)["try"] == ["1"]
    assert "CallSid" in bot.asked[1]


async def test_an_endless_redirect_is_an_error() -> None:
    bot = Bot(['<Response><Redirect method="GET">/twiml</Redirect></Response>'])
    with pytest.raises(PhoneError, match="redirected 50 times"):
        await placed(bot)


@pytest.mark.parametrize(
    ("verb", "outcome", "notice"),
    [
        ("<Dial>+61255501234</Dial>", Outcome.TRANSFERRED, "+61255501234"),
        ("<Say>Sorry.</Say>", Outcome.LOST, "Sorry."),
    ],
    ids=["a person", "no verb left"],
)
async def test_a_call_without_a_stream_is_over_in_another_way(
    verb: str, outcome: Outcome, notice: str
) -> None:
    seen = Observed()
    assert (await placed(Bot([f"<Response>{verb}</Response>"]), seen=seen))[0] is outcome
    assert notice in seen.notices[0]


async def test_what_the_provider_would_drop_is_a_complaint() -> None:
    bot = Bot([CONNECT, HANGUP], turns=0)
    bot.extra = lambda sid: [json.dumps({"event": "mark", "streamSid": sid})]
    _, provider = await placed(bot)
    assert any("31951" in complaint for complaint in provider.complaints)


async def test_no_server_is_told_with_its_mend_and_without_the_callers_number() -> None:
    async with running(Bot([HANGUP])) as url:
        pass
    with pytest.raises(PhoneError, match="make run-local") as caught:
        await dial(url, seen=Observed())
    assert "61491570006" not in str(caught.value)


def test_an_address_that_is_no_websocket_is_refused() -> None:
    with pytest.raises(PhoneError, match="ws://HOST/media"):
        _ = Dialled("http://127.0.0.1/media", "CA1", "+1", "+2").webhook


def test_call_ids_have_the_provider_form() -> None:
    first, second = new_call_sid(), new_call_sid()
    assert first != second
    assert len(first) == 34
    assert first.startswith("CA")
