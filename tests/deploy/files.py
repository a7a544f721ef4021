"""The files of deploy/, read as their tools read them, and their commands run as processes here."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DATA_DIR = "/var/lib/voicebot"
"""Where image, units and manifests keep the data."""

_VARIABLE = re.compile(r"\$\{(\w+)(?:(:?[-?])([^}]*))?\}")


def settings_of(example: str) -> dict[str, str]:
    """The assignments of a file like .env."""
    lines = (DEPLOY / example).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def composed(variables: Mapping[str, str]) -> dict[str, Any]:
    """compose.yaml with its variables filled in; raises KeyError for a required one."""

    def filled(part: Any) -> Any:
        match part:
            case dict():
                return {key: filled(value) for key, value in part.items()}
            case list():
                return [filled(value) for value in part]
            case str():
                return _VARIABLE.sub(lambda found: _filled(found, variables), part)
        return part

    return dict(filled(yaml.safe_load((DEPLOY / "compose.yaml").read_text())))


def _filled(found: re.Match[str], variables: Mapping[str, str]) -> str:
    name, how, default = found.groups()
    if how in ("-", "?", None):
        return variables[name] if how != "-" else variables.get(name, default)
    given = variables.get(name)
    if not given and how == ":?":
        raise KeyError(f"{name} is required")
    return given or default


def manifests(*names: str) -> list[dict[str, Any]]:
    """The objects of these files of deploy/kubernetes, of all without names."""
    folder = DEPLOY / "kubernetes"
    files = [folder / name for name in names] or sorted(folder.glob("*.yaml"))
    return [part for file in files for part in yaml.safe_load_all(file.read_text()) if part]


def unit(name: str) -> dict[str, list[str]]:
    """The assignments of a unit, by key; a key may be given several times."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / f"{name}.service").read_text().splitlines():
        key, is_set, value = line.partition("=")
        if is_set and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def runnable(words: list[str]) -> tuple[str, ...]:
    """The command of `voicebot …` for this checkout."""
    return (sys.executable, "-m", "voicebot", *words)
