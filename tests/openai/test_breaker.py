"""The breaker of an OpenAI service."""

import pytest

from voicebot.breaker import Breaker
from voicebot.openai import Failure, Service, openai_breaker
from voicebot.openai.failures import POLICY


class Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def breaker(watch: Watch) -> Breaker:
    return openai_breaker(Service.SPEAKING, watch)


def test_two_outages_in_a_row_open_it_and_an_answer_between_does_not(breaker: Breaker) -> None:
    breaker.failed(Failure.LATE)
    breaker.answered()
    breaker.failed(Failure.LATE)
    assert breaker.allows()
    breaker.failed(Failure.SERVER_ERROR)
    assert not breaker.allows()


@pytest.mark.parametrize("failure", [f for f in Failure if f.lasts])
def test_what_waiting_does_not_mend_opens_it_at_once_and_for_long(
    failure: Failure, breaker: Breaker, watch: Watch
) -> None:
    breaker.failed(failure)
    watch.now += POLICY.lasting_pause_s - 1
    assert not breaker.allows()


@pytest.fixture
def trial(breaker: Breaker, watch: Watch) -> Breaker:
    """A breaker that has let one request through after its first pause."""
    for _ in range(50):  # all who were under way are one outage
        breaker.failed(Failure.LATE)
    assert not breaker.allows()
    watch.now += POLICY.first_pause_s
    assert breaker.allows()
    assert not breaker.allows()
    return breaker


def test_a_trial_that_is_answered_closes_it(trial: Breaker) -> None:
    trial.answered()
    assert trial.allows()
    assert trial.allows()


def test_a_trial_that_fails_makes_the_pause_longer(trial: Breaker, watch: Watch) -> None:
    trial.failed(Failure.LATE)
    watch.now += POLICY.first_pause_s
    assert not trial.allows()
    watch.now += POLICY.first_pause_s
    assert trial.allows()


def test_a_trial_that_was_given_up_does_not_keep_it_open(trial: Breaker, watch: Watch) -> None:
    watch.now += POLICY.trial_s
    assert trial.allows()


@pytest.mark.parametrize("failure", [f for f in Failure if not f.is_outage])
def test_an_answer_of_no_use_is_no_outage(failure: Failure, breaker: Breaker) -> None:
    for _ in range(5):
        breaker.failed(failure)
    assert breaker.allows()
