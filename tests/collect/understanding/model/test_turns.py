"""The table of turns: read over real sockets, by a simulator that knows it, honest and not."""

from __future__ import annotations

import pytest

from tests.collect.understanding.model.turns import (
    TURNS,
    all_unread,
    opened,
    right,
    situation,
    told,
)
from tests.simulators.openai.conftest import clips, served, simulator, url
from voicebot.collect.understanding import Asked, Correct, Provide, consents, read
from voicebot.collect.understanding.model.claims import KINDS
from voicebot.collect.understanding.model.proof import is_unread
from voicebot.simulators.openai import Fault, FaultKind, Service, Simulator

__all__ = ["clips", "served", "simulator", "url"]


def test_the_table_has_forty_turns_of_every_kind() -> None:
    assert len(TURNS) >= 40
    kinds = {act["act"] for turn in TURNS.values() for act in turn["acts"]}
    assert kinds >= KINDS.keys() - {"greet", "thank", "leave"}
    assert {turn["asked"] for turn in TURNS.values()} == set(Asked)
    assert any(not turn["acts"] for turn in TURNS.values())


def test_the_rules_leave_most_of_it_unread() -> None:
    asked = [
        said
        for said, turn in TURNS.items()
        if is_unread(read(said, situation(turn)), said, situation(turn))
    ]
    assert len(asked) > 0.8 * len(TURNS)


async def test_every_right_act_is_let_through(url: str, simulator: Simulator) -> None:
    async with opened(url) as understand:
        for said, turn in TURNS.items():
            where = situation(turn)
            done = await understand(said, where, all_unread(said, where))
            if turn["acts"]:
                assert told(done) == right(turn), said
            else:
                assert done == all_unread(said, where), said
    assert simulator.served[Service.ANSWERS] == len(TURNS)


@pytest.mark.parametrize("kind", [FaultKind.INVENTED, FaultKind.UNKNOWN_ACT])
async def test_a_model_that_lies_gives_no_value_and_no_yes(
    kind: FaultKind, url: str, simulator: Simulator
) -> None:
    simulator.faults.order(Fault(service=Service.ANSWERS, kind=kind, times=len(TURNS)))
    async with opened(url) as understand:
        for said, turn in TURNS.items():
            where = situation(turn)
            unread = all_unread(said, where)
            done = await understand(said, where, unread)
            values = [act for act in done.acts if isinstance(act, Provide | Correct) and act.value]
            assert not values, said
            assert not consents(done, where), said
            assert kind is not FaultKind.UNKNOWN_ACT or done == unread, said
    assert simulator.served[Service.ANSWERS] >= 2  # then the breaker may spare the rest
