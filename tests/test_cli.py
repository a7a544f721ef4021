"""The command line: help that teaches, commands found where they live, errors in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voicebot.cli import COMMANDS, program

HEAVY = ("redis", "websockets", "fastapi", "numpy", "onnxruntime", "openai", "pydantic")


def voicebot(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "voicebot", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def test_a_bare_voicebot_teaches_and_succeeds() -> None:
    result = CliRunner().invoke(program(None), [])
    assert result.exit_code == 0
    assert "voicebot serve --local" in result.stdout
    assert all(summary in result.stdout for _, summary in COMMANDS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(program(name), [name, "--help"])
    assert result.exit_code == 0
    examples = [line for line in result.stdout.splitlines() if f"  voicebot {name}" in line]
    assert examples, "its help shows how it is typed"


def test_the_help_imports_none_of_the_heavy_libraries() -> None:
    code = f"import sys, voicebot.cli as c; c.program(None); print(set(sys.modules) & {set(HEAVY)})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(program("dance"), ["dance"]).exit_code == 2


def test_our_own_error_is_one_line_and_exit_1(tmp_path: Path) -> None:
    told = voicebot("show", "not a callSid", cwd=tmp_path)
    assert told.returncode == 1
    assert told.stderr.startswith("voicebot: callSid must be")
    assert told.stderr.count("\n") == 1


def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path) -> None:
    told = voicebot("show", "CA1", cwd=tmp_path, VOICEBOT_CONSOLE_PORT="many")
    assert told.returncode == 1
    assert "VOICEBOT_CONSOLE_PORT" in told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize("gone", ["BrokenPipeError()", "ExceptionGroup('', [BrokenPipeError()])"])
def test_a_reader_that_has_seen_enough_is_no_failure_of_ours(gone: str) -> None:
    code = f"""
import sys
from voicebot import cli

def command():
    sys.stdout.reconfigure(write_through=False)
    sys.stdout.write("what is flushed at the exit")
    raise {gone}

cli.program = lambda asked: command
cli.app()
"""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")
