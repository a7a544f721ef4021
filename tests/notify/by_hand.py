"""One endpoint's delivery, driven by hand."""

from collections.abc import Callable
from typing import Self

from redis.asyncio import Redis

from tests.store.calls import SID
from voicebot.call import CallSid
from voicebot.notify.delivery import MOST_ATTEMPTS, PAUSES_S, Delivery
from voicebot.notify.delivery_log import DeliveryLog, FailedDeliveries, WebhookFailure
from voicebot.notify.receivers import WebhookClient, endpoints
from voicebot.settings import Settings
from voicebot.store import EventReader

RETENTION_S = 86400
EVEN = 0.5
"""The chance that leaves a pause as it is."""


class ByHand:
    """`look` is what a notice or a due moment makes a process do."""

    def __init__(self, redis: Redis, settings: Settings, clock: Callable[[], float]) -> None:
        (self.endpoint, *_) = endpoints(settings)
        self.failures = FailedDeliveries(redis, settings)
        self._reader = EventReader(redis)
        self.delivery_log = DeliveryLog(redis, self.endpoint, retention_s=RETENTION_S)
        self._sender = WebhookClient(self.endpoint, settings.webhook_deadline_s, clock)
        self._clock = clock

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._sender.aclose()

    async def begin(self) -> None:
        """A process takes over: it knows nothing but what is in Redis."""
        self._delivery = Delivery(
            self.endpoint.label,
            self._reader,
            self.delivery_log,
            self._sender,
            clock=self._clock,
            chance=lambda: EVEN,
        )
        await self._delivery.begin()

    async def look(self, call_sid: CallSid = SID) -> None:
        await self._delivery.deliver(call_sid)

    async def look_at_due(self) -> list[CallSid]:
        due = await self.delivery_log.due(int(self._clock() * 1000))
        for call_sid in due:
            await self.look(call_sid)
        return due

    async def give_up(self, clock: object) -> list[WebhookFailure]:
        """Every attempt of a day, as the schedule has them."""
        await self.look()
        for pause in PAUSES_S:
            clock.ahead_s += pause + 1  # type: ignore[attr-defined]
            await self.look_at_due()
        assert len(PAUSES_S) + 1 == MOST_ATTEMPTS
        return await self.failures.page(100)
