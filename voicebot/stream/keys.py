"""Keys of the caller's phone, gathered to one answer. Pure.

0411222333#          a number, whole at once
0411222333 ── 4 s    a number, whole after a pause
1 ── 2 s             a yes to a read-back; what follows sooner makes a number of it
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from voicebot.call import Step
from voicebot.collect.events import YES_NO_KEYS

END_KEY: Final = "#"
KEY_WAIT_S: Final = 4.0
"""After so long without a key the number is taken as whole."""
YES_NO_WAIT_S: Final = 2.0
"""The same for a key that is a yes or a no all by itself."""
MOST_KEYS: Final = 32
"""No number has so many; what a stuck key adds is dropped."""

Question = tuple[Step, bool]
"""What is asked: a step, and whether a yes is waited for."""


@dataclass(frozen=True, slots=True)
class Keys:
    """One answer in keys.

    began_at  the moment of the first
    asked     the question at the last; None while the bot was putting a new one
    """

    digits: str
    began_at: datetime
    asked: Question | None

    def and_then(self, key: str, asked: Question | None) -> Keys:
        """With one key more."""
        digits = (self.digits + key)[:MOST_KEYS]
        return replace(self, digits=digits, asked=asked)

    def wait_s(self, *, confirming: bool) -> float:
        """How long to wait for another key before these are all, in seconds."""
        return YES_NO_WAIT_S if confirming and self.digits in YES_NO_KEYS else KEY_WAIT_S

    def answer(self, question: Question) -> bool:
        """A number tells by itself what it is; a lone key is no yes to what was not asked yet."""
        return len(self.digits) > 1 or self.asked in (None, question)
