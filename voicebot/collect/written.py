"""Say what is written down, to a caller who asks: fields, notes, or whether something is noted."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.business import has_one_of
from voicebot.call import FIELDS, Step
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import Ask, content_of, named_in, utterance

_MOST_NOTES = 3
"""Notes that are read out, the last ones: nobody listens to more."""


def say_written(turn: Turn, question: Ask, text: str) -> Turn:
    """Say what is written down of what a question asks after, else that all of it is.

    Who asks for something that is not written down wants it to be: it is noted then.

    text  all that was said: what stands beside the question may be told for the first time
    """
    business, steps = turn.business, question.steps
    said = utterance(question.about, business.language)
    notes = [note.lstrip("? ") for note in turn.dialogue.notes]
    content = content_of(said)
    if found := [note for note in notes if not steps and has_one_of(content, note)]:
        return _notes_read(turn, found)
    if "record.notes" in said.tags and not content:
        return _notes_read(turn, notes)
    steps = steps or tuple(s for s in FIELDS if has_one_of(content, turn.dialogue.value(s) or ""))
    if named_in(question.about, business.services, business.language):
        steps = tuple(dict.fromkeys((Step.SERVICE, *steps)))
    held = [turn.spoken(step) for step in steps if turn.dialogue.value(step)]
    if held:
        turn = turn.say("reply.written", value=turn.listed(held, "and"))
        return _notes_read(turn, notes) if steps == FIELDS and notes else turn
    if steps:
        return turn.say("reply.not_written")
    if not content:
        return turn.note(text).say("reply.known")
    return turn.note(text).say("reply.not_written").say_noted()


def _notes_read(turn: Turn, notes: Sequence[str]) -> Turn:
    """Read notes out as they were said."""
    if not notes:
        return turn.say("reply.not_written")
    return turn.say("reply.notes", text=". ".join(notes[-_MOST_NOTES:]))
