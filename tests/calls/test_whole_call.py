"""A call leaves a whole record, wherever it ends."""

import pytest

from tests.calls.world import ANSWERS, EXPECTED, world
from voicebot.call import FIELDS, Speaker, Status, Step

pytestmark = pytest.mark.virtual_time

UP_TO = [FIELDS[: n + 1] for n in range(len(FIELDS))]


async def test_a_whole_call_books_with_every_answer_its_moment_and_every_word() -> None:
    async with world() as w:
        async with w.call() as caller:
            await caller.answers(*FIELDS)
        record = await w.record()
    info = record.user.userInfo
    assert {name: getattr(info, name) for name in EXPECTED} == EXPECTED
    assert record.user.service is not None
    assert record.user.service.id == "cleaning"
    assert record.user.serviceBookedTime == "2026-03-04T09:30:00+11:00"
    assert all(getattr(info, f"{step}_timestamp") for step in FIELDS)
    assert (record.servicebooked, record.step, record.status) == (True, Step.DONE, Status.BOOKED)
    said = [m.message for m in record.history if m.speaker is Speaker.CALLER]
    assert said == [text for step in FIELDS for text in ANSWERS[step]]
    moments = [m.startedAt for m in record.history]
    assert moments == sorted(moments)


@pytest.mark.parametrize("steps", UP_TO[:-1], ids=lambda steps: steps[-1].value)
async def test_hanging_up_after_a_step_leaves_exactly_what_was_said(
    steps: tuple[Step, ...],
) -> None:
    async with world() as w:
        async with w.call() as caller:
            await caller.answers(*steps)
            await caller.hang_up()
        record = await w.record()
    assert record.step is FIELDS[len(steps)]
    assert record.status is Status.ABANDONED
    info = record.user.userInfo
    for step in FIELDS:
        assert (getattr(info, f"{step}_timestamp") is not None) == (step in steps)
    said = [m.message for m in record.history if m.speaker is Speaker.CALLER]
    assert said == [text for step in steps for text in ANSWERS[step]]
    assert record.history[-1].speaker is Speaker.BOT


@pytest.mark.parametrize("steps", UP_TO[:-1], ids=lambda steps: steps[-1].value)
async def test_calling_again_goes_on_at_the_next_step_and_asks_nothing_twice(
    steps: tuple[Step, ...],
) -> None:
    async with world() as w:
        async with w.call() as caller:
            await caller.answers(*steps)
            await caller.hang_up()
        async with w.call() as caller:
            await caller.answers(*FIELDS[len(steps) :])
        record = await w.record()
    assert record.status is Status.BOOKED
    said = [m.message for m in record.history if m.speaker is Speaker.CALLER]
    assert said == [text for step in FIELDS for text in ANSWERS[step]]


async def test_a_lost_line_leaves_the_call_active_so_that_the_provider_is_sent_back() -> None:
    async with world() as w:
        async with w.call() as caller:
            await caller.answers(Step.NAME)
            await caller.loses_the_line()
        assert (await w.record()).status is Status.ACTIVE
        async with w.call() as caller:
            await caller.hang_up()
        record = await w.record()
    assert record.history[-1].message.startswith("Sorry, we were cut off.")
    assert record.user.userInfo.name == "Robin Carter"


async def test_a_caller_who_hangs_up_between_words_and_yes_has_the_value_but_not_its_yes() -> None:
    async with world() as w:
        async with w.call() as caller:
            await caller.says(ANSWERS[Step.NAME][0], ANSWERS[Step.PHONE][0])
            await caller.hang_up()
        record = await w.record()
    assert record.user.userInfo.phone == EXPECTED["phone"]
    assert record.confirmed == []
    assert record.step is Step.PHONE


async def test_a_time_without_its_yes_books_nothing_and_is_offered_again() -> None:
    async with world() as w:
        async with w.call() as caller:
            await caller.answers(*FIELDS[:5])
            await caller.says(ANSWERS[Step.TIME][0])
            await caller.hang_up()
        record = await w.record()
        assert (record.user.serviceBookedTime, record.servicebooked) == (None, False)
        async with w.call() as caller:
            await caller.says("Yes.")
        record = await w.record()
    assert record.user.serviceBookedTime == "2026-03-04T09:30:00+11:00"


async def test_keys_answer_the_phone_step() -> None:
    async with world() as w:
        async with w.call() as caller:
            await caller.answers(Step.NAME)
            await caller.provider.key("0412345678#")
            await caller.listens()
            await caller.provider.key("1")
            await caller.listens()
            await caller.hang_up()
        record = await w.record()
    assert record.user.userInfo.phone == EXPECTED["phone"]
    assert record.step is Step.ADDRESS


async def test_a_caller_who_never_speaks_is_asked_twice_and_told_goodbye() -> None:
    async with world() as w:
        async with w.call():
            pass
        record = await w.record()
    assert record.status is Status.INCOMPLETE
    assert len(record.history) == 4
    assert record.history[-1].message.endswith("Goodbye!")


async def test_a_second_stream_takes_the_call_over_and_the_first_ends_quietly() -> None:
    async with world() as w:
        async with w.call() as first:
            await first.answers(Step.NAME)
            async with w.call() as second:
                await first.provider.until(lambda: first.provider.close_code is not None)
                await second.answers(Step.PHONE)
                await second.hang_up()
            assert first.provider.close_code == 1000
        record = await w.record()
    assert record.step is Step.ADDRESS


async def test_with_redis_away_the_conversation_reaches_its_end_and_is_saved_when_it_is_back() -> (
    None
):
    async with world() as w:
        async with w.call() as caller:
            await caller.answers(Step.NAME, Step.PHONE)
            with w.redis_down():
                await caller.answers(Step.ADDRESS, Step.EMAIL, Step.SERVICE)
            await caller.answers(Step.TIME)
        record = await w.record()
    assert record.status is Status.BOOKED
    said = [m.message for m in record.history if m.speaker is Speaker.CALLER]
    assert said == [text for step in FIELDS for text in ANSWERS[step]]


@pytest.mark.parametrize("mode", ["realtime", "batch"])
async def test_both_save_modes_leave_the_same_record(mode: str) -> None:
    async with world(save_mode=mode) as w:
        async with w.call() as caller:
            await caller.answers(*FIELDS[:5])
            await caller.hang_up()
        record = await w.record()
    assert record.step is Step.TIME
    assert len(record.history) == 2 * sum(len(ANSWERS[s]) for s in FIELDS[:5]) + 1


async def test_the_same_number_and_name_may_go_on_with_the_call_that_broke_off() -> None:
    async with world() as w:
        async with w.call() as caller:
            await caller.answers(Step.NAME, Step.PHONE)
            await caller.hang_up()
        async with w.call("CA-next-day") as caller:
            await caller.says("Carter.", "Yes, please.")
            await caller.answers(*FIELDS[2:])
        record = await w.record("CA-next-day")
    assert record.status is Status.BOOKED
    assert record.user.userInfo.phone == EXPECTED["phone"]


async def test_the_same_number_under_another_name_hears_and_gets_nothing() -> None:
    async with world() as w:
        async with w.call() as caller:
            await caller.answers(*FIELDS[:5])
            await caller.hang_up()
        async with w.call("CA-forged") as caller:
            await caller.says("My name is Alex Wood.", "Yes.", "Yes, please go on.")
            await caller.hang_up()
        record = await w.record("CA-forged")
    told = record.model_dump_json()
    assert not [value for value in EXPECTED.values() if value in told]
    assert "last time" not in told
    assert record.user.userInfo.name == "Alex Wood"


async def test_a_call_that_was_gone_on_with_is_not_offered_a_second_time() -> None:
    async with world() as w:
        for sid, words in (("CA-1", ()), ("CA-2", ("Yes.",)), ("CA-3", ("Yes.",))):
            async with w.call(sid) as caller:
                await caller.answers(Step.NAME)
                await caller.says(*words)
                await caller.hang_up()
        offers = [
            [m.message for m in (await w.record(sid)).history if "last time" in m.message]
            for sid in ("CA-1", "CA-2", "CA-3")
        ]
    assert [len(said) for said in offers] == [0, 1, 1]
