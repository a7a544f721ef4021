"""Business files: examples that load, mistakes told by line, the schema and the reference page."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from voicebot.business import EXAMPLES, Business, Visit, example_text, load_business, reference
from voicebot.call import Step
from voicebot.cli import program
from voicebot.collect.wording import load_wording
from voicebot.errors import SettingsError, VoicebotError

PAGE = (Path(__file__).parents[2] / "docs" / "business.md").read_text("utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
SMALLEST = BLOCKS[0]
SCHEMA: dict[str, Any] = json.loads(
    files("voicebot").joinpath("business/schema.json").read_text("utf-8")
)


def told(tmp_path: Path, text: str) -> str:
    """Load a file with an error in it, and return the message without the path."""
    path = tmp_path / "business.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as error:
        load_business(path)
    return str(error.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_found_by_its_name_and_can_be_spoken(name: str) -> None:
    business = load_business(Path(name))
    load_wording(business)
    assert business.answers
    assert business.emergencies


def test_the_examples_are_a_customer_visited_a_clinic_and_a_chinese_business() -> None:
    demo, clinic, chinese = (load_business(Path(name)) for name in EXAMPLES)
    assert demo == load_business(None)
    assert (demo.visit, clinic.visit) == (Visit.THEIRS, Visit.OURS)
    assert Step.ADDRESS not in clinic.ask
    assert clinic.closed
    assert chinese.language == "zh-CN"


def test_the_reference_on_the_page_is_the_models_own() -> None:
    """`make docs` writes it."""
    assert PAGE.endswith(f"-->\n\n{reference()}")


def test_the_reference_tells_every_key_with_its_description() -> None:
    told = reference()
    tables = [SCHEMA, *(one for one in SCHEMA["$defs"].values() if "properties" in one)]
    keys = [(key, field) for table in tables for key, field in table["properties"].items()]
    assert len(keys) > 30
    for key, field in keys:
        assert f"| `{key}` |" in told
        assert " ".join(field["description"].split()) in told, key


def test_a_path_of_an_examples_name_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dental").write_text(SMALLEST, "utf-8")
    assert load_business(tmp_path / "dental").company.id == "bright-windows"
    assert load_business(Path("dental")).company.id == "northgate-dental"


def test_a_file_that_is_missing_names_the_examples(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="demo, dental, zh-home"):
        load_business(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        (
            SMALLEST.replace('name = "Window cleaning"', 'name = "W"\nsynonims = ["panes"]'),
            "line 8: services, number 1, synonims is not known here; did you mean synonyms?",
        ),
        (
            f"[suprise]\nx = 1\n{SMALLEST}[bookings]\nslot_minutes = 60\n",
            "bookings is not known here; did you mean booking?",
        ),
        (
            SMALLEST.replace('id = "windows"\n', ""),
            'line 5: services, number 1, id is missing; add for example id = "windows"',
        ),
        (
            SMALLEST.replace("17:00", "5pm"),
            "line 10: hours, monday, number 1, closes must be a time like \"09:30\", not '5pm'",
        ),
        (
            'closed = [\n  "2026-12-25",\n  "2026-13-01",\n]\n' + SMALLEST,
            "line 3: closed, number 2 must be a date like 2026-03-02, not '2026-13-01'",
        ),
        (
            "closed = [{ from = 2026-12-25, to = 2026-12-24 }]\n" + SMALLEST,
            "line 1: closed, number 1 ends before it begins",
        ),
        (
            'visit = "us"\n' + SMALLEST,
            "line 1: visit must be 'theirs' or 'ours', not 'us'",
        ),
        (
            'optional = ["time"]\n' + SMALLEST,
            "line 1: optional must not hold time: it is what is booked",
        ),
        (
            'ask = ["name", "time"]\noptional = ["email"]\n' + SMALLEST,
            "line 2: optional holds email, which `ask` leaves out: add it there, or drop it",
        ),
        (
            SMALLEST + '[[services]]\nid = "Windows"\nname = "Frames"\n',
            "services holds the id 'windows' twice: give each service one of its own",
        ),
        (
            SMALLEST + "[[answers]]\nask = []\nsay = '''\nTwo\nlines'''\n",
            "line 12: answers, number 1, ask",
        ),
        (
            SMALLEST + 'region = "GB"\n',
            "friday, saturday, sunday; region stands above the first [table]",
        ),
        (
            SMALLEST + "[booking]\nclosed = []\n",
            "line 12: booking, closed is not known here; closed stands above the first [table]",
        ),
        ("", "company is missing; add it; hours is missing; add it; services is missing; add it"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_mend(
    tmp_path: Path, wrong: str, mend: str
) -> None:
    assert mend in told(tmp_path, wrong)


def test_mistakes_are_told_in_the_order_of_the_lines(tmp_path: Path) -> None:
    wrong = SMALLEST.replace("17:00", "5pm").replace('name = "Bright Windows"\n', "")
    lines = [int(line) for line in re.findall(r"line (\d+):", told(tmp_path, wrong))]
    assert lines == [1, 9]


def test_a_list_whose_entries_are_wrong_is_not_said_to_have_none(tmp_path: Path) -> None:
    wrong = SMALLEST.replace('name = "Window cleaning"', 'name = "W"\nsynonims = ["panes"]')
    assert "1 or more" not in told(tmp_path, wrong)
    assert "1 or more" in told(
        tmp_path, 'services = []\n[company]\nid = "b"\nname = "B"\n[hours]\n'
    )


def test_each_mistake_of_a_long_file_is_told(tmp_path: Path) -> None:
    services = "".join(f'[[services]]\nid = "s{n}"\nnam = "S"\n' for n in range(60))
    said = told(tmp_path, f'[company]\nid = "b"\nname = "B"\n{services}[hours]\n')
    assert "line 183: services, number 60, nam is not known here; did you mean name?" in said


def test_the_schema_that_ships_is_that_of_the_program() -> None:
    result = CliRunner().invoke(program("business"), ["business", "--schema"])
    assert json.loads(result.stdout) == SCHEMA, "voicebot business --schema >…/schema.json"


def test_every_key_has_a_description_in_the_schema() -> None:
    tables = [SCHEMA, *(t for t in SCHEMA["$defs"].values() if "properties" in t)]
    bare = [key for t in tables for key, p in t["properties"].items() if "description" not in p]
    assert not bare


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_the_reference_page_loads(block: str) -> None:
    whole = tomllib.loads(SMALLEST) | tomllib.loads(block)
    load_wording(Business.model_validate(whole))


def test_the_reference_page_shows_every_key_with_its_default() -> None:
    reference = max(BLOCKS, key=len)
    shown = keys_of(tomllib.loads(reference), SCHEMA)
    tables = {"": SCHEMA} | {n: t for n, t in SCHEMA["$defs"].items() if "properties" in t}
    expected = {(name, key) for name, table in tables.items() for key in table["properties"]}
    assert shown == expected
    for table in tables.values():
        for key, known in table["properties"].items():
            default = known.get("default")
            if isinstance(default, int | str) and default:
                written = f'"{default}"' if isinstance(default, str) else str(default)
                assert re.search(rf"^{key} = .*\[{re.escape(written)}\]", reference, re.M), key


def keys_of(value: dict[str, Any], node: dict[str, Any], name: str = "") -> set[tuple[str, str]]:
    """The keys of a file, each with the name of its table in the schema."""
    found: set[tuple[str, str]] = set()
    for key, inner in value.items():
        if key not in node.get("properties", {}):
            continue
        found.add((name, key))
        below = node["properties"][key]
        below = below.get("items") or below.get("additionalProperties") or below
        below = below if isinstance(below, dict) else {}
        below = below.get("items", below)
        ref = below.get("$ref", "").rpartition("/")[2]
        groups = inner.values() if key == "hours" else [inner]
        for group in groups if ref else ():
            for one in group if isinstance(group, list) else [group]:
                if isinstance(one, dict):
                    found |= keys_of(one, SCHEMA["$defs"][ref], ref)
    return found


def test_the_command_checks_a_file_and_prints_what_to_begin_with(tmp_path: Path) -> None:
    path = tmp_path / "business.toml"
    run = CliRunner().invoke
    path.write_text(run(program("business"), ["business", "--example", "dental"]).stdout, "utf-8")
    assert path.read_text("utf-8") == example_text("dental")
    right = run(program("business"), ["business", str(path)])
    assert right.exit_code == 0
    assert "Northgate Dental" in right.stdout
    assert "note" not in right.stdout
    path.write_text(SMALLEST.replace("[hours]", "capacity = 2\n[hours]"), "utf-8")
    in_vain = "note: Window cleaning: only 1 at a time by the capacity of [booking]"
    assert in_vain in run(program("business"), ["business", str(path)]).stdout
    path.write_text(path.read_text("utf-8") + '[wording]\n"no.such" = "line"\n', "utf-8")
    assert isinstance(run(program("business"), ["business", str(path)]).exception, VoicebotError)
