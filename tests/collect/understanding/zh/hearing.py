"""Read a Chinese utterance at a step, and return the value that it gives."""

from datetime import datetime

from voicebot.call import Step
from voicebot.collect.understanding import Correct, Provide, Situation, read

NOW = datetime(2024, 5, 8, 10)
"""A Wednesday."""


def given(
    step: Step, text: str, *, at: Step | None = None, now: datetime = NOW, **situation: object
) -> Provide | Correct | None:
    """Return what is given for a step; `at`: the step asked for, where it is another."""
    asked = Situation(at or step, now, language="zh-CN", region="CN", **situation)  # type: ignore[arg-type]
    acts = read(text, asked).acts
    return next((a for a in acts if isinstance(a, Provide | Correct) and a.step is step), None)


def heard(step: Step, text: str, **situation: object) -> str | None:
    """Return the value of it, or None."""
    act = given(step, text, **situation)  # type: ignore[arg-type]
    return act.value if act else None
