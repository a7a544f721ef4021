"""When the caller has finished: exhaustive, without sleeping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.call import Step
from voicebot.stream.turns import (
    BARGE_IN_MS,
    MAX_TURN_MS,
    NONE,
    SILENCE_MS,
    Floor,
    Patience,
    Turn,
    TurnEvent,
    hush,
    on_bot_starts,
    on_end,
    on_question,
    on_text,
    on_window,
    patience,
)

WINDOW_MS = 32.0
VOICE, QUIET = 0.9, 0.1
USUAL = Patience(300, 800)
BARGED_IN, STARTED, PAUSED, RESUMED, FINISHED, SILENCE = TurnEvent


class Talk:
    """Feeds a turn and keeps what came out of it."""

    def __init__(self, limits: Patience = USUAL, window_ms: float = WINDOW_MS) -> None:
        self.turn = on_question(Turn(), limits)
        self.window_ms = window_ms
        self.events: list[TurnEvent] = []

    def hear(self, ms: float, probability: float, *, bot_heard: bool = False) -> Talk:
        for _ in range(round(ms / self.window_ms)):
            self.turn, events = on_window(
                self.turn, probability, self.window_ms, bot_heard=bot_heard
            )
            self.events += events
        return self

    def text(self, *, complete: bool) -> Talk:
        self.turn, events = on_text(self.turn, complete=complete)
        self.events += events
        return self

    def end(self) -> Talk:
        self.turn, events = on_end(self.turn)
        self.events += events
        return self


def test_speech_then_quiet_is_one_turn() -> None:
    talk = Talk().hear(320, VOICE).hear(900, QUIET)
    assert talk.events == [STARTED, PAUSED, FINISHED]


def test_a_click_is_no_turn() -> None:
    talk = Talk().hear(64, VOICE).hear(2000, QUIET)
    assert talk.events == []


def test_a_turn_reaches_back_to_its_first_window() -> None:
    talk = Talk().hear(320, QUIET).hear(320, VOICE)
    assert talk.events == [STARTED]
    assert talk.turn.start_ms == 320
    assert talk.hear(900, QUIET).turn.start_ms == 320


def test_a_complete_answer_ends_at_the_short_limit() -> None:
    talk = Talk().hear(320, VOICE).hear(128, QUIET).text(complete=True)
    assert talk.events == [STARTED, PAUSED]
    assert talk.hear(192, QUIET).events == [STARTED, PAUSED, FINISHED]
    assert talk.turn.now_ms == 640


def test_a_complete_answer_known_after_the_short_limit_ends_the_turn_at_once() -> None:
    talk = Talk().hear(320, VOICE).hear(400, QUIET)
    assert talk.events == [STARTED, PAUSED]
    assert talk.text(complete=True).events == [STARTED, PAUSED, FINISHED]


def test_an_incomplete_answer_waits_for_the_long_limit() -> None:
    talk = Talk().hear(320, VOICE).hear(128, QUIET).text(complete=False).hear(640, QUIET)
    assert talk.events == [STARTED, PAUSED]
    assert talk.hear(64, QUIET).events == [STARTED, PAUSED, FINISHED]


def test_more_words_after_a_pause_belong_to_the_same_turn() -> None:
    talk = Talk().hear(320, VOICE).hear(640, QUIET).hear(320, VOICE).hear(900, QUIET)
    assert talk.events == [STARTED, PAUSED, RESUMED, PAUSED, FINISHED]
    assert talk.turn.start_ms == 0


def test_completeness_of_an_earlier_pause_says_nothing_about_a_later_one() -> None:
    talk = Talk().hear(320, VOICE).hear(200, QUIET).text(complete=True)
    talk.hear(320, VOICE).hear(500, QUIET)
    assert talk.events == [STARTED, PAUSED, RESUMED, PAUSED]


def test_a_late_text_of_a_pause_that_is_over_changes_nothing() -> None:
    talk = Talk().hear(320, VOICE).hear(128, QUIET).hear(96, VOICE).text(complete=True)
    assert talk.turn.floor is Floor.SPEAKING
    assert not talk.turn.whole


def test_one_window_of_noise_does_not_end_a_pause() -> None:
    talk = Talk().hear(320, VOICE).hear(128, QUIET).hear(32, VOICE).hear(700, QUIET)
    assert talk.events == [STARTED, PAUSED, FINISHED]


def test_a_complete_text_does_not_end_a_turn_that_seems_to_go_on() -> None:
    talk = Talk().hear(320, VOICE).hear(400, QUIET).hear(32, VOICE).text(complete=True)
    assert talk.events == [STARTED, PAUSED]
    assert talk.hear(32, QUIET).events == [STARTED, PAUSED, FINISHED]


def test_voice_holds_on_below_the_probability_at_which_it_begins() -> None:
    assert Talk().hear(320, 0.4).events == []
    assert Talk().hear(96, VOICE).hear(960, 0.4).events == [STARTED]


def test_hold_music_does_not_talk_for_ever() -> None:
    talk = Talk().hear(MAX_TURN_MS + WINDOW_MS, VOICE)
    assert talk.events == [STARTED, FINISHED]


@pytest.mark.parametrize("window_ms", [20.0, 32.0])
def test_silence_is_told_once_per_six_seconds(window_ms: float) -> None:
    talk = Talk(window_ms=window_ms).hear(SILENCE_MS * 2 + 100, QUIET)
    assert talk.events == [SILENCE, SILENCE]


def test_waiting_begins_when_the_bot_has_been_heard() -> None:
    talk = Talk().hear(5000, QUIET).hear(4000, QUIET, bot_heard=True).hear(5900, QUIET)
    assert talk.events == []
    assert talk.hear(200, QUIET).events == [SILENCE]


def test_a_new_question_begins_the_wait_anew() -> None:
    talk = Talk().hear(5900, QUIET)
    talk.turn = on_question(talk.turn, patience(Step.PHONE, False))
    assert talk.hear(5900, QUIET).events == []


def test_a_cough_does_not_begin_the_wait_anew() -> None:
    talk = Talk().hear(4000, QUIET).hear(64, VOICE).hear(2100, QUIET)
    assert talk.events == [SILENCE]


def test_the_bot_is_interrupted_only_by_real_speech() -> None:
    short = Talk().hear(BARGE_IN_MS - WINDOW_MS, VOICE, bot_heard=True).hear(2000, QUIET)
    assert short.events == []
    talk = Talk().hear(BARGE_IN_MS + WINDOW_MS, VOICE, bot_heard=True)
    assert talk.events == [BARGED_IN, STARTED]


def test_who_speaks_when_the_bot_begins_interrupts_it_by_going_on() -> None:
    talk = Talk().hear(320, VOICE)
    talk.turn = on_bot_starts(talk.turn)
    talk.hear(300, VOICE, bot_heard=True).hear(1000, QUIET)
    assert talk.events == [STARTED, BARGED_IN, STARTED, PAUSED, FINISHED]
    assert talk.turn.start_ms == 0


def test_who_has_paused_when_the_bot_begins_does_not() -> None:
    talk = Talk().hear(320, VOICE).hear(128, QUIET)
    talk.turn = on_bot_starts(talk.turn)
    assert talk.hear(3000, QUIET, bot_heard=True).events == [STARTED, PAUSED]


def test_a_key_ends_speech_without_a_turn() -> None:
    talk = Talk().hear(320, VOICE)
    talk.turn = hush(talk.turn)
    assert talk.hear(1000, QUIET).events == [STARTED]


def test_the_end_of_the_call_finishes_what_was_being_said() -> None:
    assert Talk().hear(320, VOICE).end().events == [STARTED, FINISHED]
    assert Talk().hear(320, VOICE).hear(128, QUIET).end().events == [STARTED, PAUSED, FINISHED]
    assert Talk().hear(64, VOICE).end().events == []


def test_a_detector_that_knows_ends_the_turn_at_the_first_silent_window() -> None:
    talk = Talk(NONE).hear(320, VOICE).hear(32, QUIET)
    assert talk.events == [STARTED, PAUSED, FINISHED]


def test_a_yes_is_over_sooner_than_a_telephone_number() -> None:
    for step in Step:
        assert patience(step, True) == Patience(200, 700)
        assert patience(step, False).short_ms < patience(step, False).long_ms
    assert patience(Step.PHONE, False).long_ms > patience(Step.NAME, False).long_ms


ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("window"),
            st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0]),
            st.booleans(),
            st.integers(1, 40),
        ),
        st.tuples(st.just("text"), st.booleans()),
        st.tuples(st.just("question"), st.sampled_from(list(Step)), st.booleans()),
        st.tuples(st.just("bot")),
        st.tuples(st.just("key")),
        st.tuples(st.just("end")),
    ),
    max_size=60,
)


def perform(turn: Turn, action: tuple[object, ...]) -> tuple[Turn, list[TurnEvent]]:
    events: list[TurnEvent] = []
    match action:
        case ("window", float(probability), bool(bot_heard), int(count)):
            for _ in range(count):
                turn, more = on_window(turn, probability, WINDOW_MS, bot_heard=bot_heard)
                events += more
                assert not (bot_heard and SILENCE in more)
        case ("text", bool(complete)):
            turn, more = on_text(turn, complete=complete)
            events += more
        case ("question", Step() as step, bool(confirming)):
            turn = on_question(turn, patience(step, confirming))
        case ("bot",):
            turn = on_bot_starts(turn)
            events.append(BARGED_IN)  # stands for: whatever was open may be open no more
        case ("key",):
            turn = hush(turn)
            events.append(BARGED_IN)
        case _:
            turn, more = on_end(turn)
            events += more
    return turn, events


@given(ACTIONS)
def test_no_turn_finishes_before_it_began_nor_twice(actions: list[tuple[object, ...]]) -> None:
    turn, open_turn, paused = Turn(), False, False
    for action in actions:
        before_ms = turn.now_ms
        turn, events = perform(turn, action)
        assert turn.now_ms >= before_ms
        for event in events:
            match event:
                case TurnEvent.BARGED_IN:
                    open_turn = paused = False
                case TurnEvent.STARTED:
                    assert not open_turn
                    open_turn = True
                case TurnEvent.PAUSED:
                    assert open_turn
                    assert not paused
                    assert turn.start_ms < turn.now_ms
                    paused = True
                case TurnEvent.RESUMED:
                    assert paused
                    paused = False
                case TurnEvent.FINISHED:
                    assert open_turn
                    assert turn.start_ms < turn.now_ms
                    open_turn = paused = False
                case TurnEvent.SILENCE:
                    assert not open_turn


@given(ACTIONS)
def test_whoever_is_silent_long_enough_is_never_held_to_be_speaking(
    actions: list[tuple[object, ...]],
) -> None:
    turn = Turn()
    for action in actions:
        turn, _ = perform(turn, action)
    for _ in range(60):
        turn, _ = on_window(turn, 0.0, WINDOW_MS, bot_heard=False)
    assert turn.floor is Floor.QUIET
