"""The end of the caller's turn, tested exhaustively, without sleeping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.call import Step
from voicebot.stream.turn_taking import (
    BARGE_IN_MS,
    MAX_TURN_MS,
    MOST_PATIENCE_FACTOR,
    NONE,
    SILENCE_MS,
    Floor,
    Patience,
    Said,
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
USUAL = Patience(180, 300, 800)
PIECE, WHOLE, FINAL = Said
BARGED_IN, STARTED, PAUSED, RESUMED, FINISHED, SILENCE = TurnEvent

Heard = tuple[float, float]
"""So many milliseconds with this probability of speech."""
Happens = Heard | Said | str
"""Audio, or how much a text says, or `bot` (starts), `key`, `question` or `end`."""


def after(
    *script: Happens, limits: Patience = USUAL, window_ms: float = WINDOW_MS, over: bool = False
) -> tuple[Turn, list[TurnEvent]]:
    """Return the turn after all that, and what came out of it; `over` the bot's voice."""
    turn, found = on_question(Turn(), limits), list[TurnEvent]()
    for happens in script:
        events: tuple[TurnEvent, ...] = ()
        match happens:
            case (ms, probability):
                for _ in range(round(ms / window_ms)):
                    turn, events = on_window(turn, probability, window_ms, bot_heard=over)
                    found += events
                events = ()
            case Said():
                turn, events = on_text(turn, happens)
            case "bot":
                turn, over = on_bot_starts(turn), True
            case "silent bot":
                over = not over
            case "key":
                turn = hush(turn)
            case "question":
                turn = on_question(turn, limits)
            case _:
                turn, events = on_end(turn)
        found += events
    return turn, found


SPOKE = (320, VOICE)
PROMISES: dict[str, tuple[list[Happens], list[TurnEvent]]] = {
    "speech then quiet is one turn": ([SPOKE, (900, QUIET)], [STARTED, PAUSED, FINISHED]),
    "a click is no turn": ([(64, VOICE), (2000, QUIET)], []),
    "an answer that nothing follows ends at its own limit": (
        [SPOKE, (96, QUIET), FINAL, (96, QUIET)],
        [STARTED, PAUSED, FINISHED],
    ),
    "a complete answer that may go on waits for its limit": (
        [SPOKE, (128, QUIET), WHOLE, (160, QUIET)],
        [STARTED, PAUSED],
    ),
    "a complete answer that may go on ends at its limit": (
        [SPOKE, (128, QUIET), WHOLE, (192, QUIET)],
        [STARTED, PAUSED, FINISHED],
    ),
    "a text that is known after its limit ends the turn at once": (
        [SPOKE, (400, QUIET), WHOLE],
        [STARTED, PAUSED, FINISHED],
    ),
    "an incomplete answer waits for the long limit": (
        [SPOKE, (128, QUIET), PIECE, (640, QUIET)],
        [STARTED, PAUSED],
    ),
    "an incomplete answer ends at the long limit": (
        [SPOKE, (128, QUIET), PIECE, (704, QUIET)],
        [STARTED, PAUSED, FINISHED],
    ),
    "more words after a pause belong to the same turn": (
        [SPOKE, (640, QUIET), SPOKE, (1000, QUIET)],
        [STARTED, PAUSED, RESUMED, PAUSED, FINISHED],
    ),
    "completeness of an earlier pause says nothing about a later one": (
        [SPOKE, (100, QUIET), FINAL, SPOKE, (500, QUIET)],
        [STARTED, PAUSED, RESUMED, PAUSED],
    ),
    "a late text of a pause that is over changes nothing": (
        [SPOKE, (128, QUIET), (96, VOICE), WHOLE, (500, QUIET)],
        [STARTED, PAUSED, RESUMED, PAUSED],
    ),
    "one window of noise does not end a pause": (
        [SPOKE, (128, QUIET), (32, VOICE), (700, QUIET)],
        [STARTED, PAUSED, FINISHED],
    ),
    "a complete text does not end a turn that seems to go on": (
        [SPOKE, (400, QUIET), (32, VOICE), WHOLE],
        [STARTED, PAUSED],
    ),
    "a complete text ends a turn that seemed to go on": (
        [SPOKE, (400, QUIET), (32, VOICE), WHOLE, (32, QUIET)],
        [STARTED, PAUSED, FINISHED],
    ),
    "voice does not begin below its probability": ([(320, 0.4)], []),
    "voice holds on below that": ([(96, VOICE), (960, 0.4)], [STARTED]),
    "hold music does not talk for ever": ([(MAX_TURN_MS + 32, VOICE)], [STARTED, FINISHED]),
    "a new question begins the wait anew": ([(5900, QUIET), "question", (5900, QUIET)], []),
    "a cough does not": ([(4000, QUIET), (64, VOICE), (2100, QUIET)], [SILENCE]),
    "waiting begins when the bot has been heard": (
        [(5000, QUIET), "silent bot", (4000, QUIET), "silent bot", (5900, QUIET)],
        [],
    ),
    "and ends in silence": (
        [(5000, QUIET), "silent bot", (4000, QUIET), "silent bot", (6100, QUIET)],
        [SILENCE],
    ),
    "who speaks when the bot begins interrupts it by going on": (
        [SPOKE, "bot", (300, VOICE), (1000, QUIET)],
        [STARTED, BARGED_IN, STARTED, PAUSED, FINISHED],
    ),
    "who has paused when the bot begins does not": (
        [SPOKE, (128, QUIET), "bot", (3000, QUIET)],
        [STARTED, PAUSED],
    ),
    "a key ends speech without a turn": ([SPOKE, "key", (1000, QUIET)], [STARTED]),
    "the end finishes what is being said": ([SPOKE, "end"], [STARTED, FINISHED]),
    "the end finishes a pause": ([SPOKE, (128, QUIET), "end"], [STARTED, PAUSED, FINISHED]),
    "the end finishes no click": ([(64, VOICE), "end"], []),
}


@pytest.mark.parametrize(("script", "found"), PROMISES.values(), ids=PROMISES.keys())
def test_turn_taking(script: list[Happens], found: list[TurnEvent]) -> None:
    assert after(*script)[1] == found


@pytest.mark.parametrize(
    "script",
    [
        [(320, QUIET), SPOKE, (900, QUIET)],
        [(320, QUIET), SPOKE, (640, QUIET), SPOKE, (900, QUIET)],
        [(320, QUIET), SPOKE, "bot", (300, VOICE), (1000, QUIET)],
    ],
)
def test_a_turn_reaches_back_to_its_first_window(script: list[Happens]) -> None:
    assert after(*script)[0].start_ms == 320


@pytest.mark.parametrize("window_ms", [20.0, 32.0])
def test_silence_is_told_once_per_six_seconds(window_ms: float) -> None:
    _, found = after((SILENCE_MS * 2 + 100, QUIET), window_ms=window_ms)
    assert found == [SILENCE, SILENCE]


def test_the_bot_is_interrupted_only_by_real_speech() -> None:
    assert after((BARGE_IN_MS - WINDOW_MS, VOICE), (2000, QUIET), over=True)[1] == []
    assert after((BARGE_IN_MS + WINDOW_MS, VOICE), over=True)[1] == [BARGED_IN, STARTED]


def test_a_detector_that_knows_ends_the_turn_at_the_first_silent_window() -> None:
    assert after(SPOKE, (32, QUIET), limits=NONE)[1] == [STARTED, PAUSED, FINISHED]


def test_a_yes_is_over_sooner_than_a_telephone_number() -> None:
    for step in Step:
        assert patience(step, True) == patience(Step.NAME, True)
        limits = patience(step, False)
        assert limits.final_ms < limits.whole_ms < limits.long_ms
    assert patience(Step.PHONE, False).long_ms > patience(Step.NAME, False).long_ms


def test_who_pauses_for_long_inside_an_answer_is_given_more_time() -> None:
    calm = (704, QUIET)
    _, found = after(SPOKE, calm, SPOKE, (832, QUIET))
    assert found == [STARTED, PAUSED, RESUMED, PAUSED]  # a hasty caller's turn would be over
    _, found = after(SPOKE, calm, SPOKE, (960, QUIET))
    assert found[-1] is FINISHED


def test_more_time_is_given_within_bounds_and_not_after_a_final_answer() -> None:
    for said, usual_ms in ((WHOLE, 300), (PIECE, 800)):
        limits = [USUAL.limit_ms(said, own_ms) for own_ms in range(0, 10_000, 50)]
        assert limits[0] == usual_ms
        assert limits == sorted(limits)
        assert limits[-1] == usual_ms * MOST_PATIENCE_FACTOR
    assert USUAL.limit_ms(FINAL, 10_000) == USUAL.final_ms


def test_a_caller_who_pauses_no_more_is_soon_answered_as_fast_as_others() -> None:
    hasty = [SPOKE, (1300, QUIET)] * 5
    turn, _ = after(SPOKE, (640, QUIET), *hasty)
    assert USUAL.limit_ms(PIECE, turn.own_pause_ms) == USUAL.long_ms


SCRIPTS = st.lists(
    st.one_of(
        st.tuples(
            st.integers(1, 40).map(lambda n: n * 32), st.sampled_from([0.0, 0.2, 0.4, 0.6, 1])
        ),
        st.sampled_from(Said),
        st.sampled_from(["bot", "silent bot", "key", "question", "end"]),
    ),
    max_size=40,
)


@given(SCRIPTS)
def test_no_turn_finishes_before_it_began_nor_twice(script: list[Happens]) -> None:
    open_turn, paused, before, told = False, False, Turn(), 0
    for n, happens in enumerate(script):
        turn, found = after(*script[: n + 1])
        assert turn.now_ms >= before.now_ms
        if happens in ("bot", "key"):
            open_turn = paused = False  # whatever was open may be open no more
        for event in found[told:]:
            match event:
                case TurnEvent.BARGED_IN:
                    open_turn = paused = False
                case TurnEvent.STARTED:
                    assert not open_turn
                    open_turn = True
                case TurnEvent.PAUSED:
                    assert open_turn
                    assert not paused
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
        before, told = turn, len(found)


@given(SCRIPTS)
def test_whoever_is_silent_long_enough_is_never_held_to_be_speaking(script: list[Happens]) -> None:
    turn, _ = after(*script, (60 * WINDOW_MS, QUIET))
    assert turn.floor is Floor.QUIET
