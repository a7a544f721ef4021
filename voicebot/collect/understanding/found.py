"""What one field's parser found in an utterance."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.collect.understanding import Missing


@dataclass(frozen=True, slots=True)
class Found:
    """A field's value in normal form and where it stands.

    value       in the normal form of `Understanding.value`; None when only a piece was said
                that is no value by itself (half a phone number); a day or a clock time alone
                is a value and `missing` says what it lacks
    span        start and end in the utterance that was handed to the parser
    confidence  0 to 1; under 0.5 the rules would rather ask again
    missing     what is still to come
    partial     the piece so far, to be handed back as `Asked.partial` with the next utterance
    moved       was it said in another time zone, and counted in the business's?
    """

    value: str | None
    span: tuple[int, int] | None = None
    confidence: float = 1.0
    missing: Missing | None = None
    partial: str | None = None
    moved: bool = False
