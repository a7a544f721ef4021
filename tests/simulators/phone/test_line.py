"""The play-out queue, by a virtual clock."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.simulators.phone.line import MOST_QUEUED_S, Playout

SECOND = 8000
FRAME = 160


def test_a_mark_comes_back_when_the_audio_before_it_was_played() -> None:
    playout = Playout()
    playout.queue(SECOND, now=10.0)
    assert playout.mark("end", now=10.0) == ()
    assert playout.due(10.999) == ()
    assert playout.next_due == 11.0
    assert playout.due(11.0) == ("end",)
    assert playout.due(12.0) == (), "once only"


def test_clear_brings_all_pending_marks_back_and_silence() -> None:
    playout = Playout()
    playout.queue(10 * SECOND, now=0.0)
    playout.mark("a", now=0.0)
    playout.mark("b", now=0.0)
    assert playout.clear(now=1.0) == ("a", "b")
    assert playout.ends_at == 1.0
    assert playout.mark("barrier", now=1.0) == ("barrier",)


def test_audio_is_played_in_real_time_and_after_a_silence_as_it_arrives() -> None:
    playout = Playout()
    playout.queue(SECOND, now=0.0)
    playout.queue(SECOND, now=0.1)
    assert playout.ends_at == 2.0
    playout.queue(FRAME, now=5.0)
    assert playout.ends_at == pytest.approx(5.02)


def test_ten_minutes_are_queued_and_no_more() -> None:
    playout = Playout()
    assert playout.queue(int(MOST_QUEUED_S + 1) * SECOND, now=0.0)
    assert not playout.queue(FRAME, now=0.0)
    assert playout.queue(FRAME, now=2.0)


def nothing(playout: Playout) -> None:
    """Between two frames."""


@pytest.mark.parametrize(
    ("between", "second_at", "late"),
    [
        pytest.param(nothing, 0.041, 1, id="a hole in a sentence: it was due at 0.020"),
        pytest.param(nothing, 0.039, 0, id="a little jitter"),
        pytest.param(nothing, 6.0, 1, id="a long hole before any mark"),
        pytest.param(Playout.caller_speaks, 3.0, 0, id="the answer to the caller"),
        pytest.param(lambda p: p.mark("end", 0.0), 6.0, 0, id="asked again after a silence"),
    ],
)
def test_a_frame_is_late_after_a_hole_in_a_sentence_and_nowhere_else(
    between: Callable[[Playout], object], second_at: float, late: int
) -> None:
    playout = Playout()
    playout.queue(FRAME, now=0.0)
    between(playout)
    playout.queue(FRAME, now=second_at)
    assert (playout.frames, playout.messages, playout.late_frames) == (2, 2, late)


def test_a_silence_within_a_sentence_is_measured_from_when_it_was_due() -> None:
    playout = Playout()
    for at in (0.0, 0.01, 0.045, 0.05):  # the third was due at 0.040
        playout.queue(FRAME, now=at)
    assert playout.gaps_s == [pytest.approx(0.005)]


pieces = st.lists(
    st.tuples(st.integers(1, 4000), st.floats(0, 2, allow_nan=False), st.booleans()), max_size=30
)


@given(pieces)
def test_every_mark_comes_back_exactly_once_and_never_before_its_audio(
    sent: list[tuple[int, float, bool]],
) -> None:
    playout, now, cleared_at, total = Playout(), 0.0, 0.0, 0
    echoed: list[str] = []
    owed: dict[str, float] = {}
    for number, (size, wait, cleared) in enumerate(sent):
        now += wait
        echoed += playout.due(now)
        playout.queue(size, now)
        total += size
        owed[str(number)] = cleared_at + total / SECOND
        echoed += playout.mark(str(number), now)
        if cleared:
            echoed += playout.clear(now)
            owed.clear()
            cleared_at, total = now, 0  # what was thrown away is never played
        for name in echoed:
            assert now >= owed.get(name, 0.0) - 1e-6
    echoed += playout.due(float("inf"))
    assert echoed == [str(number) for number in range(len(sent))]
