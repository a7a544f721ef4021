"""What happens over the bot's words, with real voices, detection and recognition."""

from collections.abc import Sequence

import pytest

from tests.stream.interruptions import KINDS, Trial, played

pytestmark = [pytest.mark.audio, pytest.mark.slow]

TRIALS = 4
"""Of each kind; `python -m tests.stream.interruptions` plays a hundred."""
WORD_GROUP = 3
SILENT_MS = 300 + 200
"""After the caller's first sound: 200 ms after 300 ms of speech."""


@pytest.fixture(scope="module")
def trials() -> Sequence[Trial]:
    return played(KINDS, TRIALS)


def test_no_word_is_lost_to_what_is_no_interruption(trials: Sequence[Trial]) -> None:
    for trial in trials:
        if not trial.kind.startswith("words"):
            assert trial.whole, trial
            assert not trial.answered, trial


def test_the_bots_echo_does_not_even_stop_it(trials: Sequence[Trial]) -> None:
    assert not [t for t in trials if t.kind.startswith("echo") and t.clears]


def test_who_interrupts_is_heard_and_the_bot_is_silent_at_once(trials: Sequence[Trial]) -> None:
    for trial in trials:
        if trial.kind.startswith("words"):
            assert trial.answered, trial
            assert trial.silent_ms is not None
            assert trial.silent_ms <= SILENT_MS, trial
            assert trial.off_words is not None
            assert abs(trial.off_words) <= WORD_GROUP, trial
