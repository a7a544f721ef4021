"""Misbehaviour on order: each fault waits for its service's next requests, as often as told."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, Field

from voicebot.simulators.openai.latency import Service


class Kind(StrEnum):
    """What can go wrong. Not every service can do everything."""

    UNAUTHORIZED = "unauthorized"
    """401: the key is refused."""
    RATE_LIMITED = "rate_limited"
    """429 with Retry-After: `seconds`."""
    NO_QUOTA = "no_quota"
    """429 with the code insufficient_quota: waiting does not help."""
    SERVER_ERROR = "server_error"
    """`status`, 500 unless told."""
    NOT_FOUND = "not_found"
    """404: a server that has no such service, or no such model."""
    SLOW = "slow"
    """Nothing comes for `seconds`."""
    STALL = "stall"
    """It begins, and then nothing more comes."""
    CUT_JSON = "cut_json"
    """The JSON ends in its middle."""
    REFUSAL = "refusal"
    """The model refuses to answer."""
    FENCED = "fenced"
    """The JSON stands in a Markdown fence, as compatible servers send it."""
    UNKNOWN_EVENT = "unknown_event"
    """An event of a type that nobody knows comes first."""
    CLOSED = "closed"
    """The socket is closed instead of an answer."""
    OUT_OF_ORDER = "out_of_order"
    """The text comes after the next item's text."""
    FAILED_ITEM = "failed_item"
    """The item could not be transcribed."""
    EXPIRED = "expired"
    """The session has come to its end."""


HTTP_KINDS = (
    Kind.UNAUTHORIZED,
    Kind.RATE_LIMITED,
    Kind.NO_QUOTA,
    Kind.SERVER_ERROR,
    Kind.NOT_FOUND,
    Kind.SLOW,
)
"""What can already happen to the request itself, a WebSocket's handshake included."""


class Fault(BaseModel):
    """One order: `kind` befalls `service` so many `times`, `after` so many that went well."""

    service: Service
    kind: Kind
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    seconds: float = Field(default=60.0, ge=0)
    status: int = Field(default=500, ge=500, le=599)


class Faults:
    """The orders that are not yet carried out."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """One more."""
        self._waiting.append(fault.model_copy())

    def clear(self) -> None:
        """Behave from now on."""
        self._waiting.clear()

    def take(self, service: Service, *kinds: Kind) -> Fault | None:
        """The first order for this service that is of these kinds, counted down."""
        for fault in self._waiting:
            if fault.service is not service or fault.kind not in kinds:
                continue
            if fault.after:
                fault.after -= 1
            else:
                fault.times -= 1
                if not fault.times:
                    self._waiting.remove(fault)
                return fault
        return None
