"""Where a conversation stands, as staff want to know it beside the record's own fields. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from voicebot.call import FIELDS, Step
from voicebot.collect.dialogue import Mode, read_saved

_LEFT_OPEN = ("settled", "doubted", "early")


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing of one conversation.

    put       how often the open question has been put; 0 when none is open
    promised  a call back was promised to the caller
    unsure    answers without a yes where one was wanted: given up, objected to, said by the way
              and never read back, or being read back
    """

    put: int = 0
    promised: bool = False
    unsure: tuple[Step, ...] = ()


def standing(
    step: Step, dialogue: str | None, answered: Collection[Step], confirmed: Collection[Step]
) -> Standing:
    """Return where the saved `dialogue` stands; `step` is the record's."""
    saved = read_saved(dialogue)
    mode, put = saved.get("mode"), saved.get("put")
    doubtful = {name for key in _LEFT_OPEN for name in saved.get(key) or ()}
    if mode == Mode.CONFIRMING:
        doubtful.add(step.value)
    return Standing(
        put=put if isinstance(put, int) and mode not in (None, Mode.ENDED) else 0,
        promised=bool(saved.get("promised")),
        unsure=tuple(s for s in FIELDS if s in doubtful and s in answered and s not in confirmed),
    )
