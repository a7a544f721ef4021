"""What the events of a call tell beside its record: phases, turns, resumptions, what was cut off.

Pure.

claim ── phase listening ── thinking ── speaking ── … ── claim again: the call was resumed
                                └─ answer time ─┘
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from voicebot.call import Phase, Speaker, Step
from voicebot.store.events import BEGINNING, Happened, entry_order
from voicebot.store.record import read_object
from voicebot.validation import read_moment

TURNS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Turn:
    """The bot's answer to one turn of the caller.

    waited_ms  from the decision that the caller has finished to the bot's voice
    step       which step was open; empty when the events do not say
    """

    at: str
    waited_ms: int
    step: str


@dataclass(frozen=True, slots=True)
class Story:
    """A call's events, folded.

    unheard  what callers did not hear of the bot's messages, by the messages' startedAt; the
             record keeps only what they heard
    """

    last_id: str = BEGINNING
    phase: str = ""
    phase_at: str = ""
    step: str = Step.NAME.value
    resumed: int = 0
    spoken: bool = False
    thinking_since: str = ""
    turns: tuple[Turn, ...] = ()
    saying: tuple[str, str] = ("", "")
    """The bot's latest message: startedAt and words."""
    unheard: Mapping[str, str] = field(default_factory=dict)


def told(story: Story, events: Iterable[Happened]) -> Story:
    """The story after these events; those that it knows already change nothing."""
    last_id = story.last_id
    for event in events:
        if event.order > entry_order(last_id):
            story, last_id = _after(story, event), event.id
    return replace(story, last_id=last_id)


def _after(story: Story, event: Happened) -> Story:
    fields = event.fields
    match fields.get("type"):
        case "claim":
            again = story.resumed + 1 if story.spoken else story.resumed
            return replace(story, resumed=again, phase="", thinking_since="")
        case "phase":
            return _in_phase(story, fields.get("value", ""), fields.get("at", ""))
        case "message":
            return _after_message(story, read_object(fields.get("message", "")), fields)
        case "revised":
            return _after_cut(story, read_object(fields.get("message", "")))
        case "step":
            return replace(story, step=fields.get("value", story.step))
    return story


def _after_message(story: Story, message: Mapping[str, object], fields: Mapping[str, str]) -> Story:
    if message.get("speaker") != Speaker.CALLER.value:
        return replace(story, saying=(str(message.get("startedAt")), str(message.get("message"))))
    if story.thinking_since:
        return story
    return replace(story, thinking_since=fields.get("at", ""))  # it was too short to tell


def _after_cut(story: Story, heard: Mapping[str, object]) -> Story:
    """The bot's latest message was heard in part: what is left of it was not."""
    at, words = story.saying
    known = str(heard.get("message"))
    if heard.get("startedAt") != at or not words.startswith(known):
        return story
    return replace(story, unheard={**story.unheard, at: words.removeprefix(known).strip()})


def _in_phase(story: Story, phase: str, at: str) -> Story:
    changed = replace(story, phase=phase, phase_at=at, spoken=True)
    if phase == Phase.THINKING:
        return replace(changed, thinking_since=at)
    if phase != Phase.SPEAKING:
        return replace(changed, thinking_since="")
    waited_ms = _ms_between(story.thinking_since, at)
    if waited_ms is None:
        return changed
    turns = (*story.turns, Turn(at, waited_ms, story.step))[-TURNS_KEPT:]
    return replace(changed, thinking_since="", turns=turns)


def _ms_between(earlier: str, later: str) -> int | None:
    began, ended = read_moment(earlier), read_moment(later)
    if began is None or ended is None or ended < began:
        return None
    return _ms(ended) - _ms(began)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
