"""Who writes a record, and what it is made from. Plain values."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from voicebot.call import CallSid
from voicebot.settings import SaveMode, Settings
from voicebot.store.commits import Argument, Sealed


@dataclass(frozen=True, slots=True)
class Session:
    """One session of one call.

    id      unique for ever
    began   its first moment, aware
    fresh   the fields of a new record, should there be none
    """

    call_sid: CallSid
    id: str
    began: datetime
    fresh: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Founding:
    """A record's fields and history elements: as it was found, or what it is made from."""

    fields: Mapping[str, str]
    history: Sequence[str] = ()

    @property
    def arguments(self) -> list[Argument]:
        """Fields and messages as the scripts read them."""
        pairs = [text for pair in self.fields.items() for text in pair]
        return [len(pairs), *pairs, len(self.history), *self.history]


@dataclass(frozen=True, slots=True)
class Held:
    """All that a session has to bring: enough for any process to bring it.

    epoch      None for a session that could not claim its call yet
    found      the record as the session found it, or would make it
    delivered  Redis has acknowledged the commits up to this number
    """

    session: Session
    epoch: int | None
    found: Founding
    delivered: int
    commits: tuple[Sealed, ...]

    @property
    def waiting(self) -> int:
        """Commits that are not known to be in Redis."""
        return len(self.commits) - self.delivered


def save_mode(settings: Settings, call_sid: CallSid) -> SaveMode:
    """Realtime for the share of calls that VOICEBOT_REALTIME_SHARE names, by their callSid."""
    lot = zlib.crc32(call_sid.encode()) / 2**32
    chosen = settings.save_mode is SaveMode.REALTIME and lot < settings.realtime_share
    return SaveMode.REALTIME if chosen else SaveMode.BATCH
