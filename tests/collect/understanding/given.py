"""The values that an utterance gives, by field, for tests of whole utterances."""

from __future__ import annotations

from voicebot.call import Step
from voicebot.collect.understanding import Correct, Provide, Situation, read


def given_in(text: str, situation: Situation) -> dict[Step, str]:
    """Return the value of every field that is given or corrected."""
    acts = (act for act in read(text, situation).acts if isinstance(act, Provide | Correct))
    return {act.step: act.value for act in acts if act.step and act.value}
