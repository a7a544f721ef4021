"""The meaning engine has a say where the rules are silent, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from voicebot.business import answer_for, load_business
from voicebot.call import Step
from voicebot.collect.likeness import sentences
from voicebot.collect.meaning import UnderstandByMeaning, by_meaning
from voicebot.collect.understand import understand_by_rules
from voicebot.collect.understanding import (
    Ask,
    Asked,
    Provide,
    Reading,
    Situation,
    descriptions,
    read,
)
from voicebot.errors import SpeechUnavailable

DEMO = load_business(Path("demo"))
DESCRIBED = "that contraption upstairs is acting up"


class Nearest:
    """An engine to which every text is most like the phrases that hold `word`."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[str] = []
        self.phrases: list[str] = []

    async def compare(self, text: str, phrases: Sequence[str]) -> tuple[float, ...]:
        self.asked.append(text)
        self.phrases += phrases
        return tuple(0.95 if self.word in phrase else 0.85 for phrase in phrases)


class Late:
    """An engine that never answers."""

    async def compare(self, text: str, phrases: Sequence[str]) -> tuple[float, ...]:
        await asyncio.Event().wait()
        return ()


class Away:
    """An engine whose process is not there."""

    async def compare(self, text: str, phrases: Sequence[str]) -> tuple[float, ...]:
        raise SpeechUnavailable("no meaning")


def situation(step: Step = Step.SERVICE, asked: Asked = Asked.ANSWER) -> Situation:
    return Situation(step, datetime(2027, 3, 2, 9), asked, services=DEMO.services)


async def understood(text: str, engine: Nearest | Late | Away, where: Situation) -> Reading:
    understand = UnderstandByMeaning(engine, DEMO, understand_by_rules, bound_s=0.01)
    return await understand(text, where, read(text, where))


def service(done: Reading) -> str | None:
    found = (a.value for a in done.acts if isinstance(a, Provide) and a.step is Step.SERVICE)
    return next(found, None)


async def test_a_described_service_is_the_one_whose_description_is_nearest() -> None:
    assert service(read(DESCRIBED, situation())) is None
    assert service(await understood(DESCRIBED, Nearest("Plumbing"), situation())) == "Plumbing"


async def test_nothing_is_taken_where_another_trade_or_mere_talk_is_nearer() -> None:
    for other in ("locksmith", "the weather"):
        assert any(not key and other in text for key, text in descriptions(DEMO.services, "en"))
        assert service(await understood(DESCRIBED, Nearest(other), situation())) is None


@pytest.mark.parametrize("engine", [Late(), Away()])
async def test_the_rules_reading_stands_where_the_engine_is_late_or_away(
    engine: Late | Away,
) -> None:
    assert await understood(DESCRIBED, engine, situation()) == read(DESCRIBED, situation())


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("I need a plumber", situation()),
        ("how much is it", situation()),
        ("could I talk to a person", situation()),
        ("hang on a second", situation()),
        ("do you take cards", situation(Step.ADDRESS)),
        ("12 Wharf Road Parramatta", situation(Step.ADDRESS)),
        ("yes please", situation(asked=Asked.CONFIRM)),
    ],
)
async def test_it_is_not_asked_where_the_rules_know_or_no_service_is_open(
    text: str, where: Situation
) -> None:
    engine = Nearest("Plumbing")
    assert await understood(text, engine, where) == read(text, where)
    assert engine.asked == []


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (DESCRIBED, situation(Step.ADDRESS)),
        (DESCRIBED, situation(Step.TIME)),
        (f"yes {DESCRIBED}", situation(asked=Asked.CONFIRM)),
    ],
)
async def test_a_service_is_looked_for_only_where_it_is_asked_for(
    text: str, where: Situation
) -> None:
    engine = Nearest("Plumbing")
    assert service(await understood(text, engine, where)) == service(read(text, where))
    told = {text for offer, text in descriptions(DEMO.services, "en") if offer}
    assert told.isdisjoint(engine.phrases)


async def test_a_question_in_other_words_becomes_the_one_that_the_business_answers() -> None:
    text, where = "we own a rather jealous rottweiler", situation(Step.PHONE)
    plain = read(text, where)
    done = await understood(text, Nearest("dog"), where)
    (asked,) = (act for act in done.acts if isinstance(act, Ask))
    assert answer_for(asked.about, DEMO) == answer_for("are pets okay", DEMO)
    assert await understood(text, Nearest("hire"), where) == plain


async def test_it_is_warmed_with_every_description_and_no_words_of_a_caller() -> None:
    engine = Nearest("")
    await UnderstandByMeaning(engine, DEMO, understand_by_rules).warm()
    known = {text for _, text in descriptions(DEMO.services, "en")}
    assert known < set(engine.phrases)
    assert {form for answer in DEMO.answers for form in answer.ask} < set(engine.phrases)
    assert set(sentences("en")) < set(engine.phrases)
    assert set(engine.asked) == {""}


async def test_without_an_engine_the_rules_stay_as_they_are() -> None:
    async with by_meaning(None, DEMO, understand_by_rules) as understand:
        assert understand is understand_by_rules
