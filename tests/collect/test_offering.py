"""A caller who rings again and tells the name that is stored is offered to go on with the call that
came to nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.collect.conversation import (
    NO,
    NONSENSE,
    NOW,
    REFUSAL,
    SPAN,
    VALUES,
    YES,
    answer,
    does,
    fresh,
    run,
    said,
    saved,
    tells,
)
from tests.collect.test_collector import Call, spoken
from voicebot.business import load_business
from voicebot.call import CallSid, CallState, EarlierCall, Message, Speaker, Status, Step
from voicebot.collect.dialogue import Dialogue, Mode
from voicebot.collect.events import (
    Continue,
    Ending,
    Event,
    Save,
    Say,
    Silent,
    Started,
    TimeUp,
    Unheard,
)
from voicebot.collect.resuming import asking, begin
from voicebot.collect.understanding import (
    Act,
    Affirm,
    Correct,
    Deny,
    Leave,
    Want,
)
from voicebot.errors import CallEnded

NAME = VALUES[Step.NAME]
MY_NAME = answer(Step.NAME)
EARLIER = CallState(
    answers={Step.NAME: NAME, Step.PHONE: VALUES[Step.PHONE]},
    confirmed=frozenset({Step.PHONE}),
    step=Step.ADDRESS,
    resumed=True,
)
OPEN = EarlierCall(CallSid("CAearlier"), EARLIER)


def offer(state: CallState | None = None) -> Dialogue:
    """A call whose number broke off another one."""
    return begin(load_business(None), state or CallState(earlier=(OPEN,)))


def offered(state: CallState | None = None) -> Dialogue:
    """The same, once the caller has told the name that is stored."""
    dialogue, effects = run(offer(state), Started(), MY_NAME)
    assert said(effects).endswith("Shall we go on where we were?")
    return dialogue


def taken_up(asked: Dialogue, *earlier: EarlierCall) -> Dialogue:
    """The offer in the next session of its call, for which these can be continued."""
    state = CallState(
        answers={Step.NAME: NAME}, dialogue=asked.to_json(), resumed=True, earlier=earlier
    )
    return begin(load_business(None), state)


def test_nothing_of_an_earlier_call_is_said_or_saved_before_its_name_is_told() -> None:
    dialogue, effects = run(offer(), Started())
    assert said(effects).endswith("What's your name, please?")
    assert "last time" not in said(effects)
    assert dialogue.answers == {}
    assert str(OPEN.call_sid) not in dialogue.to_json()
    assert not saved(effects).answers


@pytest.mark.parametrize("name", ["Alex Wood", "Robin", "Robin C", "C", "Robin Cole"])
def test_who_tells_another_name_hears_nothing_of_an_earlier_call(name: str) -> None:
    dialogue, effects = run(offer(), Started(), answer(Step.NAME, name))
    assert (dialogue.step, dialogue.mode) == (Step.PHONE, Mode.ASKING)
    assert saved(effects).answers == {Step.NAME: name}
    assert "last time" not in said(effects)
    dialogue, effects = run(dialogue, YES)
    assert dialogue.answers == {Step.NAME: name}
    assert not any(isinstance(e, Continue) for e in effects)


def test_who_keeps_their_name_to_themselves_hears_nothing_of_an_earlier_call() -> None:
    dialogue, effects = run(offer(), Started(), REFUSAL)
    assert (dialogue.step, dialogue.mode) == (Step.PHONE, Mode.ASKING)
    assert "last time" not in said(effects)


def test_a_call_without_a_name_is_offered_to_nobody() -> None:
    nameless = EarlierCall(OPEN.call_sid, CallState(answers={Step.PHONE: VALUES[Step.PHONE]}))
    dialogue, _ = run(offer(CallState(earlier=(nameless,))), Started(), MY_NAME)
    assert (dialogue.step, dialogue.mode) == (Step.PHONE, Mode.ASKING)


def test_of_several_callers_of_one_number_each_is_offered_their_own_call() -> None:
    others = EarlierCall(CallSid("CAother"), CallState(answers={Step.NAME: "Ann Lee"}))
    asked = offered(CallState(earlier=(others, OPEN)))
    assert Continue(OPEN.call_sid) in run(asked, YES)[1]


def test_a_caller_who_rings_again_and_agrees_goes_on_where_they_were() -> None:
    dialogue, effects = run(offered(), YES)
    assert saved(effects).answers == {Step.PHONE: VALUES[Step.PHONE]}
    assert saved(effects).confirmed == {Step.PHONE}
    assert [type(e) for e in effects] == [Save, Continue, Say]
    assert Continue(OPEN.call_sid) in effects
    assert (dialogue.step, dialogue.mode) == (Step.ADDRESS, Mode.ASKING)


def test_what_was_told_in_this_call_stands() -> None:
    other = "+61255501234"
    told = tells(name="Robin Carder", phone=other)
    dialogue, effects = run(offer(), Started(), told, YES)
    assert dialogue.answers == {Step.NAME: "Robin Carder", Step.PHONE: other}
    assert saved(effects).confirmed == frozenset()
    assert (dialogue.step, dialogue.mode) == (Step.PHONE, Mode.CONFIRMING)


def test_a_caller_who_does_not_want_to_go_on_starts_afresh_and_is_not_asked_again() -> None:
    dialogue, effects = run(offered(), NO)
    assert saved(effects).answers == {}
    assert said(effects).endswith("What's the best number to reach you on?")
    assert taken_up(dialogue, OPEN).mode is Mode.ASKING


def test_a_caller_who_answers_instead_of_saying_yes_is_heard() -> None:
    dialogue, effects = run(offered(), tells(phone=VALUES[Step.PHONE]))
    assert saved(effects).answers == {Step.PHONE: VALUES[Step.PHONE]}
    assert (dialogue.step, dialogue.mode) == (Step.PHONE, Mode.CONFIRMING)
    assert not any(isinstance(e, Continue) for e in effects)


@pytest.mark.parametrize("acts", [(Deny(SPAN),), (Correct(None, None, SPAN),), ()])
def test_an_answer_to_the_offer_counts_whatever_stands_beside_it(acts: tuple[Act, ...]) -> None:
    dialogue, effects = run(offered(), tells(*acts, name="Alex Carter"))
    assert saved(effects).answers == {Step.NAME: "Alex Carter"}
    assert dialogue.step is Step.PHONE


def test_a_yes_to_the_offer_may_tell_more() -> None:
    _, effects = run(offered(), tells(Affirm(SPAN), email="test@example.com"))
    assert saved(effects).answers == {
        Step.PHONE: VALUES[Step.PHONE],
        Step.EMAIL: "test@example.com",
    }


def test_a_yes_is_one_to_the_call_that_was_offered() -> None:
    newer = EarlierCall(CallSid("CAnewer"), CallState(answers={Step.NAME: NAME}))
    _, effects = run(taken_up(offered(), newer, OPEN), YES)
    assert Continue(OPEN.call_sid) in effects
    assert saved(effects).answers == {Step.PHONE: VALUES[Step.PHONE]}


def test_a_yes_to_a_call_that_is_gone_is_one_to_no_other() -> None:
    newer = EarlierCall(CallSid("CAnewer"), CallState(answers={Step.NAME: NAME}))
    _, effects = run(taken_up(offered(), newer), YES)
    assert saved(effects).answers == {}
    assert said(effects).startswith("Sorry, I don't have that any more.")
    assert said(effects).endswith("What's the best number to reach you on?")
    assert not any(isinstance(e, Continue) for e in effects)


def test_an_offer_that_is_gone_is_not_made_again_and_who_watches_knows() -> None:
    _, effects = run(taken_up(offered()), Started())
    assert "go on where we were" not in said(effects)
    assert asking(Step.PHONE, saved(effects).dialogue) == "phone"


def test_a_call_that_was_cut_off_at_the_offer_makes_it_again() -> None:
    dialogue, effects = run(taken_up(offered(), OPEN), Started())
    assert said(effects) == (
        "Sorry, we were cut off. Shall we go on with what you told me last time, yes or no?"
    )
    assert Continue(OPEN.call_sid) in run(dialogue, YES)[1]


def test_who_says_neither_yes_nor_no_to_the_offer_is_asked_once_more() -> None:
    dialogue, effects = run(offered(), NONSENSE)
    assert said(effects).endswith("yes or no?")
    dialogue, effects = run(taken_up(dialogue, OPEN), NONSENSE)
    assert said(effects).endswith("What's the best number to reach you on?")
    assert dialogue.attempts == 0


def test_a_yes_before_the_offer_was_heard_is_none() -> None:
    dialogue, effects = run(offer(), Started(), MY_NAME)
    was = Message(Speaker.BOT, said(effects), NOW)
    cut = replace(was, text="Thank you. I have the name Robin Carter.", partial=True)
    dialogue, effects = run(dialogue, replace(YES, revised=(was, cut)))
    assert said(effects).endswith("where we were?")
    assert dialogue.answers == {Step.NAME: NAME}
    assert Continue(OPEN.call_sid) in run(dialogue, YES)[1]


def test_an_offer_can_be_answered_by_keys_when_nobody_can_listen() -> None:
    dialogue, effects = run(offered(), Unheard())
    assert "Press 1 for yes" in said(effects)
    assert dialogue.mode is Mode.OFFERING
    assert run(dialogue, Unheard())[0].mode is Mode.ASKING


@pytest.mark.parametrize("how", [(Silent(),) * 3, (TimeUp(),), (does(Leave(SPAN)),)])
def test_who_was_told_to_call_again_is_offered_to_go_on(how: tuple[Event, ...]) -> None:
    left, effects = run(fresh(), answer(Step.NAME), *how)
    assert saved(effects).status is Status.INCOMPLETE
    assert offered(_called_again(left)).mode is Mode.OFFERING


def test_who_wanted_no_booking_is_not_asked_about_it_on_the_next_day() -> None:
    left, _ = run(fresh(), answer(Step.NAME), does(Want("nothing", SPAN)))
    assert run(offer(_called_again(left)), Started(), MY_NAME)[0].mode is Mode.ASKING


def _called_again(left: Dialogue) -> CallState:
    """The same number calls after that one was over."""
    ended = CallState(
        answers=dict(left.answers),
        step=left.step,
        status=Status.INCOMPLETE,
        dialogue=left.to_json(),
    )
    return CallState(earlier=(EarlierCall(CallSid("CAleft"), ended),))


def test_who_watches_knows_that_a_yes_to_the_offer_is_waited_for() -> None:
    _, effects = run(offer(), Started(), MY_NAME)
    assert asking(Step.NAME, saved(effects).dialogue) == "confirm"


async def answered_an_offer(words: str) -> Call:
    call = Call(spoken("Robin Carter", words), state=CallState(earlier=(OPEN,)))
    with pytest.raises(CallEnded):
        await call.run()
    return call


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Yes.", {}),
        ("Yes, this is Robin Carter.", {}),
        ("Yes, my number is 0413 345 678", {Step.PHONE: "+61413345678"}),
        ("Yes, my e-mail is test@example.com", {Step.EMAIL: "test@example.com"}),
    ],
)
async def test_what_is_told_with_the_yes_to_an_offer_is_saved_with_what_was_known(
    words: str, told: dict[Step, str]
) -> None:
    call = await answered_an_offer(words)
    assert call.answers == {Step.NAME: NAME, Step.PHONE: VALUES[Step.PHONE], **told}
    assert call.continued == ["CAearlier"]


@pytest.mark.parametrize("words", ["No, this is Alex Carter.", "This is Alex Carter."])
async def test_who_tells_something_but_does_not_agree_starts_afresh(words: str) -> None:
    call = await answered_an_offer(words)
    assert call.answers == {Step.NAME: "Alex Carter"}
    assert call.continued == []


async def test_a_person_may_be_asked_for_in_answer_to_an_offer() -> None:
    call = Call(
        spoken("Robin Carter", "Yes, can I talk to a person please?"),
        state=CallState(earlier=(OPEN,)),
    )
    assert await call.run() is Ending.TRANSFER
    assert call.continued == []
