"""The doctor asks OpenAI, as a call would."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from tests.simulators.openai.conftest import KEY, clips, served, simulator, url
from voicebot.runtime.doctor import check_vendor
from voicebot.runtime.start_checks import Finding, Level
from voicebot.settings import Engine, Settings
from voicebot.simulators.openai.simulator import Fault, FaultKind, Service, Simulator

__all__ = ["clips", "served", "simulator", "url"]


PATIENT: dict[str, object] = {
    "openai_hearing_deadline_s": 60.0,
    "openai_speech_deadline_ms": 60_000,
    "openai_deadline_ms": 60_000,
}
"""Who answers at once is not late, however slow the machine."""


def settings(url: str, **changes: object) -> Settings:
    keyed = {"openai_api_key": SecretStr(KEY), "openai_base_url": url, **PATIENT, **changes}
    return Settings.model_construct().model_copy(update=keyed)


def notes(found: list[Finding]) -> list[str]:
    return [f.subject for f in found if f.state is not Level.OK]


async def test_all_is_well_and_timed(url: str) -> None:
    found = await check_vendor(settings(url))
    assert [f.subject for f in found] == ["OpenAI key", "hearing", "speaking", "understanding"]
    assert notes(found) == []
    assert all("ms" in f.text for f in found[1:])


async def test_a_refused_key_is_told_by_every_service(url: str) -> None:
    found = await check_vendor(settings(url, openai_api_key=SecretStr("wrong")))
    assert len(notes(found)) == len(found) == 4
    assert "key" in found[0].mend
    assert "wrong" not in " ".join(f.text for f in found)


async def test_a_model_that_is_not_there_is_named(url: str) -> None:
    found = await check_vendor(settings(url, openai_model="gpt-3"))
    assert "gpt-3" in found[0].text
    assert found[0].state is Level.NOTE


@pytest.mark.parametrize("service", [Service.ANSWERS, Service.SPEECH])
async def test_one_service_that_is_broken_leaves_the_others(
    service: Service, url: str, simulator: Simulator
) -> None:
    simulator.faults.order(Fault(service=service, kind=FaultKind.SERVER_ERROR, times=2))
    assert len(notes(await check_vendor(settings(url)))) == 1


async def test_a_server_without_live_hearing_is_told(url: str, simulator: Simulator) -> None:
    simulator.faults.order(Fault(service=Service.HEARING, kind=FaultKind.NOT_FOUND))
    found = await check_vendor(settings(url))
    assert notes(found) == ["hearing"]


async def test_only_what_is_in_use_is_asked(url: str, simulator: Simulator) -> None:
    local = {"transcriber": Engine.LOCAL, "synthesizer": Engine.LOCAL}
    found = await check_vendor(settings(url, **local))
    assert [f.subject for f in found] == ["OpenAI key", "understanding"]
    assert simulator.served[Service.SPEECH] == 0
