"""The keys in Redis. All keys of one call share a hash slot (the braces)."""

from __future__ import annotations

from typing import NamedTuple

from voicebot.call import CallSid

CHANNEL = "voicebot:calls"
"""Every write publishes its callSid here, for live watchers."""

RECENT_CALLS = "voicebot:calls:recent"
"""Sorted set of callSids by the moment of their last claim, in epoch milliseconds."""


class CallKeys(NamedTuple):
    """The keys of one call, in the order in which the scripts expect them; they need the first
    three, integrators' writes the first four, turns over HTTP all.

    writes  set of the ids of integrators' writes, so that none is applied twice
    turns   hash of the answers that turns over HTTP were given, by the names of their requests
    """

    call: str
    history: str
    events: str
    writes: str
    turns: str

    @property
    def record(self) -> tuple[str, str, str]:
        """The keys of the record alone."""
        return self.call, self.history, self.events


def call_keys(call_sid: CallSid) -> CallKeys:
    """Return the keys of `call_sid`."""
    call = f"call:{{{call_sid}}}"
    return CallKeys(call, *(f"{call}:{part}" for part in CallKeys._fields[1:]))


def legacy_key(call_sid: CallSid) -> str:
    """Return where the old system kept the whole record as one JSON string; another slot."""
    return f"call:{call_sid}"
