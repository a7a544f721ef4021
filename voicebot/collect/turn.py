"""One turn in the making: the state as it will be, what will be said, what will be saved.

Immutable; every method returns the turn with one thing more decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from voicebot.business import Business
from voicebot.call import Answer, CallSid, Change, EarlierCall, Status, Step
from voicebot.collect.dialogue import Dialogue, Mode, begin, normal
from voicebot.collect.events import Continue, Effect, End, Ending, Event, Heard, Reserve, Save, Say
from voicebot.collect.spoken import in_a_sentence, listing, written
from voicebot.validation import validate


@dataclass(frozen=True, slots=True)
class Turn:
    """A dialogue on its way from one state to the next."""

    dialogue: Dialogue
    now: datetime
    said: tuple[str, ...] = ()
    change: Change = field(default_factory=Change)
    ending: Ending | None = None
    continued: CallSid | None = None
    wish: Reserve | None = None

    @property
    def business(self) -> Business:
        """The business that is called."""
        return self.dialogue.business

    def say(self, key: str, variant: int = 0, /, **values: str) -> Turn:
        """Add a line of the wording."""
        line = self.dialogue.wording.line(key, variant, **values)
        return replace(self, said=(*self.said, line))

    def become(self, **state: object) -> Turn:
        """Change the dialogue's state."""
        return replace(self, dialogue=replace(self.dialogue, **state))  # type: ignore[arg-type]

    def save(self, **fields: object) -> Turn:
        """Add to what is saved."""
        return replace(self, change=replace(self.change, **fields))  # type: ignore[arg-type]

    def valid(self, step: Step, value: str) -> Answer | None:
        """Return the value as the record keeps it, or None when it is not acceptable."""
        return validate(step, value, self.business)

    def answer(self, step: Step, answer: Answer) -> Turn:
        """Hold a validated value and save it; an earlier yes no longer counts."""
        held, change = self.dialogue, self.change
        turn = self.become(
            answers={**held.answers, step: normal(answer, self.business)},
            confirmed=held.confirmed - {step},
            doubted=held.doubted - {step},
            settled=held.settled - {step},
        )
        return turn.save(
            answers={**change.answers, step: answer},
            unconfirmed=change.unconfirmed | ({step} & held.confirmed),
            confirmed=change.confirmed - {step},
        )

    def confirm(self, step: Step) -> Turn:
        """Note the caller's yes to the value that was read back."""
        turn = self.become(confirmed=self.dialogue.confirmed | {step})
        return turn.save(confirmed=self.change.confirmed | {step})

    def take_over(self, earlier: EarlierCall) -> Turn:
        """Go on with an earlier call: what it knew is known here, and saved in this record.

        What the caller has told in this call stands.
        """
        held, found = self.dialogue, earlier.state
        known = begin(held.business, found)
        told = frozenset(held.answers)
        turn = self.become(
            answers={**known.answers, **held.answers},
            confirmed=held.confirmed | (known.confirmed - told),
            doubted=held.doubted | (known.doubted - told),
            settled=held.settled | (known.settled - told),
            given_time=held.given_time or known.pending or known.given_time,
        )
        turn = turn.save(
            answers={s: a for s, a in found.answers.items() if s not in {*told, Step.TIME}},
            confirmed=found.confirmed - told,
        )
        return replace(turn, continued=earlier.call_sid)

    def end(self, ending: Ending, status: Status) -> Turn:
        """Ask nothing more."""
        booked = True if status is Status.BOOKED else None
        turn = self.become(mode=Mode.ENDED).save(status=status, booked=booked)
        return replace(turn, ending=ending)

    def ask(self) -> Turn:
        """Put the question that is open: for an answer, or for a yes."""
        turn, held = self.become(unheard=False), self.dialogue
        if held.mode is Mode.OFFERING:
            return turn.say("offer.question")
        if held.mode is Mode.CONFIRMING:
            return turn.say(f"confirm.{held.step}", value=self.spoken(held.step))
        return turn.say(f"ask.{held.step}", held.attempts, services=self.offers())

    def spoken(self, step: Step) -> str:
        """Return the value held for a step as one says it."""
        return written(step, self.dialogue.value(step) or "", self.business)

    def offers(self) -> str:
        """Return the services as one says them."""
        return self.listed([in_a_sentence(offer.name) for offer in self.business.services], "and")

    def listed(self, names: Sequence[str], joiner: Literal["and", "or"]) -> str:
        """Return several things in one sentence."""
        line = self.dialogue.wording.line
        return listing(names, line("spoken.comma"), line(f"spoken.{joiner}"))

    def effects(self, before: Dialogue, event: Event) -> Iterator[Effect]:
        """Yield what the world is asked for: save first, with the words, then speak, then end."""
        state, turn = self.dialogue.to_json(), self
        if isinstance(event, Heard):
            turn = self.save(messages=(event.message,), revised=event.revised)
        if turn.change != Change() or state != before.to_json():
            yield Save(replace(turn.change, step=self.dialogue.step, dialogue=state))
        if self.continued:
            yield Continue(self.continued)
        if self.wish:
            yield replace(self.wish, said=self.said)
        elif self.said:
            yield Say(" ".join(self.said))
        if self.ending:
            yield End(self.ending)
