"""The caller with a console: answers what is asked, and hangs up where it should."""

from collections.abc import Mapping
from itertools import count, pairwise
from typing import Any

import pytest

from tests.simulators.phone.bot import CONNECT, HANGUP, Bot, running
from tests.simulators.phone.test_console import http
from tests.simulators.phone.test_provider import TONE, LoopClock, Observed
from voicebot.call import Step
from voicebot.simulators.phone.caller import AFTER_SIGN_S, Caller
from voicebot.simulators.phone.console import Console
from voicebot.simulators.phone.provider import Dialled, Outcome, Provider
from voicebot.simulators.phone.recordings import Clip
from voicebot.simulators.phone.script import Kind, Script, ScriptLine

pytestmark = pytest.mark.virtual_time(grace_s=0.001)

LINES = {
    "name": (ScriptLine(Kind.TEXT, "name"),),
    "phone": (ScriptLine(Kind.TEXT, "phone"),),
    "email": (ScriptLine(Kind.TEXT, "email", interrupt_after_ms=40),),
    "confirm": (ScriptLine(Kind.TEXT, "Yes."),),
    "no": (ScriptLine(Kind.TEXT, "No."),),
}
CLIPS = {line: Clip(line.text, TONE) for (line,) in LINES.values()}
SID = "CA" + "2" * 32


def record(step: str, *said: str, asking: str | None = None, **info: str) -> dict[str, Any]:
    history = [{"speaker": "AI", "message": text, "startedAt": "…"} for text in said]
    return {"step": step, "asking": asking, "user": {"userInfo": info}, "history": history}


async def called(
    bot: Bot,
    seen: Observed,
    *,
    script: Script | None = None,
    clips: Mapping[ScriptLine, Clip] = CLIPS,
    hangup_after: Step | None = None,
    books: bool = True,
) -> Outcome:
    async with running(bot) as url:
        caller = Caller(
            script or Script(LINES),
            clips,
            seen,
            console=Console(http(url), SID),
            hangup_after=hangup_after,
            books=books,
        )
        await caller.skip_history()
        provider = Provider(Dialled(url, SID, "+1", "+2"), LoopClock(), seen.noticed)
        return await provider.carry(caller.talk)


async def test_the_caller_answers_the_step_that_is_open() -> None:
    bot, seen = Bot([CONNECT, HANGUP], turns=2), Observed()
    bot.record = lambda look: record("phone" if look <= 2 else "name")
    assert await called(bot, seen) is Outcome.HUNG_UP
    assert seen.caller == ["phone", "name"]


async def test_a_value_that_was_misheard_gets_a_no() -> None:
    bot, seen = Bot([CONNECT, HANGUP], turns=1), Observed()
    bot.record = lambda look: record("phone", asking="confirm", phone="+61400000000")
    await called(bot, seen, script=Script(LINES, {Step.PHONE: "+61412345678"}))
    assert seen.caller == ["No."]


async def test_the_bots_words_are_shown_once_and_only_those_of_this_call() -> None:
    bot, seen = Bot([CONNECT, HANGUP], turns=2), Observed()
    said = ["before", "before", "Hello.", "And?", "Bye."]
    bot.record = lambda look: record("name", *said[: look + 1])
    await called(bot, seen)
    assert seen.bot == ["Hello.", "And?", "Bye."]


async def test_hanging_up_after_a_step_waits_until_it_is_saved_and_the_bot_has_gone_on() -> None:
    bot, seen = Bot([CONNECT, HANGUP], turns=9), Observed()
    looks = {3: record("phone", asking="confirm", phone="+61412345678")}
    bot.record = lambda look: (
        looks.get(look)
        or (record("phone") if look < 3 else record("address", phone="+61412345678"))
    )
    outcome = await called(bot, seen, hangup_after=Step.PHONE)
    assert outcome is Outcome.CALLER_LEFT
    assert seen.caller == ["phone", "Yes."]
    assert bot.messages[-1]["event"] == "stop"


async def test_a_caller_who_is_not_to_book_hangs_up_when_the_time_is_read_back() -> None:
    bot, seen = Bot([CONNECT, HANGUP], turns=3), Observed()
    bot.record = lambda look: record("time", asking="confirm" if look > 2 else "value")
    assert await called(bot, seen, books=False) is Outcome.CALLER_LEFT
    assert seen.caller == ["(silence)"], "nothing is said to the read-back"


async def test_an_interrupting_line_is_spoken_into_the_bots_sentence() -> None:
    bot, seen = Bot([CONNECT, HANGUP], turns=1), Observed()
    bot.record = lambda look: record("email")
    await called(bot, seen)
    first_voiced = next(
        m for m in bot.events("media") if not m["media"]["payload"].startswith("////")
    )
    first_mark = bot.events("mark")[0]
    assert int(first_voiced["sequenceNumber"]) < int(first_mark["sequenceNumber"]) + 8


def in_groups() -> tuple[ScriptLine, dict[ScriptLine, Clip]]:
    second = ScriptLine(Kind.TEXT, "five six")
    first = ScriptLine(Kind.TEXT, "oh four", groups=(second,))
    return first, {line: Clip(line.text, TONE) for line in (first, second)}


async def test_a_line_in_groups_waits_for_a_sign_between_them() -> None:
    bot, seen = Bot([CONNECT, HANGUP], turns=2), Observed()
    line, clips = in_groups()
    await called(bot, seen, script=Script(opening=(line,)), clips=clips)
    assert seen.caller == ["oh four", "five six"]
    assert not any("no sign" in notice for notice in seen.notices)
    voiced = [at for at, frame in enumerate(bot.events("media")) if frame_is_voice(frame)]
    assert max(b - a for a, b in pairwise(voiced)) * 20 >= AFTER_SIGN_S * 1000


async def test_who_gets_no_sign_goes_on_without() -> None:
    bot, seen, turns = Bot([CONNECT, HANGUP], turns=3), Observed(), count()
    line, clips = in_groups()

    def silent_after_the_first(sid: str) -> list[str]:
        bot.mute = next(turns) > 0
        return []

    bot.extra = silent_after_the_first
    await called(bot, seen, script=Script(opening=(line,)), clips=clips)
    assert seen.caller == ["oh four", "five six"]
    assert any("no sign" in notice for notice in seen.notices)


def frame_is_voice(message: dict[str, Any]) -> bool:
    return not str(message["media"]["payload"]).startswith("////")


async def test_without_a_record_the_caller_says_the_lines_in_their_order() -> None:
    bot, seen = Bot([CONNECT, HANGUP], turns=3), Observed()
    assert await called(bot, seen) is Outcome.HUNG_UP
    assert seen.caller == ["name", "phone", "Yes."]


async def test_a_bot_that_falls_silent_is_left() -> None:
    bot, seen = Bot([CONNECT, HANGUP], turns=0), Observed()
    bot.extra = lambda sid: []
    bot.mute = True
    async with running(bot) as url:
        caller = Caller(Script(LINES), CLIPS, seen)
        provider = Provider(Dialled(url, SID, "+1", "+2"), LoopClock(), seen.noticed)
        outcome = await provider.carry(caller.talk)
    assert outcome is Outcome.CALLER_LEFT
    assert caller.gave_up
    assert "30 s" in seen.notices[0]
