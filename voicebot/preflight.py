"""What can never work: settings that name what is not there, or that need another one.

`voicebot serve` looks before it starts anybody: a child that is told to do the impossible would
only die of it, again and again. `voicebot doctor` finds the same, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from voicebot.business import load_business
from voicebot.collect.wording import load_wording
from voicebot.errors import ModelMissing, SettingsError, VoicebotError
from voicebot.notify.endpoints import endpoints
from voicebot.ports import require_staff_token
from voicebot.settings import Engine, Settings
from voicebot.speech.models import (
    SpeechProcess,
    is_needed,
    missing_packages,
    voice_files,
    whisper_files,
)
from voicebot.speech.null import read_manifest
from voicebot.speech.wire import stt_socket, tts_socket
from voicebot.store.client import connect

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
