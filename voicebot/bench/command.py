"""`voicebot bench`: measure, show and store the figures."""

import asyncio
import json as json_text
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from signal import SIGTERM, default_int_handler, signal
from tempfile import TemporaryDirectory
from typing import Annotated, Final, cast

import typer
from rich.console import Console

from voicebot.bench.figures import joined, machine
from voicebot.bench.report import Parts, comparison, draw, draw_stages, result, show
from voicebot.bench.report import knee as find_knee
from voicebot.bench.run import Measured, Plan, Progress, measure
from voicebot.bench.servers import StackKind
from voicebot.errors import SettingsError
from voicebot.log import configure
from voicebot.settings import SaveMode

PAIRS: Final = 3
"""Runs of each side in a comparison; the order within a pair alternates."""

MOST_STEPS: Final = 8
"""Of a ramp: 128 times the calls of the first."""

_INTERRUPTED: Final = 130
"""A shell's exit code for Ctrl-C."""


class Against(StrEnum):
    """The save mode that is compared with saving in real time."""

    BATCH = "batch"


Knee = Annotated[
    bool, typer.Option(help="Double the calls from --calls on until they are not carried well.")
]
Soak = Annotated[
    float | None,
    typer.Option(min=0.1, metavar="MINUTES", help="Run so long, and tell how memory grew."),
]
OtherServer = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Call another server of the provider's dialect, at its stream address (ws://…), and "
        "start none. Only what the phones hear is measured.",
    ),
]


def bench(
    calls: Annotated[int, typer.Option(min=1, help="Calls at once.")] = 10,
    seconds: Annotated[float, typer.Option(min=1, help="Duration of each run.")] = 60,
    stack: Annotated[
        StackKind,
        typer.Option(
            help="null: no models, the server's own cost. local: Whisper and Piper. openai-sim: "
            "the OpenAI stack against a stand-in with realistic latencies."
        ),
    ] = StackKind.NULL,
    workers: Annotated[
        int, typer.Option(min=1, help="Stream processes that share the calls, as of `serve`.")
    ] = 1,
    json: Annotated[
        Path | None,
        typer.Option(
            "--json", help="Store the figures here, and a picture beside them.", metavar="FILE"
        ),
    ] = None,
    knee: Knee = False,
    soak: Soak = None,
    against: OtherServer = None,
    compare: Annotated[
        Against | None,
        typer.Option(
            help=f"Run {PAIRS} interleaved pairs in both save modes and report how far the "
            "medians lie apart."
        ),
    ] = None,
) -> None:
    """Measure latency under simulated calls, on its own servers.

    \b
    Starts `voicebot serve` with an embedded Valkey on free ports and in a temporary directory,
    keeps so many calls up at once, and prints
      turn latency     the caller's last voiced sample to the bot's first frame at the phone
      server latency   the decision that the turn is over to the first frame, without models
      commit           one commit to Valkey, as the conversation waits for it
      event loop lag   how late the stream server's loop wakes
    and the share of bot frames that came late, processor and memory per call. A call that does
    not end in a booking is an error.

    \b
    voicebot bench                                        ten calls without models
    voicebot bench --calls 50 --json bench-out/null.json  figures and a picture
    voicebot bench --calls 4 --stack local                with speech models
    voicebot bench --stack openai-sim --calls 50          what we add to OpenAI's latency
    voicebot bench --compare batch                        the cost of saving in real time
    voicebot bench --knee --seconds 20                    how many calls this machine carries
    voicebot bench --calls 50 --soak 30                   whether memory grows
    """
    configure("warning")
    signal(SIGTERM, default_int_handler)  # as Ctrl-C: what was started is stopped
    if compare is not None and (knee or against is not None):
        raise typer.BadParameter("--compare goes with neither --knee nor --against")
    if soak is not None:
        seconds = 60 * soak
    plan = Plan(stack, calls, seconds, workers, ask_console=compare is None, against=against)
    about = machine()
    console = Console()
    try:
        with _progress(console) as progress:
            steps = asyncio.run(_ramp(plan, about, progress)) if knee else []
            runs = {} if knee else asyncio.run(_run(plan, compare, progress))
    except KeyboardInterrupt:
        console.print("stopped; everything that was started is gone")
        raise typer.Exit(_INTERRUPTED) from None
    if steps:
        plan, runs = steps[-1][0], {SaveMode.REALTIME: [steps[-1][1]]}
    report = result(plan, runs[SaveMode.REALTIME], about)
    if steps:
        report["knee"] = find_knee([result(step, [measured], about) for step, measured in steps])
    if compare is not None:
        report["compare"] = comparison(runs[SaveMode.REALTIME], runs[SaveMode.BATCH])
    show(console, report)
    if json is not None:
        _keep(json, report)
        console.print(f"figures in {json}, {_draw_all(json, plan, runs, report)}")


def _draw_all(
    json: Path, plan: Plan, runs: dict[SaveMode, list[Measured]], report: dict[str, object]
) -> str:
    """Draw the curves and the stages beside the figures; return what became of the pictures."""
    curves = {mode.value: joined(run.samples for run in of) for mode, of in runs.items()}
    title = f"{plan.calls} calls at once, {plan.stack.value} stack"
    if not draw(json.with_suffix(".png"), curves, title):
        return "no pictures: matplotlib is not installed"
    draw_stages(json.with_name(f"{json.stem}-stages.png"), cast(Parts, report["stages_ms"]))
    return "pictures beside"


async def _run(
    plan: Plan, compare: Against | None, progress: Progress
) -> dict[SaveMode, list[Measured]]:
    """Return the runs by save mode: one in real time, or PAIRS in each mode.

    Which mode goes first alternates, so that neither is favoured.
    """
    modes = [SaveMode.REALTIME] if compare is None else list(SaveMode)
    runs: dict[SaveMode, list[Measured]] = {mode: [] for mode in modes}
    with TemporaryDirectory(prefix="vb-bench-") as folder:
        for number in range(1 if compare is None else PAIRS):
            pair = "" if compare is None else f"pair {number + 1} of {PAIRS}, "

            def tell(text: str, pair: str = pair) -> None:
                progress(pair + text)

            for mode in modes if number % 2 == 0 else reversed(modes):
                runs[mode].append(await measure(replace(plan, mode=mode), Path(folder), tell))
    return runs


async def _ramp(
    plan: Plan, about: dict[str, object], progress: Progress
) -> list[tuple[Plan, Measured]]:
    """Return the runs with twice the calls each time, until they are not carried well."""
    steps: list[tuple[Plan, Measured]] = []
    with TemporaryDirectory(prefix="vb-bench-") as folder:
        while len(steps) < MOST_STEPS:
            steps.append((plan, await measure(plan, Path(folder), progress)))
            reports = [result(step, [measured], about) for step, measured in steps]
            if find_knee(reports)["calls"] != plan.calls:
                break
            plan = replace(plan, calls=2 * plan.calls)
    return steps


def _keep(file: Path, report: dict[str, object]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json_text.dumps(report, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise SettingsError(f"cannot write {file}: {error.strerror}") from error


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[str], None]]:
    """Give a function that shows the progress, on one line of a terminal."""
    if not console.is_terminal:
        yield lambda text: console.print(f"{text} …", highlight=False)
        return
    with console.status("…") as status:
        yield lambda text: status.update(f"{text} …")
