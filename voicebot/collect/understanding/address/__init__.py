"""One clean line out of a spoken address; Australian, American and British forms."""

from __future__ import annotations

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Missing
from voicebot.collect.understanding.address.parts import Part, Parts, is_whole, line, merge
from voicebot.collect.understanding.address.reading import read
from voicebot.collect.understanding.address.whose import of_the_job
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.tokens import plain


def parse(utterance: str, asked: Asked) -> Found | None:
    """The address that was said, in title case; with a street missing, the piece so far.

    `asked.partial` is completed by what is said now. A part said alone ("the postcode is two one
    five oh") amends the address in the record.
    """
    alone = asked.step is Step.ADDRESS

    def holds(part: str) -> bool | None:
        parts = read(part, asked.region, alone=alone).parts
        return is_whole(parts) if parts else None

    said = read(of_the_job(plain(utterance), holds), asked.region, alone=alone)
    if not said.parts:
        return None
    parts = _completed(said.parts, asked)
    span = (min(p.start for p in said.parts), max(p.end for p in said.parts))
    text = line(parts, asked.region)
    if is_whole(parts):
        return Found(text, span, said.confidence)
    if asked.step is not Step.ADDRESS:
        return None
    return Found(None, span, said.confidence, Missing.STREET, text)


def _completed(parts: Parts, asked: Asked) -> Parts:
    if asked.partial and asked.step is Step.ADDRESS:
        return merge(_held(asked.partial, asked), parts)
    held = asked.record.get(Step.ADDRESS)
    if held and not is_whole(parts):
        return merge(_held(held, asked), parts)
    return parts


def _held(text: str, asked: Asked) -> tuple[Part, ...]:
    return read(text, asked.region, alone=True).parts
