"""The moments at which a delivery is tried again."""

from itertools import pairwise

import pytest

from voicebot.notify.delivery import LONGEST_RETRY_AFTER_S, MOST_ATTEMPTS, PAUSES_S, pause_s

EVEN = 0.5


def test_pauses_grow_over_about_a_day_and_then_end() -> None:
    pauses = [pause_s(n, EVEN) for n in range(1, MOST_ATTEMPTS)]
    assert pauses == list(PAUSES_S)
    assert all(earlier <= later for earlier, later in pairwise(PAUSES_S))
    assert 23 < sum(PAUSES_S) / 3600 < 25
    assert pause_s(MOST_ATTEMPTS, EVEN) is None


def test_chance_moves_a_pause_by_a_fifth_at_most() -> None:
    assert [pause_s(2, chance) for chance in (0.0, 1.0)] == pytest.approx([24.0, 36.0])


def test_a_receiver_may_ask_for_a_longer_pause_but_not_for_a_shorter_or_endless_one() -> None:
    assert pause_s(1, EVEN, retry_after_s=60) == 60
    assert pause_s(3, EVEN, retry_after_s=1) == 120
    assert pause_s(1, EVEN, retry_after_s=1e9) == LONGEST_RETRY_AFTER_S
