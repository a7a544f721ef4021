"""`voicebot hear`: what the bot hears in recordings, and the value that a call would take."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from phonenumbers import SUPPORTED_REGIONS

from voicebot.business import Business, load_business
from voicebot.call import FIELDS, CallState, Step
from voicebot.collect.collector import expectation
from voicebot.collect.events import Expectation
from voicebot.collect.resuming import begin
from voicebot.collect.understanding import Correct, Provide
from voicebot.errors import SettingsError
from voicebot.runtime.started import started_alone
from voicebot.settings import Engine, Settings, load_settings
from voicebot.simulators.phone import load_clip
from voicebot.speech import Hint, SttStream, Transcript, open_stt, stt_socket
from voicebot.store import utc_now


@dataclass(frozen=True, slots=True)
class Heard:
    """One file as it was heard: the transcript a call goes on with, and what came of it."""

    file: str
    text: str
    value: str | None
    alternatives: tuple[str, ...]
    letters: str | None
    cpu_seconds: float

    def to_json(self) -> str:
        """Return the line of the file; without `value` where a call would take none."""
        line: dict[str, object] = {"file": self.file, "text": self.text}
        line |= {"value": self.value} if self.value is not None else {}
        line |= {"alternatives": self.alternatives, "letters": self.letters}
        line |= {"cpu_seconds": round(self.cpu_seconds, 3)}
        return json.dumps(line, ensure_ascii=False)


def hear(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="WAV files, mono.")],
    step: Annotated[
        Step, typer.Option(metavar="STEP", show_choices=False, help="What the bot has asked for.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each file.")] = False,
    region: Annotated[
        str | None,
        typer.Option(help="ISO country of numbers and addresses, instead of the business's."),
    ] = None,
) -> None:
    """Print what the bot hears in recordings: the transcript, and the value a call would take.

    \b
    voicebot hear name.wav --step name
    voicebot hear *.wav --step phone --region US --json | jq .value

    STEP is name, phone, address, email, service or time; the recogniser and the reader are told
    what a call tells them. With --json: file, text, value (only where a call would take one),
    alternatives (what else may have been heard), letters (of a spelled word, else null) and
    cpu_seconds (of the local recogniser). Starts the recogniser where none runs.
    """
    if step not in FIELDS:
        raise SettingsError(f"--step takes one of: {', '.join(FIELDS)}")
    settings = load_settings()
    business = load_business(settings.business)
    if region is not None:
        region = region.upper()
        if region not in SUPPORTED_REGIONS:
            raise SettingsError(f"--region {region} is no country; use its two letters, like GB")
        business = business.model_copy(update={"region": region})
    asyncio.run(_hear_all(settings, business, step, files, as_json))


async def _hear_all(
    settings: Settings, business: Business, step: Step, files: Sequence[Path], as_json: bool
) -> None:
    dialogue = replace(begin(business, CallState()), step=step)
    asked = expectation(dialogue, utc_now)
    async with _served(settings) as serving:
        stt = open_stt(serving)
        try:
            async with stt.open() as stream:
                for file in files:
                    heard = await _hear(stream, file, asked, business.language)
                    typer.echo(heard.to_json() if as_json else _for_people(heard))
        finally:
            await stt.aclose()


async def _hear(stream: SttStream, file: Path, asked: Expectation, language: str) -> Heard:
    """Hear a file as a call does: a number that is not whole is read once more, as words."""
    mulaw, hint = load_clip(file).audio, Hint(language, asked.vocabulary)
    turn = stream.listen(hint)
    turn.feed(mulaw)
    found = await turn.transcribe(mulaw, hint)
    spent_s = found.cpu_seconds
    if asked.step is Step.PHONE and found.text and not asked.read(found.texts).complete:
        words = await turn.transcribe(mulaw, replace(hint, words_for_digits=True))
        found, spent_s = _whole(words, found, asked), spent_s + words.cpu_seconds
    read = asked.read(found.texts)
    values = (
        act.value
        for act in read.reading.acts
        if isinstance(act, Provide | Correct) and act.step is asked.step
    )
    value = next((value for value in values if value), None)
    others = tuple(text for text in found.texts if text != read.text)
    return Heard(str(file), read.text, value, others, found.letters, spent_s)


def _whole(words: Transcript, found: Transcript, asked: Expectation) -> Transcript:
    again, plain = asked.read(words.texts), asked.read(found.texts)
    return words if again.complete and again.digits >= plain.digits else found


def _for_people(heard: Heard) -> str:
    others = "".join(f"\n            or  {text}" for text in heard.alternatives)
    spelled = f"\n  letters       {heard.letters}" if heard.letters else ""
    return (
        f"{heard.file}\n  heard         {heard.text or '(nothing)'}{others}{spelled}\n"
        f"  value         {heard.value or '–'}\n  processor     {heard.cpu_seconds:.2f} s"
    )


@asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[Settings]:
    """Give settings whose local recogniser runs: the server's, or one for this command alone."""
    if settings.engine(settings.transcriber) is not Engine.LOCAL or await _answers(settings):
        yield settings
        return
    async with started_alone("voicebot.speech.stt") as folder:
        yield settings.model_copy(update={"data_dir": folder})


async def _answers(settings: Settings) -> bool:
    """Return whether the recogniser of a running server listens."""
    try:
        _, writer = await asyncio.open_unix_connection(stt_socket(settings.data_dir))
    except OSError:
        return False
    writer.close()
    return True
