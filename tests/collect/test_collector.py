"""The loop around the conversation: what was acknowledged is committed before the next word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.collect.conversation import NOW, VALUES, at
from voicebot.business import load_business
from voicebot.call import CallSid, CallState, Change, Saved, Speaker, Status, Step, Window
from voicebot.collect.collector import converse, expectation
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import Ending, Expectation, Hearing, Silent, TimeUp, Utterance
from voicebot.collect.resuming import begin
from voicebot.collect.understand import Meanwhile, Understand, nothing, understand_by_rules
from voicebot.collect.understanding import Reading, Situation
from voicebot.errors import CallEnded, Fenced, SpeechUnavailable
from voicebot.ledger import Booking, Place

WORDS = [
    "My name is Robin Carter.",
    "0412 345 678",
    "Yes.",
    "27 George Street, Parramatta.",
    "test@example.com",
    "Yes, that's right.",
    "Plumbing, please.",
    "Tomorrow at 10 am.",
    "Yes.",
]


@dataclass
class Call:
    """Everything the collector asks of the world, written down in the order it happened."""

    hearings: list[Hearing]
    fenced_at: int | None = None
    log: list[Change | str | None] = field(default_factory=list)
    state: CallState = field(default_factory=CallState)
    understand: Understand = understand_by_rules
    continued: list[CallSid] = field(default_factory=list)

    async def hear(self, _: Expectation) -> Hearing:
        self.log.append(None)
        if not self.hearings:
            raise CallEnded("no more words")
        return self.hearings.pop(0)

    async def say(
        self, text: str, before_first_frame: Callable[[datetime], Awaitable[None]]
    ) -> None:
        await before_first_frame(NOW)
        self.log.append(text)

    async def commit(self, change: Change) -> Saved:
        if self.fenced_at is not None and len(self.changes) >= self.fenced_at:
            raise Fenced("taken over")
        self.log.append(change)
        return Saved.REDIS

    @property
    def appointments(self) -> Call:
        return self

    async def hold(
        self, start: datetime, service: str | None = None, *, instead_of: Sequence[CallSid] = ()
    ) -> Place:
        return Place.YOURS

    async def book(self, start: datetime, service: str | None = None) -> Place:
        return Place.YOURS

    async def bookings(self, number: str) -> tuple[Booking, ...]:
        return ()

    async def bookings_named(self, name: str) -> tuple[Booking, ...]:
        return ()

    async def cancel(self, booking: CallSid) -> bool:
        return False

    async def move(self, booking: CallSid, start: datetime) -> Place:
        return Place.UNKNOWN

    async def note(self, booking: CallSid, by: str, text: str) -> None: ...

    async def free(
        self,
        window: Window,
        *,
        service: str | None = None,
        near: datetime | None = None,
        without: Collection[datetime] = (),
        most: int = 3,
    ) -> tuple[datetime, ...]:
        return ()

    async def continue_earlier(self, earlier: CallSid) -> None:
        self.continued.append(earlier)

    @property
    def answers(self) -> dict[Step, object]:
        return {step: value for c in self.changes for step, value in c.answers.items()}

    @property
    def confirmed(self) -> set[Step]:
        return {step for c in self.changes for step in c.confirmed}

    @property
    def changes(self) -> list[Change]:
        return [c for c in self.log if isinstance(c, Change)]

    @property
    def history(self) -> list[tuple[Speaker, str, datetime]]:
        return [(m.speaker, m.text, m.started_at) for c in self.changes for m in c.messages]

    async def run(self) -> Ending:
        return await converse(
            begin(load_business(None), self.state),
            hear=self.hear,
            say=self.say,
            ledger=self,
            understand=self.understand,
            clock=lambda: NOW,
        )


def spoken(*texts: str) -> list[Hearing]:
    return [Utterance(text, NOW) for text in texts]


async def test_a_whole_call_books_and_keeps_every_word() -> None:
    call = Call(spoken(*WORDS))
    assert await call.run() is Ending.HANGUP
    assert call.changes[-2].status is Status.BOOKED
    assert [text for who, text, _ in call.history if who is Speaker.CALLER] == WORDS
    assert set().union(*(c.answers for c in call.changes)) == {
        s for s in Step if s is not Step.DONE
    }


async def test_every_word_of_the_bot_is_committed_before_it_is_said() -> None:
    call = Call(spoken(*WORDS))
    await call.run()
    for before, after in pairwise(call.log):
        if isinstance(after, str):
            assert isinstance(before, Change)
            assert [m.text for m in before.messages] == [after]


async def test_what_a_caller_said_is_committed_before_the_bot_answers() -> None:
    call = Call(spoken(*WORDS))
    await call.run()
    for i, entry in enumerate(call.log[:-1]):
        if entry is None:
            change = call.log[i + 1]
            assert isinstance(change, Change)
            assert change.messages[0].speaker is Speaker.CALLER


async def test_messages_never_share_a_moment_nor_go_back() -> None:
    call = Call(spoken(*WORDS))
    await call.run()
    moments = [at for _, _, at in call.history]
    assert all(b > a for a, b in pairwise(moments))


async def test_a_clock_that_is_behind_does_not_reorder_what_an_earlier_session_said() -> None:
    until = NOW + timedelta(minutes=1)
    call = Call(spoken(*WORDS[:1]), state=CallState(resumed=True, said_until=until))
    with pytest.raises(CallEnded):
        await call.run()
    assert all(at > until for _, _, at in call.history)


async def test_a_caller_who_hangs_up_leaves_what_was_said() -> None:
    call = Call(spoken(*WORDS[:2]))
    with pytest.raises(CallEnded):
        await call.run()
    assert set().union(*(c.answers for c in call.changes)) == {Step.NAME, Step.PHONE}


async def test_a_newer_session_ends_this_one() -> None:
    call = Call(spoken(*WORDS), fenced_at=4)
    with pytest.raises(Fenced):
        await call.run()


async def test_an_interrupted_sentence_is_rewritten_to_what_was_heard() -> None:
    call = Call(
        [Utterance("Robin Carter", NOW + timedelta(seconds=1), heard_prefix="Hello, this is")]
    )
    with pytest.raises(CallEnded):
        await call.run()
    revised = next(c.revised for c in call.changes if c.revised)
    assert revised[0].text.startswith("Hello, this is Harbour")
    assert (revised[1].text, revised[1].partial) == ("Hello, this is", True)
    assert revised[1].started_at == revised[0].started_at


async def test_a_time_said_once_more_over_its_read_back_is_read_back_again() -> None:
    *before, time, _ = WORDS
    call = Call([*spoken(*before, time), Utterance(time, NOW, heard_prefix="Thank you.")])
    with pytest.raises(CallEnded):
        await call.run()
    assert Step.TIME not in call.answers
    assert "Shall I book that?" in call.history[-1][1]


async def test_silence_and_the_longest_call_end_politely() -> None:
    assert await Call([Silent(), Silent(), Silent()]).run() is Ending.HANGUP
    assert await Call([TimeUp()]).run() is Ending.HANGUP


@pytest.mark.parametrize(
    ("step", "text", "complete"),
    [
        (Step.PHONE, "0412 345 678", True),
        (Step.PHONE, "0412 345", False),
        (Step.EMAIL, "j dot smith at", False),
        (Step.EMAIL, "j dot smith at example dot com", True),
        (Step.NAME, "can you repeat that", True),
        (Step.TIME, "tomorrow", False),
    ],
)
def test_turn_taking_knows_when_an_answer_is_whole(step: Step, text: str, complete: bool) -> None:
    asked = expectation(at(step), lambda: datetime(2026, 3, 2, tzinfo=UTC))
    assert asked.read((text,)).complete is complete


@pytest.mark.parametrize(
    ("words", "asking", "confirming"),
    [
        ("Amen, my mom.", True, True),
        ("Okay.", True, False),
        ("Thanks.", True, False),
        ("No.", False, False),
        ("What?", False, False),
        ("How much is it?", False, False),
        ("It's 0412", False, False),
    ],
)
def test_turn_taking_knows_what_only_shows_that_one_listens(
    words: str, asking: bool, confirming: bool
) -> None:
    held = {Step.PHONE: VALUES[Step.PHONE]}
    reading = at(Step.PHONE, mode=Mode.CONFIRMING, answers=held)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert expectation(at(Step.PHONE), lambda: now).read((words,)).idle is asking
    assert expectation(reading, lambda: now).read((words,)).idle is confirming


async def test_what_turn_taking_read_is_what_the_conversation_goes_by() -> None:
    """A text is read once for a question, in one situation: not again when the minute changes."""
    situations: list[Situation] = []

    async def understand(
        text: str, situation: Situation, done: Reading, _: Meanwhile = nothing, /
    ) -> Reading:
        situations.append(situation)
        return done

    moments = iter([NOW, NOW + timedelta(minutes=3)])
    asked = expectation(at(Step.NAME), lambda: next(moments))
    first = asked.read((WORDS[0],))
    assert asked.read((WORDS[0],)) is first
    call = Call([Utterance(WORDS[0], NOW, hint=first)], understand=understand)
    with suppress(CallEnded):
        await call.run()
    assert situations[0] is first.situation


READ_BACKS = {Step.PHONE: 2, Step.EMAIL: 5, Step.TIME: 8}
"""The number of WORDS before the yes to a step's read-back."""


async def keyed_at(step: Step, keys: str) -> Call:
    """A call in which keys answer the read-back of `step`, and nothing more."""
    before = spoken(*WORDS[: READ_BACKS[step]])
    call = Call([*before, Utterance(keys, NOW, keyed=True)])
    with suppress(CallEnded):
        await call.run()
    return call


@pytest.mark.parametrize("step", READ_BACKS)
async def test_alone_key_1_is_a_yes_and_key_2_a_no(step: Step) -> None:
    assert (await keyed_at(step, "1")).confirmed >= {step}
    refused = await keyed_at(step, "2")
    assert step not in refused.confirmed
    assert "Sorry about that." in str(refused.log[-2])


@pytest.mark.parametrize("step", READ_BACKS)
@pytest.mark.parametrize("keys", ["0411222333", "1300222333", "11", "111", "22", "0", "3", "12"])
async def test_other_keys_at_a_read_back_are_neither_a_yes_nor_a_booking(
    step: Step, keys: str
) -> None:
    call = await keyed_at(step, keys)
    assert step not in call.confirmed
    assert Status.BOOKED not in [c.status for c in call.changes]
    assert call.answers.get(Step.ADDRESS) in (None, VALUES[Step.ADDRESS])


async def test_a_number_in_keys_at_its_read_back_is_a_correction() -> None:
    call = await keyed_at(Step.PHONE, "0411222333")
    assert call.answers[Step.PHONE] == "+61411222333"
    assert "0411 222 333" in str(call.log[-2])
    call = await keyed_at(Step.PHONE, "0411")
    assert str(call.log[-2]).startswith("I have 0411 so far.")


@pytest.mark.parametrize("keys", ["11", "33"])
async def test_keys_that_tell_nothing_are_asked_about(keys: str) -> None:
    call = await keyed_at(Step.PHONE, keys)
    assert call.log[-2] == "Is that right, yes or no?"


@dataclass
class Hoarse(Call):
    """A call whose tts says nothing that has this in it."""

    cannot_say: tuple[str, ...] = ()

    async def say(
        self, text: str, before_first_frame: Callable[[datetime], Awaitable[None]]
    ) -> None:
        if any(word in text for word in self.cannot_say):
            raise SpeechUnavailable("no voice for that")
        await super().say(text, before_first_frame)


async def test_a_yes_confirms_nothing_that_was_not_spoken() -> None:
    call = Hoarse(spoken(WORDS[0], WORDS[1], "Yes.", "Yes."), cannot_say=("0412",))
    with pytest.raises(CallEnded):
        await call.run()
    assert [c.confirmed for c in call.changes if c.confirmed] == []
    assert call.changes[-2].step is Step.ADDRESS
    texts = [entry for entry in call.log if isinstance(entry, str)]
    assert "I'm sorry, I can't read that out just now." in texts
    assert any("address" in text for text in texts)


async def test_a_time_that_was_not_spoken_is_not_booked() -> None:
    call = Hoarse(spoken(*WORDS), cannot_say=("Shall I book that?",))
    assert await call.run() is Ending.HANGUP
    assert [c.booked for c in call.changes if c.booked] == []
    assert [c.status for c in call.changes if c.status] == [Status.INCOMPLETE]


async def test_a_caller_is_told_of_a_booking_in_fixed_words_if_need_be() -> None:
    call = Hoarse(spoken(*WORDS), cannot_say=("That's booked",))
    assert await call.run() is Ending.HANGUP
    assert [c.status for c in call.changes if c.status] == [Status.BOOKED]
    assert call.log[-1] == "That's all done. Thanks for calling. Goodbye!"


async def test_a_call_without_any_voice_is_handed_back_as_it_stands() -> None:
    call = Hoarse(spoken(*WORDS), cannot_say=("0412", "sorry"))
    with pytest.raises(SpeechUnavailable):
        await call.run()
    assert call.changes[-1].answers == {Step.PHONE: "+61412345678"}
    assert call.changes[-1].step is Step.PHONE


async def test_a_sentence_that_cannot_go_on_after_a_hum_is_unsaid_too() -> None:
    call = Call(spoken(WORDS[0], WORDS[1]))

    async def hear(expectation: Expectation) -> Hearing:
        if expectation.closed:
            raise SpeechUnavailable("no voice for the rest")
        return await Call.hear(call, expectation)

    call.hear = hear  # type: ignore[method-assign, assignment]
    with pytest.raises(CallEnded):
        await call.run()
    assert [c.confirmed for c in call.changes if c.confirmed] == []
    assert call.changes[-2].step is Step.ADDRESS


class Ponderer:
    """An understanding that takes its time, as a model does."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.saved_before: list[str] = []

    async def __call__(
        self, text: str, situation: Situation, done: Reading, meanwhile: Meanwhile = nothing, /
    ) -> Reading:
        await meanwhile()
        self.saved_before = [m.text for c in self._call.changes for m in c.messages]
        return done


async def test_words_are_saved_before_a_model_thinks_about_them_and_only_once() -> None:
    call = Call(spoken(*WORDS))
    ponderer = Ponderer(call)
    call.understand = ponderer
    assert await call.run() is Ending.HANGUP
    assert ponderer.saved_before[-1] == WORDS[-1]
    assert [text for who, text, _ in call.history if who is Speaker.CALLER] == WORDS
    assert set().union(*(c.answers for c in call.changes)) == {
        s for s in Step if s is not Step.DONE
    }


async def test_an_interrupted_sentence_is_rewritten_once_also_when_a_model_thinks() -> None:
    words = [Utterance(WORDS[0], NOW, heard_prefix="Hello, this"), *spoken(*WORDS[1:])]
    call = Call(list(words))
    call.understand = Ponderer(call)
    await call.run()
    assert len([c.revised for c in call.changes if c.revised]) == 1
