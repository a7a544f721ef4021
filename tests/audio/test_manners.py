"""Spoken calls of people who talk in a way of their own, on the real stack."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.audio.conftest import Call, Exchange
from voicebot.call import FIELDS
from voicebot.simulators.phone import default_script

pytestmark = [pytest.mark.audio, pytest.mark.slow]

GROUPS = ("oh four one two | three four five | six seven eight",)


def script(folder: Path, **lines: tuple[str, ...]) -> Path:
    """The default caller, with other lines for some steps."""
    usual = default_script()
    told = {step.value: [line.text for line in usual.lines[step.value]] for step in FIELDS}
    told |= {key: [line.text for line in usual.lines[key]] for key in ("confirm", "no")}
    told["phone"] = [line for line in told["phone"] if line.endswith(".wav")]
    told |= {step: list(texts) for step, texts in lines.items()}
    path = folder / "caller.toml"
    path.write_text("".join(f"{key} = {texts!r}\n" for key, texts in told.items()))
    return path


@pytest.fixture(scope="module")
def dictated(exchange: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Call:
    path = script(tmp_path_factory.mktemp("groups"), phone=GROUPS)
    return asyncio.run(exchange.call("CA-in-groups", "--script", str(path)))


def test_who_dictates_in_groups_gets_a_sign_after_each_and_books(dictated: Call) -> None:
    assert dictated.code == 0, dictated.printed
    assert dictated.fields["user.userInfo.phone"] == "+61412345678", dictated.printed
    assert dictated.fields["servicebooked"] == "true"
    assert "no sign of the bot" not in dictated.printed
    asked = [m["message"] for m in dictated.history if "so far" in m["message"].casefold()]
    assert asked == [], "the turn stayed the caller's"
