"""One turn in the making: the state as it will be, what will be said, what will be saved.

Immutable; every method returns the turn with one thing more decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Literal

from voicebot.business import Business, Hours, Visit
from voicebot.call import (
    Answer,
    CallSid,
    Change,
    CommandRefusal,
    EarlierCall,
    Needs,
    Note,
    Status,
    Step,
    Wish,
)
from voicebot.collect.dialogue import Dialogue, Mode, normal
from voicebot.collect.events import (
    Continue,
    Effect,
    End,
    Ending,
    Event,
    Heard,
    Inquire,
    PassOn,
    Refuse,
    Request,
    Save,
    Say,
)
from voicebot.collect.resuming import begin
from voicebot.collect.spoken import (
    in_a_sentence,
    listing,
    spelled_back,
    spoken_time,
    spoken_times,
    written,
    written_time,
)
from voicebot.collect.understanding import window_of
from voicebot.collect.understanding.same_person import is_bare_surname
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
    request: Request | None = None
    noted: bool = False
    rung: bool = False
    refused: CommandRefusal | None = None
    passed: tuple[str, ...] = ()  # told for the appointment, before that was found

    @property
    def business(self) -> Business:
        """The business that is called."""
        return self.dialogue.business

    def say(self, key: str, variant: int | None = None, /, **values: str) -> Turn:
        """Add a line of the wording; without `variant` its forms take turns.

        A line that promises a call has a form for who gives no number, or has given none yet.
        """
        held = self.dialogue
        known = Step.PHONE in held.answers or held.caller is not None
        otherwise = f"{key}_asked" if self.may_be_rung else f"{key}_numberless"
        if not known and otherwise in held.wording.lines:
            key = otherwise
        if variant is None:
            line = held.wording.in_turn(key, held.turns, **values)
        else:
            line = held.wording.line(key, variant, **values)
        return replace(self, said=(*self.said, _begun(line)))

    def say_noted(self) -> Turn:
        """Say that something was written down, once a turn."""
        return self if self.noted else replace(self.say("reply.noted"), noted=True)

    def say_call_back(self) -> Turn:
        """Say that somebody will call back, once a turn."""
        return self if self.rung else replace(self.say("existing.call_back"), rung=True)

    def ask_for(self, request: Request) -> Turn:
        """Ask the calendar or the record in the middle of the turn."""
        return replace(self, request=request)

    def note(self, text: str) -> Turn:
        """Write down for staff what the caller said: once, in the longest of its forms."""
        text, plain = text.strip(" ,.;:，。；"), _plain(text)
        new, held = self.change.notes, self.dialogue.notes
        asks = text.startswith("?")
        part = {n.text for n in new if _plain(n.text) in plain and asks >= n.text.startswith("?")}
        whole = {each for each in held if _plain(each) == plain}
        whole |= {note.text for note in new if plain in _plain(note.text)}
        if not plain or whole - part:
            return self
        turn = self.become(notes=(*(each for each in held if each not in part), text))
        return turn.save(notes=(*(n for n in new if n.text not in part), Note(text, self.now)))

    def need(self, needs: Needs, wish: Wish | None = None) -> Turn:
        """Have staff do something; a person who is wanted stays wanted."""
        if self.change.needs is Needs.PERSON or self.dialogue.needs is Needs.PERSON:
            needs = Needs.PERSON
        turn = self.become(needs=needs).save(needs=needs)
        return turn.save(wish=wish) if wish else turn

    def promise(self) -> Turn:
        """Have staff call back, whatever becomes of the caller's other wishes."""
        return self.need(Needs.FOLLOW_UP).become(promised=True)

    def fulfil(self) -> Turn:
        """Ask nothing of staff for a wish that is done; what else was promised stays."""
        return self.need(Needs.FOLLOW_UP if self.dialogue.promised else Needs.NOTHING)

    def refuse(self, why: CommandRefusal) -> Turn:
        """Do not do what staff asked."""
        return replace(self, refused=why)

    def become(self, **state: object) -> Turn:
        """Change the dialogue's state."""
        return replace(self, dialogue=replace(self.dialogue, **state))  # type: ignore[arg-type]

    def save(self, **fields: object) -> Turn:
        """Add to what is saved; an emergency stays the wish, whatever is wished for beside it."""
        if "wish" in fields and self.dialogue.urgent:
            fields["wish"] = Wish.EMERGENCY
        return replace(self, change=replace(self.change, **fields))  # type: ignore[arg-type]

    def valid(self, step: Step, value: str) -> Answer | None:
        """Return the value as the record keeps it, or None when it is not acceptable."""
        return validate(step, value, self.business)

    def answer(self, step: Step, answer: Answer, *, early: bool = False) -> Turn:
        """Hold a validated value and save it; an earlier yes no longer counts.

        early  it was said among other words, or before its question
        """
        held, change = self.dialogue, self.change
        turn = self.become(
            answers={**held.answers, step: normal(answer, self.business)},
            confirmed=held.confirmed - {step},
            doubted=held.doubted - {step},
            settled=held.settled - {step},
            early=held.early | {step} if early else held.early - {step},
        )
        return turn.save(
            answers={**change.answers, step: answer},
            unconfirmed=change.unconfirmed | ({step} & held.confirmed),
            confirmed=change.confirmed - {step},
        )

    def drop(self, step: Step) -> Turn:
        """Hold and save a value no more, and ask no more for it: the caller took it back."""
        held, change = self.dialogue, self.change
        turn = self.become(
            answers={s: value for s, value in held.answers.items() if s is not step},
            confirmed=held.confirmed - {step},
            doubted=held.doubted - {step},
            early=held.early - {step},
            settled=held.settled | {step},
        )
        return turn.save(
            answers={**change.answers, step: ""},
            unconfirmed=change.unconfirmed | ({step} & held.confirmed),
            confirmed=change.confirmed - {step},
        )

    def reaches_without(self, step: Step) -> bool:
        """Return False where the last of name and number is not given: nobody's booking."""
        held = self.dialogue
        other = Step.PHONE if step is Step.NAME else Step.NAME
        return held.caller is not None or other not in held.settled or other in held.answers

    @property
    def may_be_rung(self) -> bool:
        """Return whether there is a number to call back, or one is still asked for."""
        held = self.dialogue
        asked = Step.PHONE in held.steps and Step.PHONE not in held.settled
        return asked or Step.PHONE in held.answers or held.caller is not None

    def confirm(self, *steps: Step) -> Turn:
        """Note the caller's yes to the values that were read back."""
        turn = self.become(confirmed=self.dialogue.confirmed | set(steps))
        return turn.save(confirmed=self.change.confirmed | set(steps))

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
            notes=(*known.notes, *held.notes),
            window=held.window or (window_of(known.pending) if known.pending else known.window),
        )
        turn = turn.save(
            answers={s: a for s, a in found.answers.items() if s not in {*told, Step.TIME}},
            notes=(*found.notes, *self.change.notes),
            confirmed=found.confirmed - told,
        )
        return replace(turn, continued=earlier.call_sid)

    def end(self, ending: Ending, status: Status) -> Turn:
        """Ask nothing more."""
        booked = True if status is Status.BOOKED else None
        turn = self.become(mode=Mode.ENDED).save(status=status, booked=booked)
        return replace(turn, ending=ending)

    def ask(self) -> Turn:
        """Put the question that is open; put again, in other words."""
        held = self.dialogue
        put = held.put - 1 if held.unheard and held.put else held.put  # the same words again
        turn = self.become(unheard=False, put=put + 1)
        match held.mode:
            case Mode.OFFERING:
                return turn.say("offer.question", put)
            case Mode.CLOSING:
                return turn.say("closing.question", put)
            case Mode.CALLING_OFF if held.about:
                return turn.say("existing.cancel", put, **self.about())
            case Mode.CHOOSING if held.window is None and not put:  # no time was spoken of yet
                return turn._ask_for_answer(put).say("reply.free", times=self.offer())
            case Mode.CHOOSING:
                return turn.say("time.choose", put, times=self.offer())
            case Mode.CONFIRMING:
                return turn._read_back(put)
            case _:
                return turn._ask_for_answer(put)

    def _ask_for_answer(self, put: int) -> Turn:
        held, turn = self.dialogue, self
        moved = "_moved" if held.about and held.step is Step.TIME else ""
        key = f"ask.{held.step}{moved}{self._visited(held.step)}"
        if held.proving and held.step is held.proof:
            key = f"existing.{held.step}"
        if held.asks_whole_name:
            key = "existing.name"
        if held.step is Step.PHONE and held.noisy and not put:
            turn = turn.say("trouble.noisy")
        return turn.say(key, put, services=self.offers())

    def _visited(self, step: Step) -> str:
        """Return the ending of the lines for a business that its customers come to."""
        ours = self.business.visit is Visit.OURS and step in (Step.ADDRESS, Step.TIME)
        return "_ours" if ours and not self.dialogue.about else ""

    def _read_back(self, put: int) -> Turn:
        held = self.dialogue
        if len(held.read_back) > 1:
            values = self.listed([self.spoken(step) for step in held.read_back], "and")
            return self.say("confirm.several", put, value=values)
        if held.step is Step.PHONE and held.value(Step.PHONE) == held.caller and not put:
            digits = " ".join((held.caller or "")[-3:])
            return self.say("confirm.shown", put, value=digits)
        if held.step is Step.TIME and held.rides_along(Step.SERVICE) and not held.about:
            service = in_a_sentence(self.spoken(Step.SERVICE))
            return self.say("confirm.visit", put, service=service, value=self.spoken(held.step))
        key = "time_moved" if held.step is Step.TIME and held.about else held.step
        return self.say(f"confirm.{key}", put, value=self.spoken(held.step))

    def about(self) -> dict[str, str]:
        """Return the existing appointment that was found, for a line."""
        found = self.dialogue.about or self.dialogue.found
        if found is None:
            return {"service": "", "time": ""}
        return {"service": in_a_sentence(found.service), "time": self.say_time(found.at)}

    def offer(self) -> str:
        """Return the moments that are offered, as one says them."""
        local = self.now.astimezone(self.business.zone)
        times = spoken_times(self.dialogue.offered, local, self.business.language)
        return self.listed(times, "or")

    def say_time(self, value: str) -> str:
        """Return a moment, a day or a clock time as one says it today."""
        local = self.now.astimezone(self.business.zone)
        return spoken_time(value, local, self.business.language)

    def spoken(self, step: Step) -> str:
        """Return the value held for a step as one says it."""
        value = self.dialogue.value(step) or ""
        if step is Step.TIME:
            return self.say_time(value)
        said = written(step, value, self.business)
        if step is Step.NAME and is_bare_surname(value):
            return self.dialogue.wording.line("spoken.titled", value=said)
        return spelled_back(step, said) if self.dialogue.noisy else said

    def offers(self) -> str:
        """Return the services as one says them."""
        return self.listed([in_a_sentence(offer.name) for offer in self.business.services], "and")

    def listed(self, names: Sequence[str], joiner: Literal["and", "or"]) -> str:
        """Return several things in one sentence."""
        line = self.dialogue.wording.line
        return listing(names, line("spoken.comma"), line(f"spoken.{joiner}"))

    def opening_hours(self, spans: Sequence[Hours]) -> dict[str, str]:
        """Return the opening hours of one day, for a line: all of them, and their two ends."""

        def clock(of: time) -> str:
            return written_time(f"T{of:%H:%M}", self.business.language)

        line = self.dialogue.wording.line
        spoken = [line("spoken.span", opens=clock(s.opens), closes=clock(s.closes)) for s in spans]
        return {
            "hours": self.listed(spoken, "and"),
            "opens": clock(spans[0].opens),
            "closes": clock(spans[-1].closes),
        }

    def effects(self, before: Dialogue, event: Event) -> Iterator[Effect]:
        """Yield what the world is asked for: save first, with the words, then speak, then end."""
        state, turn = self.dialogue.to_json(), self
        if isinstance(event, Heard):
            turn = self.save(messages=(event.message,), revised=event.revised)
        if turn.change != Change() or state != before.to_json():
            yield Save(replace(turn.change, step=self.dialogue.step, dialogue=state))
        visit = before.about or (before.found if before.mode is Mode.CLOSING else None)
        notes = [note.text for note in self.change.notes] if visit else self.passed
        if visit := visit or self.dialogue.found:
            by, booking = self.dialogue.answers.get(Step.NAME, ""), CallSid(visit.call_sid)
            yield from (PassOn(booking, by, note) for note in notes)
        if self.continued:
            yield Continue(self.continued)
        if self.request:
            yield Inquire(self.request, self.said)
        elif self.said:
            yield Say(" ".join(dict.fromkeys(self.said)))  # nothing twice in one breath
        if self.refused:
            yield Refuse(self.refused)
        if self.ending:
            yield End(self.ending)


def _plain(note: str) -> str:
    """Return a note without what two writings of one sentence may differ in."""
    return note.casefold().strip(" ,.;:?!¿¡，。；？！")


def _begun(line: str) -> str:
    """Return a sentence with its first letter large, but for an e-mail address."""
    first = line.partition(" ")[0]
    return line if "@" in first else line[:1].upper() + line[1:]
