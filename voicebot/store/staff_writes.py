"""What is written of a call beside its conversation, outside any session's sequence.

Staff's notes, that nothing is left to do, how a transfer ended, who had its data shown.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from redis.asyncio import Redis

from voicebot.call import CallSid, Needs, Note
from voicebot.store.client import unavailable_when_away
from voicebot.store.commit_encoding import Event, encode_events, encode_fields, told
from voicebot.store.layout import (
    DIALLED_FIELD,
    DONE_AT_FIELD,
    DONE_BY_FIELD,
    NEEDS_FIELD,
    NOTES_FIELD,
    REVEALS,
    call_keys,
    clean,
    iso_utc,
    note_json,
)
from voicebot.store.models import RevealRecord
from voicebot.store.scripts import Script, Verdict, shared

REVEALS_KEPT = 100

_NOTE = Script("note", ("common", "change"))


class StaffWrites:
    """Every method raises StoreUnavailable. Those that write to a record raise BrokenRecord, too,
    and return False for an unknown call."""

    def __init__(self, client: Redis, *, retention_s: int, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._retention_s = retention_s
        self._clock = clock

    async def note(self, call_sid: CallSid, by: str, text: str) -> bool:
        """Add a note that names its writer to those of the call."""
        note = note_json(Note(f"{by}: {text}", self._clock()))
        return await self._write(call_sid, {}, note, [told(NOTES_FIELD, f"[{note}]")])

    async def finish(self, call_sid: CallSid, by: str) -> bool:
        """Mark that nothing is left to do for a call."""
        fields = {
            NEEDS_FIELD: Needs.NOTHING.value,
            DONE_BY_FIELD: clean(by),
            DONE_AT_FIELD: iso_utc(self._clock()),
        }
        events = [told(NEEDS_FIELD, Needs.NOTHING), ("type", "done", "value", clean(by))]
        return await self._write(call_sid, fields, "", events)

    async def reopen(self, call_sid: CallSid, needs: Needs) -> bool:
        """Take a `finish` back: `needs` is what staff must do after all."""
        fields = {NEEDS_FIELD: needs.value, DONE_BY_FIELD: "", DONE_AT_FIELD: ""}
        events = [told(NEEDS_FIELD, needs), ("type", "done", "value", "")]
        return await self._write(call_sid, fields, "", events)

    async def dialled(self, call_sid: CallSid, outcome: str, *, reached: bool) -> bool:
        """Note how the call to a person ended; one who was reached leaves nothing to do."""
        needs = Needs.NOTHING if reached else Needs.PERSON
        fields = {DIALLED_FIELD: outcome, NEEDS_FIELD: needs.value}
        events = [told(NEEDS_FIELD, needs), ("type", "dialled", "value", outcome)]
        return await self._write(call_sid, fields, "", events)

    async def revealed(self, call_sid: CallSid, by: str) -> None:
        """Add to the list of who had customers' data shown, which keeps the newest REVEALS_KEPT.

        None stays there longer than a call is kept.
        """
        now = self._clock()
        reveal = RevealRecord(callSid=call_sid, by=clean(by), at=iso_utc(now))
        with unavailable_when_away():
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.zadd(REVEALS, {reveal.model_dump_json(): _ms(now)})
                pipe.zremrangebyscore(REVEALS, "-inf", self._oldest_ms(now))
                pipe.zremrangebyrank(REVEALS, 0, -REVEALS_KEPT - 1)
                pipe.expire(REVEALS, self._retention_s)
                await pipe.execute()

    async def reveals(self) -> list[RevealRecord]:
        """Return who had which call's data shown, the newest first."""
        oldest = self._oldest_ms(self._clock())
        with unavailable_when_away():
            found = await self._client.zrevrangebyscore(REVEALS, "+inf", f"({oldest}")
        return [RevealRecord.model_validate_json(str(text)) for text in found]

    def _oldest_ms(self, now: datetime) -> int:
        return _ms(now - timedelta(seconds=self._retention_s))

    async def _write(
        self, call_sid: CallSid, fields: Mapping[str, str], notes: str, events: Sequence[Event]
    ) -> bool:
        head = shared(call_sid, self._clock(), self._retention_s)
        arguments = (*head, *encode_fields(fields), notes, *encode_events(events))
        with unavailable_when_away():
            reply = await _NOTE.run(self._client, call_keys(call_sid).record, arguments)
        return reply == Verdict.APPLIED


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
