"""What every call of a worker is given, and what its session needs of the ledger."""

import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from voicebot.call import CallSid, Phase
from voicebot.collect.collector import Hear, SayAloud
from voicebot.ledger import CommitObserver, Ledger
from voicebot.speech import OpenDetector, SpeechToText, Synthesizer
from voicebot.store import utc_now
from voicebot.stream.staff import Settle
from voicebot.stream.state import FillerPhrases


class OpenLedger(Ledger, Protocol):
    """The ledger of one session, which can be observed, and is closed at the end of its call."""

    def observe(self, observer: CommitObserver) -> None:
        """Tell `observer` of every commit from now on."""

    async def close(self) -> None: ...


Conversation = Callable[[Ledger, Hear, SayAloud], Awaitable[object]]
"""Holds the conversation to its end; raises what `hear`, `say` and the ledger raise."""


def _ignore(*_: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDependencies:
    """The dependencies of a call; the same for all calls of a worker."""

    stt: SpeechToText
    synthesizer: Synthesizer
    detector: OpenDetector
    fixed: Collection[str] = frozenset()  # sentences that the synthesizer has in its cache
    converse: Conversation
    announce: Callable[[CallSid, Phase], None] = _ignore  # to live watchers; these never wait
    settle: Settle = _ignore  # commands of staff
    relay: Callable[[CallSid, bytes], None] = _ignore  # to staff who listen in
    fillers: FillerPhrases | None = None
    backchannels: tuple[str, ...] = ()  # fixed sentences that show a caller who waits: go on
    language: str = "en"
    max_call_s: float = 900.0
    clock: Callable[[], datetime] = utc_now  # of the record
    stopwatch: Callable[[], float] = time.perf_counter  # monotonic, in seconds
