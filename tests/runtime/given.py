"""What the tests of the doctor share."""

from __future__ import annotations

from pathlib import Path

from voicebot.runtime.start_checks import Finding, Level
from voicebot.settings import Settings


def settings(tmp_path: Path, **given: object) -> Settings:
    """As told; the environment and .env do not matter."""
    return Settings(_env_file=None, data_dir=tmp_path / "data").model_copy(update=given)


def problems(found: list[Finding]) -> list[str]:
    """The subjects of what would stop a call."""
    return [f.subject for f in found if f.state is Level.PROBLEM]
