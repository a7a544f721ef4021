"""The play-out queue, by a virtual clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.simulators.phone.playout import MOST_QUEUED_S, Playout

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


def test_a_mark_on_an_empty_queue_comes_back_at_once() -> None:
    playout = Playout()
    playout.queue(FRAME, now=1.0)
    assert playout.mark("late", now=2.0) == ("late",)


def test_marks_come_back_in_their_order() -> None:
    playout = Playout()
    for name in ("a", "b"):
        playout.queue(SECOND, now=0.0)
        playout.mark(name, now=0.0)
    assert playout.due(5.0) == ("a", "b")


def test_clear_brings_all_pending_marks_back_and_silence() -> None:
    playout = Playout()
    playout.queue(10 * SECOND, now=0.0)
    playout.mark("a", now=0.0)
    playout.mark("b", now=0.0)
    assert playout.clear(now=1.0) == ("a", "b")
    assert playout.ends_at == 1.0
    assert playout.mark("barrier", now=1.0) == ("barrier",)


def test_audio_is_played_one_after_the_other_in_real_time() -> None:
    playout = Playout()
    playout.queue(SECOND, now=0.0)
    playout.queue(SECOND, now=0.1)
    assert playout.ends_at == 2.0


def test_after_a_silence_audio_is_played_as_it_arrives() -> None:
    playout = Playout()
    playout.queue(FRAME, now=0.0)
    playout.queue(FRAME, now=5.0)
    assert playout.ends_at == pytest.approx(5.02)


def test_ten_minutes_are_queued_and_no_more() -> None:
    playout = Playout()
    assert playout.queue(int(MOST_QUEUED_S + 1) * SECOND, now=0.0)
    assert not playout.queue(FRAME, now=0.0)
    assert playout.queue(FRAME, now=2.0)


def test_a_hole_in_a_sentence_is_a_late_frame() -> None:
    playout = Playout()
    playout.queue(FRAME, now=0.0)
    playout.queue(FRAME, now=0.041)  # due at 0.020
    assert (playout.frames, playout.late_frames) == (2, 1)


def test_a_little_jitter_is_not_late() -> None:
    playout = Playout()
    playout.queue(FRAME, now=0.0)
    playout.queue(FRAME, now=0.039)
    assert playout.late_frames == 0


def test_the_answer_to_the_caller_is_not_late() -> None:
    playout = Playout()
    playout.queue(FRAME, now=0.0)
    playout.caller_speaks()
    playout.queue(FRAME, now=3.0)
    assert playout.late_frames == 0


def test_asking_again_after_a_silence_is_not_late() -> None:
    playout = Playout()
    playout.queue(FRAME, now=0.0)
    playout.mark("end", now=0.0)
    playout.queue(FRAME, now=6.0)
    assert playout.late_frames == 0


def test_a_long_hole_before_any_mark_is_late() -> None:
    playout = Playout()
    playout.queue(FRAME, now=0.0)
    playout.queue(FRAME, now=6.0)
    assert playout.late_frames == 1


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
