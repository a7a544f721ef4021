"""The breaker of an OpenAI service."""

from __future__ import annotations

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


def test_one_outage_is_an_accident_two_in_a_row_open_it(breaker: Breaker) -> None:
    breaker.failed(Failure.LATE)
    assert breaker.allows()
    breaker.failed(Failure.SERVER_ERROR)
    assert not breaker.allows()


def test_an_answer_between_two_outages_makes_them_accidents(breaker: Breaker) -> None:
    breaker.failed(Failure.LATE)
    breaker.answered()
    breaker.failed(Failure.LATE)
    assert breaker.allows()


@pytest.mark.parametrize("failure", [f for f in Failure if f.lasts])
def test_what_waiting_does_not_mend_opens_it_at_once_and_for_long(
    failure: Failure, breaker: Breaker, watch: Watch
) -> None:
    breaker.failed(failure)
    watch.now += POLICY.lasting_pause_s - 1
    assert not breaker.allows()


def test_after_the_pause_one_asker_tries_for_all(breaker: Breaker, watch: Watch) -> None:
    breaker.failed(Failure.LATE)
    breaker.failed(Failure.LATE)
    watch.now += POLICY.first_pause_s
    assert breaker.allows()
    assert not breaker.allows()
    breaker.answered()
    assert breaker.allows()


def test_a_trial_that_fails_makes_the_pause_longer(breaker: Breaker, watch: Watch) -> None:
    breaker.failed(Failure.LATE)
    breaker.failed(Failure.LATE)
    watch.now += POLICY.first_pause_s
    assert breaker.allows()
    breaker.failed(Failure.LATE)
    watch.now += POLICY.first_pause_s
    assert not breaker.allows()
    watch.now += POLICY.first_pause_s
    assert breaker.allows()


def test_a_trial_that_was_given_up_does_not_keep_it_open(breaker: Breaker, watch: Watch) -> None:
    breaker.failed(Failure.LATE)
    breaker.failed(Failure.LATE)
    watch.now += POLICY.first_pause_s
    assert breaker.allows()
    watch.now += POLICY.trial_s
    assert breaker.allows()


@pytest.mark.parametrize("failure", [f for f in Failure if not f.is_outage])
def test_an_answer_of_no_use_is_no_outage(failure: Failure, breaker: Breaker) -> None:
    for _ in range(5):
        breaker.failed(failure)
    assert breaker.allows()


def test_fifty_who_were_under_way_are_one_outage(breaker: Breaker, watch: Watch) -> None:
    for _ in range(50):
        breaker.failed(Failure.LATE)
    watch.now += POLICY.first_pause_s
    assert breaker.allows()
