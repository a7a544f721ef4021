"""Measure how well callers are heard: recordings of people, and the synthetic clips that ship.

    python benchmarks/hearing.py [FOLDER ...] [--region US] [--keep FILE]

A FOLDER holds WAV files and a manifest.json, which lists them: `file`, `step` (what the bot has
asked for), and `reference` (the letters of what was spelled, or the digits of a number) or `text`
(all the words, of which the right value is read). `kind` and `what` name its row, `region` or
`locale` its country. Everything is heard by `voicebot hear`, and so as in a call.

    text right   the letters or the digits are those of the reference; words are not compared, as
                 a recogniser may write "4" or "four"
    value right  a call would take the value of the reference; wrong: it would take another one
    CER          wrong, missing and added characters for each 100 of the reference
    empty        nothing was heard
    CPU s        processor seconds of the recogniser for each clip, not its start
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from phonenumbers import SUPPORTED_REGIONS
from rapidfuzz.distance import Levenshtein

from voicebot.business import load_business
from voicebot.call import FIELDS, Step
from voicebot.collect.understanding import Correct, Provide, Situation, read, utterance
from voicebot.simulators import phone

SHIPPED = Path(phone.__file__).parent / "clips"
_STEP_OF = {"serv": "service"} | {step.value: step.value for step in FIELDS}
"""The step of a shipped clip, by a part of its name."""
_COUNTRY = {"UK": "GB"}
_FORM = (
    'it is a list like [{"file": "a.wav", "step": "name", "text": "My name is Ann Lee."}]; '
    "see docs/speech.md"
)
_HEAD = f"{'':28}clips  text right  value right   wrong     CER   empty   CPU s"


@dataclass
class Clip:
    """A recording: what was meant, and what came of it.

    reference  letters or digits; empty where all the words are known instead
    wanted     the right value; None: it has no value alone
    """

    folder: Path
    file: str
    step: str
    row: str
    reference: str
    wanted: str | None
    region: str | None
    heard: Mapping[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """Count the letters or digits of the reference that were heard wrong."""
        heard = self.heard["text"]
        if self.reference.isdigit():
            return Levenshtein.distance(utterance(heard, "en").numbers.digits(), self.reference)
        return Levenshtein.distance(letters(heard), self.reference)

    @property
    def value(self) -> str | None:
        """The value that a call would take."""
        return self.heard.get("value")


def main(arguments: Sequence[str]) -> int:
    """Hear the clips, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--region", default="US", help="of clips that name no country")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write what was heard")
    options = parser.parse_args(arguments)
    clips = [clip for folder in options.folders for clip in people(folder, options.region)]
    clips += shipped()
    asyncio.run(_hear(clips))
    if options.keep:
        options.keep.write_text("".join(_kept(clip) for clip in clips), "utf-8")
    print(_HEAD)
    for name in dict.fromkeys(clip.row for clip in clips):
        print(_line(name, [clip for clip in clips if clip.row == name]))
    print(_line("all", clips))
    return 0


def people(folder: Path, region: str) -> Iterator[Clip]:
    """Yield the clips of a folder whose manifest is described above; SystemExit where it is not."""
    for entry in _entries(folder / "manifest.json"):
        if entry["step"] not in FIELDS:
            continue
        place = entry.get("region") or entry.get("locale") or region
        place = _COUNTRY.get(place, place)
        country = place if place in SUPPORTED_REGIONS else None
        row = " ".join(str(entry[key]) for key in ("kind", "what") if key in entry)
        row = row or f"{folder.name} {entry['step']}"
        reference = entry.get("reference", "")
        if reference:
            wanted = _value_of(entry["step"], reference)
        else:
            wanted = _read(entry["step"], entry["text"], country)
        yield Clip(folder, entry["file"], entry["step"], row, reference, wanted, country)


def _entries(manifest: Path) -> list[dict[str, Any]]:
    try:
        read = json.loads(manifest.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SystemExit(f"cannot read {manifest} ({error}); {_FORM}") from error
    entries: list[dict[str, Any]] = read.get("clips", []) if isinstance(read, dict) else read
    for number, entry in enumerate(entries, start=1):
        lacks = [key for key in ("file", "step") if key not in entry]
        if not lacks and not ("reference" in entry or "text" in entry):
            lacks = ["text"]
        if lacks:
            raise SystemExit(f"{manifest}, entry {number} has no {' and no '.join(lacks)}; {_FORM}")
    return entries


def shipped() -> Iterator[Clip]:
    """Yield the synthetic clips that ship with the simulated phone and answer a question."""
    for entry in json.loads((SHIPPED / "manifest.json").read_text("utf-8")):
        part = next((part for part in _STEP_OF if part in entry["file"]), None)
        if part is not None:
            wanted = _read(step := _STEP_OF[part], entry["text"], None)
            yield Clip(SHIPPED, entry["file"], step, "synthetic", "", wanted, None)


def letters(text: str) -> str:
    """Return the letters of a text, in capitals."""
    return "".join(filter(str.isalpha, text.upper()))


def _value_of(step: str, reference: str) -> str | None:
    """Return the value of spelled letters or of a whole number; a street alone has none."""
    if step == Step.PHONE:
        return f"+1{reference}" if len(reference) == 10 else None
    return reference if step == Step.NAME else None


def _read(step: str, text: str, region: str | None) -> str | None:
    business = load_business(None)
    now = datetime.now(business.zone).replace(second=0, microsecond=0, tzinfo=None)
    situation = Situation(
        Step(step), now, region=region or business.region, services=business.services
    )
    acts = read(text, situation).acts
    values = (a.value for a in acts if isinstance(a, Provide | Correct) and a.step == step)
    return next(values, None)


async def _hear(clips: Iterable[Clip]) -> None:
    """Put what was heard into every clip; one command for each step and country."""
    order = sorted(clips, key=_kind)
    for (step, region), group in groupby(order, key=_kind):
        alike = list(group)
        where = ("--region", region) if region else ()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicebot", "hear", "--step", step, "--json", *where),
            *(str(clip.folder / clip.file) for clip in alike),
            stdin=DEVNULL, stdout=PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        for clip, line in zip(alike, out.splitlines(), strict=True):
            clip.heard = json.loads(line)


def _kind(clip: Clip) -> tuple[str, str]:
    return clip.step, clip.region or ""


def _line(name: str, clips: Sequence[Clip]) -> str:
    exact = [clip for clip in clips if clip.reference]
    errors = [clip.errors for clip in exact]
    valued = [clip for clip in clips if clip.wanted is not None]
    right = sum(_is_right(clip) for clip in valued)
    wrong = sum(clip.value is not None and not _is_right(clip) for clip in valued)
    told = f"{right}/{len(valued)}" if valued else "-"
    share = f"{errors.count(0) / len(exact):.0%}" if exact else "-"
    characters = sum(len(clip.reference) for clip in exact)
    cer = f"{100 * sum(errors) / characters:.1f}" if exact else "-"
    empty = sum(not clip.heard["text"] for clip in clips)
    cpu_s = sum(clip.heard["cpu_seconds"] for clip in clips) / len(clips)
    return f"{name:28}{len(clips):5}{share:>12}{told:>13}{wrong:8}{cer:>8}{empty:8}{cpu_s:8.2f}"


def _is_right(clip: Clip) -> bool:
    if clip.step != Step.NAME:
        return clip.value == clip.wanted
    return letters(clip.value or "") == letters(clip.wanted or "")


def _kept(clip: Clip) -> str:
    known = {"file": clip.file, "step": clip.step, "reference": clip.reference}
    return json.dumps(known | dict(clip.heard), ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
