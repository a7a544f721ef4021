"""Delivery of one call's events to one endpoint: due retries first, then new events, in order.

attempt   1  2   3    4     5     6    7    8    9   10   11
pause      5s 30s  2m  10m   30m   1h   2h   4h   8h   8h     about a day in all
          └ later events wait ┘└ later events of the call overtake it
"""

import random
from collections.abc import Callable
from functools import partial
from typing import Final

from prometheus_client import Counter, Histogram
from prometheus_client import Gauge as AnyGauge

from voicebot.call import CallSid
from voicebot.log import get_logger
from voicebot.notify.delivery_log import DeliveryLog, Retry, WebhookFailure
from voicebot.notify.notification import Notification, notification
from voicebot.notify.receivers import Verdict, WebhookClient
from voicebot.store import BEGINNING, EventReader, entry_order

log = get_logger(__name__)

_MINUTE_S, _HOUR_S = 60.0, 3600.0

PAUSES_S: Final = (
    *(5.0, 30.0, 2 * _MINUTE_S, 10 * _MINUTE_S, 30 * _MINUTE_S),
    *(_HOUR_S, 2 * _HOUR_S, 4 * _HOUR_S, 8 * _HOUR_S, 8 * _HOUR_S),
)
MOST_ATTEMPTS: Final = len(PAUSES_S) + 1
LONGEST_RETRY_AFTER_S: Final = _HOUR_S
_JITTER: Final = 0.2
"""Share of a pause by which it varies, so that failed deliveries do not all retry at once."""

CALLS_SEEN: Final = 20_000
"""The number of calls whose last checked entry is kept in memory."""

_Gauge = partial(AnyGauge, multiprocess_mode="mostrecent")  # set by the process that delivers

attempts_total = Counter(
    "voicebot_webhook_attempts",
    "Requests to receivers, by outcome: taken, late (to be retried), failed (given up)",
    ["endpoint", "outcome"],
)
delay_seconds = Histogram(
    "voicebot_webhook_delay_seconds",
    "From the event in Redis to the receiver's 2xx",
    ["endpoint"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0, 86400.0),
)
late_calls = _Gauge(
    "voicebot_webhook_late_calls", "Calls with a delivery to be retried", ["endpoint"]
)
failures = _Gauge("voicebot_webhook_failures", "Failed deliveries that are listed", ["endpoint"])


def pause_s(attempts: int, chance: float, retry_after_s: float = 0.0) -> float | None:
    """Return the pause after `attempts` in seconds, or None after the last one.

    chance         0 up to 1, drawn for every pause
    retry_after_s  the receiver's Retry-After
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    pause = PAUSES_S[attempts - 1] * (1 - _JITTER + 2 * _JITTER * chance)
    return max(pause, min(retry_after_s, LONGEST_RETRY_AFTER_S))


class Delivery:
    """Delivers to one endpoint; call `begin` first. Raises store.AWAY."""

    def __init__(
        self,
        label: str,
        reader: EventReader,
        delivery_log: DeliveryLog,
        client: WebhookClient,
        *,
        clock: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._label = label
        self._reader = reader
        self._log = delivery_log
        self._client = client
        self._since = BEGINNING
        self._clock = clock
        self._chance = chance
        self._seen: dict[CallSid, str] = {}
        for outcome in ("taken", "late", "failed"):  # at 0, so that alerts see the first increase
            attempts_total.labels(label, outcome)
        delay_seconds.labels(label)

    async def begin(self) -> None:
        """Read the moment from which the endpoint receives events, and renew its expiry."""
        since_ms = await self._log.begin(self._now_ms())
        self._since = f"{max(0, since_ms - 1)}-0"  # include the events of that millisecond

    async def deliver(self, call_sid: CallSid) -> None:
        """Deliver this call's due retries and new events; without any it costs two reads."""
        progress = await self._log.progress(call_sid)
        now_ms = self._now_ms()
        waiting = [retry for retry in progress.retries if retry.due_ms > now_ms]
        for retry in progress.retries:
            if retry.due_ms <= now_ms and (again := await self._retry(call_sid, retry)):
                waiting.append(again)
        if not any(retry.holds_back for retry in waiting):
            after = self.begins_after(call_sid, progress.cursor)
            waiting += await self._deliver_new(call_sid, after)
        if waiting:
            await self._log.check_again(call_sid, min(retry.due_ms for retry in waiting))

    def begins_after(self, call_sid: CallSid, cursor: str) -> str:
        """Return the entry after which events are still to be delivered."""
        return max(cursor, self._since, self._seen.get(call_sid, cursor), key=entry_order)

    async def _deliver_new(self, call_sid: CallSid, after: str) -> list[Retry]:
        """Deliver events after `after`, up to the first that is not taken; return its retry."""
        for event in await self._reader.of_call(call_sid, after):
            message = notification(event)
            if message is not None:
                retry = await self._try(message, 1)
                if retry is None:  # remembered here even when the write to Redis fails
                    self._remember(call_sid, event.id)
                await self._log.write(call_sid, cursor=event.id, retry=retry)
                if retry is not None:
                    return [retry]
            self._remember(call_sid, event.id)
        return []

    async def _retry(self, call_sid: CallSid, retry: Retry) -> Retry | None:
        event = await self._log.event(call_sid, retry.entry)
        message = notification(event) if event else None
        if message is None:
            log.error("webhook_event_gone", call_sid=call_sid, endpoint=self._label)
            attempts_total.labels(self._label, "failed").inc()
            await self._log.settle(call_sid, retry.entry)
            return None
        again = await self._try(message, retry.attempts + 1)
        if again is None:
            await self._log.settle(call_sid, retry.entry)
        else:
            await self._log.write(call_sid, retry=again)
        return again

    async def _try(self, message: Notification, attempts: int) -> Retry | None:
        """Make one attempt; return the retry that it leaves, if any."""
        answer = await self._client.send(message.id, message.body)
        if answer.verdict is Verdict.TAKEN:
            happened_ms, _ = entry_order(message.entry)
            attempts_total.labels(self._label, "taken").inc()
            delay_s = max(0.0, self._clock() - happened_ms / 1000)
            delay_seconds.labels(self._label).observe(delay_s)
            return None
        gone = answer.verdict is Verdict.GONE
        pause = None if gone else pause_s(attempts, self._chance(), answer.retry_after_s)
        outcome = "failed" if pause is None else "late"
        attempts_total.labels(self._label, outcome).inc()
        log.warning(
            f"webhook_{outcome}",
            call_sid=message.call_sid,
            webhook_id=message.id,
            endpoint=self._label,
            why=answer.why,
            attempts=attempts,
            again_in_s=pause and round(pause),
        )
        if pause is not None:
            return Retry(message.entry, attempts, self._now_ms() + int(pause * 1000))
        await self._log.give_up(  # list it before the retry is removed
            WebhookFailure(
                id=message.id,
                endpoint=self._label,
                type=message.kind,
                callSid=message.call_sid,
                at=message.at,
                entry=message.entry,
                attempts=attempts,
                why=answer.why,
                failed_ms=self._now_ms(),
            )
        )
        return None

    def _remember(self, call_sid: CallSid, entry: str) -> None:
        if len(self._seen) >= CALLS_SEEN:
            self._seen.clear()
        self._seen[call_sid] = entry

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
