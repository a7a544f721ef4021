"""Which parser reads which field."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from voicebot.call import Step
from voicebot.collect.understanding import Asked, bridged
from voicebot.collect.understanding.found import Found

PARSERS: dict[Step, Callable[[str, Asked], Found | None]] = {
    Step.NAME: partial(bridged.parse, Step.NAME),
    Step.PHONE: partial(bridged.parse, Step.PHONE),
    Step.ADDRESS: partial(bridged.parse, Step.ADDRESS),
    Step.EMAIL: partial(bridged.parse, Step.EMAIL),
    Step.SERVICE: partial(bridged.parse, Step.SERVICE),
    Step.TIME: partial(bridged.parse, Step.TIME),
}


def parse(step: Step, text: str, asked: Asked) -> Found | None:
    """What one field's parser finds in a text."""
    parser = PARSERS.get(step)
    return parser(text, asked) if parser else None
