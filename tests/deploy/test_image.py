"""The Dockerfile: its commands build the wheel and start it, as the image does.

There is no Docker here. Folders of the image stand in a folder of the test, and libraries come from
the environment of the tests instead of from an index.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.files import DATA_DIR, DEPLOY, ROOT
from tests.ports import free_port
from tests.serving import environment, serving

pytestmark = pytest.mark.slow

TEXT = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
STAGES = [
    [line.split(" ", 1) for line in stage.splitlines() if re.match(r"[A-Z]+ ", line)]
    for stage in re.split(r"\nFROM .*", TEXT)[1:]
]
BUILD, IMAGE = STAGES


def of(stage: list[list[str]], word: str) -> list[str]:
    return [rest for name, rest in stage if name == word]


def test_the_image_runs_as_a_user_without_rights_who_owns_the_data() -> None:
    (user,), (making,) = of(IMAGE, "USER"), of(IMAGE, "RUN")
    uid, _, gid = user.partition(":")
    assert f"--uid {uid} --gid {gid} --home-dir {DATA_DIR} --create-home" in making
    assert of(IMAGE, "VOLUME") == of(IMAGE, "WORKDIR") == [DATA_DIR]
    assert of(IMAGE, "STOPSIGNAL") == ["SIGTERM"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that stands for the image's root, after the commands of the first stage."""
    root = tmp_path_factory.mktemp("image")
    source = root / "source"
    source.mkdir()
    kept = [line[1:] for line in ignored() if line.startswith("!")]
    for copied in of(BUILD, "COPY"):
        *names, _ = copied.split()
        for name in names:
            assert any(fnmatch.fnmatch(name, pattern) for pattern in kept), f"{name} is ignored"
            copy(ROOT / name, source / name)
    python = environment_with_our_libraries(root / "python")
    variables = dict(pair.split("=", 1) for pair in shlex.split(" ".join(of(BUILD, "ENV"))))
    (command,) = of(BUILD, "RUN")
    env = {
        **os.environ,
        **{name: value.replace("/source", str(source)) for name, value in variables.items()},
        "EXTRAS": "",
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
    }
    env.pop("PYTHONPATH", None)
    here = re.sub(r"(?<=[ \"])/(wheels|opt)", rf"{root}/\1", command)
    (root / "opt").mkdir()
    subprocess.run(["sh", "-ec", here], cwd=source, env=env, check=True)
    link_our_libraries(root / "opt" / "voicebot")
    return root


def ignored() -> list[str]:
    return (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()


def copy(here: Path, there: Path) -> None:
    if here.is_dir():
        shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(here, there)


def environment_with_our_libraries(at: Path) -> Path:
    """Return a virtual environment with the tests' libraries; its pip changes no other one."""
    subprocess.run([sys.executable, "-m", "venv", at], check=True)
    link_our_libraries(at)
    python = at / "bin" / "python"
    own = [str(python), "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"]  # it is older
    subprocess.run(own, check=True)
    return python


def link_our_libraries(environment: Path) -> None:
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "ours.pth").write_text("\n".join(site.getsitepackages()))


@pytest.mark.valkey
def test_what_the_image_starts_is_the_wheel_and_its_own_check_finds_it_healthy(
    installed: Path, tmp_path: Path
) -> None:
    python = installed / "opt" / "voicebot" / "bin" / "python"
    (entry,), (words,) = of(IMAGE, "ENTRYPOINT"), of(IMAGE, "CMD")
    started = [str(python.parent / json.loads(entry)[0]), *json.loads(words)]
    env = environment(
        tmp_path / "data",
        free_port(),
        VOICEBOT_STREAM_HOST="127.0.0.1",
        VOICEBOT_CONSOLE_PORT=str(free_port()),
    )
    env.pop("PYTHONPATH", None)
    where = [str(python), "-c", "import voicebot; print(voicebot.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(installed))
    (check,) = of(IMAGE, "HEALTHCHECK")
    program, *arguments = json.loads(check.partition("CMD ")[2])
    assert program == "python"
    ask = [str(python), *arguments]
    assert subprocess.run(ask, env=env, stderr=subprocess.DEVNULL, check=False).returncode != 0
    with serving(env, tmp_path, command=started) as run:
        run.wait_until_ready()
        assert subprocess.run(ask, env=env, check=False).returncode == 0
