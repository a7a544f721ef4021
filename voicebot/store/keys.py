"""Where things stand in Redis. All keys of one call share a hash slot (the braces)."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.call import CallSid

CHANNEL = "voicebot:calls"
"""Every write publishes its callSid here, for live watchers."""

RECENT_CALLS = "voicebot:calls:recent"
"""Sorted set of callSids by the moment of their last claim, in epoch milliseconds."""


@dataclass(frozen=True, slots=True)
class CallKeys:
    """The keys of one call's record."""

    call: str
    history: str
    events: str

    @property
    def all(self) -> tuple[str, str, str]:
        """In the order that the scripts expect them."""
        return (self.call, self.history, self.events)

    @property
    def writes(self) -> str:
        """Set of the ids of integrators' writes, so that none is applied twice."""
        return f"{self.call}:writes"

    @property
    def turns(self) -> str:
        """Hash of the answers that turns over HTTP were given, by the names of their requests."""
        return f"{self.call}:turns"


def call_keys(call_sid: CallSid) -> CallKeys:
    """The keys of `call_sid`."""
    call = f"call:{{{call_sid}}}"
    return CallKeys(call, f"{call}:history", f"{call}:events")


def legacy_key(call_sid: CallSid) -> str:
    """Where the old system kept the whole record as one JSON string; another slot."""
    return f"call:{call_sid}"


def live_key(call_sid: CallSid) -> str:
    """The mark of a call that is on the phone just now; same slot as its record."""
    return f"call:{{{call_sid}}}:live"


def caller_key(caller: str) -> str:
    """The sorted set of calls that one number made, by epoch milliseconds."""
    return f"caller:{{{caller}}}"


def lock_key(call_sid: CallSid, work: str) -> str:
    """Return the key of the lock for one kind of work on a call; same slot as its record."""
    return f"call:{{{call_sid}}}:lock:{work}"


def session_key(digest: str) -> str:
    """A session of the staff's page, by the digest of its cookie."""
    return f"voicebot:session:{digest}"
