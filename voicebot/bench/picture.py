"""The benchmark's picture: what share of turns was answered within how many milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from voicebot.bench.figures import Samples
from voicebot.bench.report import TITLES

_INCHES: Final = (9.0, 6.5)
_DPI: Final = 120


def draw(file: Path, runs: Mapping[str, Samples], title: str) -> bool:
    """One curve per kind of run in each of four panels; False where matplotlib is missing."""
    try:
        from matplotlib.figure import Figure
    except ImportError:  # it comes with the extra `dev`
        return False
    figure = Figure(figsize=_INCHES, layout="constrained")
    figure.suptitle(title)
    for axes, (name, label) in zip(figure.subplots(2, 2).flat, TITLES.items(), strict=True):
        for kind, samples in runs.items():
            values: Sequence[float] = getattr(samples, name)
            if values:
                axes.ecdf(values, label=f"{kind}, median {np.median(values):.1f} ms")
                axes.legend(loc="lower right", fontsize="small")
        axes.set_title(label.partition(":")[0])
        axes.set_xlabel("milliseconds")
        axes.set_ylabel("share")
        axes.grid(visible=True, alpha=0.3)
    figure.savefig(file, dpi=_DPI)
    return True
