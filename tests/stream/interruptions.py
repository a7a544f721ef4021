"""Trials of what happens over the bot's words, with real voices, detection and recognition.

    python -m tests.stream.interruptions --trials 100

A caller says or does something while the bot says a long line, in virtual time. What the caller
hears of the bot is kept; a word is lost when the sentence that it stands in was not heard whole.
"""

import argparse
import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.collect.conversation import at
from tests.stream.calls import EPOCH, call
from tests.virtual_time import VirtualLoop
from voicebot import g711
from voicebot.call import Step
from voicebot.collect.collector import expectation
from voicebot.collect.events import Utterance
from voicebot.simulators.phone import local_voice
from voicebot.speech import Hint, Transcript
from voicebot.speech.models import whisper_files
from voicebot.speech.stt import Whisper
from voicebot.speech.vad import SileroDetectors

LINES: Final = (
    "The line is noisy, so you can also type the number on your keypad, then the hash key.",
    "I'm sorry, I can't tell you that, but my colleagues know, and they will call you back today.",
    "Could you say just the number and the street, and after that the suburb that you live in?",
    "I've written all of that down for my colleagues, who will see it before they come to you.",
)
STEPS: Final = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.TIME)
BACKCHANNELS: Final = ("Yeah.", "Uh-huh.", "Okay.", "Right.", "Yep.", "Sure.", "Oh.", "I see.")
"""The local voice spells "mm-hm" out; that is hummed instead."""
WORDS: Final = ("No, wait a moment please.", "Sorry, that's wrong.", "I want to talk to a person.")
KINDS: Final = (
    "backchannel",
    "hum",
    "cough",
    "echo -20 dB",
    "echo -10 dB",
    "words",
    "words -10 dB",
)
MOST_S: Final = 15.0
"""For a line, with whatever interrupts it."""

Samples = NDArray[np.float64]


@dataclass
class Voices:
    """The audio of the bot's lines and of a caller's words, mu-law."""

    bot: Mapping[str, bytes]
    caller: Mapping[str, bytes]


async def record_voices() -> Voices:
    """Return the local voice's audio: the bot's own, and a caller's of a higher pitch."""
    with TemporaryDirectory() as folder:
        async with local_voice(Path(folder)) as voice:
            caller = {t: (await voice.speak(t)).cut().audio for t in (*BACKCHANNELS, *WORDS)}
            return Voices({t: (await voice.speak(t, 1.0)).audio for t in LINES}, caller)


def hum(random: Random) -> bytes:
    """Return a hummed "mm-hm" of two syllables: harmonics under 400 Hz, the second one higher."""
    pitch = random.uniform(90, 220)
    low = _tone(pitch, random.uniform(0.12, 0.2))
    high = _tone(pitch * 1.25, random.uniform(0.15, 0.3))
    gap = np.zeros(int(random.uniform(0.03, 0.08) * g711.RATE_HZ))
    return _mulaw(np.concatenate((low, gap, high)))


def _tone(pitch_hz: float, seconds: float) -> Samples:
    at = np.arange(int(seconds * g711.RATE_HZ)) / g711.RATE_HZ
    sound = sum(np.sin(2 * np.pi * pitch_hz * n * at) / n**2 for n in range(1, 5))
    return np.asarray(3000 * sound * np.hanning(len(at)))


def cough(random: Random) -> bytes:
    """Return two bursts of noise that die away."""
    noise = np.random.default_rng(random.randrange(1 << 30))
    bursts = []
    for _ in range(2):
        count = int(random.uniform(0.12, 0.25) * g711.RATE_HZ)
        fading = np.exp(-np.arange(count) / (0.05 * g711.RATE_HZ))
        rough = np.convolve(noise.normal(0, 6000, count), np.ones(4) / 4, mode="same")
        bursts += [rough * fading, np.zeros(int(0.08 * g711.RATE_HZ))]
    return _mulaw(np.concatenate(bursts))


def _mulaw(sound: Samples) -> bytes:
    return g711.encode(np.clip(sound, -32768, 32767).astype(np.int16))


class Whispered:
    """The real recogniser, in a thread: virtual time stands still meanwhile. Takes 0.4 s."""

    def __init__(self) -> None:
        self._whisper = Whisper(whisper_files(None), workers=1)
        self.texts: list[str] = []

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        heard = await asyncio.to_thread(self._whisper.hear, utterance, hint)
        await asyncio.sleep(0.4)
        self.texts.append(heard.text)
        return heard

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


@dataclass
class Recorded:
    """Says what was recorded."""

    audio: Mapping[str, bytes]

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        await asyncio.sleep(0)
        yield self.audio[sentence]

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


@dataclass
class Trial:
    """What became of one line of the bot.

    whole      it was heard from its first word to its last, in one piece
    clears     so often the bot fell silent
    answered   it was taken for an answer
    silent_ms  from the beginning of the caller's voice until the bot was silent
    texts      what was recognised
    off_words  words more (or fewer) than the caller heard that the record has of the line
    """

    kind: str
    whole: bool
    clears: int
    answered: bool
    silent_ms: float | None
    texts: Sequence[str]
    off_words: int | None


def disturbance(kind: str, random: Random, voices: Voices) -> bytes:
    """Return what the caller does; nothing where the line echoes."""
    match kind:
        case "backchannel":
            return voices.caller[random.choice(BACKCHANNELS)]
        case "hum":
            return hum(random)
        case "cough":
            return cough(random)
        case "words" | "words -10 dB":
            return voices.caller[random.choice(WORDS)]
        case _:
            return b""


async def tried(kind: str, number: int, voices: Voices, stt: Whispered) -> Trial:
    """Play one trial: the call begins, and what happens happens in the middle of the line."""
    random = Random(f"{kind} {number}")
    line, step = LINES[number % len(LINES)], random.choice(STEPS)
    sound = voices.bot[line].rstrip(g711.SILENCE)
    stt.texts.clear()
    question = expectation(at(step), lambda: EPOCH)
    voice, detector = Recorded(voices.bot), SileroDetectors().open
    async with call(line, question, question, detector=detector, synthesizer=voice, stt=stt) as c:
        provider = c.provider
        if kind.endswith("dB"):
            provider.echo_db, provider.echo_ms = float(kind.split()[1]), random.randrange(60, 600)
        await provider.until(lambda: provider.played > 0)
        await asyncio.sleep(random.uniform(0.5, 2.5))
        began_ms = g711.milliseconds(len(provider.track))
        if audio := disturbance(kind, random, voices):
            await provider.speak(audio)
        left_s = MOST_S
        while left_s > 0 and sound not in provider.track and not c.dialogue.heard:
            await asyncio.sleep(0.1)
            left_s -= 0.1
        await asyncio.sleep(1)  # for echoes of the end
        whole, answered = sound in provider.track, bool(c.dialogue.heard)
        await provider.hang_up()
        await c.ended.wait()
    silent_ms = provider.cleared_ms[0] - began_ms if provider.cleared_ms else None
    texts, off_words = tuple(stt.texts), None
    if isinstance(found := next(iter(c.dialogue.heard), None), Utterance):
        until = int(provider.cleared_ms[0] * 8)
        really = await stt.transcribe(bytes(provider.track[:until]), Hint())
        off_words = len((found.heard_prefix or "").split()) - len(really.text.split())
    return Trial(kind, whole, provider.clears, answered, silent_ms, texts, off_words)


def played(kinds: Sequence[str], trials: int) -> list[Trial]:
    """Play so many trials of each kind, in virtual time."""
    voices, stt = asyncio.run(record_voices()), Whispered()
    done = []
    for kind in kinds:
        for number in range(trials):
            with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                done.append(runner.run(tried(kind, number, voices, stt)))
    return done


def main() -> None:
    """Print what was lost, and how soon the bot was silent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--show", action="store_true", help="each trial that lost something")
    options = parser.parse_args()
    done = played(options.kinds, options.trials)
    heads = ("trials", "words lost", "answers", "stopped", "silent after, ms; words off")
    print(f"{'':12}", *(f"{head:>10}" for head in heads))
    for kind in options.kinds:
        own = [trial for trial in done if trial.kind == kind]
        lost = sum(not trial.whole for trial in own)
        answers, stopped = sum(t.answered for t in own), sum(t.clears > 0 for t in own)
        silent = sorted(t.silent_ms for t in own if t.silent_ms is not None)
        spread = f"{median(silent):.0f} at most {silent[-1]:.0f}" if silent else ""
        if off := sorted(t.off_words for t in own if t.off_words is not None):
            spread += f"; {off[0]} to {off[-1]}, median {median(off):g}"
        print(f"{kind:12}", *(f"{n:10}" for n in (len(own), lost, answers, stopped)), f" {spread}")
    if options.show:
        for trial in done:
            if trial.whole is trial.kind.startswith("words"):
                print(trial)


if __name__ == "__main__":
    main()
