"""What can never work: settings that name what is not there, or that need another one.

`voicebot serve` looks before it starts anybody: a child that is told to do the impossible would
only die of it, again and again. `voicebot doctor` finds the same, one by one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
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
"""Raises SettingsError or ModelMissing, which say the mend."""


def refusals(settings: Settings) -> Iterator[VoicebotError]:
    """Everything that these settings make impossible; nothing is connected to or written."""
    for check in _CHECKS:
        try:
            check(settings)
        except (SettingsError, ModelMissing) as error:
            yield error


def uses_openai(settings: Settings) -> bool:
    """Is anything asked of OpenAI, or of a server that speaks its API?"""
    chosen = (settings.transcriber, settings.synthesizer, settings.understanding)
    return any(settings.engine(engine) is Engine.OPENAI for engine in chosen)


def require_business(settings: Settings) -> None:
    """A business file that can be read, whose own wordings exist; raises SettingsError."""
    load_wording(load_business(settings.business))


def require_openai(settings: Settings) -> None:
    """An account and a price list, where OpenAI is used; raises SettingsError."""
    if not uses_openai(settings):
        return
    # Its library takes most of a second to import: who stays local does not pay for it.
    from voicebot.openai.account import account
    from voicebot.openai.usage import load_prices

    account(settings)
    load_prices(settings.openai_prices)


def require_mail(settings: Settings) -> None:
    """A mail server and a sender, where mail is wanted; raises SettingsError."""
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


def _ears(settings: Settings) -> None:
    if settings.whisper_dir is not None and is_needed(settings, SpeechProcess.STT):
        whisper_files(settings.whisper_dir)


def _synthesizer(settings: Settings) -> None:
    if settings.piper_voice is not None and is_needed(settings, SpeechProcess.TTS):
        voice_files(settings.piper_voice)


_CHECKS: Final[tuple[Check, ...]] = (
    require_business, require_staff_token, _redis, _sockets, _speech, _ears, _synthesizer,
    require_openai, require_mail, endpoints,
)  # fmt: skip


_OF_COMMANDS: Final = ("VOICEBOT_OPENAI_SIM_PORT",)
"""Read by a command of ours that has no settings."""
_ALIKE: Final = 65.0
"""Of 100; `REDDIS_URL` is to `REDIS_URL` as 95, `SMTP` to `SMTP_URL` as 67."""


def misspelt() -> list[str]:
    """A sentence for each name in the environment and in .env that no setting has, and for each
    line of .env that is none."""
    found = _bindings(Path(str(Settings.model_config["env_file"])))
    unread = [
        f"line {binding.original.line} of .env is not like NAME=value"
        for binding in found
        if binding.error or (binding.key is not None and binding.value is None)
    ]
    names = {*os.environ, *(binding.key for binding in found if binding.key)}
    return unread + strangers(map(str.upper, names))


def _bindings(file: Path) -> list[Binding]:
    """As the settings read it."""
    if not file.is_file():
        return []
    with file.open(encoding=str(Settings.model_config["env_file_encoding"])) as text:
        return list(parse_stream(text))


def strangers(names: Iterable[str]) -> list[str]:
    """A sentence for each of these names that only begins like a setting."""
    known = {*map(variable, Settings.model_fields), *_OF_COMMANDS}
    return [
        f"{name} is no setting{_guess(name, known)}"
        for name in sorted(names)
        if name.startswith(PREFIX) and name not in known
    ]


def _guess(name: str, known: Iterable[str]) -> str:
    """The setting that was meant, as far as one can tell; what all begin with tells nothing."""
    bare = {setting.removeprefix(PREFIX): setting for setting in known}
    best = process.extractOne(
        name.removeprefix(PREFIX), list(bare), scorer=fuzz.ratio, score_cutoff=_ALIKE
    )
    return f"; did you mean {bare[best[0]]}?" if best else ""
