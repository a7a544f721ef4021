"""The installed wheel: what `pip install .` brings is enough to take calls and show them."""

import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from urllib.request import urlopen

import pytest
from packaging.requirements import Requirement

from tests.ports import free_port
from tests.serving import PATIENCE_S, environment, serving
from voicebot import __version__

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the wheel and what it requires, and nothing else.

    The requirements are links to what the tests run with, so no package index is asked.
    """
    home = tmp_path_factory.mktemp("wheel")
    source = home / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "voicebot", source / "voicebot", ignore=shutil.ignore_patterns("__pycache__")
    )
    environment = home / "venv"
    venv.create(environment, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    local = ["--no-index", "--no-deps"]
    subprocess.run(
        [*pip, "wheel", *local, "--no-build-isolation", "--wheel-dir", home, source], check=True
    )
    (wheel,) = home.glob("*.whl")
    python = environment / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", *local, wheel], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (bot,) = packages.glob("voicebot-*.dist-info")
    for name in required(Distribution.at(bot), set()):
        for top in {path.parts[0] for path in distribution(name).files or ()} - {".."}:
            there = Path(str(distribution(name).locate_file(top)))
            if there.exists() and not (packages / top).exists():
                (packages / top).symlink_to(there)
    return environment / "bin"


def required(of: Distribution, extras: set[str]) -> Iterator[str]:
    """Everything that a distribution requires here, with what that requires."""
    for requirement in map(Requirement, of.requires or ()):
        chosen = [{"extra": extra} for extra in extras | {""}]
        if requirement.marker is None or any(map(requirement.marker.evaluate, chosen)):
            yield requirement.name
            yield from required(distribution(requirement.name), requirement.extras)


def test_the_wheel_brings_every_file_of_the_package(installed: Path) -> None:
    (package,) = installed.parent.glob("lib/python*/site-packages/voicebot")
    assert files_of(package) == files_of(ROOT / "voicebot")


def test_the_version_is_the_programs_own_and_the_metadata_says_what_it_is(installed: Path) -> None:
    (found,) = installed.parent.glob("lib/python*/site-packages/voicebot-*.dist-info")
    bot = Distribution.at(found)
    typed = [str(installed / "voicebot"), "--version"]
    said = subprocess.run(typed, capture_output=True, text=True, check=True).stdout.strip()
    assert bot.version == said == __version__
    assert bot.metadata["License-Expression"] == "MIT"
    assert "Topic :: Communications :: Telephony" in bot.metadata.get_all("Classifier", [])


@pytest.mark.slow
@pytest.mark.valkey
def test_an_installed_wheel_serves_the_live_page_outside_the_repository(
    installed: Path, tmp_path: Path, redis_url: str
) -> None:
    env = environment(tmp_path / "data", free_port(), VOICEBOT_REDIS_URL=redis_url)
    env.pop("PYTHONPATH", None)
    with serving(env, tmp_path, command=(str(installed / "voicebot"), "serve")) as run:
        run.wait_until_ready()
        console = re.search(r"staff +(http://\S+)", run.said)
        assert console
        for page in ("/", "/docs", "/openapi.json", "/static/app.js", "/static/vendor/preact.js"):
            with urlopen(console[1] + page, timeout=PATIENCE_S) as reply:
                assert reply.read(), page
        assert run.answers()


def files_of(package: Path) -> set[str]:
    """Return the paths of a package's files, without Python's caches."""
    return {
        str(path.relative_to(package))
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
