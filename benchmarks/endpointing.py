"""Measure in audio time, so free of load, how soon the end of a turn is decided.

    python -m benchmarks.endpointing [--decode 180] [--clips]

The shipped clips go through voice detection, turn-taking, the local recogniser and the reading of
their step, window by window. The recogniser's texts are real; the time it takes is `--decode`.
Told are the milliseconds from a clip's last voiced sample to the decision, turns that ended before
it, and the pauses that were transcribed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from voicebot import g711
from voicebot.business import load_business
from voicebot.call import FIELDS, CallState, Step
from voicebot.collect.collector import expectation
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import Expectation
from voicebot.collect.resuming import begin
from voicebot.simulators.phone import shipped, shipped_clip
from voicebot.speech import Hint, whisper_files
from voicebot.speech.stt import Whisper
from voicebot.speech.vad import SileroDetectors
from voicebot.stream.caller import PREROLL_MS
from voicebot.stream.endpointing import said_of
from voicebot.stream.turn_taking import (
    Said,
    Turn,
    TurnEvent,
    on_question,
    on_text,
    on_window,
    patience,
)

LEAD_MS, REST_MS, WINDOW_MS = 1000, 3000, 32.0
NOISE_DBFS = -62.0
CONFIRMING = ("yes", "no")
STEPS = {"serv": Step.SERVICE} | {step.value: step for step in FIELDS}


@dataclass
class Heard:
    """The result of one clip: the end of each turn, in ms after the clip's last voiced sample."""

    file: str
    over_ms: list[float] = field(default_factory=list)
    pauses: int = 0
    text: str = ""


def question(file: str) -> Expectation | None:
    """Return what is expected when a clip is said; None for one that belongs to no step."""
    dialogue = begin(load_business(None), CallState())
    kind = file.removeprefix("john_")
    if kind.startswith(CONFIRMING):
        asked = replace(dialogue, step=Step.PHONE, mode=Mode.CONFIRMING, pending="+61412345678")
    elif step := next((s for name, s in STEPS.items() if kind.startswith(name)), None):
        asked = replace(dialogue, step=step, settled=frozenset(FIELDS[: FIELDS.index(step)]))
    else:
        return None
    return expectation(asked, lambda: datetime(2026, 3, 2, tzinfo=UTC))


def on_a_line(voice: bytes) -> bytes:
    """Return the voice between a second and three seconds of a line's noise."""
    random = np.random.default_rng(8000)
    level = 32768 * 10 ** (NOISE_DBFS / 20)

    def noise(ms: int) -> bytes:
        return g711.encode(random.normal(0, level, ms * 8).astype(np.int16))

    return noise(LEAD_MS) + voice + noise(REST_MS)


def probabilities(track: bytes) -> list[float]:
    """Return the speech probability of each window."""
    found: list[float] = []
    ticks: list[Callable[[], None]] = []
    detector = SileroDetectors(ticks.append).open(found.append)
    for at in range(0, len(track), g711.FRAME_BYTES):
        detector.feed(track[at : at + g711.FRAME_BYTES])
        while ticks:
            ticks.pop()()
    return found


def hear(file: str, asked: Expectation, whisper: Whisper, decode_ms: float) -> Heard:
    """Play a clip to turn-taking."""
    voice = shipped_clip(file).cut().audio
    track, found = on_a_line(voice), Heard(file)
    ends_ms = LEAD_MS + g711.milliseconds(voice)
    turn = on_question(Turn(), patience(asked.step, asked.closed))
    due_ms = float("inf")
    texts: tuple[str, ...] = ("",)
    for probability in probabilities(track):
        turn, events = on_window(turn, probability, WINDOW_MS, bot_heard=False)
        if TurnEvent.RESUMED in events:
            due_ms = float("inf")
        if TurnEvent.PAUSED in events:
            start_ms = max(0.0, turn.start_ms - PREROLL_MS)
            audio = track[int(start_ms * 8) : int(turn.now_ms * 8)]
            texts = whisper.hear(audio, Hint(vocabulary=asked.vocabulary)).texts
            due_ms, found.pauses = turn.now_ms + decode_ms, found.pauses + 1
        if turn.now_ms >= due_ms:
            due_ms = float("inf")
            turn, more = on_text(turn, said_of(asked, texts) if texts[0] else Said.PIECE)
            events += more
        if TurnEvent.FINISHED in events:
            found.over_ms.append(turn.now_ms - ends_ms)
            found.text = texts[0]
    return found


def main(arguments: Sequence[str]) -> int:
    """Play all clips, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--decode", type=float, default=180.0, help="ms of the recogniser")
    parser.add_argument("--clips", action="store_true", help="tell each clip")
    options = parser.parse_args(arguments)
    whisper = Whisper(whisper_files(None), workers=1)
    heard = [
        hear(file, asked, whisper, options.decode)
        for file in shipped()
        if (asked := question(file)) is not None
    ]
    if options.clips:
        for each in heard:
            over = ", ".join(f"{ms:.0f}" for ms in each.over_ms)
            print(f"{each.file:28} {over:12} {each.text}")
    waits = [each.over_ms[-1] for each in heard if each.over_ms]
    early = sum(ms < 0 for each in heard for ms in each.over_ms)
    print(
        f"{len(waits)} clips, recogniser {options.decode:.0f} ms: over after "
        f"{statistics.median(waits):.0f} ms (median), {np.percentile(waits, 95):.0f} ms (p95); "
        f"{early} turns cut short, {sum(each.pauses for each in heard)} pauses transcribed"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
