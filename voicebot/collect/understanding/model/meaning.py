"""What the model answers: the understanding type, as a strict JSON schema can say it.

Strict mode wants every property to be required and every object closed, so what may be absent is
null, and the mapping of fields is an object with a member for each step.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from voicebot.call import FIELDS, Step
from voicebot.collect.understanding import Intent, Missing


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(_Closed):
    """Everything that was said, by step, in normal form."""

    name: str | None
    phone: str | None
    address: str | None
    email: str | None
    service: str | None
    time: str | None

    def values(self) -> Iterator[tuple[Step, str]]:
        """Those that are there."""
        for step in FIELDS:
            value: str | None = getattr(self, step.value)
            if value:
                yield step, value


class Meaning(_Closed):
    """`voicebot.collect.understanding.Understanding`, as the model gives it."""

    intent: Intent
    value: str | None
    fields: Said
    missing: Missing | None
    partial: str | None
    confidence: float


def schema() -> dict[str, object]:
    """As the API's strict mode takes it."""
    return Meaning.model_json_schema()
