"""Confirmations, handed to a real SMTP server on this machine."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from fakeredis import FakeAsyncRedis
from icalendar import Calendar, Event
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.conftest import PATIENT_S
from tests.ports import free_port
from tests.store.calls import BOOKED_TIME, SERVICE, SID, Clock, Stored, answered, stored
from tests.store.cluster import PARTIAL, cluster
from voicebot.business import load_business
from voicebot.call import FIELDS, CallSid, Step
from voicebot.errors import SettingsError
from voicebot.ledger import Place
from voicebot.notify import smtp_server
from voicebot.notify.mail import LOCK_S, MailSender
from voicebot.settings import Settings
from voicebot.store import Store, connect, open_store

BUSINESS = load_business(None)
LATER = BOOKED_TIME + timedelta(days=1)
USER_EMAIL = "user.userInfo.email"
BOOKED: dict[Stored, Stored] = {
    "user.userInfo.name": "Test Caller",
    "user.serviceBookedTime": "2026-03-10T15:00:00+11:00",
    "servicebooked": "true",
    "confirmEmailsent": "false",
}
"""The fields of a record that is booked and not mailed."""


class Inbox:
    """The letters that the server took; `refusing` is its answer to every letter."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.refusing: str | None = None
        self.port = free_port()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusing:
            return self.refusing
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content))
        return "250 taken"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A mail server."""
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=inbox.port)
    server.start()
    yield inbox
    server.stop()


@dataclass
class Post:
    """A store, the sender of its letters, and the clock of both."""

    store: Store
    inbox: Inbox
    clock: Clock

    def __post_init__(self) -> None:
        self.sender = another(self.store, self.inbox, self.clock)

    async def look(self, after_s: float = 0.0) -> int:
        """Check all bookings and send what is due, as a sender does when it begins."""
        self.clock.at += timedelta(seconds=after_s)
        assert await self.sender.check_all()
        return await self.sender.send_due()

    async def move(self, time: datetime = LATER) -> None:
        turn = await self.store.open_turn(CallSid("CAmoving"))
        assert await turn.appointments.move(SID, time) is Place.YOURS

    async def cancel(self) -> None:
        turn = await self.store.open_turn(CallSid("CAmoving"))
        assert await turn.appointments.cancel(SID)

    async def is_told(self) -> bool:
        """Whether the record says that the letter was sent."""
        return (await stored(self.store)).confirmEmailsent


@pytest.fixture
def redis() -> FakeAsyncRedis:
    return FakeAsyncRedis(decode_responses=True)


@pytest.fixture
async def post(redis: FakeAsyncRedis, tmp_path: Path, inbox: Inbox) -> AsyncIterator[Post]:
    clock = Clock()
    store = Store(redis, Settings(_env_file=None, data_dir=tmp_path), BUSINESS, clock=clock)
    yield Post(store, inbox, clock)
    await store.aclose()


def another(store: Store, inbox: Inbox, clock: Callable[[], datetime]) -> MailSender:
    settings = Settings(_env_file=None, smtp_url=SecretStr(f"smtp://127.0.0.1:{inbox.port}"))
    return MailSender(store, BUSINESS, settings, clock)


async def book(store: Store, *, besides: tuple[Step, ...] = ()) -> None:
    ledger = await store.open_call(SID, caller=None)
    for second, step in enumerate(s for s in FIELDS if s not in besides):
        await ledger.commit(answered(step, second))
    await ledger.close()


async def test_a_booking_is_confirmed_once_with_an_invitation(post: Post) -> None:
    await book(post.store)
    assert await post.look() == 1
    assert await post.look() == 0
    (letter,) = post.inbox.letters
    assert letter["To"] == "caller@example.com"
    assert SERVICE.name in str(letter["Subject"])
    text, invitation = (
        part.get_payload(decode=True) for part in letter.walk() if not part.is_multipart()
    )
    assert isinstance(text, bytes)
    assert b"Test Caller" in text
    assert isinstance(invitation, bytes)
    (event,) = Calendar.from_ical(invitation).events
    assert event.start == datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
    assert event.duration == timedelta(hours=1)
    assert await post.is_told()


async def test_the_record_says_sent_only_when_the_server_took_it(post: Post) -> None:
    await book(post.store)
    post.inbox.refusing = "451 try again later"
    assert await post.look() == 0
    assert not await post.is_told()
    post.inbox.refusing = None
    assert await post.sender.send_due() == 0, "it waits before it tries again"
    post.clock.at += timedelta(seconds=11)
    assert await post.sender.send_due() == 1
    assert await post.is_told()


@pytest.mark.parametrize("lacks", [Step.TIME, Step.EMAIL])
async def test_nothing_is_sent_without_a_booking_or_an_address(post: Post, lacks: Step) -> None:
    await book(post.store, besides=(lacks,))
    assert await post.look() == 0
    assert post.inbox.letters == []
    assert not await post.is_told()


async def test_a_booking_from_before_mail_was_set_up_is_mailed_when_it_is_moved(post: Post) -> None:
    await book(post.store)
    assert await post.look(after_s=86400) == 0
    assert await replace(post).look() == 0, "also after another start"
    await post.move()
    assert await post.look() == 1
    await post.cancel()
    assert await post.look(after_s=11) == 1


async def test_two_senders_do_not_send_the_same_letter(post: Post) -> None:
    await book(post.store)
    assert await post.store.index.lock(SID, "mail", LOCK_S)
    assert await post.look() == 0
    await post.store.index.unlock(SID, "mail")
    assert await replace(post).look() == 1
    assert await post.look(after_s=11) == 0
    assert len(post.inbox.letters) == 1


@pytest.mark.slow
async def test_an_outage_of_more_than_200_calls_loses_no_confirmation(
    redis: FakeAsyncRedis, post: Post
) -> None:
    for n in range(210):
        await redis.hset(f"call:{{CA{n}}}", mapping={**BOOKED, USER_EMAIL: f"c{n}@example.com"})
    post.inbox.refusing = "451 try again later"
    assert await post.look() == 0
    post.inbox.refusing = None
    post.clock.at += timedelta(days=3)
    while await post.sender.send_due():
        pass
    assert {letter["To"] for letter in post.inbox.letters} == {
        f"c{n}@example.com" for n in range(210)
    }
    assert len(post.inbox.letters) == 210
    assert await redis.hget("call:{CA0}", "confirmEmailsent") == "true"


async def test_while_the_mail_server_is_away_one_message_is_tried_and_not_all(
    post: Post, redis: FakeAsyncRedis
) -> None:
    for n in range(30):
        await redis.hset(f"call:{{CA{n}}}", mapping={**BOOKED, USER_EMAIL: "c@example.com"})
    settings = Settings(_env_file=None, smtp_url=SecretStr(f"smtp://127.0.0.1:{free_port()}"))
    post.sender = MailSender(post.store, BUSINESS, settings, post.clock)
    with capture_logs() as log:
        assert await post.look() == 0
    assert len([line for line in log if line["event"] == "confirmation_not_sent"]) == 1


async def test_a_call_that_cannot_be_read_delays_no_other_mail(
    post: Post, redis: FakeAsyncRedis
) -> None:
    await redis.set("call:{CA1}", "of another kind")
    await redis.hset("call:{CA2}", mapping={**BOOKED, USER_EMAIL: "broken@example.com"})
    await redis.set("call:{CA2}:history", "of another kind")
    await book(post.store)
    assert await post.look() == 1
    assert [letter["To"] for letter in post.inbox.letters] == ["caller@example.com"]


@pytest.mark.slow
@pytest.mark.valkey
async def test_a_node_of_the_cluster_that_is_away_keeps_its_own_letters_alone(
    inbox: Inbox, tmp_path: Path
) -> None:
    async with cluster(tmp_path, options=PARTIAL) as nodes, connect(nodes.url) as client:
        for n in range(12):
            await client.hset(f"call:{{CA{n}}}", mapping={**BOOKED, USER_EMAIL: f"c{n}@x.example"})
        away = (await nodes.shard_of("call:{CA0}")).master.port
        its_own = {
            f"c{n}@x.example"
            for n in range(12)
            if (await nodes.shard_of(f"call:{{CA{n}}}")).master.port == away
        }
        nodes.processes[nodes.ports.index(away)].kill()
        settings = Settings(_env_file=None, data_dir=tmp_path)
        sender = another(Store(client, settings, BUSINESS), inbox, lambda: datetime.now(UTC))
        assert not await sender.check_all()
        await sender.send_due()
    everybody = {f"c{n}@x.example" for n in range(12)}
    assert {letter["To"] for letter in inbox.letters} == everybody - its_own


@pytest.mark.slow
@pytest.mark.valkey
async def test_a_booking_is_confirmed_when_it_is_written_and_nothing_is_read_twice(
    redis_url: str, inbox: Inbox, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, redis_url=redis_url)
    stopping = asyncio.Event()
    async with (
        open_store(settings, BUSINESS) as store,
        aclosing(connect(redis_url)) as client,
        store.events.notices() as notices,
        asyncio.timeout(PATIENT_S),
        asyncio.TaskGroup() as group,
    ):
        mapping = {**BOOKED, "servicebooked": "false"}
        await client.hset("call:{CA-before}", mapping={**mapping, USER_EMAIL: "no@example.com"})
        running = another(store, inbox, lambda: datetime.now(UTC))
        group.create_task(running.run(stopping))
        await book(store)
        while not (await stored(store)).confirmEmailsent:
            await anext(notices)
        async for call_sids in notices:
            if not call_sids:  # a second of silence: all is done
                break
        before = await commands(client)
        for _ in range(3):  # seconds of silence, in which the sender makes its rounds
            assert await anext(notices) == ()
        assert await commands(client) == before
        stopping.set()
    assert len(inbox.letters) == 1


async def commands(client: Redis) -> dict[str, int]:
    """Return the number of calls of each command that reads a record."""
    stats = await client.info("commandstats")
    readers = ("hmget", "hgetall", "evalsha", "scan", "zrevrange")
    return {name: stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in readers}


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail.example.com", "smtp://"])
def test_a_wrong_address_of_the_server_says_what_is_right(url: str) -> None:
    with pytest.raises(SettingsError, match="VOICEBOT_SMTP_URL"):
        smtp_server(url)


def test_the_address_of_the_server_may_carry_a_login() -> None:
    found = smtp_server("smtps://post%40example.com:pa%2Fss@mail.example.com")
    assert (found.host, found.port, found.tls) == ("mail.example.com", 465, True)
    assert (found.user, found.password) == ("post@example.com", "pa/ss")


# -- moved and called off ------------------------------------------------------------------


def invitation(letter: Message) -> tuple[str, Event]:
    """The method and the event of the letter's calendar object; both name the same method."""
    (part,) = (part for part in letter.walk() if part.get_content_type() == "text/calendar")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    calendar = Calendar.from_ical(content)
    (event,) = calendar.events
    assert part.get_param("method") == calendar["method"]
    return str(calendar["method"]), event


async def test_a_moved_booking_is_mailed_again_with_the_next_sequence(post: Post) -> None:
    await book(post.store)
    assert await post.look() == 1
    await post.move()
    assert not await post.is_told(), "the customer does not know yet"
    assert await post.look(after_s=11) == 1
    assert await post.look() == 0
    assert await post.is_told()
    (was, first), (method, second) = map(invitation, post.inbox.letters)
    assert was == method == "REQUEST"
    assert first["uid"] == second["uid"]
    assert (first["sequence"], second["sequence"]) == (0, 1)
    assert (second["status"], second.start) == ("CONFIRMED", LATER.astimezone(UTC))
    assert str(post.inbox.letters[1]["Subject"]).startswith("Moved: ")


@pytest.mark.parametrize("moved", [0, 2])
async def test_a_booking_that_was_called_off_is_taken_out_of_the_calendar(
    post: Post, moved: int
) -> None:
    await book(post.store)
    assert await post.look() == 1
    for n in range(moved):
        await post.move(LATER + timedelta(days=n))
    await post.cancel()
    await post.cancel()
    assert await post.look(after_s=11) == 1
    assert await post.look() == 0
    (_, first), (method, last) = map(invitation, post.inbox.letters)
    assert (method, last["status"], last["sequence"]) == ("CANCEL", "CANCELLED", 1 + moved)
    assert last["uid"] == first["uid"]
    assert last["organizer"] == first["organizer"]
    assert last["attendee"] == first["attendee"]
    assert str(post.inbox.letters[1]["Subject"]).startswith("Cancelled: ")


async def test_a_move_while_the_first_letter_is_on_its_way_is_mailed_too(post: Post) -> None:
    await book(post.store)
    note = post.store.writes.note_mailed

    async def moved_meanwhile(call_sid: str, revision: int) -> bool:
        await post.move()
        return await note(call_sid, revision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(post.store.writes, "note_mailed", moved_meanwhile)
        assert await post.look() == 1
    assert await post.look(after_s=11) == 1
    assert await post.look(after_s=30) == 0
    assert [invitation(letter)[1]["sequence"] for letter in post.inbox.letters] == [0, 1]


async def test_a_booking_called_off_before_its_first_letter_is_only_called_off(post: Post) -> None:
    await book(post.store)
    await post.cancel()
    assert await post.look() == 1
    (letter,) = post.inbox.letters
    assert invitation(letter)[0] == "CANCEL"
