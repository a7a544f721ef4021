"""One turn in the making: the state as it will be, what will be said, what will be saved.

Immutable; every method returns the turn with one thing more decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from voicebot.call import Answer, CallSid, Change, EarlierCall, Message, Status, Step
from voicebot.collect.dialogue import Dialogue, Mode, begin
from voicebot.collect.events import Book, Continue, Effect, End, Ending, Hold, Save, Say
from voicebot.collect.spoken import in_a_sentence, listing, written


@dataclass(frozen=True, slots=True)
class Turn:
    """A dialogue on its way from one state to the next."""

    dialogue: Dialogue
    now: datetime
    said: tuple[str, ...] = ()
    answers: Mapping[Step, Answer] = field(default_factory=dict)
    confirmed: frozenset[Step] = frozenset()
    unconfirmed: frozenset[Step] = frozenset()
    status: Status | None = None
    ending: Ending | None = None
    continued: CallSid | None = None
    person: bool = False
    wish: Hold | Book | None = None

    def say(self, key: str, variant: int = 0, /, **values: str) -> Turn:
        """Add a line of the wording."""
        line = self.dialogue.wording.line(key, variant, **values)
        return replace(self, said=(*self.said, line))

    def become(self, **state: object) -> Turn:
        """Change the dialogue's state."""
        return replace(self, dialogue=replace(self.dialogue, **state))  # type: ignore[arg-type]

    def answer(self, step: Step, value: str, answer: Answer) -> Turn:
        """Hold a validated value and save it; whatever was confirmed before no longer is."""
        held = self.dialogue
        turn = self.become(
            answers={**held.answers, step: value},
            confirmed=held.confirmed - {step},
            doubted=held.doubted - {step},
            settled=held.settled - {step},
        )
        stale = {step} if step in held.confirmed else set()
        return replace(
            turn,
            answers={**self.answers, step: answer},
            unconfirmed=self.unconfirmed | stale,
            confirmed=self.confirmed - {step},
        )

    def confirm(self, step: Step) -> Turn:
        """The caller said yes to the value that was read back."""
        turn = self.become(confirmed=self.dialogue.confirmed | {step})
        return replace(turn, confirmed=self.confirmed | {step})

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
        return replace(
            turn,
            answers={s: a for s, a in found.answers.items() if s not in {*told, Step.TIME}},
            confirmed=found.confirmed - told,
            continued=earlier.call_sid,
        )

    def end(self, ending: Ending, status: Status) -> Turn:
        """Nothing more will be asked."""
        return replace(self.become(mode=Mode.ENDED), ending=ending, status=status)

    def ask(self) -> Turn:
        """Put the question that is open: for an answer, or for a yes."""
        turn, held = self.become(unheard=False), self.dialogue
        if held.mode is Mode.OFFERING:
            return turn.say("offer.question")
        if held.mode is Mode.CONFIRMING:
            return turn.say(f"confirm.{held.step}", value=self.spoken(held.step))
        return turn.say(f"ask.{held.step}", held.attempts, services=self.offers())

    def spoken(self, step: Step) -> str:
        """The value held for a step as one says it."""
        return written(step, self.dialogue.value(step) or "", self.dialogue.business)

    def offers(self) -> str:
        """The services as one says them."""
        names = [in_a_sentence(offer.name) for offer in self.dialogue.business.services]
        return self.listed(names, "and")

    def listed(self, names: Sequence[str], joiner: Literal["and", "or"]) -> str:
        """Several things in one sentence."""
        line = self.dialogue.wording.line
        return listing(names, line("spoken.comma"), line(f"spoken.{joiner}"))

    def effects(
        self,
        before: Dialogue,
        message: Message | None,
        revised: tuple[Message, Message] | None,
    ) -> Iterator[Effect]:
        """What the world is asked for: save first, then speak, then end."""
        state = self.dialogue.to_json()
        changed = state != before.to_json()
        if message or self.answers or self.status or self.person or changed:
            yield Save(
                Change(
                    answers=self.answers,
                    confirmed=self.confirmed,
                    unconfirmed=self.unconfirmed,
                    messages=(message,) if message else (),
                    revised=revised,
                    step=self.dialogue.step,
                    status=self.status,
                    booked=True if self.status is Status.BOOKED else None,
                    dialogue=state,
                    person=self.person,
                )
            )
        if self.continued:
            yield Continue(self.continued)
        if self.wish:
            yield replace(self.wish, said=self.said)
        elif self.said:
            yield Say(" ".join(self.said))
        if self.ending:
            yield End(self.ending)
