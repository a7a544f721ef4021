"""How much of an answer has been said, with real readings; and that callers' pauses cut none."""

from datetime import UTC, datetime

import pytest

from tests.collect.conversation import at
from voicebot.call import Step
from voicebot.collect.collector import expectation
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import Expectation
from voicebot.stream.endpointing import said_of, whole_first
from voicebot.stream.turn_taking import (
    Said,
    Turn,
    TurnEvent,
    on_question,
    on_text,
    on_window,
    patience,
)

PIECE, WHOLE, FINAL = Said
WINDOW_MS = 32.0
DECODE_MS = 160.0
PAUSE_MS = 1200.0


def question(step: Step, *, confirming: bool = False) -> Expectation:
    dialogue = at(step, mode=Mode.CONFIRMING, pending="0412 345 678") if confirming else at(step)
    return expectation(dialogue, lambda: datetime(2026, 3, 2, tzinfo=UTC))


def said(asked: Expectation, *texts: str) -> Said:
    return said_of(asked, texts)


@pytest.mark.parametrize(
    ("step", "text", "how_much"),
    [
        (Step.PHONE, "0412 345", PIECE),
        (Step.PHONE, "0412 345 678.", FINAL),
        (Step.PHONE, "13 22 44", WHOLE),
        (Step.NAME, "My name is", PIECE),
        (Step.NAME, "John", WHOLE),
        (Step.NAME, "It's John Smith.", FINAL),
        (Step.NAME, "It's John Smith,", WHOLE),
        (Step.NAME, "S M I T", PIECE),
        (Step.NAME, "John Smith, S-M-I-T-H.", FINAL),
        (Step.EMAIL, "j dot smith at", PIECE),
        (Step.EMAIL, "j dot smith at gmail", WHOLE),
        (Step.EMAIL, "j dot smith at gmail dot com", FINAL),
        (Step.EMAIL, "j dot smith at okafor dot com", WHOLE),
        (Step.EMAIL, "j dot smith at okafor dot com dot au", FINAL),
        (Step.ADDRESS, "27 George Street", PIECE),
        (Step.ADDRESS, "27 George Street, Parramatta", WHOLE),
        (Step.ADDRESS, "27 George Street, Parramatta 2150.", FINAL),
        (Step.TIME, "tomorrow", PIECE),
        (Step.TIME, "tomorrow at nine", WHOLE),
        (Step.TIME, "tomorrow at 9 a.m.", FINAL),
        (Step.TIME, "tomorrow morning at half past nine", FINAL),
        (Step.SERVICE, "House cleaning, please.", FINAL),
        (Step.SERVICE, "Could you say that again?", FINAL),
    ],
)
def test_how_much_of_an_answer_a_text_is(step: Step, text: str, how_much: Said) -> None:
    assert said(question(step), text) is how_much


def test_the_likeliest_whole_transcript_is_moved_to_the_front() -> None:
    lost, kept, other = "double one, purple two", "0411 222 907", "0411 222 908"
    asked = question(Step.PHONE)
    assert whole_first(asked, (lost, kept, other)) == (kept, lost, other)
    assert whole_first(asked, (kept, lost)) == (kept, lost)
    assert whole_first(asked, (lost, "0411")) == (lost, "0411")


def test_another_transcript_may_hold_the_whole_number() -> None:
    lost, kept = "0-4-1-2-907", "Zero four double one triple two nine oh seven"
    assert said(question(Step.PHONE), lost) is PIECE
    assert said(question(Step.PHONE), lost, kept) is WHOLE
    assert said(question(Step.PHONE), "0412", "0411 222 907") is PIECE  # a group, and a guess


@pytest.mark.parametrize("text", ["Yes.", "No, that's wrong.", "Yes, that's right."])
def test_nothing_follows_a_yes_or_a_no(text: str) -> None:
    assert said(question(Step.PHONE, confirming=True), text) is FINAL


def turns(step: Step, groups: list[str]) -> list[str]:
    """Return the texts of the turns of a caller who stops for PAUSE_MS after each group."""
    asked = question(step)
    turn, found, text = on_question(Turn(), patience(step, False)), list[str](), ""
    for n, group in enumerate(groups):
        text = f"{text} {group}".strip()
        quiet_ms = PAUSE_MS if n < len(groups) - 1 else 2 * PAUSE_MS
        track = [1.0] * 12 + [0.0] * round(quiet_ms / WINDOW_MS)
        paused_ms = -1.0
        for probability in track:
            turn, events = on_window(turn, probability, WINDOW_MS, bot_heard=False)
            if TurnEvent.PAUSED in events:
                paused_ms = turn.now_ms
            if paused_ms >= 0 and turn.now_ms >= paused_ms + DECODE_MS:
                paused_ms = -1.0
                turn, more = on_text(turn, said(asked, text))
                events += more
            if TurnEvent.FINISHED in events:
                found.append(text)
                text = ""
    return found


@pytest.mark.parametrize(
    ("step", "groups"),
    [
        (Step.PHONE, ["0412", "345", "678"]),
        (Step.PHONE, ["oh four", "one two three", "four five six", "seven eight"]),
        (Step.PHONE, ["It's plus six one", "412", "345", "678"]),
        (Step.PHONE, ["1300", "975", "707"]),
        (Step.PHONE, ["my number is", "02", "9876", "5432"]),
        (Step.ADDRESS, ["27", "George Street", "Parramatta"]),
        (Step.ADDRESS, ["Unit 4", "112 Chapel Street", "Windsor"]),
        (Step.ADDRESS, ["level 3", "250", "Queen Street", "Melbourne 3000"]),
        (Step.EMAIL, ["j dot", "smith", "at", "gmail dot com"]),
    ],
)
def test_pauses_of_more_than_a_second_inside_an_answer_cut_none(
    step: Step, groups: list[str]
) -> None:
    assert turns(step, groups) == [" ".join(groups)]
