"""Delivery to a real receiver from a real server: content, order, repeats."""

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from tests.store.calls import BOOKED_TIME, SID
from voicebot.call import FIELDS, CallSid, Change, Needs, Status, Step
from voicebot.ledger import Place
from voicebot.notify.delivery import PAUSES_S
from voicebot.notify.delivery_log import ORDERED_ATTEMPTS, webhooks_key
from voicebot.settings import Settings
from voicebot.store import Store

from .by_hand import ByHand
from .conftest import Talk
from .receiver import Receiver

pytestmark = pytest.mark.valkey

FIRST_PAUSE_S = PAUSES_S[0] + 1


async def test_every_field_and_the_end_are_told_in_order_once(
    by_hand: ByHand, talk: Talk, receiver: Receiver
) -> None:
    await talk(steps=FIELDS, end=None)
    await by_hand.look()
    await by_hand.look()
    assert [r.about for r in receiver.requests] == [*(step.value for step in FIELDS), "booked"]
    assert {r.told["type"] for r in receiver.requests} == {"field.saved", "call.completed"}


async def test_a_booking_is_moved_and_called_off(
    by_hand: ByHand, store: Store, talk: Talk, receiver: Receiver
) -> None:
    await talk(steps=FIELDS, end=None)
    await by_hand.look()
    before = len(receiver.requests)
    turn = await store.open_turn(CallSid("CAother"))
    assert await turn.appointments.move(SID, BOOKED_TIME + timedelta(days=1)) is Place.YOURS
    assert await turn.appointments.cancel(SID)
    await by_hand.look()
    told = [(r.told["type"], r.told["value"], r.told["status"]) for r in receiver.requests]
    moved = (BOOKED_TIME + timedelta(days=1)).isoformat()
    assert told[before:] == [
        ("field.saved", moved, None),
        ("booking.moved", moved, None),
        ("booking.cancelled", None, "cancelled"),
    ]
    assert {r.told["callSid"] for r in receiver.requests} == {SID}


async def test_a_person_is_asked_for(by_hand: ByHand, store: Store, receiver: Receiver) -> None:
    ledger = await store.open_call(SID, caller=None)
    await ledger.commit(Change(needs=Needs.PERSON))
    await ledger.commit(Change(needs=Needs.PERSON, status=Status.TRANSFER))
    await by_hand.look()
    assert [(r.told["type"], r.told["status"]) for r in receiver.requests] == [
        ("person.requested", "active"),
        ("person.requested", "transfer"),
        ("call.completed", "transfer"),
    ]


async def test_a_refused_one_comes_again_later_with_the_same_id_and_body(
    by_hand: ByHand, talk: Talk, receiver: Receiver
) -> None:
    receiver.refusing = {"*": 500}
    await talk(steps=(Step.NAME,), end=None)
    await by_hand.look()
    assert await by_hand.look_at_due() == [], "not before the pause is over"
    await by_hand.look()
    assert len(receiver.requests) == 1
    receiver.refusing = {}
    assert await by_hand.look_at_due(FIRST_PAUSE_S) == [SID]
    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert receiver.taken == ["name"]
    assert await by_hand.delivery_log.late_calls() == 0


@pytest.mark.parametrize("status", [301, 302, 400, 404, 429, 503])
async def test_nothing_but_success_counts_and_a_redirect_is_not_followed(
    by_hand: ByHand, talk: Talk, receiver: Receiver, status: int
) -> None:
    receiver.refusing = {"*": status}
    receiver.more_headers = f"Location: {receiver.url}\r\n"
    await talk(steps=(Step.NAME,), end=None)
    await by_hand.look()
    assert len(receiver.requests) == 1
    assert await by_hand.delivery_log.late_calls() == 1


async def test_a_receiver_may_ask_for_time(by_hand: ByHand, talk: Talk, receiver: Receiver) -> None:
    receiver.refusing = {"*": 429}
    receiver.more_headers = "Retry-After: 300\r\n"
    await talk(steps=(Step.NAME,), end=None)
    await by_hand.look()
    assert await by_hand.look_at_due(200) == []
    assert await by_hand.look_at_due(101) == [SID]


async def test_later_events_of_a_call_wait_for_an_earlier_one(
    by_hand: ByHand, talk: Talk, receiver: Receiver
) -> None:
    receiver.refusing = {"phone": 500}
    await talk()
    await by_hand.look()
    assert receiver.taken == ["name"]
    receiver.refusing = {}
    await by_hand.look_at_due(FIRST_PAUSE_S)
    assert receiver.taken == ["name", "phone", "address", "incomplete"]


async def test_one_that_cannot_be_digested_does_not_hide_how_the_call_ended(
    by_hand: ByHand, talk: Talk, receiver: Receiver
) -> None:
    receiver.refusing = {"phone": 500}
    await talk()
    await by_hand.look()
    for pause in PAUSES_S[: ORDERED_ATTEMPTS - 1]:
        assert receiver.taken == ["name"]
        await by_hand.look_at_due(pause + 1)
    assert receiver.taken == ["name", "address", "incomplete"]
    receiver.refusing = {}
    await by_hand.look_at_due(PAUSES_S[ORDERED_ATTEMPTS - 1] + 1)
    assert receiver.taken == ["name", "address", "incomplete", "phone"]


async def test_after_the_last_attempt_it_is_listed_without_customers_data(
    by_hand: ByHand, talk: Talk, receiver: Receiver, redis: Redis
) -> None:
    receiver.refusing = {"*": 500}
    await talk(steps=(Step.NAME,), end=None)
    (failure,) = await by_hand.give_up()
    assert len(receiver.requests) == failure.attempts == len(PAUSES_S) + 1
    assert (failure.type, failure.callSid, failure.why) == ("field.saved", SID, "HTTP 500")
    assert await by_hand.delivery_log.late_calls() == 0
    kept = [key for key in await redis.keys("*") if "webhooks" in key]
    assert kept
    for key in kept:
        assert b"Test Caller" not in (await redis.dump(key) or b"")
        assert b"topsecret" not in (await redis.dump(key) or b"")


async def test_gone_is_listed_at_once_and_the_next_is_told(
    by_hand: ByHand, talk: Talk, receiver: Receiver
) -> None:
    receiver.refusing = {"name": 410}
    await talk(steps=(Step.NAME, Step.PHONE), end=None)
    await by_hand.look()
    assert receiver.taken == ["phone"]
    assert [(f.attempts, f.why) for f in await by_hand.failures.page(9)] == [(1, "HTTP 410")]


async def test_a_failure_is_retried_on_demand(
    by_hand: ByHand, talk: Talk, receiver: Receiver
) -> None:
    receiver.refusing = {"*": 500}
    await talk(steps=(Step.NAME,), end=None)
    (failure,) = await by_hand.give_up()
    assert await by_hand.failures.retry("msg_unknown", 0) == 0
    assert await by_hand.failures.retry(failure.id, int(by_hand.now_s() * 1000)) == 1
    await by_hand.look_at_due()
    (again,) = await by_hand.failures.page(9)
    assert again.attempts == failure.attempts + 1
    receiver.refusing = {}
    assert await by_hand.failures.retry(failure.id, int(by_hand.now_s() * 1000)) == 1
    await by_hand.look_at_due()
    assert await by_hand.failures.page(9) == []
    assert receiver.taken == ["name"]


async def test_a_record_that_is_gone_takes_what_is_late_with_it(
    by_hand: ByHand, talk: Talk, receiver: Receiver, redis: Redis
) -> None:
    receiver.refusing = {"*": 500}
    await talk(steps=(Step.NAME,), end=None)
    await by_hand.look()
    await redis.delete(f"call:{{{SID}}}:events")
    assert await by_hand.look_at_due(FIRST_PAUSE_S) == [SID]
    assert await by_hand.delivery_log.late_calls() == 0
    assert len(receiver.requests) == 1


async def test_a_deliverer_that_died_after_the_request_tells_it_again_and_loses_nothing(
    by_hand: ByHand, talk: Talk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(steps=(Step.NAME, Step.PHONE), end=None)

    async def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as until_death:
        until_death.setattr(by_hand.delivery_log, "write", die)
        with pytest.raises(KeyboardInterrupt):
            await by_hand.look()
    await by_hand.begin()
    await by_hand.look()
    assert [r.about for r in receiver.requests] == ["name", "name", "phone"]
    assert receiver.taken == ["name", "phone"]


async def test_a_successor_goes_on_with_what_was_late(
    by_hand: ByHand, talk: Talk, receiver: Receiver
) -> None:
    receiver.refusing = {"*": 500}
    await talk(steps=(Step.NAME,), end=None)
    await by_hand.look()
    by_hand.ahead_s += FIRST_PAUSE_S
    due = await by_hand.delivery_log.due(int(by_hand.now_s() * 1000))
    assert due == [SID], "taken, and then it dies"
    receiver.refusing = {}
    await by_hand.begin()
    await by_hand.look()
    assert receiver.taken == ["name"]


async def test_what_was_before_the_endpoint_was_set_is_not_told(
    redis: Redis, settings: Settings, talk: Talk, receiver: Receiver
) -> None:
    await talk()
    async with ByHand(redis, settings, ahead_s=60) as by_hand:
        await by_hand.look()
    assert receiver.requests == []


async def test_an_integrators_write_is_told_too(
    by_hand: ByHand, talk: Talk, store: Store, receiver: Receiver
) -> None:
    await talk(steps=(Step.NAME,), end=None)
    assert await store.writes.update_user_info_field(SID, "phone", "+61255550100")
    await by_hand.look()
    assert receiver.taken == ["name", "phone"]


async def test_a_receiver_that_hangs_is_left_at_the_deadline(
    redis: Redis, settings: Settings, talk: Talk, receiver: Receiver
) -> None:
    hurried = settings.model_copy(update={"webhook_deadline_s": 0.05})
    async with ByHand(redis, hurried) as by_hand:
        await talk(steps=(Step.NAME,), end=None)
        with receiver.hanging():
            await by_hand.look()
    assert await by_hand.delivery_log.late_calls() == 1


@pytest.mark.parametrize("strange", ["", "no json", "[]", '["a", 1]', "{}", "[1, 1e400]"])
async def test_what_another_program_wrote_into_the_log_ends_no_delivery(
    strange: str, by_hand: ByHand, talk: Talk, receiver: Receiver, redis: Redis
) -> None:
    key = webhooks_key(SID)
    await talk(steps=(Step.NAME,), end=None)
    await by_hand.look()
    (cursor,) = map(str, await redis.hkeys(key))
    await redis.hset(key, mapping={f"{cursor}:1-0": strange, f"{cursor}:soon": "[1, 1]"})
    await redis.hset(f"voicebot:webhooks:{{{cursor}}}:failures", "some", strange)
    await redis.zadd(f"voicebot:webhooks:{{{cursor}}}:failed", {"some": 1.0})
    await talk(steps=(Step.PHONE,), end=None)
    await by_hand.look()
    assert [r.about for r in receiver.requests] == ["name", "phone"]
    assert await by_hand.failures.page(10) == []
