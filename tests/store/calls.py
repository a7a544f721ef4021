"""Words and records for tests. All people are invented."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from prometheus_client import REGISTRY

from voicebot.business import Booking, load_business
from voicebot.call import FIELDS, CallSid, Change, Message, Service, Speaker, Status, Step
from voicebot.ledger import Place
from voicebot.store import CallSkeleton, Store

Stored = bytes | bytearray | memoryview | str | int | float
"""The types of a field or a value in redis-py."""
SID = CallSid("CA0001")
NUMBER = "+61255550199"
OLD_SID = CallSid("CAold1")
OLD_RECORD = (Path(__file__).parents[1] / "fixtures" / "old_record.json").read_text("utf-8")
"""The old system's record of this call."""
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOOKED_TIME = datetime(2026, 3, 10, 15, 0, tzinfo=ZoneInfo("Australia/Sydney"))
SERVICE = load_business(None).services[0].service
ONE_VAN = load_business(None).model_copy(
    update={"booking": Booking(slot_minutes=60, capacity=1, days_ahead=30)}
)
"""A business that can be in one place at a time, for an hour."""


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def bot(text: str, second: int = 0) -> Message:
    return Message(Speaker.BOT, text, START + timedelta(seconds=second))


def caller(text: str, second: int = 0) -> Message:
    return Message(Speaker.CALLER, text, START + timedelta(seconds=second))


def said(text: str, second: int = 0) -> Change:
    return Change(messages=(caller(text, second),))


def answered(step: Step, second: int) -> Change:
    """A caller's answer with the words it came in, and the next question."""
    answers: dict[Step, str | Service | datetime] = {
        Step.NAME: "Test Caller",
        Step.PHONE: "+61255550100",
        Step.ADDRESS: "1 Example Street, Sampletown",
        Step.EMAIL: "caller@example.com",
        Step.SERVICE: SERVICE,
        Step.TIME: BOOKED_TIME,
    }
    steps = list(Step)
    return Change(
        answers={step: answers[step]},
        messages=(caller(f"my {step}", second), bot(f"after {step}", second + 1)),
        step=steps[steps.index(step) + 1],
        booked=True if step is Step.TIME else None,
        status=Status.BOOKED if step is Step.TIME else None,
        dialogue=f'{{"turn":{second}}}',
    )


async def booked(
    store: Store, sid: CallSid = SID, time: datetime = BOOKED_TIME, number: str = NUMBER
) -> None:
    """A whole call that books, from its greeting to its end."""
    ledger = await store.open_call(sid, caller=number)
    for second, step in enumerate(FIELDS):
        change = answered(step, second * 3)
        if step is Step.TIME:
            assert await ledger.appointments.book(time) is Place.YOURS
            change = replace(change, answers={Step.TIME: time})
        await ledger.commit(change)
    await ledger.close()
    await store.best_effort.finish()


async def stored(store: Store, call_sid: str = SID) -> CallSkeleton:
    """The record, which must be there."""
    skeleton = await store.get_call_skeleton(call_sid)
    assert skeleton is not None
    return skeleton


async def spoken(store: Store, call_sid: str = SID) -> list[str]:
    """Return the history of a call's record."""
    return [message.message for message in (await stored(store, call_sid)).history]


async def is_free(store: Store, time: datetime = BOOKED_TIME) -> bool:
    """Return whether another call could have this time."""
    turn = await store.open_turn(CallSid("CAasking"))
    place = await turn.appointments.hold(time)
    await turn.appointments.leave()
    return place is Place.YOURS


def sample(name: str, **labels: str) -> float:
    """A metric's value now."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
