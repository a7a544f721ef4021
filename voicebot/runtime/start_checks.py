"""Checks of settings that cannot work: wrong paths, or missing companions.

`voicebot serve` runs them before it starts a child, which would only die again and again.
`voicebot doctor` reports the same as findings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from dotenv.parser import Binding, parse_stream
from rapidfuzz import fuzz, process

from voicebot.business import load_business
from voicebot.collect.wording import load_wording
from voicebot.errors import ModelMissing, SettingsError, VoicebotError
from voicebot.notify.endpoints import endpoints
from voicebot.runtime.ports import require_staff_token
from voicebot.settings import PREFIX, Engine, Settings, variable
from voicebot.speech.models import (
    SpeechProcess,
    is_needed,
    missing_packages,
    voice_files,
    whisper_files,
)
from voicebot.speech.null import read_manifest
from voicebot.speech.wire import stt_socket, tts_socket
from voicebot.store import connect

Check = Callable[[Settings], object]
"""Raises SettingsError or ModelMissing, whose text says how to fix it."""


def refusals(settings: Settings) -> Iterator[VoicebotError]:
    """Yield an error for each check that fails. Connects to nothing and writes nothing."""
    for check in _CHECKS:
        try:
            check(settings)
        except (SettingsError, ModelMissing) as error:
            yield error


def uses_openai(settings: Settings) -> bool:
    """Return whether any engine is OpenAI."""
    chosen = (settings.transcriber, settings.synthesizer, settings.understanding)
    return any(settings.engine(engine) is Engine.OPENAI for engine in chosen)


def require_business(settings: Settings) -> None:
    """Check the business file and its wordings; raises SettingsError."""
    load_wording(load_business(settings.business))


def require_openai(settings: Settings) -> None:
    """Check the account and the price list, where OpenAI is used; raises SettingsError."""
    if not uses_openai(settings):
        return
    # The openai package takes most of a second to import.
    from voicebot.openai.account import account
    from voicebot.openai.usage import load_prices

    account(settings)
    load_prices(settings.openai_prices)


def require_mail(settings: Settings) -> None:
    """Check mail server and sender, where mail is set; raises SettingsError."""
    if settings.smtp_url is None:
        return
    from voicebot.notify.mail import sender_address, smtp_server

    smtp_server(settings.smtp_url.get_secret_value())
    sender_address(settings, load_business(settings.business))


def _redis(settings: Settings) -> None:
    if settings.redis_url is not None:
        connect(settings.redis_url)


def _sockets(settings: Settings) -> None:
    stt_socket(settings.data_dir.absolute())
    tts_socket(settings.data_dir.absolute())


def _speech(settings: Settings) -> None:
    if missing := missing_packages(settings):
        raise ModelMissing("; ".join(missing))
    if settings.engine(settings.transcriber) is Engine.NULL:
        read_manifest(settings.null_manifest)


def _whisper(settings: Settings) -> None:
    if settings.whisper_dir is not None and is_needed(settings, SpeechProcess.STT):
        whisper_files(settings.whisper_dir)


def _synthesizer(settings: Settings) -> None:
    if settings.piper_voice is not None and is_needed(settings, SpeechProcess.TTS):
        voice_files(settings.piper_voice)


_CHECKS: Final[tuple[Check, ...]] = (
    require_business, require_staff_token, _redis, _sockets, _speech, _whisper, _synthesizer,
    require_openai, require_mail, endpoints,
)  # fmt: skip


_OF_COMMANDS: Final = ("VOICEBOT_OPENAI_SIM_PORT",)
"""Variables of commands that are no fields of the settings."""
_ALIKE: Final = 65.0
"""The least similarity of a suggestion, of 100: `REDDIS_URL` has 95, `SMTP` for `SMTP_URL` 67."""


def unknown_settings() -> list[str]:
    """Return a sentence for each unknown name in the environment or .env, and each invalid line."""
    found = _bindings(Path(str(Settings.model_config["env_file"])))
    unread = [
        f"line {binding.original.line} of .env is not like NAME=value"
        for binding in found
        if binding.error or (binding.key is not None and binding.value is None)
    ]
    names = {*os.environ, *(binding.key for binding in found if binding.key)}
    return unread + unknown_names(map(str.upper, names))


def _bindings(file: Path) -> list[Binding]:
    """Parse .env as the settings do."""
    if not file.is_file():
        return []
    with file.open(encoding=str(Settings.model_config["env_file_encoding"])) as text:
        return list(parse_stream(text))


def unknown_names(names: Iterable[str]) -> list[str]:
    """Return a sentence for each name that has the prefix of settings but is none."""
    known = {*map(variable, Settings.model_fields), *_OF_COMMANDS}
    return [
        f"{name} is no setting{_guess(name, known)}"
        for name in sorted(names)
        if name.startswith(PREFIX) and name not in known
    ]


def _guess(name: str, known: Iterable[str]) -> str:
    """Return a suggestion of the most similar setting, compared without the common prefix."""
    bare = {setting.removeprefix(PREFIX): setting for setting in known}
    best = process.extractOne(
        name.removeprefix(PREFIX), list(bare), scorer=fuzz.ratio, score_cutoff=_ALIKE
    )
    return f"; did you mean {bare[best[0]]}?" if best else ""


CHECK_TIMEOUT_S = 2.0
"""Time limit of a connection test."""


class Level(StrEnum):
    """The level of a finding. Only a PROBLEM would stop calls."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `mend` says how to fix it."""

    subject: str
    state: Level
    text: str
    mend: str = ""

    @property
    def line(self) -> str:
        """The line for the terminal, with the fix below."""
        line = f"{self.state:<8} {self.subject:<11} {self.text}"
        return f"{line}\n{'':<20} -> {self.mend}" if self.mend else line


def refused(
    subject: str, require: Callable[[Settings], object], settings: Settings
) -> Finding | None:
    """Return the problem for which `serve` would not start, or None."""
    try:
        require(settings)
    except (SettingsError, ModelMissing) as error:
        return Finding(subject, Level.PROBLEM, str(error))
    return None
