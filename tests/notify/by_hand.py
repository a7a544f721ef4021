"""One endpoint's delivery, driven by hand."""

import time
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

    def __init__(self, redis: Redis, settings: Settings, *, ahead_s: float = 0.0) -> None:
        (self.endpoint, *_) = endpoints(settings)
        self.failures = FailedDeliveries(redis, settings)
        self._reader = EventReader(redis)
        self.delivery_log = DeliveryLog(redis, self.endpoint, retention_s=RETENTION_S)
        self._sender = WebhookClient(self.endpoint, settings.webhook_deadline_s, self.now_s)
        self._began_s = time.time()
        self.ahead_s = ahead_s

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
            clock=self.now_s,
            chance=lambda: EVEN,
        )
        await self._delivery.begin()

    def now_s(self) -> float:
        """The time stands still, but for what `look_at_due` adds."""
        return self._began_s + self.ahead_s

    async def look(self, call_sid: CallSid = SID) -> None:
        await self._delivery.deliver(call_sid)

    async def look_at_due(self, after_s: float = 0.0) -> list[CallSid]:
        self.ahead_s += after_s
        due = await self.delivery_log.due(int(self.now_s() * 1000))
        for call_sid in due:
            await self.look(call_sid)
        return due

    async def give_up(self) -> list[WebhookFailure]:
        """Every attempt of a day, as the schedule has them."""
        await self.look()
        for pause in PAUSES_S:
            await self.look_at_due(pause + 1)
        assert len(PAUSES_S) + 1 == MOST_ATTEMPTS
        return await self.failures.page(100)
