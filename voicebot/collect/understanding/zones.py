"""A result is marked when a time that it holds was said in another zone."""

from __future__ import annotations

from dataclasses import replace

from voicebot.call import Step
from voicebot.collect.understanding import Understanding
from voicebot.collect.understanding.found import Found


def marked(meant: Understanding, time: Found | None) -> Understanding:
    """Return what was meant, marked when a time that it holds was said in another zone."""
    if time is None or not time.moved:
        return meant
    holds = Step.TIME in meant.fields or meant.partial == time.partial
    return replace(meant, moved=holds)
