"""`voicebot doctor --openai`: ask each service in use once, as a call would.

Sends half a second of silence, "Hello." and one made-up sentence, which costs a fraction of a cent.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from voicebot import g711
from voicebot.business import Business
from voicebot.call import Step
from voicebot.collect.understanding import Asked
from voicebot.collect.understanding.model.asking import ModelUnderstanding
from voicebot.errors import SpeechUnavailable
from voicebot.openai.account import Account, account
from voicebot.openai.breaker import openai_breaker
from voicebot.openai.exceptions import FAILURES, failure_of
from voicebot.openai.failures import Failure, Service
from voicebot.settings import Engine, Settings
from voicebot.speech import Hint
from voicebot.speech.openai.session import State
from voicebot.speech.openai.stt import OpenAISpeechToText, OpenAISttStream
from voicebot.speech.openai.tts import openai_synthesizers

_PATIENT_S: Final = 8.0
"""Longer than a call waits, to tell slow from broken."""
_SENTENCE: Final = "Well, the thing is, it has been making that noise again since Tuesday."
_MENDS: Final = {
    Failure.UNAUTHORIZED: "the key is refused: make a new one, and give it these permissions",
    Failure.NO_QUOTA: "the account is empty: add credit, or raise its limit",
    Failure.RATE_LIMITED: "too many requests just now: wait, or ask for higher limits",
    Failure.WRONG_REQUEST: "no such model or service here: set another model (docs/openai.md)",
    Failure.CONNECTION: "no answer: check OPENAI_BASE_URL and the network",
}
_SOME_MEND: Final = "try again; calls go on without it meanwhile"


@dataclass(frozen=True, slots=True)
class Checked:
    """The result for one service; `mend` is empty when it works."""

    subject: str
    text: str
    mend: str = ""


async def check_openai(settings: Settings, business: Business) -> AsyncIterator[Checked]:
    """Check each service in use; raises SettingsError."""
    ours = account(settings)
    patient = settings.model_copy(
        update={
            "openai_hearing_deadline_s": _PATIENT_S,
            "openai_speech_deadline_ms": round(_PATIENT_S * 1000),
        }
    )
    yield await _models(ours, settings)
    if settings.engine(settings.transcriber) is Engine.OPENAI:
        yield await _hearing(patient)
    if settings.engine(settings.synthesizer) is Engine.OPENAI:
        async for checked in _speaking(patient):
            yield checked
    if settings.engine(settings.understanding) is Engine.OPENAI:
        yield await _understanding(ours, settings, business)


async def _models(ours: Account, settings: Settings) -> Checked:
    wanted = _wanted(settings)
    async with ours.open_client() as client:
        try:
            known = {model.id async for model in client.models.list()}
        except FAILURES as error:
            return _failed("OpenAI key", failure_of(error))
    if absent := [model for model in wanted if model not in known]:
        text = f"{ours.base_url} does not list {', '.join(absent)}"
        return Checked("OpenAI key", text, "set other models (docs/openai.md), if they do not work")
    return Checked("OpenAI key", f"{ours.base_url} takes it, and knows {', '.join(wanted)}")


def _wanted(settings: Settings) -> list[str]:
    wanted: list[str] = []
    if settings.engine(settings.transcriber) is Engine.OPENAI:
        wanted += [settings.openai_hearing_model, settings.openai_file_model]
    if settings.engine(settings.synthesizer) is Engine.OPENAI:
        wanted.append(settings.openai_speech_model)
    if settings.engine(settings.understanding) is Engine.OPENAI:
        wanted.append(settings.openai_model)
    return wanted


async def _hearing(settings: Settings) -> Checked:
    stt = OpenAISpeechToText(settings)
    began = time.perf_counter()
    silence = g711.SILENCE * (g711.RATE_HZ // 2)
    try:
        async with stt.open() as stream:
            listening = stream.listen(Hint())
            listening.feed(silence)
            await listening.transcribe(silence, Hint())
            live = isinstance(stream, OpenAISttStream) and stream.session.state is State.UP
    except SpeechUnavailable as error:
        return Checked("hearing", str(error), _SOME_MEND)
    finally:
        await stt.aclose()
    if not live:
        text = f"{settings.openai_hearing_model} cannot be reached; files are heard, slower"
        return Checked("hearing", text, "set VOICEBOT_OPENAI_HEARING_MODEL, if this stays so")
    return Checked("hearing", f"{settings.openai_hearing_model}, {_ms(began)} with the connection")


async def _speaking(settings: Settings) -> AsyncIterator[Checked]:
    for _, synthesizer in openai_synthesizers(settings):
        began = time.perf_counter()
        try:
            async with aclosing(synthesizer), aclosing(synthesizer.speak("Hello.")) as pieces:
                await anext(pieces)
                yield Checked("speaking", f"{synthesizer.model}, first audio after {_ms(began)}")
        except SpeechUnavailable as error:
            yield Checked("speaking", f"{synthesizer.model}: {error}", _SOME_MEND)


async def _understanding(ours: Account, settings: Settings, business: Business) -> Checked:
    now = datetime.now(business.zone).replace(tzinfo=None)
    asked = Asked(Step.SERVICE, now, business.region, services=business.services)
    began = time.perf_counter()
    async with ours.open_client() as client:
        mind = ModelUnderstanding(
            client,
            settings.openai_model,
            effort=settings.openai_effort,
            deadline_s=_PATIENT_S,
            breaker=openai_breaker(Service.UNDERSTANDING),
            is_openai=ours.is_openai,
        )
        try:
            await mind.ask(_SENTENCE, asked)
        except FAILURES as error:
            return _failed(f"understanding, {settings.openai_model}", failure_of(error))
    took_s = time.perf_counter() - began
    text = f"{settings.openai_model}, {took_s * 1000:.0f} ms"
    if took_s * 1000 > settings.openai_deadline_ms:
        mend = "a call does not wait so long: VOICEBOT_OPENAI_DEADLINE_MS, or a faster model"
        return Checked("understanding", text, mend)
    return Checked("understanding", text)


def _failed(subject: str, failure: Failure) -> Checked:
    return Checked(subject, failure.value, _MENDS.get(failure, _SOME_MEND))


def _ms(began: float) -> str:
    return f"{(time.perf_counter() - began) * 1000:.0f} ms"
