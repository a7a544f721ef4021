"""Helpers for the tests of the doctor."""

from pathlib import Path

from voicebot.runtime.doctor import CHECKS
from voicebot.runtime.findings import Finding, Level
from voicebot.settings import Settings

UNSEEN = Path("/" + "a" * 300)
"""Even to ask whether it is there fails, as in a folder of another user."""


def settings(tmp_path: Path, **given: object) -> Settings:
    """Return defaults with `given`; the environment and .env do not matter."""
    return Settings(_env_file=None, data_dir=tmp_path / "data").model_copy(update=given)


async def all_found(subject: str, chosen: Settings) -> list[Finding]:
    """Return what the doctor finds on one subject."""
    return [finding async for finding in CHECKS[subject].findings(chosen)]


async def found(subject: str, tmp_path: Path, **given: object) -> Finding:
    """Return the only finding on one subject, with the defaults and `given`."""
    (finding,) = await all_found(subject, settings(tmp_path, **given))
    return finding


def levels(findings: list[Finding]) -> list[Level]:
    """Return the level of each finding."""
    return [finding.level for finding in findings]
