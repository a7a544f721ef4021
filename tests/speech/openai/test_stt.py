"""Hearing through OpenAI: every recording, every pause, and everything that can go wrong."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from prometheus_client import REGISTRY

from tests.simulators.openai.conftest import RECORDED, recorded
from tests.speech.openai.conftest import (
    ENOUGH_S,
    HURRIED_S,
    PATIENT_S,
    Caller,
    call,
    heard,
    order,
    until,
)
from tests.stream.doubles import CodedTranscriber, FailingStt
from voicebot import g711
from voicebot.errors import SpeechUnavailable
from voicebot.openai import Failure, Meter, Unanswered, start_meter
from voicebot.simulators.openai import FaultKind, Latency, Service, Simulator
from voicebot.speech import Hint, SttStream
from voicebot.speech.openai.dictation import Format
from voicebot.speech.openai.session import Limits
from voicebot.speech.openai.stt import OpenAISttStream, join_stretches

NAME, YES, NO = recorded("john_name.wav"), recorded("john_yes.wav"), recorded("john_no.wav")
PAUSES = recorded("phone_pauses.wav")
QUIET = np.zeros(4000, np.int16)


def halves() -> tuple[slice, slice]:
    """The recording with pauses, cut in the middle of its longest pause."""
    loud = np.flatnonzero(np.abs(PAUSES.samples) > 800)
    gap = int(np.argmax(np.diff(loud)))
    middle = int(loud[gap] + loud[gap + 1]) // 2
    return slice(0, middle), slice(middle, None)


@contextmanager
def hedging(ear: SttStream) -> Iterator[None]:
    """Soon the file endpoint is asked as well."""
    assert isinstance(ear, OpenAISttStream)
    usual, ear.stt.hedge_s = ear.stt.hedge_s, HURRIED_S
    yield
    ear.stt.hedge_s = usual


def plain(text: str) -> str:
    return text.replace(",", "").replace(".", "")


@pytest.mark.parametrize("format", [Format.PCMU, Format.PCM])
async def test_every_recording_is_heard_on_one_socket_and_the_format_is_learnt(
    url: str, simulator: Simulator, format: Format
) -> None:
    simulator.takes_pcmu = format is Format.PCMU
    async with call(url) as ear:
        for clip in RECORDED:
            assert await heard(ear, clip.samples) == clip.text
        assert isinstance(ear, OpenAISttStream)
        assert ear.stt.server.format is format
    assert simulator.served[Service.HEARING] == 1
    assert simulator.served[Service.FILES] == 0


async def test_a_pause_gives_the_words_so_far_and_the_turn_goes_on(
    url: str, simulator: Simulator
) -> None:
    first, rest = halves()
    async with call(url) as ear:
        caller = Caller(ear)
        caller.say(PAUSES.samples[first])
        begun = await caller.text()
        caller.say(PAUSES.samples[rest])
        whole = await caller.text()
    assert begun
    assert plain(whole).startswith(plain(begun) + " ")
    assert plain(whole) == plain(PAUSES.text)
    assert len(simulator.heard_with) == 2  # no audio was sent twice


async def test_words_whose_first_question_was_given_up_are_in_the_next_answer(
    url: str, simulator: Simulator
) -> None:
    simulator.latencies[Service.HEARING] = Latency(p50=0.05, p95=0.05)
    first, rest = halves()
    async with call(url) as ear:
        caller = Caller(ear)
        caller.say(PAUSES.samples[first])
        speculative = asyncio.create_task(caller.text())
        await asyncio.sleep(0)
        speculative.cancel()
        with suppress(asyncio.CancelledError):
            await speculative
        caller.say(PAUSES.samples[rest])
        assert plain(await caller.text()) == plain(PAUSES.text)


async def test_the_same_turn_asked_twice_is_transcribed_once(
    url: str, simulator: Simulator
) -> None:
    order(simulator, Service.HEARING, FaultKind.FAILED_ITEM)
    async with call(url) as ear:
        for _ in range(2):  # by the file endpoint, and by the session
            caller = Caller(ear)
            caller.say(NAME.samples)
            assert await caller.text() == NAME.text
            assert await caller.text() == NAME.text
    assert len(simulator.heard_with) == 2
    assert simulator.served[Service.FILES] == 1


async def test_what_was_said_in_a_turn_that_was_dropped_is_not_in_the_next(url: str) -> None:
    bill = Meter()
    start_meter(bill)
    async with call(url) as ear:
        Caller(ear).say(NAME.samples)
        await until(lambda: bill.usage.heard_s > 0)  # some of it is at the server
        assert await heard(ear, YES.samples) == YES.text


async def test_silence_is_nothing_said(url: str) -> None:
    async with call(url) as ear:
        assert await heard(ear, QUIET) == ""
        assert await heard(ear, QUIET[:200]) == ""


async def test_texts_find_their_stretches_whatever_the_order(
    url: str, simulator: Simulator
) -> None:
    order(simulator, Service.HEARING, FaultKind.OUT_OF_ORDER)
    first, rest = halves()
    async with call(url) as ear:
        caller = Caller(ear)
        caller.say(PAUSES.samples[first])
        begun = asyncio.create_task(caller.text())
        await until(lambda: bool(simulator.heard_with))
        caller.say(PAUSES.samples[rest])
        assert plain(await caller.text()) == plain(PAUSES.text)
        await begun
    assert simulator.served[Service.FILES] == 0


async def test_keywords_are_those_of_the_question(url: str, simulator: Simulator) -> None:
    async with call(url) as ear:
        for vocabulary in ((), ("Plumbing", "<Electrical>\n"), ("Fitzroy",)):
            caller = Caller(ear, Hint(vocabulary=vocabulary))
            caller.say(NAME.samples)
            assert await caller.text() == NAME.text
    asked = [settings["transcription"] for settings in simulator.heard_with]
    assert asked == [
        {"model": "gpt-live-transcribe", "languages": ["en"]},
        {"model": "gpt-live-transcribe", "languages": ["en"],
         "keywords": ["Plumbing", "Electrical"]},
        {"model": "gpt-live-transcribe", "languages": ["en"], "keywords": ["Fitzroy"]},
    ]  # fmt: skip


async def test_the_seconds_that_were_sent_are_metered(url: str, simulator: Simulator) -> None:
    bill = Meter()
    start_meter(bill)  # of this test's task alone
    seconds = len(NAME.samples) / g711.RATE_HZ
    async with call(url) as ear:
        await heard(ear, NAME.samples)
        assert bill.usage.heard_s == pytest.approx(seconds)
        live = bill.usage.cost_usd
        order(simulator, Service.HEARING, FaultKind.FAILED_ITEM)
        await heard(ear, NAME.samples)
    assert bill.usage.heard_s == pytest.approx(3 * seconds)  # the session, and the file endpoint
    assert 0 < live < bill.usage.cost_usd < 3 * live


# -- what can go wrong --------------------------------------------------------------------


@pytest.mark.parametrize("kind", [FaultKind.CLOSED, FaultKind.EXPIRED])
async def test_a_session_that_ends_is_replaced_and_nothing_is_lost(
    url: str, simulator: Simulator, kind: FaultKind
) -> None:
    order(simulator, Service.HEARING, kind)
    async with call(url) as ear:
        assert await heard(ear, NAME.samples) == NAME.text
        assert await heard(ear, YES.samples) == YES.text
    assert simulator.served[Service.HEARING] == 2
    assert simulator.served[Service.FILES] == 0


async def test_a_session_cut_between_two_stretches_loses_neither(
    url: str, simulator: Simulator
) -> None:
    first, rest = halves()
    async with call(url) as ear:
        caller = Caller(ear)
        caller.say(PAUSES.samples[first])
        await caller.text()
        order(simulator, Service.HEARING, FaultKind.CLOSED)
        caller.say(PAUSES.samples[rest])
        assert plain(await caller.text()) == plain(PAUSES.text)
    assert simulator.served[Service.HEARING] == 2


async def test_sessions_are_renewed_during_silence(url: str, simulator: Simulator) -> None:
    limits = Limits(renew_s=0.05, stable_s=0.05)
    async with call(url, limits=limits) as ear:
        assert await heard(ear, NAME.samples) == NAME.text
        await until(lambda: simulator.served[Service.HEARING] >= 3)
        assert await heard(ear, YES.samples) == YES.text


async def test_a_session_is_not_renewed_during_speech(url: str, simulator: Simulator) -> None:
    limits = Limits(renew_s=0.2, stable_s=0.2)
    async with call(url, limits=limits) as ear:
        caller = Caller(ear)
        caller.say(NAME.samples)
        await until(lambda: simulator.served[Service.HEARING] == 1)
        await asyncio.sleep(0.5)
        assert simulator.served[Service.HEARING] == 1
        assert await caller.text() == NAME.text
        await until(lambda: simulator.served[Service.HEARING] > 1)


@pytest.mark.parametrize(
    "kind", [FaultKind.FAILED_ITEM, FaultKind.STALL, FaultKind.CUT_JSON, FaultKind.SLOW]
)
async def test_a_text_that_does_not_come_is_asked_of_the_file_endpoint(
    url: str, simulator: Simulator, kind: FaultKind
) -> None:
    order(simulator, Service.HEARING, FaultKind.UNKNOWN_EVENT)
    async with call(url) as ear:
        assert await heard(ear, YES.samples) == YES.text
        assert simulator.served[Service.FILES] == 0
        order(simulator, Service.HEARING, kind)
        with hedging(ear):
            assert await heard(ear, NAME.samples) == NAME.text
        assert simulator.served[Service.FILES] == 1
        assert await heard(ear, NO.samples) == NO.text
    assert simulator.served[Service.FILES] == 1
    assert simulator.served[Service.HEARING] == 1


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RATE_LIMITED,
        FaultKind.NO_QUOTA,
        FaultKind.SERVER_ERROR,
        FaultKind.NOT_FOUND,
        FaultKind.SLOW,
    ],
)
async def test_without_a_session_the_file_endpoint_hears(
    url: str, simulator: Simulator, kind: FaultKind
) -> None:
    order(simulator, Service.HEARING, kind, times=100)
    async with call(url) as ear:
        with hedging(ear):
            assert await heard(ear, NAME.samples) == NAME.text
    assert simulator.served[Service.HEARING] == 0
    assert simulator.served[Service.FILES] == 1


async def test_a_session_that_was_away_is_used_when_it_is_back(
    url: str, simulator: Simulator
) -> None:
    order(simulator, Service.HEARING, FaultKind.SERVER_ERROR)
    async with call(url) as ear:
        assert await heard(ear, NAME.samples) == NAME.text
        await until(lambda: simulator.served[Service.HEARING] == 1)
        while not simulator.heard_with:
            assert await heard(ear, YES.samples) == YES.text


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.STALL])
async def test_when_both_fail_it_is_unavailable_within_the_deadline(
    url: str, simulator: Simulator, kind: FaultKind
) -> None:
    order(simulator, Service.HEARING, FaultKind.STALL, times=100)
    order(simulator, Service.FILES, kind, times=100)
    async with call(url, deadline_s=HURRIED_S) as ear, asyncio.timeout(ENOUGH_S):
        with pytest.raises(SpeechUnavailable):
            await heard(ear, NAME.samples)


@pytest.mark.parametrize(
    ("hearing", "file", "reason"),
    [
        (FaultKind.UNAUTHORIZED, FaultKind.UNAUTHORIZED, Failure.UNAUTHORIZED),
        (FaultKind.RATE_LIMITED, FaultKind.RATE_LIMITED, Failure.RATE_LIMITED),
        (FaultKind.SERVER_ERROR, FaultKind.CUT_JSON, Failure.SERVER_ERROR),
        (FaultKind.NO_QUOTA, FaultKind.NO_QUOTA, Failure.NO_QUOTA),
        (FaultKind.NOT_FOUND, FaultKind.SERVER_ERROR, Failure.SERVER_ERROR),
        (FaultKind.FAILED_ITEM, FaultKind.NOT_FOUND, Failure.SERVER_ERROR),
        (FaultKind.STALL, FaultKind.STALL, Failure.LATE),
    ],
)
async def test_who_hears_nothing_says_why(
    url: str, simulator: Simulator, hearing: FaultKind, file: FaultKind, reason: Failure
) -> None:
    order(simulator, Service.HEARING, hearing, times=100)
    order(simulator, Service.FILES, file, times=100)
    deadline_s = HURRIED_S if reason is Failure.LATE else PATIENT_S
    async with call(url, deadline_s=deadline_s) as ear:
        with pytest.raises(Unanswered) as unheard:
            await heard(ear, NAME.samples)
    assert unheard.value.failure is reason


async def test_a_late_session_still_answers_while_the_file_endpoint_fails(
    url: str, simulator: Simulator
) -> None:
    order(simulator, Service.HEARING, FaultKind.SLOW, seconds=1.0)
    order(simulator, Service.FILES, FaultKind.SERVER_ERROR)
    async with call(url) as ear:
        with hedging(ear):
            assert await heard(ear, NAME.samples) == NAME.text


async def test_a_missing_server_is_reported_at_once() -> None:
    async with call("http://127.0.0.1:9/v1") as ear:
        async with asyncio.timeout(ENOUGH_S):
            with pytest.raises(SpeechUnavailable, match="connection"):
                await heard(ear, NAME.samples)


async def test_a_server_that_hangs_up_again_and_again_is_not_called_in_a_hot_loop(
    url: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.speech.openai.session._BACK_OFF_S", (PATIENT_S,) * 4)
    order(simulator, Service.HEARING, FaultKind.CLOSED, times=1000)
    async with call(url) as ear:
        assert await heard(ear, NAME.samples) == NAME.text
        assert await heard(ear, YES.samples) == YES.text
    assert simulator.served[Service.HEARING] <= 3
    assert simulator.served[Service.FILES] == 2


async def test_a_call_that_ends_leaves_nothing_behind(url: str, simulator: Simulator) -> None:
    order(simulator, Service.HEARING, FaultKind.STALL)
    before = asyncio.all_tasks()
    async with call(url) as ear:
        caller = Caller(ear)
        caller.say(NAME.samples)
        asked = asyncio.create_task(caller.text())
        await until(lambda: bool(simulator.heard_with))
        asked.cancel()
        with suppress(asyncio.CancelledError):
            await asked
    ours = {task for task in asyncio.all_tasks() - before if "hearing" in task.get_name()}
    assert not ours


async def test_a_call_may_end_before_it_is_connected(url: str, simulator: Simulator) -> None:
    order(simulator, Service.HEARING, FaultKind.SLOW)
    async with asyncio.timeout(ENOUGH_S):
        async with call(url):
            pass


# -- the fallback engine --------------------------------------------------------------------


LOCAL = CodedTranscriber({}, delay_s=0.0)
"""It understands nothing: its text is "", where OpenAI hears a name."""


async def test_a_turn_that_openai_does_not_hear_goes_to_the_fallback(
    url: str, simulator: Simulator
) -> None:
    async with call(url, fallback=LOCAL) as ear:
        assert await heard(ear, NAME.samples) == NAME.text
        order(simulator, Service.HEARING, FaultKind.FAILED_ITEM)
        order(simulator, Service.FILES, FaultKind.SERVER_ERROR)
        assert await heard(ear, NAME.samples) == ""
        assert await heard(ear, NAME.samples) == NAME.text


async def test_time_spent_on_a_failed_engine_counts(url: str, simulator: Simulator) -> None:
    order(simulator, Service.HEARING, FaultKind.STALL)
    order(simulator, Service.FILES, FaultKind.STALL)
    async with call(url, deadline_s=HURRIED_S, fallback=LOCAL) as ear:
        caller = Caller(ear)
        caller.say(NAME.samples)
        transcript = await caller.turn.transcribe(caller.said, caller.hint)
    assert transcript.seconds >= HURRIED_S


async def test_an_open_breaker_keeps_audio_and_questions_from_openai(
    url: str, simulator: Simulator
) -> None:
    order(simulator, Service.HEARING, FaultKind.UNAUTHORIZED, times=100)
    order(simulator, Service.FILES, FaultKind.UNAUTHORIZED)
    bill = Meter()
    before = unauthorized()
    async with call(url, fallback=LOCAL) as ear:
        start_meter(bill)
        for _ in range(3):
            assert await heard(ear, NAME.samples) == ""
    assert simulator.served[Service.FILES] == 0  # who is refused is not asked again soon
    assert bill.usage.heard_s == 0
    assert unauthorized() == before + 2  # the session, and one turn


def unauthorized() -> float:
    labels = {"service": "hearing", "kind": "unauthorized"}
    return REGISTRY.get_sample_value("voicebot_openai_failures_total", labels) or 0.0


async def test_a_call_that_is_spent_is_heard_by_the_fallback(
    url: str, simulator: Simulator
) -> None:
    async with call(url, fallback=LOCAL) as ear:
        start_meter(Meter(most_usd=0.0))
        assert await heard(ear, NAME.samples) == ""
    assert not simulator.heard_with
    assert simulator.served[Service.FILES] == 0


async def test_without_a_fallback_openai_is_asked_after_any_failure(
    url: str, simulator: Simulator
) -> None:
    order(simulator, Service.HEARING, FaultKind.FAILED_ITEM, times=4)
    order(simulator, Service.FILES, FaultKind.SERVER_ERROR, times=4)
    async with call(url) as ear:
        for _ in range(4):
            with pytest.raises(SpeechUnavailable):
                await heard(ear, NAME.samples)
        assert await heard(ear, NAME.samples) == NAME.text


async def test_a_failure_of_the_fallback_as_well_is_told(url: str, simulator: Simulator) -> None:
    order(simulator, Service.HEARING, FaultKind.FAILED_ITEM)
    order(simulator, Service.FILES, FaultKind.SERVER_ERROR)
    async with call(url, fallback=FailingStt()) as ear:
        with pytest.raises(SpeechUnavailable):
            await heard(ear, NAME.samples)


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        ([], ""),
        (["", " "], ""),
        (["Zero four.", "", "One two."], "Zero four One two."),
        (["It's John,", "Smith."], "It's John, Smith."),
        (["我姓张。", "张伟。"], "我姓张 张伟。"),
        (["J dot...", "smith"], "J dot smith"),
    ],
)
def test_a_full_stop_in_the_middle_was_a_pause(texts: list[str], whole: str) -> None:
    assert join_stretches(texts) == whole
