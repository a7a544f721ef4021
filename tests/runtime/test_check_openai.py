"""The doctor asks OpenAI, as a call would."""

import pytest
from pydantic import SecretStr

from tests.simulators.openai.conftest import KEY, clips, served, simulator, url
from voicebot.runtime.check_openai import check_openai_services
from voicebot.runtime.findings import Finding, Level
from voicebot.settings import Engine, Settings
from voicebot.simulators.openai import Fault, FaultKind, Service, Simulator

__all__ = ["clips", "served", "simulator", "url"]


PATIENT: dict[str, object] = {
    "openai_hearing_deadline_s": 60.0,
    "openai_speech_deadline_ms": 60_000,
    "openai_deadline_ms": 60_000,
}
"""Long enough that no answer is late on a slow machine."""


def settings(url: str, **changes: object) -> Settings:
    keyed = {"openai_api_key": SecretStr(KEY), "openai_base_url": url, **PATIENT, **changes}
    return Settings.model_construct().model_copy(update=keyed)


async def asked(chosen: Settings) -> list[Finding]:
    return [finding async for finding in check_openai_services(chosen)]


def services(found: list[Finding], *levels: Level) -> list[str]:
    """The services of the findings with one of these levels, or of all."""
    return [f.text.partition(":")[0] for f in found if not levels or f.level in levels]


async def test_all_is_well_and_timed(url: str) -> None:
    found = await asked(settings(url))
    assert services(found) == ["key", "hearing", "speaking", "understanding"]
    assert services(found, Level.NOTE, Level.PROBLEM) == []
    assert all("ms" in f.text for f in found[1:])


async def test_a_refused_key_is_told_by_every_service(url: str) -> None:
    found = await asked(settings(url, openai_api_key=SecretStr("wrong")))
    assert len(services(found, Level.NOTE)) == len(found) == 4
    assert "key" in found[0].mend
    assert "wrong" not in " ".join(f.text for f in found)


async def test_a_model_that_is_not_there_is_named(url: str) -> None:
    found = await asked(settings(url, openai_model="gpt-3"))
    assert "gpt-3" in found[0].text
    assert found[0].level is Level.NOTE


@pytest.mark.parametrize("service", [Service.ANSWERS, Service.SPEECH])
async def test_one_service_that_is_broken_leaves_the_others(
    service: Service, url: str, simulator: Simulator
) -> None:
    simulator.faults.order(Fault(service=service, kind=FaultKind.SERVER_ERROR, times=2))
    assert len(services(await asked(settings(url)), Level.NOTE)) == 1


async def test_a_server_without_live_hearing_is_told(url: str, simulator: Simulator) -> None:
    simulator.faults.order(Fault(service=Service.HEARING, kind=FaultKind.NOT_FOUND))
    found = await asked(settings(url))
    assert services(found, Level.NOTE) == ["hearing"]


async def test_only_what_is_in_use_is_asked(url: str, simulator: Simulator) -> None:
    local = {"transcriber": Engine.LOCAL, "synthesizer": Engine.LOCAL}
    found = await asked(settings(url, **local))
    assert services(found) == ["key", "understanding"]
    assert simulator.served[Service.SPEECH] == 0
