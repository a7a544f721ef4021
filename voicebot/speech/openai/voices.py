"""The mouths at OpenAI that these settings name, in the order of preference."""

from __future__ import annotations

import hashlib

from voicebot.openai.account import account
from voicebot.openai.breaker import Breaker
from voicebot.openai.failures import Service
from voicebot.settings import Settings
from voicebot.speech.openai.endpoint import EndpointVoice
from voicebot.speech.openai.speaking import OpenAIMouth, Patience


def open_mouths(settings: Settings) -> list[tuple[str, OpenAIMouth]]:
    """Each with the name under which its fixed sentences are kept. Connects to nothing yet.

    Raises SettingsError.
    """
    patience = Patience(first_s=settings.openai_speech_deadline_ms / 1000)
    endpoint = OpenAIMouth(_endpoint(settings), Breaker(Service.SPEAKING), patience)
    mouths = [(_name(settings, settings.openai_speech_model), endpoint)]
    return mouths


def _endpoint(settings: Settings) -> EndpointVoice:
    return EndpointVoice(
        account(settings).open_client(),
        settings.openai_speech_model,
        settings.openai_voice,
        manner=settings.openai_manner,
        rate_hz=settings.openai_speech_rate_hz,
    )


def _name(settings: Settings, model: str) -> str:
    """Changes with everything that changes the sound."""
    sound = (
        settings.openai_base_url, model, settings.openai_voice, settings.openai_manner,
        settings.openai_speech_rate_hz,
    )  # fmt: skip
    return f"openai-{hashlib.sha256(repr(sound).encode()).hexdigest()[:16]}"
