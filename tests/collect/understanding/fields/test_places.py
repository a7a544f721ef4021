"""Every list of the words of addresses is read in its own example."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.resources import files

import pytest

from voicebot.call import Step
from voicebot.collect.understanding import Provide, Situation, fields, read

PLACES = tomllib.loads(files(fields).joinpath("places.toml").read_text("utf-8"))
AND_STATES = {**PLACES, **{f"state.{region}": entry for region, entry in PLACES["state"].items()}}
AND_STATES.pop("state")


def names(entry: Mapping[str, str]) -> Iterator[str]:
    """Return the words of a list, or its phrases."""
    yield from entry["names"].split(",") if "names" in entry else entry["words"].split()


@pytest.mark.parametrize("name", AND_STATES)
def test_the_example_of_a_list_holds_one_of_its_words(name: str) -> None:
    example = AND_STATES[name]["example"].lower()
    words = example.replace(",", " ").replace(".", " ").split()
    said = {" ".join(words[n:end]) for n in range(len(words)) for end in range(n, len(words) + 1)}
    inside = {word[len(word.rstrip("abcdefgh")) :] for word in words}
    assert {each.strip() for each in names(AND_STATES[name])} & (said | inside)


@pytest.mark.parametrize("name", AND_STATES)
def test_the_example_of_a_list_is_read_as_its_line(name: str) -> None:
    entry = AND_STATES[name]
    situation = Situation(Step.ADDRESS, datetime(2027, 3, 2), region=entry.get("region", "AU"))
    acts = read(entry["example"], situation).acts
    provided = [act for act in acts if isinstance(act, Provide) and act.step is Step.ADDRESS]
    assert "".join(act.value or act.partial or "" for act in provided) == entry["line"]
