"""How well the rules understand: exact values by field and kind, and the time they take.

    python benchmarks/accuracy.py CASES_DIR [--hold FILE]

CASES_DIR holds cases as JSON Lines and `score.py`, which alone decides what is right; nothing of
it is read into the project. Whole calls (cases with turns) are left to their own runner. The exit
status is 1 when a figure is worse than the one held in `accuracy.toml` beside this file.

The time is that of one thread on its processor, so that busy neighbours do not show in it.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

from voicebot.collect.understanding.extract import extract

_HELD = Path(__file__).with_suffix(".toml")
_SCORER = "score.py"
_GROUPS = ("ALL", "step", "kind", "lang", "utterance")
_ROUNDS = 3
_WORST_SHARE = 0.99


def main(arguments: Sequence[str]) -> int:
    """Score, print, compare; 1 when a held figure is missed, 2 when there are no cases."""
    options = _options(arguments)
    files = [path for path in sorted(options.cases.glob("*.jsonl")) if not _is_calls(path)]
    scorer = options.cases / _SCORER
    if not files or not scorer.is_file():
        print(f"no cases with a {_SCORER} in {options.cases}", file=sys.stderr)
        return 2
    lines = [line for path in files for line in path.read_bytes().splitlines() if line.strip()]
    groups = _score(scorer, files, lines)
    microseconds = _timed(lines)
    _print(groups, microseconds)
    missed = _missed(groups, microseconds, tomllib.loads(options.hold.read_text("utf-8")))
    for line in missed:
        print(line, file=sys.stderr)
    return 1 if missed else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", type=Path, metavar="CASES_DIR")
    parser.add_argument("--hold", type=Path, metavar="FILE", default=_HELD, help="figures to keep")
    return parser.parse_args(arguments)


def _is_calls(path: Path) -> bool:
    with path.open("rb") as file:
        return b'"turns"' in file.readline()


Group = dict[str, float | None]


def _score(scorer: Path, files: Sequence[Path], lines: Sequence[bytes]) -> dict[str, Group]:
    """The scorer's figures for what is understood now."""
    with tempfile.NamedTemporaryFile("wb", suffix=".jsonl") as predictions:
        predictions.writelines(line + b"\n" for line in extract(lines))
        predictions.flush()
        command = [sys.executable, str(scorer), predictions.name, *map(str, files), "--json"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    groups: dict[str, Group] = json.loads(done.stdout)["groups"]
    return groups


def _timed(lines: Sequence[bytes]) -> list[float]:
    """Microseconds for each utterance, sorted: from a line of JSON to a line of JSON."""
    spent: list[float] = []
    gc.disable()
    for _ in range(_ROUNDS):
        for line in lines:
            begun = time.thread_time_ns()
            next(extract([line]))
            spent.append((time.thread_time_ns() - begun) / 1000)
        gc.collect()
    gc.enable()
    return sorted(spent)


def _print(groups: dict[str, Group], microseconds: Sequence[float]) -> None:
    print(f"{'':28} {'cases':>6} {'exact':>7} {'wrong of returned':>18} {'false accepts':>14}")
    for name, group in groups.items():
        if name.partition("=")[0] in _GROUPS:
            wrong = _wrong(group)
            accepts = group["false_accept_rate"]
            shares = f"{_percent(wrong):>18} {_percent(accepts):>14}"
            print(f"{name:28} {group['n']:>6} {_percent(group['accuracy']):>7} {shares}")
    middle, worst = microseconds[len(microseconds) // 2], _worst(microseconds)
    print(f"\nan utterance takes {middle:.0f} us (median), {worst:.0f} us (99 of 100)")


def _wrong(group: Group) -> float | None:
    precision = group["precision"]
    return None if precision is None else 1 - precision


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _worst(microseconds: Sequence[float]) -> float:
    return microseconds[int(len(microseconds) * _WORST_SHARE)]


def _missed(
    groups: dict[str, Group], microseconds: Sequence[float], held: dict[str, dict[str, float]]
) -> list[str]:
    """What is worse than the figures held."""
    missed = [
        f"{name}: {_percent(groups.get(name, {}).get('accuracy'))} exact, held {_percent(least)}"
        for name, least in held["exact"].items()
        if (groups.get(name, {}).get("accuracy") or 0.0) < least
    ]
    limits = held["limits"]
    whole = groups["ALL"]
    if (_wrong(whole) or 0.0) > limits["wrong_of_returned"]:
        missed.append(f"wrong of returned: {_percent(_wrong(whole))}")
    if (whole["false_accept_rate"] or 0.0) > limits["false_accepts"]:
        missed.append(f"false accepts: {_percent(whole['false_accept_rate'])}")
    if _worst(microseconds) > limits["p99_us"]:
        missed.append(f"99 of 100 utterances: {_worst(microseconds):.0f} us")
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
